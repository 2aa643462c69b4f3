//! Correlation: which incident a signal belongs to, and why.
//!
//! Pure and deterministic. [`Index`] holds what the decision needs of the live incidents, kept up event by event, so
//! that a decision costs the same whether ten or a hundred thousand incidents are open.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::ids::IncidentId;
use super::incident::{Event, Incident};
use super::signal::{Problem, Severity, Timestamp};
use super::target::Target;
use super::topology::Topology;

mod place;
mod score;

pub use place::Newcomer;
pub use score::{Likeness, Score, Weights, kinship};

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
    /// Which unresolved incidents affect a target, and how.
    affected: HashMap<Target, BTreeMap<IncidentId, Affect>>,
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

/// How an incident affects a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Affect {
    /// Its active problems there, by severity, the least first.
    active: [u32; 4],
    /// Whether it is its suspected root.
    suspected: bool,
}

impl Affect {
    /// The worst that is seen there; `None` if nobody has seen it fail.
    fn worst(self) -> Option<Severity> {
        let severities = [Severity::Info, Severity::Warning, Severity::Error, Severity::Critical];
        severities
            .into_iter()
            .zip(self.active)
            .rev()
            .find(|(_, count)| *count > 0)
            .map(|(severity, _)| severity)
    }

    fn is_none(self) -> bool {
        self.worst().is_none() && !self.suspected
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Known {
    root: Target,
    opened_at: Timestamp,
    sorted_by_hand: bool,
    unresolved: bool,
    /// Its problems: how bad each is, and whether it is there now.
    problems: HashMap<Problem, (Severity, bool)>,
    /// How many of them are there now, by target.
    failing: HashMap<Target, u32>,
}

impl Known {
    fn is_active(&self) -> bool {
        !self.failing.is_empty()
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

    /// Notes that nothing is counted in that storm any more, and returns what was.
    pub fn forget_swarm(&mut self, storm: IncidentId) -> Vec<Problem> {
        self.swarm.extract_if(|_, of| *of == storm).map(|(problem, _)| problem).collect()
    }

    /// Notes that a problem is no longer counted in a storm.
    pub fn leaves_swarm(&mut self, problem: &Problem) {
        self.swarm.remove(problem);
    }

    /// Notes that a target was reported as fine: it is not suspected unseen for what began before.
    pub fn healthy(&mut self, target: &Target, at: Timestamp) {
        self.healthy_at.insert(target.clone(), at);
    }

    /// The same, and how they affect it.
    fn affects(&self, target: &Target) -> impl Iterator<Item = (IncidentId, Affect)> + '_ {
        self.affected.get(target).into_iter().flatten().map(|(id, affect)| (*id, *affect))
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

    /// Takes in an incident as it is now: after start, and after an event that changes more than one problem of it.
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
            problems: HashMap::new(),
            failing: HashMap::new(),
        };
        if unresolved {
            self.latest.insert(incident.id);
            // A suspected root counts as affected, so that its next victim finds it.
            self.affect(&known.root, incident.id, |affect| affect.suspected = true);
            for upstream in topology.upstreams(&known.root) {
                self.roots_below.entry(upstream.target).or_default().insert(incident.id);
            }
        }
        self.known.insert(incident.id, known);
        for member in &incident.members {
            self.set(incident.id, &member.problem, Some((member.severity, member.active)));
        }
    }

    /// Takes in what an event changed in an incident: one problem of it where it can, else all of it. An incident of
    /// thousands of victims is not looked through for each of them.
    pub fn take(&mut self, incident: &Incident, event: &Event, topology: &Topology) {
        let same = self.known.get(&incident.id).is_some_and(|known| {
            incident.state.is_live()
                && known.unresolved == incident.state.is_unresolved()
                && known.root == incident.root
                && known.sorted_by_hand == incident.sorted_by_hand
        });
        let id = incident.id;
        let was = |index: &Self, problem: &Problem| {
            index.known.get(&id).and_then(|known| known.problems.get(problem)).copied()
        };
        match event {
            Event::Joined { problem, severity, .. } if same => self.set(id, problem, Some((*severity, true))),
            Event::Recovered { problem } | Event::Unwatched { problem, .. } if same => {
                if let Some((severity, _)) = was(self, problem) {
                    self.set(id, problem, Some((severity, false)));
                }
            }
            Event::Returned { problem, .. } if same => {
                if let Some((severity, _)) = was(self, problem) {
                    self.set(id, problem, Some((severity, true)));
                }
            }
            Event::Raised { problem, severity, .. } if same => {
                if let Some((_, active)) = was(self, problem) {
                    self.set(id, problem, Some((*severity, active)));
                }
            }
            event if Self::cares_for(event) => self.put(incident, topology),
            _ => {}
        }
    }

    /// Sets one problem of an incident, or takes it out.
    fn set(&mut self, id: IncidentId, problem: &Problem, now: Option<(Severity, bool)>) {
        let Some(known) = self.known.get_mut(&id) else { return };
        let before = match now {
            Some(state) => known.problems.insert(problem.clone(), state),
            None => known.problems.remove(problem),
        };
        let unresolved = known.unresolved;
        let target = &problem.target;
        let (was, is) = (before.filter(|(_, active)| *active), now.filter(|(_, active)| *active));
        match (was.is_some(), is.is_some()) {
            (false, true) => *known.failing.entry(target.clone()).or_default() += 1,
            (true, false) => {
                if let Some(count) = known.failing.get_mut(target) {
                    *count -= 1;
                    if *count == 0 {
                        known.failing.remove(target);
                    }
                }
            }
            _ => {}
        }
        if now.is_some() {
            self.by_problem.insert(problem.clone(), id);
        } else if self.by_problem.get(problem) == Some(&id) {
            self.by_problem.remove(problem);
        }
        if unresolved && was != is {
            self.affect(target, id, |affect| {
                if let Some((severity, _)) = was {
                    affect.active[severity as usize] -= 1;
                }
                if let Some((severity, _)) = is {
                    affect.active[severity as usize] += 1;
                }
            });
        }
    }

    /// Changes how an incident affects a target.
    fn affect(&mut self, target: &Target, id: IncidentId, change: impl FnOnce(&mut Affect)) {
        let by = self.affected.entry(target.clone()).or_default();
        let affect = by.entry(id).or_default();
        change(affect);
        if affect.is_none() {
            by.remove(&id);
            if by.is_empty() {
                self.affected.remove(target);
            }
        }
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
                | Event::Silenced { .. }
                | Event::SilenceEnded
                | Event::Reminded { .. }
        )
    }

    fn take_out(&mut self, id: IncidentId, topology: &Topology) {
        let Some(known) = self.known.get(&id) else { return };
        let (root, unresolved) = (known.root.clone(), known.unresolved);
        let problems: Vec<Problem> = known.problems.keys().cloned().collect();
        problems.iter().for_each(|problem| self.set(id, problem, None));
        self.known.remove(&id);
        if !unresolved {
            return;
        }
        self.latest.remove(&id);
        self.affect(&root, id, |affect| affect.suspected = false);
        for upstream in topology.upstreams(&root) {
            if let Some(set) = self.roots_below.get_mut(&upstream.target) {
                set.remove(&id);
                if set.is_empty() {
                    self.roots_below.remove(&upstream.target);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
