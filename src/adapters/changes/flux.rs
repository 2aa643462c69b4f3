//! What Flux brought into the cluster: the revisions of Kustomizations and HelmReleases.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::git::GitChanges;
use super::objects::{between, condition, explain, items, target, text, time};
use crate::domain::action::Action;
use crate::domain::change::{Change, ChangeKind, Difference, Facts, Seen, Snapshot, one_line};
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;
use crate::engine::ports::ReadCommand;
use crate::engine::ports::{Look, StateSource};

const SOURCE: &str = "flux";
/// The most targets that one reconciliation names.
const MAX_TARGETS: usize = 50;
/// The kinds of an inventory that people would call a target.
const WORKLOADS: [&str; 6] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "HelmRelease", "Ingress"];

/// The reconciliations of the cluster that kubectl is set up for.
pub struct Reconciliations {
    reader: Arc<dyn ReadCommand>,
    /// The repositories in which a revision is looked up.
    repositories: Vec<Arc<GitChanges>>,
}

/// What one object says besides its facts.
struct Object {
    name: String,
    applied: Option<Timestamp>,
    /// Why it is not ready, if it is not.
    failing: Option<String>,
    targets: Vec<Target>,
}

impl Reconciliations {
    /// Reads with this, and looks revisions up in these.
    #[must_use]
    pub fn new(reader: Arc<dyn ReadCommand>, repositories: Vec<Arc<GitChanges>>) -> Self {
        Self { reader, repositories }
    }

    /// One change per object that became different; what each revision brought is looked up once.
    async fn compare(
        &self,
        before: &Seen,
        after: &Snapshot,
        objects: &[Object],
        now: Timestamp,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        for difference in before.snapshot.differences(after) {
            let object = objects.iter().find(|object| object.name == difference.name);
            let at = between(object.and_then(|object| object.applied), before.at, now);
            let mut change = tell(&difference, object, at, now);
            if let Some((from, to)) = commits(&difference) {
                self.look_up(&mut change, &from, &to).await;
            }
            changes.push(change);
        }
        changes
    }

    /// Adds what the commits between two revisions say.
    async fn look_up(&self, change: &mut Change, from: &str, to: &str) {
        for repository in &self.repositories {
            let Ok(mut commits) = repository.between(from, to).await else { continue };
            let Some(latest) = commits.first() else { continue };
            let more = match commits.len() {
                1 => String::new(),
                many => format!(" and {} more", many - 1),
            };
            change.summary = format!("{}: {}{more}", change.summary, latest.said());
            change.url.clone_from(&latest.url);
            change.baseline = commits.iter().any(|commit| commit.baseline);
            change.files_total = commits.iter().map(|commit| commit.files_total).sum();
            let mut touched: Vec<Target> = Vec::new();
            let mut gist: Vec<String> = std::mem::take(&mut change.gist);
            for commit in &mut commits {
                gist.append(&mut commit.gist);
                change.files.append(&mut commit.files);
                touched.append(&mut commit.targets);
            }
            gist.dedup();
            change.files.truncate(super::git_log::MAX_FILES);
            // What the files map to says better what was touched than all that the object applies.
            if !touched.is_empty() {
                let own = change.targets.first().cloned();
                change.targets = own.into_iter().chain(touched).collect();
                change.targets.sort();
                change.targets.dedup();
            }
            *change = change.clone().with_gist(gist);
            return;
        }
    }
}

pub(super) const KUSTOMIZATIONS: &str = "kustomizations.kustomize.toolkit.fluxcd.io";
pub(super) const BOTH: &str =
    "kustomizations.kustomize.toolkit.fluxcd.io,helmreleases.helm.toolkit.fluxcd.io";

pub(super) fn action(kinds: &str) -> Action {
    Action::local(["kubectl", "get", kinds, "-A", "-o", "json"].map(str::to_owned).to_vec())
}

/// Whether the cluster does not know one of the kinds that were asked for.
fn is_unknown_kind(why: &str) -> bool {
    why.contains("doesn't have a resource type")
}

#[async_trait]
impl StateSource for Reconciliations {
    fn name(&self) -> String {
        SOURCE.to_owned()
    }

