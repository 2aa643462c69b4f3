//! Offers: changes to something of Steward's own (a lesson, a rule, a runbook) that wait for a person's yes.

use super::world::World;
use crate::domain::agent::Keepsake;
use crate::domain::approval::Person;
use crate::domain::ids::IncidentId;
use crate::domain::signal::Timestamp;

impl World {
    /// Puts an offer to people, in the thread of the case that it came from, and returns its number. What is offered or
    /// was declined already is not offered again: `None`.
    pub(super) fn offer(
        &mut self,
        _id: IncidentId,
        _title: &str,
        _keepsake: Keepsake,
        _now: Timestamp,
    ) -> Option<u64> {
        None
    }

    /// Somebody answered an offer. `None` if none waits under this number.
    pub(super) fn answer_offer(
        &mut self,
        _number: u64,
        _yes: bool,
        _by: &Person,
        _now: Timestamp,
    ) -> Option<Result<String, String>> {
        None
    }

    /// What a person said yes to was kept, or could not be.
    pub(super) fn kept(&mut self, _offer: u64, _result: Result<String, String>, _now: Timestamp) {}
}
