//! What is given as a compose file and is something else: people are told what it is.

use super::tree::{Node, Yaml};

/// What it is, and what to do, where that can be told from its text.
pub(super) fn of_text(text: &str) -> Option<(&'static str, &'static str)> {
    let rows = || {
        let rows = text.lines().map(str::trim_end);
        rows.filter(|row| !row.trim_start().is_empty() && !row.starts_with('#') && *row != "---")
    };
    let first = rows().next()?;
    let mut words = first.split_whitespace().skip_while(|word| *word == "sudo" || *word == "$");
    let (program, next) = (words.next()?, words.next().unwrap_or_default());
    let is_engine = matches!(program, "docker" | "podman" | "nerdctl");
    let verb = if next == "container" { words.next().unwrap_or_default() } else { next };
    if is_engine && matches!(verb, "run" | "create") {
        return Some((
            "is a command (`docker run`), no compose file",
            "name the container that it started instead: `steward adopt CONTAINER`",
        ));
    }
    if first.starts_with("apiVersion:") || rows().take(50).any(|row| row.starts_with("apiVersion: ")) {
        return Some((
            "is an object of Kubernetes, no compose file",
            "only what runs in Docker or Podman is adopted",
        ));
    }
    if first.starts_with("job \"") {
        return Some(("is a job of Nomad, no compose file", "only what runs in Docker or Podman is adopted"));
    }
    if matches!(program, "FROM" | "ARG") {
        let fix = "give the compose file that builds it, or what `docker inspect` prints of a container";
        return Some(("is a Dockerfile, no compose file", fix));
    }
    if first.starts_with("CONTAINER ID") {
        return Some(("is what `docker ps` prints", "give what `docker inspect CONTAINER` prints"));
    }
    if let Some(found) = of_brackets(text, first) {
        return Some(found);
    }
    if rows().all(|row| row.split_once('=').is_some_and(|(name, _)| is_variable(name))) {
        return Some((
            "holds variables (`NAME=value`), no services",
            "give the compose file: a `.env` beside it is read with it",
        ));
    }
    None
}

/// What begins with a bracket and is no JSON.
fn of_brackets(text: &str, first: &str) -> Option<(&'static str, &'static str)> {
    let first = first.trim_start_matches('\u{feff}').trim();
    if first.starts_with("{{") || first.starts_with("{%") {
        return Some((
            "is a template, no compose file",
            "fill it first (Ansible, Helm or whatever it is for), and give what comes out",
        ));
    }
    if !is_section(first) {
        return None;
    }
    let has = |section: &str| text.lines().any(|row| row.trim() == section);
    if has("[Container]") || has("[Pod]") || has("[Kube]") {
        return Some((
            "is a Quadlet of Podman, no compose file",
            "give what `podman inspect` prints of the container that it starts",
        ));
    }
    if has("[Service]") {
        return Some((
            "is a unit of systemd, no compose file",
            "only what runs in Docker or Podman is adopted: name the container that it starts",
        ));
    }
    Some((
        "is a file with sections (INI or TOML), no compose file",
        "give a compose file, or what `docker inspect` prints",
    ))
}

/// `[Container]`, `[[servers]]`, `[a.b]`: neither a list of JSON nor one of YAML with something in it.
fn is_section(row: &str) -> bool {
    let Some(name) = row.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else { return false };
    let name = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._- ".contains(c))
}

fn is_variable(name: &str) -> bool {
    let name = name.strip_prefix("export ").unwrap_or(name);
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The same, from the tree.
pub(super) fn of_tree(top: &Node) -> Option<(&'static str, &'static str)> {
    let holds = |node: &Node, keys: &[&str]| keys.iter().any(|key| node.get(key).is_some());
    match &top.value {
        Yaml::Map(_) if holds(top, &["apiVersion"]) && holds(top, &["kind"]) => Some((
            "is an object of Kubernetes, no compose file",
            "only what runs in Docker or Podman is adopted",
        )),
        Yaml::Map(entries) if matches!(entries.as_slice(), [(name, job)] if is_job(name, job)) => {
            Some(("is a job of Nomad, no compose file", "only what runs in Docker or Podman is adopted"))
        }
        Yaml::Map(entries) if entries.iter().any(|(_, node)| holds(node, &["image", "build"])) => Some((
            "has its services at the top, as compose files had them before 2016",
            "write `services:` on top, and indent all else below it",
        )),
        Yaml::List(items) if items.iter().any(|item| holds(item, &["HostConfig", "Config"])) => Some((
            "is what `docker inspect` prints, but as YAML",
            "give it as JSON, as `docker inspect CONTAINER` prints it",
        )),
        _ => None,
    }
}

/// Whether it is what `nomad job inspect` prints, or a job in HCL's JSON.
fn is_job(name: &str, job: &Node) -> bool {
    (name == "Job" && job.get("TaskGroups").is_some())
        || (name == "job" && job.entries().iter().any(|(_, job)| job.get("group").is_some()))
}
