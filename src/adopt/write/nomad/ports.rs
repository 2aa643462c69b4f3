//! The ports of a group, and under what names its services are found.
//!
//! A published port keeps its number on the host, where people use it. A port that is only asked for its health, or that
//! others of the cluster reach, is none of the host's: it has the group's own address.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::probe;
use super::super::super::project::{HealthTest, Port, Protocol, Service};
use super::super::super::settle::PublicName;
use super::groups::{Group, Mode};
use super::hcl::{Body, quoted};

/// The labels of a group's ports, by the port inside.
pub(super) struct Ports {
    labels: BTreeMap<u16, String>,
    network: Body,
}

impl Ports {
    /// Of a group. What can't be said goes to `notes`.
    pub(super) fn of(group: &Group<'_>, public: &[PublicName], notes: &mut Vec<(String, String)>) -> Self {
        let mut ports = Self { labels: BTreeMap::new(), network: Body::default() };
        let mut taken: BTreeSet<(u16, u16)> = BTreeSet::new();
        for service in &group.services {
            for port in listening(group, service) {
                let is_public = is_public(public, service, port.container);
                let host = host_port(group, service, &port, notes);
                if host.is_none() && !is_public {
                    continue;
                }
                // One number for both TCP and UDP is one port here.
                if !taken.insert((port.container, host.unwrap_or(0))) {
                    continue;
                }
                let label = ports.label(service, &port, is_public);
                ports.labels.entry(port.container).or_insert_with(|| label.clone());
                let mut body = Body::default();
                if let Some(host) = host {
                    body.raw("static", host.to_string());
                }
                if group.mode == Mode::Bridge {
                    body.raw("to", port.container.to_string());
                }
                ports.network.block(format!("port {}", quoted(&label)), body);
            }
        }
        ports
    }

    /// The blocks of the ports.
    pub(super) fn blocks(&self) -> &Body {
        &self.network
    }

    fn label(&self, service: &Service, port: &Port, is_public: bool) -> String {
        let usual = match (port.container, port.protocol) {
            _ if is_public => "http".to_owned(),
            (22, _) => "ssh".to_owned(),
            (25, _) => "smtp".to_owned(),
            (53, _) => "dns".to_owned(),
            (80, _) => "http".to_owned(),
            (443, _) => "https".to_owned(),
            (1883, _) => "mqtt".to_owned(),
            (51820, _) => "wireguard".to_owned(),
            (number, _) => format!("port{number}"),
        };
        let longer = [usual.clone(), format!("{}_{usual}", service.name.replace('-', "_"))];
        let numbered = (2..).map(|number| format!("{usual}_{number}"));
        let is_free = |label: &String| !self.network.has_block(&format!("port {}", quoted(label)));
        longer.into_iter().chain(numbered).find(is_free).unwrap_or(usual)
    }

    /// The `service` blocks of one service.
    pub(super) fn services(
        &self,
        group: &Group<'_>,
        service: &Service,
        public: &[PublicName],
        notes: &mut Vec<(String, String)>,
    ) -> Vec<Body> {
        let test = service.health.as_ref().map(probe::from_outside);
        let mut wanted: Vec<u16> =
            public.iter().filter(|name| name.service == service.name).map(|name| name.port).collect();
        let tcp = || service.ports.iter().filter(|port| port.protocol == Protocol::Tcp);
        if let Some(HealthTest::Http { port, .. } | HealthTest::Tcp(port)) = &test {
            wanted.push(*port);
        }
        if wanted.is_empty() {
            let published = tcp().find(|port| port.host.is_some());
            wanted.extend(published.or_else(|| tcp().next()).map(|port| port.container));
        }
        wanted.dedup();
        let mut seen = BTreeSet::new();
        wanted.retain(|port| seen.insert(*port));
        if wanted.is_empty() && matches!(test, Some(HealthTest::Exec(_) | HealthTest::Shell(_))) {
            notes.push((service.name.clone(), "Its health check is a command, which Nomad's own services can't run, and no port is known to ask instead: nothing looks at its health.".to_owned()));
        }
        let blocks = wanted.into_iter().enumerate();
        blocks
            .filter(|_| group.mode != Mode::Own)
            .map(|(index, port)| self.service(service, port, index, test.as_ref(), public, notes))
            .collect()
    }

