//! The sources of changes, each behind the policy and the runner.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::adapters::changes::ReadCommand;
use crate::adapters::changes::git::GitChanges;
use crate::config::Config;
use crate::domain::action::Action;
use crate::engine::ports::{ChangeSource, Child, Clock, CommandRunner, Exit, Gatekeeper, Limits};
use crate::policy::{Facts, Policy};

/// How long reading a source may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes read of a source at most.
const MAX_OUTPUT: usize = 4 * 1024 * 1024;

/// The sources that the configuration names.
pub(super) fn build(
    config: &Config,
    runner: &Arc<dyn CommandRunner>,
    clock: &Arc<dyn Clock>,
    policy: &Arc<Policy>,
) -> Vec<Arc<dyn ChangeSource>> {
    let reader = Reader { runner: runner.clone(), clock: clock.clone(), policy: policy.clone(), whole: None };
    let reader: Arc<dyn ReadCommand> = Arc::new(reader);
    let git = |source: &crate::config::GitSource| {
        let source = source.clone();
        let changes =
            GitChanges::new(&source.name, source.path, source.branch, source.targets, reader.clone());
        Arc::new(changes) as Arc<dyn ChangeSource>
    };
    config.changes.git.iter().map(git).collect()
}

/// Runs what the policy says only reads, and nothing else.
pub(super) struct Reader {
    pub(super) runner: Arc<dyn CommandRunner>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) policy: Arc<Policy>,
    /// More bytes than this are too many; without it, what is too long is cut.
    pub(super) whole: Option<usize>,
}

/// A reader leaves nothing behind, so nothing is recorded of its process.
struct Unrecorded;

#[async_trait]
impl Gatekeeper for Unrecorded {
    async fn spawned(&mut self, _child: &Child) -> Result<(), String> {
        Ok(())
    }
}

#[async_trait]
impl ReadCommand for Reader {
    async fn read(&self, action: Action) -> Result<Vec<u8>, String> {
        let facts = Facts::plain();
        let executable = self.runner.resolve(&action).await.map_err(|error| error.to_string())?;
        let authorized = self
            .policy
            .authorize(action, executable, &facts, self.clock.now())
            .map_err(|denied| denied.to_string())?;
        let (_never, cancel) = watch::channel(false);
        let limits = Limits { timeout: TIMEOUT, max_output: self.whole.unwrap_or(MAX_OUTPUT) };
        let output = self
            .runner
            .run(authorized, limits, &mut Unrecorded, cancel)
            .await
            .map_err(|error| error.to_string())?;
        match output.exit {
            Exit::Code(0) if output.truncated && self.whole.is_some() => {
                Err(format!("it printed more than {} MiB", limits.max_output / 1024 / 1024))
            }
            Exit::Code(0) => Ok(output.stdout),
            other => Err(format!("{other:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        }
    }
}

#[async_trait]
impl crate::adapters::topology::ReadCommand for Reader {
    async fn read(&self, action: Action) -> Result<Vec<u8>, String> {
        ReadCommand::read(self, action).await
    }
}
