//! The short numbers that people see: they only ever go up, also when what had them was pruned.

use rusqlite::Connection;

use super::StoreError;
use super::columns::Count;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// The number of an incident.
    Incident,
    /// The number of an approval.
    Approval,
}

/// Takes the next number, beginning with 1. It is taken only if the surrounding call commits.
///
/// # Errors
/// Whatever SQLite says.
pub fn next(conn: &Connection, counter: Counter) -> Result<u64, StoreError> {
    let name = match counter {
        Counter::Incident => "incident",
        Counter::Approval => "approval",
    };
    let sql = "INSERT INTO counters (name, value) VALUES (?1, 1)
               ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value";
    let Count(number) = conn.prepare_cached(sql)?.query_row([name], |row| row.get(0))?;
    Ok(number)
}
