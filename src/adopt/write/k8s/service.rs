//! Services: under which names and ports a workload is found.

use super::ports::{PodPort, is_on_host, protocol};
use super::yaml::Fields;
use super::{Context, add, aliases, names, note};
use crate::adopt::project::{Connection, Protocol, Service};
use crate::adopt::write::{Phase, Written};

pub(super) fn write(context: &Context<'_>, head: &Service, ports: &[PodPort], written: &mut Written) {
    if head.network == Connection::Nothing {
        return;
    }
    let name = names::service(&head.name);
    if name != head.name {
        let text = format!("No Service can be called {}: others find it as {name}.", head.name);
        written.notes.push(note(head, text));
    }
    add(written, Phase::Workload, within(context, head, &name, ports));
    for alias in aliases::of(context, head, written) {
        add(written, Phase::Workload, within(context, head, &alias, ports));
    }
    if !is_on_host(head) {
        note_local(context, head, ports, written);
        let lan = lan_ports(context, ports);
        if !lan.is_empty() {
            add(written, Phase::Workload, balancer(context, head, lan));
        }
    }
}

/// How others in the cluster find it: by the ports that it had in its networks.
fn within(context: &Context<'_>, head: &Service, name: &str, ports: &[PodPort]) -> Fields {
    let list: Vec<Fields> = ports.iter().map(|port| entry(&port.name, port.number, port)).collect();
    let spec = Fields::new()
        // Without ports there is nothing to balance, but a name to resolve.
        .some("clusterIP", ports.is_empty().then_some("None"))
        .with("selector", context.selector(head))
        .full("ports", list);
    context.object("v1", "Service", name, Some(&head.name)).with("spec", spec)
}

fn entry(name: &str, number: u16, port: &PodPort) -> Fields {
    let other = (port.protocol != Protocol::Tcp).then(|| protocol(port.protocol));
    Fields::new()
        .with("name", name)
        .with("port", number)
        .with("targetPort", port.name.as_str())
        .some("protocol", other)
}

/// What people reach by a port of the host, apart from what a public name leads to.
fn lan_ports<'a>(context: &Context<'_>, ports: &'a [PodPort]) -> Vec<(u16, &'a PodPort)> {
    let is_routed = |port: &PodPort| {
        let public = &context.settled.public;
        port.protocol == Protocol::Tcp
            && public.iter().any(|public| public.port == port.number && is_of(context, &public.service, port))
    };
    let mut lan: Vec<(u16, &PodPort)> = Vec::new();
    for port in ports.iter().filter(|port| !is_routed(port)) {
        for host in &port.published {
            if !lan.iter().any(|(known, other)| known == host && other.protocol == port.protocol) {
                lan.push((*host, port));
            }
        }
    }
    lan
}

/// Whether a port is of a service, or of the pod that it is in.
fn is_of(context: &Context<'_>, service: &str, port: &PodPort) -> bool {
    let groups = context.project.groups();
    let has = |group: &Vec<&Service>, name: &str| group.iter().any(|service| service.name == name);
    groups.iter().any(|group| has(group, service) && has(group, &port.service))
}

fn balancer(context: &Context<'_>, head: &Service, lan: Vec<(u16, &PodPort)>) -> Fields {
    let list: Vec<Fields> = lan
        .iter()
        .map(|(host, port)| {
            let first =
                lan.iter().find(|(_, other)| other.name == port.name).is_some_and(|(first, _)| first == host);
            let name =
                if first { port.name.clone() } else { names::fit(&format!("p{host}-{}", port.name), 15) };
            entry(&name, *host, port)
        })
        .collect();
    let spec = Fields::new()
        .with("type", "LoadBalancer")
        .with("selector", context.selector(head))
        .with("ports", list);
    let name = lan_name(&head.name);
    context.object("v1", "Service", &name, Some(&head.name)).with("spec", spec)
}

/// The load balancer's name.
pub(super) fn lan_name(service: &str) -> String {
    names::service(&format!("{}-lan", names::fit(service, names::LABEL - 4)))
}

fn note_local(context: &Context<'_>, head: &Service, ports: &[PodPort], written: &mut Written) {
    let only: Vec<String> = ports.iter().flat_map(|port| &port.local).map(u16::to_string).collect();
    if !only.is_empty() {
        let text = format!(
            "Port {} was open to the old host alone: it is not published. `kubectl -n {} port-forward` leads there.",
            only.join(", "),
            context.namespace
        );
        written.notes.push(note(head, text));
    }
}
