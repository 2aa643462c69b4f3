//! Which containers run in one group: Nomad's own services have no names that a resolver knows.
//!
//! Containers that are on one network now speak to each other by name. They come into one group with a bridge network:
//! there they share an address, and each name stands for 127.0.0.1 in `/etc/hosts`. A group of its own has
//! - what is on the host's network, on none, or in that of a container outside of the project;
//! - what uses another container's network, with that one: a VPN must not take the others' traffic, too;
//! - what listens on a port that another one in the group has already, and what there is several of.

use std::collections::BTreeSet;

use super::super::super::project::{Connection, Project, Service};

/// How a group is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Bridge,
    Host,
    /// By the container's own settings.
    Own,
}

/// Containers that run in one place.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) name: String,
    pub(super) mode: Mode,
    pub(super) services: Vec<&'a Service>,
}

/// The groups of a project, and what keeps some apart, for people.
pub(super) fn of(project: &Project) -> (Vec<Group<'_>>, Vec<String>) {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut apart = Vec::new();
    for unit in project.groups() {
        let Some(head) = unit.first() else { continue };
        let mode = match &head.network {
            Connection::Host => Mode::Host,
            Connection::Networks(_) | Connection::Service(_) => Mode::Bridge,
            Connection::Nothing | Connection::Container(_) => Mode::Own,
        };
        let shares = mode == Mode::Bridge && unit.len() == 1 && head.replicas.is_none_or(|count| count <= 1);
        let joined = groups.iter_mut().find(|group| shares && group.takes(head));
        match joined {
            Some(group) => match group.conflict(head) {
                None => group.services.push(head),
                Some((port, other)) => {
                    apart.push(format!(
                        "`{other}` and `{}` both listen on port {port}, which only one of a group can: they are in groups of their own",
                        head.name
                    ));
                    groups.push(Group { name: head.name.clone(), mode, services: unit });
                }
            },
            None => groups.push(Group { name: head.name.clone(), mode, services: unit }),
        }
    }
    if let [only] = groups.as_mut_slice() {
        only.name.clone_from(&project.name);
    }
    (groups, apart)
}

impl<'a> Group<'a> {
    /// Whether a container that is by itself belongs to it: they are on one network.
    fn takes(&self, service: &Service) -> bool {
        let alone = |one: &&Service| {
            !matches!(one.network, Connection::Service(_)) && one.replicas.is_none_or(|count| count <= 1)
        };
        self.mode == Mode::Bridge
            && self.services.iter().all(alone)
            && self.services.iter().any(|other| !networks(other).is_disjoint(&networks(service)))
    }

    fn conflict(&self, service: &Service) -> Option<(u16, &'a str)> {
        service.ports.iter().find_map(|port| {
            let same = |other: &&&Service| {
                let mut ports = other.ports.iter();
                ports.any(|taken| (taken.container, taken.protocol) == (port.container, port.protocol))
            };
            self.services.iter().find(same).map(|other| (port.container, other.name.as_str()))
        })
    }

    /// The names by which its containers find each other.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let several = self.services.len() > 1;
        let of = |service: &Service| -> Vec<String> {
            let mut names = vec![service.name.clone()];
            names.extend(service.container.clone());
            if let Connection::Networks(list) = &service.network {
                names.extend(list.iter().flat_map(|one| one.aliases.iter().cloned()));
            }
            names
        };
        let is_host = |name: &String| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        if self.mode != Mode::Bridge || !several {
            return BTreeSet::new();
        }
        self.services.iter().flat_map(|service| of(service)).filter(is_host).collect()
    }
}

fn networks(service: &Service) -> BTreeSet<&str> {
    match &service.network {
        Connection::Networks(list) if list.is_empty() => BTreeSet::from(["default"]),
        Connection::Networks(list) => list.iter().map(|one| one.network.as_str()).collect(),
        _ => BTreeSet::new(),
    }
}
