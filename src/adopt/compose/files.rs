//! The files that make a project: the compose file, its override, what it includes and extends, and `.env`.

use super::join::{joined, without_resets};
use super::reader::Reader;
use super::tree::{Node, Source, Yaml};
use super::units::{folder_of, join};
use super::{Beside, dotenv, fill, parse};
use crate::adopt::Fault;
use crate::adopt::project::dns_label;

/// Files in files in files.
const MAX_DEPTH: usize = 16;

/// Reads everything that belongs to it, as one tree. The name is that of the project.
pub(super) fn load(
    reader: &mut Reader,
    (file, text): (&str, &str),
    name: &str,
    beside: &dyn Beside,
) -> Option<(Node, String)> {
    env(reader, ".env", beside);
    let given = reader.vars.values.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty()).cloned();
    let main = Source::new(file, "", text);
    let parsed = reader.taken(parse::parse(&main));
    let from_file = parsed.as_ref().and_then(|top| top.get("name")).and_then(Node::scalar);
    let from_file = from_file.and_then(|name| super::template::fill_plainly(&name, &reader.vars));
    let name = given.or(from_file.filter(|name| !name.is_empty())).unwrap_or_else(|| name.to_owned());
    reader.vars.values.insert("COMPOSE_PROJECT_NAME".to_owned(), name.clone());
    let mut loader = Loader { reader, beside, open: Vec::new(), weight: 0 };
    let mut top = loader.complete(parsed?)?;
    if let Some(over) = loader.override_of(file) {
        top = joined(top, over);
    }
    without_resets(&mut top);
    Some((top, dns_label(&name)))
}

/// Adds what an env file beside the compose file says, where it is not said already.
fn env(reader: &mut Reader, path: &str, beside: &dyn Beside) {
    match beside.read(path) {
        Ok(Some(text)) => {
            let read = dotenv::read(&text, &reader.vars);
            for (line, wrong) in read.wrong {
                reader.fault(Fault::of(path, wrong).on_line(line).fix("write `NAME=value`, or `#` in front"));
            }
            for (name, value) in read.values {
                if let Some(value) = value.filter(|_| !reader.vars.values.contains_key(&name)) {
                    reader.vars.add(&name, value);
                }
            }
            reader.vars.secret.extend(read.secret);
        }
        Ok(None) => {}
        Err(why) => reader.fault(Fault::of(path, format!("can't be read: {why}"))),
    }
}

struct Loader<'a, 'b> {
    reader: &'a mut Reader<'b>,
    beside: &'a dyn Beside,
    /// What is being read: files, and services of files.
    open: Vec<String>,
    /// Values that extending has added so far.
    weight: usize,
}

impl Reader<'_> {
    /// The value, or its faults among the others.
    pub(super) fn taken<T>(&mut self, result: Result<T, Vec<Fault>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(faults) => {
                faults.into_iter().for_each(|fault| self.fault(fault));
                None
            }
        }
    }
}

impl Loader<'_, '_> {
    /// A tree with its variables filled, what it extends, and what it includes.
    fn complete(&mut self, mut top: Node) -> Option<Node> {
        fill::file(self.reader, &mut top);
        self.extend_all(&mut top);
        let includes = top.get("include").cloned();
        match includes {
            Some(node) => self.include(top, &node),
            None => Some(top),
        }
    }

    /// `compose.override.yaml` beside `compose.yaml`, which compose takes without being asked.
    fn override_of(&mut self, file: &str) -> Option<Node> {
        let base = file.rsplit('/').next().unwrap_or(file);
        let stem = base.strip_suffix(".yaml").or_else(|| base.strip_suffix(".yml"))?;
        if !matches!(stem, "compose" | "docker-compose") {
            return None;
        }
        for ending in ["yaml", "yml"] {
            let path = format!("{stem}.override.{ending}");
            if let Ok(Some(text)) = self.beside.read(&path) {
                let parsed = self.reader.taken(parse::parse(&Source::new(&path, "", &text)))?;
                self.reader.service = None;
                self.reader.note(format!("{path} lies beside it and was applied, as compose does"));
                return self.complete(parsed);
            }
        }
        None
    }

    /// Another file, filled; `None` with a fault where it can't be had.
    fn other(&mut self, node: &Node, path: &str, folder: Option<String>) -> Option<Node> {
        if path.contains("://") || path.starts_with("git@") {
            let fault = node.at.fault(format!("is read from elsewhere (`{path}`)"));
            self.reader.fault(fault.fix("run `docker compose config` and give what it prints"));
            return None;
        }
        if self.open.len() >= MAX_DEPTH {
            self.reader.fault(node.at.fault("names files within files, too deep"));
            return None;
        }
        match self.beside.read(path) {
            Ok(Some(text)) => {
                let folder = folder.unwrap_or_else(|| folder_of(path));
                self.reader.taken(parse::parse(&Source::new(path, &folder, &text)))
            }
            Ok(None) => {
                let fault = node.at.fault(format!("names the file `{path}`, which isn't there"));
                self.reader.fault(
                    fault.fix("put it beside the compose file, or give what `docker compose config` prints"),
                );
                None
            }
            Err(why) => {
                self.reader
                    .fault(node.at.fault(format!("names the file `{path}`, which can't be read: {why}")));
                None
            }
        }
    }

