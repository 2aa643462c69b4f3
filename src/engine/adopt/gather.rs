//! Looks at a container and at what belongs to it, where it runs. Everything here only reads.
//!
//! What the engine prints holds secrets: it is read once, here, and neither kept nor told. What is kept is the project,
//! from which the reader has taken them.

mod sizes;
mod usage;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::adopt::project::{Connection, Note, called};
use crate::adopt::{Fault, Project, inspect};
use crate::domain::action::{Action, Command};
use crate::engine::ports::ReadCommand;

/// Containers of one project that are looked at, at most.
const MOST: usize = 60;

/// A host, looked at by commands that only read.
struct Host<'a> {
    reader: &'a dyn ReadCommand,
    name: &'a str,
}

impl Host<'_> {
    /// What a command prints there.
    async fn ask(&self, argv: &[&str]) -> Result<String, String> {
        let action = Action::Command(Command {
            host: self.name.to_owned(),
            cwd: None,
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            stdin: None,
            env: BTreeMap::new(),
        });
        let output = self.reader.read(action).await?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    /// What `docker inspect` says of these.
    async fn inspect(&self, kind: &str, names: &[String]) -> Result<Vec<Value>, String> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let words: Vec<&str> =
            ["docker", kind, "inspect"].into_iter().chain(names.iter().map(String::as_str)).collect();
        let text = self.ask(&words).await?;
        serde_json::from_str(&text).map_err(|error| format!("docker printed no JSON: {error}"))
    }
}

/// Looks at a container, at the others of its project, their images, volumes and networks, how large their data is and
/// what they take. `host` is a host of the configuration, or `local`.
///
/// # Errors
/// Why there is nothing to bring: the host can't be asked, there is no such container.
pub async fn gather(reader: &dyn ReadCommand, container: &str, host: &str) -> Result<Project, Vec<Fault>> {
    let place = called(host);
    let host = Host { reader, name: host };
    if !is_name(container) {
        let what = format!("`{}` is no name of a container", container.escape_debug());
        return Err(vec![Fault::of(place, what).fix("`docker ps --all` there lists them")]);
    }
    let all = everything(&host).await.map_err(|why| {
        let what = format!("its containers can't be looked at: {}", first_line(&why));
        vec![Fault::of(place, what).fix("look whether `docker ps` works there for Steward's user")]
    })?;
    let Some(meant) = all.iter().find(|known| is_called(known, container)) else {
        let names = all.iter().filter_map(name_of);
        let near = crate::domain::command::suggest(container, names.clone())
            .map_or_else(String::new, |near| format!("did you mean {near}? "));
        let list: Vec<&str> = names.take(20).collect();
        let fix = format!("{near}there are {}", list.join(", "));
        return Err(vec![Fault::of(place, format!("there is no container `{container}`")).fix(fix)]);
    };
    let together = together(&all, meant);
    let mut objects: Vec<Value> = together.iter().map(|known| (*known).clone()).collect();
    let mut notes = Vec::new();
    for (kind, names) in [
        ("image", texts(&together, "/Image")),
        ("volume", volumes(&together)),
        ("network", networks(&together)),
    ] {
        match host.inspect(kind, &names).await {
            Ok(more) => objects.extend(more),
            Err(why) => {
                let text = format!("the {kind}s could not be looked at: {}", first_line(&why));
                notes.push(Note { service: None, text });
            }
        }
    }
    let text = Value::Array(objects).to_string();
    let projects = inspect::read(host.name, &text, Some(host.name))?;
    // What stands together there is one project; should the reader see several, the one that was named is meant.
    let of_it = |project: &Project| {
        project.services.iter().any(|service| {
            service.container.as_deref() == name_of(meant) || service.container.as_deref() == Some(container)
        })
    };
    let mut project = projects
        .into_iter()
        .find(of_it)
        .ok_or_else(|| vec![Fault::of(place, format!("`{container}` could not be read"))])?;
    project.notes.extend(notes);
    sizes::look(&host, &mut project).await;
    usage::look(&host, &mut project).await;
    project.referrers = referrers(&all, &together, &project);
    Ok(project)
}

/// All containers of the host, as `docker inspect` has them.
async fn everything(host: &Host<'_>) -> Result<Vec<Value>, String> {
    let ids = host.ask(&["docker", "ps", "--all", "--quiet", "--no-trunc"]).await?;
    let ids: Vec<String> = ids.split_whitespace().map(str::to_owned).collect();
    let mut all = Vec::new();
    // In parts, so that no command line is too long; one that went away meanwhile takes only its part along.
    for part in ids.chunks(MOST) {
        match host.inspect("container", part).await {
            Ok(more) => all.extend(more),
            Err(why) if part.len() == 1 => return Err(why),
            Err(_) => {
                for id in part {
                    all.extend(host.inspect("container", std::slice::from_ref(id)).await.unwrap_or_default());
                }
            }
        }
    }
    Ok(all)
}

