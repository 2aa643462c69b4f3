//! Every machine that commands may run on, behind one runner.

use async_trait::async_trait;
use tokio::sync::watch::Receiver;

use crate::domain::action::{Action, Executable};
use crate::domain::ids::ExecutionId;
use crate::engine::ports::{Child, CommandRunner, Gatekeeper, LOCAL, Limits, Output, Reaped, RunError};
use crate::policy::Authorized;

use super::{LocalRunner, Ssh};

/// Runs a command on the machine that it names.
pub struct Machines {
    local: LocalRunner,
    others: Ssh,
}

impl Machines {
    /// This machine, and the others.
    #[must_use]
    pub fn new(local: LocalRunner, others: Ssh) -> Self {
        Self { local, others }
    }

    /// See [`LocalRunner::state_of_the_sandbox`].
    ///
    /// # Errors
    /// See there.
    pub async fn state_of_the_sandbox(&self) -> Result<String, String> {
        self.local.state_of_the_sandbox().await
    }

    fn of(&self, action: &Action) -> &dyn CommandRunner {
        let Action::Command(command) = action;
        if command.host == LOCAL { &self.local } else { &self.others }
    }
}

#[async_trait]
impl CommandRunner for Machines {
    async fn resolve(&self, action: &Action) -> Result<Executable, RunError> {
        self.of(action).resolve(action).await
    }

    async fn run(
        &self,
        authorized: Authorized,
        limits: Limits,
        gate: &mut dyn Gatekeeper,
        cancel: Receiver<bool>,
    ) -> Result<Output, RunError> {
        self.of(authorized.action()).run(authorized, limits, gate, cancel).await
    }

    async fn reap(&self, execution: ExecutionId, child: &Child, host: &str) -> Reaped {
        let on: &dyn CommandRunner = if host == LOCAL { &self.local } else { &self.others };
        on.reap(execution, child, host).await
    }
}
