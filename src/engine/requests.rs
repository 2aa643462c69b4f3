//! Wishes in plain words: a case that is no fault, with a thread and approvals like any other.

use super::ports::Inbound;
use super::route::Reply;
use super::world::World;
use crate::domain::card::Card;
use crate::domain::signal::Timestamp;

impl World {
    /// Somebody wants something in plain words.
    pub(super) fn asked_in_words(&mut self, _words: &str, _inbound: &Inbound, _now: Timestamp) -> Reply {
        Reply::No(Card::titled("No model is configured, so only commands are understood. `help` lists them."))
    }
}
