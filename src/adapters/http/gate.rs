//! The gate of one source: what it has to show, how much it may send, and what became of what it sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;

use super::answer::Refusal;
use super::proof::{Key, Token};
use super::rate::Bucket;
use crate::config::AlertSource;
use crate::domain::alert::Reading;
use crate::domain::signal::Timestamp;

/// The least time between two log lines about one source's refused requests of one kind, in seconds.
const QUIET: i64 = 60;
/// The statuses that are counted, each with its name in the measurements; what is none of them is counted as the last.
const COUNTED: [(StatusCode, &str); 7] = [
    (StatusCode::OK, "accepted"),
    (StatusCode::UNAUTHORIZED, "unproven"),
    (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
    (StatusCode::TOO_MANY_REQUESTS, "too_often"),
    (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    (StatusCode::REQUEST_TIMEOUT, "too_slow"),
    (StatusCode::BAD_REQUEST, "malformed"),
];

/// What is counted and told of requests to one source, or to none.
#[derive(Default)]
pub(super) struct Tally {
    counts: [AtomicU64; COUNTED.len()],
    told: Mutex<BTreeMap<u16, Timestamp>>,
}

impl Tally {
    pub(super) fn count(&self, status: StatusCode) {
        let at = COUNTED.iter().position(|(counted, _)| *counted == status).unwrap_or(COUNTED.len() - 1);
        if let Some(count) = self.counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether a refusal with this status is worth a log line now.
    pub(super) fn worth_telling(&self, status: StatusCode, now: Timestamp) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.get(&status.as_u16()).map(|at| (now - *at).num_seconds().abs());
        let worth = before.is_none_or(|passed| passed >= QUIET);
        if worth {
            told.insert(status.as_u16(), now);
        }
        worth
    }

    /// The counts as lines of Prometheus' text exposition.
    pub(super) fn write(&self, source: &str, to: &mut String) {
        let source = source.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        for ((_, outcome), count) in COUNTED.iter().zip(&self.counts) {
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

    pub(super) fn has_token(&self, token: &Token) -> bool {
        self.key.is(token)
    }
}
