//! Correlation: which incident a signal belongs to, and why.
//!
//! Pure and deterministic. [`Index`] holds what the decision needs of the live incidents, kept up event by event, so
//! that a decision costs the same whether ten or a hundred thousand incidents are open.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::escalation::within;
use super::ids::IncidentId;
use super::incident::{Event, Incident};
use super::signal::{Problem, Timestamp};
use super::target::Target;
use super::topology::Topology;

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
    },
    /// What these incidents suspect needs this target: it is the better root. Oldest first; the first survives.
    Upstream {
        /// The incidents, never empty.
        incidents: Vec<IncidentId>,
        /// Why, in words.
        why: String,
    },
    /// It and these incidents' roots share something they need. Oldest first; the first survives.
    Siblings {
        /// The incidents, never empty.
        incidents: Vec<IncidentId>,
        /// What they share: the suspected root, though nobody saw it fail.
        upstream: Target,
        /// Why, in words.
        why: String,
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
    fn is_active(&self) -> bool {
        self.active.values().any(|&active| active)
    }
}

impl Index {
    /// The live incident that a problem belongs to.
    #[must_use]
    pub fn incident_of(&self, problem: &Problem) -> Option<IncidentId> {
        self.by_problem.get(problem).copied()
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
        let mut index = Self { healthy_at: std::mem::take(&mut self.healthy_at), ..Self::default() };
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

    /// Decides where a firing problem belongs.
    #[must_use]
    pub fn place(
        &self,
        problem: &Problem,
        topology: &Topology,
        now: Timestamp,
        window: Duration,
    ) -> Placement {
        if let Some(&incident) = self.by_problem.get(problem) {
            return Placement::Same(incident);
        }
        let upstreams = topology.upstreams(&problem.target);
        self.as_symptom(problem, &upstreams, topology)
            .or_else(|| self.as_upstream(problem, topology, now, window))
            .or_else(|| self.as_sibling(problem, &upstreams, now, window))
            .unwrap_or(Placement::New)
    }

    fn as_symptom(
        &self,
        problem: &Problem,
        upstreams: &[super::topology::Upstream],
        topology: &Topology,
    ) -> Option<Placement> {
        let here = &problem.target;
        let nearest =
            std::iter::once(here).chain(upstreams.iter().map(|u| &u.target)).find_map(|target| {
                self.oldest(self.affected.get(target)?.keys()).map(|incident| (target, incident))
            })?;
        let (upstream, incident) = nearest;
        let why = if upstream == here {
            format!("{here} is already part of this.")
        } else {
            let chain = topology.chain(here, upstream).unwrap_or_default();
            format!("{here} needs {upstream}{}.", path(&chain))
        };
        Some(Placement::Symptom { incident, why })
    }

    fn as_upstream(
        &self,
        problem: &Problem,
        topology: &Topology,
        now: Timestamp,
        window: Duration,
    ) -> Option<Placement> {
        let below = self.roots_below.get(&problem.target)?;
        let incidents = self.recent(below, now, window);
        let first = self.known.get(incidents.first()?)?;
        let chain = topology.chain(&first.root, &problem.target).unwrap_or_default();
        let why = format!("{} needs {}{}, which is failing too.", first.root, problem.target, path(&chain));
        Some(Placement::Upstream { incidents, why })
    }

    fn as_sibling(
        &self,
        problem: &Problem,
        upstreams: &[super::topology::Upstream],
        now: Timestamp,
        window: Duration,
    ) -> Option<Placement> {
        for upstream in upstreams.iter().filter(|u| u.declared) {
            let Some(below) = self.roots_below.get(&upstream.target) else { continue };
            let mut incidents = self.recent(below, now, window);
            incidents.retain(|id| self.known.get(id).is_some_and(Known::is_active));
            let Some(oldest) = incidents.first().and_then(|id| self.known.get(id)) else { continue };
            if self.is_fine_since(&upstream.target, oldest.opened_at) {
                continue;
            }
            let secs = (now - oldest.opened_at).num_seconds().max(0);
            let why = format!(
                "{} and {} both need {} and began to fail within {secs} s of each other; nobody has seen {} itself fail.",
                oldest.root, problem.target, upstream.target, upstream.target
            );
            return Some(Placement::Siblings { incidents, upstream: upstream.target.clone(), why });
        }
        None
    }

    fn oldest<'a>(&self, ids: impl Iterator<Item = &'a IncidentId>) -> Option<IncidentId> {
        ids.filter_map(|id| self.known.get(id).map(|known| (known, *id)))
            .min_by_key(|(known, id)| (known.opened_at, *id))
            .map(|(_, id)| id)
    }

    fn recent(&self, ids: &BTreeSet<IncidentId>, now: Timestamp, window: Duration) -> Vec<IncidentId> {
        let mut found: Vec<_> = ids
            .iter()
            .filter_map(|id| self.known.get(id).map(|known| (known.opened_at, *id, known)))
            .filter(|(opened_at, _, known)| !known.sorted_by_hand && within(*opened_at, now, window))
            .map(|(opened_at, id, _)| (opened_at, id))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }
}

/// ` (a → b → c)` for a chain that goes through something in between.
fn path(chain: &[Target]) -> String {
    if chain.len() < 3 {
        return String::new();
    }
    format!(" ({})", chain.iter().map(Target::as_str).collect::<Vec<_>>().join(" → "))
}

#[cfg(test)]
mod tests;
