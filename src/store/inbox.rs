//! `inbox.db`: what was acknowledged and is not worked off yet, and what was refused as not understood.
//!
//! Its own file and its own thread, so that taking in never waits for a large decision to be written, nor the other
//! way round. How far it is worked off stands in `steward.db`, in the same commit as what followed: killed at any
//! moment, Steward neither loses a delivery nor works one off twice.

use std::path::Path;

use rusqlite::{Connection, params};

use super::columns::Ms;
use super::group::Access;
use super::migrations::INBOX_SCHEMA;
use super::opening::{self, Durability};
use super::owner::Owner;
use super::{OpenError, StoreError};
use crate::domain::signal::Timestamp;

/// The database's file in the state directory.
const FILE: &str = "inbox.db";
/// How many refused bodies are kept.
const REJECTED_KEPT: u32 = 500;

/// A cheap handle on `inbox.db`.
#[derive(Debug, Clone)]
pub struct Inbox {
    owner: Owner,
}

/// What was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Its number, growing; given when it is kept.
    pub id: i64,
    /// The source that it was sent to.
    pub source: String,
    /// When it arrived.
    pub at: Timestamp,
    /// What was wrong with it.
    pub why: String,
    /// What was sent, as far as it is kept.
    pub body: String,
}

impl Inbox {
    /// Opens the inbox in `dir`, which must be locked by this process ([`Store::open`](super::Store::open) does).
    /// `done` is how far it was worked off; no id up to there is given out again, even if the file was lost.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(dir: &Path, done: i64) -> Result<Self, OpenError> {
        let path = dir.join(FILE);
        let conn = opening::writer(&path, &INBOX_SCHEMA, Durability::Full)?;
        let failed = |error| OpenError::sqlite(&path, error);
        // What people's programs send may hold what was not meant to be kept: once worked off, it is overwritten.
        conn.execute_batch("PRAGMA secure_delete = ON").map_err(failed)?;
        begin_after(&conn, done).map_err(failed)?;
        // Nor is it left in the log of a Steward that died.
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(failed)?;
        let owner =
            Owner::start("steward-inbox", conn, None).map_err(|error| OpenError::io(&path, &error))?;
        Ok(Self { owner })
    }

    /// Takes in deliveries, in their order, and forgets those up to `done`. Returns the id of the first; the others
    /// follow it without a gap.
    ///
    /// # Errors
    /// Nothing of it is recorded then.
    pub async fn put(&self, deliveries: Vec<String>, done: i64) -> Result<i64, StoreError> {
        self.owner
            .call(Access::Write, move |conn| {
                forget(conn, done)?;
                let mut insert = conn.prepare_cached("INSERT INTO inbox (data) VALUES (?1)")?;
                let mut last = 0;
                for data in &deliveries {
                    last = insert.insert([data])?;
                }
                Ok(last + 1 - i64::try_from(deliveries.len()).unwrap_or(i64::MAX))
            })
            .await
    }

    /// What waits after `done`, oldest first.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn after(&self, done: i64) -> Result<Vec<(i64, String)>, StoreError> {
        self.owner
            .call(Access::Read, move |conn| {
                let mut query =
                    conn.prepare_cached("SELECT id, data FROM inbox WHERE id > ?1 ORDER BY id")?;
                let rows = query.query_map([done], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Forgets what was worked off.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn forget(&self, done: i64) -> Result<(), StoreError> {
        self.owner.call(Access::Write, move |conn| forget(conn, done)).await
    }

    /// Notes that a start takes up what waits, of which `oldest` is the oldest. Returns how many starts have done so
    /// with the same one, this one included.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn taken_up(&self, oldest: i64) -> Result<u32, StoreError> {
        self.owner
            .call(Access::Write, move |conn| {
                conn.execute("DELETE FROM tried WHERE id <> ?1", [oldest])?;
                let starts = conn.query_row(
                    "INSERT INTO tried (id, starts) VALUES (?1, 1)
                     ON CONFLICT (id) DO UPDATE SET starts = starts + 1 RETURNING starts",
                    [oldest],
                    |row| row.get(0),
                )?;
                Ok(starts)
            })
            .await
    }

    /// Moves what waits under that id to what was refused, where people find it.
    ///
    /// # Errors
    /// Whatever SQLite says; it still waits then.
    pub async fn set_aside(&self, id: i64, refused: RejectedRow) -> Result<(), StoreError> {
        self.owner
            .call(Access::Write, move |conn| {
                reject(conn, &refused)?;
                conn.execute("DELETE FROM inbox WHERE id = ?1", [id])?;
                Ok(())
            })
            .await
    }

    /// Keeps what was refused; the oldest goes beyond the last few hundred.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn reject(
        &self,
        source: String,
        at: Timestamp,
        why: String,
        body: String,
    ) -> Result<(), StoreError> {
        let refused = RejectedRow { id: 0, source, at, why, body };
        self.owner.call(Access::Write, move |conn| reject(conn, &refused)).await
    }

    /// Lets what waits be written, and returns when the file is free.
    ///
    /// # Errors
    /// Why the database could not be closed.
    pub async fn close(self) -> Result<(), StoreError> {
        self.owner.close().await
    }
}

