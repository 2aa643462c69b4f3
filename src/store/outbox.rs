//! The outbox: messages on their way, in order within a thread, until each was delivered or given up.

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::columns::{Json, Ms, Text};
use crate::domain::card::{Card, Place};
use crate::domain::ids::IncidentId;
use crate::domain::signal::Timestamp;

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its number.
    pub id: i64,
    /// What keeps its order.
    pub thread: String,
    /// Where it goes.
    pub place: Place,
    /// What it says.
    pub card: Card,
    /// How often it was tried.
    pub attempts: u32,
}

/// What a platform calls an incident's root message and thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refs {
    /// The root message.
    pub root: Option<String>,
    /// The thread.
    pub thread: Option<String>,
}

/// The first message of each thread that waits for a platform and is due by `now`, in order, at most `limit`; what is
/// behind it waits for it.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn due(
    conn: &Connection,
    platform: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Waiting>, StoreError> {
    let mut query = conn.prepare_cached(
        "SELECT id, thread, place, card, attempts FROM outbox
         WHERE id IN (SELECT min(id) FROM outbox WHERE platform = ?1 AND state = 'pending' GROUP BY thread)
           AND next_at <= ?2 ORDER BY id LIMIT ?3",
    )?;
    let rows = query.query_map(params![platform, Ms(now), limit], |row| {
        Ok(Waiting {
            id: row.get(0)?,
            thread: row.get(1)?,
            place: row.get::<_, Json<Place>>(2)?.0,
            card: row.get::<_, Json<Card>>(3)?.0,
            attempts: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next message for a platform is due.
///
/// # Errors
/// Whatever SQLite says.
pub fn next_due(conn: &Connection, platform: &str) -> Result<Option<Timestamp>, StoreError> {
    let mut query = conn.prepare_cached(
        "SELECT min(next_at) FROM outbox
         WHERE id IN (SELECT min(id) FROM outbox WHERE platform = ?1 AND state = 'pending' GROUP BY thread)",
    )?;
    Ok(query.query_row([platform], |row| row.get::<_, Option<Ms>>(0))?.map(|Ms(at)| at))
}

/// Makes what waits for a later time than `after` due at `now`: the platform answers again, or the clock went back.
///
/// # Errors
/// Whatever SQLite says.
pub fn hurry(conn: &Connection, platform: &str, after: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    conn.prepare_cached(
        "UPDATE outbox SET next_at = ?3 WHERE platform = ?1 AND state = 'pending' AND next_at > ?2",
    )?
    .execute(params![platform, Ms(after), Ms(now)])?;
    Ok(())
}

/// Marks a message as delivered, unless it was replaced by a newer one while it was on its way.
///
/// # Errors
/// Whatever SQLite says.
pub fn sent(conn: &Connection, message: &Waiting, now: Timestamp) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE outbox SET state = 'sent', done_at = ?3 WHERE id = ?1 AND card = ?2")?
        .execute(params![message.id, Json(&message.card), Ms(now)])?;
    Ok(())
}

/// Marks a message as given up, unless it was replaced by a newer one in the meantime.
///
/// # Errors
/// Whatever SQLite says.
pub fn given_up(conn: &Connection, message: &Waiting, why: &str, now: Timestamp) -> Result<(), StoreError> {
    conn.prepare_cached(
        "UPDATE outbox SET state = 'failed', error = ?3, done_at = ?4 WHERE id = ?1 AND card = ?2",
    )?
    .execute(params![message.id, Json(&message.card), why, Ms(now)])?;
    Ok(())
}

/// Puts a message off.
///
/// # Errors
/// Whatever SQLite says.
pub fn later(conn: &Connection, id: i64, why: &str, next_at: Timestamp) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE outbox SET attempts = attempts + 1, error = ?2, next_at = ?3 WHERE id = ?1")?
        .execute(params![id, why, Ms(next_at)])?;
    Ok(())
}

/// What a platform calls an incident's messages.
///
/// # Errors
/// Whatever SQLite says.
pub fn refs(conn: &Connection, platform: &str, incident: IncidentId) -> Result<Refs, StoreError> {
    let mut query = conn
        .prepare_cached("SELECT root_ref, thread_ref FROM chat_refs WHERE platform = ?1 AND incident = ?2")?;
    let found = query
        .query_row(params![platform, Text(&incident)], |row| {
            Ok(Refs { root: row.get(0)?, thread: row.get(1)? })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Keeps what a platform calls an incident's messages; `None` leaves what is known.
///
/// # Errors
/// Whatever SQLite says.
pub fn keep_refs(
    conn: &Connection,
    platform: &str,
    incident: IncidentId,
    refs: &Refs,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO chat_refs (platform, incident, root_ref, thread_ref) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (platform, incident) DO UPDATE SET root_ref = coalesce(?3, root_ref),
                                                        thread_ref = coalesce(?4, thread_ref)",
    )?
    .execute(params![platform, Text(&incident), refs.root, refs.thread])?;
    Ok(())
}
