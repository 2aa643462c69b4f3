//! Health checks that are missing.

use super::desk::Desk;
use crate::adopt::known;
use crate::adopt::project::{Connection, Health, HealthTest, Port, Project, Protocol, Service, Until};
use crate::adopt::{Decision, Kind, Topic};

pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) {
    let ending: Vec<String> = project
        .services
        .iter()
        .flat_map(|service| &service.depends_on)
        .filter(|dependency| dependency.until == Until::Completed)
        .map(|dependency| dependency.service.clone())
        .collect();
    for service in &mut project.services {
        // What ends by itself needs none, and one that a person switched off stays off.
        if service.health.is_none() && !ending.contains(&service.name) {
            missing(service, desk);
        }
    }
}

fn missing(service: &mut Service, desk: &mut Desk<'_>) {
    let page = page(service);
    let port = service.ports.iter().find(|port| port.protocol == Protocol::Tcp).map(|port| port.container);
    let http = page.as_ref().map(|(port, path)| format!("a request to `{path}` on port {port}"));
    let tcp = port.map(|port| format!("a connection to port {port}"));
    let mut choices: Vec<(&str, &str)> = Vec::new();
    choices.extend(http.as_deref().map(|text| ("http", text)));
    choices.extend(tcp.as_deref().map(|text| ("tcp", text)));
    let none = ("none", "it counts as well as long as it runs");
    // Compose asks from within the container, where what it takes may be missing.
    choices.insert(if desk.options.to == Kind::Compose { 0 } else { choices.len() }, none);
    let decision = Decision::new(
        format!("{}/health", service.name),
        Some(&service.name),
        Topic::Health,
        format!("{} has no health check. How is it known that it is well?", service.name),
        &choices,
    );
    let decision = match (&page, port) {
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
    let (port, path) = known::of(&service.image.name)?.health?;
    let is_declared = |declared: &Port| declared.container == port;
    let is_free = service.ports.is_empty() || !matches!(service.network, Connection::Networks(_));
    (is_free || service.ports.iter().any(is_declared)).then_some((port, path))
}