/// The last refused bodies, newest first, also beside a running Steward. None where no Steward has run.
///
/// # Errors
/// See [`OpenError`].
pub fn rejected(dir: &Path, limit: u32) -> Result<Vec<RejectedRow>, OpenError> {
    let path = dir.join(FILE);
    let conn = match opening::reader(&path, &INBOX_SCHEMA) {
        Err(OpenError::Missing { .. }) => return Ok(Vec::new()),
        opened => opened?,
    };
    read_rejected(&conn, limit).map_err(|error| OpenError::sqlite(&path, error))
}

fn read_rejected(conn: &Connection, limit: u32) -> rusqlite::Result<Vec<RejectedRow>> {
    let mut query =
        conn.prepare("SELECT id, source, at, why, body FROM rejected ORDER BY id DESC LIMIT ?1")?;
    let rows = query.query_map([limit], |row| {
        Ok(RejectedRow {
            id: row.get(0)?,
            source: row.get(1)?,
            at: row.get::<_, Ms>(2)?.0,
            why: row.get(3)?,
            body: row.get(4)?,
        })
    })?;
    rows.collect()
}

fn reject(conn: &Connection, refused: &RejectedRow) -> Result<(), StoreError> {
    let RejectedRow { source, at, why, body, .. } = refused;
    conn.prepare_cached("INSERT INTO rejected (source, at, why, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![source, Ms(*at), why, body])?;
    conn.prepare_cached("DELETE FROM rejected WHERE id <= (SELECT max(id) FROM rejected) - ?1")?
        .execute([REJECTED_KEPT])?;
    Ok(())
}

fn forget(conn: &Connection, done: i64) -> Result<(), StoreError> {
    conn.prepare_cached("DELETE FROM inbox WHERE id <= ?1")?.execute([done])?;
    Ok(())
}

/// Sees to it that the next id is beyond `done`.
fn begin_after(conn: &Connection, done: i64) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM inbox WHERE id <= ?1", [done])?;
    let known = conn.execute("UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name = 'inbox'", [done])?;
    if known == 0 {
        conn.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('inbox', ?1)", [done])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(rows: &[(i64, String)]) -> Vec<(i64, &str)> {
        rows.iter().map(|(id, text)| (*id, text.as_str())).collect()
    }

    #[tokio::test]
    async fn what_was_put_in_waits_in_order_until_it_is_worked_off_also_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(dir.path(), 0).unwrap();
        assert_eq!(inbox.put(vec!["a".into(), "b".into()], 0).await.unwrap(), 1);
        assert_eq!(inbox.put(vec!["c".into()], 1).await.unwrap(), 3);
        inbox.close().await.unwrap();
        let inbox = Inbox::open(dir.path(), 2).unwrap();
        assert_eq!(texts(&inbox.after(2).await.unwrap()), [(3, "c")]);
        assert_eq!(inbox.after(3).await.unwrap(), []);
    }

    #[tokio::test]
    async fn no_id_is_given_out_twice_even_if_the_file_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(dir.path(), 41).unwrap();
        assert_eq!(inbox.put(vec!["a".into()], 41).await.unwrap(), 42);
        inbox.forget(42).await.unwrap();
        inbox.close().await.unwrap();
        let inbox = Inbox::open(dir.path(), 42).unwrap();
        assert_eq!(inbox.put(vec!["b".into()], 42).await.unwrap(), 43);
    }

    /// Whether one of the inbox's files holds that text.
    fn holds(dir: &Path, text: &str) -> bool {
        let files = std::fs::read_dir(dir).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
        files.into_iter().any(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
    }

    #[tokio::test]
    async fn what_was_worked_off_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(dir.path(), 0).unwrap();
        // One that fits into a page, and one that does not.
        let secret = |n: u32| format!("hunter2 {}", "x".repeat(5000 * n as usize));
        inbox.put(vec![secret(0), secret(3), "later".into()], 0).await.unwrap();
        assert!(holds(dir.path(), "hunter2"));
        inbox.forget(2).await.unwrap();
        inbox.close().await.unwrap();
        assert!(!holds(dir.path(), "hunter2"), "neither in the database nor in its log");
        assert!(!holds(dir.path(), &"x".repeat(100)));
        assert!(holds(dir.path(), "later"), "what waits is kept");
    }

    #[tokio::test]
    async fn a_start_after_a_crash_leaves_nothing_of_what_was_worked_off() {
        let dir = tempfile::tempdir().unwrap();
        let crashed = Inbox::open(dir.path(), 0).unwrap();
        crashed.put(vec!["hunter2".into(), "later".into()], 0).await.unwrap();
        let copy = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        assert!(holds(copy.path(), "hunter2"));
        let inbox = Inbox::open(copy.path(), 1).unwrap();
        assert!(!holds(copy.path(), "hunter2"));
        assert_eq!(texts(&inbox.after(1).await.unwrap()), [(2, "later")]);
    }

    #[tokio::test]
    async fn it_is_counted_how_often_the_oldest_was_taken_up_and_it_can_be_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(dir.path(), 0).unwrap();
        inbox.put(vec!["a".into(), "b".into()], 0).await.unwrap();
        assert_eq!(inbox.taken_up(1).await.unwrap(), 1);
        inbox.close().await.unwrap();
        let inbox = Inbox::open(dir.path(), 0).unwrap();
        assert_eq!(inbox.taken_up(1).await.unwrap(), 2);
        let at = crate::store::columns::from_ms(1_000);
        let row = RejectedRow { id: 0, source: "am".into(), at, why: "odd".into(), body: "a".into() };
        inbox.set_aside(1, row.clone()).await.unwrap();
        assert_eq!(texts(&inbox.after(0).await.unwrap()), [(2, "b")]);
        assert_eq!(inbox.taken_up(2).await.unwrap(), 1, "another one begins anew");
        assert_eq!(rejected(dir.path(), 10).unwrap(), [RejectedRow { id: 1, ..row }]);
    }

    #[tokio::test]
    async fn the_last_refused_bodies_are_kept_for_a_look_and_not_without_end() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(rejected(dir.path(), 10).unwrap(), []);
        let inbox = Inbox::open(dir.path(), 0).unwrap();
        let at = crate::store::columns::from_ms(1_000);
        for n in 0..REJECTED_KEPT + 3 {
            inbox.reject("am".into(), at, format!("fault {n}"), "{".into()).await.unwrap();
        }
        let kept = rejected(dir.path(), 10_000).unwrap();
        assert_eq!(kept.len(), REJECTED_KEPT as usize);
        assert_eq!((kept[0].why.as_str(), kept[0].at), ("fault 502", at));
    }
}
