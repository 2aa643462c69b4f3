//! Files that go along: configuration as `ConfigMap`s, secret ones as Secrets.

use std::collections::BTreeMap;

use super::yaml::Fields;
use super::{Context, add, names, note, secrets};
use crate::adopt::project::{Fate, Mount, MountSource, Project, Service};
use crate::adopt::write::{ConfigNeeded, Phase, Written};

/// The objects that hold files, by what is mounted.
pub(super) struct Files(BTreeMap<MountSource, File>);

/// One object with a file in it, or with those of a folder.
pub(super) struct File {
    /// The object's name.
    pub(super) name: String,
    /// The file's name in it; none for a whole folder.
    pub(super) key: Option<String>,
    /// Whether it is a Secret.
    pub(super) secret: bool,
    /// Its text, where that is known.
    text: Option<String>,
    /// The service that uses it first.
    service: String,
    /// The path inside of that.
    target: String,
}

/// Whether a mount is one of a file that goes along.
fn goes_along(mount: &Mount) -> bool {
    matches!(mount.fate, Fate::Config | Fate::SecretFile)
}

impl Files {
    pub(super) fn of(project: &Project) -> Self {
        let mut files: BTreeMap<MountSource, File> = BTreeMap::new();
        for service in &project.services {
            for mount in service.mounts.iter().filter(|mount| goes_along(mount)) {
                if !files.contains_key(&mount.source) {
                    let file = File::of(project, service, mount, &files);
                    files.insert(mount.source.clone(), file);
                }
            }
        }
        Self(files)
    }

    /// The object for a mount.
    pub(super) fn get(&self, mount: &Mount) -> Option<&File> {
        self.0.get(&mount.source).filter(|_| goes_along(mount))
    }

    pub(super) fn write(&self, context: &Context<'_>, written: &mut Written) {
        for (source, file) in &self.0 {
            let Some(service) = context.project.service(&file.service) else { continue };
            match (&file.text, &file.key) {
                _ if file.secret => {}
                (Some(text), Some(key)) => {
                    let map = context
                        .object("v1", "ConfigMap", &file.name, Some(&file.service))
                        .with("data", Fields::new().with(key, text.as_str()));
                    add(written, Phase::Base, map);
                }
                _ => {
                    let line = secrets::file_line(context, source, file, service);
                    let place = line.run_on.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
                    let text = format!("{} comes from a ConfigMap{place}: {}", file.target, line.command);
                    written.notes.push(note(service, text));
                    written.configs.push(ConfigNeeded {
                        name: file.name.clone(),
                        key: file.key.clone(),
                        command: line.command,
                        run_on: line.run_on,
                    });
                }
            }
        }
    }

    /// The Secrets among them, with what is mounted and whose they are.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (&MountSource, &File)> {
        self.0.iter().filter(|(_, file)| file.secret)
    }
}

impl File {
    fn of(project: &Project, service: &Service, mount: &Mount, others: &BTreeMap<MountSource, Self>) -> Self {
        let given = match &mount.source {
            MountSource::File(name) => project.files.get(name),
            _ => None,
        };
        let (wanted, file) = match &mount.source {
            MountSource::File(name) => (name.clone(), names::base(&mount.target)),
            MountSource::Bind(path) => (format!("{}-{}", service.name, names::base(path)), names::base(path)),
            MountSource::Volume(name) => (format!("{}-{name}", service.name), name.as_str()),
            MountSource::Anonymous | MountSource::Memory(_) => {
                (format!("{}-{}", service.name, names::base(&mount.target)), names::base(&mount.target))
            }
        };
        let is_folder = mount.seen.is_file == Some(false) || matches!(mount.source, MountSource::Volume(_));
        // A service's variables have its name already.
        let is_taken = |name: &str| {
            project.services.iter().any(|service| names::workload(&service.name) == name)
                || others.values().any(|file| file.name == name)
        };
        Self {
            name: names::unique(&wanted, names::LABEL, is_taken),
            key: (!is_folder).then(|| names::key(file)),
            secret: mount.fate == Fate::SecretFile || given.is_some_and(|file| file.secret),
            text: given.and_then(|file| file.text.clone()),
            service: service.name.clone(),
            target: mount.target.clone(),
        }
    }

    /// The service that uses it first.
    pub(super) fn service(&self) -> &str {
        &self.service
    }

    /// The path inside of that.
    pub(super) fn target(&self) -> &str {
        &self.target
    }
}
