//! The migration, as data: checks, steps with their proof and their way back, and what a person does by hand before.
//!
//! It is written as the text of a runbook, and read by what reads those: policy, approval, saga and undo come with that.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::project::Note;
use super::{Adoption, Fault, Options};

/// A migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// One line for people: `Bring paperless from vm3 into the cluster`.
    pub title: String,
    /// What a person does first, because it needs values that Steward must not see, or rights that it doesn't have.
    pub by_hand: Vec<ByHand>,
    /// What must hold before anything is done.
    pub checks: Vec<Check>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What removes the old containers, once they were kept for long enough. Their data stays.
    pub decommission: Vec<Step>,
    /// Days for which the old containers are kept, stopped.
    pub keep_days: u32,
    /// What else people should know: how long it stands still, what is theirs to point at the new place.
    pub notes: Vec<Note>,
}

/// Something that a person does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// What for, in a sentence.
    pub what: String,
    /// The shell line; may have several lines.
    pub command: String,
}

/// What must hold: a command that ends with 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What is asked.
    pub command: Line,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// What it belongs to.
    pub stage: Stage,
    /// What it does.
    pub run: Line,
    /// What ends with 0 when it has worked.
    pub verify: Option<Line>,
    /// What takes it back.
    pub undo: Option<Line>,
    /// How long it may take.
    pub timeout: Duration,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Where it runs; this machine where absent.
    pub host: Option<String>,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// What it reads.
    pub stdin: Option<String>,
}

/// What a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Everything that can be done while the old one still works.
    Prepare,
    /// The old one stops, so that its data stands still.
    Quiesce,
    /// Its data is copied, and compared.
    Copy,
    /// The new one starts.
    Start,
    /// The new one proves itself.
    Validate,
    /// Requests go to the new one.
    Switch,
    /// The old one is removed.
    Decommission,
}

/// The signature that a migration's runbook fits: a wish, as nothing is broken.
const SIGNATURE: &str = "request";

/// Makes the migration.
///
/// # Errors
/// Why there is none: decisions that wait for a person, a host that is not known.
pub fn migration(adoption: &Adoption, options: &Options) -> Result<Migration, Vec<Fault>> {
    let _ = options;
    Err(vec![Fault::of(&adoption.settled.project.name, "there is no migration yet")])
}

impl Migration {
    /// The text of the runbook that migrates.
    #[must_use]
    pub fn runbook(&self, name: &str) -> String {
        let _ = SIGNATURE;
        name.to_owned()
    }

    /// The text of the runbook that removes what was kept; `None` where there is nothing to remove.
    #[must_use]
    pub fn decommission(&self, name: &str) -> Option<String> {
        (!self.decommission.is_empty()).then(|| name.to_owned())
    }
}
