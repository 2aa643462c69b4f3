//! What needs a person's yes: asked, taken back, answered.

use super::effect::Effect;
use super::plan::{Draft, Part};
use super::respond::first_line;
use super::timer::Timer;
use super::world::World;
use crate::domain::action::Executable;
use crate::domain::approval::{Approval, ApprovalState, ApprovedAction};
use crate::domain::ids::{ApprovalId, IncidentId};
use crate::domain::incident::{Event, Incident};
use crate::domain::remediation::{Plan, PlannedStep};
use crate::domain::signal::{Signal, Timestamp};
use crate::policy::Decision;

/// What a command of a plan is for, unless it does the step.
fn purpose(part: &Part) -> Option<String> {
    match part {
        Part::Run => None,
        Part::Capture(name) => Some(format!("to note `{name}` beforehand")),
        Part::Verify => Some("to verify".to_owned()),
        Part::Undo => Some("to take it back if it fails".to_owned()),
    }
}

/// Whether two plans run the same commands, whatever the policy thinks of them.
fn same_commands(one: &Plan, other: &Plan) -> bool {
    let commands = |plan: &Plan| {
        let step = |s: &PlannedStep| (s.captures.clone(), s.run.clone(), s.verify.clone(), s.undo.clone());
        plan.steps.iter().map(step).collect::<Vec<_>>()
    };
    commands(one) == commands(other)
}

impl World {
    /// Asks people for a plan.
    pub(super) fn ask(&mut self, id: IncidentId, draft: &Draft, signal: &Signal, now: Timestamp) {
        let number = self.counters.1 + 1;
        self.counters.1 = number;
        self.batch.counters = Some(self.counters);
        let policy = &self.knowledge.policy;
        let actions: Vec<ApprovedAction> = draft
            .judged
            .iter()
            .map(|judged| ApprovedAction {
                action: judged.action.clone(),
                digest: policy.digest(&judged.action).to_string(),
                effect: judged.evaluation.effect,
                blast_radius: judged.evaluation.blast_radius,
                reasons: judged.evaluation.reasons.clone(),
                undo: judged.evaluation.undo.clone(),
                purpose: purpose(&judged.part),
                looks: matches!(judged.part, Part::Capture(_) | Part::Verify),
                executable: None,
            })
            .collect();
        // A yes covers all of these, so all of them are shown.
        let commands = actions.iter().map(ToString::to_string).collect();
        let mut reasons: Vec<String> = Vec::new();
        for judged in draft.judged.iter().filter(|j| j.evaluation.decision == Decision::Approve) {
            let reason = first_line(judged.evaluation.reasons.first());
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        let expires_at = now + self.settings.approval_expiry;
        let approval = Approval {
            id: ApprovalId(Self::new_id(now)),
            number,
            incident: id,
            problem: signal.problem(),
            runbook: draft.plan.runbook.clone(),
            plan: draft.plan.clone(),
            actions,
            state: ApprovalState::Pending,
            requested_at: now,
            expires_at,
            decided_by: None,
        };
        let event = Event::ApprovalRequested {
            approval: approval.id,
            number,
            runbook: approval.runbook.clone(),
            commands,
            reasons,
            expires_at,
        };
        if self.record(id, event, now) {
            self.batch.approvals.push((approval.clone(), None));
            let actions = approval.actions.iter().map(|shown| shown.action.clone()).collect();
            self.effects.push(Effect::Fingerprint { approval: number, actions });
            self.approvals.insert(number, approval);
            self.wake(expires_at, Timer::Approval(number));
        }
    }

    /// Notes which programs the commands of a question mean, so that a yes opens these and no others.
    pub(super) fn fingerprinted(&mut self, number: u64, executables: Vec<Option<Executable>>) {
        let Some(approval) = self.approvals.get_mut(&number) else { return };
        for (shown, executable) in approval.actions.iter_mut().zip(executables) {
            shown.executable = executable;
        }
        self.batch.approvals.push((approval.clone(), None));
    }

    /// Ends a question. `None` if there is no such question that still waits.
    pub(super) fn end_approval(
        &mut self,
        number: u64,
        state: ApprovalState,
        by: Option<&str>,
        why: Option<&str>,
        now: Timestamp,
    ) -> Option<Approval> {
        let mut approval = self.approvals.remove(&number)?;
        if approval.decide(state, by).is_err() {
            return None;
        }
        self.batch.approvals.push((approval.clone(), Some(now)));
        let ended = Event::ApprovalEnded {
            approval: approval.id,
            number,
            runbook: approval.runbook.clone(),
            state,
            by: by.map(str::to_owned),
            why: why.map(str::to_owned),
        };
        self.record(approval.incident, ended, now);
        Some(approval)
    }

    /// A person said yes: exactly the plan that was shown runs, if the policy still lets it.
    ///
    /// # Errors
    /// Why nothing runs, for people.
    pub(super) fn approved(&mut self, approval: Approval, by: &str, now: Timestamp) -> Result<(), String> {
        let id = approval.incident;
        let Some(signal) = self.latest(&approval.problem).map(|row| row.signal.clone()) else {
            return Err(format!("The problem is gone, so {} was not run.", approval.runbook));
        };
        let Some(runbook) = self.knowledge.runbooks.iter().find(|r| r.name == approval.runbook).cloned()
        else {
            return Err(format!("{} is no longer there, so nothing was run.", approval.runbook));
        };
        let draft = Draft { plan: approval.plan.clone(), judged: Vec::new(), decision: Decision::Approve };
        self.begin_repair(id, &draft, &runbook, &signal, Some(approval), &format!("approved by {by}"), now);
        match self.incident(id).and_then(Incident::running_repair) {
            Some(_) => Ok(()),
            None => Err("The incident has moved on, so nothing was run.".to_owned()),
        }
    }

    /// Takes a question back whose problem is gone, or that needs no answer any more (a pause ended, a rule came).
    pub(super) fn review_question(&mut self, id: IncidentId, now: Timestamp) {
        let Some((_, number)) = self.incident(id).and_then(|incident| incident.approval) else { return };
        let Some(approval) = self.approvals.get(&number) else { return };
        let why = match self.latest(&approval.problem) {
            None => "its problem is gone",
            Some(row) => {
                let runbook = self.knowledge.runbooks.iter().find(|r| r.name == approval.runbook);
                let draft =
                    runbook.and_then(|r| self.draft_for(r, &row.signal, &approval.problem.target).ok());
                match draft {
                    Some(draft) if !same_commands(&draft.plan, &approval.plan) => {
                        "the runbook was edited, so it would do something else now"
                    }
                    Some(draft) if draft.decision == Decision::Forbid => "the policy forbids it now",
                    Some(draft) if draft.decision == Decision::Approve => return,
                    Some(_) => "it needs no yes any more",
                    None => "the runbook no longer fits",
                }
            }
        };
        self.end_approval(number, ApprovalState::Withdrawn, None, Some(why), now);
    }
}
