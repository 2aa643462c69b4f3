//! What the agent proposes becomes a plan like any other: judged, asked for, run as a saga, or refused.

use super::world::World;
use crate::domain::agent::{Proposal, Proposed};
use crate::domain::ids::{IncidentId, RunId};
use crate::domain::signal::Timestamp;

impl World {
    /// Takes in what a run proposes, and says what becomes of it.
    pub(super) fn propose(
        &mut self,
        id: IncidentId,
        _run: RunId,
        proposal: Proposal,
        now: Timestamp,
    ) -> Proposed {
        if let Proposal::Lesson(lesson) = proposal {
            return self.propose_lesson(id, lesson, now);
        }
        Proposed::Refused(String::new())
    }
}
