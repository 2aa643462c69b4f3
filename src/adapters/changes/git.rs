//! Commits of a git repository as changes.
//!
//! The repository is read where it lies, with the `git` binary and nothing that its configuration or its owner
//! could make run: no hooks, no pager, no external diff, no signature check, no fetch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::gist::{CONTEXT, Gist};
use super::git_log::{
    DETAIL_FORMAT, PATCH_FORMAT, SCAN_FORMAT, Scanned, parse_details, parse_patches, parse_scan,
};
use crate::domain::action::Action;
use crate::domain::change::{Change, PathRule, commit_url, hardened_git};
use crate::domain::signal::Timestamp;
use crate::engine::ports::ChangeSource;
use crate::engine::ports::ReadCommand;

/// How many commits of the main line are looked at, newest first. All of them by their own date: a commit with
/// a wrong date must not hide those behind it.
const SCAN: usize = 2000;
/// The most commits listed, whatever the caller's limit.
const MAX_COMMITS: usize = 200;

/// Commits of one answer whose patches are read, the newest first.
const PATCHES: usize = 40;
/// Gists that are remembered: a commit never becomes another.
const REMEMBERED: usize = 2000;

/// One repository whose commits are changes.
///
/// It follows the main line (first parents): a merge counts as one change, at the time it was merged, with
/// everything that it brought. Time is the committer's: when the change came to be where it is.
pub struct GitChanges {
    name: String,
    path: PathBuf,
    branch: Option<String>,
    rules: Vec<PathRule>,
    reader: Arc<dyn ReadCommand>,
    /// What was read of patches, by commit.
    gists: Mutex<BTreeMap<String, Gist>>,
    /// Where the repository is fetched from, once that was asked; empty if from nowhere.
    remote: Mutex<Option<String>>,
}

impl GitChanges {
    /// A source named `git:NAME` that reads the repository at `path`: `branch`, or what is checked out there.
    #[must_use]
    pub fn new(
        name: &str,
        path: PathBuf,
        branch: Option<String>,
        rules: Vec<PathRule>,
        reader: Arc<dyn ReadCommand>,
    ) -> Self {
        let (gists, remote) = (Mutex::default(), Mutex::default());
        Self { name: format!("git:{name}"), path, branch, rules, reader, gists, remote }
    }

    /// The command that lists the main line.
    fn scan_action(&self) -> Action {
        let mut arguments =
            vec!["--first-parent".to_owned(), format!("--max-count={SCAN}"), SCAN_FORMAT.to_owned()];
        if let Some(branch) = &self.branch {
            arguments.extend(["--end-of-options".to_owned(), branch.clone()]);
        }
        self.log(arguments)
    }

    /// The command that tells what some commits touched. A rename is told as both of its names.
    fn detail_action<'a>(&self, hashes: impl Iterator<Item = &'a str>) -> Action {
        let fixed = [
            "-z",
            "--name-only",
            "--no-renames",
            "--no-relative",
            "--first-parent",
            "-m",
            "--no-walk=unsorted",
        ];
        let mut arguments: Vec<String> = fixed.iter().map(ToString::to_string).collect();
        arguments.push(DETAIL_FORMAT.into());
        arguments.extend(hashes.map(str::to_owned));
        self.log(arguments)
    }

    /// The command that shows what some commits did, with so much context that each file is there as a whole.
    fn patch_action(&self, hashes: &[&str]) -> Action {
        let context = format!("--unified={CONTEXT}");
        let fixed = [
            "--patch",
            &context,
            "--no-renames",
            "--no-relative",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            "--first-parent",
            "-m",
            "--no-walk=unsorted",
            PATCH_FORMAT,
        ];
        self.log(fixed.into_iter().chain(hashes.iter().copied()).map(str::to_owned).collect())
    }

    fn log(&self, arguments: Vec<String>) -> Action {
        let fixed = ["log", "--no-ext-diff", "--no-textconv", "--no-color", "--encoding=UTF-8"];
        let mut words: Vec<String> = fixed.map(String::from).to_vec();
        words.extend(arguments);
        words.push("--".into());
        self.git(words)
    }

    fn git(&self, arguments: Vec<String>) -> Action {
        hardened_git(&self.path, arguments)
    }

    /// The commits of the window, newest first.
    async fn scan(&self, since: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<Scanned>, String> {
        let output = match self.reader.read(self.scan_action()).await {
            Ok(output) => output,
            Err(why) if is_unborn(&why) => return Ok(Vec::new()),
            Err(why) => return Err(self.explain(&why)),
        };
        let mut commits = parse_scan(&output);
        commits.retain(|commit| since <= commit.at && commit.at <= until);
        // Stable, so that commits of the same second stay in the order of the line.
        commits.sort_by_key(|commit| std::cmp::Reverse(commit.at));
        commits.truncate(limit.min(MAX_COMMITS));
        Ok(commits)
    }

    /// What went wrong, for people.
    fn explain(&self, why: &str) -> String {
        let (name, path) = (&self.name, self.path.display());
        let branch = self.branch.as_deref().unwrap_or("HEAD");
        let unknown =
            ["unknown revision", "bad revision", "ambiguous argument"].iter().any(|t| why.contains(t));
        if why.contains("not a git repository") {
            format!(
                "{name}: {path} is not a git repository; its changes are unknown. Correct its `path` or clone it there."
            )
        } else if unknown {
            format!(
                "{name}: {path} has no branch {branch:?}, or no commit on it; its changes are unknown. Correct its `branch`, or leave it out to read what is checked out."
            )
        } else if why.contains("not found") {
            format!(
                "{name}: git could not be run ({why}); its changes are unknown. Install git, or take this repository out of the configuration."
            )
        } else {
            format!("{name}: {path} could not be read; its changes are unknown. git says: {}", why.trim())
        }
    }
}

