//! The history of the configured repositories.

use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::files::within;
use super::{Bench, Tool};
use crate::agent::toolbox::Outcome;
use crate::config::GitSource;
use crate::domain::change::hardened_git;
use crate::engine::ports::{Exit, Limits};

const TIMEOUT: Duration = Duration::from_secs(20);
const MAX_OUTPUT: usize = 4 * 1024 * 1024;
/// Commits listed, where nothing else is said, and at most.
const LISTED: usize = 15;
const MAX_LISTED: usize = 50;
/// One line for each commit.
const LINE: &str = "--format=%h %cs %an: %s";
/// All of a commit's message, indented, so that it can't be taken for a part of what it changed.
const WHOLE: &str = "--format=commit %H%n    %an, %cI%n%w(0,4,4)%B";
/// How a patch is written, whatever is configured.
const PATCH: [&str; 4] = ["--no-renames", "--no-relative", "--src-prefix=a/", "--dst-prefix=b/"];

/// What is asked of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Ask {
    Log,
    Show,
    Diff,
}

/// A repository's history.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Git {
    repository: String,
    what: Ask,
    /// A commit; for diff A..B.
    revision: Option<String>,
    path: Option<String>,
    limit: Option<usize>,
}

#[async_trait]
impl Tool for Git {
    const NAME: &'static str = "git";

    fn what(&self) -> String {
        let what = match self.what {
            Ask::Log => "log",
            Ask::Show => "show",
            Ask::Diff => "diff",
        };
        let more = [&self.revision, &self.path]
            .into_iter()
            .flatten()
            .fold(String::new(), |all, one| all + " " + one);
        format!("git {what}{more} in {}", self.repository)
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let source = match bench.repository(&self.repository) {
            Ok(source) => source,
            Err(why) => return Outcome::Misused(why),
        };
        let path = match self.path_within(source) {
            Ok(path) => path,
            Err(why) => return Outcome::Blocked(why),
        };
        let arguments = match self.arguments(source, path.as_deref()) {
            Ok(arguments) => arguments,
            Err(why) => return Outcome::Misused(why),
        };
        let action = hardened_git(&source.path, arguments);
        let output = match bench.run(action, Limits { timeout: TIMEOUT, max_output: MAX_OUTPUT }).await {
            Ok(output) => output,
            Err(outcome) => return outcome,
        };
        if output.exit != Exit::Code(0) {
            let why = String::from_utf8_lossy(&output.stderr);
            let why = why.lines().next().unwrap_or("git did not say why").to_owned();
            return Outcome::Failed(format!("git: {why}"));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let text = match self.what {
            Ask::Log => text,
            Ask::Show | Ask::Diff => {
                only(&text, path.as_deref(), |file| bench.may_read(&source.path.join(file)))
            }
        };
        bench.data(&self.what(), &text)
    }
}

impl Git {
    /// The path that is asked for, from the top of the repository; `None` for all of it.
    fn path_within(&self, source: &GitSource) -> Result<Option<String>, String> {
        let Some(path) = self.path.as_deref().filter(|path| !path.trim().is_empty()) else { return Ok(None) };
        let inside = within(&source.path, path)?.display().to_string();
        match inside.contains(['*', '?', '[', '\\', ':']) {
            true => Err(format!("{path} is no plain path: wildcards and `:` are not taken")),
            false => Ok(Some(inside).filter(|inside| !inside.is_empty())),
        }
    }

