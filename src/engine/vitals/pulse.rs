//! What is true of the world at a moment, asked for through the desk's own mailbox: that it is answered shows that the
//! desk works, and since the answer waits until its turn is written, that the store does.

use std::collections::BTreeMap;

use crate::domain::incident::State;
use crate::domain::signal::{Severity, Timestamp};
use crate::engine::lines::LineState;
use crate::engine::world::World;

/// The setting that each pulse writes.
const BEAT: &str = "pulse";

/// What is true of the world at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// When.
    pub at: Timestamp,
    /// Live incidents.
    pub incidents: BTreeMap<(State, Severity), usize>,
    /// Problems that somebody says are there, believed or held back.
    pub firing: usize,
    /// Of these, what triage holds back now.
    pub held: usize,
    /// Questions that wait for a person.
    pub approvals: usize,
    /// Silences and maintenance in force.
    pub silences: usize,
    /// Repairs that run or wait for their turn.
    pub repairs: usize,
    /// Dependencies and names that were learned.
    pub learned: usize,
    /// Whether every change waits for a person.
    pub paused: bool,
    /// The platforms, and how the line to each is.
    pub lines: BTreeMap<String, LineState>,
    /// Sources that broke the promise to say something, or of which nothing is understood.
    pub lost_sources: Vec<String>,
    /// Skills that could not look when they last ran.
    pub unwatched: Vec<String>,
}

impl World {
    /// Looks at everything, and changes nothing.
    #[must_use]
    pub fn pulse(&self, now: Timestamp) -> Pulse {
        let mut incidents = BTreeMap::new();
        for live in self.incidents.values() {
            *incidents.entry((live.incident.state, live.incident.severity)).or_default() += 1;
        }
        Pulse {
            at: now,
            incidents,
            firing: self.firing_by_origin.values().map(std::collections::BTreeSet::len).sum(),
            held: self.held.count(),
            approvals: self.approvals.len() + self.offers.len(),
            silences: self.silences.iter().filter(|silence| silence.is_active(now)).count(),
            repairs: self.running.len(),
            learned: self.learning.all().count(),
            paused: self.paused.is_some(),
            lines: self.line_states(),
            lost_sources: self.lost_sources(),
            unwatched: self.unwatched_skills(),
        }
    }

    /// As [`World::pulse`], and leaves something to write, so that the answer shows that the store takes it.
    pub(in crate::engine) fn beat(&mut self, now: Timestamp) -> Pulse {
        self.batch.settings.push((BEAT.to_owned(), now.timestamp_millis().to_string()));
        self.pulse(now)
    }
}
