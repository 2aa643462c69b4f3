//! The sources of changes, each behind the policy and the runner.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::adapters::changes::ReadCommand;
use crate::adapters::changes::docker::Containers;
use crate::adapters::changes::flux::Reconciliations;
use crate::adapters::changes::git::GitChanges;
use crate::adapters::changes::kubernetes::Workloads;
use crate::adapters::changes::packages::{HISTORY, Packages};
use crate::adapters::changes::reboots::Reboots;
use crate::config::{ChangeSettings, Config, Reading};
use crate::domain::action::Action;
use crate::engine::ports::{
    ChangeSource, Child, Clock, CommandRunner, Exit, Gatekeeper, Limits, StateSource,
};
use crate::policy::{Facts, Policy};

/// How long reading a source may take.
const TIMEOUT: Duration = Duration::from_secs(20);
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
    let reader = Reader { runner: runner.clone(), clock: clock.clone(), policy: policy.clone() };
    let reader: Arc<dyn ReadCommand> = Arc::new(reader);
    let read = what_is_read(&config.changes);
    let git = |source: &crate::config::GitSource| {
        let source = source.clone();
        Arc::new(GitChanges::new(&source.name, source.path, source.branch, source.targets, reader.clone()))
    };
    let repositories: Vec<Arc<GitChanges>> = config.changes.git.iter().map(git).collect();
    let mut sources = Sources::default();
    sources.told.extend(repositories.iter().map(|git| git.clone() as Arc<dyn ChangeSource>));
    if read.packages {
        let files = HISTORY.into_iter().filter(|file| Path::new(file).exists()).map(str::to_owned).collect();
        sources.told.push(Arc::new(Packages::new(
            config.host.as_str(),
            config.timezone,
            files,
            reader.clone(),
        )));
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

/// Which sources are read besides the repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Read {
    flux: bool,
    kubernetes: bool,
    docker: bool,
    packages: bool,
    reboots: bool,
}

/// What the configuration wants, with what this machine has where it leaves that open.
fn what_is_read(settings: &ChangeSettings) -> Read {
    let wanted = |reading: Reading, there: fn() -> bool| match reading {
        Reading::On => true,
        Reading::Off => false,
        Reading::Auto => settings.detect && there(),
    };
    Read {
        flux: wanted(settings.flux, has_cluster),
        kubernetes: wanted(settings.kubernetes, has_cluster),
        docker: wanted(settings.docker, || Path::new("/var/run/docker.sock").exists() && in_path("docker")),
        packages: wanted(settings.packages, || HISTORY.iter().any(|file| Path::new(file).exists())),
        reboots: wanted(settings.reboots, || Path::new("/proc/stat").exists()),
    }
}

/// The names of the sources that are read, for the log and for `steward check`.
pub(super) fn names(config: &Config) -> Vec<String> {
    let read = what_is_read(&config.changes);
    let others = [
        ("flux", read.flux),
        ("kubernetes", read.kubernetes),
        ("docker", read.docker),
        ("packages", read.packages),
        ("reboots", read.reboots),
    ];
    let repositories = config.changes.git.iter().map(|source| format!("git:{}", source.name));
    repositories
        .chain(others.into_iter().filter(|(_, read)| *read).map(|(name, _)| name.to_owned()))
        .collect()
}

/// Whether kubectl is there and set up for a cluster.
fn has_cluster() -> bool {
    let configured = std::env::var_os("KUBECONFIG").is_some_and(|files| !files.is_empty())
        || std::env::var_os("HOME").is_some_and(|home| Path::new(&home).join(".kube/config").exists())
        || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    configured && in_path("kubectl")
}

fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Runs what the policy says only reads, and nothing else.
struct Reader {
    runner: Arc<dyn CommandRunner>,
    clock: Arc<dyn Clock>,
    policy: Arc<Policy>,
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
        let limits = Limits { timeout: TIMEOUT, max_output: MAX_OUTPUT };
        let output = self
            .runner
            .run(authorized, limits, &mut Unrecorded, cancel)
            .await
            .map_err(|error| error.to_string())?;
        match output.exit {
            Exit::Code(0) => Ok(output.stdout),
            other => Err(format!("{other:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        }
    }
}