    fn include(&mut self, mut top: Node, includes: &Node) -> Option<Node> {
        for item in self.reader.list(includes).to_vec() {
            let here = item.at.source().folder.clone();
            let (paths, folder) = match &item.value {
                Yaml::Map(_) => {
                    let paths = item.get("path").map(|node| self.reader.texts(node)).unwrap_or_default();
                    let folder = item.get("project_directory").and_then(|node| self.reader.text(node));
                    for path in item.get("env_file").map(|node| self.reader.texts(node)).unwrap_or_default() {
                        env(self.reader, &join(&here, &path), self.beside);
                    }
                    (paths, folder.map(|folder| join(&here, &folder)))
                }
                _ => (self.reader.text(&item).into_iter().collect(), None),
            };
            let mut whole: Option<Node> = None;
            for path in paths {
                let path = if path.contains("://") { path } else { join(&here, &path) };
                if self.open.contains(&path) || *includes.at.source().file == path {
                    self.reader.fault(item.at.fault(format!("includes `{path}`, which includes it in turn")));
                    continue;
                }
                self.open.push(path.clone());
                let part = self.other(&item, &path, folder.clone());
                if part.is_some() && !folder_of(&path).is_empty() {
                    env(self.reader, &join(&folder_of(&path), ".env"), self.beside);
                }
                let part = part.and_then(|part| self.complete(part));
                self.open.pop();
                whole = match (whole, part) {
                    (Some(whole), Some(part)) => Some(joined(whole, part)),
                    (whole, part) => whole.or(part),
                };
            }
            if let Some(included) = whole {
                top = self.put_together(top, included);
            }
        }
        Some(top)
    }

    /// What is included stands beside what is there; the same name in both is refused, as compose does.
    fn put_together(&mut self, top: Node, mut included: Node) -> Node {
        if let Yaml::Map(sections) = &mut included.value {
            sections.retain(|(key, _)| {
                matches!(key.as_str(), "services" | "volumes" | "networks" | "configs" | "secrets")
            });
            for (key, section) in sections {
                for (name, node) in section.entries() {
                    let same = top.get(key).and_then(|section| section.raw(name));
                    if same.is_some_and(|same| same != node) {
                        let fault = node.at.fault("is in the file that includes this one, too, and differs");
                        self.reader.fault(fault.fix("rename one of them"));
                    }
                }
            }
        }
        joined(included, top)
    }

    /// Every service with what it extends.
    fn extend_all(&mut self, top: &mut Node) {
        let Some(services) = top.get("services").cloned() else { return };
        let mut done = services.clone();
        for (name, node) in done.entries_mut() {
            if node.get("extends").is_some() {
                let open = format!("{}: {name}", node.at.source().file);
                self.open.push(open);
                if let Some(extended) = self.extended(node.clone(), &services) {
                    *node = extended;
                }
                self.open.pop();
            }
        }
        for (key, node) in top.entries_mut() {
            if key == "services" {
                *node = done.clone();
            }
        }
    }

    fn extended(&mut self, service: Node, services: &Node) -> Option<Node> {
        let Some(extends) = service.get("extends").cloned() else { return Some(service) };
        let (name, file) = match &extends.value {
            Yaml::Map(_) => {
                let Some(name) = extends.get("service").and_then(Node::scalar) else {
                    self.reader
                        .fault(extends.at.fault("has no `service`").fix("name the service that it extends"));
                    return None;
                };
                (name, extends.get("file").and_then(Node::scalar))
            }
            _ => (self.reader.text(&extends)?, None),
        };
        let here = &extends.at.source().folder;
        let others = match file.map(|file| if file.contains("://") { file } else { join(here, &file) }) {
            Some(path) if path != extends.at.source().file => {
                let mut other = self.other(&extends, &path, None)?;
                fill::file(self.reader, &mut other);
                other.get("services").cloned()
            }
            _ => Some(services.clone()),
        };
        let base = others.as_ref().and_then(|others| others.get(&name));
        let (Some(base), Some(others)) = (base.cloned(), &others) else {
            self.reader.fault(extends.at.fault(format!("extends `{name}`, which isn't there")));
            return None;
        };
        let open = format!("{}: {name}", base.at.source().file);
        if self.open.contains(&open) {
            self.reader.fault(extends.at.fault(format!("extends `{name}`, which extends it in turn")));
            return None;
        }
        if self.open.len() >= MAX_DEPTH {
            self.reader.fault(extends.at.fault("extends services that extend services, too deep"));
            return None;
        }
        self.open.push(open);
        let base = self.extended(base, others);
        self.open.pop();
        let base = base?;
        self.weight += base.weight();
        if self.weight > parse::MAX_NODES {
            self.reader.fault(extends.at.fault("extends to far more than any compose file needs"));
            return None;
        }
        let mut whole = joined(base, service);
        if let Yaml::Map(entries) = &mut whole.value {
            entries.retain(|(key, _)| key != "extends");
        }
        Some(whole)
    }
}
