//! The topology: targets and what each depends on.
//!
//! Two kinds of dependence: *declared* (written in `topology.yaml`, or learned) and *containment* (`pve4/nic` lies
//! within `pve4`). Containment matters only for what is seen failing; a common parent path alone never makes two
//! faults one. What is written overrules what is learned.

mod fact;
mod labels;
mod merge;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::target::Target;

pub use fact::{Fact, Learned, Relation, Source, SourceKind};
pub use labels::from_labels;
pub use merge::{LeftOut, Overrules};

/// One target as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopologyEntry {
    /// The target.
    pub target: Target,
    /// What it is, in the owner's words: `host`, `service`, `cluster`, …
    pub kind: Option<String>,
    /// What it needs to work.
    pub depends_on: Vec<Target>,
    /// Further facts by name.
    pub labels: BTreeMap<String, String>,
}

/// What is wrong with a topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopologyProblem {
    /// The target whose entry is wrong.
    pub target: Target,
    /// What is wrong, for people.
    pub message: String,
}

/// Something that a target needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// What is needed.
    pub target: Target,
    /// How many steps away.
    pub distance: u32,
    /// Whether it is declared, in writing or by what was learned; otherwise it only contains the target.
    pub declared: bool,
    /// Whether some step on the way there was learned.
    pub learned: bool,
}

/// One target that needs another, directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge<'a> {
    /// What needs.
    pub from: &'a Target,
    /// What is needed.
    pub to: &'a Target,
    /// Where that was learned; `None` if it is written.
    pub learned: Option<&'a Learned>,
}

/// The lab's targets and what each depends on. Free of cycles.
#[derive(Debug, Clone, Default)]
pub struct Topology {
    entries: BTreeMap<Target, TopologyEntry>,
    overrules: Overrules,
    /// What was learned and is in force, by what needs. Its names are canonical.
    learned: BTreeMap<Target, Vec<(Target, Arc<Learned>)>>,
    /// What was learned and is not in force.
    left_out: Vec<(Arc<Learned>, LeftOut)>,
    /// Other names of targets: written ones, and learned ones with where from.
    aliases: HashMap<Target, (Target, Option<Arc<Learned>>)>,
    dependents: BTreeMap<Target, Vec<Target>>,
}

impl Topology {
    /// Builds the topology.
    ///
    /// # Errors
    /// Every target that is written twice, depends on itself or is part of a cycle.
    pub fn new(list: Vec<TopologyEntry>) -> Result<Self, Vec<TopologyProblem>> {
        let mut problems = Vec::new();
        let mut topology = Self::default();
        for entry in list {
            for upstream in &entry.depends_on {
                topology.dependents.entry(upstream.clone()).or_default().push(entry.target.clone());
            }
            if let Some(twice) = topology.entries.insert(entry.target.clone(), entry) {
                let message = format!("{} is written twice", twice.target);
                problems.push(TopologyProblem { target: twice.target, message });
            }
        }
        let mut told = HashSet::new();
        for target in topology.entries.keys() {
            if let Some(cycle) = topology.cycle_through(target)
                && !told.contains(target)
            {
                let path = cycle.iter().map(Target::as_str).collect::<Vec<_>>().join(" → ");
                told.extend(cycle);
                let message = format!("{target} depends on itself: {path}");
                problems.push(TopologyProblem { target: target.clone(), message });
            }
        }
        if problems.is_empty() { Ok(topology) } else { Err(problems) }
    }

    /// Everything written, in the order of the targets.
    pub fn entries(&self) -> impl Iterator<Item = &TopologyEntry> {
        self.entries.values()
    }

    /// What the target is, in the owner's words.
    #[must_use]
    pub fn kind(&self, target: &Target) -> Option<&str> {
        self.entries.get(target).and_then(|entry| entry.kind.as_deref())
    }

