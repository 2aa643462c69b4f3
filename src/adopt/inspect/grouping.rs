//! Which containers belong together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::project::Connection;
use super::around::Around;
use super::container::Found;
use super::networks::is_built_in;

/// Puts containers together: those of one compose project, and those without one that share a network of their own, use
/// another's network or are linked.
pub(super) fn groups(containers: Vec<Found>, around: &Around<'_>) -> Vec<Vec<Found>> {
    let mut sets = Sets::of(&containers);
    let find = Finder::of(&containers);
    let mut by_project: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, container) in containers.iter().enumerate() {
        if let Some(compose) = &container.compose {
            let first = *by_project.entry(&compose.project).or_insert(at);
            sets.join(first, at);
        }
    }
    for (at, container) in containers.iter().enumerate() {
        for other in container.joins.iter().chain(container.links.iter().map(|(target, _)| target)) {
            if let Some(other) = find.find(other) {
                sets.join(other, at);
            }
        }
    }
    let mut by_pod: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, container) in containers.iter().enumerate() {
        if let Some(pod) = &container.pod {
            let first = *by_pod.entry(pod).or_insert(at);
            sets.join(first, at);
        }
    }
    let mut by_network: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, container) in containers.iter().enumerate().filter(|(_, found)| found.compose.is_none()) {
        for network in own_networks(container, around) {
            let first = *by_network.entry(network).or_insert(at);
            sets.join(first, at);
        }
    }
    let mut groups: BTreeMap<usize, Vec<Found>> = BTreeMap::new();
    let heads: Vec<usize> = (0..containers.len()).map(|at| sets.head(at)).collect();
    for (head, container) in heads.into_iter().zip(containers) {
        groups.entry(head).or_default().push(container);
    }
    groups.into_values().collect()
}

/// The networks that say that containers belong together: made by a person, and no part of the house's own network.
fn own_networks<'c>(container: &'c Found, around: &'c Around<'_>) -> impl Iterator<Item = &'c str> {
    let attachments = match &container.service.network {
        Connection::Networks(attachments) => attachments.as_slice(),
        _ => &[],
    };
    let houses = |name: &str| {
        let driver = around.network(name).and_then(|network| network.driver.as_deref());
        matches!(driver, Some("macvlan" | "ipvlan"))
    };
    attachments
        .iter()
        .map(|attachment| attachment.network.as_str())
        .filter(move |name| !is_built_in(name) && !houses(name))
}

/// Containers by their names and ids.
pub(super) struct Finder {
    by_name: HashMap<String, usize>,
    ids: Vec<(String, usize)>,
}

impl Finder {
    pub(super) fn of(containers: &[Found]) -> Self {
        let by_name = containers.iter().enumerate().map(|(at, found)| (found.name.clone(), at)).collect();
        let mut ids: Vec<(String, usize)> =
            containers.iter().enumerate().map(|(at, found)| (found.id.clone(), at)).collect();
        ids.sort();
        Self { by_name, ids }
    }

    /// The container of that name, id, or start of an id.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let name = name.trim_start_matches('/');
        if let Some(at) = self.by_name.get(name) {
            return Some(*at);
        }
        if name.len() < 12 {
            return None;
        }
        let at = self.ids.partition_point(|(id, _)| id.as_str() < name);
        self.ids.get(at).filter(|(id, _)| id.starts_with(name)).map(|(_, at)| *at)
    }
}

/// Sets of containers. Two compose projects never come into one.
struct Sets {
    parents: Vec<usize>,
    projects: Vec<Option<String>>,
}

impl Sets {
    fn of(containers: &[Found]) -> Self {
        let project = |found: &Found| found.compose.as_ref().map(|compose| compose.project.clone());
        Self { parents: (0..containers.len()).collect(), projects: containers.iter().map(project).collect() }
    }

    fn head(&mut self, mut at: usize) -> usize {
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.head(a), self.head(b));
        let (first, second) = (a.min(b), a.max(b));
        let foreign = matches!((&self.projects[a], &self.projects[b]), (Some(a), Some(b)) if a != b);
        if first != second && !foreign {
            self.parents[second] = first;
            let project = self.projects[second].take();
            self.projects[first] = self.projects[first].take().or(project);
        }
    }
}

/// The networks that several of a group are in, and how many of them.
pub(super) fn shared(group: &[Found]) -> BTreeMap<&str, usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for found in group {
        if let Connection::Networks(attachments) = &found.service.network {
            let names: BTreeSet<&str> =
                attachments.iter().map(|attachment| attachment.network.as_str()).collect();
            for name in names {
                *counts.entry(name).or_default() += 1;
            }
        }
    }
    counts.retain(|_, count| *count > 1);
    counts
}
