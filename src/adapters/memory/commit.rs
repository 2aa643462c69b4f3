//! Commits what was kept, where its folder is a git repository: that file and nothing else, by git itself, through the
//! runner, and by the one door that the policy has for it: the folder is Steward's own, and closed to every command.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::{Files, Written};
use crate::config::Setup;
use crate::engine::ports::{Child, Exit, Gatekeeper, Limits};
use crate::policy::{CommitStep, OwnCommit};

/// How long one call of git may take: hooks of the operator's run, too.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of its words that are looked at.
const MAX_OUTPUT: usize = 64 * 1024;

/// The two calls are done before their answer is looked at, and leave nothing behind that had to be found again.
struct Unrecorded;

#[async_trait]
impl Gatekeeper for Unrecorded {
    async fn spawned(&mut self, _child: &Child) -> Result<(), String> {
        Ok(())
    }
}

impl Files {
    /// Commits a file that was written, and says what came of that, to follow what was said of the file: nothing where
    /// there is no repository. A failure leaves the file as it is.
    pub(super) async fn commit(&self, setup: &Setup, written: &Written, subject: &str, by: &str) -> String {
        let Some(folder) = written.path.parent().filter(|folder| is_repository(folder)) else {
            return String::new();
        };
        let name = written.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let message = format!("{subject}\n\nAccepted by {by}.");
        // As the policy knows the folder: what is protected is protected under this name.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let Some(commit) = OwnCommit::new(folder, &name, &message) else {
            return format!(", but not committed: git is not handed a file named {name:?}");
        };
        for step in [CommitStep::Add, CommitStep::Commit] {
            if let Err(why) = self.git(setup, &commit, step).await {
                return format!(", but not committed: {}", why.trim().trim_end_matches('.'));
            }
        }
        ", and committed".to_owned()
    }

    async fn git(&self, setup: &Setup, commit: &OwnCommit, step: CommitStep) -> Result<(), String> {
        let executable =
            self.runner.resolve(&commit.action(step)).await.map_err(|error| error.to_string())?;
        let now = self.clock.now();
        let authorized = setup
            .policy
            .authorize_own_commit(commit, step, executable, now)
            .map_err(|denied| denied.to_string())?;
        let (_never, cancel) = watch::channel(false);
        let limits = Limits { timeout: TIMEOUT, max_output: MAX_OUTPUT };
        let output = self
            .runner
            .run(authorized, limits, &mut Unrecorded, cancel)
            .await
            .map_err(|error| error.to_string())?;
        match output.exit {
            Exit::Code(0) => Ok(()),
            exit => {
                let said = String::from_utf8_lossy(&output.stderr);
                let said = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
                Err(if said.is_empty() {
                    format!("git ended with {exit:?}")
                } else {
                    format!("git says: {said}")
                })
            }
        }
    }
}

/// Whether a folder lies in a git repository.
fn is_repository(folder: &Path) -> bool {
    folder.ancestors().any(|folder| folder.join(".git").exists())
}
