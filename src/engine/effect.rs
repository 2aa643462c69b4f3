//! What a turn of the engine wants done once its decisions are written.

use crate::domain::approval::Approval;
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::remediation::Plan;
use crate::domain::signal::{Origin, Problem, Timestamp};
use crate::domain::target::Target;

/// A repair to be run.
#[derive(Debug, Clone)]
pub struct Repair {
    /// Its identity.
    pub id: RemediationId,
    /// The incident it is for.
    pub incident: IncidentId,
    /// The problem it is for.
    pub problem: Problem,
    /// Who found the problem: their check decides.
    pub origin: Origin,
    /// What is done.
    pub plan: Plan,
    /// The permission it runs under, where it needed one.
    pub approval: Option<Approval>,
}

/// Something to be done.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Run a skill now.
    RunSkill {
        /// Its name.
        skill: String,
        /// Why, for the log.
        why: String,
    },
    /// Run a repair.
    Repair(Box<Repair>),
    /// Call a repair off: the running step finishes, the rest is unwound.
    CallOff {
        /// Which.
        remediation: RemediationId,
        /// Why.
        why: String,
    },
    /// Find out what changed before an incident began.
    FindSuspects {
        /// The incident.
        incident: IncidentId,
        /// When it began.
        opened_at: Timestamp,
        /// Its targets, the root first.
        targets: Vec<Target>,
    },
}
