//! What a remediation needs of the rest of the house.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::action::Action;
use crate::domain::approval::Approval;
use crate::domain::ids::{ExecutionId, RemediationId};
use crate::domain::remediation::{CheckVerdict, PlannedStep, SagaEvent};
use crate::engine::ports::{Child, Gatekeeper, Output, Reaped};

/// Where the log of a remediation is kept.
#[async_trait]
pub trait SagaLog: Send + Sync {
    /// Appends one event; durable when this returns `Ok`.
    ///
    /// # Errors
    /// For people: why it could not be written. The event may be there all the same.
    async fn append(&self, id: RemediationId, event: &SagaEvent) -> Result<(), String>;
}

/// The check that found the problem.
#[async_trait]
pub trait FinalCheck: Send + Sync {
    /// Runs it again, now. [`CheckVerdict::Deferred`] where it can't be asked (an alert).
    async fn check(&self) -> CheckVerdict;
}

/// What a command of a plan is for: a permission to do something is none to undo something, or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To look: a capture, a verify, a check.
    Look,
    /// To do a step.
    Step {
        /// Whether the plan's safety checks have just passed for it.
        safety_checked: bool,
    },
    /// To take a step back.
    Undo,
}

/// One process to run.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// What to run.
    pub action: &'a Action,
    /// The digest that [`Execute::judge`] gave for it, where it was committed beforehand. What would run now must
    /// still have it.
    pub digest: Option<&'a str>,
    /// The attempt's token.
    pub execution: ExecutionId,
    /// Running time; at its end the whole process group is ended.
    pub timeout: Duration,
    /// What it is for.
    pub purpose: Purpose,
    /// The step that it belongs to, from 0; none for a check of the plan.
    pub step: Option<usize>,
}

/// A step whose values were not known before: it may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permitted {
    /// The step as it was judged.
    pub step: PlannedStep,
    /// The permission that a person gave for it, where it needed one. Nothing else opens its commands then.
    pub approval: Option<Approval>,
}

/// Why a process did not begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecuteError {
    /// The policy or a person says no, or what would run is not what was judged.
    #[error("{0}")]
    Denied(String),
    /// It was allowed and could not be started.
    #[error("{0}")]
    NotRun(String),
    /// It was allowed, and waited for its turn until what was known of the world was too old.
    #[error("it waited too long for its turn, so everything is looked at again")]
    Late,
}

/// Judges actions, and runs those that are allowed: the policy, the approvals and the runner behind one door.
#[async_trait]
pub trait Execute: Send + Sync {
    /// Whether the action of this step would be allowed now, and the digest of exactly what would run. Spends no
    /// approval.
    ///
    /// # Errors
    /// For people: why not.
    async fn judge(&self, step: usize, action: &Action, purpose: Purpose) -> Result<String, String>;

    /// Judges a step whose values have just become known, and asks people for exactly that where the policy wants it.
    /// That may take as long as an approval lasts; dropped, nothing came of it. Nothing runs.
    ///
    /// # Errors
    /// For people: why it may not run.
    async fn permit(&self, step: usize, filled: PlannedStep) -> Result<Permitted, String>;

    /// Judges once more, and runs. The process waits behind a gate until `gate` has recorded it.
    ///
    /// # Errors
    /// Every [`ExecuteError`] means that the command itself did not begin.
    async fn execute(&self, order: Order<'_>, gate: &mut dyn Gatekeeper) -> Result<Output, ExecuteError>;

    /// Ends what is left of a process that an earlier Steward started for a command on `host`, with its group, and
    /// waits until it is gone.
    async fn reap(&self, execution: ExecutionId, child: &Child, host: &str) -> Reaped;
}
