//! What the cluster needs, as files.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::project::{HealthTest, Note, Origin, Piece, Project, Service};
use super::{Kind, Options, Settled};

mod compose;
pub(in crate::adopt) mod k8s;
mod nomad;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Written {
    /// The objects, in the order in which they are needed. One for Nomad and Compose.
    pub objects: Vec<Object>,
    /// The secrets that have to be there first.
    pub secrets: Vec<SecretNeeded>,
    /// The configuration whose text is not known here and that has to be there first (Kubernetes: `ConfigMap`s).
    #[serde(default)]
    pub configs: Vec<ConfigNeeded>,
    /// What could not be said in this kind, and what that means.
    pub notes: Vec<Note>,
}

/// One object: a YAML document without its `---`, or a whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// When it is needed.
    pub phase: Phase,
    /// The kind, as the cluster calls it: `Deployment`, `PersistentVolumeClaim`, `job`, `compose`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its text, ending with a line break.
    pub text: String,
}

/// When an object is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before data is copied: namespace, volumes, configuration.
    Base,
    /// What runs, and how it is found within the cluster.
    Workload,
    /// What leads requests from outside to it.
    Route,
}

/// A secret that a person creates: its values are nowhere in what is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretNeeded {
    /// Its name in the cluster.
    pub name: String,
    /// What it holds, by key.
    pub keys: Vec<String>,
    /// The shell line that creates it from where the values are now, without showing them.
    pub command: String,
    /// Where that is to be run, where it matters: `on vm3`.
    pub run_on: Option<String>,
}

/// Configuration that is created from the file that it is in now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigNeeded {
    /// Its name in the cluster.
    pub name: String,
    /// The file in it; none for a whole folder.
    pub key: Option<String>,
    /// The shell line that creates it.
    pub command: String,
    /// Where that is to be run, where it matters: `beside the compose file`.
    pub run_on: Option<String>,
}

/// Writes what the cluster needs.
#[must_use]
pub fn write(settled: &Settled, options: &Options) -> Written {
    match options.to {
        Kind::K8s => k8s::write(settled, options),
        Kind::Nomad => nomad::write(settled, options),
        Kind::Compose => compose::write(settled, options),
    }
}

/// What a service's container is called now: as compose calls it where nobody said.
fn container(project: &Project, service: &Service) -> String {
    match &service.container {
        Some(name) => name.clone(),
        None if project.origin == Origin::Compose => format!("{}-{}-1", project.name, service.name),
        None => service.name.clone(),
    }
}

/// A command on the host where the project runs: over ssh where that is another one.
fn remote(project: &Project, options: &Options, command: &str) -> String {
    match project.host.as_deref().and_then(|host| options.ssh_to(host)) {
        Some(to) => format!("ssh {} {}", shell_words::quote(&to), shell_words::quote(command)),
        None => command.to_owned(),
    }
}

/// The secrets that stand in what a service runs: maybe nobody finds them among its container's variables.
fn in_words(service: &Service) -> BTreeSet<&str> {
    let mut texts: Vec<&String> = service.entrypoint.iter().chain(&service.command).flatten().collect();
    match service.health.as_ref().map(|health| &health.test) {
        Some(HealthTest::Exec(words)) => texts.extend(words),
        Some(HealthTest::Shell(line)) => texts.push(line),
        _ => {}
    }
    let pieces = texts.into_iter().flat_map(|text| service.pieces(text));
    pieces
        .filter_map(|piece| match piece {
            Piece::Secret(name) => Some(name),
            Piece::Text(_) => None,
        })
        .collect()
}

/// The end of an `awk` program that tells which variables (`as`) were not there (`seen`), and where else to look.
fn missing(container: &str, service: &Service) -> String {
    let plain = container.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    let elsewhere = if plain && !in_words(service).is_empty() {
        // In what is read first, an argument is no variable of the container.
        format!(
            " \". Maybe it stands in what it runs, and is to be added by hand: docker inspect --format \\\"\
             {{{{json .Config.Entrypoint}}}} {{{{json .Config.Cmd}}}}\\\" {container}\""
        )
    } else {
        String::new()
    };
    format!(
        "END {{ for (k in as) if (!(k in seen)) print \"not among its variables: \" k{elsewhere} > \"/dev/stderr\" }}"
    )
}

/// The whole file that the objects make, and its usual name.
#[must_use]
pub fn file(settled: &Settled, written: &Written, options: &Options) -> (String, String) {
    let name = &settled.project.name;
    let texts: Vec<&str> = written.objects.iter().map(|object| object.text.as_str()).collect();
    match options.to {
        Kind::K8s => (format!("{name}.yaml"), texts.join("---\n")),
        Kind::Nomad => (format!("{name}.nomad.hcl"), texts.concat()),
        Kind::Compose => ("compose.yaml".to_owned(), texts.concat()),
    }
}
