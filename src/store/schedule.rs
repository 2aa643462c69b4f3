//! When each skill was last due, began and ended: what keeps a restart from running it twice or not at all.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::StoreError;
use super::columns::Ms;
use crate::domain::signal::Timestamp;

/// A skill's last run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRun {
    /// When it was last due.
    pub due: Timestamp,
    /// When a run last began.
    pub started: Option<Timestamp>,
    /// When a run last ended.
    pub finished: Option<Timestamp>,
    /// How often in a row it has failed.
    pub failures: u32,
}

/// The last runs by skill.
///
/// # Errors
/// Whatever SQLite says.
pub fn all(conn: &Connection) -> Result<BTreeMap<String, LastRun>, StoreError> {
    let mut query =
        conn.prepare("SELECT skill, last_due, last_started, last_finished, failures FROM schedule")?;
    let rows = query.query_map([], |row| {
        let time = |at: Option<Ms>| at.map(|Ms(at)| at);
        let run = LastRun {
            due: row.get::<_, Ms>(1)?.0,
            started: time(row.get(2)?),
            finished: time(row.get(3)?),
            failures: row.get(4)?,
        };
        Ok((row.get(0)?, run))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Records that a run begins; `due` is `None` for one that was not on the schedule.
///
/// # Errors
/// Whatever SQLite says.
pub fn begin(
    conn: &Connection,
    skill: &str,
    due: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO schedule (skill, last_due, last_started) VALUES (?1, coalesce(?2, ?3), ?3)
         ON CONFLICT (skill) DO UPDATE SET last_due = coalesce(?2, last_due), last_started = ?3",
    )?
    .execute(params![skill, due.map(Ms), Ms(now)])?;
    Ok(())
}

/// Records that a run ended, and how often in a row it has failed by now.
///
/// # Errors
/// Whatever SQLite says.
pub fn finish(conn: &Connection, skill: &str, failed: bool, now: Timestamp) -> Result<u32, StoreError> {
    let sql = "UPDATE schedule SET last_finished = ?2, failures = CASE WHEN ?3 THEN failures + 1 ELSE 0 END
               WHERE skill = ?1 RETURNING failures";
    Ok(conn.prepare_cached(sql)?.query_row(params![skill, Ms(now), failed], |row| row.get(0))?)
}
