//! Containers of this machine: which image each one runs, and which came or went.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;

use super::images::{brief, from_to};
use super::objects::between;
use crate::domain::action::Action;
use crate::domain::change::{Change, ChangeKind, Difference, Facts, Seen, Snapshot, one_line};
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;
use crate::engine::ports::ReadCommand;
use crate::engine::ports::{Look, StateSource};

const SOURCE: &str = "docker";
/// Containers asked for at once.
const AT_ONCE: usize = 20;
/// The most containers looked at.
const MOST: usize = 1000;
/// Only what is needed: a container's environment and command line often hold passwords.
const FORMAT: &str = "{{.Name}}|{{.Config.Image}}|{{.Image}}|{{.Created}}";
/// The longest name kept, in characters.
const MAX_TEXT: usize = 200;

/// The containers of the docker on this machine.
pub struct Containers {
    host: String,
    reader: Arc<dyn ReadCommand>,
}

impl Containers {
    /// Those of the machine that the lab calls `host`.
    #[must_use]
    pub fn new(host: &str, reader: Arc<dyn ReadCommand>) -> Self {
        Self { host: host.to_owned(), reader }
    }

    async fn list(&self) -> Result<String, String> {
        let output = self.reader.read(list_action()).await?;
        let ids: Vec<String> = String::from_utf8_lossy(&output)
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|id| id.len() >= 12 && id.bytes().all(|b| b.is_ascii_hexdigit()))
            .take(MOST)
            .collect();
        let mut lines = String::new();
        for some in ids.chunks(AT_ONCE) {
            lines.push_str(&String::from_utf8_lossy(&self.reader.read(inspect_action(some)).await?));
            lines.push('\n');
        }
        Ok(lines)
    }
}

pub(super) fn list_action() -> Action {
    Action::local(["docker", "ps", "--all", "--quiet", "--no-trunc"].map(str::to_owned).to_vec())
}

pub(super) fn inspect_action(ids: &[String]) -> Action {
    let mut argv = ["docker", "inspect", "--type=container", "--format", FORMAT].map(str::to_owned).to_vec();
    argv.extend(ids.iter().cloned());
    Action::local(argv)
}

#[async_trait]
impl StateSource for Containers {
    fn name(&self) -> String {
        SOURCE.to_owned()
    }

    async fn look(&self, before: Option<&Seen>, now: Timestamp) -> Result<Look, String> {
        // A container that ends between the list and the look is no reason to know nothing.
        let lines = match self.list().await {
            Err(why) if why.to_ascii_lowercase().contains("no such") => self.list().await,
            other => other,
        };
        let (snapshot, times) = parse(&lines.map_err(|why| explain(&why))?);
        let changes =
            before.map(|before| compare(before, &snapshot, &times, &self.host, now)).unwrap_or_default();
        Ok(Look { snapshot, changes })
    }
}

fn explain(why: &str) -> String {
    let why = one_line(why.trim(), 300);
    format!(
        "docker: it could not be asked; its changes are unknown. Start it, or set `[changes] docker = \"off\"`. It says: {why}"
    )
}

/// When each container was made.
type Times = BTreeMap<String, Timestamp>;

/// Reads the lines of [`FORMAT`]; others are skipped.
fn parse(lines: &str) -> (Snapshot, Times) {
    let (mut snapshot, mut times) = (Snapshot::default(), Times::new());
    for line in lines.lines() {
        let mut parts = line.split('|').map(|part| one_line(part.trim(), MAX_TEXT));
        let (Some(name), Some(image), Some(id), Some(created), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let name = name.trim_start_matches('/').to_owned();
        if name.is_empty() {
            continue;
        }
        times.extend(DateTime::parse_from_rfc3339(&created).ok().map(|at| (name.clone(), at.to_utc())));
        let facts = [("image", image), ("id", id), ("created", created)];
        let facts: Facts = facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        snapshot.0.insert(name, facts);
    }
    (snapshot, times)
}

fn compare(before: &Seen, after: &Snapshot, times: &Times, host: &str, now: Timestamp) -> Vec<Change> {
    let differences = before.snapshot.differences(after).into_iter();
    differences
        .map(|difference| {
            let at = between(times.get(difference.name).copied(), before.at, now);
            let (kind, summary, gist) = tell(&difference);
            let id = format!("{}@{}", difference.name, now.timestamp_millis());
            let target = Target::parse(&format!("{host}/container/{}", difference.name)).ok();
            Change::new(kind, SOURCE, id, at, summary).on(target).with_gist(gist)
        })
        .collect()
}

fn tell(difference: &Difference<'_>) -> (ChangeKind, String, Vec<String>) {
    let name = difference.name;
    let fact = |facts: &Facts, key: &str| facts.get(key).cloned().unwrap_or_default();
    match (difference.before, difference.after) {
        (None, Some(facts)) => {
            (ChangeKind::Inventory, format!("container {name} is new"), vec![brief(&fact(facts, "image"))])
        }
        (_, None) => (ChangeKind::Inventory, format!("container {name} is gone"), Vec::new()),
        (Some(before), Some(after)) => {
            let (old, new) = (fact(before, "image"), fact(after, "image"));
            if fact(before, "id") == fact(after, "id") {
                let summary = format!("container {name} was made anew");
                return (ChangeKind::Rollout, summary, vec![format!("from the same image, {}", brief(&new))]);
            }
            let gist = match old == new {
                true => format!("another build of {}", brief(&new)),
                false => format!("image {}", from_to(&old, &new)),
            };
            (ChangeKind::Image, format!("container {name} runs another image"), vec![gist])
        }
    }
}

#[cfg(test)]
mod tests;
