//! Standing goals: runs of the agent that nobody asked for but their schedule.

use super::world::World;
use crate::domain::card::Card;
use crate::domain::signal::Timestamp;

impl World {
    /// The goals there are, and when they ran.
    pub(super) fn list_goals(&self, _now: Timestamp) -> Card {
        Card::titled("Goals")
    }

    /// Somebody wants a goal run now.
    pub(super) fn run_goal(&mut self, name: &str, _by: &str, _now: Timestamp) -> Result<String, String> {
        Err(format!("There is no goal {name}."))
    }

    /// A goal's time has come, or somebody wants it now.
    pub(super) fn begin_goal(&mut self, _name: &str, _now: Timestamp) {}
}