    fn service(
        &self,
        service: &Service,
        port: u16,
        index: usize,
        test: Option<&HealthTest>,
        public: &[PublicName],
        notes: &mut Vec<(String, String)>,
    ) -> Body {
        let mut body = Body::default();
        let suffix = if index == 0 { String::new() } else { format!("-{port}") };
        body.text("name", &format!("{}{suffix}", service.name)).text("provider", "nomad");
        // Without a port of the host: the number inside, at the address of the group.
        let label = self.labels.get(&port).cloned();
        let place = |body: &mut Body| match &label {
            Some(label) => drop(body.text("port", label)),
            None => drop(body.text("port", &port.to_string()).text("address_mode", "alloc")),
        };
        place(&mut body);
        body.texts("tags", &tags(service, port, index, public));
        let mut check = Body::default();
        match test {
            Some(HealthTest::Http { port: asked, path, tls }) if *asked == port => {
                check.text("type", "http");
                if *tls {
                    check.text("protocol", "https").flag("tls_skip_verify", true);
                }
                check.text("path", path);
            }
            Some(HealthTest::Off) => return body,
            Some(HealthTest::Exec(_) | HealthTest::Shell(_)) if index == 0 => {
                check.text("type", "tcp");
                notes.push((service.name.clone(), format!("Its health check is a command, which Nomad's own services can't run: what is asked is whether port {port} takes a connection.")));
            }
            _ => drop(check.text("type", "tcp")),
        }
        if label.is_none() {
            place(&mut check);
        }
        let health = service.health.as_ref();
        // Nomad asks at least every second.
        let seconds = |value: Option<u64>, usual: u64| quoted(&format!("{}s", value.unwrap_or(usual).max(1)));
        check.raw("interval", seconds(health.and_then(|health| health.interval), 30));
        check.raw("timeout", seconds(health.and_then(|health| health.timeout), 5));
        body.block("check", check);
        body
    }
}

/// The ports of a service; on the host's network also those that were seen there.
fn listening(group: &Group<'_>, service: &Service) -> Vec<Port> {
    let mut ports = service.ports.clone();
    if group.mode == Mode::Host {
        for seen in &service.listens {
            if !ports.iter().any(|port| (port.container, port.protocol) == (seen.port, seen.protocol)) {
                ports.push(Port { container: seen.port, protocol: seen.protocol, host: None, host_ip: None });
            }
        }
    }
    ports
}

fn is_public(public: &[PublicName], service: &Service, port: u16) -> bool {
    public.iter().any(|name| name.service == service.name && name.port == port)
}

/// The host's port that is asked for.
fn host_port(
    group: &Group<'_>,
    service: &Service,
    port: &Port,
    notes: &mut Vec<(String, String)>,
) -> Option<u16> {
    if group.mode == Mode::Host {
        return Some(port.container);
    }
    let host = port.host?;
    match port.host_ip.as_deref() {
        Some(ip) if ip.starts_with("127.") || ip == "::1" => {
            notes.push((service.name.clone(), format!("Port {host} is only for its own host now ({ip}), which Nomad can't say: it is not published.")));
            None
        }
        Some(ip) if !ip.is_empty() && ip != "0.0.0.0" && ip != "::" => {
            notes.push((service.name.clone(), format!("Port {host} is published on {ip} alone now. On Nomad that is a `host_network` of the client: it is published on the client's own address.")));
            Some(host)
        }
        _ => Some(host),
    }
}

/// What Traefik reads.
fn tags(service: &Service, port: u16, index: usize, public: &[PublicName]) -> Vec<String> {
    let names = || public.iter().filter(|name| name.service == service.name && name.port == port);
    let several = names().count() > 1;
    let rules: Vec<String> = names()
        .map(|name| match name.path.as_deref().filter(|path| *path != "/") {
            Some(path) if several => format!("(Host(`{}`) && PathPrefix(`{path}`))", name.host),
            Some(path) => format!("Host(`{}`) && PathPrefix(`{path}`)", name.host),
            None => format!("Host(`{}`)", name.host),
        })
        .collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let suffix = if index == 0 { String::new() } else { format!("-{port}") };
    let rule = rules.join(" || ");
    vec![
        "traefik.enable=true".to_owned(),
        format!("traefik.http.routers.{}{suffix}.rule={rule}", service.name),
    ]
}
