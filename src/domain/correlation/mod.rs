//! Correlation: which incident a signal belongs to, and why.
//!
//! Pure and deterministic. [`Index`] holds what the decision needs of the live incidents, kept up event by event, so
//! that a decision costs the same whether ten or a hundred thousand incidents are open.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::ids::IncidentId;
use super::incident::{Event, Incident};
use super::signal::{Problem, Timestamp};
use super::target::Target;
use super::topology::Topology;

mod place;
mod score;

pub use place::Newcomer;
pub use score::{Likeness, Score, Weights};

/// Where a firing signal belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// The problem has a live incident already.
    Same(IncidentId),
    /// Its target needs something that is affected: a symptom of that incident.
    Symptom {
        /// The incident.
        incident: IncidentId,
        /// Why, in words.
        why: String,
        /// How much speaks for it.
        score: Score,
    },
    /// What these incidents suspect needs this target: it is the better root. Oldest first; the first survives.
    Upstream {
        /// The incidents, never empty.
        incidents: Vec<IncidentId>,
        /// Why, in words.
        why: String,
        /// How much speaks for it.
        score: Score,
    },
    /// It and these incidents' roots share something they need. Oldest first; the first survives.
    Siblings {
        /// The incidents, never empty.
        incidents: Vec<IncidentId>,
        /// What they share: the suspected root, though nobody saw it fail.
        upstream: Target,
        /// Why, in words.
        why: String,
        /// How much speaks for it.
        score: Score,
    },
    /// Nothing that is known explains it.
    New,
}

/// What correlation knows of the live incidents.
#[derive(Debug, Default)]
pub struct Index {
    by_problem: HashMap<Problem, IncidentId>,
    /// Which unresolved incidents affect a target, and through how many active problems.
    affected: HashMap<Target, BTreeMap<IncidentId, usize>>,
    /// Which unresolved incidents have a root that needs this target.
    roots_below: HashMap<Target, BTreeSet<IncidentId>>,
    known: HashMap<IncidentId, Known>,
    /// The unresolved incidents, in the order of opening.
    latest: BTreeSet<IncidentId>,
    /// Problems that are counted in a storm, and no members of its incident.
    swarm: HashMap<Problem, IncidentId>,
    /// When a target was last reported as fine.
    healthy_at: HashMap<Target, Timestamp>,
}

#[derive(Debug, PartialEq, Eq)]
struct Known {
    root: Target,
    opened_at: Timestamp,
    sorted_by_hand: bool,
    unresolved: bool,
    active: HashMap<Problem, bool>,
}

impl Known {
    /// Whether a target itself is seen failing in it.
    fn sees(&self, target: &Target) -> bool {
        self.active.iter().any(|(problem, active)| *active && problem.target == *target)
    }

    fn is_active(&self) -> bool {
        self.active.values().any(|&active| active)
    }
}

impl Index {
    /// The live incident that a problem belongs to.
    #[must_use]
    pub fn incident_of(&self, problem: &Problem) -> Option<IncidentId> {
        self.by_problem.get(problem).or_else(|| self.swarm.get(problem)).copied()
    }

    /// Notes that a problem is counted in a storm.
    pub fn swarms(&mut self, problem: Problem, storm: IncidentId) {
        self.swarm.insert(problem, storm);
    }

    /// Notes that nothing is counted in that storm any more.
    pub fn forget_swarm(&mut self, storm: IncidentId) {
        self.swarm.retain(|_, of| *of != storm);
    }

    /// Notes that a problem is no longer counted in a storm.
    pub fn leaves_swarm(&mut self, problem: &Problem) {
        self.swarm.remove(problem);
    }

    /// Notes that a target was reported as fine: it is not suspected unseen for what began before.
    pub fn healthy(&mut self, target: &Target, at: Timestamp) {
        self.healthy_at.insert(target.clone(), at);
    }

