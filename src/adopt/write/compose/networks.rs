//! Networks: none is written where the project's default one does.

use super::super::super::project::{Attachment, Connection, Network, Project, Service};
use super::yaml::{Map, Node};

/// What compose calls the network that every service is on unless something else is said.
const DEFAULT: &str = "default";

/// The networks of a service; nothing where it is on the default one alone, without another name there.
pub(super) fn of(service: &Service) -> Node {
    let Connection::Networks(attachments) = &service.network else { return Node::List(Vec::new()) };
    let plain =
        |attachment: &Attachment| aliases(service, attachment).is_empty() && attachment.address.is_none();
    let alone = attachments.len() == 1 && attachments.iter().all(|one| one.network == DEFAULT);
    if attachments.iter().all(plain) {
        if alone {
            return Node::List(Vec::new());
        }
        return attachments.iter().map(|attachment| &attachment.network).collect::<Vec<_>>().into();
    }
    let entries = attachments.iter().map(|attachment| {
        let mut entry = Map::default();
        entry.add("aliases", aliases(service, attachment));
        let key = if attachment.address.as_ref().is_some_and(|address| address.contains(':')) {
            "ipv6_address"
        } else {
            "ipv4_address"
        };
        entry.add_some(key, attachment.address.as_ref());
        (attachment.network.clone(), if entry.0.is_empty() { Node::Null } else { entry.into() })
    });
    Map(entries.collect()).into()
}

/// The names besides the service's own, which it has anyway.
fn aliases<'a>(service: &Service, attachment: &'a Attachment) -> Vec<&'a String> {
    attachment.aliases.iter().filter(|alias| **alias != service.name).collect()
}

/// The networks that are declared: those that somebody is on, without a default one of which nothing is to be said.
pub(super) fn declared(project: &Project) -> Map {
    let used = |name: &str| {
        project.services.iter().any(|service| match &service.network {
            Connection::Networks(list) => {
                (list.is_empty() && name == DEFAULT) || list.iter().any(|one| one.network == name)
            }
            _ => false,
        })
    };
    let mut names: Vec<&str> =
        project.networks.keys().map(String::as_str).filter(|name| used(name)).collect();
    // One that nobody described is still to be declared.
    for service in &project.services {
        if let Connection::Networks(list) = &service.network {
            let missing = list.iter().map(|one| one.network.as_str()).filter(|name| *name != DEFAULT);
            names.extend(missing);
        }
    }
    names.sort_unstable();
    names.dedup();
    let mut out = Map::default();
    for name in names {
        let entry = project.networks.get(name).map_or(Node::Null, |network| node(project, name, network));
        if name != DEFAULT || entry != Node::Null {
            out.0.push((name.to_owned(), entry));
        }
    }
    out
}

fn node(project: &Project, name: &str, network: &Network) -> Node {
    let mut entry = Map::default();
    let own = format!("{}_{name}", project.name);
    let real =
        network.real_name.as_ref().filter(|real| **real != own && (!network.external || *real != name));
    entry.add_some("name", real);
    entry.flag("external", network.external);
    if !network.external {
        entry.add_some("driver", network.driver.as_ref());
        let options: Vec<_> =
            network.options.iter().map(|(key, value)| (key.clone(), value.into())).collect();
        entry.add("driver_opts", Map(options));
        entry.flag("internal", network.internal);
        // Compose refuses such a subnet without it.
        entry.flag("enable_ipv6", network.subnets.iter().any(|subnet| subnet.contains(':')));
        let subnets = network.subnets.iter().map(|subnet| {
            let mut one = Map::default();
            one.add("subnet", subnet);
            one
        });
        let mut ipam = Map::default();
        ipam.add("config", subnets.collect::<Vec<_>>());
        entry.add("ipam", ipam);
    }
    if entry.0.is_empty() { Node::Null } else { entry.into() }
}
