//! Signals in: counting repeats, placing what is new, noticing what is over.

use std::collections::BTreeSet;

use super::effect::Effect;
use super::suspects::Inquiry;
use super::timer::Timer;
use super::world::{SignalKey, World};
use crate::domain::correlation::Placement;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Incident, Mitigation, State};
use crate::domain::report::{Finding, Report, Status};
use crate::domain::signal::{Origin, Problem, Severity, Signal, SignalState, Timestamp};
use crate::domain::target::{Signature, Target};
use crate::store::batch::SignalRow;

/// Longest evidence kept in a timeline, in bytes; the signal itself keeps what its source's cap left.
const TIMELINE_EVIDENCE: usize = 4096;

impl World {
    /// Takes in a skill's report.
    pub fn take_report(&mut self, skill: &str, report: &Report, now: Timestamp) {
        let origin = Origin::Skill(skill.to_owned());
        for finding in report.findings.iter().filter(|f| f.status == Status::Ok && f.explicit_target) {
            self.is_fine(&finding.target, now);
        }
        let mut firing = BTreeSet::new();
        for finding in report.findings.iter().filter(|f| matches!(f.status, Status::Problem | Status::Action))
        {
            let signal = signal_of(&origin, finding, now);
            firing.insert(signal.problem());
            self.take_signal(signal, now);
        }
        for problem in self.recovered_by(&origin, report, &firing) {
            self.resolve(&(origin.clone(), problem), now);
        }
        if report.complete {
            self.last_complete.insert(skill.to_owned(), now);
            for id in self.mitigated.clone() {
                self.try_resolve(id, now);
            }
        }
        self.skill_works(skill, now);
    }

    /// A target was looked at by name and is fine: whoever suspects it unseen has to think again.
    pub(super) fn is_fine(&mut self, target: &Target, now: Timestamp) {
        self.index.healthy(target, now);
        self.dirty.extend(self.index.affecting(target));
    }

    /// What a report says is over: all that a complete one omits, else only what it calls fine by name.
    fn recovered_by(&self, origin: &Origin, report: &Report, firing: &BTreeSet<Problem>) -> Vec<Problem> {
        let Some(before) = self.firing_by_origin.get(origin) else { return Vec::new() };
        let fine = |problem: &Problem| {
            report.findings.iter().any(|f| {
                f.status == Status::Ok
                    && f.explicit_target
                    && f.target == problem.target
                    && (!f.explicit_signature || f.signature == problem.signature)
            })
        };
        before
            .iter()
            .filter(|problem| !firing.contains(*problem))
            .filter(|problem| report.complete || fine(problem))
            .cloned()
            .collect()
    }

    /// A skill could not do its job this many times in a row: from `threshold` on it is itself a problem.
    pub fn skill_failed(&mut self, skill: &str, why: &str, failures: u32, threshold: u32, now: Timestamp) {
        if failures < threshold {
            return;
        }
        let Some((target, signature)) = skill_problem(skill) else { return };
        let signal = Signal {
            origin: Origin::Steward,
            target,
            signature,
            severity: Severity::Warning,
            state: SignalState::Firing,
            summary: format!(
                "the skill {skill} has failed {failures} times in a row; what it watches is unwatched"
            ),
            impact: None,
            evidence: why.to_owned(),
            labels: std::iter::once(("skill".to_owned(), skill.to_owned())).collect(),
            at: now,
            received_at: now,
        };
        self.take_signal(signal, now);
    }

    fn skill_works(&mut self, skill: &str, now: Timestamp) {
        if let Some((target, signature)) = skill_problem(skill) {
            let key = (Origin::Steward, Problem { target, signature });
            if self.signals.get(&key).is_some_and(|row| row.signal.state == SignalState::Firing) {
                self.resolve(&key, now);
            }
        }
    }

    /// Takes in one signal.
    pub fn take_signal(&mut self, signal: Signal, now: Timestamp) {
        let key = (signal.origin.clone(), signal.problem());
        match signal.state {
            SignalState::Firing => self.fire(key, signal, now),
            SignalState::Resolved => self.resolve(&key, now),
        }
    }

    fn fire(&mut self, key: SignalKey, signal: Signal, now: Timestamp) {
        let known = self.signals.get_mut(&key);
        let was_firing = known.as_ref().is_some_and(|row| row.signal.state == SignalState::Firing);
        let same = known.as_ref().is_some_and(|row| alike(&row.signal, &signal));
        let severity = signal.severity;
        match known {
            Some(row) => {
                row.count += 1;
                row.last_seen = now;
                if !same {
                    row.signal = signal;
                }
            }
            None => {
                let row = SignalRow { signal, incident: None, count: 1, first_seen: now, last_seen: now };
                self.signals.insert(key.clone(), row);
            }
        }
        if same {
            self.touched.insert(key.clone());
        } else {
            self.changed.insert(key.clone());
        }
        if was_firing && self.index.incident_of(&key.1).is_some() {
            self.raise(&key.1, severity, now);
            return;
        }
        self.note_signal(&key, SignalState::Firing);
        self.place(&key, now);
    }

