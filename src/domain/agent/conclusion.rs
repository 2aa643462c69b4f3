//! How a run ends: a structured conclusion, whatever happened.

use serde::{Deserialize, Serialize};

use crate::domain::action::{BlastRadius, Effect};
use crate::domain::target::Target;

/// Why a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    /// It said what it found.
    Concluded,
    /// A limit was reached: it concludes with what it has.
    Limit {
        /// Which, in words: `20 steps`.
        what: String,
    },
    /// No model could be reached.
    NoModel {
        /// Why, for people.
        why: String,
    },
    /// The models answered, and nothing of use.
    GaveUp {
        /// Why, for people.
        why: String,
    },
    /// A person stopped it.
    Stopped {
        /// Who.
        by: String,
    },
    /// Steward itself ended, or the case went on in another one.
    Interrupted {
        /// Why.
        why: String,
    },
}

impl Ending {
    /// Whether it came to its end by itself.
    #[must_use]
    pub fn is_concluded(&self) -> bool {
        *self == Self::Concluded
    }
}

/// What a run comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    /// Why it ended.
    pub ending: Ending,
    /// What it thinks is wrong, or its answer to what was asked, in the model's words. Empty if it found nothing.
    pub diagnosis: String,
    /// What it suspects is at fault, where it names something that is known.
    pub root: Option<Target>,
    /// What speaks for that, a line each.
    pub evidence: Vec<String>,
    /// How sure it says it is, in percent.
    pub confidence: u8,
    /// What it did or wanted to do, and what became of that: from the record, never from the model's words.
    pub actions: Vec<String>,
    /// How to see that it is good again, in the model's words.
    pub verification: String,
    /// How to take back what was done, in the model's words.
    pub rollback: String,
    /// What could be done, for a person to choose from.
    pub options: Vec<Outline>,
}

impl Conclusion {
    /// One that says only why there is none.
    #[must_use]
    pub fn without(ending: Ending) -> Self {
        Self {
            ending,
            diagnosis: String::new(),
            root: None,
            evidence: Vec::new(),
            confidence: 0,
            actions: Vec::new(),
            verification: String::new(),
            rollback: String::new(),
            options: Vec::new(),
        }
    }

    /// Whether it is worth going by: it came to its end, says something, and is at least this sure, in percent.
    #[must_use]
    pub fn is_conclusive(&self, confidence: u8) -> bool {
        self.ending.is_concluded() && !self.diagnosis.trim().is_empty() && self.confidence >= confidence
    }
}

/// A way to go, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// One line.
    pub title: String,
    /// Its steps, in order.
    pub steps: Vec<OutlineStep>,
}

/// One step of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineStep {
    /// What is done.
    pub what: String,
    /// What could go wrong.
    pub risk: String,
    /// How it is taken back.
    pub undo: String,
    /// The machine that the command is for; `None` is this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The command, where it is one.
    pub command: Option<Vec<String>>,
    /// What the policy says that the command does; nobody else's word counts.
    pub effect: Option<Effect>,
    /// What else it touches, as the policy has it.
    pub blast_radius: Option<BlastRadius>,
}
