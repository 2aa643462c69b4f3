//! What each event makes of a remediation's state. The table is in the module's page.

use super::event::{CheckVerdict, End, NotRun, Outcome, Part, SagaEvent};
use super::plan::PlannedVerify;
use super::saga::{Course, Flight, MAX_INTERRUPTIONS, Phase, Saga, UndoPhase};
use crate::domain::action::Effect;

impl Saga {
    /// Makes of the state what a legal event says.
    pub(super) fn fold(&mut self, event: &SagaEvent) {
        if !matches!(event, SagaEvent::CancelRequested { .. }) {
            self.probe = None;
        }
        match event {
            SagaEvent::Refused { step, part: Part::Run, why } => self.fail(*step, why),
            SagaEvent::Refused { step, part: Part::Undo, why } => self.undo_failed(*step, why),
            SagaEvent::Filled { step, filled, .. } => {
                self.plan.steps[*step] = (**filled).clone();
                // Whoever was asked may have taken long, and what it does is known only now: its checks begin anew.
                self.guard_start(*step);
            }
            SagaEvent::Started { step, execution, captured, .. } => {
                self.guard = None;
                let state = &mut self.steps[*step];
                state.starts += 1;
                state.captured.clone_from(captured);
                state.phase = Phase::InFlight(Flight { execution: *execution, process: None });
            }
            SagaEvent::UndoStarted { step, execution, .. } => {
                let flight = Flight { execution: *execution, process: None };
                self.steps[*step].undo = UndoPhase::InFlight(flight);
            }
            SagaEvent::Spawned { step, part, execution, process } => {
                let flight = Flight { execution: *execution, process: Some(process.clone()) };
                let state = &mut self.steps[*step];
                match part {
                    Part::Run => {
                        state.let_go = true;
                        state.phase = Phase::InFlight(flight);
                    }
                    Part::Undo => state.undo = UndoPhase::InFlight(flight),
                }
            }
            SagaEvent::NotRun { step, part, cause, why, .. } => self.not_run(*step, *part, *cause, why),
            SagaEvent::Ran { step, part: Part::Run, end, .. } => self.ran(*step, *end),
            SagaEvent::Ran { step, part: Part::Undo, end, .. } => self.undo_ran(*step, *end),
            SagaEvent::Verified { step, verdict } => self.verified(*step, verdict),
            SagaEvent::UndoVerified { step, verdict } => match verdict {
                CheckVerdict::Passed => self.undone(*step),
                CheckVerdict::Failed(why) | CheckVerdict::Unreadable(why) => self.undo_failed(*step, why),
                CheckVerdict::Deferred => {}
            },
            SagaEvent::Waiting { step, until: at } => {
                if let Phase::Retrying { until, .. } = &mut self.steps[*step].phase {
                    *until = Some(*at);
                }
            }
            SagaEvent::Probed { execution, process } => self.probe = Some((*execution, process.clone())),
            SagaEvent::Guarded { point, name, at, verdict } => self.guarded(*point, name, *at, verdict),
            SagaEvent::CancelRequested { why } => self.cancel = Some(why.clone()),
            SagaEvent::Checked { verdict } => self.checked(verdict),
            SagaEvent::Done { outcome } => self.course = Course::Finished(outcome.clone()),
        }
    }

    fn not_run(&mut self, step: usize, part: Part, cause: NotRun, why: &str) {
        let state = &mut self.steps[step];
        match (part, cause) {
            (Part::Run, NotRun::Interrupted) => {
                state.interruptions += 1;
                if state.interruptions > MAX_INTERRUPTIONS {
                    self.fail(step, why);
                } else {
                    state.phase = Phase::Pending;
                    self.guard_start(step);
                }
            }
            (Part::Run, NotRun::Denied) => self.fail(step, why),
            (Part::Run, NotRun::Failed) => self.attempt_failed(step, why),
            (Part::Undo, NotRun::Interrupted) if state.undo_interruptions < MAX_INTERRUPTIONS => {
                state.undo_interruptions += 1;
                state.undo = UndoPhase::NotYet;
            }
            (Part::Undo, _) => self.undo_failed(step, why),
        }
    }

    fn ran(&mut self, step: usize, end: End) {
        let state = &mut self.steps[step];
        state.interruptions += u32::from(end == End::Unknown);
        state.phase = Phase::Ran(end);
        if end == End::Lost && self.plan.steps[step].effect != Effect::Read {
            return self.lost(step, end);
        }
        let verify = &self.plan.steps[step].verify;
        let by_code = *verify == PlannedVerify::ExitCode;
        if by_code || *verify == PlannedVerify::None {
            match end {
                End::Code(0) => self.succeeded(step),
                End::Unknown if by_code => self.unreadable(step, &end.to_string()),
                _ => self.attempt_failed(step, &end.to_string()),
            }
        }
    }

