//! The agent's words: what a model is asked for, what it may propose, and what a run of it comes to.
//!
//! Nothing here knows a model. What a model says is a claim: an effect, a success or a decision is never taken from it.

mod conclusion;
mod draft;
mod goal;
pub mod memory;
mod proposal;
mod signature;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use super::signal::Timestamp;

pub use conclusion::{Answer, Conclusion, Ending, Outline, OutlineStep, clipped};
pub use draft::{ADOPT_PREFIX, Fixed, PLAN_PREFIX, does_the_same, draft_runbook, is_plan};
pub use goal::{Goal, GoalMark};
pub use proposal::{Keepsake, Lesson, LessonWords, Offer, Proposal, Proposed, ProposedPlan, ProposedStep};
pub use signature::{Episode, LOOKS_BACK, Remedy, SignatureRecord};

/// What a model is asked for. Each may have models of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// A first, cheap look: does a command answer what a person wants?
    Triage,
    /// To find out, with tools.
    Investigate,
    /// To put lessons into better words.
    Narrate,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Triage, Self::Investigate, Self::Narrate];

    /// The name in the configuration and in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Investigate => "investigate",
            Self::Narrate => "narrate",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a run is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Subject {
    /// Something is broken, and no runbook fits.
    Incident,
    /// A person wants something, in plain words.
    Request,
    /// A standing goal of `prompts/goals/`.
    Goal {
        /// Its name: the file's without `.md`.
        name: String,
    },
    /// A lesson is to be put into better words.
    Lesson,
}

impl Subject {
    /// Whether whatever it wants to change has to be a proposal that a person says yes to.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        match self {
            Self::Incident => false,
            Self::Request | Self::Goal { .. } | Self::Lesson => true,
        }
    }
}

/// What a person or a goal wants: the case is no fault, and nothing about it is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who asked; the goal's name for a goal.
    pub by: String,
    /// The words, in which the case began.
    pub words: String,
    /// The goal, if nobody asked but its schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
}

/// Something that was said in a thread to the agent, or that it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// Who; `None` is the agent.
    pub by: Option<String>,
    /// The words.
    pub words: String,
}

/// A run of the agent, as its case knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Investigation {
    /// The run.
    pub run: super::ids::RunId,
    /// The number that people use: `agent show 9`.
    pub number: u64,
    /// When it began.
    pub begun_at: Timestamp,
    /// What was known when it began, as a digest: while that is the same, so is the verdict.
    pub basis: String,
    /// Who wanted it, if a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// How it ended; `None` while it goes on.
    pub conclusion: Option<Conclusion>,
}

/// Tokens and money of a run, or of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spending {
    /// Tokens that were sent.
    pub tokens_in: u64,
    /// Of these, those that the provider had in its cache.
    pub tokens_cached: u64,
    /// Tokens that came back.
    pub tokens_out: u64,
    /// Money, in millionths of the currency that the configured prices are in.
    pub micros: u64,
}

impl std::ops::AddAssign for Spending {
    fn add_assign(&mut self, other: Self) {
        self.tokens_in = self.tokens_in.saturating_add(other.tokens_in);
        self.tokens_cached = self.tokens_cached.saturating_add(other.tokens_cached);
        self.tokens_out = self.tokens_out.saturating_add(other.tokens_out);
        self.micros = self.micros.saturating_add(other.micros);
    }
}
