//! `metrics.db`: the history of runs and samples, which Steward can live without.
//!
//! Its own file and its own thread, so that a flood of samples never delays state. Recording never waits and never
//! fails: what can't be kept is counted.

pub mod heard;
mod read;
mod write;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::columns::ms;
use super::group::Access;
use super::migrations::METRICS_SCHEMA;
use super::opening::{self, Durability};
use super::owner::{NotQueued, Owner};
use super::{OpenError, StoreError};
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;

/// The database's file in the state directory.
const FILE: &str = "metrics.db";

/// How much history is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Series (a name, its labels and the skill) at most. Samples of further ones are refused and counted.
    pub max_series: u64,
    /// What is older goes at the next [`Metrics::prune`].
    pub retention: Duration,
}

impl Limits {
    /// The default cap of 10,000 series, kept for `days` days.
    #[must_use]
    pub fn days(days: u32) -> Self {
        Self { max_series: 10_000, retention: Duration::from_secs(u64::from(days) * 24 * 60 * 60) }
    }
}

/// One run of a skill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The skill's name.
    pub skill: String,
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took. Kept to the millisecond.
    pub duration: Duration,
    /// What came of it, in a word: `complete`, `timeout`, `broken`.
    pub outcome: String,
    /// The exit code, if it ended by itself.
    pub exit: Option<i32>,
    /// What it said of each target, in the words of the skill contract: `OK`, `PROBLEM`.
    pub statuses: BTreeMap<Target, String>,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The metric's name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// When it was measured.
    pub at: Timestamp,
    /// The value. One that is not a number (NaN) is missing data and not kept.
    pub value: f64,
}

/// The values of one series, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The skill that measured it.
    pub skill: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// When, and how much.
    pub points: Vec<(Timestamp, f64)>,
}

/// A damaged history that was moved out of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedAside {
    /// Where it is now.
    pub to: PathBuf,
    /// What was wrong with it.
    pub why: String,
}

impl fmt::Display for MovedAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the history of runs and samples was damaged ({}); a new one was begun, incidents are not affected; the old one is kept as {}, delete it if you don't need it",
            self.why,
            self.to.display()
        )
    }
}

/// A cheap handle on `metrics.db`.
#[derive(Debug, Clone)]
pub struct Metrics {
    owner: Owner,
    limits: Limits,
    losses: Arc<Losses>,
}

/// What was not kept since the start.
#[derive(Debug, Default)]
struct Losses {
    dropped: AtomicU64,
    refused: AtomicU64,
}

impl Metrics {
    /// Opens the history in `dir`, which must be locked by this process ([`Store::open`](super::Store::open) does).
    /// A damaged one is moved aside to `metrics.db.corrupt-<now in ms>` and a new one begun, which is told.
    ///
    /// # Errors
    /// See [`OpenError`]; never [`OpenError::Corrupt`].
    pub fn open(dir: &Path, limits: Limits, now: Timestamp) -> Result<(Self, Option<MovedAside>), OpenError> {
        let path = dir.join(FILE);
        let open = || opening::writer(&path, &METRICS_SCHEMA, Durability::Normal);
        let (conn, moved) = match open() {
            Ok(conn) => (conn, None),
            Err(OpenError::Corrupt { why, .. }) => {
                let to = move_aside(&path, now)?;
                (open()?, Some(MovedAside { to, why }))
            }
            Err(error) => return Err(error),
        };
        Ok((Self::start(&path, conn, limits)?, moved))
    }

