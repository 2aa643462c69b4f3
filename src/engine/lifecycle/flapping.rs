//! What comes and goes: noticing it, and believing in its rest only when that has lasted.

use std::time::Duration;

use crate::domain::escalation::{Cause, within};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Event;
use crate::domain::signal::{Problem, Timestamp};
use crate::engine::cards::length;
use crate::engine::settings::Settings;
use crate::engine::timer::Timer;
use crate::engine::world::World;

impl World {
    pub(in crate::engine) fn check_flapping(&mut self, id: IncidentId, now: Timestamp) {
        let settings = self.settings.clone();
        let Some(incident) = self.incident(id) else { return };
        let bounces = incident.bounces.iter().filter(|&&at| within(at, now, settings.flap_window)).count();
        if incident.flapping || bounces < settings.flap_bounces {
            return;
        }
        let root = incident.root.clone();
        let window_secs = settings.flap_window.as_secs();
        self.record(id, Event::Flapping { bounces, window_secs }, now);
        if let Some(live) = self.incidents.get_mut(&id) {
            live.bounced_at = Some(now);
        }
        self.wake(now + settings.flap_window, Timer::Calm(id));
        let text = format!(
            "{root} comes and goes ({bounces} times in {}) without anyone repairing it. I leave it alone until it comes to rest.",
            length(settings.flap_window)
        );
        self.escalate(id, Cause::Flapping, text, now);
    }

    /// How long a problem of this incident has to stay away before its recovery is believed; `None`: not at all.
    pub(in crate::engine) fn restless(
        &self,
        id: IncidentId,
        problem: &Problem,
        now: Timestamp,
    ) -> Option<Duration> {
        let incident = self.incident(id)?;
        let member = incident.member(problem).filter(|member| member.active)?;
        if incident.flapping {
            return Some(self.settings.hold);
        }
        let unrecorded = self.incidents.get(&id).is_some_and(|live| live.restless.contains(problem));
        let Settings { flap_bounces, flap_window, hold, .. } = *self.settings;
        let bounces = member.bounces.iter().filter(|&&at| within(at, now, flap_window)).count();
        // Slower than this it would not be restless.
        let between = flap_window / u32::try_from(flap_bounces).unwrap_or(u32::MAX).max(1);
        (unrecorded || bounces >= flap_bounces).then(|| between.max(hold))
    }

    /// Nobody reports a problem that comes and goes: it has recovered once that has lasted.
    pub(in crate::engine) fn falls_quiet(&mut self, id: IncidentId, problem: Problem, now: Timestamp) {
        let rest = self.restless(id, &problem, now).unwrap_or_default();
        self.wake(now + rest, Timer::Calm(id));
        if let Some(live) = self.incidents.get_mut(&id) {
            live.quiet.insert(problem, now);
        }
    }

    /// After a restart: what comes and goes has to be quiet from now on.
    pub(in crate::engine) fn watch_restless(&mut self, id: IncidentId, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        let active = incident.members.iter().filter(|m| m.active).map(|m| m.problem.clone());
        let quiet: Vec<Problem> = active.filter(|problem| !self.is_firing(problem)).collect();
        quiet.into_iter().for_each(|problem| self.falls_quiet(id, problem, now));
        let flap_window = self.settings.flap_window;
        if let Some(live) = self.incidents.get_mut(&id).filter(|live| live.incident.flapping) {
            live.bounced_at = Some(now);
            self.wake(now + flap_window, Timer::Calm(id));
        }
    }

    /// What came and went was quiet for long enough, or has stayed broken for long enough.
    pub(super) fn come_to_rest(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get(&id) else { return };
        let rested = |(problem, since): (&Problem, &Timestamp)| {
            let rest = self.restless(id, problem, *since).unwrap_or_default();
            (!within(*since, now, rest)).then(|| problem.clone())
        };
        let over: Vec<Problem> = live.quiet.iter().filter_map(rested).collect();
        for problem in over {
            if let Some(live) = self.incidents.get_mut(&id) {
                live.quiet.remove(&problem);
                live.restless.remove(&problem);
            }
            if self.incident(id).and_then(|i| i.member(&problem)).is_some_and(|m| m.active) {
                self.record(id, Event::Recovered { problem }, now);
            }
        }
        let flap_window = self.settings.flap_window;
        let Some(live) = self.incidents.get(&id) else { return };
        let steady = live.quiet.is_empty() && live.bounced_at.is_none_or(|at| !within(at, now, flap_window));
        if live.incident.flapping && (steady || !live.incident.is_active()) {
            self.record(id, Event::Calmed, now);
        }
        self.after_recovery(id, now);
    }
}
