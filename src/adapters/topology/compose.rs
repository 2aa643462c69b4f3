//! Compose files: which services need which, what they are called, and what their volumes lie on.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Deserialize;
use serde_yaml::Value;

use super::files::find;
use crate::domain::target::Target;
use crate::domain::topology::{Fact, Relation, Source, SourceKind};
use crate::engine::ports::{Survey, TopologySource};

/// The largest file that is read, in bytes. What it may mean grows faster than the file does.
const MAX_FILE: u64 = 256 * 1024;

/// The compose files of this machine.
pub struct ComposeTopology {
    host: Target,
    patterns: Vec<PathBuf>,
}

impl ComposeTopology {
    /// The files that fit `patterns`; what they describe runs on `host`.
    #[must_use]
    pub fn new(host: &Target, patterns: Vec<PathBuf>) -> Self {
        Self { host: host.clone(), patterns }
    }

    fn read(&self) -> Survey {
        let files: BTreeSet<PathBuf> = self.patterns.iter().flat_map(|pattern| find(pattern)).collect();
        let mut found: Vec<_> = files
            .into_iter()
            .map(|file| (Source::Compose(file.display().to_string()), read_file(&file, self.host.as_str())))
            .collect();
        for pattern in &self.patterns {
            if find(pattern).is_empty() {
                let why = "there is no such file; mend `[topology] compose`, or take it out".to_owned();
                found.push((Source::Compose(pattern.display().to_string()), Err(why)));
            }
        }
        Survey { kind: SourceKind::Compose, found }
    }
}

#[async_trait]
impl TopologySource for ComposeTopology {
    async fn survey(&self) -> Survey {
        let reader = Self { host: self.host.clone(), patterns: self.patterns.clone() };
        // Files may lie on a share that hangs.
        match tokio::task::spawn_blocking(move || reader.read()).await {
            Ok(survey) => survey,
            Err(_) => Survey { kind: SourceKind::Compose, found: Vec::new() },
        }
    }
}

fn read_file(file: &Path, host: &str) -> Result<Vec<Fact>, String> {
    let opened = std::fs::File::open(file).map_err(|error| format!("can't be opened: {error}"))?;
    let mut text = String::new();
    opened.take(MAX_FILE + 1).read_to_string(&mut text).map_err(|error| format!("can't be read: {error}"))?;
    if text.len() as u64 > MAX_FILE {
        return Err(format!("is larger than {} KiB, more than a compose file is", MAX_FILE / 1024));
    }
    let folder = file.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    facts(&text, host, folder.as_deref().unwrap_or_default())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    name: Option<String>,
    services: BTreeMap<String, Value>,
    volumes: BTreeMap<String, Value>,
}

/// What a compose file tells; its project is called after its folder where it has no name of its own.
///
/// # Errors
/// Why it is no compose file, for people.
pub fn facts(text: &str, host: &str, folder: &str) -> Result<Vec<Fact>, String> {
    let broken = |error: serde_yaml::Error| format!("is no compose file: {error}");
    let mut tree: Value = serde_yaml::from_str(text).map_err(broken)?;
    tree.apply_merge().map_err(broken)?;
    let file: File = serde_yaml::from_value(tree).map_err(broken)?;
    let name = file.name.as_deref().filter(|name| !name.contains('$')).unwrap_or(folder);
    let project = Project { host, name: project_name(name), volumes: &file.volumes };
    Ok(file.services.iter().flat_map(|(service, value)| project.service(service, value)).collect())
}

/// As compose makes it of a folder's name: lower case, and only what may stand in a name.
fn project_name(name: &str) -> String {
    let name: String = name
        .to_lowercase()
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(*c))
        .collect();
    name.trim_start_matches(['-', '_']).to_owned()
}

struct Project<'a> {
    host: &'a str,
    name: String,
    volumes: &'a BTreeMap<String, Value>,
}

impl Project<'_> {
    fn target(&self, service: &str) -> String {
        format!("{}/{}/{service}", self.host, self.name)
    }

    fn service(&self, name: &str, value: &Value) -> Vec<Fact> {
        let target = self.target(name);
        let mut facts = Vec::new();
        let written = value.get("container_name").and_then(Value::as_str).filter(|name| !name.contains('$'));
        let container = written.map_or_else(|| format!("{}-{name}-1", self.name), str::to_owned);
        let why = format!("the container {container} is the service {name} of {}", self.name);
        facts.extend(Fact::of(&format!("{}/{container}", self.host), Relation::Is, &target, &why));
        let why = format!("the service {name} of {} runs on {}", self.name, self.host);
        facts.extend(Fact::of(&target, Relation::RunsOn, self.host, &why));
        for (other, why) in needed(value) {
            facts.extend(Fact::of(&target, Relation::Needs, &self.target(&other), &why));
        }
        for (server, why) in self.servers(value) {
            facts.extend(Fact::of(&target, Relation::Needs, &server, &why));
        }
        facts
    }

    /// The servers that its volumes lie on.
    fn servers(&self, service: &Value) -> Vec<(String, String)> {
        let volumes = service.get("volumes").and_then(Value::as_sequence);
        let used = volumes.into_iter().flatten().filter_map(|volume| match volume {
            Value::String(short) => short.split(':').next(),
            long => long.get("source").and_then(Value::as_str),
        });
        used.filter_map(|name| {
            let options = self.volumes.get(name)?.get("driver_opts")?;
            let server = server(options)?;
            let why = format!("its volume {name} lies on {server}");
            Some((server, why))
        })
        .collect()
    }
}

/// The other services that a service needs, each with how that is known.
fn needed(service: &Value) -> Vec<(String, String)> {
    let mut needed = Vec::new();
    let names = |key: &str| -> Vec<String> {
        match service.get(key) {
            Some(Value::Sequence(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::Mapping(map)) => map.keys().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    };
    for key in ["depends_on", "links", "volumes_from"] {
        for name in names(key) {
            let name = name.split(':').next().unwrap_or_default().to_owned();
            let why = format!("{key} in its compose file names {name}");
            needed.push((name, why));
        }
    }
    let mode = service.get("network_mode").and_then(Value::as_str);
    if let Some(other) = mode.and_then(|mode| mode.strip_prefix("service:")) {
        needed.push((other.to_owned(), format!("it uses the network of {other}")));
    }
    needed
}

/// The server of an NFS or SMB volume, by its `driver_opts`.
fn server(options: &Value) -> Option<String> {
    let option = |name: &str| options.get(name).and_then(Value::as_str).filter(|text| !text.contains('$'));
    if !["nfs", "nfs4", "cifs", "smb3"].contains(&option("type")?) {
        return None;
    }
    let address = option("o").and_then(|o| o.split(',').find_map(|part| part.trim().strip_prefix("addr=")));
    let device = || {
        let device = option("device")?;
        match device.strip_prefix("//") {
            Some(share) => share.split('/').next(),
            None => device.split_once(':').map(|(server, _)| server),
        }
    };
    address.or_else(device).filter(|server| !server.is_empty()).map(str::to_owned)
}

#[cfg(test)]
#[path = "compose/tests.rs"]
mod tests;
