//! What is mounted: what runs (`Mounts`), and what was asked for (`HostConfig`).

use std::collections::{BTreeMap, BTreeSet};

use super::super::project::{Fate, Mount, MountSource, Seen, Volume};
use super::around::Around;
use super::node::{Node, shown};

/// What a container mounts, and the volumes of it, by their names on the host.
#[derive(Default)]
pub(super) struct Mounts {
    pub(super) mounts: Vec<Mount>,
    pub(super) volumes: BTreeMap<String, Volume>,
    pub(super) notes: Vec<String>,
}

/// Reads what a container mounts.
pub(super) fn read(container: &Node<'_>, around: &Around<'_>) -> Mounts {
    let mut all = Mounts::default();
    let mut asked = Asked::read(&container.get("HostConfig"));
    for node in container.get("Mounts").list() {
        let name = node.get("Name").text();
        // Old versions give no type.
        let usual = if name.is_some() { "volume" } else { "bind" };
        let kind = node.get("Type").text().unwrap_or_else(|| usual.to_owned());
        let source = node.get("Source").text();
        let Some(target) = target(&node.get("Destination"), &kind) else { continue };
        let source = match (kind.as_str(), name, source) {
            ("volume", Some(name), _) => Some(volume(&mut all, &node, around, &name)),
            ("volume", None, _) => Some(MountSource::Anonymous),
            ("bind", _, Some(source)) => Some(MountSource::Bind(source)),
            ("tmpfs", _, _) => Some(MountSource::Memory(asked.memory.get(&target).copied().flatten())),
            ("bind", _, None) => {
                node.get("Source").fault("is missing: a bind mount has a path on the host");
                None
            }
            (other, _, _) => {
                all.notes.push(format!(
                    "the mount of kind {} at {} is not taken over",
                    shown(other),
                    shown(&target)
                ));
                None
            }
        };
        let Some(source) = source else { continue };
        let writable = !node.has("RW") || node.get("RW").flag();
        let mode = node.get("Mode").text().unwrap_or_default();
        let mut mount = plain(target, source);
        mount.seen.place = node.get("Source").text().filter(|_| mount.source == MountSource::Anonymous);
        mount.read_only = !writable || mode.split(',').any(|part| part == "ro");
        mount.propagation = propagation(node.get("Propagation").text());
        mount.subpath = asked.subpaths.remove(&mount.target).or_else(|| node.get("SubPath").text());
        push(&mut all.mounts, mount);
    }
    asked.add_to(&mut all);
    all.mounts.sort_by(|a, b| a.target.cmp(&b.target));
    all
}

/// What was asked for: all of what never ran, and what `Mounts` doesn't tell of the rest.
#[derive(Default)]
struct Asked {
    mounts: Vec<Mount>,
    volumes: BTreeMap<String, Volume>,
    subpaths: BTreeMap<String, String>,
    memory: BTreeMap<String, Option<u64>>,
}

impl Asked {
    fn read(host: &Node<'_>) -> Self {
        let mut asked = Self::default();
        for bind in host.get("Binds").list() {
            if let Some(text) = bind.text() {
                asked.bind(&bind, &text);
            }
        }
        for node in host.get("Mounts").list() {
            asked.mount(&node);
        }
        for (path, options) in host.get("Tmpfs").entries() {
            let options = options.text().unwrap_or_default();
            let size = options.split(',').find_map(|part| part.strip_prefix("size=")).and_then(bytes);
            asked.memory.insert(path.to_owned(), size);
            let mut mount = plain(path.to_owned(), MountSource::Memory(size));
            mount.read_only = options.split(',').any(|part| part == "ro");
            asked.mounts.push(mount);
        }
        asked
    }

    /// `source:target[:options]`.
    fn bind(&mut self, node: &Node<'_>, text: &str) {
        let parts: Vec<&str> = text.split(':').collect();
        let (source, target, options) = match parts.as_slice() {
            [target] => (None, *target, ""),
            [source, target] => (Some(*source), *target, ""),
            [source, target, options] => (Some(*source), *target, *options),
            // A colon in a path: `Mounts` has it in whole.
            _ => return,
        };
        if !target.starts_with('/') {
            node.fault("names no absolute path inside");
            return;
        }
        let source = match source {
            None | Some("") => MountSource::Anonymous,
            Some(source) if source.starts_with(['/', '.', '~']) => MountSource::Bind(source.to_owned()),
            Some(name) => self.named(name),
        };
        let mut mount = plain(target.to_owned(), source);
        mount.read_only = options.split(',').any(|part| part == "ro");
        let shared = options.split(',').find(|part| part.ends_with("shared") || part.ends_with("slave"));
        mount.propagation = propagation(shared.map(str::to_owned));
        self.mounts.push(mount);
    }

