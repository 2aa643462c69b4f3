//! What the agent proposes becomes a plan like any other: judged, asked for, run as a saga, or refused.

use super::world::World;
use crate::domain::agent::{Proposal, Proposed};
use crate::domain::ids::{IncidentId, RunId};
use crate::domain::signal::Timestamp;

impl World {
    /// Takes in what a run proposes, and says what becomes of it.
    pub(super) fn propose(
        &mut self,
        _id: IncidentId,
        _run: RunId,
        _proposal: Proposal,
        _now: Timestamp,
    ) -> Proposed {
        Proposed::Refused(String::new())
    }
}
