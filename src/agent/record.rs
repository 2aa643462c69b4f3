//! Everything that a run said and did, on record.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::dialogue::Reply;
use super::model::{Call, Turn};
use crate::domain::agent::Spending;
use crate::domain::ids::RunId;
use crate::engine::ports::Clock;
use crate::store::{Store, runs};

/// The longest text that is kept whole, in bytes: the longest prompt is far shorter.
const LONGEST: usize = 64 * 1024;

/// Something that a run said or did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// What a model was told first.
    Told {
        /// The stable part.
        system: String,
        /// The case.
        user: String,
    },
    /// What was said to it after that.
    Said {
        /// The turn.
        turn: Turn,
    },
    /// It answered.
    Answered {
        /// The model.
        model: String,
        /// The words.
        text: String,
        /// The calls.
        calls: Vec<Call>,
        /// What it took.
        spent: Spending,
        /// How long, in milliseconds.
        millis: u64,
        /// Why others did not answer.
        fell_back: Vec<String>,
    },
    /// A call was done.
    Called {
        /// The tool.
        tool: String,
        /// What was done, in a few words.
        what: String,
        /// What it came to, in a word: `text`, `blocked`, `failed`, `misused`, `concluded`.
        outcome: String,
        /// The result as the model was told it.
        text: String,
        /// How long, in milliseconds.
        millis: u64,
    },
}

impl Entry {
    /// What a model answered, after so long.
    #[must_use]
    pub fn answered(reply: Reply, took: TimeDelta) -> Self {
        let Reply { answer, model, fell_back, .. } = reply;
        Self::Answered {
            model,
            text: answer.text,
            calls: answer.calls,
            spent: answer.spent,
            millis: u64::try_from(took.num_milliseconds()).unwrap_or(0),
            fell_back,
        }
    }
}

/// Keeps a run's entries.
#[async_trait]
pub trait Recorder: Send + Sync {
    /// Keeps one more. A record that can't be written is logged and costs the run nothing.
    async fn keep(&self, entry: Entry);
}

/// The record of one run in the store, without secrets.
pub struct Logbook {
    store: Store,
    clock: Arc<dyn Clock>,
    run: RunId,
    tally: Mutex<Tally>,
}

#[derive(Debug, Clone, Default)]
struct Tally {
    models: Vec<String>,
    spent: Spending,
}

impl Logbook {
    /// The record of a run that is begun in the store already.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, run: RunId) -> Self {
        Self { store, clock, run, tally: Mutex::default() }
    }

    /// What the run took so far.
    #[must_use]
    pub fn spent(&self) -> Spending {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).spent
    }

    /// Counts an answer. What there is to write down then.
    fn count(&self, entry: &Entry) -> Option<Tally> {
        let Entry::Answered { model, spent, .. } = entry else { return None };
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.spent += *spent;
        if !tally.models.contains(model) {
            tally.models.push(model.clone());
        }
        Some(tally.clone())
    }
}

#[async_trait]
impl Recorder for Logbook {
    async fn keep(&self, entry: Entry) {
        let (run, at, tally) = (self.run, self.clock.now(), self.count(&entry));
        let data = match serde_json::to_value(entry) {
            Ok(mut data) => {
                shorten(&mut data);
                data
            }
            Err(error) => return tracing::warn!(%run, %error, "a step of the agent can't be written down"),
        };
        let redactor = self.store.redaction().now();
        let written = self.store.call(move |conn| {
            let kind = data.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
            runs::add_step(conn, &redactor, run, (&kind, &data), at)?;
            tally.map_or(Ok(()), |tally| runs::took(conn, run, &tally.models, tally.spent))
        });
        if let Err(error) = written.await {
            tracing::warn!(%run, %error, "a step of the agent is not on record");
        }
    }
}

/// Cuts texts that are too long to keep, and says so.
fn shorten(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if text.len() > LONGEST => {
            let whole = text.len();
            text.truncate(text.floor_char_boundary(LONGEST));
            text.push_str(&format!("\n[… cut here: {} more bytes]", whole - text.len()));
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(shorten),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}
