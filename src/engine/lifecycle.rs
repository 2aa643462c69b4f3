//! What the passing of time does to incidents: settling, holding, closing, flapping, silences that end.

use std::collections::BTreeSet;
use std::time::Duration;

use super::cards::{length, listed, span};
use super::effect::Effect;
use super::settings::Settings;
use super::timer::Timer;
use super::world::World;
use crate::domain::approval::ApprovalState;
use crate::domain::correlation::Index;
use crate::domain::escalation::{Cause, Scope, within};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Incident, Mitigation, State};
use crate::domain::signal::{Origin, Problem, Severity, Timestamp};
use crate::domain::target::{Signature, Target};

/// How long after a look that told nothing a skill is asked again whether an incident is over.
const CONFIRM_AGAIN: Duration = Duration::from_secs(600);

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
                Timer::Hold(id) => self.hold_over(id, now),
                Timer::Close(id) => self.close(id, now),
                Timer::Settle(id) | Timer::Tell(id) | Timer::Repair(id) => {
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

    /// What has to be looked after in an incident that something happened to.
    pub(super) fn look_after(&mut self, id: IncidentId, now: Timestamp) {
        self.review_silence(id, now);
        self.watch_root(id, now);
        self.watch_attention(id, now);
        self.count_occurrence(id, now);
    }

    /// Sets the time at which a root that has recovered is suspected no longer, or takes it back.
    fn watch_root(&mut self, id: IncidentId, now: Timestamp) {
        let hold = self.settings.hold;
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let doubtful = is_doubtful(&live.incident, &self.index);
        match (doubtful, live.promote_at) {
            (true, None) => {
                live.promote_at = Some(now + hold);
                self.wake(now + hold, Timer::Promote(id));
            }
            (false, Some(_)) => live.promote_at = None,
            _ => {}
        }
    }

    /// Sets the time at which somebody is reminded, or takes it back.
    fn watch_attention(&mut self, id: IncidentId, now: Timestamp) {
        let remind = self.settings.remind;
        let Some(live) = self.incidents.get_mut(&id) else { return };
        match (live.incident.state.is_unresolved(), live.remind_at) {
            (true, None) => {
                live.remind_at = Some(now + remind);
                self.wake(now + remind, Timer::Remind(id));
            }
            (false, Some(_)) => live.remind_at = None,
            _ => {}
        }
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
        let why = format!("to confirm that incident #{} is over", incident.number);
        for skill in self.finders(id) {
            if self.knowledge.skills.contains(&skill) && !self.confirmed(&skill, calm_since) {
                self.effects.push(Effect::RunSkill { skill, why: why.clone() });
            }
        }
        self.try_resolve(id, now);
        if self.incident(id).is_some_and(|i| i.state == State::Mitigated) {
            self.wake(now + CONFIRM_AGAIN, Timer::Hold(id));
        }
    }

    /// The skills that saw anything of the incident.
    fn finders(&self, id: IncidentId) -> BTreeSet<String> {
        let Some(incident) = self.incident(id) else { return BTreeSet::new() };
        let heard = incident.members.iter().filter_map(|m| self.heard_of.get(&m.problem)).flatten();
        heard.chain(incident.origins()).filter_map(skill_name).collect()
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
        let (known, gone): (Vec<_>, Vec<_>) =
            self.finders(id).into_iter().partition(|s| self.knowledge.skills.contains(s));
        if !known.iter().all(|skill| self.confirmed(skill, calm_since)) {
            return;
        }
        let hold = length(self.settings.hold);
        let (verified, looked) = match (gone.as_slice(), known.as_slice()) {
            ([], []) => (true, "says the source that reported it".to_owned()),
            ([], [one]) => (true, format!("and {one} has looked again")),
            ([], some) => (true, format!("and {} have looked again", listed(some))),
            ([one], _) => (false, format!("but {one} is no longer there to look again")),
            (some, _) => (false, format!("but {} are no longer there to look again", listed(some))),
        };
        let why = format!("quiet for {hold}, {looked}.");
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

    /// A root recovered and its symptoms did not, or nothing speaks for it any more: something else is suspected.
    fn promote(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        if live.promote_at.is_none_or(|at| at > now) {
            return;
        }
        live.promote_at = None;
        let incident = &live.incident;
        if !is_doubtful(incident, &self.index) {
            return;
        }
        let active: Vec<Target> = incident.active_symptoms().map(|m| m.problem.target.clone()).collect();
        let topology = &self.knowledge.topology;
        let most_upstream = active
            .iter()
            .find(|t| !active.iter().any(|o| o != *t && topology.distance(t, o).is_some()))
            .cloned();
        let Some(root) = most_upstream else { return };
        let before = &incident.root;
        let why = if incident.root_observed() {
            format!("{before} has recovered and {root} has not.")
        } else if self.index.is_fine_since(before, incident.opened_at) {
            format!("{before} was looked at and is fine.")
        } else {
            format!("nothing else that needs {before} fails any more.")
        };
        self.move_root(id, root, &why, now);
    }

    /// The alert's source did not confirm a repair in time: it counts as failed.
    fn unconfirmed(&mut self, id: IncidentId, now: Timestamp) {
        let timeout = self.settings.resolve_timeout;
        let Some(incident) = self.incident(id) else { return };
        let since = incident.mitigated_at.unwrap_or(incident.changed_at);
        if incident.state != State::Mitigated || within(since, now, timeout) {
            return;
        }
        let Some(member) = incident.members.iter().find(|m| m.active) else { return };
        let summary = format!("its source still reports it {} after the repair", length(timeout));
        let (problem, root) = (member.problem.clone(), incident.root.clone());
        if let Some(Mitigation::Repair { runbook, remediation }) = incident.mitigated_by.clone() {
            let watch = self.knowledge.runbooks.iter().find(|r| r.name == runbook).map(|r| r.limits.watch);
            let history = self.histories.entry((runbook.clone(), root)).or_default();
            history.last_success = None;
            history.failures.push(now);
            history.ineffective_until = watch.map(|watch| now + watch);
            self.batch.ended.push((remediation, now, "ineffective".to_owned()));
            self.record(id, Event::RepairIneffective { remediation, runbook }, now);
        }
        self.record(id, Event::Reopened { problem, summary, occurrence: false }, now);
    }

    fn remind(&mut self, id: IncidentId, now: Timestamp) {
        let remind = self.settings.remind;
        let Some(live) = self.incidents.get_mut(&id) else { return };
        if live.remind_at.is_none_or(|at| at > now) {
            return;
        }
        live.remind_at = Some(now + remind);
        let incident = &live.incident;
        let needed = matches!(incident.state, State::Open | State::Stuck)
            && incident.acknowledged.is_none()
            && incident.severity >= Severity::Error
            && !live.telling.silenced;
        if needed {
            let text = format!(
                "Not fixed for {}, and nobody has taken it on: `ack {}` stops this.",
                span(incident.opened_at, now),
                incident.number
            );
            self.record(id, Event::Reminded { text }, now);
        }
        self.wake(now + remind, Timer::Remind(id));
    }

    /// Counts an opening or a true return on the present root, and calls people if it is one too many. What only
    /// turned out to be a symptom is taken back.
    fn count_occurrence(&mut self, id: IncidentId, now: Timestamp) {
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
    pub(super) fn retract_occurrence(&mut self, id: IncidentId) {
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
    pub(super) fn restless(&self, id: IncidentId, problem: &Problem, now: Timestamp) -> Option<Duration> {
        let incident = self.incident(id)?;
        let member = incident.member(problem).filter(|member| member.active)?;
        if incident.flapping {
            return Some(self.settings.hold);
        }
        let Settings { flap_bounces, flap_window, hold, .. } = *self.settings;
        let bounces = member.bounces.iter().filter(|&&at| within(at, now, flap_window)).count();
        // Slower than this it would not be restless.
        let between = flap_window / u32::try_from(flap_bounces).unwrap_or(u32::MAX).max(1);
        (bounces >= flap_bounces).then(|| between.max(hold))
    }

    /// After a restart: what comes and goes has to be quiet from now on.
    pub(super) fn watch_restless(&mut self, id: IncidentId, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        let active = incident.members.iter().filter(|m| m.active).map(|m| m.problem.clone());
        let quiet: Vec<Problem> = active.filter(|problem| !self.is_firing(problem)).collect();
        for problem in quiet {
            let rest = self.restless(id, &problem, now).unwrap_or(self.settings.hold);
            self.wake(now + rest, Timer::Calm(id));
            if let Some(live) = self.incidents.get_mut(&id) {
                live.quiet.insert(problem, now);
            }
        }
        let flap_window = self.settings.flap_window;
        if let Some(live) = self.incidents.get_mut(&id).filter(|live| live.incident.flapping) {
            live.bounced_at = Some(now);
            self.wake(now + flap_window, Timer::Calm(id));
        }
    }

    /// What came and went was quiet for long enough, or has stayed broken for long enough.
    fn come_to_rest(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get(&id) else { return };
        let rested = |(problem, since): (&Problem, &Timestamp)| {
            let rest = self.restless(id, problem, *since).unwrap_or_default();
            (!within(*since, now, rest)).then(|| problem.clone())
        };
        let over: Vec<Problem> = live.quiet.iter().filter_map(rested).collect();
        for problem in over {
            if let Some(live) = self.incidents.get_mut(&id) {
                live.quiet.remove(&problem);
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
        let Some(live) = self.incidents.get(&id).filter(|live| live.incident.state.is_live()) else { return };
        let covering = self.silenced(&live.incident, now).map(|s| (s.ends_at, s.by.clone()));
        let was = live.telling.silenced;
        match covering {
            Some((until, by)) if !was => {
                self.set_silenced(id, true);
                if self.incident_was_told(id) {
                    self.record(id, Event::Silenced { until, by }, now);
                    self.tell_thread(id, now);
                }
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

    fn incident_was_told(&self, id: IncidentId) -> bool {
        self.incidents.get(&id).is_some_and(|live| live.telling.told_seq > 0)
    }

    /// At a silence's end, what is still broken is told once; what came and went meanwhile is not.
    fn end_of_silence(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        if live.telling.told_seq > 0 {
            live.untold.clear();
            live.telling.told_seq = live.incident.last_seq;
            self.record(id, Event::SilenceEnded, now);
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

/// Whether the suspected root does not explain what is active: it has recovered, or was never seen failing and either
/// was found to be fine or has only one victim left.
fn is_doubtful(incident: &Incident, index: &Index) -> bool {
    let settled = matches!(incident.state, State::Open | State::Stuck | State::Mitigated);
    if !settled || !incident.is_active() || incident.active_at_root().next().is_some() {
        return false;
    }
    let victims: BTreeSet<&Target> = incident.active_symptoms().map(|m| &m.problem.target).collect();
    incident.root_observed() || victims.len() == 1 || index.is_fine_since(&incident.root, incident.opened_at)
}
