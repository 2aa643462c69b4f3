//! The one thing that git may do in a folder of Steward's own: commit a file that a person said yes to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Authorized, Decision, Denied, Facts};
use crate::domain::action::{Action, Command, Executable};
use crate::domain::signal::Timestamp;
use crate::policy::Policy;

/// Whom commits are by; nobody is there to type a passphrase.
const SETTINGS: [&str; 6] =
    ["-c", "user.name=Steward", "-c", "user.email=steward@localhost", "-c", "commit.gpgsign=false"];
/// What stands for a message where the command is judged: a message is text, and may speak of anything.
const ANY_MESSAGE: &str = "Kept";

/// The commit of one file in a folder that lies in a git repository. The two commands that it takes are made here, from
/// these parts, so that nothing else can go through this door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCommit {
    folder: PathBuf,
    file: String,
    message: String,
}

/// A command of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitStep {
    /// The file is put where git takes it from.
    Add,
    /// It is committed, and nothing beside it.
    Commit,
}

impl OwnCommit {
    /// The commit of `file`, a plain name, within `folder`, an absolute path; `None` if they are not that.
    #[must_use]
    pub fn new(folder: PathBuf, file: &str, message: &str) -> Option<Self> {
        let plain = !file.is_empty()
            && !file.starts_with(['-', ':', '.'])
            && file.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
        let whole = folder.is_absolute() && folder.to_str().is_some();
        (plain && whole).then(|| Self { folder, file: file.to_owned(), message: message.to_owned() })
    }

    /// The command of a step, on this machine.
    #[must_use]
    pub fn action(&self, step: CommitStep) -> Action {
        self.with_message(step, &self.message)
    }

    fn with_message(&self, step: CommitStep, message: &str) -> Action {
        let folder = self.folder.display().to_string();
        let file = self.file.as_str();
        let words: &[&str] = match step {
            CommitStep::Add => &["add", "--", file],
            CommitStep::Commit => &["commit", "--quiet", "--message", message, "--", file],
        };
        let all = ["git", "-C", folder.as_str()].into_iter().chain(SETTINGS).chain(words.iter().copied());
        Action::Command(Command {
            host: "local".to_owned(),
            cwd: None,
            argv: all.map(str::to_owned).collect(),
            stdin: None,
            env: BTreeMap::new(),
        })
    }
}

impl Policy {
    /// Authorizes a step of a commit that a person said yes to. That the folder is Steward's own does not forbid it;
    /// whatever else is forbidden stays so, other files of Steward's own included.
    ///
    /// # Errors
    /// [`Denied::Policy`] when it is forbidden.
    pub fn authorize_own_commit(
        &self,
        commit: &OwnCommit,
        step: CommitStep,
        executable: Executable,
        now: Timestamp,
    ) -> Result<Authorized, Denied> {
        let mut but_this = self.clone();
        but_this.protected.retain(|path| *path != commit.folder);
        let judged = commit.with_message(step, ANY_MESSAGE);
        let evaluation = but_this.evaluate_with(&judged, &executable, &Facts::plain());
        let is_own = self.protected.iter().any(|own| executable.path.starts_with(own));
        if evaluation.decision == Decision::Forbid || is_own {
            return Err(Denied::Policy(Box::new(evaluation)));
        }
        let why = format!("a person said yes to {} in {}", commit.file, commit.folder.display());
        Ok(self.mint(commit.action(step), executable, evaluation.needs, why, now))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    const NEVER: &str = "never:\n  - name: no-sqlite-on-cephfs\n    why: it was corrupted five times\n    mentions: [[cephfs], [sqlite]]\n    match: [rsync /a/sqlite.db /mnt/cephfs/]\n    not_match: [rsync /a/x /b/]\n";

    fn policy() -> Policy {
        let policy = Policy::with_operator_rules("policy.yaml", NEVER).unwrap();
        policy.protecting(["/lab/memory".into(), "/var/lib/steward".into()])
    }

    fn git(path: &str) -> Executable {
        Executable { path: path.into(), sha256: "0".repeat(64) }
    }

    fn denied(folder: &str, program: &str) -> bool {
        let commit = OwnCommit::new(folder.into(), "MEMORY.md", "Lesson: SQLite on CephFS").unwrap();
        let now = Utc.with_ymd_and_hms(2026, 11, 21, 8, 0, 0).unwrap();
        [CommitStep::Add, CommitStep::Commit]
            .map(|step| policy().authorize_own_commit(&commit, step, git(program), now).is_err())
            .contains(&true)
    }

    #[test]
    fn the_folder_may_be_committed_to_whatever_the_message_speaks_of_and_only_through_this_door() {
        assert!(!denied("/lab/memory", "/usr/bin/git"));
        let commit = OwnCommit::new("/lab/memory".into(), "MEMORY.md", "x").unwrap();
        for step in [CommitStep::Add, CommitStep::Commit] {
            let judged = policy().evaluate(&commit.action(step), &Facts::plain());
            assert_eq!(judged.decision, Decision::Forbid, "the same command by any other way");
        }
    }

    #[test]
    fn what_else_is_stewards_own_stays_closed() {
        assert!(denied("/var/lib/steward", "/var/lib/steward/git"), "its program is its own");
        assert!(denied("/var/lib/steward/memory", "/usr/bin/git"), "it lies in another folder of its own");
    }

    #[test]
    fn a_file_is_a_plain_name_in_a_whole_path() {
        for (folder, file) in [
            ("memory", "MEMORY.md"),
            ("/m", "../x"),
            ("/m", "-f"),
            ("/m", ":(top)x"),
            ("/m", ""),
            ("/m", "a b"),
        ] {
            assert_eq!(OwnCommit::new(folder.into(), file, "x"), None, "{folder} {file}");
        }
    }
}