    fn undo_ran(&mut self, step: usize, end: End) {
        let reads_back = self.plan.steps[step].undo_captures().is_ok_and(|names| !names.is_empty());
        match end {
            End::Lost => self.undo_failed(step, &end.to_string()),
            _ if reads_back => self.steps[step].undo = UndoPhase::Ran(end),
            End::Code(0) => self.undone(step),
            _ => self.undo_failed(step, &end.to_string()),
        }
    }

    /// It may still be at work: to repeat it or to take it back would be to do both at once.
    fn lost(&mut self, step: usize, end: End) {
        let why = self.about(step, &end.to_string());
        self.steps[step].phase = Phase::Failed { why: why.clone() };
        self.course = Course::Decided(Outcome::Stuck { why });
    }

    fn verified(&mut self, step: usize, verdict: &CheckVerdict) {
        let planned = &self.plan.steps[step];
        let last = step + 1 == self.steps.len();
        match verdict {
            CheckVerdict::Passed => {
                let asked = last && planned.verify == PlannedVerify::Check;
                self.succeeded(step);
                if asked && self.cancel.is_none() && !self.has_guard_due() {
                    self.checked(verdict);
                }
            }
            CheckVerdict::Deferred if last => {
                self.succeeded(step);
                if self.cancel.is_none() && !self.has_guard_due() {
                    self.checked(verdict);
                }
            }
            CheckVerdict::Deferred => self.unreadable(
                step,
                "its check can't be asked, and later steps build upon it; give it a `verify` command",
            ),
            CheckVerdict::Failed(why) => self.attempt_failed(step, why),
            CheckVerdict::Unreadable(why) => self.unreadable(step, why),
        }
    }

    fn succeeded(&mut self, step: usize) {
        self.steps[step].phase = Phase::Succeeded;
        self.guard_success(step);
    }

    fn undone(&mut self, step: usize) {
        self.steps[step].undo = UndoPhase::Done;
        self.guard_undone(step);
    }

    /// Nobody can tell whether the step worked. What can be taken back is; what reads did no harm.
    fn unreadable(&mut self, step: usize, why: &str) {
        let why = format!("it can't be told whether it worked: {why}");
        if self.plan.steps[step].effect == Effect::Restorative {
            let why = self.about(step, &why);
            self.steps[step].phase = Phase::Failed { why: why.clone() };
            self.course = Course::Decided(Outcome::Stuck { why });
        } else {
            self.fail(step, &why);
        }
    }

    fn checked(&mut self, verdict: &CheckVerdict) {
        self.course = match verdict {
            CheckVerdict::Passed => Course::Decided(Outcome::Succeeded),
            CheckVerdict::Deferred => Course::Decided(Outcome::Deferred),
            CheckVerdict::Failed(why) => Course::Unwinding(Outcome::Unwound {
                why: format!("every step worked, and the problem is still there: {why}"),
            }),
            CheckVerdict::Unreadable(why) => Course::Decided(Outcome::Stuck {
                why: format!("every step worked, and it can't be told whether the problem is gone: {why}"),
            }),
        };
    }

    /// An attempt came to nothing: another one if there may be one.
    fn attempt_failed(&mut self, step: usize, why: &str) {
        let planned = &self.plan.steps[step];
        let state = &mut self.steps[step];
        let allowed = planned.tries() + state.interruptions.min(MAX_INTERRUPTIONS);
        if planned.repeatable() && state.starts < allowed {
            state.phase = Phase::Retrying { until: None, why: why.to_owned() };
            self.guard_start(step);
        } else {
            self.fail(step, why);
        }
    }

    /// The step failed for good: unwind.
    fn fail(&mut self, step: usize, why: &str) {
        let why = self.about(step, why);
        self.steps[step].phase = Phase::Failed { why: why.clone() };
        self.course = Course::Unwinding(match &self.cancel {
            Some(why) => Outcome::Cancelled { why: why.clone() },
            None => Outcome::Unwound { why },
        });
    }

    fn undo_failed(&mut self, step: usize, why: &str) {
        let why = self.about(step, &format!("taking it back failed: {why}"));
        self.course = Course::Decided(Outcome::Stuck { why });
    }

    /// An undo is over with its last step: what it brings back may well be the problem.
    pub(super) fn settle_end_of_undo(&mut self) {
        let over = self.plan.undoes.is_some() && self.current().is_none() && !self.has_guard_due();
        if over && self.course == Course::Forward {
            self.course = Course::Decided(Outcome::Succeeded);
        }
    }

    /// A cancellation takes hold as soon as no step is in flight or waits for its verify.
    pub(super) fn settle_cancellation(&mut self) {
        let (Course::Forward, Some(why)) = (&self.course, &self.cancel) else { return };
        let outcome = Outcome::Cancelled { why: why.clone() };
        if let Some(step) = self.current() {
            match &self.steps[step].phase {
                Phase::InFlight(_) | Phase::Ran(_) => return,
                Phase::Retrying { why, .. } => self.steps[step].phase = Phase::Failed { why: why.clone() },
                Phase::Pending | Phase::Succeeded | Phase::Failed { .. } => {}
            }
        }
        self.course = Course::Unwinding(outcome);
    }
}
