//! How a container is connected.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::project::{Attachment, Connection, Dns, Network, dns_label};
use super::around::{Around, NetworkFacts};
use super::node::{Node, shown};

/// How a container is connected, by the names on the host.
#[derive(Default)]
pub(super) struct Wires {
    pub(super) connection: Connection,
    /// Whose network it uses, as it was written: an id or a name.
    pub(super) joins: Option<String>,
    /// Further names for other containers: `(container, alias)`.
    pub(super) links: Vec<(String, String)>,
}

/// What the names of a container are that its aliases repeat.
pub(super) struct Names<'n> {
    pub(super) id: &'n str,
    pub(super) name: &'n str,
    pub(super) service: &'n str,
}

/// Networks that nobody made.
pub(super) fn is_built_in(name: &str) -> bool {
    matches!(name, "" | "default" | "bridge" | "host" | "none" | "podman" | "nat" | "private" | "ingress")
        || name == "docker_gwbridge"
        || ["slirp4netns", "pasta", "ns:", "container:"].iter().any(|start| name.starts_with(start))
}

/// Reads how a container is connected.
pub(super) fn read(
    container: &Node<'_>,
    names: &Names<'_>,
    around: &Around<'_>,
    notes: &mut Vec<String>,
) -> Wires {
    let host = container.get("HostConfig");
    let mode = host.get("NetworkMode").text().unwrap_or_default();
    let mut wires = Wires::default();
    if let Some(whose) = mode.strip_prefix("container:") {
        wires.connection = Connection::Container(whose.to_owned());
        wires.joins = Some(whose.to_owned());
        return wires;
    }
    match mode.as_str() {
        "host" => wires.connection = Connection::Host,
        "none" => wires.connection = Connection::Nothing,
        path if path.starts_with("ns:") => {
            notes.push("it uses a network namespace by its path: that is not taken over".to_owned());
            wires.connection = Connection::Nothing;
        }
        _ => {
            wires.connection = Connection::Networks(attachments(container, &mode, names, around));
            wires.links = links(&host.get("Links"));
            for (_, node) in container.get("NetworkSettings").get("Networks").entries() {
                wires.links.extend(links(&node.get("Links")));
            }
            wires.links.sort();
            wires.links.dedup();
        }
    }
    if container.get("Config").get("MacAddress").text().is_some() {
        notes.push("it has a hardware address of its own: that is not taken over".to_owned());
    }
    wires
}

fn attachments(container: &Node<'_>, mode: &str, names: &Names<'_>, around: &Around<'_>) -> Vec<Attachment> {
    let mut all: BTreeMap<String, Attachment> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (name, node) in container.get("NetworkSettings").get("Networks").entries() {
        if let Some(id) = node.get("NetworkID").text() {
            ids.insert(id);
        }
        if is_built_in(name) {
            continue;
        }
        let attachment = Attachment {
            network: name.to_owned(),
            aliases: aliases(&node.get("Aliases"), names),
            address: address(&node.get("IPAMConfig")),
        };
        all.insert(name.to_owned(), attachment);
    }
    // What never ran has no settings yet. Podman has options behind the name.
    let mode = mode.split(':').next().unwrap_or_default();
    let name = around.network(mode).map_or(mode, |network| &network.name);
    if !is_built_in(name) && !all.contains_key(name) && !ids.contains(mode) {
        let network = name.to_owned();
        all.insert(network.clone(), Attachment { network, aliases: BTreeSet::new(), address: None });
    }
    all.into_values().collect()
}

/// Further names of a container: without those that it has anyway.
fn aliases(node: &Node<'_>, names: &Names<'_>) -> BTreeSet<String> {
    let own = |alias: &String| {
        alias == names.name
            // What nobody can be called in a cluster is told, where others use it.
            || (alias == names.service && dns_label(alias) == *alias)
            || alias == names.id
            || (alias.len() == 12 && names.id.starts_with(alias.as_str()))
    };
    node.texts().into_iter().filter(|alias| !alias.is_empty() && !own(alias)).collect()
}

/// The address that a person set.
fn address(node: &Node<'_>) -> Option<String> {
    ["IPv4Address", "IPv6Address"].iter().find_map(|key| {
        let node = node.get(key);
        let text = node.text()?;
        if text.parse::<IpAddr>().is_err() {
            node.fault("is no address");
            return None;
        }
        Some(text)
    })
}

/// `/db:/web/database`, `db:database`: container and alias.
fn links(node: &Node<'_>) -> Vec<(String, String)> {
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    let pair = |text: String| match text.split_once(':') {
        Some((target, alias)) => (last(target), last(alias)),
        None => (last(&text), last(&text)),
    };
    node.texts().into_iter().map(pair).filter(|(target, _)| !target.is_empty()).collect()
}

/// Reads name resolution.
pub(super) fn dns(host: &Node<'_>) -> Dns {
    let servers = host.get("Dns");
    let texts = |key: &str| host.get(key).texts();
    Dns { servers: servers.texts(), search: texts("DnsSearch"), options: texts("DnsOptions") }
}

/// Reads `/etc/hosts` entries: `name:address`, `name=address`.
pub(super) fn extra_hosts(host: &Node<'_>) -> Vec<(String, String)> {
    let mut hosts = Vec::new();
    for node in host.get("ExtraHosts").list() {
        let Some(text) = node.text() else { continue };
        match text.split_once(['=', ':']) {
            // Podman takes several names for an address.
            Some((names, address)) if !names.is_empty() && !address.is_empty() => {
                let address = address.trim_matches(['[', ']']);
                hosts.extend(names.split(';').map(|name| (name.to_owned(), address.to_owned())));
            }
            _ => node.fault("is no entry of the kind NAME:ADDRESS"),
        }
    }
    hosts
}

/// A network of a project. `expected` is its name on the host if the project made it.
pub(super) fn network(name: &str, key: &str, expected: &str, facts: Option<&NetworkFacts>) -> Network {
    let mut network = Network {
        real_name: Some(name.to_owned()).filter(|name| name != key && name != expected),
        ..Network::default()
    };
    let Some(facts) = facts else { return network };
    network.driver.clone_from(&facts.driver);
    network.internal = facts.internal;
    network.subnets =
        facts.subnets.iter().filter(|subnet| facts.driver.is_some() || !is_given(subnet)).cloned().collect();
    if facts.driver.is_some() {
        let noise = |key: &str| key.starts_with("com.docker.network.");
        network.options = facts.options.clone();
        network.options.retain(|key, _| !noise(key));
    }
    network
}

/// Whether a subnet is one of those that the engine gives by itself.
fn is_given(subnet: &str) -> bool {
    let Some((address, length)) = subnet.split_once('/') else { return false };
    match (address.parse::<IpAddr>(), length) {
        (Ok(IpAddr::V4(v4)), length) => match (v4.octets(), length) {
            ([172, 17..=31, 0, 0], "16") => true,
            ([192, 168, third, 0], "20") => third % 16 == 0,
            ([10, 89, _, 0], "24") => true,
            _ => false,
        },
        (Ok(IpAddr::V6(v6)), "64") => v6.segments()[0] & 0xff00 == 0xfd00,
        _ => false,
    }
}

/// A name as it may stand in a list of notes.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}
