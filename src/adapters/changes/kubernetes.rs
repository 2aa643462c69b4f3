//! Rollouts of a cluster: what runs in Deployments, StatefulSets and DaemonSets, and how much of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::images::{brief, from_to};
use super::objects::{between, condition, explain, items, target, text, time};
use crate::domain::action::Action;
use crate::domain::change::{Change, ChangeKind, Difference, Facts, Seen, Snapshot};
use crate::domain::signal::Timestamp;
use crate::engine::ports::ReadCommand;
use crate::engine::ports::{Look, StateSource};

const SOURCE: &str = "kubernetes";
/// When somebody last asked for a restart (`kubectl rollout restart`).
const RESTARTED: &str = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";

/// The workloads of the cluster that kubectl is set up for.
pub struct Workloads {
    reader: Arc<dyn ReadCommand>,
}

impl Workloads {
    /// Reads with this.
    #[must_use]
    pub fn new(reader: Arc<dyn ReadCommand>) -> Self {
        Self { reader }
    }
}

/// What asks for them.
pub(super) fn action() -> Action {
    let kinds = "deployments.apps,statefulsets.apps,daemonsets.apps";
    Action::local(["kubectl", "get", kinds, "-A", "-o", "json"].map(str::to_owned).to_vec())
}

#[async_trait]
impl StateSource for Workloads {
    fn name(&self) -> String {
        SOURCE.to_owned()
    }

    async fn look(&self, before: Option<&Seen>, now: Timestamp) -> Result<Look, String> {
        let output = self.reader.read(action()).await.map_err(|why| explain(SOURCE, &why))?;
        let (snapshot, times) = parse(&output)?;
        let changes = before.map(|before| compare(before, &snapshot, &times, now)).unwrap_or_default();
        Ok(Look { snapshot, changes })
    }
}

/// When something last happened to each workload, where it says so.
type Times = BTreeMap<String, Timestamp>;

/// What runs, and when that last became so.
fn parse(output: &[u8]) -> Result<(Snapshot, Times), String> {
    let (mut snapshot, mut times) = (Snapshot::default(), Times::new());
    for object in items(output, SOURCE)? {
        let (Some(kind), Some(namespace), Some(name)) =
            (text(&object, "/kind"), text(&object, "/metadata/namespace"), text(&object, "/metadata/name"))
        else {
            continue;
        };
        let key = format!("{}/{namespace}/{name}", kind.to_ascii_lowercase());
        let progressed = condition(&object, "Progressing").and_then(|it| time(it, "/lastUpdateTime"));
        if let Some(at) = [progressed, time(&object, RESTARTED)].into_iter().flatten().max() {
            times.insert(key.clone(), at);
        }
        snapshot.0.insert(key, facts(&object));
    }
    Ok((snapshot, times))
}

fn facts(object: &Value) -> Facts {
    let mut facts = Facts::new();
    let mut note = |name: &str, value: Option<String>| {
        facts.extend(value.map(|value| (name.to_owned(), value)));
    };
    note("generation", text(object, "/metadata/generation"));
    note("replicas", text(object, "/spec/replicas"));
    note("restarted", text(object, RESTARTED));
    for list in ["/spec/template/spec/initContainers", "/spec/template/spec/containers"] {
        for container in object.pointer(list).and_then(Value::as_array).into_iter().flatten() {
            let Some(name) = text(container, "/name") else { continue };
            note(&format!("image {name}"), text(container, "/image"));
            for amount in ["limits", "requests"] {
                for what in ["cpu", "memory"] {
                    let value = text(container, &format!("/resources/{amount}/{what}"));
                    note(&format!("{what} {amount} of {name}"), value);
                }
            }
        }
    }
    facts
}

fn compare(before: &Seen, after: &Snapshot, times: &Times, now: Timestamp) -> Vec<Change> {
    before
        .snapshot
        .differences(after)
        .into_iter()
        .map(|difference| {
            let at = between(times.get(difference.name).copied(), before.at, now);
            tell(&difference, at, now)
        })
        .collect()
}

fn tell(difference: &Difference<'_>, at: Timestamp, now: Timestamp) -> Change {
    let mut parts = difference.name.splitn(3, '/');
    let (kind, namespace, name) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let what = format!("{kind} {namespace}/{name}");
    let (kind, summary, gist) = match (difference.before, difference.after) {
        (None, Some(facts)) => (ChangeKind::Inventory, format!("{what} is new"), images(facts)),
        (_, None) => (ChangeKind::Inventory, format!("{what} is gone"), Vec::new()),
        (Some(_), Some(_)) => differs(difference, &what),
    };
    let id = format!("{}@{}", difference.name, now.timestamp_millis());
    Change::new(kind, SOURCE, id, at, summary).on(target(namespace, name)).with_gist(gist)
}

fn images(facts: &Facts) -> Vec<String> {
    let image = |(name, value): (&String, &String)| {
        name.strip_prefix("image ").map(|container| format!("image of {container}: {}", brief(value)))
    };
    facts.iter().filter_map(image).collect()
}

fn differs(difference: &Difference<'_>, what: &str) -> (ChangeKind, String, Vec<String>) {
    let (mut images, mut amounts, mut restarted, mut generation) =
        (Vec::new(), Vec::new(), false, Vec::new());
    for (name, before, after) in difference.facts() {
        match (name.strip_prefix("image "), name) {
            (Some(container), _) => images.push(match (before, after) {
                (Some(before), Some(after)) => format!("image of {container}: {}", from_to(before, after)),
                (None, after) => {
                    format!("container {container} is new: {}", brief(after.unwrap_or_default()))
                }
                (_, None) => format!("container {container} is gone"),
            }),
            (None, "restarted") => restarted = true,
            (None, "generation") => {
                generation.push(format!("generation {} → {}", before.unwrap_or("?"), after.unwrap_or("?")))
            }
            (None, name) => {
                amounts.push(format!("{name}: {} → {}", before.unwrap_or("none"), after.unwrap_or("none")))
            }
        }
    }
    let (kind, summary) = match (images.is_empty(), restarted, amounts.is_empty()) {
        (false, ..) => (ChangeKind::Image, format!("{what} runs another image")),
        (true, true, _) => (ChangeKind::Rollout, format!("{what} was restarted by hand")),
        (true, false, false) => (ChangeKind::Scale, format!("{what} was given another size")),
        (true, false, true) => (ChangeKind::Rollout, format!("{what} has a new specification")),
    };
    let rest = if images.is_empty() && amounts.is_empty() && !restarted { generation } else { Vec::new() };
    (kind, summary, images.into_iter().chain(amounts).chain(rest).collect())
}

#[cfg(test)]
mod tests;
