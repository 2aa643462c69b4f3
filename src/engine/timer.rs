//! What the engine wakes up for. A timer is a reminder to look, never a decision: whoever is woken checks whether there
//! is still something to do, so a timer too many does no harm and none needs to be taken back.

use std::collections::BTreeSet;

use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::signal::Timestamp;

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Whether something that is brought into the cluster goes on. Before the others, for one of them may close its case.
    Adoption(IncidentId),
    /// Whether the incident has settled: the first notice, its occurrence and its repair are due.
    Settle(IncidentId),
    /// Whether its calm has lasted.
    Hold(IncidentId),
    /// Whether it can be closed.
    Close(IncidentId),
    /// Whether its thread can be told more.
    Tell(IncidentId),
    /// Whether a repair may be tried now.
    Repair(IncidentId),
    /// Whether a flapping incident has come to rest.
    Calm(IncidentId),
    /// Whether its root recovered while symptoms stayed.
    Promote(IncidentId),
    /// Whether an alert's source has confirmed the repair.
    Confirm(IncidentId),
    /// Whether somebody needs to be reminded of it.
    Remind(IncidentId),
    /// Whether a repair that worked has lasted.
    Trial(RemediationId),
    /// Whether an approval has expired.
    Approval(u64),
    /// Whether an offer has expired.
    Offer(u64),
    /// Whether a silence has ended.
    Silence(i64),
    /// Whether a silence begins that was asked for in advance.
    SilenceBegins(i64),
    /// Whether a silence hides something broken shortly before its end.
    SilenceEnds(i64),
    /// Whether a maintenance window begins: its place in the configuration.
    Window(usize),
    /// Whether what triage holds back has waited long enough.
    Triage,
    /// Whether changes may be made without asking now, or no longer.
    Hours,
    /// Whether a storm can be counted again, or is over.
    Storm(IncidentId),
    /// Whether a source of alerts has been silent for too long.
    Heartbeats,
    /// Whether a platform has been cut off for long enough to tell of it.
    Lines,
    /// Whether a goal of the agent is due.
    Goals,
}

/// Timers in the order of their time.
#[derive(Debug, Default)]
pub struct Timers(BTreeSet<(Timestamp, Timer)>);

impl Timers {
    /// Sets a timer.
    pub fn set(&mut self, at: Timestamp, timer: Timer) {
        self.0.insert((at, timer));
    }

    /// When the next one is due.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Whether there is such a timer.
    #[cfg(test)]
    pub fn has(&self, timer: Timer) -> bool {
        self.0.iter().any(|(_, set)| *set == timer)
    }

    /// Takes the next one that is due by `now`.
    pub fn pop_due(&mut self, now: Timestamp) -> Option<Timer> {
        let (at, timer) = *self.0.first()?;
        (at <= now).then(|| {
            self.0.pop_first();
            timer
        })
    }
}
