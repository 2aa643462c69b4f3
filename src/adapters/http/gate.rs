//! The gate of one source: what it has to show, how much it may send, and what became of what it sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::answer::Refusal;
use super::proof::{Key, Token};
use super::rate::Bucket;
use crate::config::AlertSource;
use crate::domain::alert::{Format, Reading};
use crate::domain::signal::Timestamp;

/// The least time between two log lines about one source's refused requests of one kind, in seconds.
const QUIET: i64 = 60;

/// What became of a request, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Accepted,
    /// Taken in, except for some of its alerts.
    Partly,
    Unproven,
    TooLarge,
    TooOften,
    Unavailable,
    TooSlow,
    Malformed,
}

impl Outcome {
    /// All of them, with their names in the measurements.
    const ALL: [(Self, &'static str); 8] = [
        (Self::Accepted, "accepted"),
        (Self::Partly, "partly"),
        (Self::Unproven, "unproven"),
        (Self::TooLarge, "too_large"),
        (Self::TooOften, "too_often"),
        (Self::Unavailable, "unavailable"),
        (Self::TooSlow, "too_slow"),
        (Self::Malformed, "malformed"),
    ];
}

/// What is counted and told of requests to one source, or to none.
#[derive(Default)]
pub(super) struct Tally {
    counts: [AtomicU64; Outcome::ALL.len()],
    told: Mutex<BTreeMap<Outcome, Timestamp>>,
}

impl Tally {
    pub(super) fn count(&self, outcome: Outcome) {
        for ((counted, _), count) in Outcome::ALL.iter().zip(&self.counts) {
            if *counted == outcome {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Whether such an outcome is worth a log line now.
    pub(super) fn worth_telling(&self, outcome: Outcome, now: Timestamp) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.get(&outcome).map(|at| (now - *at).num_seconds().abs());
        let worth = before.is_none_or(|passed| passed >= QUIET);
        if worth {
            told.insert(outcome, now);
        }
        worth
    }

    /// The counts as lines of Prometheus' text exposition.
    pub(super) fn write(&self, source: &str, to: &mut String) {
        let source = source.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        for ((_, outcome), count) in Outcome::ALL.iter().zip(&self.counts) {
            let count = count.load(Ordering::Relaxed);
            // Writing into a text can't fail.
            let _ = writeln!(
                to,
                "steward_http_requests_total{{source=\"{source}\",outcome=\"{outcome}\"}} {count}"
            );
        }
    }
}

/// The gate of one source.
pub(super) struct Gate {
    pub(super) name: String,
    pub(super) reading: Reading,
    pub(super) key: Key,
    pub(super) max_body: usize,
    pub(super) tally: Tally,
    bucket: Mutex<Bucket>,
}

impl Gate {
    pub(super) fn new(name: &str, source: &AlertSource) -> Self {
        Self {
            name: name.to_owned(),
            reading: source.reading.clone(),
            key: Key::of(&source.proof),
            max_body: source.max_body,
            tally: Tally::default(),
            bucket: Mutex::new(Bucket::new(source.rate)),
        }
    }

    /// Takes one request out of what the source may send in a minute.
    pub(super) fn take_turn(&self, now: Timestamp) -> Result<(), Refusal> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(now).map_err(|wait| Refusal::TooOften { wait })
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.key, Key::Nothing)
    }

    /// Whether it is sent what Prometheus sends to an Alertmanager.
    pub(super) fn speaks_api(&self) -> bool {
        self.reading.format == Format::AlertmanagerApi
    }

    pub(super) fn has_token(&self, token: &Token) -> bool {
        self.key.is(token)
    }
}
