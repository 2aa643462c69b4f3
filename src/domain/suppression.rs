//! Suppression: silences, maintenance windows and inhibition. They stop messages, escalation and automatic repair, never
//! recording.

mod inhibition;
mod window;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::matcher::Matchers;
use super::signal::{Signal, Timestamp};
use super::target::Target;
use super::triage::{Rule, Verdict};

pub use inhibition::{InhibitRule, Side};
pub use window::Window;

/// What is kept quiet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// A target and all below it.
    Target(Target),
    /// Whatever these match.
    Matchers(Matchers),
}

impl Scope {
    /// Whether it covers what a signal tells of.
    #[must_use]
    pub fn covers(&self, signal: &Signal) -> bool {
        match self {
            Self::Target(target) => signal.target.is_within(target),
            Self::Matchers(matchers) => matchers.match_signal(signal),
        }
    }

    /// The target, where it is one.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::Target(target) => Some(target),
            Self::Matchers(_) => None,
        }
    }

    /// As people are told: `nas and all below it`, `{alertname="X"}`.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Target(target) => format!("{target} and all below it"),
            Self::Matchers(matchers) => format!("whatever matches {matchers}"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(target) => target.fmt(f),
            Self::Matchers(matchers) => matchers.fmt(f),
        }
    }
}

/// Why something is kept quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Somebody wants to hear nothing of it.
    #[default]
    Silence,
    /// Somebody works on it: a skill that can't look there now is no problem either.
    Maintenance,
}

impl Kind {
    /// The word that people read and the store keeps.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::Maintenance => "maintenance",
        }
    }

    /// Parses the word of [`Kind::as_str`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Silence, Self::Maintenance].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A stretch of time in which something stays quiet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// The number people use.
    pub number: i64,
    /// What is silenced.
    #[serde(flatten)]
    pub scope: Scope,
    /// Why.
    pub kind: Kind,
    /// The configured window it belongs to.
    pub window: Option<String>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// Why, in their words.
    pub comment: String,
}

impl Silence {
    /// Whether it holds now.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }

    /// Its name in a sentence: `the silence on nas`, `the maintenance nightly-backup`.
    #[must_use]
    pub fn name(&self) -> String {
        match (&self.window, self.kind) {
            (Some(window), _) => format!("maintenance {window}"),
            (None, Kind::Maintenance) => format!("maintenance of {}", self.scope),
            (None, Kind::Silence) => format!("silence on {}", self.scope),
        }
    }
}

/// Everything that the operator wants quiet, as it is written in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quiet {
    /// Windows that come again and again.
    pub maintenance: Vec<Window>,
    /// What makes what not worth telling.
    pub inhibit: Vec<InhibitRule>,
    /// What is noise; the first rule that fits decides.
    pub triage: Vec<Rule>,
}

impl Quiet {
    /// The longest time within which a rule counts how often something begins.
    #[must_use]
    pub fn longest_flapping(&self) -> Duration {
        let flapping = self.triage.iter().filter_map(|rule| match rule.verdict {
            Verdict::Hold { flapping, .. } => flapping,
            Verdict::Ignore | Verdict::Pass => None,
        });
        flapping.map(|flapping| flapping.within).max().unwrap_or_default()
    }
}
