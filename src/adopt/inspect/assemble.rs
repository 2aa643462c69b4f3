//! A project of the containers that belong together.

use std::collections::{BTreeMap, BTreeSet};

use super::super::project::{
    Attachment, Connection, Dependency, MountSource, Note, Origin, Project, Service, Until, Value, dns_label,
};
use super::around::Around;
use super::container::Found;
use super::grouping::{Finder, shared};
use super::networks;
use super::node::shown;
use super::pods;

/// Makes a project of a group, which has at least one container.
pub(super) fn project(mut group: Vec<Found>, around: &Around<'_>, host: Option<&str>) -> Project {
    let compose =
        group.iter().find_map(|found| found.compose.as_ref()).map(|compose| compose.project.clone());
    let mut project = Project {
        name: dns_label(&name(&group, compose.as_deref())),
        host: host.map(str::to_owned),
        origin: Origin::Inspect,
        ..Project::default()
    };
    leave_one_offs(&mut group, &mut project.notes);
    pods::dissolve(&mut group, &mut project.notes);
    unique_names(&mut group);
    side_cars(&mut group, &mut project.notes);
    links(&mut group);
    names_in_use(&mut group);
    let ids: BTreeSet<String> = group.iter().map(|found| found.id.clone()).collect();
    take_volumes(&mut project, &mut group, around, compose.as_deref());
    take_networks(&mut project, &mut group, around, compose.as_deref(), &ids);
    let mut told = BTreeSet::new();
    // What is said of one replica is true of all of them.
    for found in group.iter_mut().filter(|found| told.insert(found.service.name.clone())) {
        let service = found.service.name.clone();
        let notes = std::mem::take(&mut found.notes);
        project.notes.extend(notes.into_iter().map(|text| Note { service: Some(service.clone()), text }));
    }
    let services = replicas(group);
    project.services = in_order(services);
    let names: BTreeSet<String> = project.services.iter().map(|service| service.name.clone()).collect();
    for service in &mut project.services {
        service.depends_on.retain(|needs| names.contains(&needs.service) && needs.service != service.name);
    }
    project.notes.retain(|note| note.service.as_ref().is_none_or(|name| names.contains(name)));
    project.notes.sort();
    project.notes.dedup();
    project
}

/// The project's name: compose's, that of the network they share, or of the only container.
fn name(group: &[Found], compose: Option<&str>) -> String {
    let first = || {
        // What others are linked to stands behind it.
        let first = group.iter().find(|found| !found.infra && !found.links.is_empty());
        let first = first.or_else(|| group.iter().find(|found| !found.infra)).or(group.first());
        first.map(|found| found.name.clone()).unwrap_or_default()
    };
    match (compose, group.len()) {
        (Some(name), _) => name.to_owned(),
        (None, 1) => first(),
        (None, _) => {
            let most =
                shared(group).into_iter().max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name)));
            let network = most.map(|(name, _)| {
                let plain = name.trim_end_matches("-network").trim_end_matches("_network");
                plain
                    .trim_end_matches("_default")
                    .trim_end_matches("-net")
                    .trim_end_matches("_net")
                    .to_owned()
            });
            // Those whose network others use stand for them.
            let joined = || {
                let find = Finder::of(group);
                let whose = group.iter().find_map(|found| find.find(found.joins.as_deref()?))?;
                group.get(whose).filter(|found| !found.infra).map(|found| found.name.clone())
            };
            network.filter(|name| !name.is_empty()).or_else(joined).unwrap_or_else(first)
        }
    }
}

/// What `compose run` left behind is no service, unless there is nothing else.
fn leave_one_offs(group: &mut Vec<Found>, notes: &mut Vec<Note>) {
    let one_off = |found: &Found| found.compose.as_ref().is_some_and(|compose| compose.one_off);
    if group.iter().all(one_off) {
        return;
    }
    group.retain(|found| {
        if one_off(found) {
            let text = format!(
                "the container {} is the rest of a `compose run`, and is left out",
                shown(&found.name)
            );
            notes.push(Note { service: None, text });
        }
        !one_off(found)
    });
}

/// Gives every container but the replicas of one service a name of its own.
fn unique_names(group: &mut [Found]) {
    group.sort_by(|a, b| (&a.service.name, &a.name).cmp(&(&b.service.name, &b.name)));
    let mut taken: BTreeSet<String> = group.iter().map(|found| found.service.name.clone()).collect();
    for at in 1..group.len() {
        let (before, rest) = group.split_at_mut(at);
        let Some(found) = rest.first_mut() else { continue };
        let name = found.service.name.clone();
        let same: Vec<&Found> = before.iter().filter(|other| other.service.name == name).collect();
        let replica = same.iter().any(|other| is_replica(other, found));
        if same.is_empty() || replica {
            continue;
        }
        found.service.name = free(&name, &taken);
        taken.insert(found.service.name.clone());
    }
}

