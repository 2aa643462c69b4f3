//! What the passing of time does to incidents: settling, holding, closing, flapping, silences that end.

use super::effect::Effect;
use super::timer::Timer;
use super::world::World;
use crate::domain::approval::ApprovalState;
use crate::domain::escalation::{Cause, Scope, within};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Mitigation, State};
use crate::domain::signal::{Origin, Problem, Severity, Timestamp};
use crate::domain::target::Target;
use crate::store::batch::Telling;

impl World {
    /// When the engine has to wake up next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    /// Looks at everything whose time has come.
    pub fn due(&mut self, now: Timestamp) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Settle(id) => self.settle(id, now),
                Timer::Hold(id) => self.hold_over(id, now),
                Timer::Close(id) => self.close(id, now),
                Timer::Tell(id) | Timer::Repair(id) => {
                    self.dirty.insert(id);
                }
                Timer::Calm(id) => self.come_to_rest(id, now),
                Timer::Promote(id) => self.promote(id, now),
                Timer::Confirm(id) => self.unconfirmed(id, now),
                Timer::Remind(id) => self.remind(id, now),
                Timer::Approval(number) => self.expire_approval(number, now),
                Timer::Silence(number) => self.silence_over(number, now),
            }
        }
    }

    fn settle(&mut self, id: IncidentId, now: Timestamp) {
        self.count_occurrence(id, now);
        self.dirty.insert(id);
        self.wake(now + self.settings.remind, Timer::Remind(id));
    }

    /// Whether messages and repairs no longer wait for causes that are reported last.
    pub(super) fn has_settled(&self, id: IncidentId, now: Timestamp) -> bool {
        self.incident(id).is_some_and(|incident| {
            incident.severity == Severity::Critical || !within(incident.opened_at, now, self.settings.settle)
        })
    }

    fn hold_over(&mut self, id: IncidentId, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        if incident.state != State::Mitigated || incident.is_active() {
            return;
        }
        let calm_since = incident.mitigated_at.unwrap_or(incident.changed_at);
        if within(calm_since, now, self.settings.hold) {
            return;
        }
        let skills: Vec<String> = incident.origins().into_iter().filter_map(skill_name).collect();
        for skill in skills {
            if self.knowledge.skills.contains(&skill) && !self.confirmed(&skill, calm_since) {
                let why =
                    format!("to confirm that incident #{} is over", self.incidents[&id].incident.number);
                self.effects.push(Effect::RunSkill { skill, why });
            }
        }
        self.try_resolve(id, now);
    }

    /// Whether the skill has had a complete look after the calm had lasted.
    fn confirmed(&self, skill: &str, calm_since: Timestamp) -> bool {
        self.last_complete.get(skill).is_some_and(|&at| !within(calm_since, at, self.settings.hold))
    }

    /// Resolves a mitigated incident once the calm has lasted and everyone who saw the problem looked again.
    pub(super) fn try_resolve(&mut self, id: IncidentId, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        if incident.state != State::Mitigated || incident.is_active() {
            return;
        }
        let calm_since = incident.mitigated_at.unwrap_or(incident.changed_at);
        if within(calm_since, now, self.settings.hold) {
            return;
        }
        let skills: Vec<String> = incident.origins().into_iter().filter_map(skill_name).collect();
        let (known, gone): (Vec<_>, Vec<_>) =
            skills.into_iter().partition(|s| self.knowledge.skills.contains(s));
        if !known.iter().all(|skill| self.confirmed(skill, calm_since)) {
            return;
        }
        let hold = humantime::format_duration(self.settings.hold);
        let (verified, why) = if gone.is_empty() {
            (true, format!("quiet for {hold}, and whoever found it looked again."))
        } else {
            (false, format!("quiet for {hold}, but {} is no longer there to look again.", gone.join(", ")))
        };
        let repair = incident.mitigated_by.clone();
        let root = incident.root.clone();
        if self.record(id, Event::Resolved { verified, why }, now) {
            self.wake(now + self.settings.reopen_window, Timer::Close(id));
            if let Some(Mitigation::Repair { runbook, remediation }) = repair {
                let history = self.histories.entry((runbook, root)).or_default();
                history.last_success = Some((remediation, now));
                history.failures.clear();
            }
        }
    }

    fn close(&mut self, id: IncidentId, now: Timestamp) {
        let reopen_window = self.settings.reopen_window;
        if self
            .incident(id)
            .is_some_and(|i| i.state == State::Resolved && !within(i.changed_at, now, reopen_window))
        {
            self.record(id, Event::Closed, now);
        }
    }

    /// A root recovered and its symptoms did not: it was not the root, or not the only one.
    fn promote(&mut self, id: IncidentId, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        if !incident.state.is_unresolved() || incident.active_at_root().next().is_some() {
            return;
        }
        let active: Vec<Target> = incident.active_symptoms().map(|m| m.problem.target.clone()).collect();
        let topology = &self.knowledge.topology;
        let most_upstream = active
            .iter()
            .find(|t| !active.iter().any(|o| o != *t && topology.distance(t, o).is_some()))
            .cloned();
        if let Some(root) = most_upstream {
            let why = format!("{} has recovered and {root} has not.", incident.root);
            self.move_root(id, root, &why, now);
        }
    }

    /// The alert's source did not confirm a repair in time.
    fn unconfirmed(&mut self, id: IncidentId, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        if incident.state != State::Mitigated {
            return;
        }
        let Some(member) = incident.members.iter().find(|m| m.active) else { return };
        let waited = humantime::format_duration(self.settings.resolve_timeout);
        let summary = format!("its source still reports it {waited} after the repair");
        let (problem, root) = (member.problem.clone(), incident.root.clone());
        self.not_lasting(&root, Some(id), now);
        self.record(id, Event::Reopened { problem, summary, occurrence: false }, now);
    }

    fn remind(&mut self, id: IncidentId, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        let waiting = matches!(incident.state, State::Open | State::Stuck);
        if !incident.state.is_unresolved() || incident.acknowledged.is_some() {
            return;
        }
        if waiting && incident.severity >= Severity::Error {
            let age = humantime::format_duration(std::time::Duration::from_secs(
                (now - incident.opened_at).num_minutes().unsigned_abs() * 60,
            ));
            let text = format!(
                "Still open after {age}, and nobody has taken it on: `ack {}` stops this.",
                incident.number
            );
            self.record(id, Event::Reminded { text }, now);
        }
        self.wake(now + self.settings.remind, Timer::Remind(id));
    }

    /// Counts an opening or a true return on the present root, and calls people if it is one too many.
    pub(super) fn count_occurrence(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let incident = &live.incident;
        let counted = live.telling.counted_on.as_ref() == Some(&incident.root)
            && live.telling.counted >= incident.occurrences;
        if counted
            || incident.severity < Severity::Error
            || live.telling.silenced
            || !incident.state.is_live()
        {
            return;
        }
        live.telling.counted_on = Some(incident.root.clone());
        live.telling.counted = incident.occurrences;
        let (root, seq, signature) = (incident.root.clone(), incident.last_seq, incident.signature.clone());
        self.dirty.insert(id);
        self.batch.occurrences.push((root.clone(), now, id, seq));
        let settings = self.settings.clone();
        let scope = (settings.scope == Scope::Signature).then_some(signature);
        let recurrence = self.recurrences.entry((root.clone(), scope)).or_default();
        if let Some(times) = recurrence.occurred(now, &settings.threshold) {
            let window = humantime::format_duration(settings.threshold.window);
            let text = format!(
                "{root} has broken {times} times within {window}: repairing it again is not enough. Please look for the cause."
            );
            self.escalate(id, Cause::Recurring, text, now);
        }
    }

    /// Calls people, at most once for the same cause on the same root within the cooldown. A warning never does.
    pub(super) fn escalate(&mut self, id: IncidentId, cause: Cause, text: String, now: Timestamp) {
        let Some(live) = self.incidents.get(&id) else { return };
        let root = live.incident.root.clone();
        if live.incident.severity < Severity::Error {
            self.say_next(id, text, now);
            return;
        }
        if live.telling.silenced && cause != Cause::Stuck {
            return;
        }
        let cooldown = self.settings.threshold.cooldown;
        if self.called.get(&(cause, root.clone())).is_some_and(|&at| within(at, now, cooldown)) {
            self.say_next(id, text, now);
            return;
        }
        self.called.insert((cause, root), now);
        self.batch.escalations.push((id, cause, now));
        self.record(id, Event::Escalated { cause, text }, now);
    }

    /// Says what a person can do, once.
    pub(super) fn say_next(&mut self, id: IncidentId, text: String, now: Timestamp) {
        if self.incident(id).is_some_and(|i| i.next_step.as_ref() != Some(&text)) {
            self.record(id, Event::NextStep { text }, now);
        }
    }

    pub(super) fn check_flapping(&mut self, id: IncidentId, now: Timestamp) {
        let settings = self.settings.clone();
        let Some(incident) = self.incident(id) else { return };
        let bounces = incident.bounces.iter().filter(|&&at| within(at, now, settings.flap_window)).count();
        if incident.flapping || bounces < settings.flap_bounces {
            return;
        }
        let root = incident.root.clone();
        let window_secs = settings.flap_window.as_secs();
        self.record(id, Event::Flapping { bounces, window_secs }, now);
        let text = format!(
            "{root} comes and goes ({bounces} times in {} minutes) without anyone repairing it.",
            window_secs / 60
        );
        self.escalate(id, Cause::Flapping, text, now);
    }

    /// A flapping incident was quiet for as long as a calm must last.
    fn come_to_rest(&mut self, id: IncidentId, now: Timestamp) {
        let hold = self.settings.hold;
        let Some(live) = self.incidents.get(&id) else { return };
        if !live.incident.flapping || live.quiet_since.is_none_or(|since| within(since, now, hold)) {
            return;
        }
        let quiet: Vec<Problem> = live
            .incident
            .members
            .iter()
            .filter(|m| m.active && !self.is_firing(&m.problem))
            .map(|m| m.problem.clone())
            .collect();
        for problem in quiet {
            self.record(id, Event::Recovered { problem }, now);
        }
        if self.incident(id).is_some_and(|i| !i.is_active()) {
            self.record(id, Event::Calmed, now);
            self.after_recovery(id, now);
        }
    }

    fn expire_approval(&mut self, number: u64, now: Timestamp) {
        let Some(approval) = self.approvals.get(&number) else { return };
        if approval.expires_at > now {
            return;
        }
        let id = approval.incident;
        self.end_approval(number, ApprovalState::Expired, None, None, now);
        if self.incident(id).is_some_and(|i| i.severity == Severity::Critical) {
            let text = format!("nobody answered approval {number}, and the incident is critical.");
            self.escalate(id, Cause::ApprovalExpired, text, now);
        }
    }

    /// Hides or shows incidents as silences begin and end.
    pub(super) fn review_silences(&mut self, now: Timestamp) {
        let ids: Vec<IncidentId> = self.incidents.keys().copied().collect();
        ids.into_iter().for_each(|id| self.review_silence(id, now));
    }

    /// Hides or shows one incident.
    pub(super) fn review_silence(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get(&id) else { return };
        let covering = self.silenced(&live.incident, now).map(|s| (s.ends_at, s.by.clone()));
        let was = live.telling.silenced;
        match covering {
            Some((until, by)) if !was => {
                if live.telling.told_seq > 0 {
                    self.record(id, Event::Silenced { until, by }, now);
                    self.tell(id, now);
                }
                self.set_silenced(id, true);
            }
            None if was => {
                self.set_silenced(id, false);
                self.end_of_silence(id, now);
            }
            _ => {}
        }
    }

    fn set_silenced(&mut self, id: IncidentId, silenced: bool) {
        if let Some(live) = self.incidents.get_mut(&id) {
            live.telling.silenced = silenced;
            self.dirty.insert(id);
        }
    }

    /// At a silence's end, what is still broken is told once; what came and went meanwhile is not.
    fn end_of_silence(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let Telling { told_seq, .. } = live.telling;
        let broken = live.incident.state.is_unresolved();
        if told_seq > 0 {
            live.untold.clear();
            live.telling.told_seq = live.incident.last_seq;
            self.record(id, Event::SilenceEnded, now);
        }
        if broken {
            self.count_occurrence(id, now);
        }
    }

    fn silence_over(&mut self, number: i64, now: Timestamp) {
        let Some(at) = self.silences.iter().position(|s| s.number == number && s.ends_at <= now) else {
            return;
        };
        let silence = self.silences.remove(at);
        self.review_silences(now);
        let broken = self
            .incidents
            .values()
            .filter(|live| {
                live.incident.state.is_unresolved() && live.incident.root.is_within(&silence.target)
            })
            .count();
        self.tell_silence_over(&silence, broken, now);
        self.batch.silences.push((silence, true));
    }
}

fn skill_name(origin: &Origin) -> Option<String> {
    match origin {
        Origin::Skill(name) => Some(name.clone()),
        Origin::Alert(_) | Origin::Steward => None,
    }
}