    /// Opens the history in `dir` for reading only, also beside a running Steward.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_read_only(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join(FILE);
        let conn = opening::reader(&path, &METRICS_SCHEMA)?;
        Self::start(&path, conn, Limits { max_series: 0, retention: Duration::MAX })
    }

    fn start(path: &Path, conn: Connection, limits: Limits) -> Result<Self, OpenError> {
        let owner =
            Owner::start("steward-metrics", conn, None).map_err(|error| OpenError::io(path, &error))?;
        Ok(Self { owner, limits, losses: Arc::default() })
    }

    /// Records a run and what it measured. Returns at once: if the queue is full, or the writing fails later, the
    /// run is dropped and counted in [`Metrics::dropped`]. Recorded within moments; a power cut may lose the last
    /// seconds.
    pub fn record(&self, run: Run, samples: Vec<Sample>) {
        let call = write::Recording::new(run, samples, self.limits.max_series, Arc::clone(&self.losses));
        match self.owner.post(Box::new(call)) {
            Ok(()) => {}
            Err(NotQueued::Full) => self.losses.drop_one("the queue is full: the disk is too slow"),
            Err(NotQueued::Gone) => self.losses.drop_one("the history is closed"),
        }
    }

    /// Runs that were not recorded since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.losses.dropped.load(Ordering::Relaxed)
    }

    /// Samples that were not recorded since the start because [`Limits::max_series`] was reached.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.losses.refused.load(Ordering::Relaxed)
    }

    /// The last `count` runs of a skill, newest first. It sees what was recorded before.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn last_runs(&self, skill: &str, count: u32) -> Result<Vec<Run>, StoreError> {
        let skill = skill.to_owned();
        self.owner.call(Access::Read, move |conn| read::last_runs(conn, &skill, count)).await
    }

    /// Every series of that name with its values since `since`, the series in a stable order. Series without a value
    /// in that time are left out.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn samples(&self, name: &str, since: Timestamp) -> Result<Vec<Series>, StoreError> {
        let name = name.to_owned();
        self.owner.call(Access::Read, move |conn| read::series(conn, &name, since)).await
    }

    /// The names of all series, in order; `limit` at most.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn names(&self, limit: u32) -> Result<Vec<String>, StoreError> {
        self.owner.call(Access::Read, move |conn| read::names(conn, limit)).await
    }

    /// Removes what is older than [`Limits::retention`], and series that have no sample left. Works in small steps,
    /// so that recording goes on in between. Returns the number of runs, samples and signals removed.
    ///
    /// # Errors
    /// Whatever SQLite says; steps done before stay done.
    pub async fn prune(&self, now: Timestamp) -> Result<usize, StoreError> {
        let keep = i64::try_from(self.limits.retention.as_millis()).unwrap_or(i64::MAX);
        let before = ms(now).saturating_sub(keep);
        let mut removed = 0;
        loop {
            let step = self.owner.call(Access::Write, move |conn| write::prune_runs(conn, before)).await?;
            removed += step;
            if step == 0 {
                break;
            }
        }
        loop {
            let step = self.owner.call(Access::Write, move |conn| heard::prune(conn, before)).await?;
            removed += step;
            if step == 0 {
                break;
            }
        }
        let mut after = Some(0);
        while let Some(series) = after {
            let step = move |conn: &Connection| write::prune_series(conn, series, before);
            let (step, next) = self.owner.call(Access::Write, step).await?;
            removed += step;
            after = next;
        }
        Ok(removed)
    }

    /// Records what waits, and returns when the file is free.
    ///
    /// # Errors
    /// Why the database could not be closed.
    pub async fn close(self) -> Result<(), StoreError> {
        self.owner.close().await
    }
}

impl Losses {
    /// Counts a run that is lost; the first one is told, the others would only repeat it.
    fn drop_one(&self, why: &str) {
        if self.dropped.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!(
                "a run could not be added to the history ({why}); incidents are not affected; further ones are only counted"
            );
        }
    }

    /// Counts a sample beyond the cap; the first one is told.
    fn refuse_one(&self, name: &str, max_series: u64) {
        if self.refused.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!(
                "a sample of {name:?} was not kept: there are {max_series} series already; a label whose value keeps changing makes a new one each time; further ones are only counted"
            );
        }
    }
}

/// Moves a damaged database away, together with its log, and makes room for a new one.
fn move_aside(path: &Path, now: Timestamp) -> Result<PathBuf, OpenError> {
    let beside = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let to = beside(path, &format!(".corrupt-{}", ms(now)));
    // The log first: left behind, it would be taken for the new database's.
    for suffix in ["-wal", "-shm", ""] {
        let from = beside(path, suffix);
        if from.exists() {
            fs::rename(&from, beside(&to, suffix)).map_err(|error| OpenError::io(&from, &error))?;
        }
    }
    Ok(to)
}
