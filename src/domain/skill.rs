//! The skill: an executable check of one domain, and its manifest.

mod head;
mod parse;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub use self::parse::parse_manifest;
use super::schedule::Schedule;
use super::signal::{Problem, Severity};
use super::target::{Signature, Target};

/// What a skill says about itself in its head comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The file's name without its extension: lower-case letters, digits and `-`, at most 48 characters.
    pub name: String,
    /// When it runs.
    pub schedule: Schedule,
    /// How long one run may take: one second to one hour.
    pub timeout: Duration,
    /// The paths it may report on and below. At least one; the first is the default.
    pub targets: Vec<Target>,
    /// Where it runs. Only `local` for now.
    pub hosts: Vec<String>,
    /// How its output is read.
    pub contract: Contract,
    /// What a PROBLEM of it means: error or critical.
    pub severity: Severity,
    /// What it checks, for people.
    pub description: Option<String>,
    /// The parameters it declares and their defaults, given to it as environment variables.
    pub params: BTreeMap<String, String>,
}

/// How a skill's output is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contract {
    /// `STATUS:` blocks.
    Report,
    /// A Nagios plugin's exit code, first line and perfdata.
    Nagios,
}

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestProblem {
    /// The line in the skill's file, from 1.
    pub line: usize,
    /// The key it is about.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Manifest {
    /// The timeout of a skill that names none.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
    /// The longest name, in characters.
    pub const MAX_NAME: usize = 48;

    /// Whether the skill may report on this target.
    #[must_use]
    pub fn covers(&self, target: &Target) -> bool {
        self.targets.iter().any(|prefix| target.is_within(prefix))
    }

    /// What a finding is about that names neither target nor signature: the first target, and the skill's name.
    /// `None` only for a manifest that [`parse_manifest`] would refuse.
    #[must_use]
    pub fn default_problem(&self) -> Option<Problem> {
        let target = self.targets.first()?.clone();
        Signature::parse(&self.name).ok().map(|signature| Problem { target, signature })
    }
}

impl fmt::Display for ManifestProblem {
    /// `line 3: timeout: what is wrong; what to do`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