/// The name with the first number behind it that is free.
pub(super) fn free(name: &str, taken: &BTreeSet<String>) -> String {
    let short: String = name.chars().take(57).collect();
    let mut names = (2..).map(|number| format!("{}-{number}", short.trim_end_matches('-')));
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

/// Whether two containers are the same service twice.
fn is_replica(a: &Found, b: &Found) -> bool {
    let of = |found: &Found| {
        found.compose.as_ref().map(|compose| (compose.project.clone(), compose.service.clone()))
    };
    let bare = |service: &Service| {
        let mut bare = service.clone();
        bare.container = None;
        bare.running = None;
        bare.hostname = None;
        bare
    };
    a.compose.is_some() && of(a) == of(b) && bare(&a.service) == bare(&b.service)
}

/// Those that use another's network: by the name of its service, where it is one of the project.
fn side_cars(group: &mut [Found], notes: &mut Vec<Note>) {
    let find = Finder::of(group);
    for at in 0..group.len() {
        let Some(whose) = group[at].joins.clone() else { continue };
        let service = group[at].service.name.clone();
        match find.find(&whose).filter(|other| *other != at) {
            Some(other) => group[at].service.network = Connection::Service(group[other].service.name.clone()),
            None => {
                let text = format!(
                    "it uses the network of the container {}, which is not in the project",
                    shown(&whose)
                );
                notes.push(Note { service: Some(service), text });
            }
        }
    }
}

/// Links: the other is up before, and is found by one more name.
fn links(group: &mut [Found]) {
    let find = Finder::of(group);
    for at in 0..group.len() {
        for (target, alias) in std::mem::take(&mut group[at].links) {
            let Some(other) = find.find(&target).filter(|other| *other != at) else { continue };
            let name = group[other].service.name.clone();
            let needs = &mut group[at].service.depends_on;
            if !needs.iter().any(|needs| needs.service == name) {
                needs.push(Dependency { service: name.clone(), until: Until::Started });
            }
            // On the engine's default network nobody finds anybody: it takes one of their own.
            for one in [at, other] {
                if let Connection::Networks(attachments) = &mut group[one].service.network
                    && attachments.is_empty()
                {
                    let network = "default".to_owned();
                    attachments.push(Attachment { network, aliases: BTreeSet::new(), address: None });
                }
            }
            if alias != name && !alias.is_empty() {
                add_alias(&mut group[other].service, &alias);
            }
        }
    }
}

fn add_alias(service: &mut Service, alias: &str) {
    if let Connection::Networks(attachments) = &mut service.network {
        for attachment in attachments {
            attachment.aliases.insert(alias.to_owned());
        }
    }
}

/// A container that others know by its container's name, which is not its service's, keeps that as an alias.
fn names_in_use(group: &mut [Found]) {
    let names: BTreeSet<String> = group.iter().map(|found| found.name.clone()).collect();
    let mut mentioned: BTreeSet<(String, usize)> = BTreeSet::new();
    for (at, found) in group.iter().enumerate() {
        for text in texts(&found.service) {
            let words = text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')));
            let known = words.map(|word| word.trim_end_matches('.')).filter(|word| names.contains(*word));
            mentioned.extend(known.map(|word| (word.to_owned(), at)));
        }
    }
    let by: BTreeMap<String, BTreeSet<usize>> =
        mentioned.into_iter().fold(BTreeMap::new(), |mut by, (name, at)| {
            by.entry(name).or_insert_with(BTreeSet::new).insert(at);
            by
        });
    for (at, found) in group.iter_mut().enumerate() {
        let by_others = by.get(&found.name).is_some_and(|by| by.iter().any(|other| *other != at));
        if found.name != found.service.name && by_others {
            let name = found.name.clone();
            add_alias(&mut found.service, &name);
        }
    }
}

/// What a service is told: hosts may be named in it.
fn texts(service: &Service) -> impl Iterator<Item = &String> {
    let values = service.env.values().filter_map(|value| match value {
        Value::Text(text) => Some(text),
        Value::Secret | Value::Unset => None,
    });
    let words = service.entrypoint.iter().chain(&service.command).flatten();
    values.chain(words).chain(service.labels.values())
}

/// Volumes, by the names that a compose file has for them.
fn take_volumes(project: &mut Project, group: &mut [Found], around: &Around<'_>, compose: Option<&str>) {
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    for found in group.iter_mut() {
        for (name, mut volume) in std::mem::take(&mut found.volumes) {
            let labels = around.volumes.get(&name).map(|object| object.get("Labels"));
            let label = |key: &str| labels.as_ref().and_then(|labels| labels.get(key).text());
            let theirs =
                label("com.docker.compose.project").is_some_and(|theirs| Some(theirs.as_str()) == compose);
            let key = label("com.docker.compose.volume")
                .filter(|_| theirs)
                .or_else(|| stripped(&name, compose).map(str::to_owned))
                .unwrap_or_else(|| name.clone());
            // Compose made no such volume: it was there before.
            volume.external = compose.is_some() && labels.is_some() && !theirs;
            volume.real_name = Some(name.clone()).filter(|name| *name != key);
            project.volumes.entry(key.clone()).or_insert(volume);
            keys.insert(name, key);
        }
        for mount in &mut found.service.mounts {
            if let MountSource::Volume(name) = &mut mount.source
                && let Some(key) = keys.get(name)
            {
                name.clone_from(key);
            }
        }
    }
}

/// Networks, by the names that a compose file has for them.
fn take_networks(
    project: &mut Project,
    group: &mut [Found],
    around: &Around<'_>,
    compose: Option<&str>,
    ids: &BTreeSet<String>,
) {
    let shared: BTreeSet<String> = shared(group).into_keys().map(str::to_owned).collect();
    for found in group.iter_mut() {
        let Connection::Networks(attachments) = &mut found.service.network else { continue };
        for attachment in attachments.iter_mut() {
            let name = attachment.network.clone();
            let facts = around.network(&name);
            let theirs = facts
                .and_then(|facts| facts.compose.as_ref())
                .filter(|(project, _)| Some(project.as_str()) == compose);
            let key = match (theirs, stripped(&name, compose)) {
                (Some((_, key)), _) => key.clone(),
                (None, Some(key)) => key.to_owned(),
                (None, None) => key_of(&name),
            };
            let expected = format!("{}_{key}", compose.unwrap_or_default());
            let mut network = networks::network(&name, &key, &expected, facts);
            let foreign = facts.is_some_and(|facts| facts.members.iter().any(|id| !ids.contains(id)));
            network.external = match compose {
                // `default` is made for links of the engine's default network.
                _ if name == "default" => false,
                Some(_) => theirs.is_none() && name != expected,
                None => foreign || !shared.contains(&name),
            };
            project.networks.entry(key.clone()).or_insert(network);
            attachment.network = key;
        }
        attachments.sort();
        attachments.dedup_by(|a, b| a.network == b.network);
    }
}

/// A name that compose takes, too.
fn key_of(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.chars().all(plain) { name.to_owned() } else { dns_label(name) }
}

/// `data` of `paperless_data`, in the project `paperless`.
fn stripped<'n>(name: &'n str, compose: Option<&str>) -> Option<&'n str> {
    let rest = name.strip_prefix(compose?)?;
    rest.strip_prefix(['_', '-']).filter(|key| !key.is_empty())
}

