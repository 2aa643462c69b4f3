//! Health checks that are missing.

use super::desk::Desk;
use super::ports;
use crate::adopt::known;
use crate::adopt::project::{
    Connection, Health, HealthTest, Port, Project, Protocol, Restart, Service, Until,
};
use crate::adopt::{Decision, Kind, Topic};

pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) {
    let ending: Vec<String> = project
        .services
        .iter()
        .flat_map(|service| &service.depends_on)
        .filter(|dependency| dependency.until == Until::Completed)
        .map(|dependency| dependency.service.clone())
        .collect();
    let others = project.clone();
    for service in &mut project.services {
        // What ends by itself needs none, and one that a person switched off stays off.
        let has_ended = service.running == Some(false) && service.restart == Restart::No;
        let ends = ending.contains(&service.name) || (has_ended && desk.options.to == Kind::K8s);
        if service.health.is_none() && !ends {
            missing(service, &others, desk);
        }
    }
}

/// Whether a port that it publishes is that of another, which uses its network: a VPN's are those of what is behind it.
fn is_of_another(project: &Project, service: &Service, port: &Port) -> bool {
    let listens = |service: &Service| {
        known::of(&service.image.name)
            .map(|known| known.ports.iter().any(|known| known.port == port.container))
    };
    let joined = |other: &&Service| other.network == Connection::Service(service.name.clone());
    let mut behind = project.services.iter().filter(joined).peekable();
    // What an unknown image listens on by itself nobody knows.
    behind.peek().is_some()
        && listens(service) != Some(true)
        && (listens(service) == Some(false) || behind.any(|other| listens(other) == Some(true)))
}

/// The port that is asked: that of its page, one that people reach, any.
fn port(project: &Project, service: &Service) -> Option<u16> {
    let known = || known::of_image(&service.image).into_iter().flat_map(|known| known.ports);
    let page = known::of_image(&service.image).and_then(|known| known.health).map(|(port, _)| port);
    let is_page =
        |port: u16| page == Some(port) || known().any(|known| known.name == "http" && known.port == port);
    let of_others = matches!(service.network, Connection::Service(_));
    // What uses another's network declares nothing itself.
    let by_image = known().find(|known| of_others && known.protocol == Protocol::Tcp).map(|known| known.port);
    let ports = service.ports.iter().filter(|port| port.protocol == Protocol::Tcp);
    let ports = ports.filter(|port| !is_of_another(project, service, port));
    let best = ports.min_by_key(|port| match (port.host.is_some(), is_page(port.container)) {
        (true, true) => 0,
        (true, false) => 1,
        (false, true) => 2,
        (false, false) => 3,
    });
    best.map(|port| port.container).or(by_image)
}

fn missing(service: &mut Service, others: &Project, desk: &mut Desk<'_>) {
    // Its image's usual program may not be what runs: then nothing may listen there.
    let is_other = ports::runs_something_else(others, service);
    let page = page(service).filter(|_| !is_other);
    let port = port(others, service);
    let http = page.as_ref().map(|(port, path)| format!("a request to `{path}` on port {port}"));
    let tcp = port.map(|port| format!("a connection to port {port}"));
    let mut choices: Vec<(&str, &str)> = Vec::new();
    choices.extend(http.as_deref().map(|text| ("http", text)));
    choices.extend(tcp.as_deref().map(|text| ("tcp", text)));
    let none = ("none", "it counts as well as long as it runs");
    // Compose asks from within the container, where what it takes may be missing.
    let none_first = desk.options.to == Kind::Compose || is_other;
    choices.insert(if none_first { 0 } else { choices.len() }, none);
    let decision = Decision::new(
        format!("{}/health", service.name),
        Some(&service.name),
        Topic::Health,
        format!("{} has no health check. How is it known that it is well?", service.name),
        &choices,
    );
    let decision = match (&page, port) {
        (_, Some(_)) if is_other => {
            decision.fact("It runs another program than its image by itself: that may not listen there.")
        }
        (Some(_), _) => decision.fact("Its image is known to answer there when it is well."),
        (None, Some(_)) => decision.fact("No page that tells is known of its image."),
        (None, None) => decision.fact("No port of it is known that could be asked."),
    };
    let test = match (desk.ask(decision).as_str(), page, port) {
        ("http", Some((port, path)), _) => HealthTest::Http { port, path: path.to_owned(), tls: false },
        ("tcp", _, Some(port)) => HealthTest::Tcp(port),
        _ => return,
    };
    service.health = Some(Health {
        test,
        interval: None,
        timeout: None,
        retries: None,
        start_period: None,
        from_image: false,
    });
}

/// The page that tells, if the image's own port is still the one.
fn page(service: &Service) -> Option<(u16, &'static str)> {
    let (port, path) = known::of_image(&service.image)?.health?;
    let is_declared = |declared: &Port| declared.container == port;
    let is_free = service.ports.is_empty() || !matches!(service.network, Connection::Networks(_));
    (is_free || service.ports.iter().any(is_declared)).then_some((port, path))
}
