//! Where what is new belongs: into an incident that is known, below or above one, beside one, or into its own.

use crate::domain::correlation::{Likeness, Newcomer, Placement, Score, kinship};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Incident, Mitigation, State};
use crate::domain::signal::{Problem, Severity, Timestamp};
use crate::domain::target::Target;
use crate::engine::effect::Effect;
use crate::engine::suspects::Inquiry;
use crate::engine::timer::Timer;
use crate::engine::world::{SignalKey, World};

/// Longest evidence kept in a timeline, in bytes; the signal itself keeps what its source's cap left.
const TIMELINE_EVIDENCE: usize = 4096;

/// Why a problem belongs to an incident.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Why {
    /// In words.
    pub(in crate::engine) words: String,
    /// How much speaks for it.
    pub(in crate::engine) score: Score,
}

impl World {
    pub(super) fn place(&mut self, key: &SignalKey, now: Timestamp) {
        let problem = &key.1;
        let id = match self.placement(key, now) {
            Placement::Same(id) if self.is_swarming(id, problem) => {
                self.swarm_again(id, problem, now);
                Some(id)
            }
            Placement::Same(id) => {
                self.again(id, problem, now);
                Some(id)
            }
            Placement::Symptom { incident, why, score } => {
                self.join(incident, key, Why { words: why, score }, now);
                Some(incident)
            }
            Placement::Upstream { incidents, why, score } => {
                self.gather(&incidents, key, problem.target.clone(), Why { words: why, score }, now)
            }
            Placement::Siblings { incidents, upstream, why, score } => {
                self.gather(&incidents, key, upstream, Why { words: why, score }, now)
            }
            Placement::New => self.counted_in_storm(key, now).or_else(|| self.begin(key, now)),
        };
        if let Some(row) = self.signals.get_mut(key)
            && row.incident != id
        {
            row.incident = id;
            self.changed.insert(key.clone());
        }
    }

    fn placement(&self, key: &SignalKey, now: Timestamp) -> Placement {
        let labels = self.signals.get(key).map(|row| &row.signal.labels);
        let likeness = |id| {
            let opening = self.incidents.get(&id).and_then(|live| live.incident.members.first());
            let theirs = opening.and_then(|member| {
                let key = (member.origin.clone(), member.problem.clone());
                self.signals.get(&key).map(|row| &row.signal.labels)
            });
            let alike = opening.map_or(0.0, |member| kinship(&member.problem.signature, &key.1.signature));
            match (labels, theirs) {
                (Some(labels), Some(theirs)) => Likeness::of(labels, theirs, alike),
                _ => Likeness { labels: 0.0, signature: alike },
            }
        };
        let newcomer = Newcomer {
            problem: &key.1,
            severity: self.signals.get(key).map_or(Severity::Error, |row| row.signal.severity),
            now,
            window: self.settings.correlation_window,
            neighbours: self.settings.neighbours,
            weights: &self.settings.weights,
            likeness: &likeness,
        };
        self.index.place(&newcomer, &self.knowledge.topology)
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
            request: None,
        };
        let id = self.open(event, now)?;
        self.not_lasting(&signal.target, Some(id), now);
        self.wake(now + self.settings.settle, Timer::Settle(id));
        self.find_suspects(id);
        self.may_be_a_storm(id, now);
        Some(id)
    }

    pub(in crate::engine) fn join(&mut self, id: IncidentId, key: &SignalKey, why: Why, now: Timestamp) {
        let Why { words: why, score } = why;
        if self.is_crowded_out(id, key, now) {
            return;
        }
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
            score: Some(score),
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

    /// Has the suspects looked for.
    pub(in crate::engine) fn find_suspects(&mut self, id: IncidentId) {
        let Some(incident) = self.incident(id) else { return };
        let targets = targets_of(incident);
        let opened_at = incident.opened_at;
        self.effects.push(Effect::FindSuspects(Inquiry { incident: id, opened_at, targets }));
    }
}

/// The incident's targets, the root first.
#[must_use]
pub(in crate::engine) fn targets_of(incident: &Incident) -> Vec<Target> {
    let mut targets = vec![incident.root.clone()];
    for member in &incident.members {
        if !targets.contains(&member.problem.target) {
            targets.push(member.problem.target.clone());
        }
    }
    targets
}

fn clip(evidence: &str) -> String {
    if evidence.len() <= TIMELINE_EVIDENCE {
        return evidence.to_owned();
    }
    let end = (0..=TIMELINE_EVIDENCE).rev().find(|&i| evidence.is_char_boundary(i)).unwrap_or(0);
    format!("{}\n… cut here", &evidence[..end])
}
