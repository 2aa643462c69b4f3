//! How it is connected: the host's network, addresses of their own, and what is outside of the project.

use super::desk::Desk;
use super::{ports, stays};
use crate::adopt::known;
use crate::adopt::project::{Connection, Listening, Network, Port, Project, Protocol, Service};
use crate::adopt::{Decision, Kind, Topic};

/// Ports by which devices are found on a network, and what they are for.
const DISCOVERY: &[(u16, &str)] = &[
    (67, "DHCP"),
    (547, "DHCPv6"),
    (1900, "SSDP and DLNA"),
    (5353, "mDNS"),
    (137, "NetBIOS"),
    (138, "NetBIOS"),
    (3702, "WS-Discovery"),
];
/// Above these, UDP ports are those of single conversations.
const EPHEMERAL: u16 = 32768;

pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) {
    if !stays(project, desk.options) {
        for at in 0..project.services.len() {
            of_service(project, at, desk);
        }
    }
    outside(project, desk);
}

fn of_service(project: &mut Project, at: usize, desk: &mut Desk<'_>) {
    let has_address = |service: &Service| {
        let Connection::Networks(networks) = &service.network else { return None };
        let network = networks.iter().find(|attachment| {
            let driver =
                project.networks.get(&attachment.network).and_then(|network| network.driver.as_deref());
            matches!(driver, Some("macvlan" | "ipvlan"))
        })?;
        Some((network.network.clone(), network.address.clone()))
    };
    let address = project.services.get(at).and_then(has_address);
    let Some(service) = project.services.get_mut(at) else { return };
    match (&service.network, address) {
        (Connection::Host, _) => host(service, desk),
        (Connection::Container(other), _) => {
            let other = other.clone();
            container(service, &other, desk);
        }
        (_, Some((network, address))) => macvlan(service, &network, address.as_deref(), desk),
        _ => {}
    }
}

fn host(service: &mut Service, desk: &mut Desk<'_>) {
    let used = used(service);
    let why = why_host(service);
    let on_host = ("host-network", "the network of the node that it runs on, as now");
    let ports = ("ports", "a network of its own: only these ports are reached");
    // Chosen instead of an address of its own.
    let is_chosen = desk
        .options
        .answers
        .get(&format!("{}/address", service.name))
        .is_some_and(|answer| answer == "host-network");
    let choices: &[(&str, &str)] = match (&why, used.is_empty() || is_chosen) {
        (_, true) if !used.is_empty() => &[on_host, ports],
        (_, true) => &[on_host],
        (Some(_), _) => &[on_host, ports],
        (None, _) => &[ports, on_host],
    };
    let mut decision = Decision::new(
        format!("{}/network", service.name),
        Some(&service.name),
        Topic::HostNetwork,
        format!("{} uses the host's network. Does it need that?", service.name),
        choices,
    );
    decision = match (service.listens.is_empty(), used.is_empty()) {
        (false, _) => decision.fact(format!("It listens there on {}.", listed(&used))),
        (true, false) => decision.fact(format!("By what is known of it, it listens on {}.", listed(&used))),
        (true, true) => decision.fact("Which ports it uses is not known; `ss -tulpn` on the host tells."),
    };
    if let Some(why) = why {
        decision = decision.fact(format!("It needs it: {why}."));
    } else if service.image.name.contains("jellyfin") || service.image.name.contains("plex") {
        decision = decision.fact(
            "Players at home that find it by DLNA won't without it; apps that are given its address will.",
        );
    }
    if desk.options.to == Kind::K8s {
        decision = decision.fact(
            "On the host's network two of it can't run on one node, and it sees all of the node's traffic.",
        );
    }
    let chosen = desk.ask(decision);
    if chosen == "ports" {
        service.network = Connection::default();
    }
    service.ports = used;
}

