//! Everything that a run said and did, on record.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::model::{Call, Turn};
use crate::domain::agent::Spending;

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

/// Keeps a run's entries.
#[async_trait]
pub trait Recorder: Send + Sync {
    /// Keeps one more. A record that can't be written is logged and costs the run nothing.
    async fn keep(&self, entry: Entry);
}
