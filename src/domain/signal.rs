//! The signal: what findings and alerts both become, and the only thing that correlation sees.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::target::{Signature, Target};

/// A moment in time, UTC. Stored with millisecond precision.
pub type Timestamp = DateTime<Utc>;

/// How bad a signal is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Not broken yet, needs intervention soon (`STATUS:ACTION`). Never counts as an occurrence for escalation.
    Warning,
    /// Broken now (`STATUS:PROBLEM`).
    Error,
    /// Broken now, and it can't wait for `settle`.
    Critical,
}

impl Severity {
    /// The word people read and files carry.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// Parses the word of [`Severity::as_str`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Info, Self::Warning, Self::Error, Self::Critical].into_iter().find(|s| s.as_str() == word)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether what a signal tells of is happening or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignalState {
    /// It is happening.
    Firing,
    /// It is over.
    Resolved,
}

/// Who says so. Written `skill:disk-space`, `alert:alertmanager#15ecb9b662e353b0`, `steward`.
///
/// An alert's identity is its source and its fingerprint: each is a voice of its own, so that two alerts that tell of
/// one problem are over only when both are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Origin {
    /// A skill's report.
    Skill(String),
    /// An alert.
    Alert {
        /// The name of the source it came from, as the configuration has it. Never holds a `#`.
        source: String,
        /// What the source knows it by.
        fingerprint: String,
    },
    /// Steward itself, about its own parts (a skill that keeps failing).
    Steward,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skill(name) => write!(f, "skill:{name}"),
            Self::Alert { source, fingerprint } => write!(f, "alert:{source}#{fingerprint}"),
            Self::Steward => f.write_str("steward"),
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("skill", name)) => Ok(Self::Skill(name.to_owned())),
            Some(("alert", name)) => {
                let (source, fingerprint) = name.split_once('#').unwrap_or((name, ""));
                Ok(Self::Alert { source: source.to_owned(), fingerprint: fingerprint.to_owned() })
            }
            None if text == "steward" => Ok(Self::Steward),
            _ => Err(format!(
                "{text:?} is not an origin: `skill:NAME`, `alert:SOURCE#FINGERPRINT` or `steward`"
            )),
        }
    }
}

impl Origin {
    /// An alert of that source, known by that fingerprint.
    #[must_use]
    pub fn alert(source: &str, fingerprint: &str) -> Self {
        Self::Alert { source: source.to_owned(), fingerprint: fingerprint.to_owned() }
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

/// A problem's identity within the lab: what is broken, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Problem {
    /// What is broken.
    pub target: Target,
    /// How it is broken.
    pub signature: Signature,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.target, self.signature)
    }
}

/// One notice that a problem is there, or over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Who says so.
    pub origin: Origin,
    /// What is broken.
    pub target: Target,
    /// How it is broken.
    pub signature: Signature,
    /// How bad it is.
    pub severity: Severity,
    /// Whether it is happening or over.
    pub state: SignalState,
    /// One line for people.
    pub summary: String,
    /// What it means for people, if known.
    pub impact: Option<String>,
    /// Free text kept with the incident, capped where it came in.
    pub evidence: String,
    /// Further facts by name (`unit`, `mount`, …), for runbooks and matchers.
    pub labels: BTreeMap<String, String>,
    /// When the source says that it happened. Shown, never used for order.
    pub at: Timestamp,
    /// When Steward received it. Windows and order use this.
    pub received_at: Timestamp,
}

impl Signal {
    /// The problem that this signal tells of.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem { target: self.target.clone(), signature: self.signature.clone() }
    }
}
