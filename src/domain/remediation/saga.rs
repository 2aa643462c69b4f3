//! The state of a remediation.

use std::collections::BTreeMap;

use super::event::{End, NotRun, Outcome, Part, Process, SagaEvent};
use super::guard::Guard;
use super::legal::IllegalEvent;
use super::plan::{Plan, PlanError, PlannedStep};
use crate::domain::ids::{ExecutionId, RemediationId};
use crate::domain::signal::Timestamp;
use crate::domain::template::TemplateError;

/// How many interruptions by a crash are not held against a step, or against its undo.
pub const MAX_INTERRUPTIONS: u32 = 3;

/// One remediation: its plan, and what its log says so far. Changes only through [`Saga::apply`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saga {
    pub(super) id: RemediationId,
    pub(super) plan: Plan,
    pub(super) steps: Vec<StepState>,
    pub(super) course: Course,
    pub(super) cancel: Option<String>,
    pub(super) probe: Option<(ExecutionId, Process)>,
    pub(super) guard: Option<Guard>,
}

/// Where a saga is heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Course {
    /// Doing its steps, then the final check.
    Forward,
    /// Taking back what was done; this is how it ends if that works.
    Unwinding(Outcome),
    /// There is nothing more to do but to say so.
    Decided(Outcome),
    /// [`SagaEvent::Done`] is in the log.
    Finished(Outcome),
}

/// How far one step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepState {
    /// Doing it.
    pub phase: Phase,
    /// Taking it back.
    pub undo: UndoPhase,
    /// How often it was started.
    pub starts: u32,
    /// How many of its starts a crash interrupted.
    pub interruptions: u32,
    /// How many starts of its undo a crash interrupted.
    pub undo_interruptions: u32,
    /// Whether a gate of its `run` was ever opened, so that it may have changed something.
    pub let_go: bool,
    /// What was captured before it could change anything.
    pub captured: BTreeMap<String, String>,
}

/// How far a step's run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// It may start.
    Pending,
    /// It is running, or was when the log ended.
    InFlight(Flight),
    /// It ended; the verify decides.
    Ran(End),
    /// An attempt failed, and there is to be another.
    Retrying {
        /// Not before this moment, once that is settled.
        until: Option<Timestamp>,
        /// Why the attempt failed.
        why: String,
    },
    /// It did what it should.
    Succeeded,
    /// It did not, for good.
    Failed {
        /// Why.
        why: String,
    },
}

/// How far a step's undo is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoPhase {
    /// Not begun.
    NotYet,
    /// It is running, or was when the log ended.
    InFlight(Flight),
    /// It ended; reading back decides.
    Ran(End),
    /// What the step did is taken back.
    Done,
}

/// A process on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// The attempt's token.
    pub execution: ExecutionId,
    /// The process, once its gate may have opened.
    pub process: Option<Process>,
}

impl Saga {
    /// A remediation that has not begun.
    ///
    /// # Errors
    /// The plan is not fit to run.
    pub fn new(id: RemediationId, plan: Plan) -> Result<Self, PlanError> {
        plan.check()?;
        let fresh = StepState {
            phase: Phase::Pending,
            undo: UndoPhase::NotYet,
            starts: 0,
            interruptions: 0,
            undo_interruptions: 0,
            let_go: false,
            captured: BTreeMap::new(),
        };
        let steps = vec![fresh; plan.steps.len()];
        let mut saga =
            Self { id, plan, steps, course: Course::Forward, cancel: None, probe: None, guard: None };
        saga.guard_start(0);
        Ok(saga)
    }

    /// Takes an event, or refuses it and stays as it is.
    ///
    /// # Errors
    /// The event is illegal here. In a log that is replayed this means that the log is damaged.
    pub fn apply(&mut self, event: &SagaEvent) -> Result<(), IllegalEvent> {
        self.legal(event)?;
        self.fold(event);
        self.settle_cancellation();
        self.settle_end_of_undo();
        Ok(())
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> RemediationId {
        self.id
    }

    /// What it was going to do. Late steps are as they were filled, once they are.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How far each step of the plan is, in the plan's order.
    #[must_use]
    pub fn steps(&self) -> &[StepState] {
        &self.steps
    }

    /// A late step with what the steps before it captured. Still to be judged.
    ///
    /// # Errors
    /// A capture without a value, or a value that may not be an argument.
    pub fn filling(&self, step: usize) -> Result<PlannedStep, TemplateError> {
        let earlier = self.steps.iter().take(step).flat_map(|state| state.captured.clone()).collect();
        self.plan.steps[step].filled(&earlier)
    }

    /// How it ended, once its log says so.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.course {
            Course::Finished(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Whether it takes back what was done.
    #[must_use]
    pub fn is_unwinding(&self) -> bool {
        matches!(self.course, Course::Unwinding(_))
    }

    /// Whether it can still be called off, and has not been.
    #[must_use]
    pub fn can_be_cancelled(&self) -> bool {
        self.course == Course::Forward && self.cancel.is_none()
    }

    /// The process that reads for it, if one may still be running.
    #[must_use]
    pub fn probe(&self) -> Option<&(ExecutionId, Process)> {
        self.probe.as_ref()
    }

    /// The process that changes something for it, if one may be on its way: which step, which part, and what is
    /// known of it.
    #[must_use]
    pub fn in_flight(&self) -> Option<(usize, Part, &Flight)> {
        self.steps.iter().enumerate().find_map(|(step, state)| match (&state.phase, &state.undo) {
            (Phase::InFlight(flight), _) => Some((step, Part::Run, flight)),
            (_, UndoPhase::InFlight(flight)) => Some((step, Part::Undo, flight)),
            _ => None,
        })
    }

    /// What the log lacks after a crash, once what was in flight is known to have ended; nothing if nothing was.
    #[must_use]
    pub fn interrupted(&self) -> Option<SagaEvent> {
        let (step, part, flight) = self.in_flight()?;
        let execution = flight.execution;
        Some(match flight.process {
            None => SagaEvent::NotRun {
                step,
                part,
                execution,
                cause: NotRun::Interrupted,
                why: "Steward ended before it began".into(),
            },
            Some(_) => SagaEvent::Ran {
                step,
                part,
                execution,
                end: End::Unknown,
                stdout: Default::default(),
                stderr: Default::default(),
            },
        })
    }

    /// The first step that has not succeeded.
    pub(super) fn current(&self) -> Option<usize> {
        self.steps.iter().position(|state| state.phase != Phase::Succeeded)
    }

    /// The newest step that was let go, has something to take back, and is not taken back yet.
    pub(super) fn to_undo(&self) -> Option<usize> {
        let open = |(state, step): (&StepState, &PlannedStep)| {
            state.let_go && step.needs_undo() && state.undo != UndoPhase::Done
        };
        self.steps.iter().zip(&self.plan.steps).rposition(open)
    }

    pub(super) fn about(&self, step: usize, what: &str) -> String {
        format!("step `{}`: {what}", self.plan.steps[step].name)
    }
}
