//! The approval: a durable, expiring permission for one plan. The first answer wins.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::action::{Action, BlastRadius, Effect, Executable};
use super::ids::{ApprovalId, IncidentId};
use super::remediation::Plan;
use super::signal::{Problem, Timestamp};

/// Where an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalState {
    /// Nobody has answered yet.
    Pending,
    /// An operator said yes.
    Approved,
    /// An operator said no.
    Denied,
    /// Nobody answered in time, which is a no.
    Expired,
    /// The reason for it is gone: the incident recovered, or its root moved.
    Withdrawn,
}

impl ApprovalState {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// One action of the plan as it is shown, and as it must be when it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedAction {
    /// What would run.
    pub action: Action,
    /// Its digest when it was shown, as the policy computes it.
    pub digest: String,
    /// What it does, as the policy judged.
    pub effect: Effect,
    /// What else it touches.
    pub blast_radius: BlastRadius,
    /// Why it needs a person.
    pub reasons: Vec<String>,
    /// How it would be undone, in words.
    pub undo: Option<String>,
    /// What it is for, unless it does a step: "to verify", "to take it back if it fails".
    #[serde(default)]
    pub purpose: Option<String>,
    /// Whether it is there to look (a verify, a capture): such a command may be needed again, and may run again.
    #[serde(default)]
    pub looks: bool,
    /// The program that it meant when it was shown; another one needs another yes.
    #[serde(default)]
    pub executable: Option<Executable>,
}

impl fmt::Display for ApprovedAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.action)?;
        match &self.purpose {
            Some(purpose) => write!(f, " {purpose}"),
            None => Ok(()),
        }
    }
}

/// A request for permission to run one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Its identity.
    pub id: ApprovalId,
    /// The number people use.
    pub number: u64,
    /// The incident it is for.
    pub incident: IncidentId,
    /// The problem that the plan is for.
    pub problem: Problem,
    /// The runbook that would run.
    pub runbook: String,
    /// What would be done.
    pub plan: Plan,
    /// The plan's commands as they were judged and shown, in order.
    pub actions: Vec<ApprovedAction>,
    /// Where it stands.
    pub state: ApprovalState,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When no answer becomes a no.
    pub expires_at: Timestamp,
    /// Who answered.
    pub decided_by: Option<String>,
}

impl Approval {
    /// Answers it. The first answer wins.
    ///
    /// # Errors
    /// The state it already has, when it is no longer pending; nothing changes then.
    pub fn decide(&mut self, state: ApprovalState, by: Option<&str>) -> Result<(), ApprovalState> {
        if self.state != ApprovalState::Pending {
            return Err(self.state);
        }
        self.state = state;
        self.decided_by = by.map(str::to_owned);
        Ok(())
    }
}
