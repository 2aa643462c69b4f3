//! How fast a message may be edited: platforms limit edits, and only the last of many is worth reading.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::signal::Timestamp;
use crate::store::outbox::Waiting;

/// When each message was last written.
#[derive(Debug, Default)]
pub(super) struct Pace(HashMap<(String, String), Timestamp>);

impl Pace {
    /// When an edit may be made, if it is too soon now. A clock that went back holds nothing up.
    pub(super) fn wait(&self, message: &Waiting, now: Timestamp, every: Duration) -> Option<Timestamp> {
        let last = *self.0.get(&name(message))?;
        let next = last + every;
        (last <= now && now < next).then_some(next)
    }

    /// Notes that a message was written. What is old enough not to matter is forgotten.
    pub(super) fn edited(&mut self, message: &Waiting, now: Timestamp, every: Duration) {
        if every.is_zero() {
            return;
        }
        if self.0.len() > 256 {
            self.0.retain(|_, last| *last + every > now);
        }
        self.0.insert(name(message), now);
    }
}

fn name(message: &Waiting) -> (String, String) {
    (message.thread.clone(), message.key())
}
