//! The ports of a pod, with names.

use super::{Context, names};
use crate::adopt::project::{Connection, HealthTest, Protocol, Service};
use crate::adopt::{known, probe};

/// A port of a pod.
pub(super) struct PodPort {
    /// Its name: 15 characters at most, unique in the pod.
    pub(super) name: String,
    /// The number.
    pub(super) number: u16,
    /// The protocol.
    pub(super) protocol: Protocol,
    /// The service whose container has it.
    pub(super) service: String,
    /// The ports of the host by which people reach it.
    pub(super) published: Vec<u16>,
    /// The host's only own ports by which it alone reaches it.
    pub(super) local: Vec<u16>,
}

/// What listens behind well-known ports, for their names.
const KNOWN: &[(u16, &str)] = &[
    (21, "ftp"),
    (22, "ssh"),
    (25, "smtp"),
    (53, "dns"),
    (67, "dhcp"),
    (110, "pop3"),
    (123, "ntp"),
    (143, "imap"),
    (389, "ldap"),
    (443, "https"),
    (445, "smb"),
    (465, "smtps"),
    (587, "submission"),
    (636, "ldaps"),
    (853, "dns-tls"),
    (993, "imaps"),
    (995, "pop3s"),
    (1883, "mqtt"),
    (1900, "ssdp"),
    (2222, "ssh"),
    (3306, "mysql"),
    (3478, "stun"),
    (5353, "mdns"),
    (5432, "postgres"),
    (5672, "amqp"),
    (6379, "redis"),
    (8443, "https"),
    (8883, "mqtts"),
    (9443, "https"),
    (11211, "memcached"),
    (27017, "mongodb"),
    (51820, "wireguard"),
];

/// Ports that speak HTTP wherever they are seen.
const HTTP: &[u16] =
    &[80, 3000, 5000, 8000, 8008, 8080, 8081, 8082, 8088, 8090, 8096, 8123, 8888, 9000, 9090];

/// The ports of a group, in the order of its services.
pub(super) fn of_group(context: &Context<'_>, group: &[&Service]) -> Vec<PodPort> {
    let mut ports: Vec<PodPort> = Vec::new();
    for service in group {
        for port in &service.ports {
            let known = ports
                .iter()
                .position(|known| (known.number, known.protocol) == (port.container, port.protocol));
            let index = known.unwrap_or_else(|| {
                ports.push(unnamed(service, port.container, port.protocol));
                ports.len() - 1
            });
            let (Some(known), Some(host)) = (ports.get_mut(index), port.host) else { continue };
            let is_local = port.host_ip.as_deref().is_some_and(|ip| ip.starts_with("127.") || ip == "::1");
            let hosts = if is_local { &mut known.local } else { &mut known.published };
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        for public in context.settled.public.iter().filter(|public| public.service == service.name) {
            if !ports.iter().any(|port| (port.number, port.protocol) == (public.port, Protocol::Tcp)) {
                ports.push(unnamed(service, public.port, Protocol::Tcp));
            }
        }
    }
    ports.retain(|port| port.number != 0);
    name_all(context, group, &mut ports);
    ports
}

fn unnamed(service: &Service, number: u16, protocol: Protocol) -> PodPort {
    let service = service.name.clone();
    PodPort { name: String::new(), number, protocol, service, published: Vec::new(), local: Vec::new() }
}

fn name_all(context: &Context<'_>, group: &[&Service], ports: &mut [PodPort]) {
    for index in 0..ports.len() {
        let Some(port) = ports.get(index) else { continue };
        let twice = ports.iter().filter(|other| other.number == port.number).count() > 1;
        let kind = protocol(port.protocol).to_ascii_lowercase();
        let base = match what(context, group, port) {
            Some(known) if twice => format!("{known}-{kind}"),
            Some(known) => known.to_owned(),
            None => format!("{kind}-{}", port.number),
        };
        let is_taken = |name: &str| ports.iter().any(|other| other.name == name);
        let name = match is_taken(&base) {
            true => names::unique(&format!("{base}-{}", port.number), 15, is_taken),
            false => base,
        };
        if let Some(port) = ports.get_mut(index) {
            port.name = name;
        }
    }
}

/// What listens there, where it can be told.
fn what(context: &Context<'_>, group: &[&Service], port: &PodPort) -> Option<&'static str> {
    let of_image = group.iter().find(|service| service.name == port.service).and_then(|service| {
        let known = known::of_image(&service.image)?.ports.iter();
        known.into_iter().find(|known| (known.port, known.protocol) == (port.number, port.protocol))
    });
    let known = KNOWN.iter().find(|(number, _)| *number == port.number).map(|(_, name)| *name);
    let known = known.or(of_image.map(|known| known.name));
    if port.protocol != Protocol::Tcp || known.is_some() {
        return known;
    }
    let in_group = |name: &str| group.iter().any(|service| service.name == name);
    let is_public =
        context.settled.public.iter().any(|public| public.port == port.number && in_group(&public.service));
    let is_asked = group.iter().filter_map(|service| service.health.as_ref()).any(|health| {
        matches!(probe::from_outside(health), HealthTest::Http { port: asked, .. } if asked == port.number)
    });
    (is_public || is_asked || HTTP.contains(&port.number)).then_some("http")
}

/// A protocol as Kubernetes writes it.
pub(super) fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

/// Whether a service's network is its host's.
pub(super) fn is_on_host(service: &Service) -> bool {
    service.network == Connection::Host
}
