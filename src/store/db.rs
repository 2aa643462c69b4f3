//! `steward.db`: what Steward must not lose.

use std::path::Path;

use rusqlite::Connection;

use super::group::Access;
use super::lock::StateLock;
use super::migrations::STATE_SCHEMA;
use super::opening::{self, Durability};
use super::owner::Owner;
use super::{OpenError, StoreError};
use crate::domain::redact::Redaction;

/// The database's file in the state directory.
const FILE: &str = "steward.db";

/// A cheap handle on `steward.db`. One thread owns the connection; calls from all handles queue (bounded) and are
/// committed in groups, in the order in which they came.
#[derive(Debug, Clone)]
pub struct Store {
    owner: Owner,
    redaction: Redaction,
}

impl Store {
    /// Opens the state in `dir`, which is created if needed (for this user alone), takes the state lock and brings
    /// an older schema up to date. A damaged, foreign or newer database is refused, and not a byte of it changes.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        opening::make_dir(dir)?;
        let lock = StateLock::acquire(dir)?;
        let path = dir.join(FILE);
        let conn = opening::writer(&path, &STATE_SCHEMA, Durability::Full)?;
        Self::start(&path, conn, Some(lock))
    }

    /// Opens the state in `dir` for reading only, without the lock: it works beside a running Steward. What is
    /// committed later is seen by later calls. Writing fails with [`StoreError::ReadOnly`].
    ///
    /// # Errors
    /// [`OpenError::Missing`] where no Steward has run yet; others see [`OpenError`].
    pub fn open_read_only(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join(FILE);
        let conn = opening::reader(&path, &STATE_SCHEMA)?;
        Self::start(&path, conn, None)
    }

    fn start(path: &Path, conn: Connection, lock: Option<StateLock>) -> Result<Self, OpenError> {
        let owner = Owner::start("steward-store", conn, lock).map_err(|error| OpenError::io(path, &error))?;
        Ok(Self { owner, redaction: Redaction::default() })
    }

    /// Runs `work` and returns its result once that is on the disk. Everything in `work` is one unit: if it returns
    /// an error or panics, all that it wrote is taken back, and nothing of the other calls is.
    ///
    /// `work` runs in a transaction that it shares with other calls: it must not begin, commit or roll back one, must
    /// not block, and should be short. Once queued it runs even if the returned future is dropped.
    ///
    /// # Errors
    /// The error of `work`, or why its result could not be committed (nothing of it is recorded then).
    pub async fn call<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.owner.call(Access::Write, work).await
    }

    /// As [`Store::call`], for what only reads. It sees every call that was queued before it. A group of reads
    /// alone costs no disk sync.
    ///
    /// # Errors
    /// As [`Store::call`]; [`StoreError::ReadOnly`] if `work` wrote, and what it wrote is taken back.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.owner.call(Access::Read, work).await
    }

    /// The redactor through which texts for people are stored. It is shared: what it learns here is known wherever this
    /// handle is asked for it.
    #[must_use]
    pub fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// Lets the calls that wait finish, writes the log back into the database, and returns when the files and the
    /// lock are free. Later calls on other handles fail with [`StoreError::Gone`].
    ///
    /// # Errors
    /// Why the database could not be closed. What was acknowledged is safe all the same.
    pub async fn close(self) -> Result<(), StoreError> {
        self.owner.close().await
    }
}

#[cfg(test)]
mod tests;