    async fn look(&self, before: Option<&Seen>, now: Timestamp) -> Result<Look, String> {
        let answer = match self.reader.read(action(BOTH)).await {
            Err(why) if is_unknown_kind(&why) => self.reader.read(action(KUSTOMIZATIONS)).await,
            other => other,
        };
        let output = match answer {
            Ok(output) => output,
            // A cluster without Flux has nothing to tell. One that had it a moment ago has another fault.
            Err(why) if is_unknown_kind(&why) && before.is_none_or(|before| before.snapshot.0.is_empty()) => {
                return Ok(Look::default());
            }
            Err(why) => return Err(explain(SOURCE, &why)),
        };
        let (snapshot, objects) = parse(&output)?;
        let changes = match before {
            Some(before) => self.compare(before, &snapshot, &objects, now).await,
            None => Vec::new(),
        };
        Ok(Look { snapshot, changes })
    }
}

fn parse(output: &[u8]) -> Result<(Snapshot, Vec<Object>), String> {
    let (mut snapshot, mut objects) = (Snapshot::default(), Vec::new());
    for item in items(output, SOURCE)? {
        let (Some(kind), Some(namespace), Some(name)) =
            (text(&item, "/kind"), text(&item, "/metadata/namespace"), text(&item, "/metadata/name"))
        else {
            continue;
        };
        let key = format!("{}/{namespace}/{name}", kind.to_ascii_lowercase());
        let facts = if kind == "HelmRelease" { release(&item) } else { kustomization(&item) };
        let ready = condition(&item, "Ready");
        let status = ready.and_then(|it| text(it, "/status"));
        let failing = ready.filter(|_| status.as_deref() == Some("False"));
        objects.push(Object {
            name: key.clone(),
            applied: applied_at(&item),
            failing: failing
                .map(|it| text(it, "/message").or_else(|| text(it, "/reason")).unwrap_or_default()),
            targets: targets(&item, &namespace, &name),
        });
        snapshot.0.insert(key, facts);
    }
    Ok((snapshot, objects))
}

fn kustomization(item: &Value) -> Facts {
    let mut facts = Facts::new();
    facts.extend(text(item, "/status/lastAppliedRevision").map(|it| ("revision".to_owned(), it)));
    // What it tries and does not reach is worth telling once.
    let attempted = text(item, "/status/lastAttemptedRevision");
    facts.extend(attempted.filter(|it| Some(it) != facts.get("revision")).map(|it| ("tried".to_owned(), it)));
    facts
}

/// The first of a Helm release's history is the one that runs; older versions of Flux say it another way.
fn release(item: &Value) -> Facts {
    let mut facts = Facts::new();
    let chart =
        text(item, "/status/history/0/chartVersion").or_else(|| text(item, "/status/lastAppliedRevision"));
    facts.extend(chart.map(|it| ("chart".to_owned(), it)));
    facts.extend(text(item, "/status/history/0/appVersion").map(|it| ("app".to_owned(), it)));
    let values = text(item, "/status/history/0/configDigest")
        .or_else(|| text(item, "/status/lastAttemptedConfigDigest"));
    facts.extend(values.map(|it| ("values".to_owned(), it)));
    let attempted = text(item, "/status/lastAttemptedRevision");
    facts.extend(attempted.filter(|it| Some(it) != facts.get("chart")).map(|it| ("tried".to_owned(), it)));
    facts
}

fn applied_at(item: &Value) -> Option<Timestamp> {
    time(item, "/status/history/0/lastDeployed")
        .or_else(|| condition(item, "Ready").and_then(|it| time(it, "/lastTransitionTime")))
}

/// What the object itself is, then what it applies.
fn targets(item: &Value, namespace: &str, name: &str) -> Vec<Target> {
    let own = match (text(item, "/spec/targetNamespace"), text(item, "/spec/releaseName")) {
        (None, None) => target(namespace, name),
        (place, release) => target(place.as_deref().unwrap_or(namespace), release.as_deref().unwrap_or(name)),
    };
    let entries = item.pointer("/status/inventory/entries").and_then(Value::as_array);
    // An id is `namespace_name_group_kind`, and none of the four has an underscore in it.
    let applied = entries.into_iter().flatten().filter_map(|entry| {
        let id = entry.get("id")?.as_str()?;
        let mut parts = id.split('_');
        let (namespace, name, _, kind) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        WORKLOADS.contains(&kind).then(|| target(namespace, name))?
    });
    own.into_iter().chain(applied).take(MAX_TARGETS).collect()
}