    /// One of `HostConfig.Mounts` (`--mount`, and what compose writes at length).
    fn mount(&mut self, node: &Node<'_>) {
        let kind = node.get("Type").text().unwrap_or_else(|| "volume".to_owned());
        let Some(target) = target(&node.get("Target"), &kind) else { return };
        let source = node.get("Source").text();
        if let Some(subpath) = node.get("VolumeOptions").get("Subpath").text() {
            self.subpaths.insert(target.clone(), subpath);
        }
        let source = match (kind.as_str(), source) {
            ("bind", Some(source)) => MountSource::Bind(source),
            ("volume", Some(name)) => {
                let source = self.named(&name);
                self.driver(&name, &node.get("VolumeOptions"));
                source
            }
            ("volume", None) => MountSource::Anonymous,
            ("tmpfs", _) => {
                let size = node.get("TmpfsOptions").get("SizeBytes").above_zero();
                self.memory.insert(target.clone(), size);
                MountSource::Memory(size)
            }
            // `Mounts` has it, too, and tells of it.
            _ => return,
        };
        let mut mount = plain(target, source);
        mount.read_only = node.get("ReadOnly").flag();
        mount.propagation = propagation(node.get("BindOptions").get("Propagation").text());
        self.mounts.push(mount);
    }

    fn named(&mut self, name: &str) -> MountSource {
        if is_anonymous(name) {
            return MountSource::Anonymous;
        }
        self.volumes.entry(name.to_owned()).or_default();
        MountSource::Volume(name.to_owned())
    }

    fn driver(&mut self, name: &str, node: &Node<'_>) {
        if let Some(volume) = self.volumes.get_mut(name) {
            let driver = node.get("DriverConfig");
            volume.driver = driver.get("Name").text().filter(|name| name != "local");
            volume.options = options(&driver.get("Options"));
        }
    }

    fn add_to(mut self, all: &mut Mounts) {
        for mut mount in std::mem::take(&mut self.mounts) {
            mount.subpath = self.subpaths.remove(&mount.target);
            push(&mut all.mounts, mount);
        }
        let used: BTreeSet<&str> = all.mounts.iter().filter_map(volume_of).collect();
        for (name, volume) in self.volumes {
            if !used.contains(name.as_str()) {
                continue;
            }
            let known = all.volumes.entry(name).or_default();
            known.driver = known.driver.take().or(volume.driver);
            if known.options.is_empty() {
                known.options = volume.options;
            }
        }
    }
}

fn volume_of(mount: &Mount) -> Option<&str> {
    match &mount.source {
        MountSource::Volume(name) => Some(name),
        _ => None,
    }
}

/// Adds a mount, unless something is there already.
fn push(mounts: &mut Vec<Mount>, mount: Mount) {
    if !mounts.iter().any(|known| known.target == mount.target) {
        mounts.push(mount);
    }
}

fn plain(target: String, source: MountSource) -> Mount {
    Mount {
        target,
        source,
        read_only: false,
        subpath: None,
        propagation: None,
        seen: Seen::default(),
        fate: Fate::Open,
    }
}

fn target(node: &Node<'_>, kind: &str) -> Option<String> {
    match node.text() {
        // Windows' pipes have no path of ours; they are told of elsewhere.
        Some(target) if target.starts_with('/') || kind == "npipe" => Some(target),
        Some(_) => {
            node.fault("is no absolute path");
            None
        }
        None if node.value().is_null() || node.value() == "" => {
            node.fault("is missing: a mount has a path inside");
            None
        }
        None => None,
    }
}

/// A volume that runs: with what its own object and its mount say of it.
fn volume(all: &mut Mounts, node: &Node<'_>, around: &Around<'_>, name: &str) -> MountSource {
    if is_anonymous(name) {
        return MountSource::Anonymous;
    }
    let mut volume = Volume {
        driver: node.get("Driver").text().filter(|driver| driver != "local"),
        mountpoint: node.get("Source").text(),
        ..Volume::default()
    };
    if let Some(object) = around.volumes.get(name) {
        volume.driver = object.get("Driver").text().filter(|driver| driver != "local").or(volume.driver);
        volume.mountpoint = object.get("Mountpoint").text().or(volume.mountpoint);
        volume.options = options(&object.get("Options"));
        let labels = object.get("Labels").entries().into_iter();
        volume.labels = labels
            .filter(|(key, _)| !key.starts_with("com.docker.") && !key.starts_with("io.podman.compose."))
            .map(|(key, value)| (key.to_owned(), value.text().unwrap_or_default()))
            .collect();
    }
    all.volumes.entry(name.to_owned()).or_insert(volume);
    MountSource::Volume(name.to_owned())
}

/// Whether a name is one that the engine made up.
fn is_anonymous(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A driver's options, without passwords.
fn options(node: &Node<'_>) -> BTreeMap<String, String> {
    let secret = |part: &&str| {
        let key = part.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        !matches!(key.as_str(), "password" | "pass" | "password2" | "secret")
    };
    node.entries()
        .into_iter()
        .filter(|(key, _)| secret(key))
        .filter_map(|(key, value)| {
            let text = value.text()?;
            Some((key.to_owned(), text.split(',').filter(secret).collect::<Vec<_>>().join(",")))
        })
        .collect()
}

/// How mounts go through, where it is not the default.
fn propagation(text: Option<String>) -> Option<String> {
    text.filter(|text| matches!(text.as_str(), "shared" | "rshared" | "slave" | "rslave"))
}

/// `64m`, `1g`, `1048576`.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().trim_end_matches(['b', 'B']);
    let (number, factor) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (&text[..at], 1 << 10),
        (at, 'm' | 'M') => (&text[..at], 1 << 20),
        (at, 'g' | 'G') => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}