/// The containers that belong to the one that is meant: those of its compose project, and without one, those that share
/// a network of their own or its network namespace.
fn together<'a>(all: &'a [Value], meant: &'a Value) -> Vec<&'a Value> {
    if let Some(project) = compose_project(meant) {
        return all.iter().filter(|known| compose_project(known) == Some(project)).take(MOST).collect();
    }
    let mut together = vec![meant];
    let mut seen = 0;
    while let Some(known) = together.get(seen).copied() {
        seen += 1;
        for other in all {
            let is_new = !together.iter().any(|one| one.get("Id") == other.get("Id"));
            if is_new && compose_project(other).is_none() && share(known, other) && together.len() < MOST {
                together.push(other);
            }
        }
    }
    together
}

/// Whether one uses the other's network, or both are on a network that somebody made for them.
fn share(one: &Value, other: &Value) -> bool {
    let uses = |one: &Value, other: &Value| {
        let mode = one.pointer("/HostConfig/NetworkMode").and_then(Value::as_str).unwrap_or_default();
        let of = mode.strip_prefix("container:");
        of.is_some_and(|of| other.get("Id").and_then(Value::as_str) == Some(of) || name_of(other) == Some(of))
    };
    let own = |known: &Value| -> BTreeSet<String> {
        networks(&[known]).into_iter().filter(|name| !BUILT_IN.contains(&name.as_str())).collect()
    };
    uses(one, other) || uses(other, one) || !own(one).is_disjoint(&own(other))
}

/// Networks that the engine makes by itself: being on them means nothing.
const BUILT_IN: [&str; 4] = ["bridge", "host", "none", "podman"];

fn networks(containers: &[&Value]) -> Vec<String> {
    let of = |known: &&Value| known.pointer("/NetworkSettings/Networks").and_then(Value::as_object).cloned();
    let names =
        containers.iter().filter_map(of).flat_map(|networks| networks.into_iter().map(|(name, _)| name));
    let names: BTreeSet<String> = names.filter(|name| is_name(name)).collect();
    names.into_iter().filter(|name| !BUILT_IN.contains(&name.as_str())).collect()
}

fn volumes(containers: &[&Value]) -> Vec<String> {
    let mounts =
        containers.iter().filter_map(|known| known.get("Mounts").and_then(Value::as_array)).flatten();
    let volumes = mounts.filter(|mount| mount.get("Type").and_then(Value::as_str) == Some("volume"));
    let names = volumes.filter_map(|mount| mount.get("Name").and_then(Value::as_str));
    names.filter(|name| is_name(name)).map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

fn texts(containers: &[&Value], at: &str) -> Vec<String> {
    let texts = containers.iter().filter_map(|known| known.pointer(at).and_then(Value::as_str));
    texts.filter(|text| is_name(text)).map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

fn compose_project(container: &Value) -> Option<&str> {
    container.get("Config")?.get("Labels")?.get("com.docker.compose.project")?.as_str()
}

fn name_of(container: &Value) -> Option<&str> {
    container.get("Name").and_then(Value::as_str).map(|name| name.trim_start_matches('/'))
}

fn is_called(container: &Value, name: &str) -> bool {
    let id = container.get("Id").and_then(Value::as_str).unwrap_or_default();
    let service = container
        .get("Config")
        .and_then(|config| config.get("Labels"))
        .and_then(|labels| labels.get("com.docker.compose.service"))
        .and_then(Value::as_str);
    name_of(container) == Some(name)
        || name.len() >= 12 && id.starts_with(name)
        || service == Some(name)
        || compose_project(container) == Some(name)
}

/// Whether a text can stand among arguments as a name: nothing that could be a flag or a path.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.len() <= 255
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.:@-".contains(c))
}

/// What else on the host speaks to a published port of the project, by the names of its variables.
fn referrers(all: &[Value], together: &[&Value], project: &Project) -> Vec<String> {
    let outside = all.iter().filter(|known| !together.iter().any(|one| one.get("Id") == known.get("Id")));
    let ports: BTreeSet<u16> =
        project.services.iter().flat_map(|s| &s.ports).filter_map(|port| port.host).collect();
    let on_host = project.services.iter().any(|service| service.network == Connection::Host);
    let listens = project.services.iter().flat_map(|s| &s.listens).map(|listens| listens.port);
    let ports: BTreeSet<u16> = if on_host { ports.into_iter().chain(listens).collect() } else { ports };
    let mut found = BTreeSet::new();
    for known in outside {
        let Some(name) = name_of(known) else { continue };
        let env = known.pointer("/Config/Env").and_then(Value::as_array).into_iter().flatten();
        for (key, value) in env.filter_map(Value::as_str).filter_map(|variable| variable.split_once('=')) {
            if ports.iter().any(|port| points_at(value, *port)) {
                found.insert(format!("{name}: {key}"));
            }
        }
    }
    found.into_iter().take(MOST).collect()
}

/// Whether a value is an address with this port.
fn points_at(value: &str, port: u16) -> bool {
    let port = format!(":{port}");
    value.match_indices(&port).any(|(at, _)| {
        let before = value[..at].chars().next_back();
        let after = value[at + port.len()..].chars().next();
        before.is_some_and(|c| c.is_ascii_alphanumeric() || c == ']' || c == '.')
            && after.is_none_or(|c| !c.is_ascii_digit())
    })
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or(text).trim()
}

#[cfg(test)]
mod tests;
