//! The lab's configuration repository, through the real git.
//!
//! Nothing of the person's own git is read or touched: no global or system configuration, no hooks, no templates,
//! no signing, and no garbage collection that would outlive the command.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Who commits, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    /// How long ago they say it was, in seconds.
    pub(super) seconds_ago: u64,
}

/// Steward's own name on commits.
pub(super) const STEWARD: Person = Person { name: "Steward", email: "steward@lab.example", seconds_ago: 0 };

/// The repository with the lab's configuration.
#[derive(Debug, Clone)]
pub(super) struct Repo(PathBuf);

impl Repo {
    /// The repository at `dir`, whether it is there yet or not.
    pub(super) fn at(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    /// Makes an empty repository.
    pub(super) fn init(&self) -> Result<(), String> {
        std::fs::create_dir_all(&self.0).map_err(|why| format!("{}: {why}", self.0.display()))?;
        self.git(STEWARD, &["init", "--quiet", "--initial-branch=main", "--template="]).map(drop)
    }

    /// Commits everything that differs, and answers with the commit's hash.
    pub(super) fn commit(&self, person: Person, message: &str) -> Result<String, String> {
        self.git(person, &["add", "--all"])?;
        self.git(person, &["commit", "--quiet", "--message", message])?;
        self.head()
    }

    /// The hash of what is checked out.
    pub(super) fn head(&self) -> Result<String, String> {
        self.git(STEWARD, &["rev-parse", "--verify", "HEAD"])
    }

    /// Reverts the last commit that touched `file`, and answers with the new commit's hash.
    ///
    /// # Errors
    /// Also when that commit is the first one or a revert itself: reverting twice would bring the fault back.
    pub(super) fn revert_last(&self, file: &str) -> Result<String, String> {
        let last = self.git(STEWARD, &["log", "-1", "--format=%H %P|%s", "--", file])?;
        let (hashes, subject) = last.split_once('|').unwrap_or_default();
        let (hash, parents) = hashes.split_once(' ').unwrap_or_default();
        if parents.is_empty() {
            return Err(format!(
                "{file} has not been changed since its first commit: there is nothing to revert"
            ));
        }
        if subject.starts_with("Revert ") || subject.starts_with("Restore ") {
            return Err(format!(
                "the last change of {file} was a repair already ({subject}): there is nothing to revert"
            ));
        }
        if let Err(why) = self.git(STEWARD, &["revert", "--no-edit", hash]) {
            // Leaves the folder as it was; the first error is the one that matters.
            let _ = self.git(STEWARD, &["revert", "--abort"]);
            return Err(why);
        }
        self.head()
    }

    /// Brings back the content that `file` had, by its blob's hash, as a new commit, so that nothing is lost.
    pub(super) fn restore(&self, file: &str, blob: &str) -> Result<String, String> {
        let blob =
            self.git(STEWARD, &["rev-parse", "--verify", "--end-of-options", &format!("{blob}^{{blob}}")])?;
        let mode = format!("100644,{blob},{file}");
        self.git(STEWARD, &["update-index", "--cacheinfo", &mode])?;
        self.git(STEWARD, &["checkout-index", "--force", "--", file])?;
        if self.git(STEWARD, &["status", "--porcelain"])?.is_empty() {
            return self.head();
        }
        let short: String = blob.chars().take(12).collect();
        self.commit(STEWARD, &format!("Restore {file} to {short}"))
    }

    fn git(&self, person: Person, arguments: &[&str]) -> Result<String, String> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let date = format!("@{} +0000", now.as_secs().saturating_sub(person.seconds_ago));
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.0)
            .args(["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgsign=false", "-c", "gc.auto=0"])
            .args(["-c", "maintenance.auto=false", "-c", "core.autocrlf=false"])
            .args(arguments)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs([
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_TERMINAL_PROMPT", "0"),
            ])
            .envs([("GIT_AUTHOR_NAME", person.name), ("GIT_AUTHOR_EMAIL", person.email), ("LC_ALL", "C")])
            .envs([("GIT_COMMITTER_NAME", person.name), ("GIT_COMMITTER_EMAIL", person.email)])
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
            .stdin(Stdio::null())
            .output()
            .map_err(|why| match why.kind() {
                io::ErrorKind::NotFound => {
                    "git was not found: install it, the lab keeps its config in it".to_owned()
                }
                _ => format!("git could not be run: {why}"),
            })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        let step = arguments.first().copied().unwrap_or_default();
        Err(format!("git {step} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn repo() -> (TempDir, Repo) {
        let dir = TempDir::new().unwrap();
        let repo = Repo::at(dir.path());
        repo.init().unwrap();
        write(&dir, "good\n");
        repo.commit(STEWARD, "Set up").unwrap();
        (dir, repo)
    }

    fn write(dir: &TempDir, text: &str) {
        std::fs::write(dir.path().join("api.toml"), text).unwrap();
    }

    fn read(dir: &TempDir) -> String {
        std::fs::read_to_string(dir.path().join("api.toml")).unwrap()
    }

    #[test]
    fn a_revert_takes_back_the_last_change_of_that_file_and_only_once() {
        let (dir, repo) = repo();
        write(&dir, "bad\n");
        repo.commit(STEWARD, "Tidy up").unwrap();
        std::fs::write(dir.path().join("web.toml"), "x\n").unwrap();
        let before = repo.commit(STEWARD, "Something else").unwrap();
        assert_ne!(repo.revert_last("api.toml").unwrap(), before);
        assert_eq!(read(&dir), "good\n");
        assert!(dir.path().join("web.toml").exists());
        assert!(repo.revert_last("api.toml").unwrap_err().contains("repair already"));
        assert_eq!(read(&dir), "good\n");
    }

    #[test]
    fn the_first_commit_is_not_reverted() {
        let (dir, repo) = repo();
        assert!(repo.revert_last("api.toml").unwrap_err().contains("nothing to revert"));
        assert_eq!(read(&dir), "good\n");
    }

    #[test]
    fn a_restore_undoes_a_revert_without_losing_a_commit() {
        let (dir, repo) = repo();
        write(&dir, "bad\n");
        repo.commit(STEWARD, "Tidy up").unwrap();
        let before = repo.git(STEWARD, &["rev-parse", "HEAD:api.toml"]).unwrap();
        let reverted = repo.revert_last("api.toml").unwrap();
        let restored = repo.restore("api.toml", &before).unwrap();
        assert_eq!(read(&dir), "bad\n");
        assert_eq!(repo.git(STEWARD, &["rev-parse", "HEAD~1"]).unwrap(), reverted);
        assert_eq!(repo.restore("api.toml", &before).unwrap(), restored, "twice is once");
        assert_eq!(repo.git(STEWARD, &["rev-parse", "HEAD:api.toml"]).unwrap(), before);
        assert!(repo.restore("api.toml", "--all").is_err());
    }
}
