//! What a saga does next, from its state alone.

use std::time::Duration;

use chrono::TimeDelta;

use super::checks::PlannedCheck;
use super::event::Outcome;
use super::guard::Point;
use super::saga::{Course, Phase, Saga, UndoPhase};
use crate::domain::signal::Timestamp;

/// What comes next, and the events that tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Fill this step with what earlier steps captured, judge it, and ask for it where it has to be: `Filled`, or
    /// `Refused`.
    Fill(usize),
    /// Capture, judge, commit `Started`, and run this step. Ends in `Refused`, `NotRun` or `Ran`.
    Start(usize),
    /// This step, or its undo, is on its way: `NotRun` or `Ran` follows. After a crash see [`Saga::interrupted`].
    AwaitRun(usize),
    /// See whether this step worked: `Verified`.
    Verify(usize),
    /// This step is tried again after a delay: `Waiting`.
    Backoff(usize, Duration),
    /// Nothing before this moment.
    Wait(Timestamp),
    /// Take this step back: `UndoStarted`, or `Refused`.
    Undo(usize),
    /// Read this step's captures again: `UndoVerified`.
    ReadBack(usize),
    /// Ask this check of the plan: `Guarded`.
    Guard(Point, Box<PlannedCheck>),
    /// Ask the check that had found the problem: `Checked`.
    FinalCheck,
    /// Nothing is left to do: `Done` with this outcome.
    Conclude(Outcome),
    /// It is over, and its log says so.
    Finished(Outcome),
}

impl Saga {
    /// What comes next. `now` matters only between two attempts of a step.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Next {
        if let Some(outcome) = self.outcome() {
            return Next::Finished(outcome.clone());
        }
        if let Some(outcome) = self.conclusion() {
            return Next::Conclude(outcome);
        }
        let guard = self.due_check(now).map(|(point, check)| Next::Guard(point, Box::new(check.clone())));
        let undoing = if self.is_unwinding() { self.to_undo() } else { None };
        match (guard, undoing, self.current()) {
            // Taking back waits for nothing but the record of the step that was taken back before it.
            (Some(guard), _, _) if self.is_unwinding() => guard,
            (_, Some(step), _) => self.next_of_undo(step),
            (guard, None, Some(step)) => match self.next_of_step(step, now) {
                Next::Start(step) if self.may_fill(step) => Next::Fill(step),
                start @ Next::Start(_) => guard.unwrap_or(start),
                under_way => under_way,
            },
            (guard, None, None) => guard.unwrap_or(Next::FinalCheck),
        }
    }

    fn next_of_undo(&self, step: usize) -> Next {
        match self.steps[step].undo {
            UndoPhase::InFlight(_) => Next::AwaitRun(step),
            UndoPhase::Ran(_) => Next::ReadBack(step),
            UndoPhase::NotYet | UndoPhase::Done => Next::Undo(step),
        }
    }

    fn next_of_step(&self, step: usize, now: Timestamp) -> Next {
        let state = &self.steps[step];
        let delay = self.plan.steps[step].delay(state.starts);
        match &state.phase {
            Phase::InFlight(_) => Next::AwaitRun(step),
            Phase::Ran(_) => Next::Verify(step),
            Phase::Retrying { until: None, .. } if !delay.is_zero() => Next::Backoff(step, delay),
            Phase::Retrying { until: Some(until), .. } if is_ahead(*until, now, delay) => Next::Wait(*until),
            Phase::Pending | Phase::Retrying { .. } | Phase::Succeeded | Phase::Failed { .. } => {
                Next::Start(step)
            }
        }
    }

    /// How it ends, once nothing is left to do.
    pub(super) fn conclusion(&self) -> Option<Outcome> {
        match &self.course {
            Course::Decided(outcome) => Some(outcome.clone()),
            Course::Unwinding(_) if self.has_guard_due() => None,
            Course::Unwinding(outcome) => match self.to_undo() {
                None => Some(outcome.clone()),
                Some(step) if self.plan.steps[step].undo.is_none() => {
                    let why = outcome.why().unwrap_or_default();
                    let why = format!("it has run, and nothing takes it back; what failed is {why}");
                    Some(Outcome::Stuck { why: self.about(step, &why) })
                }
                Some(_) => None,
            },
            Course::Forward | Course::Finished(_) => None,
        }
    }
}

/// Whether `until` is still to come. One further away than the whole delay means that the clock was set back;
/// what was waited for is then over as far as anybody can tell.
fn is_ahead(until: Timestamp, now: Timestamp, delay: Duration) -> bool {
    let left = until - now;
    left > TimeDelta::zero() && left.to_std().is_ok_and(|left| left <= delay)
}