    /// The unresolved incidents that a target is affected by, or suspected in.
    pub fn affecting(&self, target: &Target) -> impl Iterator<Item = IncidentId> + '_ {
        self.affected.get(target).into_iter().flat_map(BTreeMap::keys).copied()
    }

    /// Whether a target was reported as fine since then.
    #[must_use]
    pub fn is_fine_since(&self, target: &Target, since: Timestamp) -> bool {
        self.healthy_at.get(target).is_some_and(|&at| at >= since)
    }

    /// Whether both hold the same incidents.
    #[cfg(test)]
    pub(crate) fn same_incidents(&self, other: &Self) -> bool {
        self.by_problem == other.by_problem
            && self.affected == other.affected
            && self.roots_below == other.roots_below
            && self.known == other.known
    }

    /// The same incidents under another topology.
    #[must_use]
    pub fn rebuilt<'a>(
        mut self,
        incidents: impl IntoIterator<Item = &'a Incident>,
        topology: &Topology,
    ) -> Self {
        let healthy_at = std::mem::take(&mut self.healthy_at);
        let mut index = Self { healthy_at, swarm: std::mem::take(&mut self.swarm), ..Self::default() };
        incidents.into_iter().for_each(|incident| index.put(incident, topology));
        index
    }

    /// Takes in an incident as it is now: after start, and after each event that changes its members or root.
    pub fn put(&mut self, incident: &Incident, topology: &Topology) {
        self.take_out(incident.id, topology);
        if !incident.state.is_live() {
            return;
        }
        let unresolved = incident.state.is_unresolved();
        let known = Known {
            root: incident.root.clone(),
            opened_at: incident.opened_at,
            sorted_by_hand: incident.sorted_by_hand,
            unresolved,
            active: incident.members.iter().map(|m| (m.problem.clone(), m.active)).collect(),
        };
        for (problem, &active) in &known.active {
            self.by_problem.insert(problem.clone(), incident.id);
            if unresolved && active {
                *self.affected.entry(problem.target.clone()).or_default().entry(incident.id).or_default() +=
                    1;
            }
        }
        if unresolved {
            self.latest.insert(incident.id);
            // A suspected root counts as affected, so that its next victim finds it.
            *self.affected.entry(known.root.clone()).or_default().entry(incident.id).or_default() += 1;
            for upstream in topology.upstreams(&known.root) {
                self.roots_below.entry(upstream.target).or_default().insert(incident.id);
            }
        }
        self.known.insert(incident.id, known);
    }

    /// Whether an event changes anything here: counts and notes don't.
    #[must_use]
    pub fn cares_for(event: &Event) -> bool {
        !matches!(
            event,
            Event::Suspects { .. }
                | Event::Truncated { .. }
                | Event::TakenForOver { .. }
                | Event::RepairStep { .. }
                | Event::NextStep { .. }
                | Event::Acknowledged { .. }
                | Event::Escalated { .. }
                | Event::Raised { .. }
                | Event::Silenced { .. }
                | Event::SilenceEnded
                | Event::Reminded { .. }
        )
    }

    fn take_out(&mut self, id: IncidentId, topology: &Topology) {
        let Some(known) = self.known.remove(&id) else { return };
        for (problem, &active) in &known.active {
            if self.by_problem.get(problem) == Some(&id) {
                self.by_problem.remove(problem);
            }
            if known.unresolved && active {
                self.unaffect(&problem.target, id);
            }
        }
        if known.unresolved {
            self.latest.remove(&id);
            self.unaffect(&known.root, id);
            for upstream in topology.upstreams(&known.root) {
                if let Some(set) = self.roots_below.get_mut(&upstream.target) {
                    set.remove(&id);
                    if set.is_empty() {
                        self.roots_below.remove(&upstream.target);
                    }
                }
            }
        }
    }

    fn unaffect(&mut self, target: &Target, id: IncidentId) {
        if let Some(counts) = self.affected.get_mut(target) {
            if let Some(count) = counts.get_mut(&id) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&id);
                }
            }
            if counts.is_empty() {
                self.affected.remove(target);
            }
        }
    }
}

#[cfg(test)]
mod tests;