fn tell(difference: &Difference<'_>, object: Option<&Object>, at: Timestamp, now: Timestamp) -> Change {
    let mut parts = difference.name.splitn(2, '/');
    let what = match parts.next() {
        Some("helmrelease") => format!("Helm release {}", parts.next().unwrap_or_default()),
        _ => format!("Kustomization {}", parts.next().unwrap_or_default()),
    };
    let (kind, mut summary) = match (difference.before, difference.after) {
        (None, _) => (ChangeKind::Inventory, format!("{what} is new")),
        (_, None) => (ChangeKind::Inventory, format!("{what} is gone")),
        _ => (ChangeKind::Reconcile, reconciled(&what, difference)),
    };
    if let Some(why) = object.and_then(|object| object.failing.as_ref()) {
        summary = format!("{summary}, and it fails: {}", one_line(why, 160));
    }
    let gist = difference.facts().into_iter().map(|(name, before, after)| {
        let name = if name == "values" { "digest of its values" } else { name };
        format!("{name}: {} → {}", shown(before), shown(after))
    });
    let id = format!("{}@{}", difference.name, now.timestamp_millis());
    let targets = object.map(|object| object.targets.clone()).unwrap_or_default();
    let change = Change::new(kind, SOURCE, id, at, summary).by("Flux").on(targets).with_gist(gist);
    let applied = difference.facts().iter().any(|(name, ..)| *name != "tried");
    Change { baseline: change.baseline && (applied || kind == ChangeKind::Inventory), ..change }
}

fn reconciled(what: &str, difference: &Difference<'_>) -> String {
    let facts = difference.facts();
    let became = |key: &str| facts.iter().find(|(name, ..)| *name == key).and_then(|(_, _, after)| *after);
    if let Some(revision) = became("revision") {
        format!("{what} is at {}", shown(Some(revision)))
    } else if let Some(chart) = became("chart") {
        format!("{what} is at chart {}", shown(Some(chart)))
    } else if became("values").is_some() || became("app").is_some() {
        format!("{what} has other values")
    } else if let Some(tried) = became("tried") {
        format!("{what} tries {}", shown(Some(tried)))
    } else {
        format!("{what} was reconciled")
    }
}

/// A revision or digest as people read it: `main@sha1:3f1c0ffee012`.
fn shown(revision: Option<&str>) -> String {
    let Some(revision) = revision else { return "none".to_owned() };
    match revision.rsplit_once(':') {
        Some((head, hash)) if hash.len() >= 40 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("{head}:{}", hash.chars().take(12).collect::<String>())
        }
        _ => match revision.rsplit_once('/') {
            Some((head, hash)) if hash.len() >= 40 => {
                format!("{head}/{}", hash.chars().take(12).collect::<String>())
            }
            _ => one_line(revision, 80),
        },
    }
}

/// The commits that a Kustomization went from and to, if its source is a git repository.
fn commits(difference: &Difference<'_>) -> Option<(String, String)> {
    let facts = difference.facts();
    let (_, before, after) = facts.into_iter().find(|(name, ..)| *name == "revision" || *name == "tried")?;
    let before = before.or_else(|| difference.before?.get("revision").map(String::as_str))?;
    Some((commit(before)?, commit(after?)?))
}

/// The hash in `main@sha1:HASH`, or in the older `main/HASH`.
fn commit(revision: &str) -> Option<String> {
    let hash = revision.rsplit([':', '/']).next()?;
    let sha1 = hash.len() == 40 && !revision.contains("@sha256:");
    (sha1 && hash.bytes().all(|b| b.is_ascii_hexdigit())).then(|| hash.to_owned())
}

#[cfg(test)]
mod tests;
