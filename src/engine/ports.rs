//! What the engine needs of the world, as traits. Adapters implement them; nothing here knows a platform.

mod chat;
mod control;
mod intake;
mod investigator;
mod keeper;
mod observed;
mod topology;

use std::borrow::Cow;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::action::{Action, Executable};
use crate::domain::change::{Change, Seen, Snapshot};
use crate::domain::ids::ExecutionId;
use crate::domain::redact::Redactor;
use crate::domain::signal::Timestamp;
use crate::policy::Authorized;

pub use chat::{
    About, Asked, Capabilities, Chat, Check, Choice, Delivered, DeliveryError, Ears, Ended, Health, Inbound,
    Kind, MakeChats, Outbound, Platform, Threads, Way,
};
pub use control::{CONTROL_SOCKET, ControlAnswer, ControlRequest};
pub use intake::{Delivery, Intake, NotAccepted, Rejected};
pub use investigator::{Assignment, Investigator, SomeInvestigator};
pub use keeper::Keeper;
pub use observed::{Observed, PartHealth};
pub use topology::{Survey, TopologySource};

/// The name of the machine that Steward itself runs on, among the hosts of commands.
pub const LOCAL: &str = "local";

/// Time. The system's in production, moved by hand in tests.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The wall clock, UTC. It may jump.
    fn now(&self) -> Timestamp;
    /// Returns once `now() >= at`, also when the wall clock jumped or the machine slept in between.
    async fn sleep_until(&self, at: Timestamp);
    /// Returns after `duration` of running time, whatever the wall clock does.
    async fn sleep(&self, duration: Duration);
}

/// How much a process may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Running time; at its end the whole process group is killed.
    pub timeout: Duration,
    /// Bytes kept of standard output, and as many of standard error; the rest is read and dropped.
    pub max_output: usize,
}

/// A process that runs, so that a later Steward can find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// The process id, which is its process group's too.
    pub pid: u32,
    /// When it started, in clock ticks since boot: tells it from a later process with the same id.
    pub start_ticks: u64,
    /// The boot it belongs to.
    pub boot_id: String,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It ended by itself with this code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// Its time was up, and its process group was killed.
    TimedOut,
    /// Whoever started it called it off, and its process group was killed.
    Cancelled,
    /// It has ended, and nobody saw how.
    Unknown,
    /// Nobody knows whether it has ended: it may still be running, so nothing may be done over it.
    Lost,
}

/// What a process left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// Standard output, up to the cap.
    pub stdout: Vec<u8>,
    /// Standard error, up to the cap.
    pub stderr: Vec<u8>,
    /// Whether the cap cut standard output.
    pub truncated: bool,
    /// How long it ran.
    pub duration: Duration,
}

impl Output {
    /// The output without secrets. It is text then, whatever it was.
    #[must_use]
    pub fn redacted(self, redactor: &Redactor) -> Self {
        let clean = |bytes: Vec<u8>| match redactor.redact(&String::from_utf8_lossy(&bytes)) {
            Cow::Owned(clean) => clean.into_bytes(),
            Cow::Borrowed(_) => bytes,
        };
        Self { stdout: clean(self.stdout), stderr: clean(self.stderr), ..self }
    }
}

/// Why a process did not run, or is not known to have run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// No such program on that host.
    #[error("{program} was not found on {host}")]
    NotFound {
        /// The program's name as it was asked for.
        program: String,
        /// The host.
        host: String,
    },
    /// The authorization does not fit what would run now, or has expired.
    #[error("refused to run: {0}")]
    Refused(String),
    /// It could not be started; nothing happened.
    #[error("could not start {program}: {why}")]
    Spawn {
        /// The program.
        program: String,
        /// The system's reason.
        why: String,
    },
    /// Its turn came only when its authorization was over: it was not begun, and is to be judged again.
    #[error("it had to wait so long that it has to be judged again")]
    Late,
    /// The gate's keeper could not record the process, so the gate stayed shut; nothing happened.
    #[error("the process was not let go, because it could not be recorded: {0}")]
    Gate(String),
}

/// Told of a process before it may begin; only after `Ok` does it.
#[async_trait]
pub trait Gatekeeper: Send {
    /// Records the child durably. An error keeps the gate shut, and nothing runs.
    async fn spawned(&mut self, child: &Child) -> Result<(), String>;
}

/// What became of a process that an earlier Steward had started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaped {
    /// It was gone already, or belongs to another boot.
    Gone,
    /// It was running and has been ended, with its group.
    Ended,
    /// It may still be running: its host could not be asked, or it could not be ended.
    Unknown,
}

/// Runs processes, and nothing that is not authorized.
#[async_trait]
pub trait CommandRunner: Send + Sync {
    /// Finds the executable that an action means on its host, and its content's hash.
    ///
    /// # Errors
    /// [`RunError::NotFound`], or the reason it can't be read.
    async fn resolve(&self, action: &Action) -> Result<Executable, RunError>;

    /// Runs exactly what `authorized` names: own process group, scrubbed environment, output capped, killed
    /// with its children at the timeout or when `cancel` turns true. The process waits behind a gate until
    /// `gate` has recorded it.
    ///
    /// # Errors
    /// Every [`RunError`] means that the command itself did not begin.
    async fn run(
        &self,
        authorized: Authorized,
        limits: Limits,
        gate: &mut dyn Gatekeeper,
        cancel: tokio::sync::watch::Receiver<bool>,
    ) -> Result<Output, RunError>;

    /// Ends what is left of a process that an earlier Steward started for a command on `host`, with its group, and
    /// waits until it is gone.
    async fn reap(&self, execution: ExecutionId, child: &Child, host: &str) -> Reaped;
}

/// Runs a command that only reads: behind it stand the policy and the runner.
#[async_trait]
pub trait ReadCommand: Send + Sync {
    /// Runs `action` and returns what it wrote to standard output. Whether what is longer than the cap is cut or refused
    /// is the reader's to say.
    ///
    /// # Errors
    /// Why there is nothing to read, as text: not allowed, the program is missing, its time was up, it failed, or
    /// printed too much. After a failure the text contains what the program wrote to standard error.
    async fn read(&self, action: Action) -> Result<Vec<u8>, String>;
}

/// A source of changes.
#[async_trait]
pub trait ChangeSource: Send + Sync {
    /// The source's name: `git:homelab`.
    fn name(&self) -> String;
    /// What changed in `[since, until]`, newest first, at most `limit`.
    ///
    /// # Errors
    /// A sentence for people: what could not be read and what to do.
    async fn changes(&self, since: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<Change>, String>;
}

/// A source that knows only how things are, not when they became so: what changed is told by comparing two looks.
#[async_trait]
pub trait StateSource: Send + Sync {
    /// The source's name: `docker`. What it saw is kept under it.
    fn name(&self) -> String;
    /// Looks at `now`, and tells what became different since `before`. Without that it tells nothing: the first look is
    /// only what the next one is compared with.
    ///
    /// # Errors
    /// A sentence for people: what could not be read and what to do.
    async fn look(&self, before: Option<&Seen>, now: Timestamp) -> Result<Look, String>;
}

/// What a [`StateSource`] saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// How things are.
    pub snapshot: Snapshot,
    /// What became different.
    pub changes: Vec<Change>,
}
