//! The decision: below something that fails, above it, beside it, or a fault of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use super::score::{
    Likeness, OF_A_SUSPICION, OF_A_WARNING, OF_ITS_OWN_KIND, OF_NEIGHBOURS, Score, Weights, is_its_own,
    nearness, of_distance, of_shared, score,
};
use super::{Index, Known, Placement};
use crate::domain::escalation::within;
use crate::domain::ids::IncidentId;
use crate::domain::signal::{Problem, Severity, Timestamp};
use crate::domain::target::Target;
use crate::domain::topology::{Topology, Upstream};

/// Incidents compared with a newcomer at most, by each way that it could belong to them.
const COMPARED: usize = 64;

/// How long a warning is taken for the beginning of whatever else befalls the same target.
const OF_ITSELF: Duration = Duration::from_secs(3600);
/// So many times those that fail need the same thing: whether it is a few more makes no difference.
const ENOUGH: usize = 40;

/// A firing problem that is to be placed.
pub struct Newcomer<'a> {
    /// What is broken, and how.
    pub problem: &'a Problem,
    /// How bad it is.
    pub severity: Severity,
    /// Now.
    pub now: Timestamp,
    /// How far apart faults may begin that are one.
    pub window: Duration,
    /// So many things within one path that break in the same way are one fault. 0: never.
    pub neighbours: usize,
    /// How much each kind of evidence counts.
    pub weights: &'a Weights,
    /// What its signal has in common with the one that opened an incident.
    pub likeness: &'a dyn Fn(IncidentId) -> Likeness,
}

impl Newcomer<'_> {
    /// Whether it broke of itself, as a disk fills up, and not because of what it needs.
    fn is_its_own(&self) -> bool {
        is_its_own(&self.problem.signature)
    }
}

/// Where it could belong, and how much speaks for that.
struct Candidate<T> {
    score: Score,
    what: T,
}

/// The best of some candidates that reach the threshold; of equals, the first.
fn best<T>(candidates: impl Iterator<Item = Candidate<T>>, weights: &Weights) -> Option<Candidate<T>> {
    let reaching = candidates.filter(|candidate| candidate.score.reaches(weights));
    reaching.reduce(|best, next| if next.score.total() > best.score.total() { next } else { best })
}

impl Index {
    /// Decides where a firing problem belongs.
    #[must_use]
    pub fn place(&self, newcomer: &Newcomer<'_>, topology: &Topology) -> Placement {
        if let Some(incident) = self.incident_of(newcomer.problem) {
            return Placement::Same(incident);
        }
        let upstreams = topology.upstreams(&newcomer.problem.target);
        self.as_symptom(newcomer, &upstreams, topology)
            .or_else(|| self.as_upstream(newcomer, topology))
            .or_else(|| self.as_sibling(newcomer, &upstreams, topology))
            .or_else(|| self.as_neighbour(newcomer))
            .or_else(|| self.as_alike(newcomer))
            .unwrap_or(Placement::New)
    }

