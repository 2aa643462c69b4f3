//! Ports that nobody declared: what is known of the image, and what others say.

use crate::adopt::known;
use crate::adopt::project::{Connection, Port, Project, Protocol, Service, Value};

/// Adds the ports that a service is reached by within its project. They are not published.
pub(super) fn fill(project: &mut Project) {
    let said: Vec<Vec<u16>> = project.services.iter().map(|service| said_of(project, service)).collect();
    let others = project.clone();
    for (service, said) in project.services.iter_mut().zip(said) {
        if !matches!(service.network, Connection::Networks(_)) {
            continue;
        }
        if service.ports.is_empty() && !runs_something_else(&others, service) {
            service.ports = known(service);
        }
        for port in said {
            if !service.ports.iter().any(|known| known.container == port && known.protocol == Protocol::Tcp) {
                service.ports.push(inside(port, Protocol::Tcp));
            }
        }
    }
}

/// Whether another program runs than its image's own, as far as that can be told: it was given another entrypoint, or
/// it is a second service of an image, that nobody calls and that runs another command (a worker, a scheduler).
pub(super) fn runs_something_else(project: &Project, service: &Service) -> bool {
    let is_called =
        service.ports.iter().any(|port| port.host.is_some()) || !said_of(project, service).is_empty();
    let is_twin = |other: &Service| {
        other.name != service.name
            && other.image.name == service.image.name
            && other.running != Some(false)
            && (&other.entrypoint, &other.command) != (&service.entrypoint, &service.command)
    };
    let is_told = service.entrypoint.is_some() || service.command.is_some();
    !is_called && (service.entrypoint.is_some() || (is_told && project.services.iter().any(is_twin)))
}

/// What the image listens on by itself.
pub(super) fn known(service: &Service) -> Vec<Port> {
    let known = known::of_image(&service.image);
    known.map_or_else(Vec::new, |known| {
        known.ports.iter().map(|port| inside(port.port, port.protocol)).collect()
    })
}

fn inside(container: u16, protocol: Protocol) -> Port {
    Port { container, protocol, host: None, host_ip: None }
}

/// The ports that variables of other services name together with this one.
fn said_of(project: &Project, service: &Service) -> Vec<u16> {
    let mut names: Vec<&str> = vec![&service.name];
    names.extend(service.container.as_deref());
    if let Connection::Networks(networks) = &service.network {
        names.extend(networks.iter().flat_map(|network| network.aliases.iter().map(String::as_str)));
    }
    let mut ports = Vec::new();
    for other in project.services.iter().filter(|other| other.name != service.name) {
        for (variable, value) in &other.env {
            let Value::Text(text) = value else { continue };
            for name in &names {
                ports.extend(with_port(text, name));
                if text == name {
                    ports.extend(beside(other, variable));
                }
            }
        }
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// `redis://broker:6379/0`, `broker:6379`.
fn with_port(text: &str, name: &str) -> Option<u16> {
    text.match_indices(name).find_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        let joins = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let rest = text.get(at + name.len()..)?.strip_prefix(':')?;
        let digits: &str = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        let ends = rest.get(digits.len()..)?.chars().next().is_none_or(|c| "/,;?&\"' ".contains(c));
        let port: u16 = digits.parse().ok()?;
        (!before.is_some_and(joins) && ends && port > 0).then_some(port)
    })
}

/// `DB_PORT` beside `DB_HOST`.
fn beside(service: &Service, variable: &str) -> Option<u16> {
    let port = variable.to_ascii_uppercase().contains("HOST").then(|| {
        variable
            .replace("HOSTNAME", "PORT")
            .replace("HOST", "PORT")
            .replace("hostname", "port")
            .replace("host", "port")
    })?;
    match service.env.get(&port)? {
        Value::Text(text) => text.parse().ok().filter(|port| *port > 0),
        _ => None,
    }
}
