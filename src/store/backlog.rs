//! What waits to be delivered, counted.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::StoreError;
use super::columns::Ms;
use crate::domain::signal::Timestamp;

/// What waits for one platform.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Messages.
    pub pending: u64,
    /// When the oldest of them was written.
    pub oldest: Option<Timestamp>,
}

/// What waits, by platform; none of those for which nothing does.
///
/// # Errors
/// Whatever SQLite says.
pub fn backlog(conn: &Connection) -> Result<BTreeMap<String, Backlog>, StoreError> {
    let mut query = conn.prepare_cached(
        "SELECT platform, count(*), min(created_at) FROM outbox WHERE state = 'pending' GROUP BY platform",
    )?;
    let rows = query.query_map([], |row| {
        let oldest = row.get::<_, Option<Ms>>(2)?.map(|at| at.0);
        Ok((row.get(0)?, Backlog { pending: row.get(1)?, oldest }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