    fn as_symptom(
        &self,
        newcomer: &Newcomer<'_>,
        upstreams: &[Upstream],
        topology: &Topology,
    ) -> Option<Placement> {
        let here = &newcomer.problem.target;
        let own = if newcomer.is_its_own() { OF_ITS_OWN_KIND } else { 1.0 };
        let among =
            |ways: &mut dyn Iterator<Item = (&Target, u32)>| -> Option<Candidate<(Target, IncidentId)>> {
                let affecting = ways.flat_map(|(target, steps)| {
                    self.affects(target)
                        .map(move |(incident, affect)| (target.clone(), steps, incident, affect))
                });
                let candidates = affecting.take(COMPARED).filter_map(|(target, steps, incident, affect)| {
                    let known = self.known.get(&incident)?;
                    let likeness = (newcomer.likeness)(incident);
                    let time = nearness(known.opened_at, newcomer.now, newcomer.window);
                    let topology = match (affect.worst(), steps) {
                        // It is seen failing itself, at last.
                        (None, 0) => 1.0,
                        // What is only suspected is suspected of one kind of fault, and of what began when it did.
                        (None, _) if time <= 0.0 || likeness.signature <= 0.0 => return None,
                        (None, steps) => OF_A_SUSPICION * of_distance(steps),
                        (Some(Severity::Error | Severity::Critical), 0) => 1.0,
                        (Some(Severity::Error | Severity::Critical), steps) => own * of_distance(steps),
                        // A warning of the thing itself is about what follows, if that does not take long.
                        (Some(_), 0) if within(known.opened_at, newcomer.now, OF_ITSELF) => 1.0,
                        (Some(_), steps) => OF_A_WARNING * of_distance(steps),
                    };
                    let score = score(topology, time, likeness, newcomer.weights);
                    Some(Candidate { score, what: (target, incident) })
                });
                best(candidates, newcomer.weights)
            };
        // What is affected already stays where it is, however fresh another cause may be.
        let found = among(&mut std::iter::once((here, 0)))
            .or_else(|| among(&mut upstreams.iter().map(|u| (&u.target, u.distance))))?;
        let Candidate { score, what: (upstream, incident) } = found;
        let why = if upstream == *here {
            format!("another problem of {here}.")
        } else if upstreams.iter().any(|u| u.target == upstream && !u.declared) {
            format!("{here} lies within {upstream}.")
        } else {
            let chain = topology.chain(here, &upstream).unwrap_or_default();
            format!("{here} needs {upstream}{}.", path(&chain))
        };
        Some(Placement::Symptom { incident, why, score })
    }

