//! The way back from a remediation that has succeeded.

use super::event::Outcome;
use super::filling::fill_captures;
use super::plan::{Plan, PlannedStep, PlannedVerify, Reading};
use super::saga::{Phase, Saga, StepState, UndoPhase};
use crate::domain::action::Effect;

/// What the name begins with of what takes back what a runbook did.
pub const UNDO_OF: &str = "undo of ";

/// Why a remediation can't be taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhyNot {
    /// It still runs, or it ended without success: then it was taken back already, or is stuck.
    #[error("it did not succeed, so there is nothing of it to take back")]
    NotSucceeded,
    /// Nothing of what it did needs taking back.
    #[error("nothing of what it did needs taking back: it only restored what was meant to be, or looked")]
    Nothing,
    /// It changed something for good.
    #[error("step `{0}` can't be taken back: what it did is for good")]
    ForGood(String),
    /// The undo of a step can't be filled with what was captured.
    #[error("step `{step}` can't be taken back: {why}")]
    Unfillable {
        /// The step.
        step: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The plan that takes a finished remediation back: the undo of each step that changed something, the newest first,
/// filled with what was captured before it ran. What its effects are is the policy's to say, once more: until then
/// they count as irreversible.
///
/// All or nothing: of a remediation with a step that can't be taken back, no other step is taken back either.
///
/// # Errors
/// See [`WhyNot`].
pub fn take_back(saga: &Saga) -> Result<Plan, WhyNot> {
    if !matches!(saga.outcome(), Some(Outcome::Succeeded | Outcome::Deferred)) {
        return Err(WhyNot::NotSucceeded);
    }
    let done = |(state, step): &(&StepState, &PlannedStep)| {
        state.let_go
            && state.phase == Phase::Succeeded
            && state.undo == UndoPhase::NotYet
            && step.needs_undo()
    };
    let steps = saga.steps().iter().zip(&saga.plan().steps).rev().filter(done);
    let steps = steps.map(|(state, step)| undo_of(state, step)).collect::<Result<Vec<_>, _>>()?;
    if steps.is_empty() {
        return Err(WhyNot::Nothing);
    }
    let runbook = format!("{UNDO_OF}{}", saga.plan().runbook);
    Ok(Plan { undoes: Some(saga.id()), ..Plan::new(runbook, steps) })
}

fn undo_of(state: &StepState, step: &PlannedStep) -> Result<PlannedStep, WhyNot> {
    let undo = step.undo.as_ref().ok_or_else(|| WhyNot::ForGood(step.name.clone()))?;
    let refuse = |why: String| WhyNot::Unfillable { step: step.name.clone(), why };
    let run = fill_captures(undo, &state.captured).map_err(|why| refuse(why.to_string()))?;
    let names = step.undo_captures().map_err(|why| refuse(why.to_string()))?;
    let read = |(name, action): &(String, _)| Reading {
        name: name.clone(),
        read: Clone::clone(action),
        value: state.captured.get(name).cloned().unwrap_or_default(),
    };
    let readings: Vec<Reading> =
        step.captures.iter().filter(|(name, _)| names.contains(name)).map(read).collect();
    Ok(PlannedStep {
        name: format!("undo {}", step.name),
        captures: Vec::new(),
        run,
        verify: if readings.is_empty() { PlannedVerify::ExitCode } else { PlannedVerify::ReadsAs(readings) },
        undo: None,
        effect: Effect::Irreversible,
        timeout: step.timeout,
        attempts: 1,
        backoff: step.backoff,
        idempotent: false,
        asked: false,
        late: false,
    })
}
