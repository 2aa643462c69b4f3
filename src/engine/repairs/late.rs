//! What a repair asks when the values of a late step are known, and how the answer finds it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::Shop;
use super::door::Door;
use crate::domain::approval::{Approval, ApprovalState, OfStep};
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::remediation::{Plan, PlannedStep};
use crate::domain::signal::Problem;
use crate::engine::activity::Busy;
use crate::engine::message::Message;
use crate::engine::plan::judge_alone;
use crate::engine::remediate::Permitted;
use crate::policy::Decision;
use crate::store::{StoreError, sagas};

/// A late step whose values are known, as its repair brings it before the engine.
#[derive(Debug, Clone)]
pub struct LateStep {
    /// The incident.
    pub incident: IncidentId,
    /// The repair and its step.
    pub of: OfStep,
    /// The problem that the repair is for.
    pub problem: Problem,
    /// The step alone, with the checks of its plan.
    pub plan: Plan,
    /// Whether the repair needs a yes for it in any case, by what it was begun under.
    pub must_ask: bool,
}

/// What the engine says to it: it may run, or why not.
pub type Word = Result<Permitted, String>;

/// The repairs that wait for a word. Held in memory alone: a repair that is taken up asks once more.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<Mutex<HashMap<RemediationId, Wait>>>);

struct Wait {
    step: usize,
    answer: oneshot::Sender<(Word, Busy)>,
}

impl Waiting {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RemediationId, Wait>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, of: OfStep) -> oneshot::Receiver<(Word, Busy)> {
        let (answer, word) = oneshot::channel();
        self.lock().insert(of.remediation, Wait { step: of.step, answer });
        word
    }

    /// Takes what is left of a repair that is over, or goes on later.
    pub(super) fn forget(&self, remediation: RemediationId) {
        self.lock().remove(&remediation);
    }
}

impl Shop {
    /// Tells a repair what became of its late step. One that waits for nothing does not need to know.
    pub fn answer(&self, of: OfStep, word: Word) {
        let mut waiting = self.waiting.lock();
        if waiting.get(&of.remediation).is_some_and(|wait| wait.step == of.step)
            && let Some(wait) = waiting.remove(&of.remediation)
        {
            // Whoever asked may have been called off.
            let _ = wait.answer.send((word, self.engine.activity().begin()));
        }
    }

    /// Judges a late step under the terms of its repair, and brings it before the engine: what holds now counts, too.
    pub(super) async fn permit(&self, door: &Door<'_>, step: usize, filled: PlannedStep) -> Word {
        let repair = door.repair;
        let runbook = repair.terms.plan.runbook.clone();
        let plan = Plan { checks: repair.terms.plan.checks.clone(), ..Plan::new(runbook, vec![filled]) };
        let draft = judge_alone(plan.clone(), door.policy, &door.facts)?;
        if draft.decision == Decision::Forbid {
            return Err(draft.forbidden());
        }
        let of = OfStep { remediation: repair.id, step };
        // Waiting begins before looking, so that no answer falls in between.
        let word = self.waiting.wait(of);
        if let Some(answered) = self.answered(repair.incident, of, &plan).await? {
            self.waiting.forget(repair.id);
            return answered;
        }
        let late = LateStep {
            incident: repair.incident,
            of,
            problem: repair.problem.clone(),
            plan,
            must_ask: draft.decision == Decision::Approve,
        };
        self.engine.send(Message::LateStep(Box::new(late)));
        let (word, _busy) = door.clock.rest(word).await.map_err(|_| "nobody is left to answer")?;
        word
    }

    /// The answer that an earlier Steward got for exactly this step and did not come to use.
    async fn answered(&self, incident: IncidentId, of: OfStep, plan: &Plan) -> Result<Option<Word>, String> {
        let asked = move |conn: &Connection| -> Result<_, StoreError> { sagas::asked(conn, incident, of) };
        let asked = self.store.read(asked).await;
        let asked = asked.map_err(|error| format!("it can't be read whether it was asked for: {error}"))?;
        let same = |approval: &Approval| approval.plan.steps.len() == 1 && same_step(&approval.plan, plan);
        Ok(asked.into_iter().rev().filter(same).find_map(|approval| word(approval, None)))
    }
}

fn same_step(asked: &Plan, plan: &Plan) -> bool {
    // The checks around it were shown with the plan that it is of.
    let alone = Plan::new(plan.runbook.clone(), plan.steps.clone());
    asked.runs_the_same(&alone)
}

/// What an answer means to the step that was asked for; `None` while there is none.
pub(in crate::engine) fn word(approval: Approval, why: Option<&str>) -> Option<Word> {
    let (number, by) = (approval.number, approval.decided_by.as_deref().unwrap_or("somebody"));
    let why = why.map(|why| format!(": {}", why.trim_end_matches('.'))).unwrap_or_default();
    Some(match approval.state {
        ApprovalState::Pending => return None,
        ApprovalState::Approved => match approval.plan.steps.first().cloned() {
            Some(step) => Ok(Permitted { step, approval: Some(approval) }),
            None => Err(format!("approval {number} names no step")),
        },
        ApprovalState::Denied => Err(format!("{by} said no to approval {number}{why}")),
        ApprovalState::Expired => Err(format!("approval {number} expired{why}")),
        ApprovalState::Withdrawn => Err(format!("approval {number} was withdrawn{why}")),
    })
}
