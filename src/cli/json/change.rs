//! Changes as JSON.

use serde::Serialize;

use super::Time;
use crate::domain::change::Change;

/// `changes`
#[derive(Serialize)]
pub(in crate::cli) struct ChangeList {
    pub(in crate::cli) since: Time,
    pub(in crate::cli) until: Time,
    pub(in crate::cli) target: Option<String>,
    /// The incident that was asked for; `null` without one.
    pub(in crate::cli) before: Option<u64>,
    /// Newest first; with a target, the likeliest cause first.
    pub(in crate::cli) changes: Vec<ChangeEntry>,
    /// With a target: how many further changes have nothing to do with it, as far as is known.
    pub(in crate::cli) elsewhere: usize,
    /// Sources that could not be asked, and why.
    pub(in crate::cli) silent: Vec<String>,
}

#[derive(Serialize)]
pub(in crate::cli) struct ChangeEntry {
    source: String,
    id: String,
    at: Time,
    author: String,
    summary: String,
    files: Vec<String>,
    files_total: usize,
    targets: Vec<String>,
    /// How it may have touched the target; `null` without one.
    why: Option<String>,
    /// `commit`, `reconcile`, `rollout`, `image`, `scale`, `package`, `deploy`, `reboot`, `inventory`, `edit`, `action`,
    /// `other`.
    kind: &'static str,
    /// What it comes down to.
    gist: Vec<String>,
    /// Where to read it; `null` where that is not known.
    url: Option<String>,
    /// Whether measurements from before it can't be compared with those from after it.
    baseline: bool,
}

impl ChangeEntry {
    pub(in crate::cli) fn new(change: &Change, why: Option<&str>) -> Self {
        Self {
            source: change.source.clone(),
            id: change.id.clone(),
            at: Time(change.at),
            author: change.author.clone(),
            summary: change.summary.clone(),
            files: change.files.clone(),
            files_total: change.files_total,
            targets: change.targets.iter().map(ToString::to_string).collect(),
            why: why.map(str::to_owned),
            kind: change.kind.as_str(),
            gist: change.gist.clone(),
            url: change.url.clone(),
            baseline: change.baseline,
        }
    }
}
