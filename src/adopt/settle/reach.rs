//! How it is reached: under which names, by UDP, and who still asks at the old address.

mod public;

use super::desk::Desk;
use super::{network, stays};
use crate::adopt::project::{Connection, Project, Protocol, Service};
use crate::adopt::settle::PublicName;
use crate::adopt::{Decision, Kind, Topic};

pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) -> Vec<PublicName> {
    let stays = stays(project, desk.options);
    if !stays && desk.options.to != Kind::Compose {
        for service in &mut project.services {
            udp(service, desk);
        }
    }
    let public = public::settle(project, desk, !stays && desk.options.to != Kind::Compose);
    if !stays {
        old_address(project, &public, desk);
    }
    public
}

fn udp(service: &mut Service, desk: &mut Desk<'_>) {
    let is_it = |port: &&crate::adopt::project::Port| port.protocol == Protocol::Udp && port.host.is_some();
    let ports: Vec<_> = service.ports.iter().filter(is_it).cloned().collect();
    if ports.is_empty() || service.network == Connection::Host {
        return;
    }
    let publish = match desk.options.to {
        Kind::K8s => "a Service of the type LoadBalancer: an ingress doesn't carry UDP",
        _ => "a port of the node that it runs on",
    };
    let mut decision = Decision::new(
        format!("{}/udp", service.name),
        Some(&service.name),
        Topic::Udp,
        format!("{} is reached by UDP ({}). How, in the new place?", service.name, network::listed(&ports)),
        &[("publish", publish), ("inside", "only from within the cluster")],
    );
    if desk.options.to == Kind::K8s && ports.len() > 20 {
        decision = decision
            .fact("Kubernetes knows no ranges: each port is written by itself. The host's network may suit it better.");
    }
    if desk.options.to == Kind::K8s {
        decision = decision.fact("The cluster needs something that gives addresses to such services: MetalLB, kube-vip, Cilium, or k3s' own.");
    }
    if ports.iter().any(|port| port.container == 53 || port.host == Some(53)) {
        decision = decision
            .fact("Port 53 is taken on a node whose own resolver (systemd-resolved, dnsmasq) listens there.")
            .fact("Nodes that ask this service for names can't fetch its image while it is down: give them another resolver, too.");
    }
    if ports.iter().any(|port| matches!(port.container, 67 | 547)) {
        decision = decision.fact("DHCP is broadcast and gets no further than the local network: it needs the host's network, or a relay.");
    }
    if desk.ask(decision) == "inside" {
        for port in service.ports.iter_mut().filter(|port| port.protocol == Protocol::Udp) {
            port.host = None;
            port.host_ip = None;
        }
    }
}

/// One question for the whole project: what else points at the old address.
fn old_address(project: &Project, public: &[PublicName], desk: &mut Desk<'_>) {
    let mut published: Vec<String> = Vec::new();
    for service in &project.services {
        let is_open = |ip: &str| !ip.starts_with("127.") && ip != "::1";
        let ports = service.ports.iter().filter(|port| port.host_ip.as_deref().is_none_or(is_open));
        let mut ports: Vec<(u16, Protocol)> =
            ports.filter_map(|port| Some((port.host?, port.protocol))).collect();
        ports.sort_unstable();
        ports.dedup();
        let told = network::ranges(&ports);
        let told: Vec<&str> = told.iter().map(|port| port.trim_end_matches("/tcp")).collect();
        published.extend((!told.is_empty()).then(|| format!("{} of {}", told.join(", "), service.name)));
    }
    if published.is_empty() && project.referrers.is_empty() {
        return;
    }
    let host = project.old_host().unwrap_or("the old host");
    let mut decision = Decision::new(
        "old-address",
        None,
        Topic::OldAddress,
        format!("Others may still ask {host} for it. What about them?"),
        &[
            ("change", "what points there is changed to the new address, before the old one goes"),
            ("forward", "the old host forwards its ports to the new address, until that is done"),
        ],
    );
    if !published.is_empty() {
        decision = decision.fact(format!("{host} offers {}.", published.join("; ")));
    }
    for referrer in &project.referrers {
        decision = decision.fact(format!("It is named by {referrer}."));
    }
    if project.referrers.is_empty() {
        decision = decision.fact("Who asks there was not seen: look for the address in bookmarks, DNS, the proxy, the router's forwarded ports, other services.");
    }
    for name in public {
        decision = decision.fact(format!("The name {} has to lead to the cluster.", name.host));
    }
    desk.ask(decision);
}
