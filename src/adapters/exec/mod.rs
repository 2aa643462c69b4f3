//! Runs processes, on this machine and over ssh on others: own process group, scrubbed environment, output capped,
//! behind a gate.
//!
//! What a process leaves behind: when it ends, whoever is left in its process group is killed. A service that
//! it asked another manager to start, or that made itself a daemon (a session of its own), lives on.

mod capture;
mod confine;
mod family;
mod gated;
mod machines;
mod proc;
mod reap;
mod remote;
mod resolve;
mod sandbox;
mod user;
mod watch;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch::Receiver;

use crate::config::{Sandboxing, User};
use crate::domain::action::{Action, Command, Executable};
use crate::domain::ids::ExecutionId;
use crate::engine::ports::{Child, Clock, CommandRunner, Gatekeeper, Limits, Output, Reaped, RunError};
use crate::policy::{Authorized, Needs};

pub use machines::Machines;
pub use remote::Ssh;

use confine::{Confined, Confinement};
use gated::Launch;
use resolve::Resolver;
use sandbox::Sandbox;
use user::Demotion;

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

    /// The variables of a process; of two with one name the later counts.
    fn variables(&self, own: &BTreeMap<String, String>) -> Vec<(String, OsString)> {
        let path = std::env::join_paths(self.path()).unwrap_or_else(|_| SYSTEM_PATH.join(":").into());
        let fixed = [
            ("PATH", path),
            ("HOME", self.home.clone().into()),
            ("LANG", "C.UTF-8".into()),
            (MARKER.0, MARKER.1.into()),
        ];
        let tz = self.tz.iter().map(|tz| ("TZ".to_owned(), tz.into()));
        let own = own.iter().map(|(name, value)| (name.clone(), value.into()));
        fixed.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(tz).chain(own).collect()
    }
}

/// Runs processes on this machine. A process without a working directory of its own runs in `/`.
pub struct LocalRunner {
    clock: Arc<dyn Clock>,
    environment: Environment,
    resolver: Arc<Resolver>,
    confinement: Confinement,
}

impl LocalRunner {
    /// A runner that tells the time by `clock` and gives its processes `environment`. Nothing is withheld from
    /// processes that only read.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, environment: Environment) -> Self {
        let resolver = Arc::new(Resolver::new(environment.path()));
        Self { clock, environment, resolver, confinement: Confinement::default() }
    }

    /// The same, with a read-only view of the machine for the system's programs where they only read.
    #[must_use]
    pub fn sandboxed(mut self, mode: Sandboxing) -> Self {
        self.confinement.sandbox = Sandbox::new(mode, &self.environment.path());
        self
    }

    /// The same, with the system's programs run as `user` where they only read. Steward has to be root.
    #[must_use]
    pub fn as_user(mut self, user: User) -> Self {
        self.confinement.user = Some(Demotion::new(user, &self.environment.path()));
        self
    }

    /// How the sandbox works here, in a sentence for people. It is tried out for that.
    ///
    /// # Errors
    /// The sentence, where it is required and does not work.
    pub async fn state_of_the_sandbox(&self) -> Result<String, String> {
        match &self.confinement.sandbox {
            Some(sandbox) => sandbox.state().await,
            None => Ok("the sandbox is switched off: what only reads runs like everything else".to_owned()),
        }
    }

    /// Checks that what is authorized is still what would run; the path to execute.
    async fn check(&self, authorized: &Authorized, command: &Command) -> Result<PathBuf, RunError> {
        check_time(authorized, &*self.clock)?;
        check_variables(command)?;
        let located = self.resolver.locate(command).await?;
        check_executable(&command.argv[0], &located.executable, authorized.executable())?;
        Ok(located.found)
    }

    /// What is withheld. A file from elsewhere than the directories of programs (a skill, the operator's own tool) is
    /// given everything: what it takes to read is its own business.
    async fn confined(&self, program: &Path, command: &Command, needs: Needs) -> Result<Confined, RunError> {
        let of_the_system = self.environment.path().iter().any(|dir| program.parent() == Some(dir));
        let needs = if of_the_system { needs } else { Needs::Write };
        let spawn = |why| RunError::Spawn { program: command.argv[0].clone(), why };
        self.confinement.of(command, needs).await.map_err(spawn)
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
        let confined = self.confined(&program, command, authorized.needs()).await?;
        let own = std::iter::once(program.into()).chain(command.argv[1..].iter().map(OsString::from));
        let mut env = confined.env.clone();
        env.extend(command.env.clone());
        let launch = Launch {
            program: &command.argv[0],
            words: confined.words.iter().cloned().chain(own).collect(),
            cwd: command.cwd.as_deref(),
            variables: self.environment.variables(&env),
            has_input: command.stdin.is_some(),
        };
        let input = |_: &Child| command.stdin.clone();
        let output = gated::run(&launch, input, limits, &*self.clock, gate, cancel).await?;
        confined.told(&command.argv[0], output)
    }

    async fn reap(&self, execution: ExecutionId, child: &Child, _: &str) -> Reaped {
        reap::reap(execution, child).await
    }
}

fn check_time(authorized: &Authorized, clock: &dyn Clock) -> Result<(), RunError> {
    if authorized.is_valid_at(clock.now()) {
        return Ok(());
    }
    let at = authorized.expires_at();
    Err(RunError::Refused(format!("the authorization was good until {at}; it has to be judged again")))
}

/// Whether what would run now is what was authorized.
fn check_executable(program: &str, now: &Executable, authorized: &Executable) -> Result<(), RunError> {
    let path = authorized.path.display();
    if now.path != authorized.path {
        let now = now.path.display();
        return Err(RunError::Refused(format!("{program} is now {now}, and what was authorized is {path}")));
    }
    if now.sha256 != authorized.sha256 {
        return Err(RunError::Refused(format!("{path} has changed since it was authorized")));
    }
    Ok(())
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
