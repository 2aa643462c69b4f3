//! `volumes`, `tmpfs`, `secrets` and `configs` of a service.

use super::reader::{Reader, Wish};
use super::tree::{Node, Yaml};
use super::units::{bytes, is_windows, rebased};
use crate::adopt::project::{Fate, Mount, MountSource, Seen, Service};

/// A mount of which nothing is known yet but what and where.
fn mount(target: &str, source: MountSource) -> Mount {
    Mount {
        target: target.to_owned(),
        source,
        read_only: false,
        subpath: None,
        propagation: None,
        seen: Seen::default(),
        fate: Fate::Open,
    }
}

/// Adds one; a path inside is mounted once.
fn add(reader: &mut Reader, service: &mut Service, node: &Node, mut mount: Mount) {
    while mount.target.len() > 1 && mount.target.ends_with('/') {
        mount.target.pop();
    }
    if service.mounts.iter().any(|other| other.target == mount.target) {
        let what = format!("mounts a second thing at `{}`", mount.target);
        reader.fault(node.at.fault(what).fix("keep one of them"));
        return;
    }
    service.mounts.push(mount);
}

/// `volumes`.
pub(super) fn volumes(reader: &mut Reader, service: &mut Service, node: &Node) {
    for item in reader.list(node) {
        let mount = match &item.value {
            Yaml::Map(_) => long(reader, item),
            _ => reader.text(item).and_then(|text| short(reader, item, &text)),
        };
        if let Some(mount) = mount {
            add(reader, service, item, mount);
        }
    }
}

fn short(reader: &mut Reader, node: &Node, text: &str) -> Option<Mount> {
    let fix = "write it as `name:/path`, `./folder:/path` or `/folder:/path:ro`";
    // The drive of a Windows path has a colon of its own; a letter may be the name of a volume, too.
    let drive = is_windows(text) && !reader.declared.volumes.contains(&text[..1]);
    let skip = if drive { 2 } else { 0 };
    let mut parts = text[skip..].splitn(3, ':');
    let first = format!("{}{}", &text[..skip], parts.next().unwrap_or_default());
    let Some(target) = parts.next() else {
        if !first.starts_with('/') {
            reader.fault(node.at.fault(format!("`{first}` is no path inside the container")).fix(fix));
            return None;
        }
        return Some(mount(&first, MountSource::Anonymous));
    };
    if first.is_empty() || !(target.starts_with('/') || is_windows(target)) {
        let what = if first.is_empty() {
            "has nothing in front of the `:`".to_owned()
        } else {
            format!("`{target}` is no path inside the container")
        };
        reader.fault(node.at.fault(what).fix(fix));
        return None;
    }
    let mut mount = mount(target, source(reader, node, &first)?);
    for option in parts.next().unwrap_or_default().split(',') {
        match option.trim() {
            "ro" | "readonly" => mount.read_only = true,
            "" | "rw" | "z" | "Z" | "nocopy" | "cached" | "delegated" | "consistent" | "default"
            | "private" | "rprivate" | "U" => {}
            option @ ("shared" | "rshared" | "slave" | "rslave") => {
                mount.propagation = Some(option.to_owned());
            }
            other => reader.note(format!("{}: the option `{other}` is not taken over", mount.target)),
        }
    }
    Some(mount)
}

/// A path of the host, or a named volume.
fn source(reader: &mut Reader, node: &Node, text: &str) -> Option<MountSource> {
    if is_windows(text) {
        reader
            .note(format!("`{text}` is a folder of a Windows machine: its data has to be copied from there"));
        return Some(MountSource::Bind(text.to_owned()));
    }
    if text.starts_with(['.', '/', '~']) {
        return Some(MountSource::Bind(rebased(&node.at.source().folder, text)));
    }
    if text.starts_with('<') && text.ends_with('>') {
        let fault = node.at.fault(format!("`{text}` is still the placeholder of a manual"));
        reader.fault(fault.fix("write the folder that is meant: `/srv/data:/data`"));
        return None;
    }
    if text.contains('/') {
        let what = format!("`{text}` is no name of a volume");
        reader.fault(node.at.fault(what).fix(format!("for a folder beside the file write `./{text}`")));
        return None;
    }
    named(reader, node, text)
}

/// A volume that has to be declared.
fn named(reader: &mut Reader, node: &Node, name: &str) -> Option<MountSource> {
    if !reader.declared.volumes.contains(name) {
        let what = format!("names the volume `{name}`, which isn't declared");
        let fix = format!("add `{name}:` under `volumes:` at the top of the file");
        reader.fault(node.at.fault(what).fix(fix));
        return None;
    }
    Some(MountSource::Volume(name.to_owned()))
}

