//! Signals in: counting repeats, placing what is new, noticing what is over.

mod notices;
pub(super) mod placing;

use std::collections::BTreeSet;

use super::sources::is_of_a_source;
use super::world::{SignalKey, World};
use crate::domain::incident::Event;
use crate::domain::report::{Finding, Report, Status};
use crate::domain::signal::{Origin, Problem, Severity, Signal, SignalState, Timestamp};
use crate::domain::target::{Signature, Target};
use crate::store::batch::SignalRow;
use crate::store::metrics::heard::{Heard, HeardWord};

impl World {
    /// Takes in a skill's report.
    pub fn take_report(&mut self, skill: &str, report: &Report, now: Timestamp) {
        let origin = Origin::Skill(skill.to_owned());
        let broken = |f: &Finding| matches!(f.status, Status::Problem | Status::Action);
        // That something is fine matters for what is broken already, or is from this very look on.
        let matters = self.unresolved() > 0 || report.findings.iter().any(broken);
        for finding in report.findings.iter().filter(|f| f.status == Status::Ok && f.explicit_target) {
            self.is_fine(&finding.target, now);
            if matters {
                self.batch.heard.push(Heard {
                    at: now,
                    word: HeardWord::Fine { skill: skill.to_owned(), target: finding.target.clone() },
                });
            }
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
        self.ends_notices(skill, report, &firing, now);
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
    pub fn take_signal(&mut self, mut signal: Signal, now: Timestamp) {
        if matches!(signal.origin, Origin::Alert { .. }) {
            signal.target = self.knowledge.topology.canonical(&signal.target);
        }
        let key = (signal.origin.clone(), signal.problem());
        // An alert tells of one problem at a time. What it told of before, under another reading of its labels, is
        // over with this.
        let is_alert = matches!(signal.origin, Origin::Alert { .. });
        let before = self.firing_by_origin.get(&signal.origin).filter(|_| is_alert);
        let others = before.into_iter().flatten().filter(|problem| **problem != key.1);
        for other in others.cloned().collect::<Vec<_>>() {
            self.resolve(&(signal.origin.clone(), other), now);
        }
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
        if let Some(row) = self.signals.get(&key).filter(|_| !(was_firing && same)) {
            self.batch.heard.push(Heard::signal(&row.signal, now));
        }
        if same {
            self.touched.insert(key.clone());
        } else {
            self.changed.insert(key.clone());
        }
        if !(same && was_firing) {
            self.inhibition_sees(&key);
        }
        if was_firing && !self.is_held(&key) && self.index.incident_of(&key.1).is_some() {
            self.raise(&key.1, severity, now);
            return;
        }
        if !self.hold_back(&key, !was_firing, now) {
            self.admit(&key, now);
        }
    }

    /// Takes a signal for what it says, and places it.
    pub(super) fn admit(&mut self, key: &SignalKey, now: Timestamp) {
        self.note_signal(key, SignalState::Firing);
        self.place(key, now);
        // Another voice may tell of a known problem, and take it for worse.
        if let Some(severity) = self.signals.get(key).map(|row| row.signal.severity) {
            self.raise(&key.1, severity, now);
        }
    }

    fn raise(&mut self, problem: &Problem, severity: Severity, now: Timestamp) {
        let Some(id) = self.index.incident_of(problem) else { return };
        self.swarm_worsens(id, problem, severity);
        let worse = self.incident(id).and_then(|i| i.member(problem)).is_some_and(|m| m.severity < severity);
        if worse {
            self.record(id, Event::Raised { problem: problem.clone(), severity }, now);
        }
    }

    /// A problem is over, says one origin.
    pub(super) fn resolve(&mut self, key: &SignalKey, now: Timestamp) {
        if !self.falls_silent(key, now) {
            return;
        }
        let problem = &key.1;
        let Some(id) = self.index.incident_of(problem) else { return };
        if self.leaves_swarm(id, problem) {
            return;
        }
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
        self.batch.heard.push(Heard::signal(&row.signal, now));
        self.changed.insert(key.clone());
        self.note_signal(key, SignalState::Resolved);
        self.inhibition_sees(key);
        !self.ends_held(key) && !self.is_firing(&key.1)
    }

    /// Takes the problems of skills that are no longer there for over: nobody would ever say so.
    pub(super) fn end_unwatched(&mut self, now: Timestamp) {
        let skills = self.knowledge.skills.clone();
        let mut unwatched: Vec<(SignalKey, String)> = Vec::new();
        for (origin, problems) in &self.firing_by_origin {
            for problem in problems {
                let skill = match origin {
                    Origin::Skill(name) => name.as_str(),
                    Origin::Steward if is_of_a_source(problem) => continue,
                    Origin::Steward => problem.target.name(),
                    Origin::Alert { .. } => continue,
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
            if self.leaves_swarm(id, &problem) {
                continue;
            }
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