    fn as_upstream(&self, newcomer: &Newcomer<'_>, topology: &Topology) -> Option<Placement> {
        let here = &newcomer.problem.target;
        let incidents = self.recent(self.roots_below.get(here)?, newcomer);
        let oldest = incidents.first()?;
        let first = self.known.get(oldest)?;
        let chain = topology.chain(&first.root, here).unwrap_or_default();
        let steps = u32::try_from(chain.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let time = nearness(first.opened_at, newcomer.now, newcomer.window);
        let strength = if newcomer.severity < Severity::Error { OF_A_WARNING } else { 1.0 };
        let topology = strength * of_distance(steps);
        let score = score(topology, time, (newcomer.likeness)(*oldest), newcomer.weights);
        if !score.reaches(newcomer.weights) {
            return None;
        }
        let why = format!("{} needs {here}{}, which is failing too.", first.root, path(&chain));
        Some(Placement::Upstream { incidents, why, score })
    }

    fn as_sibling(
        &self,
        newcomer: &Newcomer<'_>,
        upstreams: &[Upstream],
        topology: &Topology,
    ) -> Option<Placement> {
        if newcomer.is_its_own() {
            return None;
        }
        let candidates = upstreams.iter().filter(|u| u.declared).filter_map(|upstream| {
            let mut incidents = self.recent(self.roots_below.get(&upstream.target)?, newcomer);
            incidents.retain(|id| self.known.get(id).is_some_and(Known::is_active));
            let oldest = *incidents.first()?;
            let known = self.known.get(&oldest)?;
            if self.is_fine_since(&upstream.target, known.opened_at) {
                return None;
            }
            let likeness = (newcomer.likeness)(oldest);
            let failing = 1 + self.failing_in(&incidents);
            let dependents =
                topology.dependents_within(&upstream.target, upstream.distance, failing * ENOUGH);
            let time = nearness(known.opened_at, newcomer.now, newcomer.window);
            let shared = of_shared(failing, dependents, likeness.signature);
            let score = score(shared, time, likeness, newcomer.weights);
            Some(Candidate { score, what: (upstream, incidents) })
        });
        let Candidate { score, what: (upstream, incidents) } = best(candidates, newcomer.weights)?;
        let oldest = self.known.get(incidents.first()?)?;
        let why = format!(
            "{} and {} both need {} and began to fail {}; nobody has seen {} itself fail.",
            oldest.root,
            newcomer.problem.target,
            upstream.target,
            apart((newcomer.now - oldest.opened_at).num_seconds()),
            upstream.target
        );
        Some(Placement::Siblings { incidents, upstream: upstream.target.clone(), why, score })
    }

    /// Several below one path that break in the same way: what contains them is suspected. A few may be chance.
    fn as_neighbour(&self, newcomer: &Newcomer<'_>) -> Option<Placement> {
        if newcomer.neighbours == 0 {
            return None;
        }
        // Alerts of which nobody knows where they are have nothing in common.
        let around = newcomer.problem.target.parent().filter(|_| !newcomer.problem.target.is_unknown())?;
        let mut incidents = self.recent(self.roots_below.get(&around)?, newcomer);
        incidents.retain(|id| {
            let known = self.known.get(id).filter(|known| known.is_active());
            known.is_some_and(|known| known.root.parent().as_ref() == Some(&around))
                && (newcomer.likeness)(*id).signature >= 1.0
        });
        let oldest = *incidents.first()?;
        let known = self.known.get(&oldest)?;
        if self.is_fine_since(&around, known.opened_at) {
            return None;
        }
        let failing = 1 + self.failing_in(&incidents);
        let time = nearness(known.opened_at, newcomer.now, newcomer.window);
        let score = score(OF_NEIGHBOURS, time, (newcomer.likeness)(oldest), newcomer.weights);
        if failing < newcomer.neighbours || !score.reaches(newcomer.weights) {
            return None;
        }
        let signature = &newcomer.problem.signature;
        let why = format!(
            "{failing} things within {around} began to fail with {signature} at nearly the same time."
        );
        Some(Placement::Siblings { incidents, upstream: around, why, score })
    }

    /// Where somebody wants that: one fault by time, labels and signature alone.
    fn as_alike(&self, newcomer: &Newcomer<'_>) -> Option<Placement> {
        if !newcomer.weights.may_do_without_topology() {
            return None;
        }
        let unresolved = self.latest.iter().rev().take(COMPARED);
        let candidates = unresolved.filter_map(|&id| {
            let known = self.known.get(&id).filter(|known| known.is_active() && !known.sorted_by_hand)?;
            let time = nearness(known.opened_at, newcomer.now, newcomer.window);
            let score = score(0.0, time, (newcomer.likeness)(id), newcomer.weights);
            Some(Candidate { score, what: id })
        });
        let Candidate { score, what: incident } = best(candidates, newcomer.weights)?;
        let root = &self.known.get(&incident)?.root;
        let why = format!("it began to fail soon after {root}, and looks alike.");
        Some(Placement::Symptom { incident, why, score })
    }

    /// How many targets fail in these incidents.
    fn failing_in(&self, incidents: &[IncidentId]) -> usize {
        incidents.iter().filter_map(|id| self.known.get(id)).map(|known| known.failing.len()).sum()
    }

    /// The latest of some incidents that began within the window and were not sorted by hand, the oldest first.
    fn recent(&self, ids: &BTreeSet<IncidentId>, newcomer: &Newcomer<'_>) -> Vec<IncidentId> {
        // Ids are in the order of opening: beyond the first that is too old, all are.
        let latest = ids.iter().rev().map_while(|id| {
            let known = self.known.get(id)?;
            within(known.opened_at, newcomer.now, newcomer.window).then_some((known, *id))
        });
        let mut found: Vec<_> = latest
            .filter(|(known, _)| !known.sorted_by_hand)
            .map(|(known, id)| (known.opened_at, id))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }
}

/// How far apart two faults began, as people say it.
fn apart(seconds: i64) -> String {
    match seconds {
        ..=0 => "at the same moment".to_owned(),
        1..120 => format!("within {seconds} s of each other"),
        _ => format!("within {} min of each other", seconds / 60),
    }
}

/// ` (a → b → c)` for a chain that goes through something in between.
fn path(chain: &[Target]) -> String {
    if chain.len() < 3 {
        return String::new();
    }
    format!(" ({})", chain.iter().map(Target::as_str).collect::<Vec<_>>().join(" → "))
}