/// What it is reached by: what was seen, else what is declared, else what is known of the image.
fn used(service: &Service) -> Vec<Port> {
    let published = |container: u16, protocol: Protocol| Port {
        container,
        protocol,
        host: Some(container),
        host_ip: None,
    };
    let is_kept = |one: &&Listening| one.protocol != Protocol::Udp || one.port < EPHEMERAL;
    let mut ports: Vec<Port> = Vec::new();
    let seen = service.listens.iter().filter(is_kept).map(|one| published(one.port, one.protocol));
    // On the host's network the port inside is the port of the host, whatever was published.
    let declared = service.ports.iter().map(|port| published(port.container, port.protocol));
    let known = ports::known(service).into_iter().map(|port| published(port.container, port.protocol));
    let all: Vec<Port> = match (service.listens.is_empty(), service.ports.is_empty()) {
        (false, _) => seen.collect(),
        (true, false) => declared.collect(),
        (true, true) => known.collect(),
    };
    for port in all {
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    ports
}

fn why_host(service: &Service) -> Option<String> {
    if let Some(why) = known::of(&service.image.name).and_then(|known| known.host_network) {
        return Some(why.to_owned());
    }
    let seen = service.listens.iter().filter(|one| one.protocol == Protocol::Udp);
    let found = seen.filter_map(|one| DISCOVERY.iter().find(|(port, _)| *port == one.port)).next();
    found.map(|(port, what)| {
        format!("it listens on UDP {port} ({what}), which doesn't leave the local network")
    })
}

pub(super) fn listed(ports: &[Port]) -> String {
    let numbers: Vec<(u16, Protocol)> = ports.iter().map(|port| (port.container, port.protocol)).collect();
    ranges(&numbers).join(", ")
}

/// Ports as people write them: those that follow each other as one range.
pub(super) fn ranges(ports: &[(u16, Protocol)]) -> Vec<String> {
    let mut ranges: Vec<(u16, u16, Protocol)> = Vec::new();
    for (port, protocol) in ports {
        match ranges.iter_mut().find(|(_, last, kind)| kind == protocol && last.checked_add(1) == Some(*port))
        {
            Some((_, last, _)) => *last = *port,
            None => ranges.push((*port, *port, *protocol)),
        }
    }
    let mut told = Vec::new();
    for (first, last, protocol) in ranges {
        let kind = match protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
        };
        match last - first {
            0 => told.push(format!("{first}/{kind}")),
            1 => told.extend([format!("{first}/{kind}"), format!("{last}/{kind}")]),
            _ => told.push(format!("{first}-{last}/{kind}")),
        }
    }
    told
}

fn container(service: &mut Service, other: &str, desk: &mut Desk<'_>) {
    let decision = Decision::new(
        format!("{}/network", service.name),
        Some(&service.name),
        Topic::Outside,
        format!(
            "{} uses the network of the container `{other}`, which is not part of this. What about it?",
            service.name
        ),
        &[
            ("together", "both are adopted at once: read that container, too, and start again"),
            ("alone", "it gets a network of its own"),
        ],
    );
    let decision = decision
        .fact("If that container is a VPN, all of its traffic leaves without the VPN once it is alone.")
        .blocking();
    if desk.ask(decision) == "alone" {
        service.network = Connection::default();
    } else if let Some(decision) = desk.latest() {
        // That it is wanted doesn't make it so: the other one is still missing.
        decision.answered = false;
    }
}

fn macvlan(service: &mut Service, network: &str, address: Option<&str>, desk: &mut Desk<'_>) {
    let mut decision = Decision::new(
        format!("{}/address", service.name),
        Some(&service.name),
        Topic::Other,
        format!(
            "{} has an address of its own in the local network (`{network}`). How is it reached there?",
            service.name
        ),
        &[
            ("load-balancer", "its ports get an address by the cluster's load balancer"),
            ("host-network", "the network of the node that it runs on: the node's address"),
        ],
    );
    decision = match address {
        Some(address) => decision.fact(format!(
            "It is {address} now; ask the load balancer for the same, and nothing else has to change."
        )),
        None => decision.fact("Its address is not fixed."),
    };
    let known = if service.ports.is_empty() { ports::known(service) } else { service.ports.clone() };
    if known.is_empty() {
        decision = decision.fact("Which ports it uses is not known: they have to be declared.");
    }
    if desk.ask(decision) == "host-network" {
        service.network = Connection::Host;
    }
    // There, all that it listens on is reached.
    service.ports =
        known.into_iter().map(|port| Port { host: port.host.or(Some(port.container)), ..port }).collect();
}

/// Networks that exist without the project: others may be reached there, or reach it.
fn outside(project: &mut Project, desk: &mut Desk<'_>) {
    if desk.options.to == Kind::Compose {
        return;
    }
    // That of the house has nothing to do with containers: what has an address there was asked above.
    let houses = |driver: Option<&str>| matches!(driver, Some("macvlan" | "ipvlan"));
    let external = |network: &Network| network.external && !houses(network.driver.as_deref());
    for (name, network) in project.networks.iter().filter(|(_, network)| external(network)) {
        let users = project.services.iter().filter(|service| match &service.network {
            Connection::Networks(networks) => networks.iter().any(|attachment| attachment.network == *name),
            _ => false,
        });
        let users: Vec<&str> = users.map(|service| service.name.as_str()).collect();
        let real = network.real_name.as_deref().unwrap_or(name);
        let decision = Decision::new(
            format!("network/{name}"),
            None,
            Topic::Outside,
            format!(
                "Containers that are not part of this may be in the network `{real}`, too. What do they need of each other?"
            ),
            &[
                ("nothing", "nothing, or only the proxy that leads here: the cluster's own takes its place"),
                ("names", "they call each other by name: those names are changed by hand afterwards"),
            ],
        );
        desk.ask(
            decision
                .fact(format!("{} can be reached there.", users.join(", ")))
                .fact("Names of containers that stay behind mean nothing in the cluster."),
        );
    }
}
