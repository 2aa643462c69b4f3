//! Group commit: everything that waits runs in one transaction, each call in a savepoint of its own, and nobody
//! hears of success before the commit.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::StoreError;

/// Whether a call may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// One call that waits for its turn, whatever its result's type.
pub(super) trait Call: Send {
    fn access(&self) -> Access;
    /// Runs it and keeps the result; only whether it went well comes out.
    fn run(&mut self, conn: &Connection) -> Result<(), StoreError>;
    /// Answers whoever waits: the kept result, or the error that took it away.
    fn answer(self: Box<Self>, verdict: Result<(), StoreError>);
}

/// A call whose caller waits for the answer.
pub(super) struct Asked<T, F> {
    pub(super) access: Access,
    pub(super) work: Option<F>,
    pub(super) result: Option<T>,
    pub(super) reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Call for Asked<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn access(&self) -> Access {
        self.access
    }

    fn run(&mut self, conn: &Connection) -> Result<(), StoreError> {
        let work = self.work.take().ok_or(StoreError::Gone)?;
        self.result = Some(guarded(work, conn)?);
        Ok(())
    }

    fn answer(self: Box<Self>, verdict: Result<(), StoreError>) {
        let Self { result, reply, .. } = *self;
        let answer = verdict.and_then(|()| result.ok_or(StoreError::Gone));
        // Whoever asked may have gone away in the meantime; the work is done all the same.
        drop(reply.send(answer));
    }
}

/// Runs `work`; a panic becomes an error, so that one mistake does not end the owner thread.
pub(super) fn guarded<T>(
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    conn: &Connection,
) -> Result<T, StoreError> {
    // The connection outlives the panic, but what the call wrote does not: its savepoint is rolled back.
    catch_unwind(AssertUnwindSafe(|| work(conn)))
        .unwrap_or_else(|panic| Err(StoreError::Panicked(panic_text(panic.as_ref()))))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// Runs and answers all `calls`, in order.
pub(super) fn commit(conn: &Connection, mut calls: VecDeque<Box<dyn Call>>) {
    while !calls.is_empty() {
        one_transaction(conn, &mut calls);
    }
}

/// Takes calls off the front into one transaction: all of them, unless the transaction is lost on the way.
fn one_transaction(conn: &Connection, calls: &mut VecDeque<Box<dyn Call>>) {
    // Only reads: nothing to lock, nothing to sync.
    let writes = calls.iter().any(|call| call.access() == Access::Write);
    let begin = if writes { "BEGIN IMMEDIATE" } else { "BEGIN" };
    if let Err(error) = execute(conn, begin) {
        calls.drain(..).for_each(|call| call.answer(Err(error.clone())));
        return;
    }
    let mut ran = Vec::with_capacity(calls.len());
    while let Some(mut call) = calls.pop_front() {
        let verdict = in_savepoint(conn, call.as_mut());
        let lost = conn.is_autocommit().then(|| {
            let ended = || StoreError::Sqlite("a call ended the transaction of its group".to_owned());
            verdict.as_ref().err().cloned().unwrap_or_else(ended)
        });
        ran.push((call, verdict));
        if let Some(error) = lost {
            // SQLite gives a whole transaction up after some errors (a full disk, an I/O error). Those who ran
            // before must hear that they were not recorded; those behind get a transaction of their own.
            ran.into_iter().for_each(|(call, verdict)| call.answer(verdict.and(Err(error.clone()))));
            return;
        }
    }
    let committed = execute(conn, "COMMIT").inspect_err(|_| roll_back(conn));
    ran.into_iter().for_each(|(call, verdict)| call.answer(verdict.and(committed.clone())));
}

/// Runs one call so that its failure takes back its own work only.
fn in_savepoint(conn: &Connection, call: &mut dyn Call) -> Result<(), StoreError> {
    execute(conn, "SAVEPOINT call")?;
    let changes = conn.total_changes();
    let outcome = call.run(conn).and_then(|()| match call.access() {
        Access::Read if conn.total_changes() != changes => {
            Err(StoreError::ReadOnly("a call that promised only to read wrote".to_owned()))
        }
        _ => Ok(()),
    });
    if conn.is_autocommit() {
        return outcome;
    }
    let undone = if outcome.is_err() { execute(conn, "ROLLBACK TO call") } else { Ok(()) };
    if undone.and_then(|()| execute(conn, "RELEASE call")).is_err() {
        // Without its savepoint a failed call can't be told from its neighbours: give all of them up.
        roll_back(conn);
    }
    outcome
}

fn roll_back(conn: &Connection) {
    if !conn.is_autocommit()
        && let Err(error) = execute(conn, "ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be rolled back");
    }
}

fn execute(conn: &Connection, sql: &str) -> Result<(), StoreError> {
    conn.prepare_cached(sql)?.execute([])?;
    Ok(())
}
