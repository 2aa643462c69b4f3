//! What follows from an event at once: that something is worse with it, or comes and goes too often to be told each time.

use crate::domain::escalation::within;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Incident, Record};
use crate::domain::signal::{Problem, Severity, Timestamp};
use crate::engine::world::World;

/// From so many returns within `flap_window` on, those of one problem among others are no longer told.
const BOUNCES_TOLD: usize = 2;

impl World {
    /// Records what follows from an event that was recorded just now; `before` is how bad the incident was.
    pub(in crate::engine) fn follow_up(
        &mut self,
        id: IncidentId,
        event: &Event,
        before: Severity,
        now: Timestamp,
    ) {
        self.run_follows(id, event);
        match event {
            Event::Joined { problem, .. } => self.may_be_worse(id, problem, before, None, now),
            Event::Raised { problem, .. } => {
                let summary = self.says_now(id, problem);
                self.may_be_worse(id, problem, before, summary, now);
            }
            Event::Returned { problem, .. } => self.may_bounce(id, problem, now),
            _ => {}
        }
    }

    fn may_be_worse(
        &mut self,
        id: IncidentId,
        problem: &Problem,
        before: Severity,
        summary: Option<String>,
        now: Timestamp,
    ) {
        let Some(incident) = self.incident(id) else { return };
        let Some(severity) = incident.member(problem).map(|member| member.severity) else { return };
        let whole = incident.severity > before && incident.severity >= Severity::Error;
        if whole || summary.is_some() {
            self.record(id, Event::Worsened { problem: problem.clone(), severity, whole, summary }, now);
        }
    }

    /// What the worst word on a problem says, if that is not what is known.
    fn says_now(&self, id: IncidentId, problem: &Problem) -> Option<String> {
        let known = &self.incident(id)?.member(problem)?.summary;
        let origins = self.origins_of.get(problem)?.iter();
        let words = origins.filter_map(|origin| self.signals.get(&(origin.clone(), problem.clone())));
        let worst = words.max_by_key(|row| row.signal.severity)?;
        let said = &worst.signal.summary;
        (!said.is_empty() && said != known).then(|| said.clone())
    }

    /// A problem is back while the rest of its incident stays: perhaps too often to be told each time.
    fn may_bounce(&mut self, id: IncidentId, problem: &Problem, now: Timestamp) {
        let window = self.settings.flap_window;
        let Some(incident) = self.incident(id) else { return };
        let Some(member) = incident.member(problem) else { return };
        let lately = member.bounces.iter().filter(|&&at| within(at, now, window)).count();
        let told = incident.bouncing.iter().any(|known| known.problem == *problem);
        if lately >= BOUNCES_TOLD && !told {
            let within_secs = window.as_secs();
            self.record(id, Event::Bouncing { problem: problem.clone(), within_secs }, now);
        }
    }
}

/// Whether a line tells a single bounce of what comes and goes.
#[must_use]
pub(in crate::engine) fn is_single_bounce(incident: &Incident, record: &Record) -> bool {
    match &record.event {
        Event::Recovered { problem } | Event::Returned { problem, .. } => {
            incident.bounces_lately(problem, record.at)
        }
        _ => false,
    }
}
