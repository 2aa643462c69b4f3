//! Runs processes on this machine: own process group, scrubbed environment, output capped, behind a gate.
//!
//! What a process leaves behind: when it ends, whoever is left in its process group is killed. A service that
//! it asked another manager to start, or that made itself a daemon (a session of its own), lives on.

mod capture;
mod family;
mod gated;
mod proc;
mod reap;
mod resolve;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch::Receiver;

use crate::domain::action::{Action, Command, Executable};
use crate::domain::ids::ExecutionId;
use crate::engine::ports::{Child, Clock, CommandRunner, Gatekeeper, Limits, Output, Reaped, RunError};
use crate::policy::Authorized;

use gated::Gated;
use resolve::Resolver;

/// Where programs are looked for, in this order, whatever `PATH` Steward itself was started with.
const SYSTEM_PATH: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Set in every process that the runner starts, so that what a dead Steward left can be told from others.
const MARKER: (&str, &str) = ("STEWARD_CHILD", "1");

/// What processes are given of the world besides what their action says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// `HOME`: the home of the user that Steward runs as.
    pub home: PathBuf,
    /// `TZ`, if it is set.
    pub tz: Option<String>,
    /// Directories to look for programs in before the system's.
    pub path_prefix: Vec<PathBuf>,
}

impl Environment {
    /// What this process was started with.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self {
            home: std::env::var_os("HOME").map_or_else(|| "/".into(), PathBuf::from),
            tz: std::env::var("TZ").ok(),
            path_prefix: Vec::new(),
        }
    }

    fn path(&self) -> Vec<PathBuf> {
        self.path_prefix.iter().cloned().chain(SYSTEM_PATH.map(PathBuf::from)).collect()
    }

    /// The variables of a process, the action's own last.
    fn variables(&self, command: &Command) -> Vec<(String, std::ffi::OsString)> {
        let path = std::env::join_paths(self.path()).unwrap_or_else(|_| SYSTEM_PATH.join(":").into());
        let fixed = [
            ("PATH", path),
            ("HOME", self.home.clone().into()),
            ("LANG", "C.UTF-8".into()),
            (MARKER.0, MARKER.1.into()),
        ];
        let tz = self.tz.iter().map(|tz| ("TZ".to_owned(), tz.into()));
        let own = command.env.iter().map(|(name, value)| (name.clone(), value.into()));
        fixed.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(tz).chain(own).collect()
    }
}

/// Runs processes on this machine. A process without a working directory of its own runs in `/`.
pub struct LocalRunner {
    clock: Arc<dyn Clock>,
    environment: Environment,
    resolver: Arc<Resolver>,
}

impl LocalRunner {
    /// A runner that tells the time by `clock` and gives its processes `environment`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, environment: Environment) -> Self {
        let resolver = Arc::new(Resolver::new(environment.path()));
        Self { clock, environment, resolver }
    }

    /// Checks that what is authorized is still what would run; the path to execute.
    async fn check(&self, authorized: &Authorized, command: &Command) -> Result<PathBuf, RunError> {
        if !authorized.is_valid_at(self.clock.now()) {
            let at = authorized.expires_at();
            return Err(RunError::Refused(format!(
                "the authorization was good until {at}; it has to be judged again"
            )));
        }
        check_variables(command)?;
        let located = self.resolver.locate(command).await?;
        let authorized = authorized.executable();
        if located.executable.path != authorized.path {
            return Err(RunError::Refused(format!(
                "{} is now {}, and what was authorized is {}",
                command.argv[0],
                located.executable.path.display(),
                authorized.path.display()
            )));
        }
        if located.executable.sha256 != authorized.sha256 {
            let path = authorized.path.display();
            return Err(RunError::Refused(format!("{path} has changed since it was authorized")));
        }
        Ok(located.found)
    }
}

#[async_trait]
impl CommandRunner for LocalRunner {
    async fn resolve(&self, action: &Action) -> Result<Executable, RunError> {
        let Action::Command(command) = action;
        self.resolver.locate(command).await.map(|located| located.executable)
    }

    async fn run(
        &self,
        authorized: Authorized,
        limits: Limits,
        gate: &mut dyn Gatekeeper,
        cancel: Receiver<bool>,
    ) -> Result<Output, RunError> {
        let Action::Command(command) = authorized.action();
        let program = self.check(&authorized, command).await?;
        let called_off = || RunError::Refused("it was called off before it began".into());
        if *cancel.borrow() {
            return Err(called_off());
        }
        let gated = Gated::spawn(&program, command, &self.environment.variables(command))?;
        if let Err(why) = gate.spawned(gated.child()).await {
            gated.discard().await;
            return Err(RunError::Gate(why));
        }
        if *cancel.borrow() {
            gated.discard().await;
            return Err(called_off());
        }
        let opened = gated.open().await?;
        Ok(watch::to_the_end(opened, command.stdin.as_deref(), limits, &*self.clock, cancel).await)
    }

    async fn reap(&self, execution: ExecutionId, child: &Child) -> Reaped {
        reap::reap(execution, child).await
    }
}

/// The gate is a shell, which carries on only what it takes for a variable.
fn check_variables(command: &Command) -> Result<(), RunError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let good = |name: &str| {
        !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(plain)
    };
    match command.env.keys().find(|name| !good(name)) {
        Some(name) => Err(RunError::Refused(format!("{name:?} can't be the name of a variable"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