    /// What `target` needs, nearest first. A target inherits what its enclosing paths declare.
    #[must_use]
    pub fn upstreams(&self, target: &Target) -> Vec<Upstream> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([target.clone()]);
        let mut queue = VecDeque::new();
        self.push_direct(target, &Upstream::start(target), &mut queue);
        while let Some(next) = queue.pop_front() {
            if seen.insert(next.target.clone()) {
                self.push_direct(&next.target, &next, &mut queue);
                found.push(next);
            }
        }
        found
    }

    fn push_direct(&self, target: &Target, from: &Upstream, queue: &mut VecDeque<Upstream>) {
        // What an enclosing path depends on, the target depends on too: a declaration carries through.
        let mut enclosing = Some(target.clone());
        let mut distance = from.distance;
        while let Some(path) = enclosing {
            distance += 1;
            for edge in self.needs(&path) {
                let learned = from.learned || edge.learned.is_some();
                let upstream =
                    Upstream { target: edge.to.clone(), distance, declared: from.declared, learned };
                queue.push_back(upstream);
            }
            enclosing = path.parent();
            if let Some(parent) = &enclosing {
                let (target, learned) = (parent.clone(), from.learned);
                queue.push_back(Upstream { target, distance, declared: false, learned });
            }
        }
    }

    /// What this very path needs directly: what is written first. What encloses it is not asked.
    pub fn needs<'a>(&'a self, target: &Target) -> impl Iterator<Item = Edge<'a>> + use<'a> {
        let entry = self.entries.get_key_value(target);
        let written = entry.into_iter().flat_map(|(from, entry)| {
            entry.depends_on.iter().map(move |to| Edge { from, to, learned: None })
        });
        let learned = self.learned.get_key_value(target).into_iter().flat_map(|(from, learned)| {
            learned.iter().map(move |(to, learned)| Edge { from, to, learned: Some(learned) })
        });
        written.chain(learned)
    }

    /// What needs this very path directly, in the order of the names.
    #[must_use]
    pub fn needed_by<'a>(&'a self, target: &Target) -> Vec<Edge<'a>> {
        let below = self.dependents.get(target).into_iter().flatten();
        let mut edges: Vec<Edge<'a>> =
            below.flat_map(|from| self.needs(from)).filter(|edge| edge.to == target).collect();
        edges.sort_by_key(|edge| edge.from);
        edges.dedup();
        edges
    }

    /// The shortest chain from `target` to what it needs, both included; `None` if it does not need it.
    #[must_use]
    pub fn chain(&self, target: &Target, upstream: &Target) -> Option<Vec<Target>> {
        let mut came_from: HashMap<Target, Target> = HashMap::new();
        let mut queue = VecDeque::from([target.clone()]);
        while let Some(here) = queue.pop_front() {
            if here == *upstream {
                let mut chain = vec![here];
                while let Some(before) = chain.last().and_then(|last| came_from.get(last)) {
                    chain.push(before.clone());
                }
                chain.reverse();
                return Some(chain);
            }
            let mut direct = VecDeque::new();
            self.push_direct(&here, &Upstream::start(&here), &mut direct);
            for next in direct {
                if next.target != *target && !came_from.contains_key(&next.target) {
                    came_from.insert(next.target.clone(), here.clone());
                    queue.push_back(next.target);
                }
            }
        }
        None
    }

    /// How many steps `upstream` is above `target`: 0 is the target itself.
    #[must_use]
    pub fn distance(&self, target: &Target, upstream: &Target) -> Option<u32> {
        if target == upstream {
            return Some(0);
        }
        self.upstreams(target).into_iter().find(|u| u.target == *upstream).map(|u| u.distance)
    }

    /// All targets that are declared to need `target`, in writing or by what was learned, directly or not.
    #[must_use]
    pub fn dependents(&self, target: &Target) -> Vec<Target> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([target]);
        let mut queue = VecDeque::from([target]);
        while let Some(here) = queue.pop_front() {
            for next in self.dependents.get(here).into_iter().flatten() {
                if seen.insert(next) {
                    found.push(next.clone());
                    queue.push_back(next);
                }
            }
        }
        found
    }

    /// How many targets are declared to need `target` at most `steps` steps away; counted no further than `enough`.
    #[must_use]
    pub fn dependents_within(&self, target: &Target, steps: u32, enough: usize) -> usize {
        let mut seen = HashSet::from([target]);
        let mut layer = vec![target];
        for _ in 0..steps {
            let below = layer.iter().filter_map(|here| self.dependents.get(*here)).flatten();
            layer = below.filter(|next| seen.insert(next)).collect();
            if layer.is_empty() || seen.len() > enough {
                break;
            }
        }
        seen.len() - 1
    }

    fn cycle_through(&self, start: &Target) -> Option<Vec<Target>> {
        let mut came_from: HashMap<&Target, &Target> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(here) = queue.pop_front() {
            for next in self.entries.get(here).into_iter().flat_map(|entry| &entry.depends_on) {
                if next == start {
                    let mut path = vec![start.clone(), here.clone()];
                    let mut at = here;
                    while at != start {
                        let Some(before) = came_from.get(at) else { break };
                        at = before;
                        path.push(at.clone());
                    }
                    if path.last() != Some(start) {
                        path.push(start.clone());
                    }
                    path.reverse();
                    path.dedup();
                    return Some(path);
                }
                if next != here && !came_from.contains_key(next) {
                    came_from.insert(next, here);
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

impl Upstream {
    /// Where the search begins: the target itself.
    fn start(target: &Target) -> Self {
        Self { target: target.clone(), distance: 0, declared: true, learned: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Target {
        Target::parse(text).unwrap()
    }

    fn topology(edges: &[(&str, &[&str])]) -> Result<Topology, Vec<TopologyProblem>> {
        let entry = |(target, needs): &(&str, &[&str])| TopologyEntry {
            target: t(target),
            kind: None,
            depends_on: needs.iter().map(|n| t(n)).collect(),
            labels: BTreeMap::new(),
        };
        Topology::new(edges.iter().map(entry).collect())
    }

    #[test]
    fn what_a_target_needs_comes_nearest_first_and_enclosing_paths_pass_theirs_on() {
        let lab = topology(&[("k8s/media", &["nas"]), ("nas", &["pdu"])]).unwrap();
        let names: Vec<_> = lab
            .upstreams(&t("k8s/media/jellyfin"))
            .into_iter()
            .map(|u| (u.target.to_string(), u.declared))
            .collect();
        let at = |name: &str| names.iter().position(|(n, _)| n == name).unwrap();
        assert!(names[at("nas")].1 && names[at("pdu")].1 && !names[at("k8s/media")].1);
        assert!(at("k8s/media") < at("pdu") && at("nas") < at("pdu"));
        assert_eq!(lab.chain(&t("k8s/media"), &t("pdu")).unwrap(), [t("k8s/media"), t("nas"), t("pdu")]);
        assert_eq!(lab.distance(&t("nas"), &t("k8s/media")), None);
        assert_eq!(lab.dependents(&t("pdu")), [t("nas"), t("k8s/media")]);
    }

    #[test]
    fn a_cycle_is_told_once_with_its_path() {
        let problems = topology(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &["a"])]).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].message.contains("a → b → c → a"), "{}", problems[0].message);
        assert!(topology(&[("a", &["a"])]).is_err());
    }
}
