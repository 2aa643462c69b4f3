//! The thread that owns a connection, and the bounded queue in front of it.

use std::collections::VecDeque;
use std::io;
use std::thread;

use rusqlite::Connection;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::StoreError;
use super::group::{self, Access, Asked, Call};
use super::lock::StateLock;

/// Calls that may wait; whoever comes after them waits for room.
const QUEUE: usize = 1024;
/// Calls that share a transaction at most: a long queue must not become one long lock.
const GROUP: usize = 256;

/// A handle on the owner thread. The thread ends when it is closed, or when the last handle is dropped.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    queue: mpsc::Sender<Message>,
}

enum Message {
    Call(Box<dyn Call>),
    Close(oneshot::Sender<Result<(), StoreError>>),
}

/// Why a call was not queued.
pub(super) enum NotQueued {
    Full,
    Gone,
}

impl Owner {
    /// Gives `conn` to a new thread, with the lock to hold for as long as it is open.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(super) fn start(name: &str, conn: Connection, lock: Option<StateLock>) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        thread::Builder::new().name(name.to_owned()).spawn(move || serve(conn, lock, waiting))?;
        Ok(Self { queue })
    }

    /// Queues `work`, waiting for room, and waits until it is committed.
    pub(super) async fn call<T, F>(&self, access: Access, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let call = Asked { access, work: Some(work), result: None, reply };
        self.queue.send(Message::Call(Box::new(call))).await.map_err(|_| StoreError::Gone)?;
        answer.await.unwrap_or(Err(StoreError::Gone))
    }

    /// Queues `call` if there is room now; never waits.
    pub(super) fn post(&self, call: Box<dyn Call>) -> Result<(), NotQueued> {
        self.queue.try_send(Message::Call(call)).map_err(|error| match error {
            TrySendError::Full(_) => NotQueued::Full,
            TrySendError::Closed(_) => NotQueued::Gone,
        })
    }

    /// Lets the queue drain, writes the log back into the database and waits for the thread to let go of the files.
    pub(super) async fn close(self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        if self.queue.send(Message::Close(reply)).await.is_err() {
            return Ok(()); // Somebody else has closed it before.
        }
        answer.await.unwrap_or(Err(StoreError::Gone))
    }
}

/// The thread's life: takes all that is queued, commits it as one group, until the queue is closed and empty.
fn serve(conn: Connection, lock: Option<StateLock>, mut waiting: mpsc::Receiver<Message>) {
    let mut closers = Vec::new();
    let mut messages = Vec::with_capacity(GROUP);
    while waiting.blocking_recv_many(&mut messages, GROUP) > 0 {
        let mut calls = VecDeque::with_capacity(messages.len());
        for message in messages.drain(..) {
            match message {
                Message::Call(call) => calls.push_back(call),
                Message::Close(reply) => {
                    waiting.close();
                    closers.push(reply);
                }
            }
        }
        group::commit(&conn, calls);
    }
    let closed = shut(conn);
    drop(lock);
    for reply in closers {
        drop(reply.send(closed.clone()));
    }
}

/// Closes the connection; the last one writes the log back and removes it.
fn shut(conn: Connection) -> Result<(), StoreError> {
    conn.flush_prepared_statement_cache();
    conn.close().map_err(|(_, error)| {
        tracing::error!(%error, "a database could not be closed");
        StoreError::from(error)
    })
}
