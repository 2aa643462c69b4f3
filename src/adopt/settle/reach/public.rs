//! The names under which people reach a service.

use crate::adopt::known;
use crate::adopt::project::{Port, Project, Protocol, Service, Value};
use crate::adopt::settle::PublicName;
use crate::adopt::settle::desk::Desk;
use crate::adopt::{Decision, Topic};

/// Ends of variables that hold the address people see.
const ADDRESSES: &[&str] = &[
    "ROOT_URL",
    "BASE_URL",
    "PUBLIC_URL",
    "EXTERNAL_URL",
    "APP_URL",
    "SITE_URL",
    "SERVER_URL",
    "NEXTAUTH_URL",
    "WEBHOOK_URL",
    "FRONTEND_URL",
    "OVERWRITEHOST",
    "OVERWRITE_CLI_URL",
    "LETSENCRYPT_HOST",
    "VIRTUAL_HOST",
    "FQDN",
    "DOMAIN",
    "PUBLIC_HOST",
    "PUBLISHED_SERVER_URL",
    "OVERWRITECLIURL",
    "PUBLISHEDSERVERURL",
];
/// Ports that are no web pages, whoever listens there.
const NO_PAGES: &[u16] = &[
    21, 22, 25, 53, 110, 139, 143, 389, 445, 465, 554, 587, 636, 784, 853, 993, 995, 1883, 1935, 2222, 3306,
    3478, 3890, 4222, 5060, 5061, 5349, 5432, 5672, 6379, 6881, 8388, 8554, 8555, 8883, 9987, 11211, 22000,
    25565, 25575, 27015, 27017, 33060, 51413, 64738,
];

pub(super) fn settle(project: &Project, desk: &mut Desk<'_>, asks: bool) -> Vec<PublicName> {
    let mut names = Vec::new();
    for service in &project.services {
        let port = page(service);
        let mut known = of_labels(service, port);
        if known.is_empty() {
            known = of_variables(project, service, port);
        }
        let id = format!("{}/public-name", service.name);
        let is_given = desk.options.answers.contains_key(&id);
        // The page may be behind another port than the one that is published: Portainer's is, with TLS.
        let is_published =
            port.is_some() && service.ports.iter().any(|port| is_page(&port) && port.host.is_some());
        if asks && (is_given || (known.is_empty() && is_published && !is_proxy(service))) {
            match (ask(service, id, desk), port) {
                (Some((host, path)), Some(port)) => {
                    let from = "an answer".to_owned();
                    known = vec![PublicName {
                        service: service.name.clone(),
                        host,
                        path,
                        port: port.container,
                        from,
                    }];
                }
                _ => known.clear(),
            }
        }
        names.append(&mut known);
    }
    names.sort();
    names.dedup_by(|a, b| a.host == b.host && a.path == b.path);
    names
}

fn ask(service: &Service, id: String, desk: &mut Desk<'_>) -> Option<(String, Option<String>)> {
    let decision = Decision::new(
        id,
        Some(&service.name),
        Topic::PublicName,
        format!("Under which name do people reach {}?", service.name),
        &[("none", "no name: by its address, where its ports are published")],
    );
    let decision = decision.fact("Answer with the name, such as `app.example.org`; a path may follow it.");
    let chosen = desk.ask_or(decision, &[], |answer| address(answer).is_some());
    if chosen == "none" { None } else { address(&chosen) }
}

fn is_page(port: &&Port) -> bool {
    port.protocol == Protocol::Tcp && !NO_PAGES.contains(&port.container)
}

/// Whether it leads to other pages, under all their names, and has none of its own.
fn is_proxy(service: &Service) -> bool {
    let publishes = |host: u16| {
        service.ports.iter().any(|port| port.protocol == Protocol::Tcp && port.host == Some(host))
    };
    publishes(80) && publishes(443)
}

/// The port that a browser would ask.
fn page(service: &Service) -> Option<&Port> {
    let known = known::of_image(&service.image);
    let of_known = known.and_then(|known| {
        let http = known.ports.iter().find(|port| port.name == "http")?;
        service.ports.iter().find(|port| port.container == http.port && port.protocol == Protocol::Tcp)
    });
    if known.is_some_and(|known| known.database && known.ports.iter().all(|port| port.name != "http")) {
        return None;
    }
    of_known.or_else(|| service.ports.iter().filter(is_page).max_by_key(|port| port.host.is_some()))
}

