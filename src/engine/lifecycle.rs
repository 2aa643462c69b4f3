//! What the passing of time does to incidents: settling, holding, closing, flapping, silences that end.

mod calls;
mod doubt;
mod flapping;
pub(super) mod follow;
mod shown;
pub(super) mod silences;

use std::collections::BTreeSet;
use std::time::Duration;

use super::cards::{length, listed, span};
use super::effect::Effect;
use super::requests::TALK;
use super::timer::Timer;
use super::trusting::LAPSED;
use super::world::World;
use crate::domain::approval::ApprovalState;
use crate::domain::correlation::Index;
use crate::domain::escalation::{Cause, within};
use crate::domain::hours::next_edge;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Incident, Mitigation, State};
use crate::domain::signal::{Origin, Severity, Timestamp};
use crate::domain::target::Target;
use crate::domain::topology::Topology;

/// A clock that goes back by more than this was set.
const SET_BACK: Duration = Duration::from_secs(5);
/// When several still fail though what they share has recovered, they have so many times `hold` to follow.
const PATIENCE: u32 = 5;
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
        if self.last_turn.replace(now).is_some_and(|last| now + SET_BACK < last) {
            // The clock was set back. What waits for a time waits longer now; what is to be told does not.
            self.dirty.extend(self.incidents.keys().copied());
            self.await_goals(now);
        }
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
                Timer::Trial(remediation) => self.trial_over(remediation, now),
                Timer::Approval(number) => self.expire_approval(number, now),
                Timer::Adoption(id) => self.adoption_due(id, now),
                Timer::Offer(number) => self.expire_offer(number, now),
                Timer::Silence(number) => self.silence_over(number, now),
                Timer::SilenceBegins(number) => self.silence_begins(number, now),
                Timer::SilenceEnds(number) => self.silence_ends_soon(number, now),
                Timer::Window(index) => self.look_at_window(index, now),
                Timer::Triage => self.triage_due(now),
                Timer::Hours => {
                    // Questions may need no answer any more, and what could not be begun may begin.
                    self.dirty.extend(self.incidents.keys().copied());
                    self.await_hours(now);
                }
                Timer::Storm(id) => self.storm_may_be_over(id, now),
                Timer::Heartbeats => self.look_for_heartbeats(now),
                Timer::Lines => self.look_at_lines(now),
                Timer::Goals => self.look_at_goals(now),
            }
        }
    }

    /// Has the engine wake up when the hours for changes begin or end.
    pub(super) fn await_hours(&mut self, now: Timestamp) {
        if let Some(edge) = next_edge(&self.settings.hours, now, self.settings.tz) {
            self.wake(edge, Timer::Hours);
        }
    }

    /// What has to be looked after in an incident that something happened to.
    pub(super) fn look_after(&mut self, id: IncidentId, now: Timestamp) {
        if self.incident(id).is_some_and(|incident| incident.request.is_some()) {
            return;
        }
        self.look_at_storm(id, now);
        self.review_silence(id, now);
        self.watch_root(id, now);
        self.watch_attention(id, now);
        self.count_occurrence(id, now);
    }

    /// Sets the time at which a root that has recovered is suspected no longer, or takes it back.
    fn watch_root(&mut self, id: IncidentId, now: Timestamp) {
        let hold = self.settings.hold;
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let doubtful = is_doubtful(&live.incident, &self.index, &self.knowledge.topology);
        match (doubtful, live.promote_at) {
            (true, None) => {
                live.promote_at = Some(now + hold);
                live.doubtful_since.get_or_insert(now);
                self.wake(now + hold, Timer::Promote(id));
            }
            (false, Some(_)) => (live.promote_at, live.doubtful_since) = (None, None),
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
            incident.severity == Severity::Critical
                // The clock was set back: nobody waits for it to get there again.
                || now < incident.opened_at
                || !(within(incident.opened_at, now, self.settings.settle)
                    || self.is_gathering(incident.opened_at, now))
        })
    }

    /// Something recovered: perhaps all of it did.
    pub(super) fn after_recovery(&mut self, id: IncidentId, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        if incident.is_active() {
            return;
        }
        match incident.state {
            State::Open | State::Stuck => self.calm(id, Mitigation::Recovery, now),
            State::Mitigated => self.wake(now + self.settings.hold, Timer::Hold(id)),
            State::Remediating | State::Resolved | State::Closed | State::Merged => {}
        }
    }

    /// Nothing is active any more.
    pub(super) fn calm(&mut self, id: IncidentId, by: Mitigation, now: Timestamp) {
        self.call_off(id, "the problem is gone", now);
        let Some(root) = self.incident(id).map(|incident| incident.root.clone()) else { return };
        if !self.record(id, Event::Mitigated { by: by.clone() }, now) {
            return;
        }
        self.wake(now + self.settings.hold, Timer::Hold(id));
        if let Mitigation::Repair { runbook, remediation } = by {
            // From here on its success is watched: it may not last until the hold is over.
            self.histories.entry((runbook, root)).or_default().last_success = Some((remediation, now));
        }
    }

    fn hold_over(&mut self, id: IncidentId, now: Timestamp) {
        let Some(calm_since) = self.calm_has_lasted(id, now) else { return };
        let why = format!("to confirm that incident #{} is over", self.number(id));
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

    /// Since when a mitigated incident has been calm, if that is long enough to be resolved.
    fn calm_has_lasted(&self, id: IncidentId, now: Timestamp) -> Option<Timestamp> {
        let incident = self.incident(id).filter(|i| i.state == State::Mitigated && !i.is_active())?;
        let calm_since = incident.mitigated_at.unwrap_or(incident.changed_at);
        (!within(calm_since, now, self.settings.hold)).then_some(calm_since)
    }

    /// The skills that saw anything of the incident.
    pub(super) fn finders(&self, id: IncidentId) -> BTreeSet<String> {
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
        let Some(calm_since) = self.calm_has_lasted(id, now) else { return };
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
        let Some(incident) = self.incident(id) else { return };
        let repair = incident.mitigated_by.clone();
        let root = incident.root.clone();
        if self.record(id, Event::Resolved { verified, why }, now) {
            self.learn_of(id, now);
            self.wake(now + self.settings.reopen_window, Timer::Close(id));
            if let Some(Mitigation::Repair { runbook, remediation }) = repair {
                let watch = self.watch_time(&runbook);
                let ran = self.incident(id).and_then(|incident| incident.repair(remediation));
                let written = ran.and_then(|repair| repair.written.clone());
                if verified {
                    self.begin_trial(remediation, &runbook, &root, written, now + watch);
                    self.watch_fix(remediation, &runbook, id);
                } else {
                    self.batch.ended.push((remediation, now, LAPSED.to_owned()));
                }
                let history = self.histories.entry((runbook, root)).or_default();
                history.last_success = Some((remediation, now));
                history.failures.clear();
            }
        }
    }

    fn close(&mut self, id: IncidentId, now: Timestamp) {
        let wish = self.incident(id).is_some_and(|incident| incident.request.is_some());
        let reopen_window = if wish { TALK } else { self.settings.reopen_window };
        if self
            .incident(id)
            .is_some_and(|i| i.state == State::Resolved && !within(i.changed_at, now, reopen_window))
            // What is being taken back is told in this incident's thread, and sets this timer again.
            && self.incident(id).is_some_and(|i| i.undoing.is_none())
        {
            self.withdraw_question(id, "the incident is closed", now);
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
        let doubtful_since = live.doubtful_since;
        let incident = &live.incident;
        if !is_doubtful(incident, &self.index, &self.knowledge.topology) {
            return;
        }
        let active: Vec<Target> = incident.active_symptoms().map(|m| m.problem.target.clone()).collect();
        let topology = &self.knowledge.topology;
        let mut causes = most_upstream(&active, topology);
        let Some(root) = causes.next().cloned() else { return };
        let several = causes.next().is_some();
        drop(causes);
        // Several that share what has just recovered are most likely on their way back.
        let waits = doubtful_since.is_some_and(|since| within(since, now, self.settings.hold * PATIENCE));
        if several && incident.root_observed() && waits {
            let again = now + self.settings.hold;
            if let Some(live) = self.incidents.get_mut(&id) {
                live.promote_at = Some(again);
            }
            self.wake(again, Timer::Promote(id));
            return;
        }
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
        if incident.state != State::Mitigated || !incident.is_fault() || within(since, now, timeout) {
            return;
        }
        let Some(member) = incident.members.iter().find(|m| m.active) else { return };
        let summary = format!("its source still reports it {} after the repair", length(timeout));
        let (problem, root) = (member.problem.clone(), incident.root.clone());
        if let Some(Mitigation::Repair { runbook, remediation }) = incident.mitigated_by.clone() {
            let watch = self.runbook(&runbook).map(|r| r.limits.watch);
            self.lose_trust(&runbook, &root, "its source did not confirm that it helped", now);
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

    pub(super) fn expire_approval(&mut self, number: u64, now: Timestamp) {
        let Some(approval) = self.approvals.get(&number) else { return };
        if approval.expires_at > now {
            return;
        }
        let (id, for_undo) = (approval.incident, approval.is_for_undo());
        let who = if approval.yes.is_empty() { "nobody answered" } else { "too few people said yes to" };
        self.end_approval(number, ApprovalState::Expired, None, None, now);
        if !for_undo && self.incident(id).is_some_and(|i| i.severity == Severity::Critical) {
            let text = format!("{who} approval {number}, and the incident is critical.");
            self.escalate(id, Cause::ApprovalExpired, text, now);
        }
    }
}

fn skill_name(origin: &Origin) -> Option<String> {
    match origin {
        Origin::Skill(name) => Some(name.clone()),
        Origin::Alert { .. } | Origin::Steward => None,
    }
}

/// Whether the suspected root does not explain what is active: it has recovered, or was never seen failing and either
/// was found to be fine or something that fails explains all the rest.
fn is_doubtful(incident: &Incident, index: &Index, topology: &Topology) -> bool {
    let settled = matches!(incident.state, State::Open | State::Stuck | State::Mitigated);
    let uncounted = incident.storm.as_ref().is_none_or(|storm| storm.over && storm.active == 0);
    if !settled || !uncounted || !incident.is_active() || incident.active_at_root().next().is_some() {
        return false;
    }
    if incident.root_observed() || index.is_fine_since(&incident.root, incident.opened_at) {
        return true;
    }
    let victims: BTreeSet<&Target> = incident.active_symptoms().map(|m| &m.problem.target).collect();
    let victims: Vec<Target> = victims.into_iter().cloned().collect();
    let mut causes = most_upstream(&victims, topology);
    causes.next().is_some() && causes.next().is_none()
}

/// Those of some targets that need none of the others.
fn most_upstream<'a>(targets: &'a [Target], topology: &Topology) -> impl Iterator<Item = &'a Target> {
    let among: BTreeSet<&Target> = targets.iter().collect();
    targets.iter().filter(move |target| {
        let mut needed = topology.upstreams(target).into_iter();
        !needed.any(|upstream| among.contains(&upstream.target))
    })
}
