//! What a container listens on, and where that is published.

use std::collections::BTreeSet;

use super::super::project::{Port, Protocol};
use super::node::{Node, shown};

/// So many ports of one range at most are taken for single ones: more is an image's guess, and no use of them.
const MAX_RANGE: u16 = 1000;

/// So many ports that are not published at most: more is a range that the image's maker was generous with.
const MAX_EXPOSED: usize = 100;
/// So many ports of one container are looked at.
const MAX_PORTS: usize = 70_000;

/// What is told beside the ports, and how many more are looked at.
struct Rest<'n> {
    notes: &'n mut Vec<String>,
    left: usize,
}

/// Reads the ports of a container. On the host's network, or another container's, nothing is published.
pub(super) fn read(container: &Node<'_>, publishes: bool, notes: &mut Vec<String>) -> Vec<Port> {
    let host = container.get("HostConfig");
    let settings = container.get("NetworkSettings");
    let seen = settings.get("Ports");
    let bindings = host.get("PortBindings");
    let mut ports = BTreeSet::new();
    let mut rest = Rest { notes, left: MAX_PORTS };
    if publishes {
        for (key, node) in bindings.entries() {
            published(key, &node, Some(&seen), &mut ports, &mut rest);
        }
        if host.get("PublishAllPorts").flag() || bindings.is_nothing() {
            for (key, node) in seen.entries() {
                published(key, &node, None, &mut ports, &mut rest);
            }
        }
    }
    let known: BTreeSet<(u16, Protocol)> = ports.iter().map(|port| (port.container, port.protocol)).collect();
    let exposed = container.get("Config").get("ExposedPorts");
    let mut all: Vec<(&str, Node<'_>)> = exposed.entries();
    all.extend(bindings.entries());
    for (key, node) in all {
        for (container, protocol) in inside(key, &node, &mut rest) {
            if !known.contains(&(container, protocol)) {
                ports.insert(Port { container, protocol, host: None, host_ip: None });
            }
        }
    }
    let open = ports.iter().filter(|port| port.host.is_none()).count();
    if open > MAX_EXPOSED {
        notes.push(format!("{open} ports that it opens, and nobody published, are left out"));
        ports.retain(|port| port.host.is_some());
    }
    ports.into_iter().collect()
}

/// The ports that a key stands for: `53/udp`, `8000-8010/tcp`, `80`.
fn inside(key: &str, node: &Node<'_>, rest: &mut Rest<'_>) -> Vec<(u16, Protocol)> {
    let (number, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
    let protocol = match protocol.to_ascii_lowercase().as_str() {
        "tcp" | "" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        other => {
            node.fault(format!("has the protocol \"{}\": tcp, udp and sctp are known", shown(other)));
            return Vec::new();
        }
    };
    let Some((from, to)) = range(number) else {
        node.fault("is no port: 1 to 65535, or a range of them");
        return Vec::new();
    };
    if to - from >= MAX_RANGE {
        rest.notes.push(format!("the ports {from}-{to} are too many to be listed, and are left out"));
        return Vec::new();
    }
    let count = usize::from(to - from) + 1;
    let Some(left) = rest.left.checked_sub(count) else {
        node.fault("is one port too many");
        return Vec::new();
    };
    rest.left = left;
    (from..=to).map(|port| (port, protocol)).collect()
}

fn range(text: &str) -> Option<(u16, u16)> {
    let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
    let (from, to) = match text.split_once('-') {
        Some((from, to)) => (port(from)?, port(to)?),
        None => (port(text)?, port(text)?),
    };
    (from <= to).then_some((from, to))
}

/// The bindings of a key. `seen` says which port it became where none was asked for.
fn published(
    key: &str,
    node: &Node<'_>,
    seen: Option<&Node<'_>>,
    ports: &mut BTreeSet<Port>,
    rest: &mut Rest<'_>,
) {
    let inside = inside(key, node, rest);
    for binding in node.list() {
        let Some(host_ip) = address(&binding.get("HostIp")) else { continue };
        let asked = binding.get("HostPort");
        let first = match asked.text().filter(|text| text != "0") {
            None => seen.and_then(|seen| given(&seen.get(key))),
            Some(text) => match range(&text) {
                // One port inside and a range outside: the engine took one of them.
                Some((from, to)) if from < to && inside.len() == 1 => {
                    seen.and_then(|seen| given(&seen.get(key))).or(Some(from))
                }
                Some((from, _)) => Some(from),
                None => {
                    asked.fault("is no port: 1 to 65535, or a range of them");
                    continue;
                }
            },
        };
        for (offset, (container, protocol)) in (0..).zip(&inside) {
            let host = first.and_then(|first| first.checked_add(offset));
            ports.insert(Port {
                container: *container,
                protocol: *protocol,
                host,
                host_ip: host_ip.clone().filter(|_| host.is_some()),
            });
        }
    }
}

/// The port that the engine chose.
fn given(node: &Node<'_>) -> Option<u16> {
    let bindings = node.list();
    let first = bindings.first()?.get("HostPort").number()?;
    u16::try_from(first).ok().filter(|port| *port > 0)
}

/// The address that is published on: `Some(None)` for all of them, `None` where it is none.
fn address(node: &Node<'_>) -> Option<Option<String>> {
    let Some(text) = node.text() else { return Some(None) };
    match text.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        Ok(address) if address.is_unspecified() => Some(None),
        Ok(address) => Some(Some(address.to_string())),
        Err(_) => {
            node.fault("is no address");
            None
        }
    }
}
