//! Incidents as they are hidden and shown again, and what their threads are told of that.

use super::silences::{Cover, Hidden};
use crate::domain::escalation::within;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Incident, Record};
use crate::domain::signal::{Problem, Timestamp};
use crate::engine::world::{Shown, World};

impl World {
    /// An incident is hidden from now on. If people know it, its thread says so.
    pub(super) fn is_hidden(&mut self, id: IncidentId, hidden: Hidden, now: Timestamp) {
        let told = self.incident_was_told(id);
        let damped = matches!(hidden, Hidden::Inhibited { .. }) && self.was_shown_lately(id, now);
        match hidden {
            Hidden::Silence { until, by } if told => self.record(id, Event::Silenced { until, by }, now),
            Hidden::Silence { .. } => return,
            Hidden::Inhibited { why } => self.record(id, Event::Inhibited { by: why }, now),
        };
        if told && !damped {
            self.tell_thread(id, now);
        }
    }

    /// At the end of what hid it, what is still broken is told once; what came and went meanwhile is not.
    pub(super) fn is_shown(&mut self, id: IncidentId, inhibited: bool, now: Timestamp) {
        let told = self.incident_was_told(id);
        let end = match self.not_covered(id, now) {
            Some(uncovered) => uncovered,
            None if inhibited => Event::InhibitionEnded,
            None => Event::SilenceEnded,
        };
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let state = Shown::of(&live.incident, now);
        if told {
            let incident = &live.incident;
            live.untold.retain(|record| still_matters(incident, record));
            let news =
                !live.untold.is_empty() || live.shown.as_ref().is_none_or(|shown| !shown.is_like(&state));
            let lately = self.was_shown_lately(id, now);
            if inhibited && lately && !news && end == Event::InhibitionEnded {
                // What inhibits it comes and goes, and nothing else has changed: only the timeline has it.
                self.record(id, end, now);
                if let Some(live) = self.incidents.get_mut(&id) {
                    live.untold.clear();
                    live.telling.told_seq = live.incident.last_seq;
                }
                return;
            }
        }
        if inhibited && let Some(live) = self.incidents.get_mut(&id) {
            live.shown = Some(state);
        }
        if told || inhibited {
            self.record(id, end, now);
        }
    }

    /// Whether people heard only lately that what inhibited it is over.
    fn was_shown_lately(&self, id: IncidentId, now: Timestamp) -> bool {
        let shown = self.incidents.get(&id).and_then(|live| live.shown.as_ref());
        shown.is_some_and(|shown| within(shown.at, now, self.settings.flap_window))
    }

    /// What is not covered, if what hid an incident goes on and covers something else in it.
    fn not_covered(&self, id: IncidentId, now: Timestamp) -> Option<Event> {
        let live = self.incidents.get(&id)?;
        let incident = &live.incident;
        let mut inhibits = false;
        let mut open: Vec<&Problem> = Vec::new();
        let mut silences: Vec<i64> = Vec::new();
        for problem in incident.members.iter().filter(|m| m.active).map(|m| &m.problem) {
            match self.cover_of(problem, now) {
                Some(Cover::Silence(silence)) if !silences.contains(&silence.number) => {
                    silences.push(silence.number);
                }
                Some(Cover::Silence(_)) => {}
                Some(Cover::Inhibited(_)) => inhibits = true,
                None => open.push(problem),
            }
        }
        silences.sort_unstable();
        if silences.is_empty() && !inhibits {
            return None;
        }
        let joined = |problem: &&Problem| {
            let came =
                |record: &Record| matches!(&record.event, Event::Joined { problem: p, .. } if p == *problem);
            live.untold.iter().any(came)
        };
        let at_root = |problem: &&Problem| problem.target == incident.root;
        let (new, known): (Vec<&Problem>, Vec<&Problem>) = open.into_iter().partition(joined);
        let came = !new.is_empty();
        let some = if came { new } else { known };
        let problem = some.iter().copied().find(at_root).or_else(|| some.first().copied())?.clone();
        Some(Event::Uncovered { problem, came, silences })
    }
}

impl Shown {
    fn of(incident: &Incident, at: Timestamp) -> Self {
        let mut broken: Vec<Problem> =
            incident.members.iter().filter(|m| m.active).map(|m| m.problem.clone()).collect();
        broken.sort();
        Self { at, broken, severity: incident.severity, state: incident.state }
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.broken, self.severity, self.state) == (&other.broken, other.severity, other.state)
    }
}

/// Whether a line that was held back while its incident was hidden still says something that is so.
fn still_matters(incident: &Incident, record: &Record) -> bool {
    let active = |problem: &Problem| incident.member(problem).is_some_and(|member| member.active);
    match &record.event {
        Event::Joined { problem, .. } | Event::Raised { problem, .. } | Event::Worsened { problem, .. } => {
            active(problem)
        }
        Event::RootMoved { root, .. } => *root == incident.root,
        Event::Absorbed { .. } | Event::StormBegan { .. } => true,
        _ => false,
    }
}
