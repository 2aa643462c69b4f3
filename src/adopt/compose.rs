//! Compose files, as projects.

use std::collections::{BTreeMap, BTreeSet};

use super::observed::{self, OfProject, OfService};
use super::project::{Attachment, Connection, Origin, Service};
use super::{Fault, Project, secrets};
use reader::Reader;
use tree::{Node, Yaml};

mod called;
mod connect;
mod dotenv;
mod files;
mod fill;
mod finish;
mod join;
mod keys;
mod limits;
mod locate;
mod mounts;
mod other;
mod parse;
mod ports;
mod reader;
mod rights;
mod template;
#[cfg(test)]
mod tests;
mod top;
mod tree;
mod units;
mod words;

/// Whether a text that begins as JSON does is a compose file all the same (YAML may look so), or something else of which
/// [`read`] can tell what it is.
#[must_use]
pub fn is_told_of(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    let is_mine = |top: &serde_yaml::Value| top.get("services").is_some() || top.get("Job").is_some();
    other::of_text(text).is_some() || serde_yaml::from_str(text).is_ok_and(|top| is_mine(&top))
}

/// Services of one project at most.
const MAX_SERVICES: usize = 250;

/// What lies beside a compose file, by its path relative to it: `.env`, what `env_file`, `extends`, `include` name.
pub trait Beside {
    /// The text of a file, `None` if there is none.
    ///
    /// # Errors
    /// Why it can't be read, for people.
    fn read(&self, path: &str) -> Result<Option<String>, String>;
}

impl Beside for BTreeMap<String, String> {
    fn read(&self, path: &str) -> Result<Option<String>, String> {
        Ok(self.get(path).cloned())
    }
}

/// Reads a compose file. `name` is the project's where the file names none (the name of its folder).
/// The project holds no secret values.
///
/// # Errors
/// Everything that is wrong with it, with line and field.
pub fn read(file: &str, text: &str, name: &str, beside: &dyn Beside) -> Result<Project, Vec<Fault>> {
    let mut reader = Reader::new(beside);
    let loaded = files::load(&mut reader, (file, text), name, beside);
    let mut project = Project { origin: Origin::Compose, ..Project::default() };
    if let Some((top, name)) = loaded {
        project.name = name;
        whole(&mut reader, &top, &mut project, text);
    }
    if !reader.faults.is_empty() {
        let mut faults = std::mem::take(&mut reader.faults);
        faults.sort_by(|a, b| (a.file != file, &a.file, a.line).cmp(&(b.file != file, &b.file, b.line)));
        let filled = reader.vars.values.iter().map(|(name, value)| format!("{name}={value}\n"));
        let filled: String = filled.collect();
        return Err(secrets::clean_faults(faults, &[text, &filled]));
    }
    project.notes = std::mem::take(&mut reader.notes);
    if let Some(seen) = reader.seen.take() {
        seen.give(&mut project);
    }
    called::alike(&reader, &mut project);
    secrets::hide_with(&mut project, reader.vars.values.iter());
    called::only_secrets(&mut project);
    Ok(project)
}

/// Reads the tree of a project.
fn whole(reader: &mut Reader, top: &Node, project: &mut Project, text: &str) {
    top::read(reader, top, project);
    let Some(services) = top.get("services").filter(|services| !services.entries().is_empty()) else {
        let at = top.get("services").map_or(&top.at, |node| &node.at);
        let other = top.get("services").is_none().then(|| other::of_tree(top)).flatten();
        let usual = ("has no services", "a compose file names its containers under `services:`");
        let (what, fix) = other.unwrap_or(usual);
        return reader.fault(at.fault(what).fix(fix));
    };
    if services.entries().len() > MAX_SERVICES {
        return reader.fault(services.at.fault(format!("has more than {MAX_SERVICES} services")));
    }
    reader.declared.services = finish::labels(services);
    for (name, node) in services.entries() {
        if let (Some(container), Some(label)) =
            (node.get("container_name").and_then(Node::scalar), reader.declared.services.get(name))
        {
            let label = label.clone();
            reader.declared.containers.insert(container, label);
        }
    }
    for (name, node) in services.entries() {
        if reader.is_full() {
            return;
        }
        let service = service(reader, name, node, &project.name);
        project.services.push(service);
    }
    reader.service = None;
    let on_default = project.services.iter().any(|service| {
        matches!(&service.network, Connection::Networks(all) if all.iter().any(|a| a.network == connect::DEFAULT))
    });
    if on_default {
        project.networks.entry(connect::DEFAULT.to_owned()).or_default();
    }
    finish::grant(reader, project);
    let values = reader.vars.values.values().map(String::as_str);
    let mut texts: Vec<&str> = std::iter::once(text).chain(values).collect();
    texts.extend(project.files.values().filter_map(|file| file.text.as_deref()));
    let texts = texts.join("\n");
    finish::container_names(project, &texts);
    finish::order(reader, project, services);
    seen_of_project(reader, top);
}

fn service(reader: &mut Reader, name: &str, node: &Node, project: &str) -> Service {
    let label = reader.declared.services.get(name).cloned().unwrap_or_default();
    reader.service = Some(label.clone());
    let attachment =
        Attachment { network: connect::DEFAULT.to_owned(), aliases: BTreeSet::new(), address: None };
    let mut service = Service {
        name: label.clone(),
        network: Connection::Networks(vec![attachment]),
        ..Service::default()
    };
    if !matches!(node.value, Yaml::Map(_)) {
        let what = format!("has to be a map; it is {}", node.kind());
        reader.fault(node.at.fault(what).fix("write at least `image:` under it"));
        return service;
    }
    keys::take_all(reader, &mut service, node);
    if service.image.name.is_empty() {
        if service.image.build.is_some() {
            service.image.name = format!("{project}-{label}");
        } else if node.get("image").is_none() && node.get("extends").is_none() {
            reader.fault(node.at.fault("has neither `image` nor `build`").fix("write `image: name:tag`"));
        }
    }
    if name != label {
        finish::add_alias(&mut service, name);
    }
    if let Some(seen) = node.get(observed::KEY) {
        match serde_json::from_value::<OfService>(seen.json()) {
            Ok(seen) => seen.give(&mut service),
            Err(error) => reader.fault(seen.at.fault(format!("is not what Steward writes there: {error}"))),
        }
    }
    service
}

fn seen_of_project(reader: &mut Reader, top: &Node) {
    let Some(seen) = top.get(observed::KEY) else { return };
    match serde_json::from_value::<OfProject>(seen.json()) {
        Ok(of) => reader.seen = Some(of),
        Err(error) => reader.fault(seen.at.fault(format!("is not what Steward writes there: {error}"))),
    }
}
