//! The repairs of an incident: what was tried, what is still in force, what was taken back.

use serde::{Deserialize, Serialize};

use super::{Incident, Mitigation};
use crate::domain::ids::RemediationId;
use crate::domain::remediation::Outcome;
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;

/// One repair that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// The run.
    pub remediation: RemediationId,
    /// The runbook.
    pub runbook: String,
    /// The suspected root that it was for.
    pub target: Target,
    /// When it began.
    pub started_at: Timestamp,
    /// How it ended; `None` while it runs.
    pub outcome: Option<Outcome>,
    /// Whether the symptom came back within the watch time.
    pub ineffective: bool,
    /// Whether any of its steps can be taken back.
    #[serde(default)]
    pub reversible: bool,
    /// Who had what it did taken back, as far as that went.
    #[serde(default)]
    pub undone_by: Option<String>,
    /// Whether that changed something and did not come to its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub half_undone: bool,
    /// What tells the writing of the runbook that ran from another under the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
}

impl Repair {
    /// Whether it did what it should, as far as it can tell.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Succeeded | Outcome::Deferred))
    }
}

/// A runbook of which a person had the last run taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBack {
    /// The runbook.
    pub runbook: String,
    /// Who wanted that.
    pub by: String,
}

/// A repair that is being taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoing {
    /// The run that takes it back.
    pub remediation: RemediationId,
    /// What is taken back.
    pub of: RemediationId,
    /// Who wanted that.
    pub by: String,
    /// Whether it may have changed something already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}

impl Incident {
    /// Whether its present calm is this repair's work.
    #[must_use]
    pub fn is_calmed_by(&self, repair: RemediationId) -> bool {
        matches!(&self.mitigated_by, Some(Mitigation::Repair { remediation, .. }) if *remediation == repair)
    }

    /// A repair that was tried.
    #[must_use]
    pub fn repair(&self, id: RemediationId) -> Option<&Repair> {
        self.repairs.iter().find(|repair| repair.remediation == id)
    }

    /// The repair that runs now.
    #[must_use]
    pub fn running_repair(&self) -> Option<&Repair> {
        self.repairs.last().filter(|r| r.outcome.is_none())
    }

    /// The repair that can be taken back: the last one that did something, while nothing else is under way. What a
    /// repair that got stuck has left behind may lie on top of it: then nothing is.
    #[must_use]
    pub fn undoable(&self) -> Option<&Repair> {
        let idle = self.state.is_live() && self.running_repair().is_none() && self.undoing.is_none();
        let last = self.last_in_force().filter(|r| r.is_done());
        last.filter(|r| idle && r.reversible && r.undone_by.is_none())
    }

    /// The last repair that left something behind: it worked, or got stuck half way.
    #[must_use]
    pub fn last_in_force(&self) -> Option<&Repair> {
        let left = |r: &&Repair| r.is_done() || matches!(r.outcome, Some(Outcome::Stuck { .. }));
        self.repairs.iter().rev().find(left)
    }

    /// The runbooks of which a person had the last run taken back, here or in what became part of this.
    pub fn all_taken_back(&self) -> impl Iterator<Item = TakenBack> + '_ {
        let own = self.repairs.iter().enumerate().filter_map(|(at, repair)| {
            let again = self.repairs[at + 1..].iter().any(|later| later.runbook == repair.runbook);
            let by = repair.undone_by.clone().filter(|_| !again)?;
            Some(TakenBack { runbook: repair.runbook.clone(), by })
        });
        own.chain(self.taken_back.iter().cloned())
    }
}
