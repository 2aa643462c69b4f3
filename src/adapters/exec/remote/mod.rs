//! Runs commands on other machines over the system's own ssh, with every option that matters pinned.
//!
//! What runs on this machine is ssh: that is recorded, limited and ended. Over there, a shell looks whether the
//! program is still the one that was authorized, and runs it; see [`script`].

mod afterwards;
mod ending;
mod fault;
mod options;
mod script;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch::{self, Receiver};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::config::HostSettings;
use crate::domain::action::{Action, Command, Executable};
use crate::domain::ids::ExecutionId;
use crate::engine::ports::{Child, Clock, CommandRunner, Exit, Gatekeeper, Limits, Output, Reaped, RunError};
use crate::policy::{Authorized, Needs};

use super::gated::{self, Launch};
use super::{Environment, check_variables, reap};

use afterwards::There;
use ending::Told;

/// How long finding a program may take, besides connecting: reading it for its hash.
const FINDING: Duration = Duration::from_secs(20);

/// How long ending a run may take, besides connecting.
const STOPPING: Duration = Duration::from_secs(30);

/// How much longer than the command, and connecting, the connection may live: over there it is ended before, so that
/// this is seen from here. `timeout` there counts in whole seconds.
const BEYOND: Duration = Duration::from_secs(7);

/// Bytes kept of what finding a program writes.
const MAX_FOUND: usize = 64 * 1024;

/// Runs commands on other machines.
pub struct Ssh {
    clock: Arc<dyn Clock>,
    environment: Environment,
    program: Option<PathBuf>,
    hosts: BTreeMap<String, Host>,
}

struct Host {
    name: String,
    settings: HostSettings,
    /// As many as connections may be open at once.
    slots: Semaphore,
}

/// Of finding a program, nothing has to be recorded: it changes nothing, and ends by itself.
struct Unrecorded;

#[async_trait]
impl Gatekeeper for Unrecorded {
    async fn spawned(&mut self, _: &Child) -> Result<(), String> {
        Ok(())
    }
}

impl Ssh {
    /// A runner for `hosts`, by name, which uses the system's ssh.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        environment: Environment,
        hosts: &BTreeMap<String, HostSettings>,
    ) -> Self {
        let program = environment.path().iter().map(|dir| dir.join("ssh")).find(|program| program.is_file());
        let host = |(name, settings): (&String, &HostSettings)| {
            let slots = Semaphore::new(settings.connections as usize);
            (name.clone(), Host { name: name.clone(), settings: settings.clone(), slots })
        };
        Self { clock, environment, program, hosts: hosts.iter().map(host).collect() }
    }

    /// The same, with another program in the place of ssh.
    #[must_use]
    pub fn with_program(mut self, program: PathBuf) -> Self {
        self.program = Some(program);
        self
    }

    fn host(&self, command: &Command) -> Result<&Host, RunError> {
        let unknown = || {
            let known: Vec<String> = self.hosts.keys().map(|name| format!("`{name}`")).collect();
            let there_is = match known.is_empty() {
                true => "no other machine is configured".to_owned(),
                false => format!("there is {}", known.join(", ")),
            };
            let name = &command.host;
            RunError::Refused(format!(
                "there is no host `{name}`: {there_is}; add `[hosts.{name}]` to the configuration and restart"
            ))
        };
        self.hosts.get(&command.host).ok_or_else(unknown)
    }

    fn launch<'a>(&self, host: &Host, program: &'a str, script: &str) -> Result<Launch<'a>, RunError> {
        let ssh = self.program.as_ref().ok_or_else(|| RunError::Spawn {
            program: program.to_owned(),
            why: "ssh is not installed on this machine (`apt install openssh-client`)".to_owned(),
        })?;
        let mut words: Vec<OsString> = vec![ssh.into()];
        words.extend(options::of(&host.settings));
        words.push(script::line(script).into());
        // What the command gets of an environment, it gets over there.
        let variables = self.environment.variables(&BTreeMap::new());
        Ok(Launch { program, words, cwd: None, variables, has_input: false })
    }

    async fn find(&self, host: &Host, program: &str) -> Result<Executable, RunError> {
        let launch = self.launch(host, program, &script::find(program))?;
        let limits = Limits { timeout: host.settings.connect_timeout + FINDING, max_output: MAX_FOUND };
        let output = self.ask(&launch, limits).await?;
        ending::found(&host.name, program, &output)
    }

    async fn ask(&self, launch: &Launch<'_>, limits: Limits) -> Result<Output, RunError> {
        let (_never, cancel) = watch::channel(false);
        gated::run(launch, |_| None, limits, &*self.clock, &mut Unrecorded, cancel).await
    }

    /// Ends what is left of a run over there, and says how it is. Asked at most so often.
    async fn end(&self, host: &Host, name: &str, tries: u64) -> There {
        for again in 0..tries {
            if again > 0 {
                self.clock.sleep(afterwards::AGAIN).await;
            }
            let there = self.end_once(host, name).await.as_ref().map_or(There::Unknown, afterwards::there);
            if there != There::Unknown {
                return there;
            }
        }
        tracing::warn!(host = host.name, "a command may still be running on a host that can't be asked");
        There::Unknown
    }

    async fn end_once(&self, host: &Host, name: &str) -> Result<Output, RunError> {
        let launch = self.launch(host, "sh", &afterwards::end(name))?;
        let limits = Limits { timeout: host.settings.connect_timeout + STOPPING, max_output: MAX_FOUND };
        self.ask(&launch, limits).await
    }
}

