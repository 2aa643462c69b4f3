//! Reading history.

use std::time::Duration;

use rusqlite::{Connection, Row, params};

use super::super::StoreError;
use super::super::columns::{Count, Json, Ms};
use super::{Run, Series};
use crate::domain::signal::Timestamp;

/// The last `count` runs of a skill, newest first.
pub(super) fn last_runs(conn: &Connection, skill: &str, count: u32) -> Result<Vec<Run>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT skill, started_at, duration_ms, outcome, exit, statuses FROM runs
         WHERE skill = ?1 ORDER BY started_at DESC, id DESC LIMIT ?2",
    )?;
    let runs = select.query_map(params![skill, count], run)?;
    Ok(runs.collect::<Result<_, _>>()?)
}

/// Every series of a name that has values since `since`.
pub(super) fn series(conn: &Connection, name: &str, since: Timestamp) -> Result<Vec<Series>, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT id, skill, labels FROM series WHERE name = ?1 ORDER BY labels, skill")?;
    let mut points =
        conn.prepare_cached("SELECT at, value FROM samples WHERE series = ?1 AND at >= ?2 ORDER BY at")?;
    let mut rows = select.query([name])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let points: Vec<_> = points
            .query_map(params![row.get::<_, i64>(0)?, Ms(since)], |row| {
                Ok((row.get::<_, Ms>(0)?.0, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        if !points.is_empty() {
            found.push(Series { skill: row.get(1)?, labels: row.get::<_, Json<_>>(2)?.0, points });
        }
    }
    Ok(found)
}

/// The names of all series, in order.
pub(super) fn names(conn: &Connection, limit: u32) -> Result<Vec<String>, StoreError> {
    let mut select = conn.prepare_cached("SELECT DISTINCT name FROM series ORDER BY name LIMIT ?1")?;
    let names = select.query_map([limit], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        skill: row.get(0)?,
        started_at: row.get::<_, Ms>(1)?.0,
        duration: Duration::from_millis(row.get::<_, Count>(2)?.0),
        outcome: row.get(3)?,
        exit: row.get(4)?,
        statuses: row.get::<_, Json<_>>(5)?.0,
    })
}
