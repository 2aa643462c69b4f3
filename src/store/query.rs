//! What people ask of the past: incidents, timelines, settings.

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::batch::StoredIncident;
use super::columns::{Json, Ms, Text};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Record};

/// The lines of an incident's timeline after `after`, in order.
///
/// # Errors
/// Whatever SQLite says, or a line that can't be read.
pub fn timeline(conn: &Connection, id: IncidentId, after: u64) -> Result<Vec<Record>, StoreError> {
    let mut query = conn
        .prepare_cached("SELECT seq, at, data FROM events WHERE incident = ?1 AND seq > ?2 ORDER BY seq")?;
    let rows = query.query_map(params![Text(id), after], |row| {
        Ok(Record { seq: row.get(0)?, at: row.get::<_, Ms>(1)?.0, event: row.get::<_, Json<Event>>(2)?.0 })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The value of a setting that Steward keeps for itself.
///
/// # Errors
/// Whatever SQLite says.
pub fn setting(conn: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    let mut query = conn.prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
    Ok(query.query_row([key], |row| row.get(0)).optional()?)
}

/// An incident by its id, if it is kept.
///
/// # Errors
/// The database fails.
pub fn incident_by_id(conn: &Connection, id: IncidentId) -> Result<Option<StoredIncident>, StoreError> {
    let mut query = conn.prepare_cached("SELECT data FROM incidents WHERE id = ?1")?;
    let row = query.query_row([Text(id)], |row| row.get::<_, Json<StoredIncident>>(0)).optional()?;
    Ok(row.map(|Json(stored)| stored))
}

/// The incident with this number.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn incident(conn: &Connection, number: u64) -> Result<Option<StoredIncident>, StoreError> {
    let mut query = conn.prepare_cached("SELECT data FROM incidents WHERE number = ?1")?;
    Ok(query
        .query_row([number], |row| row.get::<_, Json<StoredIncident>>(0))
        .optional()?
        .map(|Json(stored)| stored))
}

/// Incidents, newest first: those that are live, or all of them; at most `limit`.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn incidents(conn: &Connection, all: bool, limit: usize) -> Result<Vec<StoredIncident>, StoreError> {
    let sql = if all {
        "SELECT data FROM incidents ORDER BY number DESC LIMIT ?1"
    } else {
        "SELECT data FROM incidents WHERE live = 1 ORDER BY number DESC LIMIT ?1"
    };
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map([limit], |row| row.get::<_, Json<StoredIncident>>(0))?;
    Ok(rows.map(|row| row.map(|Json(stored)| stored)).collect::<Result<_, _>>()?)
}

/// A setting's value, which becomes `value` if there is none yet.
///
/// # Errors
/// Whatever SQLite says.
pub fn setting_or(conn: &Connection, key: &str, value: &str) -> Result<String, StoreError> {
    conn.prepare_cached("INSERT OR IGNORE INTO settings (key, value) VALUES (?1, ?2)")?
        .execute([key, value])?;
    Ok(conn
        .prepare_cached("SELECT value FROM settings WHERE key = ?1")?
        .query_row([key], |row| row.get(0))?)
}

/// Sets a setting and returns what it was.
///
/// # Errors
/// Whatever SQLite says.
pub fn replace_setting(conn: &Connection, key: &str, value: &str) -> Result<Option<String>, StoreError> {
    let mut query = conn.prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
    let before = query.query_row([key], |row| row.get(0)).optional()?;
    conn.prepare_cached("INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)")?
        .execute([key, value])?;
    Ok(before)
}
