//! Commits what was kept, where its folder is a git repository: that file and nothing else, by git itself, and through
//! the same policy and runner as every other command.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use tokio::sync::watch;
use ulid::Ulid;

use super::{Files, Written};
use crate::config::Setup;
use crate::domain::action::{Action, Command};
use crate::domain::ids::ApprovalId;
use crate::engine::ports::{Child, Exit, Gatekeeper, LOCAL, Limits};
use crate::policy::{Facts, Grant};

/// How long one call of git may take: hooks of the operator's run, too.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of its words that are looked at.
const MAX_OUTPUT: usize = 64 * 1024;
/// Whom commits are by. The operator who said yes is in the message.
const AUTHOR: [&str; 4] = ["-c", "user.name=Steward", "-c", "user.email=steward@localhost"];

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
        let add = ["add", "--", name.as_str()];
        let commit = ["commit", "--quiet", "--message", message.as_str(), "--", name.as_str()];
        for words in [add.as_slice(), commit.as_slice()] {
            if let Err(why) = self.git(setup, folder, words).await {
                return format!(", but not committed: {}", why.trim().trim_end_matches('.'));
            }
        }
        ", and committed".to_owned()
    }

    async fn git(&self, setup: &Setup, folder: &Path, words: &[&str]) -> Result<(), String> {
        let argv =
            ["git", "-C", &folder.display().to_string()].into_iter().map(str::to_owned).collect::<Vec<_>>();
        // Nobody is there to type a passphrase.
        let config = AUTHOR.into_iter().chain(["-c", "commit.gpgsign=false"]);
        let argv = argv.into_iter().chain(config.chain(words.iter().copied()).map(str::to_owned)).collect();
        let action = Action::Command(Command {
            host: LOCAL.into(),
            cwd: None,
            argv,
            stdin: None,
            env: BTreeMap::new(),
        });
        let executable = self.runner.resolve(&action).await.map_err(|error| error.to_string())?;
        let now = self.clock.now();
        // The operator's yes to the offer is one to exactly this: their file, committed.
        let grant = Grant {
            approval: ApprovalId(Ulid::generate()),
            digest: setup.policy.digest(&action),
            expires_at: now + TimeDelta::minutes(1),
        };
        let authorized = setup
            .policy
            .authorize_approved(action, executable, &Facts::plain(), &grant, now)
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
