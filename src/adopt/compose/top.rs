//! The top of a file: volumes, networks, configs and secrets.

use std::collections::BTreeMap;

use super::connect::DEFAULT;
use super::reader::Reader;
use super::tree::{Node, Yaml};
use super::units::rebased;
use crate::adopt::Project;
use crate::adopt::project::{GivenFile, Network, Volume};
use crate::domain::command::suggest;

/// Bytes of a configuration file that goes along.
const MAX_FILE: usize = 1 << 20;
const KNOWN: &[&str] =
    &["configs", "include", "models", "name", "networks", "secrets", "services", "version", "volumes"];

/// Reads all of it but the services.
pub(super) fn read(reader: &mut Reader, top: &Node, project: &mut Project) {
    for (key, _) in top.entries() {
        if !KNOWN.contains(&key.as_str()) && !key.starts_with("x-") {
            let shown: String = key.chars().take(60).collect();
            let near = suggest(key, KNOWN.iter().copied()).map(|near| format!(": did you mean `{near}`?"));
            reader.note(format!(
                "`{shown}` at the top is nothing that compose knows{}",
                near.unwrap_or_default()
            ));
        }
    }
    if let Some(section) = top.get("volumes") {
        for (name, node) in reader.map(section) {
            let volume = volume(reader, name, node);
            reader.declared.volumes.insert(name.clone());
            project.volumes.insert(name.clone(), volume);
        }
    }
    if let Some(section) = top.get("networks") {
        for (name, node) in reader.map(section) {
            let network = network(reader, name, node);
            reader.declared.networks.insert(name.clone());
            project.networks.insert(name.clone(), network);
        }
    }
    for (section, secret) in [("secrets", true), ("configs", false)] {
        let Some(section) = top.get(section) else { continue };
        for (name, node) in reader.map(section) {
            // A config may be called as a secret is.
            let taken = project.files.contains_key(name);
            let file = if taken { format!("{name}-config") } else { name.clone() };
            let given = given(reader, name, node, secret);
            project.files.insert(file.clone(), given);
            let declared = if secret { &mut reader.declared.secrets } else { &mut reader.declared.configs };
            declared.insert(name.clone(), file);
        }
    }
    if !project.networks.contains_key(DEFAULT) {
        reader.declared.networks.remove(DEFAULT);
    }
}

/// Whether it exists independently, and by which name.
fn external(reader: &mut Reader, node: &Node) -> (bool, Option<String>) {
    let name = node.get("name").and_then(|node| reader.text(node));
    match node.get("external") {
        // The old form: `external: {name: x}`.
        Some(outside) if matches!(outside.value, Yaml::Map(_)) => {
            (true, outside.get("name").and_then(|node| reader.text(node)).or(name))
        }
        Some(outside) => (reader.bool(outside).unwrap_or_default(), name),
        None => (false, name),
    }
}

fn options(reader: &mut Reader, node: &Node) -> BTreeMap<String, String> {
    let Some(node) = node.get("driver_opts") else { return BTreeMap::new() };
    let pairs = reader.pairs(node);
    pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn volume(reader: &mut Reader, name: &str, node: &Node) -> Volume {
    reader.map(node);
    let (outside, real_name) = external(reader, node);
    let mut options = options(reader, node);
    if let Some(mounted) = options.get_mut("o") {
        let is_secret = |option: &&str| {
            let key = option.split('=').next().unwrap_or_default().trim();
            matches!(key, "password" | "pass" | "password2" | "passwd") && option.contains('=')
        };
        if mounted.split(',').any(|option| is_secret(&option)) {
            *mounted = mounted.split(',').filter(|option| !is_secret(option)).collect::<Vec<_>>().join(",");
            reader.note(format!("the password in the options of the volume `{name}` was left out: it has to be a secret of the new place"));
        }
    }
    let driver = node.get("driver").and_then(|node| reader.text(node));
    let labels = node.get("labels").map(|node| reader.pairs(node)).unwrap_or_default();
    Volume {
        // Without its name said, compose would call one of its own PROJECT_NAME.
        real_name: real_name.filter(|real| !outside || real != name),
        driver: driver.filter(|driver| !matches!(driver.as_str(), "local" | "default" | "")),
        options,
        external: outside,
        labels: labels.into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect(),
        mountpoint: None,
    }
}

fn network(reader: &mut Reader, name: &str, node: &Node) -> Network {
    reader.map(node);
    let (outside, real_name) = external(reader, node);
    let driver = node.get("driver").and_then(|node| reader.text(node));
    let mut subnets = Vec::new();
    for pool in
        node.get("ipam").and_then(|ipam| ipam.get("config")).map(|node| reader.list(node)).unwrap_or_default()
    {
        subnets.extend(pool.get("subnet").and_then(|node| reader.text(node)));
        let given =
            ["gateway", "ip_range", "aux_addresses"].into_iter().filter(|key| pool.get(key).is_some());
        let given: Vec<String> = given.map(|key| format!("`{key}`")).collect();
        if !given.is_empty() {
            let are = if given.len() > 1 { "are" } else { "is" };
            reader.note(format!("{} of the network `{name}` {are} not taken over", given.join(" and ")));
        }
    }
    Network {
        real_name: real_name.filter(|real| real != name),
        driver: driver.filter(|driver| !matches!(driver.as_str(), "bridge" | "default" | "")),
        external: outside,
        internal: node.get("internal").and_then(|node| reader.bool(node)).unwrap_or_default(),
        subnets,
        options: options(reader, node),
    }
}

fn given(reader: &mut Reader, name: &str, node: &Node, secret: bool) -> GivenFile {
    let (outside, _) = external(reader, node);
    let mut file = GivenFile { secret, external: outside, ..GivenFile::default() };
    for (key, node) in reader.map(node) {
        match key.as_str() {
            "file" => file.path = reader.text(node).map(|path| rebased(&node.at.source().folder, &path)),
            "environment" => file.environment = reader.text(node),
            "content" if node.value == Yaml::Secret => file.secret = true,
            "content" if !secret => file.text = reader.text(node),
            _ => {}
        }
    }
    let sources = [file.path.is_some(), file.environment.is_some(), node.get("content").is_some(), outside];
    if sources.iter().all(|source| !source) {
        let fault = node.at.fault("says nowhere where it comes from");
        reader.fault(fault.fix("write `file: ./name`, or `external: true`"));
    }
    if file.secret {
        file.text = None;
        return file;
    }
    if let Some(variable) = &file.environment {
        match reader.vars.values.get(variable) {
            Some(_) if reader.vars.is_secret(variable) => file.secret = true,
            Some(value) => file.text = Some(value.clone()),
            None => reader.note(format!(
                "the config `{name}` is the variable `{variable}`, which has no value in .env"
            )),
        }
    }
    if let Some(path) = file.path.clone() {
        match reader.beside.read(path.strip_prefix("./").unwrap_or(&path)) {
            Ok(Some(text)) if text.len() <= MAX_FILE => file.text = Some(text),
            Ok(Some(_)) => {
                reader.note(format!("{path} (the config `{name}`) is too large to go along: copy it by hand"))
            }
            Ok(None) => {
                reader.note(format!("{path} (the config `{name}`) was not there to be read: copy it by hand"))
            }
            Err(why) => reader.note(format!("{path} (the config `{name}`) can't be read: {why}")),
        }
    }
    file
}
