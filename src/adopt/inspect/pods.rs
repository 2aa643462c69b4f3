//! Podman's pods: an infrastructure container holds their network and ports, and runs nothing.

use std::collections::BTreeMap;

use super::super::project::{Connection, Note};
use super::container::Found;
use super::node::shown;

/// Makes one container of each pod the one whose network the others use, in place of the infrastructure container.
pub(super) fn dissolve(group: &mut Vec<Found>, notes: &mut Vec<Note>) {
    let mut pods: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, found) in group.iter().enumerate() {
        if let Some(pod) = &found.pod {
            pods.entry(pod.clone()).or_default().push(at);
        }
    }
    for members in pods.values() {
        let (infra, mut others): (Vec<usize>, Vec<usize>) = members.iter().partition(|at| group[**at].infra);
        others.sort_by(|a, b| group[*a].name.cmp(&group[*b].name));
        let Some((head, rest)) = others.split_first() else { continue };
        take_over(group, *head, infra.first().copied(), notes);
        let name = group[*head].name.clone();
        for at in rest {
            group[*at].joins = Some(name.clone());
        }
    }
    if !group.iter().all(|found| found.infra) {
        group.retain(|found| !found.infra);
    }
}

/// The first of a pod gets what the infrastructure container has.
fn take_over(group: &mut [Found], head: usize, infra: Option<usize>, notes: &mut Vec<Note>) {
    let theirs =
        infra.map(|infra| (group[infra].service.network.clone(), group[infra].service.ports.clone()));
    let found = &mut group[head];
    found.joins = None;
    match theirs {
        Some((network, ports)) => {
            found.service.network = network;
            found.service.ports.retain(|port| !ports.iter().any(|other| other.container == port.container));
            found.service.ports.extend(ports);
            found.service.ports.sort();
        }
        None => {
            found.service.network = Connection::default();
            let text = format!(
                "it is in a pod whose infrastructure container is not in the input, so its published ports are not \
                 known: inspect that together with {}",
                shown(&found.name)
            );
            notes.push(Note { service: Some(found.service.name.clone()), text });
        }
    }
}