/// The services: one for all of its replicas.
fn replicas(group: Vec<Found>) -> Vec<Service> {
    let mut services: BTreeMap<String, Service> = BTreeMap::new();
    for found in group {
        match services.get_mut(&found.service.name) {
            Some(first) => first.replicas = Some(first.replicas.unwrap_or(1).saturating_add(1)),
            None => {
                services.insert(found.service.name.clone(), found.service);
            }
        }
    }
    services.into_values().collect()
}

/// Dependencies first, then by name.
fn in_order(services: Vec<Service>) -> Vec<Service> {
    let names: BTreeSet<String> = services.iter().map(|service| service.name.clone()).collect();
    let mut left: BTreeMap<String, Service> =
        services.into_iter().map(|service| (service.name.clone(), service)).collect();
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let waits = |service: &Service| {
            let joined = match &service.network {
                Connection::Service(other) => Some(other),
                _ => None,
            };
            let needs = service.depends_on.iter().map(|needs| &needs.service).chain(joined);
            needs
                .into_iter()
                .any(|other| names.contains(other) && !done.contains(other) && *other != service.name)
        };
        // In a circle the first by name goes first.
        let next = left.iter().find(|(_, service)| !waits(service)).or_else(|| left.iter().next());
        let Some(name) = next.map(|(name, _)| name.clone()) else { break };
        ordered.extend(left.remove(&name));
        done.insert(name);
    }
    ordered
}