#[async_trait]
impl ChangeSource for GitChanges {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn changes(&self, since: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<Change>, String> {
        check_directory(&self.name, &self.path)?;
        let commits = self.scan(since, until, limit).await?;
        if commits.is_empty() {
            return Ok(Vec::new());
        }
        self.describe(&commits).await
    }
}

impl GitChanges {
    /// The commits of the main line after `from` up to `to`, newest first. Empty if they are the same, or if `from` lies
    /// behind `to`.
    ///
    /// # Errors
    /// This repository does not have both, or can't be read.
    pub(super) async fn between(&self, from: &str, to: &str) -> Result<Vec<Change>, String> {
        check_directory(&self.name, &self.path)?;
        let range = format!("{from}..{to}");
        let arguments =
            ["--first-parent", &format!("--max-count={PATCHES}"), SCAN_FORMAT, "--end-of-options", &range];
        let action = self.log(arguments.into_iter().map(str::to_owned).collect());
        let output = self.reader.read(action).await.map_err(|why| self.explain(&why))?;
        let commits = parse_scan(&output);
        if commits.is_empty() { Ok(Vec::new()) } else { self.describe(&commits).await }
    }

    /// These commits as changes, in their order.
    async fn describe(&self, commits: &[Scanned]) -> Result<Vec<Change>, String> {
        let action = self.detail_action(commits.iter().map(|commit| commit.hash.as_str()));
        let output = self.reader.read(action).await.map_err(|why| self.explain(&why))?;
        let mut changes =
            parse_details(&output, &self.name, &self.rules).map_err(|why| self.explain(&why))?;
        let uncut: Vec<&str> =
            commits.iter().filter(|commit| !commit.cut).map(|commit| commit.hash.as_str()).collect();
        self.read_patches(&uncut).await;
        let remote = if changes.is_empty() { None } else { self.remote().await };
        let gists = self.gists.lock().unwrap_or_else(PoisonError::into_inner);
        for change in &mut changes {
            change.url = remote.as_deref().and_then(|remote| commit_url(remote, &change.id));
            if commits.iter().any(|commit| commit.cut && commit.hash == change.id) {
                forget_files(change);
            } else if let Some(gist) = gists.get(&change.id) {
                change.baseline = gist.baseline;
                *change = change.clone().with_gist(gist.lines.iter().cloned());
            }
        }
        Ok(changes)
    }

    /// Reads the patches of the first of these that are not known yet. That a patch can't be read is no reason to be
    /// silent about the commit.
    async fn read_patches(&self, hashes: &[&str]) {
        let unknown: Vec<&str> = {
            let gists = self.gists.lock().unwrap_or_else(PoisonError::into_inner);
            hashes.iter().take(PATCHES).filter(|hash| !gists.contains_key(**hash)).copied().collect()
        };
        if unknown.is_empty() {
            return;
        }
        match self.reader.read(self.patch_action(&unknown)).await {
            Ok(output) => {
                let read = parse_patches(&output);
                let mut gists = self.gists.lock().unwrap_or_else(PoisonError::into_inner);
                if gists.len() > REMEMBERED {
                    gists.clear();
                }
                gists.extend(read);
            }
            Err(why) => tracing::debug!(source = self.name, why, "what commits changed could not be read"),
        }
    }

    /// Where the repository is fetched from.
    async fn remote(&self) -> Option<String> {
        let known = self.remote.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let remote = match known {
            Some(remote) => remote,
            None => {
                let arguments = ["remote", "get-url", "origin"].map(str::to_owned).to_vec();
                // Most of those without one have no remote at all: nothing to complain of.
                let output = self.reader.read(self.git(arguments)).await.unwrap_or_default();
                let remote = String::from_utf8_lossy(&output).trim().to_owned();
                *self.remote.lock().unwrap_or_else(PoisonError::into_inner) = Some(remote.clone());
                remote
            }
        };
        Some(remote).filter(|remote| !remote.is_empty())
    }
}

/// Where a shallow clone was cut, git can't know what a commit touched and lists every file there is.
fn forget_files(change: &mut Change) {
    change.files.clear();
    change.files_total = 0;
    change.targets.clear();
    change.summary.push_str(" (what it touched is unknown: the clone is shallow)");
}

fn is_unborn(why: &str) -> bool {
    why.contains("does not have any commits yet")
}

fn check_directory(name: &str, path: &Path) -> Result<(), String> {
    match std::fs::metadata(path) {
        Ok(data) if data.is_dir() => Ok(()),
        Ok(_) => Err(format!(
            "{name}: {} is not a directory; its changes are unknown. Correct its `path`.",
            path.display()
        )),
        Err(why) => Err(format!(
            "{name}: {} can't be opened ({why}); its changes are unknown. Correct its `path`, or clone the repository there.",
            path.display()
        )),
    }
}

#[cfg(test)]
mod tests;
