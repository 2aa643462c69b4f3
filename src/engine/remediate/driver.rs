//! The loop: ask the saga, do it, commit what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;
use ulid::Ulid;

use super::ports::{Execute, ExecuteError, FinalCheck, Order, Purpose, SagaLog};
use crate::domain::action::Action;
use crate::domain::ids::ExecutionId;
use crate::domain::remediation::{
    End, IllegalEvent, Next, NotRun, Outcome, Part, Process, Saga, SagaEvent, Tail, fill_captures, is_fresh,
};
use crate::domain::signal::Timestamp;
use crate::engine::ports::{Child, Clock, Exit, Gatekeeper, LOCAL, Output, Reaped};

/// What a remediation runs on.
pub struct Deps<'a> {
    /// Its log.
    pub log: &'a dyn SagaLog,
    /// The policy and the runner.
    pub execute: &'a dyn Execute,
    /// The check that found the problem.
    pub check: &'a dyn FinalCheck,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Whether a text holds a secret, which must not get into the log.
    pub holds_secret: &'a (dyn Fn(&str) -> bool + Send + Sync),
}

/// Told of each event once it is durable, with the saga as it is after it.
pub type Observe<'a> = &'a (dyn Fn(&Saga, &SagaEvent) + Send + Sync);

/// Why a remediation stopped before its end. Nothing further has run; [`recover`] goes on from the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DriveError {
    /// The log could not be written.
    #[error("the remediation stopped, because its log can't be written: {0}")]
    Log(String),
    /// The driver or the runner broke the saga's rules: a fault in Steward.
    #[error("the remediation stopped, because its log would make no sense: {0}")]
    Illegal(#[from] IllegalEvent),
}

/// Drives a saga to its end. `cancel` turning `Some(why)` calls it off, see the saga's module.
///
/// Dropping the future is as if Steward had died: what is in flight is settled by [`recover`].
///
/// # Errors
/// See [`DriveError`].
pub async fn drive(
    saga: &mut Saga,
    deps: &Deps<'_>,
    cancel: watch::Receiver<Option<String>>,
    observe: Observe<'_>,
) -> Result<Outcome, DriveError> {
    let mut driver = Driver { saga, deps, observe };
    driver.run(cancel).await
}

/// Takes up a saga whose log was replayed: ends what an earlier Steward left running, commits what that means,
/// and drives on. To be called once for a saga, before anything else that would touch what it touches.
///
/// # Errors
/// See [`DriveError`].
pub async fn recover(
    saga: &mut Saga,
    deps: &Deps<'_>,
    cancel: watch::Receiver<Option<String>>,
    observe: Observe<'_>,
) -> Result<Outcome, DriveError> {
    if let Some((execution, process)) = saga.probe() {
        // It only reads: on another host it does no harm if it goes on.
        deps.execute.reap(*execution, &child(process), LOCAL).await;
    }
    let mut reaped = Reaped::Gone;
    if let Some((step, part, flight)) = saga.in_flight()
        && let Some(process) = &flight.process
    {
        reaped = deps.execute.reap(flight.execution, &child(process), host_of(saga, step, part)).await;
    }
    let mut driver = Driver { saga, deps, observe };
    if let Some(mut event) = driver.saga.interrupted() {
        if let (SagaEvent::Ran { end, .. }, Reaped::Unknown) = (&mut event, reaped) {
            *end = End::Lost;
        }
        driver.commit(event).await?;
    }
    driver.run(cancel).await
}

pub(super) struct Driver<'a> {
    pub(super) saga: &'a mut Saga,
    pub(super) deps: &'a Deps<'a>,
    observe: Observe<'a>,
}