fn of_labels(service: &Service, page: Option<&Port>) -> Vec<PublicName> {
    let label_port = service
        .labels
        .iter()
        .find(|(label, _)| {
            label.starts_with("traefik.http.services.") && label.ends_with(".loadbalancer.server.port")
        })
        .and_then(|(_, value)| value.trim().parse().ok());
    let mut names = Vec::new();
    for (label, value) in &service.labels {
        let port = label_port.or(page.map(|port| port.container));
        let mut add = |host: String, path: Option<String>, port: Option<u16>| {
            let from = format!("label {label}");
            names.extend(port.map(|port| PublicName {
                service: service.name.clone(),
                host,
                path,
                port,
                from,
            }));
        };
        if label.starts_with("traefik.http.routers.")
            && label.ends_with(".rule")
            && !is_internal(service, label)
        {
            let path = arguments(value, "PathPrefix(")
                .or_else(|| arguments(value, "Path("))
                .and_then(|paths| paths.into_iter().next());
            for host in arguments(value, "Host(").unwrap_or_default() {
                if let Some((host, _)) = address(&host) {
                    add(host, path.clone().filter(|path| path.starts_with('/') && path != "/"), port);
                }
            }
        }
        let is_caddy = label == "caddy"
            || label
                .strip_prefix("caddy_")
                .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        if is_caddy {
            let upstream =
                service.labels.get(&format!("{label}.reverse_proxy")).and_then(|value| upstream(value));
            for host in value.split([',', ' ']).filter_map(address) {
                add(host.0, host.1, upstream.or(port));
            }
        }
    }
    names
}

/// Whether the router leads to Traefik itself (`api@internal`), and not to the service.
fn is_internal(service: &Service, rule: &str) -> bool {
    let to = rule.strip_suffix(".rule").map(|router| format!("{router}.service"));
    to.and_then(|label| service.labels.get(&label)).is_some_and(|to| to.trim().ends_with("@internal"))
}

/// `{{upstreams 8080}}`, `{{upstreams http 8080}}`.
fn upstream(value: &str) -> Option<u16> {
    value.trim_matches(['{', '}', ' ']).rsplit(' ').next()?.trim_end_matches('}').parse().ok()
}

/// The words in backquotes or quotes behind a function's name.
fn arguments(rule: &str, function: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in rule.match_indices(function) {
        let is_other = rule.get(..at)?.ends_with(|c: char| c.is_alphanumeric());
        let list = rule.get(at + function.len()..)?.split(')').next()?;
        if !is_other {
            found.extend(list.split(',').map(|word| word.trim().trim_matches(['`', '"', '\'']).to_owned()));
        }
    }
    (!found.is_empty()).then_some(found)
}

fn of_variables(project: &Project, service: &Service, page: Option<&Port>) -> Vec<PublicName> {
    // Where a VPN is asked is no page of it.
    if ["wireguard", "wg-easy", "openvpn", "gluetun"].iter().any(|vpn| service.image.name.contains(vpn)) {
        return Vec::new();
    }
    let own: Vec<String> = std::iter::once(service.name.as_str())
        .chain(service.image.name.rsplit('/').next())
        .flat_map(|name| name.split('-').next())
        .map(str::to_ascii_uppercase)
        .collect();
    let tells = |name: &str| {
        let name = name.to_ascii_uppercase();
        let is_address = ADDRESSES.iter().any(|end| name == *end || name.ends_with(&format!("_{end}")));
        is_address
            || own
                .iter()
                .any(|own| ["URL", "HOST", "DOMAIN"].iter().any(|end| name == format!("{own}_{end}")))
    };
    let port_of = |name: &str| match service.env.get(name) {
        Some(Value::Text(text)) => text.trim().parse().ok(),
        _ => None,
    };
    for (name, value) in &service.env {
        let Value::Text(value) = value else { continue };
        let port =
            port_of("VIRTUAL_PORT").filter(|_| name == "VIRTUAL_HOST").or(page.map(|port| port.container));
        let Some(port) = port.filter(|_| tells(name)) else { continue };
        let found: Vec<PublicName> = value
            .split([',', ' '])
            .filter_map(address)
            .filter(|(host, _)| project.service(host).is_none())
            .map(|(host, path)| PublicName {
                service: service.name.clone(),
                host,
                path,
                port,
                from: format!("variable {name}"),
            })
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The host and the path of an address, if it is a full name: with a dot, and no number.
fn address(text: &str) -> Option<(String, Option<String>)> {
    let rest = text.trim().split_once("://").map_or(text.trim(), |(_, rest)| rest);
    let (host, path) = match rest.split_once('/') {
        Some((host, path)) => (host, path.trim_end_matches('/')),
        None => (rest, ""),
    };
    let host = host.split(':').next()?.to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let labels: Vec<&str> = host.strip_prefix("*.").unwrap_or(&host).split('.').collect();
    let is_name = labels.len() > 1 && host.len() <= 253 && labels.iter().all(|label| is_label(label));
    let is_number = labels.last().is_none_or(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "-_./~".contains(c));
    (is_name && !is_number && plain).then(|| (host, (!path.is_empty()).then(|| format!("/{path}"))))
}
