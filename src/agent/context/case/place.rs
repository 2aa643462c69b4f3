//! Where it is broken: what that needs, and what needs it.

use std::collections::BTreeMap;

use crate::domain::incident::Incident;
use crate::domain::target::Target;
use crate::domain::topology::Topology;

/// How far is looked, in steps.
const STEPS: u32 = 2;
/// Targets around which is looked: the root, and what fails first beside it.
const TARGETS: usize = 2;
/// Names in one line.
const NAMES: usize = 12;

/// What depends on what around the suspected root and what else fails, at most two steps away.
pub(super) fn lines(incident: &Incident, topology: &Topology) -> Vec<String> {
    let mut targets: Vec<&Target> = Vec::new();
    for target in incident.targets() {
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    let mut lines: Vec<String> =
        targets.iter().take(TARGETS).flat_map(|target| of(target, topology)).collect();
    if lines.is_empty() {
        lines.push(format!("- Nothing is known of what {} needs, or of what needs it.", incident.root));
    }
    lines
}

/// What one target needs, and what needs it, a line each; nothing where neither is known.
pub(in crate::agent) fn of(target: &Target, topology: &Topology) -> Vec<String> {
    let kind = topology.kind(target).map(|kind| format!(" ({kind})")).unwrap_or_default();
    let needs: Vec<String> = topology
        .upstreams(target)
        .into_iter()
        .filter(|upstream| upstream.distance <= STEPS && upstream.target != *target)
        // That a path lies within another says little once it is a step away.
        .filter(|upstream| upstream.declared || upstream.distance == 1)
        .map(|upstream| {
            let far = steps(upstream.distance);
            match (upstream.declared, upstream.learned) {
                (false, _) => format!("{} (contains it)", upstream.target),
                (true, true) => format!("{} ({far}, learned)", upstream.target),
                (true, false) => format!("{} ({far})", upstream.target),
            }
        })
        .collect();
    let needed: Vec<String> = needed_by(target, topology)
        .into_iter()
        .map(|(name, far)| format!("{name} ({})", steps(far)))
        .collect();
    let all = topology.dependents(target).len();
    let mut lines = Vec::new();
    if !needs.is_empty() {
        lines.push(format!("- {target}{kind} needs {}.", listed(&needs, needs.len())));
    }
    if !needed.is_empty() {
        lines.push(format!("- {target}{kind} is needed by {}.", listed(&needed, all)));
    }
    lines
}

/// What needs a target, with how far it is away; the nearest first.
fn needed_by(target: &Target, topology: &Topology) -> Vec<(Target, u32)> {
    let mut found: BTreeMap<Target, u32> = BTreeMap::new();
    let mut layer = vec![target.clone()];
    for far in 1..=STEPS {
        let mut next = Vec::new();
        for edge in layer.iter().flat_map(|here| topology.needed_by(here)) {
            if edge.from != target && !found.contains_key(edge.from) {
                found.insert(edge.from.clone(), far);
                next.push(edge.from.clone());
            }
        }
        layer = next;
    }
    let mut found: Vec<(Target, u32)> = found.into_iter().collect();
    found.sort_by_key(|(_, far)| *far);
    found
}

fn steps(distance: u32) -> String {
    if distance <= 1 { "directly".to_owned() } else { format!("{distance} steps") }
}

fn listed(names: &[String], all: usize) -> String {
    let shown = names.len().min(NAMES);
    let more = if all > shown { format!(" and {} more", all - shown) } else { String::new() };
    format!("{}{more}", names[..shown].join(", "))
}