impl Driver<'_> {
    async fn run(&mut self, mut cancel: watch::Receiver<Option<String>>) -> Result<Outcome, DriveError> {
        loop {
            self.hear_cancel(&mut cancel).await?;
            match self.saga.next(self.deps.clock.now()) {
                Next::Fill(step) => self.fill(step, &mut cancel).await?,
                Next::Start(step) => self.start(step).await?,
                Next::Verify(step) => {
                    let verdict = self.verify(step).await?;
                    self.commit(SagaEvent::Verified { step, verdict }).await?;
                }
                Next::Backoff(step, delay) => {
                    let until = self.deps.clock.now() + delay;
                    self.commit(SagaEvent::Waiting { step, until }).await?;
                }
                Next::Wait(until) => self.wait(until, &mut cancel).await,
                Next::Undo(step) => self.undo(step).await?,
                Next::ReadBack(step) => {
                    let verdict = self.read_back(step).await?;
                    self.commit(SagaEvent::UndoVerified { step, verdict }).await?;
                }
                Next::Guard(point, check) => {
                    let verdict = self.ask(&check).await?;
                    let at = self.deps.clock.now();
                    self.commit(SagaEvent::Guarded { point, name: check.name, at, verdict }).await?;
                }
                Next::FinalCheck => {
                    let verdict = self.deps.check.check().await;
                    self.commit(SagaEvent::Checked { verdict }).await?;
                }
                Next::Conclude(outcome) => self.commit(SagaEvent::Done { outcome }).await?,
                Next::Finished(outcome) => return Ok(outcome),
                // Only a saga that was replayed and not recovered is here.
                Next::AwaitRun(step) => return Err(in_flight(step)),
            }
        }
    }

    /// Makes an event durable, then takes it. One that would be illegal never reaches the log.
    pub(super) async fn commit(&mut self, event: SagaEvent) -> Result<(), DriveError> {
        let mut after = self.saga.clone();
        after.apply(&event)?;
        self.deps.log.append(self.saga.id(), &event).await.map_err(DriveError::Log)?;
        *self.saga = after;
        (self.observe)(self.saga, &event);
        Ok(())
    }

    async fn hear_cancel(&mut self, cancel: &mut watch::Receiver<Option<String>>) -> Result<(), DriveError> {
        let why = cancel.borrow_and_update().clone();
        match why {
            Some(why) if self.saga.can_be_cancelled() => {
                self.commit(SagaEvent::CancelRequested { why }).await
            }
            _ => Ok(()),
        }
    }

    /// Waits, at most as long as it is now until then whatever the wall clock does, or until called off.
    async fn wait(&self, until: Timestamp, cancel: &mut watch::Receiver<Option<String>>) {
        let left = (until - self.deps.clock.now()).to_std().unwrap_or_default();
        tokio::select! {
            () = self.deps.clock.sleep_until(until) => {}
            () = self.deps.clock.sleep(left) => {}
            () = called_off(cancel) => {}
        }
    }

    async fn start(&mut self, step: usize) -> Result<(), DriveError> {
        // The step may rely on them as long as they are fresh; once it is started, the saga has forgotten them.
        let safety = self.saga.safety_passed(step);
        let (captured, digest) = match self.prepare(step).await? {
            Ok(prepared) => prepared,
            Err(why) => return self.commit(SagaEvent::Refused { step, part: Part::Run, why }).await,
        };
        let execution = self.new_execution();
        let attempt = self.saga.steps()[step].starts + 1;
        let action = self.saga.plan().steps[step].run.clone();
        self.commit(SagaEvent::Started { step, attempt, execution, digest: digest.clone(), captured })
            .await?;
        self.run_part(step, Part::Run, execution, &action, &digest, safety).await
    }

    /// Everything that must be in place before a step may change anything: its captures, an undo that could be
    /// filled and would be allowed, and its own permission.
    async fn prepare(
        &mut self,
        step: usize,
    ) -> Result<Result<(BTreeMap<String, String>, String), String>, DriveError> {
        let state = &self.saga.steps()[step];
        let captured = if state.let_go {
            state.captured.clone()
        } else {
            match self.capture(step).await? {
                Ok(captured) => captured,
                Err(why) => return Ok(Err(why)),
            }
        };
        let planned = &self.saga.plan().steps[step];
        if let Some(undo) = &planned.undo {
            let judged = match fill_captures(undo, &captured) {
                Ok(undo) => self.deps.execute.judge(step, &undo, Purpose::Undo).await,
                Err(why) => Err(why.to_string()),
            };
            if let Err(why) = judged {
                return Ok(Err(format!("it was not begun, because it could not be taken back: {why}")));
            }
        }
        let purpose = self.doing(self.saga.safety_passed(step));
        Ok(self.deps.execute.judge(step, &planned.run, purpose).await.map(|digest| (captured, digest)))
    }

    /// Doing a step now, for which the safety checks passed then.
    fn doing(&self, safety: Option<Timestamp>) -> Purpose {
        let safety_checked = safety.is_some_and(|at| is_fresh(at, self.deps.clock.now()));
        Purpose::Step { safety_checked }
    }

    async fn undo(&mut self, step: usize) -> Result<(), DriveError> {
        let (action, digest) = match self.prepare_undo(step).await {
            Ok(prepared) => prepared,
            Err(why) => return self.commit(SagaEvent::Refused { step, part: Part::Undo, why }).await,
        };
        let execution = self.new_execution();
        self.commit(SagaEvent::UndoStarted { step, execution, digest: digest.clone() }).await?;
        self.run_part(step, Part::Undo, execution, &action, &digest, None).await
    }

    async fn prepare_undo(&self, step: usize) -> Result<(Action, String), String> {
        let undo = self.saga.plan().steps[step].undo.as_ref().ok_or("it has no undo")?;
        let action = fill_captures(undo, &self.saga.steps()[step].captured).map_err(|why| why.to_string())?;
        let digest = self.deps.execute.judge(step, &action, Purpose::Undo).await?;
        Ok((action, digest))
    }

    /// Runs what was committed as started, and commits what came of it.
    async fn run_part(
        &mut self,
        step: usize,
        part: Part,
        execution: ExecutionId,
        action: &Action,
        digest: &str,
        safety: Option<Timestamp>,
    ) -> Result<(), DriveError> {
        let timeout = self.saga.plan().steps[step].timeout;
        let purpose = match part {
            Part::Run => self.doing(safety),
            Part::Undo => Purpose::Undo,
        };
        let order = Order { action, digest: Some(digest), execution, timeout, purpose, step: Some(step) };
        let spawned = |process| SagaEvent::Spawned { step, part, execution, process };
        let result = match self.execute(order, &spawned).await? {
            Ok(output) => ran(step, part, execution, &output),
            // The gate may have opened all the same: only a verify can tell.
            Err(_) if self.is_let_go() => self.saga.interrupted().ok_or_else(|| in_flight(step))?,
            Err(error) => {
                let cause = match error {
                    ExecuteError::Denied(_) => NotRun::Denied,
                    ExecuteError::NotRun(_) => NotRun::Failed,
                    // No attempt, since nothing was tried.
                    ExecuteError::Late => NotRun::Interrupted,
                };
                SagaEvent::NotRun { step, part, execution, cause, why: error.to_string() }
            }
        };
        self.commit(result).await
    }

    /// Runs one process behind a gate that opens once `spawned` of it is committed. If that could not be
    /// committed, the driver stops, whatever the runner made of it.
    pub(super) async fn execute(
        &mut self,
        order: Order<'_>,
        spawned: &(dyn Fn(Process) -> SagaEvent + Send + Sync),
    ) -> Result<Result<Output, ExecuteError>, DriveError> {
        let execute = self.deps.execute;
        let mut gate = Gate { driver: self, spawned, failed: None };
        let result = execute.execute(order, &mut gate).await;
        match gate.failed {
            Some(failed) => Err(failed),
            None => Ok(result),
        }
    }

    fn is_let_go(&self) -> bool {
        self.saga.in_flight().is_some_and(|(_, _, flight)| flight.process.is_some())
    }

    pub(super) fn new_execution(&self) -> ExecutionId {
        ExecutionId(Ulid::from_datetime(self.deps.clock.now().into()))
    }
}