fn long(reader: &mut Reader, node: &Node) -> Option<Mount> {
    let kind = node.get("type").and_then(|node| reader.text(node));
    let from = node.get("source").or_else(|| node.get("src"));
    let from = from.and_then(|node| reader.text(node)).filter(|text| !text.is_empty());
    let target = ["target", "dst", "destination"].iter().find_map(|key| node.get(key));
    let Some(target) = target.and_then(|node| reader.text(node)).filter(|text| !text.is_empty()) else {
        reader.fault(node.at.fault("has no `target`").fix("write the path inside: `target: /data`"));
        return None;
    };
    let source = match (kind.as_deref().unwrap_or("volume"), from) {
        ("bind", Some(path)) if path.starts_with(['.', '/', '~']) || is_windows(&path) => {
            source(reader, node, &path)?
        }
        ("bind", Some(path)) => MountSource::Bind(rebased(&node.at.source().folder, &format!("./{path}"))),
        ("bind", None) => {
            reader.fault(
                node.at.fault("has no `source`").fix("write the folder of the host: `source: ./data`"),
            );
            return None;
        }
        ("volume", Some(name)) => named(reader, node, &name)?,
        ("volume", None) => MountSource::Anonymous,
        ("tmpfs", _) => {
            let size =
                node.get("tmpfs").and_then(|node| node.get("size")).and_then(|node| reader.bytes(node));
            MountSource::Memory(size)
        }
        (other @ ("npipe" | "cluster" | "image"), from) => {
            let from = from.unwrap_or_default();
            reader.note(format!(
                "{target}: a mount of type `{other}` ({from}) has no like elsewhere and is left out"
            ));
            return None;
        }
        (other, _) => {
            let fault = node.at.key("type").fault(format!("`{other}` is no kind of mount"));
            reader.fault(fault.fix("write `bind`, `volume` or `tmpfs`"));
            return None;
        }
    };
    let mut mount = mount(&target, source);
    mount.read_only = node.get("read_only").and_then(|node| reader.bool(node)).unwrap_or_default();
    let detail = |section: &str, key: &str| node.get(section).and_then(|section| section.get(key));
    mount.subpath = detail("volume", "subpath").and_then(|node| reader.text(node));
    mount.propagation = detail("bind", "propagation")
        .and_then(|node| reader.text(node))
        .filter(|text| !matches!(text.as_str(), "private" | "rprivate"));
    Some(mount)
}

/// `tmpfs`: paths, with options after a colon.
pub(super) fn tmpfs(reader: &mut Reader, service: &mut Service, node: &Node) {
    let items = match &node.value {
        Yaml::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for item in items {
        let Some(text) = reader.text(item) else { continue };
        let (path, options) = text.split_once(':').unwrap_or((&text, ""));
        if !path.starts_with('/') {
            reader.fault(
                item.at.fault(format!("`{path}` is no path inside the container")).fix("write `/tmp`"),
            );
            continue;
        }
        let mut size = None;
        let mut read_only = false;
        for option in options.split(',') {
            match option.split_once('=') {
                Some(("size", value)) => size = bytes(value),
                _ => read_only |= option == "ro",
            }
        }
        let mut mount = mount(path, MountSource::Memory(size));
        mount.read_only = read_only;
        add(reader, service, item, mount);
    }
}

/// `secrets`: files in /run/secrets.
pub(super) fn secrets(reader: &mut Reader, service: &mut Service, node: &Node) {
    files(reader, service, node, true);
}

/// `configs`: files anywhere.
pub(super) fn configs(reader: &mut Reader, service: &mut Service, node: &Node) {
    files(reader, service, node, false);
}

fn files(reader: &mut Reader, service: &mut Service, node: &Node, secret: bool) {
    let (what, base) = if secret { ("secret", "/run/secrets/") } else { ("config", "/") };
    for item in reader.list(node) {
        let (name, target) = match &item.value {
            Yaml::Map(_) => {
                let name = item.get("source").and_then(|node| reader.text(node));
                (name, item.get("target").and_then(|node| reader.text(node)))
            }
            _ => (reader.text(item), None),
        };
        let Some(name) = name else {
            reader.fault(item.at.fault("has no `source`").fix(format!("name the {what}")));
            continue;
        };
        let declared = if secret { &reader.declared.secrets } else { &reader.declared.configs };
        let Some(file) = declared.get(&name).cloned() else {
            let fault = item.at.fault(format!("names the {what} `{name}`, which isn't declared"));
            reader.fault(fault.fix(format!("add `{name}:` under `{what}s:` at the top of the file")));
            continue;
        };
        rights(reader, item, what, &name);
        let target = match target {
            Some(target) if target.starts_with('/') => target,
            Some(target) => format!("{base}{target}"),
            None => format!("{base}{name}"),
        };
        let mut mount = mount(&target, MountSource::File(file));
        mount.read_only = true;
        add(reader, service, item, mount);
    }
}

/// Tells of the rights of a file where they are others than compose gives by itself.
fn rights(reader: &mut Reader, item: &Node, what: &str, name: &str) {
    // `0444` is the number 292 or 444, by the YAML that it is read as.
    let is_usual = |node: &Node| {
        let mode = node.scalar().unwrap_or_default();
        matches!(mode.trim_start_matches("0o").trim_start_matches('0'), "444" | "292" | "")
    };
    let is_said = |key: &&str| item.get(key).is_some_and(|node| *key != "mode" || !is_usual(node));
    let said: Vec<String> =
        ["uid", "gid", "mode"].iter().filter(|key| is_said(key)).map(|key| format!("`{key}`")).collect();
    if !said.is_empty() {
        let are = if said.len() > 1 { "are" } else { "is" };
        reader.note(format!(
            "{} of the {what} `{name}` {are} not taken over: look whether what runs there may read it",
            said.join(", ")
        ));
    }
}

/// `volumes_from`: those of another service.
pub(super) fn volumes_from(reader: &mut Reader, service: &mut Service, node: &Node) {
    for item in reader.list(node) {
        let Some(text) = reader.text(item) else { continue };
        if let Some(container) = text.strip_prefix("container:") {
            reader.note(format!(
                "the volumes of the container `{container}` outside of the file are not taken over"
            ));
            continue;
        }
        let (name, mode) = text.split_once(':').unwrap_or((&text, "rw"));
        if let Some(other) = reader.service_named(item, name) {
            let service = service.name.clone();
            reader.wishes.push(Wish::Volumes { service, other, read_only: mode == "ro" });
        }
    }
}
