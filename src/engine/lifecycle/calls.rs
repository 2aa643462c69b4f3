//! Counting occurrences, and calling people: at most once for the same cause within the cooldown.

use crate::domain::escalation::{Cause, Scope, within};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Event;
use crate::domain::signal::{Severity, Timestamp};
use crate::domain::target::{Signature, Target};
use crate::engine::cards::length;
use crate::engine::world::World;

impl World {
    /// Counts an opening or a true return on the present root, and calls people if it is one too many. What only
    /// turned out to be a symptom is taken back.
    pub(super) fn count_occurrence(&mut self, id: IncidentId, now: Timestamp) {
        if !self.has_settled(id, now) {
            return;
        }
        let Some(live) = self.incidents.get(&id) else { return };
        let (incident, telling) = (&live.incident, &live.telling);
        let same_occurrence = telling.counted >= incident.occurrences;
        let failing =
            incident.active_at_root().next().is_some() || (incident.is_active() && !incident.root_observed());
        if (same_occurrence && telling.counted_on.as_ref() == Some(&incident.root))
            || incident.severity < Severity::Error
            || telling.silenced
            || !failing
        {
            return;
        }
        let was_symptom =
            |before: &Target| self.knowledge.topology.distance(before, &incident.root).is_some();
        if same_occurrence && telling.counted_on.as_ref().is_some_and(was_symptom) {
            self.retract_occurrence(id);
        }
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let (root, number) = (live.incident.root.clone(), live.incident.occurrences);
        live.telling.counted_on = Some(root.clone());
        live.telling.counted = number;
        live.telling.counted_at = Some(now);
        self.dirty.insert(id);
        self.batch.occurrences.push((root.clone(), now, id, u64::from(number)));
        let settings = self.settings.clone();
        let key = self.recurrence_key(id, root.clone());
        let recurrence = self.recurrences.entry(key).or_default();
        if let Some(times) = recurrence.occurred(now, &settings.threshold) {
            let window = length(settings.threshold.window);
            let text = format!(
                "{root} has broken {times} times within {window}. Repairing it again is not enough: please look for the cause."
            );
            self.escalate(id, Cause::Recurring, text, now);
        }
    }

    /// Takes the latest counted occurrence of an incident back: it is part of another fault.
    pub(in crate::engine) fn retract_occurrence(&mut self, id: IncidentId) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let telling = &mut live.telling;
        let (Some(root), Some(at)) = (telling.counted_on.take(), telling.counted_at.take()) else { return };
        self.batch.retracted.push((id, at));
        let key = self.recurrence_key(id, root);
        if let Some(recurrence) = self.recurrences.get_mut(&key) {
            recurrence.retract(at);
        }
    }

    fn recurrence_key(&self, id: IncidentId, root: Target) -> (Target, Option<Signature>) {
        let by_signature = self.settings.scope == Scope::Signature;
        (root, self.incident(id).filter(|_| by_signature).map(|incident| incident.signature.clone()))
    }

    /// Calls people, at most once for the same cause on the same root within the cooldown. A warning never does.
    pub(in crate::engine) fn escalate(&mut self, id: IncidentId, cause: Cause, text: String, now: Timestamp) {
        let Some(live) = self.incidents.get(&id) else { return };
        let root = live.incident.root.clone();
        if live.incident.severity < Severity::Error {
            self.say_next(id, text, now);
            return;
        }
        if live.telling.silenced && cause != Cause::Stuck {
            return;
        }
        // People who were called and have seen nothing change since need no second call.
        let state_since = live.incident.changed_at;
        let called_already =
            live.incident.escalations.iter().any(|(before, at)| *before == cause && *at >= state_since);
        let cooldown = self.settings.threshold.cooldown;
        if called_already
            || self.called.get(&(cause, root.clone())).is_some_and(|&at| within(at, now, cooldown))
        {
            self.say_next(id, text, now);
            return;
        }
        self.called.insert((cause, root), now);
        self.batch.escalations.push((id, cause, now));
        self.record(id, Event::Escalated { cause, text }, now);
    }

    /// Says what a person can do, once.
    pub(in crate::engine) fn say_next(&mut self, id: IncidentId, text: String, now: Timestamp) {
        if self.incident(id).is_some_and(|i| i.next_step.as_ref() != Some(&text)) {
            self.record(id, Event::NextStep { text }, now);
        }
    }
}
