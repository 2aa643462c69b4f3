//! Which event is legal in which state. Looks, and changes nothing.

use std::collections::BTreeSet;

use super::event::{CheckVerdict, Part, SagaEvent};
use super::filling::fill_captures;
use super::plan::{PlannedStep, PlannedVerify};
use super::saga::{Course, Flight, Phase, Saga, UndoPhase};
use crate::domain::ids::ExecutionId;

/// An event that a saga refuses in the state that it is in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` is illegal here: {why}")]
pub struct IllegalEvent {
    /// The event's name.
    pub event: &'static str,
    /// What speaks against it.
    pub why: String,
}

impl Saga {
    pub(super) fn legal(&self, event: &SagaEvent) -> Result<(), IllegalEvent> {
        self.objection(event).map_or(Ok(()), |why| Err(IllegalEvent { event: event.name(), why }))
    }

    fn objection(&self, event: &SagaEvent) -> Option<String> {
        let unless = |legal: bool, why: &str| (!legal).then(|| why.to_owned());
        if event.step().is_some_and(|step| step >= self.steps.len()) {
            return Some("the plan has no such step".into());
        }
        match event {
            SagaEvent::Refused { step, part: Part::Run, .. } => {
                unless(self.may_start(*step) || self.may_fill(*step), "the step may not start")
            }
            SagaEvent::Filled { step, filled, .. } => {
                if !self.may_fill(*step) {
                    return Some("the step waits for no values now".into());
                }
                let due = match self.filling(*step) {
                    Ok(due) => due,
                    Err(why) => return Some(format!("the step can't be filled: {why}")),
                };
                // What it does is the policy's to say, whose word the template's commands could not have.
                let (effect, asked) = (filled.effect, filled.asked);
                if **filled != (PlannedStep { effect, asked, ..due }) {
                    return Some("this is not the step with the values that were captured".into());
                }
                filled.check(&BTreeSet::new()).err().map(|why| why.to_string())
            }
            SagaEvent::Refused { step, part: Part::Undo, .. } | SagaEvent::UndoStarted { step, .. } => {
                unless(self.may_undo(*step), "it is not this step's turn to be undone")
            }
            SagaEvent::Started { step, attempt, captured, .. } => {
                if !self.may_start(*step) {
                    return Some("the step may not start".into());
                }
                let state = &self.steps[*step];
                if *attempt != state.starts + 1 {
                    return Some(format!("attempt {} is next", state.starts + 1));
                }
                let planned = &self.plan.steps[*step];
                let complete = captured.len() == planned.captures.len()
                    && planned.captures.iter().all(|(name, _)| captured.contains_key(name));
                if !complete || (state.let_go && *captured != state.captured) {
                    return Some("the captured data is not that of this step's first attempt".into());
                }
                let undo =
                    planned.undo.as_ref().map_or(Ok(()), |undo| fill_captures(undo, captured).map(drop));
                undo.err().map(|why| format!("the undo can't be filled: {why}"))
            }
            SagaEvent::Spawned { step, part, execution, .. } => {
                let shut = |flight: &Flight| flight.process.is_none();
                unless(self.flies(*step, *part, *execution, shut), "no such attempt waits at its gate")
            }
            SagaEvent::NotRun { step, part, execution, .. } => {
                let shut = |flight: &Flight| flight.process.is_none();
                unless(self.flies(*step, *part, *execution, shut), "no such attempt waits at its gate")
            }
            SagaEvent::Ran { step, part, execution, .. } => {
                let open = |flight: &Flight| flight.process.is_some();
                unless(self.flies(*step, *part, *execution, open), "no such attempt was let go")
            }
            SagaEvent::Verified { step, verdict } => {
                let planned = &self.plan.steps[*step];
                let deferred = *verdict == CheckVerdict::Deferred && planned.verify != PlannedVerify::Check;
                unless(self.may_verify(*step) && !deferred, "the step has nothing to verify now")
            }
            SagaEvent::UndoVerified { step, verdict } => {
                let ran = self.is_unwinding() && matches!(self.steps[*step].undo, UndoPhase::Ran(_));
                unless(ran && *verdict != CheckVerdict::Deferred, "the step has no undo to verify now")
            }
            SagaEvent::Waiting { step, .. } => {
                let retrying = matches!(self.steps[*step].phase, Phase::Retrying { until: None, .. });
                unless(self.is_forward() && retrying, "the step is not to be tried again")
            }
            SagaEvent::Probed { .. } => {
                let live = self.conclusion().is_none() && self.outcome().is_none();
                unless(live && self.in_flight().is_none(), "nothing is to be read now")
            }
            SagaEvent::Guarded { point, name, verdict, .. } => self.guard_objection(*point, name, verdict),
            SagaEvent::CancelRequested { .. } => {
                unless(self.can_be_cancelled(), "it can't be called off now")
            }
            SagaEvent::Checked { .. } => {
                let over = self.current().is_none() && !self.has_guard_due();
                unless(self.is_forward() && over, "the last step has not succeeded, or a check is due")
            }
            SagaEvent::Done { outcome } => {
                unless(self.conclusion().as_ref() == Some(outcome), "this is not how it ends")
            }
        }
    }

    fn is_forward(&self) -> bool {
        self.course == Course::Forward
    }

    fn may_start(&self, step: usize) -> bool {
        let ready = matches!(self.steps[step].phase, Phase::Pending | Phase::Retrying { .. });
        let known = !self.plan.steps[step].late;
        self.is_forward() && self.current() == Some(step) && ready && known && self.is_guarded(step)
    }

    /// Whether it is this late step's turn to get its values.
    pub(super) fn may_fill(&self, step: usize) -> bool {
        self.is_forward()
            && self.current() == Some(step)
            && self.steps[step].phase == Phase::Pending
            && self.plan.steps[step].late
            && self.is_next_guarded(step)
    }

    fn may_verify(&self, step: usize) -> bool {
        self.is_forward() && matches!(self.steps[step].phase, Phase::Ran(_))
    }

    fn may_undo(&self, step: usize) -> bool {
        self.is_unwinding()
            && self.conclusion().is_none()
            && !self.has_guard_due()
            && self.to_undo() == Some(step)
            && self.steps[step].undo == UndoPhase::NotYet
    }

    fn flies(&self, step: usize, part: Part, execution: ExecutionId, gate: impl Fn(&Flight) -> bool) -> bool {
        self.in_flight().is_some_and(|(at, of, flight)| {
            at == step && of == part && flight.execution == execution && gate(flight)
        })
    }
}