/// Returns once the remediation is called off.
pub(super) async fn called_off(cancel: &mut watch::Receiver<Option<String>>) {
    if cancel.wait_for(Option::is_some).await.is_err() {
        // Nobody is left who could.
        std::future::pending::<()>().await;
    }
}

/// Commits a process before it may begin.
struct Gate<'g, 'd> {
    driver: &'g mut Driver<'d>,
    spawned: &'g (dyn Fn(Process) -> SagaEvent + Send + Sync),
    failed: Option<DriveError>,
}

#[async_trait]
impl Gatekeeper for Gate<'_, '_> {
    async fn spawned(&mut self, child: &Child) -> Result<(), String> {
        let Child { pid, start_ticks, boot_id } = child.clone();
        let event = (self.spawned)(Process { pid, start_ticks, boot_id });
        self.driver.commit(event).await.map_err(|error| {
            let why = error.to_string();
            self.failed = Some(error);
            why
        })
    }
}

fn ran(step: usize, part: Part, execution: ExecutionId, output: &Output) -> SagaEvent {
    let end = match output.exit {
        Exit::Code(code) => End::Code(code),
        Exit::Signal(signal) => End::Signal(signal),
        Exit::TimedOut => End::TimedOut,
        Exit::Cancelled => End::Cancelled,
        Exit::Unknown => End::Unknown,
        Exit::Lost => End::Lost,
    };
    let (stdout, stderr) = (Tail::of(&output.stdout), Tail::of(&output.stderr));
    SagaEvent::Ran { step, part, execution, end, stdout, stderr }
}

/// Where a step, or its undo, runs.
fn host_of(saga: &Saga, step: usize, part: Part) -> &str {
    let step = &saga.plan().steps[step];
    let action = match part {
        Part::Run => Some(&step.run),
        Part::Undo => step.undo.as_ref(),
    };
    action.map_or(LOCAL, |Action::Command(command)| &command.host)
}

fn child(process: &Process) -> Child {
    let Process { pid, start_ticks, boot_id } = process.clone();
    Child { pid, start_ticks, boot_id }
}

fn in_flight(step: usize) -> DriveError {
    let why = format!("step {step} is in flight; a saga from a log is to be recovered, not driven");
    DriveError::Illegal(IllegalEvent { event: "started", why })
}
