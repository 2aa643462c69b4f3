//! What is mounted, and what of the project's volumes and files is used by it.

use std::collections::BTreeMap;

use super::super::super::Options;
use super::super::super::project::{Fate, Mount, MountSource, Project, Service, Volume, dns_label};
use super::words;
use super::yaml::{Map, Node};

/// Where everything is mounted from: worked out for the whole project, because names are shared.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Volumes, by the name in the file.
    pub(super) volumes: BTreeMap<String, Node>,
    /// Files that are no secrets.
    pub(super) configs: BTreeMap<String, Node>,
    /// Files that are.
    pub(super) secrets: BTreeMap<String, Node>,
    /// Which of them a mount is, by its service and the path inside.
    named: BTreeMap<(String, String), Named>,
}

#[derive(Debug, Clone)]
enum Named {
    Volume(String),
    Bind(String),
    Nameless,
    Memory(Option<u64>),
    Config(String),
    Secret(String),
}

impl Sources {
    /// Of everything that is mounted in a project.
    pub(super) fn of(project: &Project, options: &Options) -> Self {
        let mut sources = Self::default();
        for service in &project.services {
            for mount in &service.mounts {
                if let Some(named) = sources.name(project, service, mount, options) {
                    sources.named.insert((service.name.clone(), mount.target.clone()), named);
                }
            }
        }
        sources
    }

    fn name(
        &mut self,
        project: &Project,
        service: &Service,
        mount: &Mount,
        options: &Options,
    ) -> Option<Named> {
        let stays = options.compose_host.is_none();
        Some(match (&mount.fate, &mount.source) {
            (Fate::Left(_), _) => return None,
            (_, MountSource::File(file)) => self.file(project, file),
            (Fate::SecretFile, MountSource::Bind(path)) if mount.read_only => {
                let name = self.free_file(&mount.target, path);
                let mut entry = Map::default();
                entry.add("file", path);
                self.secrets.insert(name.clone(), entry.into());
                Named::Secret(name)
            }
            (_, MountSource::Memory(bytes)) => Named::Memory(*bytes),
            (Fate::Scratch { bytes, memory: true }, _) => Named::Memory(*bytes),
            (Fate::Scratch { memory: false, .. }, _) => Named::Nameless,
            (Fate::Claim(claim), MountSource::Bind(_)) if !stays => {
                let name = self.free_volume(project, service, &claim.name);
                self.volumes.entry(name.clone()).or_insert(Node::Null);
                Named::Volume(name)
            }
            (Fate::Claim(claim), MountSource::Anonymous) => {
                let name = self.free_volume(project, service, &claim.name);
                self.volumes.entry(name.clone()).or_insert(Node::Null);
                Named::Volume(name)
            }
            (Fate::Share { server, path }, MountSource::Bind(_)) if !stays => {
                Named::Volume(self.share(project, server, path))
            }
            (_, MountSource::Bind(path)) => Named::Bind(path.clone()),
            (_, MountSource::Anonymous) => Named::Nameless,
            (fate, MountSource::Volume(name)) => {
                let moves = !stays && matches!(fate, Fate::Claim(_));
                let entry = match project.volumes.get(name) {
                    Some(volume) => declared(project, name, volume, moves),
                    None => Node::Null,
                };
                self.volumes.insert(name.clone(), entry);
                Named::Volume(name.clone())
            }
        })
    }

    fn file(&mut self, project: &Project, name: &str) -> Named {
        let known = project.files.get(name);
        let mut entry = Map::default();
        match known {
            Some(file) if file.external => drop(entry.flag("external", true)),
            // With its text the file is whole, wherever it is put.
            Some(file) if file.text.is_some() => drop(entry.add_some("content", file.text.as_ref())),
            Some(file) if file.path.is_some() => drop(entry.add_some("file", file.path.as_ref())),
            Some(file) if file.environment.is_some() => {
                entry.add_some("environment", file.environment.as_ref());
            }
            _ => drop(entry.add("file", format!("./{name}"))),
        }
        if known.is_some_and(|file| file.secret) {
            self.secrets.insert(name.to_owned(), entry.into());
            Named::Secret(name.to_owned())
        } else {
            self.configs.insert(name.to_owned(), entry.into());
            Named::Config(name.to_owned())
        }
    }

    /// A name for a secret file, the same for the same path.
    fn free_file(&self, target: &str, path: &str) -> String {
        let mut same = Map::default();
        same.add("file", path);
        let same = Node::Map(same);
        free(&last_part(target), |name| self.secrets.get(name).is_none_or(|entry| *entry == same))
    }

    /// The claim's name, unless a volume of the project that is another one is called so.
    fn free_volume(&self, project: &Project, service: &Service, claim: &str) -> String {
        if project.volumes.contains_key(claim) {
            format!("{}-{claim}", service.name)
        } else {
            claim.to_owned()
        }
    }

