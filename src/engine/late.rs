//! A step of a running repair whose values have become known: judged as things are now, and asked for where it has to be.

use super::effect::Effect;
use super::plan::{Draft, judge_alone};
use super::repairs::{LateStep, Word};
use super::world::World;
use crate::domain::approval::{Approval, ApprovalState, OfStep};
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::signal::{Problem, Timestamp};
use crate::engine::remediate::Permitted;
use crate::policy::Decision;

impl World {
    /// Says whether a late step may run, or asks people.
    pub(super) fn late_step(&mut self, late: LateStep, now: Timestamp) {
        let of = late.of;
        if let Some(word) = self.word_on(late, now) {
            self.effects.push(Effect::Answer { of, word: Box::new(word) });
        }
    }

    /// The word on a late step; `None` where people have it.
    fn word_on(&mut self, late: LateStep, now: Timestamp) -> Option<Word> {
        let LateStep { incident: id, of, problem, plan, must_ask } = late;
        let running = self.incident(id).and_then(|incident| incident.running_repair());
        if running.is_none_or(|repair| repair.remediation != of.remediation) {
            return Some(Err("the incident has moved on".to_owned()));
        }
        let facts = self.facts(&plan.runbook, &problem.target, now);
        let mut draft = match judge_alone(plan, &self.knowledge.policy, &facts) {
            Ok(draft) => draft,
            Err(why) => return Some(Err(why)),
        };
        match draft.decision {
            Decision::Forbid => Some(Err(draft.forbidden())),
            Decision::Allow if !must_ask => {
                self.audit_decision(id, Some(of.remediation), &draft, now);
                let step = draft.plan.steps.pop()?;
                Some(Ok(Permitted { step, approval: None }))
            }
            Decision::Allow | Decision::Approve if self.latest(&problem).is_none() => {
                Some(Err("the problem is gone".to_owned()))
            }
            Decision::Allow | Decision::Approve => {
                // A yes is good for one try.
                draft.plan.steps.iter_mut().for_each(|step| step.asked = true);
                self.ask_for_step(id, &draft, &problem, of, now)
            }
        }
    }

    fn ask_for_step(
        &mut self,
        id: IncidentId,
        draft: &Draft,
        problem: &Problem,
        of: OfStep,
        now: Timestamp,
    ) -> Option<Word> {
        let of_this = |asked: &&Approval| asked.of_step.is_some_and(|o| o.remediation == of.remediation);
        if let Some(asked) = self.approvals.values().find(of_this) {
            let same = asked.of_step == Some(of)
                && asked.plan.runs_the_same(&draft.plan)
                && asked.needed == draft.approvers();
            if same {
                // A repair that was taken up again asks what it had asked: the question stands.
                return None;
            }
            // It was asked by the Steward before this one, so that nobody waits for its answer.
            let (number, why) = (asked.number, "something else would run now");
            self.close_question(number, ApprovalState::Withdrawn, None, Some(why), now);
        }
        let request = self.request(id, draft, problem, now);
        let asked = self.put_to_people(draft, Approval { of_step: Some(of), ..request }, now);
        (!asked).then(|| Err("the incident takes no question now".to_owned()))
    }

    /// A repair is over: what it asked for a step needs no answer.
    pub(super) fn end_questions_of(&mut self, remediation: RemediationId, now: Timestamp) {
        let of_this = |asked: &&Approval| asked.of_step.is_some_and(|of| of.remediation == remediation);
        let numbers: Vec<u64> = self.approvals.values().filter(of_this).map(|asked| asked.number).collect();
        for number in numbers {
            let why = Some("its repair is over");
            self.end_approval(number, ApprovalState::Withdrawn, None, why, now);
        }
    }
}
