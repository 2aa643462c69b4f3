//! The outbox: messages on their way, in order within a thread, until each was delivered or given up.

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::columns::{Count, Json, Ms, Text};
use crate::domain::card::{Card, Place, Refs};
use crate::domain::ids::IncidentId;
use crate::domain::signal::Timestamp;

/// The keys of an incident's root message and of its thread.
const ROOT: &str = "root";
const THREAD: &str = "thread";

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
    /// When it was first to be said.
    pub written_at: Timestamp,
    /// Whether a newer version may take its place while it waits.
    pub supersedes: bool,
}

impl Waiting {
    /// The key by which its platform's name for it is kept.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.place {
            Place::Root { .. } => ROOT.to_owned(),
            Place::Question { approval, .. } => format!("question:{approval}"),
            Place::Thread { .. } | Place::Lab | Place::Answer { .. } => format!("message:{}", self.id),
        }
    }
}

/// The first message of each thread that waits for a platform and is due by `now`, at most `limit`; what is behind it
/// waits for it. Answers come first, since somebody is looking at the screen, then the threads in which people are
/// called; what failed before comes last, so that it keeps nothing else from being tried,
/// and the root messages of a storm come before the updates of its threads.
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
        "SELECT id, o.thread, place, card, attempts, created_at, supersedes IS NOT NULL FROM outbox AS o
         JOIN (SELECT min(id) AS first, max(calls) AS calling FROM outbox
                WHERE platform = ?1 AND state = 'pending' AND (aside = 0 OR next_at <= ?2) GROUP BY thread)
           ON id = first
         WHERE next_at <= ?2 ORDER BY o.thread NOT GLOB 'answer:*', calling DESC, attempts > 0,
                                           supersedes IS NULL, id LIMIT ?3",
    )?;
    let rows = query.query_map(params![platform, Ms(now), limit], |row| {
        Ok(Waiting {
            id: row.get(0)?,
            thread: row.get(1)?,
            place: row.get::<_, Json<Place>>(2)?.0,
            card: row.get::<_, Json<Card>>(3)?.0,
            attempts: row.get(4)?,
            written_at: row.get::<_, Ms>(5)?.0,
            supersedes: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next message for a platform is due.
///
/// # Errors
/// Whatever SQLite says.
pub fn next_due(conn: &Connection, platform: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let mut query = conn.prepare_cached(
        "SELECT min(next_at) FROM outbox
         WHERE id IN (SELECT min(id) FROM outbox WHERE platform = ?1 AND state = 'pending'
                      AND (aside = 0 OR next_at <= ?2) GROUP BY thread)
            OR (platform = ?1 AND state = 'pending' AND aside = 1)",
    )?;
    let next = query.query_row(params![platform, Ms(now)], |row| row.get::<_, Option<Ms>>(0))?;
    Ok(next.map(|Ms(at)| at))
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

/// Puts a message off with which nothing is wrong.
///
/// # Errors
/// Whatever SQLite says.
pub fn pause(conn: &Connection, id: i64, next_at: Timestamp) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE outbox SET next_at = ?2 WHERE id = ?1")?.execute(params![id, Ms(next_at)])?;
    Ok(())
}

/// Puts off everything that would be a new message in the channel itself.
///
/// # Errors
/// Whatever SQLite says.
pub fn pause_channel(conn: &Connection, platform: &str, next_at: Timestamp) -> Result<(), StoreError> {
    conn.prepare_cached(
        "UPDATE outbox SET next_at = ?2 WHERE platform = ?1 AND state = 'pending' AND next_at < ?2
           AND (thread = 'lab' OR supersedes GLOB 'root:*' AND NOT EXISTS (
                SELECT 1 FROM chat_messages AS m
                 WHERE m.platform = ?1 AND m.key = 'root' AND 'root:' || m.incident = outbox.supersedes))",
    )?
    .execute(params![platform, Ms(next_at)])?;
    Ok(())
}

/// Gives up what waits for platforms that are not among these: nobody will ever deliver it.
///
/// # Errors
/// Whatever SQLite says.
pub fn forget_others(conn: &Connection, platforms: &[String], now: Timestamp) -> Result<usize, StoreError> {
    let known = serde_json::Value::from(platforms.to_vec());
    let given_up = conn
        .prepare_cached(
            "UPDATE outbox SET state = 'failed', error = 'the platform is not configured', done_at = ?2
             WHERE state = 'pending' AND platform NOT IN (SELECT value FROM json_each(?1))",
        )?
        .execute(params![known.to_string(), Ms(now)])?;
    Ok(given_up)
}

/// Puts an edit off, and lets what stands behind it in its thread go first.
///
/// # Errors
/// Whatever SQLite says.
pub fn step_aside(conn: &Connection, id: i64, next_at: Timestamp) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE outbox SET next_at = ?2, aside = 1 WHERE id = ?1")?
        .execute(params![id, Ms(next_at)])?;
    Ok(())
}

/// What a platform calls an incident's messages: the root, the thread, and the one with this key of its own.
///
/// # Errors
/// Whatever SQLite says.
pub fn refs(conn: &Connection, platform: &str, incident: IncidentId, own: &str) -> Result<Refs, StoreError> {
    let mut query = conn.prepare_cached(
        "SELECT key, ref FROM chat_messages WHERE platform = ?1 AND incident = ?2 AND key IN ('root', 'thread', ?3)",
    )?;
    let mut refs = Refs::default();
    let mut rows = query.query(params![platform, Text(&incident), own])?;
    while let Some(row) = rows.next()? {
        let reference: String = row.get(1)?;
        match row.get::<_, String>(0)?.as_str() {
            ROOT => refs.root = Some(reference),
            THREAD => refs.thread = Some(reference),
            _ => refs.own = Some(reference),
        }
    }
    if own == ROOT {
        refs.own.clone_from(&refs.root);
    }
    Ok(refs)
}

/// Keeps what a platform calls an incident's messages; `None` leaves what is known.
///
/// # Errors
/// Whatever SQLite says.
pub fn keep_refs(
    conn: &Connection,
    platform: &str,
    incident: IncidentId,
    own: &str,
    refs: &Refs,
) -> Result<(), StoreError> {
    let mut keep = conn.prepare_cached(
        // The incident may be gone by the time that a platform is back.
        "INSERT INTO chat_messages (platform, incident, key, ref)
         SELECT ?1, id, ?3, ?4 FROM incidents WHERE id = ?2
         ON CONFLICT (platform, incident, key) DO UPDATE SET ref = ?4",
    )?;
    for (key, reference) in [(ROOT, &refs.root), (THREAD, &refs.thread), (own, &refs.own)] {
        if let Some(reference) = reference {
            keep.execute(params![platform, Text(&incident), key, reference])?;
        }
    }
    Ok(())
}

/// What a message or a thread is about, by what its platform calls it: the incident's number, and the question's if the
/// message asks one that still waits for an answer.
///
/// # Errors
/// Whatever SQLite says.
pub fn about(
    conn: &Connection,
    platform: &str,
    reference: &str,
) -> Result<Option<(u64, Option<u64>)>, StoreError> {
    let mut query = conn.prepare_cached(
        "SELECT i.number, coalesce(a.number, o.number) FROM chat_messages m JOIN incidents i ON i.id = m.incident
         LEFT JOIN approvals a ON m.key = 'question:' || a.number AND a.state = 'pending'
         LEFT JOIN offers o ON m.key = 'question:' || o.number AND o.state = 'pending'
         WHERE m.platform = ?1 AND m.ref = ?2 ORDER BY i.number DESC LIMIT 1",
    )?;
    let found = query.query_row([platform, reference], |row| {
        Ok((row.get::<_, Count>(0)?.0, row.get::<_, Option<Count>>(1)?.map(|Count(number)| number)))
    });
    Ok(found.optional()?)
}

/// The message of a question that still waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The question's number.
    pub approval: u64,
    /// The incident's number.
    pub incident: u64,
    /// What the platform calls the message.
    pub own: String,
    /// What the platform calls the thread it is in.
    pub thread: Option<String>,
}

/// The questions that wait for an answer and have a message on a platform, oldest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn questions(conn: &Connection, platform: &str) -> Result<Vec<Asked>, StoreError> {
    let mut query = conn.prepare_cached(
        "SELECT a.number, i.number, m.ref, t.ref FROM (
            SELECT number, incident FROM approvals WHERE state = 'pending'
            UNION ALL SELECT number, incident FROM offers WHERE state = 'pending') a
         JOIN incidents i ON i.id = a.incident
         JOIN chat_messages m ON m.platform = ?1 AND m.incident = a.incident AND m.key = 'question:' || a.number
         LEFT JOIN chat_messages t ON t.platform = ?1 AND t.incident = a.incident AND t.key = 'thread'
         ORDER BY a.number",
    )?;
    let rows = query.query_map([platform], |row| {
        let (Count(approval), Count(incident)) = (row.get(0)?, row.get(1)?);
        Ok(Asked { approval, incident, own: row.get(2)?, thread: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
