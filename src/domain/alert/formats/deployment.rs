//! A deployment, or a push to a repository: a change that may be the cause of what breaks next.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::domain::alert::moment::moment;
use crate::domain::alert::{Content, NotUnderstood, fingerprint, limits};
use crate::domain::change::Change;
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;

/// The most paths that are kept of one change.
const MAX_FILES: usize = 200;
/// The most changes of one body.
const MAX_CHANGES: usize = 1000;

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Push(Push),
    Deployment(Deployment),
}

/// Steward's own shape.
#[derive(Deserialize)]
struct Deployment {
    id: Option<String>,
    at: Option<String>,
    author: Option<String>,
    summary: String,
    #[serde(default)]
    targets: Vec<String>,
    target: Option<String>,
    url: Option<String>,
    #[serde(default)]
    files: Vec<String>,
}

/// What GitHub, Gitea and Forgejo send of a push, as far as it is read.
#[derive(Deserialize)]
struct Push {
    commits: Vec<Commit>,
    repository: Repository,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

#[derive(Deserialize)]
struct Repository {
    name: String,
}

#[derive(Deserialize)]
struct Commit {
    id: String,
    message: String,
    timestamp: Option<String>,
    url: Option<String>,
    author: Option<Author>,
    #[serde(default)]
    added: Vec<String>,
    #[serde(default)]
    modified: Vec<String>,
    #[serde(default)]
    removed: Vec<String>,
}

#[derive(Deserialize)]
struct Author {
    name: Option<String>,
    username: Option<String>,
}

/// Reads one.
pub(super) fn read(source: &str, body: &[u8], now: Timestamp) -> Result<Content, NotUnderstood> {
    let body: Body = serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => NotUnderstood::new(
            "the body is neither a deployment (`summary`, and `target` or `targets`) nor a push (`commits`, `repository`)",
        ),
        _ => NotUnderstood::of_json(&error),
    })?;
    let source = format!("deploy:{source}");
    let changes = match body {
        Body::Deployment(deployment) => vec![deployment.change(source, now)?],
        Body::Push(push) => push.changes(&source, now)?,
    };
    Ok(Content { changes, ..Content::default() })
}

impl Deployment {
    fn change(self, source: String, now: Timestamp) -> Result<Change, NotUnderstood> {
        let mut targets = BTreeSet::new();
        for written in self.target.iter().chain(&self.targets) {
            targets.insert(Target::parse(written).map_err(|error| NotUnderstood(error.to_string()))?);
        }
        if targets.is_empty() {
            return Err(NotUnderstood::new(
                "it says no `target`; name what was deployed, as in \"k8s/media/jellyfin\"",
            ));
        }
        let Some(summary) = limits::summary(&self.summary) else {
            return Err(NotUnderstood::new("its `summary` is empty"));
        };
        let at = self.at.as_deref().and_then(moment).unwrap_or(now);
        let id = match self.id.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
            Some(id) => fingerprint::tame(id)?,
            None => {
                let names = targets.iter().map(Target::as_str).collect::<Vec<_>>().join(" ");
                fingerprint::hash_of(&[&names, &summary, &at.to_rfc3339()], 16)
            }
        };
        let author = self.author.as_deref().and_then(limits::summary).unwrap_or_else(|| source.clone());
        let files_total = self.files.len();
        Ok(Change {
            id,
            source,
            at,
            author,
            summary: with_link(summary, self.url.as_deref()),
            files: files(self.files),
            files_total,
            targets: targets.into_iter().collect(),
        })
    }
}

impl Push {
    fn changes(self, source: &str, now: Timestamp) -> Result<Vec<Change>, NotUnderstood> {
        if self.commits.len() > MAX_CHANGES {
            return Err(NotUnderstood(format!(
                "it has {} commits; {MAX_CHANGES} at most",
                self.commits.len()
            )));
        }
        let name = crate::domain::alert::segment(&self.repository.name)
            .ok_or_else(|| NotUnderstood::new("its repository has no name"))?;
        let target = Target::parse(&name).map_err(|error| NotUnderstood(error.to_string()))?;
        let branch = self.reference.as_deref().and_then(|name| name.strip_prefix("refs/heads/"));
        self.commits.into_iter().map(|commit| commit.change(source, &target, branch, now)).collect()
    }
}

impl Commit {
    fn change(
        self,
        source: &str,
        target: &Target,
        branch: Option<&str>,
        now: Timestamp,
    ) -> Result<Change, NotUnderstood> {
        let subject = self.message.lines().next().and_then(limits::summary);
        let subject = subject.unwrap_or_else(|| "a commit without a message".to_owned());
        let branch = branch.and_then(limits::summary).map(|name| format!(" (pushed to {name})"));
        let summary = format!("{subject}{}", branch.unwrap_or_default());
        let author = self.author.and_then(|author| author.name.or(author.username));
        let paths: Vec<String> = self.added.into_iter().chain(self.modified).chain(self.removed).collect();
        Ok(Change {
            id: fingerprint::tame(&self.id)?,
            source: source.to_owned(),
            at: self.timestamp.as_deref().and_then(moment).unwrap_or(now),
            author: author.as_deref().and_then(limits::summary).unwrap_or_else(|| source.to_owned()),
            summary: with_link(summary, self.url.as_deref()),
            files_total: paths.len(),
            files: files(paths),
            targets: vec![target.clone()],
        })
    }
}

fn with_link(summary: String, url: Option<&str>) -> String {
    let is_link = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
    match url.filter(is_link).and_then(limits::summary) {
        Some(url) => format!("{summary} {url}"),
        None => summary,
    }
}

fn files(paths: Vec<String>) -> Vec<String> {
    paths.iter().take(MAX_FILES).filter_map(|path| limits::summary(path)).collect()
}