    fn share(&mut self, project: &Project, server: &str, path: &str) -> String {
        let mut options = Map::default();
        options.add("type", "nfs").add("o", format!("addr={server},rw")).add("device", format!(":{path}"));
        let mut entry = Map::default();
        entry.add("driver_opts", options);
        let entry = Node::Map(entry);
        let name = free(&last_part(path), |name| match self.volumes.get(name) {
            Some(known) => *known == entry,
            None => !project.volumes.contains_key(name),
        });
        self.volumes.insert(name.clone(), entry);
        name
    }

    /// Writes the mounts of a service.
    pub(super) fn write(&self, service: &Service, out: &mut Map) {
        let (mut volumes, mut tmpfs, mut configs, mut secrets) = (vec![], vec![], vec![], vec![]);
        for mount in &service.mounts {
            match self.named.get(&(service.name.clone(), mount.target.clone())) {
                Some(Named::Volume(name)) => volumes.push(volume("volume", Some(name), mount)),
                Some(Named::Bind(path)) => volumes.push(volume("bind", Some(path), mount)),
                Some(Named::Nameless) => volumes.push(volume("volume", None, mount)),
                Some(Named::Memory(None)) => tmpfs.push(Node::Text(mount.target.clone())),
                Some(Named::Memory(Some(bytes))) => {
                    tmpfs.push(Node::Text(format!("{}:size={}", mount.target, words::size(*bytes))));
                }
                Some(Named::Config(name)) => configs.push(given(name, &format!("/{name}"), &mount.target)),
                Some(Named::Secret(name)) => {
                    secrets.push(given(name, &format!("/run/secrets/{name}"), &mount.target));
                }
                None => {}
            }
        }
        out.add("volumes", volumes).add("tmpfs", tmpfs).add("configs", configs).add("secrets", secrets);
    }
}

/// A free name: `wanted`, `wanted-2`, …
fn free(wanted: &str, is_free: impl Fn(&str) -> bool) -> String {
    let more = (2..).map(|number| format!("{wanted}-{number}"));
    std::iter::once(wanted.to_owned()).chain(more).find(|name| is_free(name)).unwrap_or_default()
}

fn last_part(path: &str) -> String {
    dns_label(path.trim_end_matches('/').rsplit('/').next().unwrap_or(path))
}

fn given(name: &str, usual: &str, target: &str) -> Node {
    if usual == target {
        return Node::Text(name.to_owned());
    }
    let mut entry = Map::default();
    entry.add("source", name).add("target", target);
    entry.into()
}

/// A mount in the short form; in the long one where that has no word for it.
fn volume(kind: &str, source: Option<&String>, mount: &Mount) -> Node {
    let has_colon = source.is_some_and(|source| source.contains(':')) || mount.target.contains(':');
    // A relative path without a dot in front would be a volume's name.
    let is_odd_path = kind == "bind" && source.is_some_and(|source| !source.starts_with(['/', '.', '~']));
    if has_colon || is_odd_path || mount.subpath.is_some() {
        let mut entry = Map::default();
        entry.add("type", kind).add_some("source", source).add("target", &mount.target);
        entry.flag("read_only", mount.read_only);
        let mut bind = Map::default();
        bind.add_some("propagation", mount.propagation.as_ref().filter(|_| kind == "bind"));
        let mut volume = Map::default();
        volume.add_some("subpath", mount.subpath.as_ref().filter(|_| kind == "volume"));
        entry.add("bind", bind).add("volume", volume);
        return entry.into();
    }
    let mut words: Vec<&str> =
        source.map(String::as_str).into_iter().chain([mount.target.as_str()]).collect();
    let mode: Vec<&str> =
        mount.read_only.then_some("ro").into_iter().chain(mount.propagation.as_deref()).collect();
    let mode = mode.join(",");
    if !mode.is_empty() && source.is_some() {
        words.push(&mode);
    }
    Node::Text(words.join(":"))
}

/// A volume as it is declared. One that moves to another host doesn't exist there yet.
fn declared(project: &Project, name: &str, volume: &Volume, moves: bool) -> Node {
    let mut entry = Map::default();
    entry.add_some(
        "name",
        super::real_name(project, name, volume.real_name.as_deref(), volume.external, moves),
    );
    entry.flag("external", volume.external && !moves);
    if moves || !volume.external {
        entry.add_some("driver", volume.driver.as_ref());
        let options: Vec<_> = volume.options.iter().map(|(key, value)| (key.clone(), value.into())).collect();
        entry.add("driver_opts", Map(options));
        let labels: Vec<_> = volume.labels.iter().map(|(key, value)| (key.clone(), value.into())).collect();
        entry.add("labels", Map(labels));
    }
    if entry.0.is_empty() { Node::Null } else { entry.into() }
}