    fn raise(&mut self, problem: &Problem, severity: Severity, now: Timestamp) {
        let Some(id) = self.index.incident_of(problem) else { return };
        let worse = self.incident(id).and_then(|i| i.member(problem)).is_some_and(|m| m.severity < severity);
        if worse {
            self.record(id, Event::Raised { problem: problem.clone(), severity }, now);
        }
    }

    fn place(&mut self, key: &SignalKey, now: Timestamp) {
        let problem = &key.1;
        let window = self.settings.correlation_window;
        let id = match self.index.place(problem, &self.knowledge.topology, now, window) {
            Placement::Same(id) => {
                self.again(id, problem, now);
                Some(id)
            }
            Placement::Symptom { incident, why } => {
                self.join(incident, key, why, now);
                Some(incident)
            }
            Placement::Upstream { incidents, why } => {
                self.gather(&incidents, key, problem.target.clone(), &why, now)
            }
            Placement::Siblings { incidents, upstream, why } => {
                self.gather(&incidents, key, upstream, &why, now)
            }
            Placement::New => self.begin(key, now),
        };
        if let Some(row) = self.signals.get_mut(key)
            && row.incident != id
        {
            row.incident = id;
            self.changed.insert(key.clone());
        }
    }

    fn begin(&mut self, key: &SignalKey, now: Timestamp) -> Option<IncidentId> {
        let signal = self.signals.get(key)?.signal.clone();
        let event = Event::Opened {
            problem: key.1.clone(),
            origin: signal.origin,
            severity: signal.severity,
            summary: signal.summary,
            impact: signal.impact,
            evidence: clip(&signal.evidence),
            root: signal.target.clone(),
            why: String::new(),
            sorted_by_hand: false,
        };
        let id = self.open(event, now)?;
        self.not_lasting(&signal.target, Some(id), now);
        self.wake(now + self.settings.settle, Timer::Settle(id));
        self.find_suspects(id);
        Some(id)
    }

    pub(super) fn join(&mut self, id: IncidentId, key: &SignalKey, why: String, now: Timestamp) {
        let Some(row) = self.signals.get(key) else { return };
        let Some(incident) = self.incident(id) else { return };
        let confirms = !incident.root_observed() && incident.root == key.1.target;
        let why = if confirms { "it was suspected, and is now seen failing itself.".to_owned() } else { why };
        let signal = &row.signal;
        let event = Event::Joined {
            problem: key.1.clone(),
            origin: signal.origin.clone(),
            severity: signal.severity,
            summary: signal.summary.clone(),
            impact: signal.impact.clone(),
            evidence: clip(&signal.evidence),
            why: why.clone(),
        };
        self.record(id, event, now);
        if confirms {
            self.record(id, Event::RootMoved { root: key.1.target.clone(), why }, now);
            self.find_suspects(id);
        }
    }

    /// A problem that an incident knows already fires (again).
    fn again(&mut self, id: IncidentId, problem: &Problem, now: Timestamp) {
        let flap_window = self.settings.flap_window;
        let Some(live) = self.incidents.get_mut(&id) else { return };
        if live.quiet.remove(problem).is_some() {
            live.restless.insert(problem.clone());
            if live.incident.flapping {
                live.bounced_at = Some(now);
                self.wake(now + flap_window, Timer::Calm(id));
            }
            return;
        }
        let Some(incident) = self.incident(id) else { return };
        if incident.member(problem).is_none_or(|member| member.active) {
            return;
        }
        let state = incident.state;
        let summary = self.latest(problem).map_or_else(String::new, |row| row.signal.summary.clone());
        let (target, problem) = (problem.target.clone(), problem.clone());
        match state {
            State::Open | State::Remediating | State::Stuck => {
                self.record(id, Event::Returned { problem, summary }, now);
            }
            State::Mitigated | State::Resolved => self.reopen(id, problem, summary, now),
            State::Closed | State::Merged => {}
        }
        self.suspect_above(id, target, now);
    }

    /// What the suspected root needs is seen failing: it is the better root.
    fn suspect_above(&mut self, id: IncidentId, target: Target, now: Timestamp) {
        let Some(root) = self.incident(id).map(|incident| incident.root.clone()) else { return };
        if root != target && self.knowledge.topology.distance(&root, &target).is_some() {
            let why = format!("{root} needs {target}, which is failing too.");
            self.move_root(id, target, &why, now);
        }
    }

    /// A calm is over: either a true return, which counts, or a flap.
    fn reopen(&mut self, id: IncidentId, problem: Problem, summary: String, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        let repaired = matches!(incident.mitigated_by, Some(Mitigation::Repair { .. }));
        let occurrence = repaired || incident.state == State::Resolved;
        let root = incident.root.clone();
        if problem.target == root {
            self.not_lasting(&root, Some(id), now);
        }
        self.record(id, Event::Reopened { problem, summary, occurrence }, now);
        if !occurrence {
            self.check_flapping(id, now);
        }
    }