impl Host {
    async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok() // never closed
    }
}

#[async_trait]
impl CommandRunner for Ssh {
    async fn resolve(&self, action: &Action) -> Result<Executable, RunError> {
        let Action::Command(command) = action;
        let host = self.host(command)?;
        let program = script::program(command)?;
        let _slot = host.slot().await;
        self.find(host, program).await
    }

    async fn run(
        &self,
        authorized: Authorized,
        limits: Limits,
        gate: &mut dyn Gatekeeper,
        mut cancel: Receiver<bool>,
    ) -> Result<Output, RunError> {
        let Action::Command(command) = authorized.action();
        let host = self.host(command)?;
        let program = script::program(command)?;
        check_variables(command)?;
        let _slot = tokio::select! {
            slot = host.slot() => slot,
            true = async { cancel.wait_for(|off| *off).await.is_ok() } => return Err(gated::called_off()),
        };
        if !authorized.is_valid_at(self.clock.now()) {
            return Err(RunError::Late);
        }
        let script = script::run(command, authorized.executable(), limits.timeout)?;
        let launch = Launch { has_input: true, ..self.launch(host, program, &script)? };
        let mut name = String::new();
        let input = |ssh: &Child| {
            name = afterwards::name(ssh);
            Some(script::input(command, &name))
        };
        let timeout = limits.timeout + host.settings.connect_timeout + script::GRACE + BEYOND;
        let here = Limits { timeout, ..limits };
        let output = gated::run(&launch, input, here, &*self.clock, gate, cancel).await?;
        match ending::told(&host.name, command, authorized.executable(), output, limits)? {
            Told::Ended(output) => Ok(output),
            Told::Open { output, began } => {
                let only_reads = authorized.needs() != Needs::Write;
                // What only reads does no harm if it goes on, and who calls off does not wait.
                let once = only_reads || output.exit == Exit::Cancelled;
                let tries = if once { 1 } else { afterwards::tries(limits.timeout) };
                let there = self.end(host, &name, tries).await;
                Ok(afterwards::settled(&host.name, output, began, only_reads, there))
            }
        }
    }

    /// The ssh that an earlier Steward left is a process of this machine; what it ran is one of the other.
    async fn reap(&self, execution: ExecutionId, child: &Child, host: &str) -> Reaped {
        let here = reap::reap(execution, child).await;
        let Some(host) = self.hosts.get(host) else { return Reaped::Unknown };
        let _slot = host.slot().await;
        match self.end(host, &afterwards::name(child), afterwards::tries(Duration::ZERO)).await {
            There::Gone => here,
            There::Stopped => Reaped::Ended,
            There::Unknown => Reaped::Unknown,
        }
    }
}