    fn arguments(&self, source: &GitSource, path: Option<&str>) -> Result<Vec<String>, String> {
        let given = self.revision.as_deref().map(str::trim).filter(|revision| !revision.is_empty());
        let head = || source.branch.clone().unwrap_or_else(|| "HEAD".to_owned());
        let mut words = vec!["--no-ext-diff".to_owned(), "--no-textconv".to_owned(), "--no-color".to_owned()];
        let mut add = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
        let (command, revision) = match self.what {
            Ask::Log => {
                let limit = self.limit.unwrap_or(LISTED).clamp(1, MAX_LISTED);
                add(&["--encoding=UTF-8", &format!("--max-count={limit}"), LINE]);
                ("log", given.map_or_else(head, str::to_owned))
            }
            Ask::Show => {
                add(&[
                    "--encoding=UTF-8",
                    "--max-count=1",
                    "--no-walk=unsorted",
                    "--first-parent",
                    "-m",
                    "--patch",
                    WHOLE,
                ]);
                add(&PATCH);
                ("log", given.map_or_else(head, str::to_owned))
            }
            Ask::Diff => {
                add(&PATCH);
                let head = head();
                (
                    "diff",
                    match given {
                        None => format!("{head}~1..{head}"),
                        Some(range) if range.contains("..") => range.to_owned(),
                        Some(from) => format!("{from}..{head}"),
                    },
                )
            }
        };
        check_revision(&revision)?;
        add(&["--end-of-options", &revision, "--"]);
        // A difference is narrowed down afterwards: two arguments could be two files.
        add(path.filter(|_| self.what != Ask::Diff).as_slice());
        words.insert(0, command.to_owned());
        Ok(words)
    }
}

/// A name of commits and nothing else: no flag, no file (`HEAD:x`), no search through messages (`:/x`).
fn check_revision(revision: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_alphanumeric() || "_./~^@-".contains(c);
    if revision.starts_with('-')
        || revision.starts_with('.')
        || revision.len() > 200
        || !revision.chars().all(good)
    {
        return Err(format!("{revision:?} is no revision: write a hash, a branch, HEAD~2 or A..B"));
    }
    Ok(())
}

/// Of a patch, what concerns `path` and may be read; what else there is, is said without its content.
fn only(patch: &str, path: Option<&str>, may_read: impl Fn(&str) -> Result<(), String>) -> String {
    let mut kept = Vec::new();
    let mut shown = true;
    for line in patch.lines() {
        if let Some(names) = line.strip_prefix("diff --git ") {
            shown = match file_of(names) {
                Some(file) => match (concerns(file, path), may_read(file)) {
                    (false, _) => false,
                    (true, Ok(())) => true,
                    (true, Err(_)) => {
                        kept.push(format!("({file} is changed, too; the policy does not let it be shown)"));
                        false
                    }
                },
                None => {
                    kept.push("(a file with an odd name is changed, too; it is not shown)".to_owned());
                    false
                }
            };
        } else if line.starts_with("commit ") {
            shown = true;
        }
        if shown {
            kept.push(line.to_owned());
        }
    }
    kept.join("\n")
}

fn concerns(file: &str, path: Option<&str>) -> bool {
    path.is_none_or(|path| {
        file.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The file of `a/x b/x`. Both names are the same, since renames are told as two files; odd names come in quotes.
fn file_of(names: &str) -> Option<&str> {
    let half = names.len().checked_sub(1)? / 2;
    let (a, b) = (names.get(..half)?, names.get(half + 1..)?);
    let (a, b) = (a.strip_prefix("a/")?, b.strip_prefix("b/")?);
    (a == b && !a.is_empty()).then_some(a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_a_name_of_commits_and_nothing_else() {
        for good in
            ["HEAD", "HEAD~2", "main", "origin/main", "828fbe7", "v1.2.3", "main..HEAD", "HEAD^", "a@b"]
        {
            assert_eq!(check_revision(good), Ok(()), "{good}");
        }
        for bad in [
            "--output=/etc/x",
            "-O/tmp/x",
            "HEAD:prod/.env",
            ":/fix",
            "a b",
            "$(id)",
            "..x",
            "a;b",
            "HEAD@{1}",
        ] {
            assert!(check_revision(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn of_a_patch_only_what_may_be_read_is_shown() {
        let patch = "commit 1234\n    Alex, 2026\n    diff --git a/x b/x\ndiff --git a/a b.yaml b/a b.yaml\n+port: 80\n\
            diff --git a/prod/.env b/prod/.env\n+PASSWORD=hunter2\ndiff --git \"a/\\303\" \"b/\\303\"\n+odd\n\
            diff --git a/z b/z\n+last";
        let may = |file: &str| if file.ends_with(".env") { Err(String::new()) } else { Ok(()) };
        let shown = only(patch, None, may);
        assert!(!shown.contains("hunter2") && !shown.contains("+odd"), "{shown}");
        assert!(shown.contains("+port: 80") && shown.ends_with("+last"), "{shown}");
        assert!(shown.contains("prod/.env is changed, too"), "{shown}");
        assert_eq!(
            only(patch, Some("z"), may),
            "commit 1234\n    Alex, 2026\n    diff --git a/x b/x\n\
            (a file with an odd name is changed, too; it is not shown)\ndiff --git a/z b/z\n+last"
        );
    }
}
