//! stub until the saga branch lands
use super::plan::{Plan, PlannedStep, PlannedVerify, fill_captures};
use super::saga::Saga;
/// stub
pub fn take_back(saga: &Saga) -> Result<Plan, String> {
    let mut steps = Vec::new();
    for (state, step) in saga.steps().iter().zip(&saga.plan().steps).rev() {
        let Some(undo) = &step.undo else { continue };
        let run = fill_captures(undo, &state.captured).map_err(|e| e.to_string())?;
        steps.push(PlannedStep {
            run,
            undo: None,
            captures: Vec::new(),
            verify: PlannedVerify::Check,
            ..step.clone()
        });
    }
    Ok(Plan { runbook: format!("undo of {}", saga.plan().runbook), steps })
}
