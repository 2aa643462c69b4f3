//! A compose file: one clean service after the other, with what they use at the end.
//!
//! Where the project stays on its host ([`Options::compose_host`] is absent), what was mounted stays where it is; else
//! what is a volume of the new place becomes a named one. Secrets are variables of a `.env`.

mod env;
mod mounts;
mod networks;
mod service;
mod words;
mod yaml;

use std::collections::BTreeMap;

use super::super::observed::{KEY, OfProject};
use super::super::project::{Connection, HealthTest, Note, Origin, Project, Service};
use super::super::{Options, Settled};
use super::{Object, Phase, Written};

use self::mounts::Sources;
use self::yaml::{Map, Node};

/// Writes a project as a compose file.
#[must_use]
pub(super) fn write(settled: &Settled, options: &Options) -> Written {
    let project = &settled.project;
    let names = env::names(project);
    let sources = Sources::of(project, options);
    let from = service::From { project, sources: &sources, secrets: &names };
    let services =
        project.services.iter().map(|service| (service.name.clone(), from.service(service).into()));
    let mut file = Map::default();
    file.add("name", &project.name);
    file.add("services", Map(services.collect()));
    file.add("volumes", section(&sources.volumes));
    file.add("networks", networks::declared(project));
    file.add("configs", section(&sources.configs));
    file.add("secrets", section(&sources.secrets));
    file.add_some(KEY, service::observed(&OfProject::of(project)));
    let needed = env::needed(project, &names, options);
    let text = env::comment(&needed) + &yaml::file(&file, &["services"]);
    Written {
        configs: Vec::new(),
        objects: vec![Object {
            phase: Phase::Workload,
            kind: "compose".to_owned(),
            name: project.name.clone(),
            text,
        }],
        secrets: needed,
        notes: notes(project),
    }
}

fn section(entries: &BTreeMap<String, Node>) -> Map {
    Map(entries.iter().map(|(name, entry)| (name.clone(), entry.clone())).collect())
}

/// What a volume is called on the host, where compose would call it something else.
fn real_name(
    project: &Project,
    name: &str,
    real: Option<&str>,
    external: bool,
    moves: bool,
) -> Option<String> {
    let own = format!("{}_{name}", project.name);
    // What was seen on a host is called there what it is called here, unless something else is said.
    let seen = (project.origin == Origin::Inspect && !external && !moves).then_some(name);
    let real = real.or(seen)?;
    let usual = if external { real == name } else { real == own };
    (!usual).then(|| real.to_owned())
}

fn notes(project: &Project) -> Vec<Note> {
    project.services.iter().flat_map(notes_of).collect()
}

fn notes_of(service: &Service) -> Vec<Note> {
    let mut texts = Vec::new();
    match service.health.as_ref().map(|health| &health.test) {
        Some(HealthTest::Http { .. }) => texts.push(
            "The health check asks with curl or wget: without either in the image it counts as unhealthy."
                .to_owned(),
        ),
        Some(HealthTest::Tcp(_)) => texts.push(
            "The health check connects with nc or bash: without either in the image it counts as unhealthy."
                .to_owned(),
        ),
        _ => {}
    }
    if service.replicas.is_some_and(|count| count > 1)
        && (service.network == Connection::Host || service.ports.iter().any(|port| port.host.is_some()))
    {
        texts.push("Several of it can't have the same port of the host.".to_owned());
    }
    let note = |text| Note { service: Some(service.name.clone()), text };
    texts.into_iter().map(note).collect()
}

#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod tests;
