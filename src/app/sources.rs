//! The sources of changes, each behind the policy and the runner.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::adapters::changes::docker::Containers;
use crate::adapters::changes::flux::Reconciliations;
use crate::adapters::changes::git::GitChanges;
use crate::adapters::changes::kubernetes::Workloads;
use crate::adapters::changes::packages::{Logs, Packages};
use crate::adapters::changes::reboots::Reboots;
use crate::config::{APT_HISTORY, Config, DPKG_LOG, ReadHere};
use crate::domain::action::Action;
use crate::engine::ports::{
    ChangeSource, Child, Clock, CommandRunner, Exit, Gatekeeper, Limits, ReadCommand, StateSource,
};
use crate::policy::{Facts, Policy};

/// How long reading a source may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);
/// How long a look at what is to be adopted may take: adding up a large folder takes its time.
const LOOK_TIMEOUT: Duration = Duration::from_secs(600);
/// Bytes read of one such look at most.
const LOOK_OUTPUT: usize = 32 * 1024 * 1024;
/// Bytes read of a source at most.
const MAX_OUTPUT: usize = 16 * 1024 * 1024;

/// Everything that can tell of changes.
#[derive(Default)]
pub(super) struct Sources {
    /// Those that know when something changed.
    pub(super) told: Vec<Arc<dyn ChangeSource>>,
    /// Those that only know how things are.
    pub(super) seen: Vec<Arc<dyn StateSource>>,
}

/// The sources that the configuration names, and those that it leaves to what is found on this machine.
pub(super) fn build(
    config: &Config,
    runner: &Arc<dyn CommandRunner>,
    clock: &Arc<dyn Clock>,
    policy: &Arc<Policy>,
) -> Sources {
    let reader = Reader {
        runner: runner.clone(),
        clock: clock.clone(),
        policy: policy.clone(),
        whole: None,
        timeout: TIMEOUT,
    };
    let reader: Arc<dyn ReadCommand> = Arc::new(reader);
    let read = ReadHere::of(&config.changes);
    let git = |source: &crate::config::GitSource| {
        let source = source.clone();
        Arc::new(GitChanges::new(&source.name, source.path, source.branch, source.targets, reader.clone()))
    };
    let repositories: Vec<Arc<GitChanges>> = config.changes.git.iter().map(git).collect();
    let mut sources = Sources::default();
    sources.told.extend(repositories.iter().map(|git| git.clone() as Arc<dyn ChangeSource>));
    if read.packages {
        let there = |files: &[&str]| {
            files.iter().filter(|file| Path::new(file).exists()).map(|file| (*file).to_owned()).collect()
        };
        let logs = Logs { apt: there(&APT_HISTORY), dpkg: there(&DPKG_LOG) };
        let host = config.host.as_str();
        sources.told.push(Arc::new(Packages::new(host, config.timezone, logs, reader.clone())));
    }
    if read.reboots {
        sources.told.push(Arc::new(Reboots::new(config.host.as_str(), reader.clone())));
    }
    if read.flux {
        sources.seen.push(Arc::new(Reconciliations::new(reader.clone(), repositories)));
    }
    if read.kubernetes {
        sources.seen.push(Arc::new(Workloads::new(reader.clone())));
    }
    if read.docker {
        sources.seen.push(Arc::new(Containers::new(config.host.as_str(), reader)));
    }
    sources
}

/// Runs what the policy says only reads, and nothing else.
pub(super) struct Reader {
    pub(super) runner: Arc<dyn CommandRunner>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) policy: Arc<Policy>,
    /// More bytes than this are too many; without it, what is too long is cut.
    pub(super) whole: Option<usize>,
    /// How long one may take.
    pub(super) timeout: Duration,
}

/// The reader of what is to be adopted.
pub(super) fn looker(
    runner: &Arc<dyn CommandRunner>,
    clock: &Arc<dyn Clock>,
    policy: &Arc<Policy>,
) -> Arc<dyn ReadCommand> {
    Arc::new(Reader {
        runner: runner.clone(),
        clock: clock.clone(),
        policy: policy.clone(),
        whole: Some(LOOK_OUTPUT),
        timeout: LOOK_TIMEOUT,
    })
}

/// A reader leaves nothing behind, so nothing is recorded of its process.
struct Unrecorded;

#[async_trait]
impl Gatekeeper for Unrecorded {
    async fn spawned(&mut self, _child: &Child) -> Result<(), String> {
        Ok(())
    }
}

/// How a process that failed ended, in words.
fn ended(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("ended with {code}"),
        Exit::Signal(signal) => format!("was ended by signal {signal}"),
        Exit::TimedOut => "took too long".to_owned(),
        Exit::Cancelled => "was called off".to_owned(),
        Exit::Unknown | Exit::Lost => "ended unseen".to_owned(),
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
        let limits = Limits { timeout: self.timeout, max_output: self.whole.unwrap_or(MAX_OUTPUT) };
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
            other => Err(format!("it {}: {}", ended(other), String::from_utf8_lossy(&output.stderr).trim())),
        }
    }
}
