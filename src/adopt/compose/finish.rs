//! What is settled when all services are read: names, what one wants of another, and the order.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::{Reader, Wish};
use super::tree::Node;
use crate::adopt::Project;
use crate::adopt::project::{Connection, Mount, Service, dns_label};

/// Words in the names of settings that hold hosts.
const HOST_KEYS: &[&str] = &["HOST", "SERVER", "ADDR", "URL", "ENDPOINT", "BROKER", "UPSTREAM", "PROXY"];
/// Bytes in which names of containers are looked for.
const MAX_TEXTS: usize = 1 << 20;

/// A DNS label for each service, by the name in the file.
pub(super) fn labels(services: &Node) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    // Those that are labels already keep their names.
    let (kept, made): (Vec<_>, Vec<_>) =
        services.entries().iter().partition(|(name, _)| dns_label(name) == *name);
    for (name, _) in kept.into_iter().chain(made) {
        let label = dns_label(name);
        let mut free = label.clone();
        let mut number = 2;
        while !taken.insert(free.clone()) {
            free = format!("{}-{number}", &label[..label.len().min(58)]);
            number += 1;
        }
        labels.insert(name.clone(), free);
    }
    labels
}

/// Grants what services want of others.
pub(super) fn grant(reader: &mut Reader, project: &mut Project) {
    for wish in std::mem::take(&mut reader.wishes) {
        match wish {
            Wish::Alias { other, alias } => {
                if let Some(service) = project.services.iter_mut().find(|service| service.name == other) {
                    add_alias(service, &alias);
                }
            }
            Wish::Volumes { service, other, read_only } => {
                let mounts: Vec<Mount> =
                    project.service(&other).map(|other| other.mounts.clone()).unwrap_or_default();
                let Some(service) = project.services.iter_mut().find(|known| known.name == service) else {
                    continue;
                };
                for mut mount in mounts {
                    mount.read_only |= read_only;
                    if !service.mounts.iter().any(|known| known.target == mount.target) {
                        service.mounts.push(mount);
                    }
                }
            }
        }
    }
}

/// A further name, on every network that it is on.
pub(super) fn add_alias(service: &mut Service, alias: &str) {
    if let Connection::Networks(attachments) = &mut service.network
        && alias != service.name
    {
        for attachment in attachments {
            attachment.aliases.insert(alias.to_owned());
        }
    }
}

/// Containers that others find by the container's name keep it as a further name.
pub(super) fn container_names(project: &mut Project, texts: &str) {
    if texts.len() > MAX_TEXTS {
        return;
    }
    let mut names: Vec<(usize, String)> = Vec::new();
    for (index, service) in project.services.iter().enumerate() {
        let Some(container) = service.container.clone().filter(|name| *name != service.name) else {
            continue;
        };
        if project.service(&container).is_none() && mentioned(texts, &container) {
            names.push((index, container));
        }
    }
    for (index, name) in names {
        add_alias(&mut project.services[index], &name);
    }
}

/// Whether a name stands somewhere where a host stands: `name:5432`, `//name`, `@name`, `DB_HOST=name`.
fn mentioned(texts: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let of_itself = |line: &str| {
        let line = line.trim_start();
        ["#", "container_name:", "container:", "image:", "hostname:", "text:"]
            .iter()
            .any(|key| line.starts_with(key))
    };
    texts.lines().filter(|line| line.contains(name) && !of_itself(line)).any(|line| {
        line.match_indices(name).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + name.len()..]);
            if before.ends_with(is_word) || after.starts_with(is_word) {
                return false;
            }
            let key = before.to_ascii_uppercase();
            let port =
                after.strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            let address = before.ends_with("//") || before.ends_with('@');
            port || address || HOST_KEYS.iter().any(|word| key.contains(word))
        })
    })
}

/// What a service needs before it.
fn needs(service: &Service) -> impl Iterator<Item = &str> {
    let beside = match &service.network {
        Connection::Service(other) => Some(other.as_str()),
        _ => None,
    };
    service.depends_on.iter().map(|dependency| dependency.service.as_str()).chain(beside)
}

/// Puts dependencies first, else leaves the order. A circle is a fault.
pub(super) fn order(reader: &mut Reader, project: &mut Project, services: &Node) {
    let mut left = std::mem::take(&mut project.services);
    let mut done: BTreeSet<String> = BTreeSet::new();
    while !left.is_empty() {
        let all: BTreeSet<&str> = left.iter().map(|service| service.name.as_str()).collect();
        let ready = left
            .iter()
            .position(|service| needs(service).all(|other| done.contains(other) || !all.contains(other)));
        let Some(ready) = ready else {
            let circle = circle(&left);
            let what = format!("wait for each other in a circle: {}", circle.join(" → "));
            reader.fault(services.at.fault(what).fix("remove one `depends_on` of them"));
            project.services.append(&mut left);
            return;
        };
        let service = left.remove(ready);
        done.insert(service.name.clone());
        project.services.push(service);
    }
}

/// A circle among services that all wait for one another.
fn circle(services: &[Service]) -> Vec<String> {
    let mut way: Vec<&str> = Vec::new();
    let mut at = services.first();
    while let Some(service) = at {
        if let Some(start) = way.iter().position(|name| *name == service.name) {
            let mut names: Vec<String> = way[start..].iter().map(|name| (*name).to_owned()).collect();
            names.push(service.name.clone());
            return names;
        }
        way.push(&service.name);
        at = needs(service).find_map(|name| services.iter().find(|other| other.name == name));
    }
    Vec::new()
}
