//! The adaptive rung of the ladder: where no runbook fits, the agent is asked, and its verdict is taken in.

use super::world::World;
use crate::domain::agent::{Conclusion, Spending};
use crate::domain::ids::{IncidentId, RunId};
use crate::domain::signal::Timestamp;

impl World {
    /// Somebody wants the agent to look into an incident.
    pub(super) fn investigate_by_hand(
        &mut self,
        _number: u64,
        _by: &str,
        _now: Timestamp,
    ) -> Result<String, String> {
        Err("No model is configured, so there is no agent. docs/agent.md tells how to set one up.".to_owned())
    }

    /// Somebody wants the agent to stop: in this case, or in all.
    pub(super) fn stop_runs(
        &mut self,
        _number: Option<u64>,
        _by: &str,
        _now: Timestamp,
    ) -> Result<String, String> {
        Err("The agent does nothing now.".to_owned())
    }

    /// What a run is doing now.
    pub(super) fn progress(&mut self, _id: IncidentId, _run: RunId, _text: &str, _now: Timestamp) {}

    /// A run has ended.
    pub(super) fn investigated(
        &mut self,
        _id: IncidentId,
        _run: RunId,
        _conclusion: Conclusion,
        _spent: Spending,
        _now: Timestamp,
    ) {
    }
}
