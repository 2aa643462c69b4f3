//! Writing history: one run with its samples, and pruning in steps.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::StoreError;
use super::super::columns::{Count, Json, Ms};
use super::super::group::{Access, Call, guarded};
use super::{Losses, Run, Sample};

/// Runs removed in one step.
const RUNS_A_STEP: u32 = 1000;
/// Series whose old samples are removed in one step; a day's samples of one are some hundred.
const SERIES_A_STEP: u32 = 20;

/// A run on its way into the database. Nobody waits for it.
pub(super) struct Recording {
    run: Run,
    samples: Vec<Sample>,
    max_series: u64,
    losses: Arc<Losses>,
}

impl Recording {
    pub(super) fn new(run: Run, samples: Vec<Sample>, max_series: u64, losses: Arc<Losses>) -> Self {
        Self { run, samples, max_series, losses }
    }

    fn insert(&self, conn: &Connection) -> Result<(), StoreError> {
        let run = &self.run;
        let duration = u64::try_from(run.duration.as_millis()).unwrap_or(u64::MAX);
        conn.prepare_cached(
            "INSERT INTO runs (skill, started_at, duration_ms, outcome, exit, statuses)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            run.skill,
            Ms(run.started_at),
            Count(duration),
            run.outcome,
            run.exit,
            Json(&run.statuses)
        ])?;
        // SQLite has no NaN; it would become NULL, and a missing value is no row.
        for sample in self.samples.iter().filter(|sample| !sample.value.is_nan()) {
            match self.series(conn, sample)? {
                Some(series) => insert_sample(conn, series, sample)?,
                None => self.losses.refuse_one(&sample.name, self.max_series),
            }
        }
        Ok(())
    }

    /// The number of the sample's series, a new one if there is room.
    fn series(&self, conn: &Connection, sample: &Sample) -> Result<Option<i64>, StoreError> {
        let key = params![sample.name, Json(&sample.labels), self.run.skill];
        let known = conn
            .prepare_cached("SELECT id FROM series WHERE name = ?1 AND labels = ?2 AND skill = ?3")?
            .query_row(key, |row| row.get(0))
            .optional()?;
        if known.is_some() {
            return Ok(known);
        }
        let Count(there) =
            conn.prepare_cached("SELECT count(*) FROM series")?.query_row([], |row| row.get(0))?;
        if there >= self.max_series {
            return Ok(None);
        }
        let mut insert =
            conn.prepare_cached("INSERT INTO series (name, labels, skill) VALUES (?1, ?2, ?3) RETURNING id")?;
        Ok(Some(insert.query_row(key, |row| row.get(0))?))
    }
}

impl Call for Recording {
    fn access(&self) -> Access {
        Access::Write
    }

    fn run(&mut self, conn: &Connection) -> Result<(), StoreError> {
        guarded(|conn| self.insert(conn), conn)
    }

    fn answer(self: Box<Self>, verdict: Result<(), StoreError>) {
        if let Err(error) = verdict {
            self.losses.drop_one(&error.to_string());
        }
    }
}

/// Two values of one series at the same millisecond: the later one stays.
fn insert_sample(conn: &Connection, series: i64, sample: &Sample) -> Result<(), StoreError> {
    conn.prepare_cached("INSERT OR REPLACE INTO samples (series, at, value) VALUES (?1, ?2, ?3)")?
        .execute(params![series, Ms(sample.at), sample.value])?;
    Ok(())
}

/// Removes some runs that started before `before`; 0 when none is left.
pub(super) fn prune_runs(conn: &Connection, before: i64) -> Result<usize, StoreError> {
    let sql = "DELETE FROM runs WHERE id IN
                   (SELECT id FROM runs WHERE started_at < ?1 ORDER BY started_at LIMIT ?2)";
    Ok(conn.prepare_cached(sql)?.execute(params![before, RUNS_A_STEP])?)
}

/// Removes the samples before `before` of some series, beginning after series `after`, and those series that have
/// none left. Returns how many samples went and where to go on, if anywhere.
pub(super) fn prune_series(
    conn: &Connection,
    after: i64,
    before: i64,
) -> Result<(usize, Option<i64>), StoreError> {
    let series: Vec<i64> = conn
        .prepare_cached("SELECT id FROM series WHERE id > ?1 ORDER BY id LIMIT ?2")?
        .query_map(params![after, SERIES_A_STEP], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut old = conn.prepare_cached("DELETE FROM samples WHERE series = ?1 AND at < ?2")?;
    let mut empty = conn.prepare_cached(
        "DELETE FROM series WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM samples WHERE series = ?1)",
    )?;
    let mut removed = 0;
    for id in &series {
        removed += old.execute([*id, before])?;
        empty.execute([id])?;
    }
    Ok((removed, series.last().copied()))
}
