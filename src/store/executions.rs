//! Processes that may be running, so that none is left running unseen by a later Steward.

use rusqlite::{Connection, params};

use super::StoreError;
use super::columns::{Ms, Text};
use crate::domain::ids::ExecutionId;
use crate::domain::signal::Timestamp;

/// A process that may be running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Its token.
    pub id: ExecutionId,
    /// What it is, for people.
    pub what: String,
    /// Its process id, and its group's.
    pub pid: u32,
    /// When it started, in clock ticks since boot.
    pub start_ticks: u64,
    /// The boot it belongs to.
    pub boot_id: String,
    /// When, for people.
    pub started_at: Timestamp,
}

/// Records a process before it may begin.
///
/// # Errors
/// Whatever SQLite says.
pub fn begin(conn: &Connection, execution: &Execution) -> Result<(), StoreError> {
    let Execution { id, what, pid, start_ticks, boot_id, started_at } = execution;
    conn.prepare_cached(
        "INSERT INTO executions (id, what, pid, start_ticks, boot_id, started_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![Text(id), what, pid, start_ticks, boot_id, Ms(*started_at)])?;
    Ok(())
}

/// Records that a process is gone.
///
/// # Errors
/// Whatever SQLite says.
pub fn end(conn: &Connection, id: ExecutionId) -> Result<(), StoreError> {
    conn.prepare_cached("DELETE FROM executions WHERE id = ?1")?.execute(params![Text(id)])?;
    Ok(())
}

/// All processes that may be running.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn all(conn: &Connection) -> Result<Vec<Execution>, StoreError> {
    let mut query = conn.prepare("SELECT id, what, pid, start_ticks, boot_id, started_at FROM executions")?;
    let rows = query.query_map([], |row| {
        Ok(Execution {
            id: row.get::<_, Text<ExecutionId>>(0)?.0,
            what: row.get(1)?,
            pid: row.get(2)?,
            start_ticks: row.get(3)?,
            boot_id: row.get(4)?,
            started_at: row.get::<_, Ms>(5)?.0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