    /// A problem is over, says one origin.
    pub(super) fn resolve(&mut self, key: &SignalKey, now: Timestamp) {
        if !self.falls_silent(key, now) {
            return;
        }
        let problem = &key.1;
        let Some(id) = self.index.incident_of(problem) else { return };
        if self.restless(id, problem, now).is_some() {
            self.falls_quiet(id, problem.clone(), now);
            return;
        }
        if self.incident(id).and_then(|i| i.member(problem)).is_some_and(|m| m.active) {
            self.record(id, Event::Recovered { problem: problem.clone() }, now);
            self.after_recovery(id, now);
        }
    }

    /// Notes that an origin no longer reports a problem; whether that makes nobody who does.
    fn falls_silent(&mut self, key: &SignalKey, now: Timestamp) -> bool {
        let Some(row) = self.signals.get_mut(key) else { return false };
        row.last_seen = now;
        if row.signal.state == SignalState::Resolved {
            return false;
        }
        row.signal.state = SignalState::Resolved;
        self.changed.insert(key.clone());
        self.note_signal(key, SignalState::Resolved);
        !self.is_firing(&key.1)
    }

    /// Takes the problems of skills that are no longer there for over: nobody would ever say so.
    pub(super) fn end_unwatched(&mut self, now: Timestamp) {
        let skills = self.knowledge.skills.clone();
        let mut unwatched: Vec<(SignalKey, String)> = Vec::new();
        for (origin, problems) in &self.firing_by_origin {
            for problem in problems {
                let skill = match origin {
                    Origin::Skill(name) => name.as_str(),
                    Origin::Steward => problem.target.name(),
                    Origin::Alert(_) => continue,
                };
                if !skills.contains(skill) {
                    unwatched.push(((origin.clone(), problem.clone()), skill.to_owned()));
                }
            }
        }
        unwatched.sort();
        for (key, skill) in unwatched {
            if !self.falls_silent(&key, now) {
                continue;
            }
            let problem = key.1;
            let Some(id) = self.index.incident_of(&problem) else { continue };
            if let Some(live) = self.incidents.get_mut(&id) {
                live.quiet.remove(&problem);
            }
            if self.incident(id).and_then(|i| i.member(&problem)).is_some_and(|m| m.active) {
                // That a skill failed is over with the skill; what it saw is only seen no more.
                let own = key.0 == Origin::Steward;
                let event =
                    if own { Event::Recovered { problem } } else { Event::Unwatched { problem, skill } };
                self.record(id, event, now);
                self.after_recovery(id, now);
            }
        }
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

    /// Has the suspects looked for.
    pub(super) fn find_suspects(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let targets = targets_of(incident);
        let opened_at = incident.opened_at;
        self.effects.push(Effect::FindSuspects(Inquiry { incident: id, opened_at, targets }));
    }
}

/// The incident's targets, the root first.
#[must_use]
pub(super) fn targets_of(incident: &Incident) -> Vec<Target> {
    let mut targets = vec![incident.root.clone()];
    for member in &incident.members {
        if !targets.contains(&member.problem.target) {
            targets.push(member.problem.target.clone());
        }
    }
    targets
}

fn signal_of(origin: &Origin, finding: &Finding, now: Timestamp) -> Signal {
    Signal {
        origin: origin.clone(),
        target: finding.target.clone(),
        signature: finding.signature.clone(),
        severity: finding.severity,
        state: SignalState::Firing,
        summary: finding.summary.clone(),
        impact: finding.impact.clone(),
        evidence: finding.evidence.clone(),
        labels: finding.labels.clone(),
        at: now,
        received_at: now,
    }
}

/// The target and the signature of a skill that does not work.
fn skill_problem(skill: &str) -> Option<(Target, Signature)> {
    Some((Target::parse(&format!("steward/skill/{skill}")).ok()?, Signature::parse("skill-failing").ok()?))
}

/// Whether two signals say the same but for when.
fn alike(one: &Signal, other: &Signal) -> bool {
    let Signal {
        origin,
        target,
        signature,
        severity,
        state,
        summary,
        impact,
        evidence,
        labels,
        at: _,
        received_at: _,
    } = one;
    *origin == other.origin
        && *target == other.target
        && *signature == other.signature
        && *severity == other.severity
        && *state == other.state
        && *summary == other.summary
        && *impact == other.impact
        && *evidence == other.evidence
        && *labels == other.labels
}

fn clip(evidence: &str) -> String {
    if evidence.len() <= TIMELINE_EVIDENCE {
        return evidence.to_owned();
    }
    let end = (0..=TIMELINE_EVIDENCE).rev().find(|&i| evidence.is_char_boundary(i)).unwrap_or(0);
    format!("{}\n… cut here", &evidence[..end])
}
