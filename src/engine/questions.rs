//! What needs a person's yes: asked, taken back, answered.

use super::cards::question::{answered, concluded, counted, not_begun, question, reasons, waits};
use super::effect::Effect;
use super::plan::{Draft, Judged};
use super::repairs::word;
use super::timer::Timer;
use super::world::World;
use crate::domain::action::Executable;
use crate::domain::approval::{Answered, Approval, ApprovalState, ApprovedAction, Person};
use crate::domain::ids::{ApprovalId, IncidentId};
use crate::domain::incident::{Event, Incident};
use crate::domain::remediation::{Outcome, UNDO_OF};
use crate::domain::signal::{Problem, Signal, Timestamp};
use crate::policy::Decision;
use crate::store::batch::Put;

/// How long a question waits that belongs to a wish.
const WISH_WAITS: std::time::Duration = std::time::Duration::from_secs(36 * 3600);

impl World {
    /// Asks people for a plan.
    pub(super) fn ask(&mut self, id: IncidentId, draft: &Draft, signal: &Signal, now: Timestamp) {
        let approval = self.request(id, draft, &signal.problem(), now);
        self.put_to_people(draft, approval, now);
    }

    /// Asks people for what the agent proposes.
    pub(super) fn ask_for_agent(
        &mut self,
        id: IncidentId,
        draft: &Draft,
        signal: &Signal,
        proposed_by: String,
        now: Timestamp,
    ) {
        let approval = self.request(id, draft, &signal.problem(), now);
        // Nothing is broken where somebody only wants something: there is time to think about it.
        let is_wish = self.incident(id).is_some_and(|incident| !incident.is_fault());
        let expires_at = if is_wish { now + WISH_WAITS } else { approval.expires_at };
        self.put_to_people(draft, Approval { by_agent: true, proposed_by, expires_at, ..approval }, now);
    }

    /// What people call a runbook, or a plan of the agent.
    pub(super) fn called(&self, runbook: &str) -> String {
        self.title_of(runbook).map_or_else(|| runbook.to_owned(), |title| format!("\"{title}\""))
    }

    /// The title of a plan of the agent, whose name says nothing to people.
    fn title_of(&self, runbook: &str) -> Option<String> {
        let name = runbook.strip_prefix(UNDO_OF).unwrap_or(runbook);
        self.plans.get(name).map(|plan| plan.title.clone())
    }

    /// Puts a request to people. What the incident does not accept is not asked.
    pub(super) fn put_to_people(&mut self, draft: &Draft, approval: Approval, now: Timestamp) -> bool {
        let (id, number) = (approval.incident, approval.number);
        // A yes covers all of these, so all of them are shown.
        let commands = approval.actions.iter().map(ToString::to_string).collect();
        let reasons = reasons(&approval.actions);
        let event = Event::ApprovalRequested {
            approval: approval.id,
            number,
            runbook: approval.runbook.clone(),
            title: approval.title.clone(),
            commands,
            reasons,
            expires_at: approval.expires_at,
        };
        if !self.record(id, event, now) {
            return false;
        }
        self.batch.approvals.push((approval.clone(), None));
        let remediation = approval.of_step.map(|of| of.remediation);
        self.audit_decision(id, remediation, draft, now);
        self.audit_approval(&approval, "requested", None, now);
        self.effects.push(Effect::fingerprint(&approval));
        self.put_question(id, &approval);
        self.wake(approval.expires_at, Timer::Approval(number));
        self.approvals.insert(number, approval);
        true
    }

    /// A request for permission to run what was drafted, as it is asked now.
    pub(super) fn request(
        &mut self,
        id: IncidentId,
        draft: &Draft,
        problem: &Problem,
        now: Timestamp,
    ) -> Approval {
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
                reasons: why_asked(judged),
                undo: judged.evaluation.undo.clone(),
                purpose: judged.part.purpose(),
                looks: judged.part.looks(),
                late: judged.late,
                executable: None,
            })
            .collect();
        let expires_at = now + self.settings.approval_expiry;
        Approval {
            id: ApprovalId(Self::new_id(now)),
            number,
            incident: id,
            problem: problem.clone(),
            of_step: None,
            runbook: draft.plan.runbook.clone(),
            plan: draft.plan.clone(),
            actions,
            state: ApprovalState::Pending,
            requested_at: now,
            expires_at,
            needed: draft.approvers(),
            yes: Vec::new(),
            title: self.title_of(&draft.plan.runbook),
            by_agent: false,
            proposed_by: String::new(),
            decided_by: None,
        }
    }

    /// Notes which programs the commands of a question mean, so that a yes opens these and no others.
    pub(super) fn fingerprinted(
        &mut self,
        number: u64,
        executables: Vec<Option<Executable>>,
        now: Timestamp,
    ) {
        let Some(approval) = self.approvals.get_mut(&number) else { return };
        for (shown, executable) in approval.actions.iter_mut().zip(executables) {
            shown.executable = executable;
        }
        let approval = approval.clone();
        self.batch.approvals.push((approval.clone(), None));
        if approval.left() > 0 {
            return;
        }
        // Everybody has said yes before this was known.
        let missing = approval.actions.iter().find(|shown| shown.executable.is_none());
        if let Some(missing) = missing {
            let why = format!("the program of `{}` can't be found on its host", missing.action);
            self.end_approval(number, ApprovalState::Withdrawn, None, Some(&why), now);
        } else if let Err(why) = self.conclude_yes(number, now) {
            tracing::info!(approval = number, why, "what was approved did not begin");
        }
    }

    /// Ends a question, and tells the repair whose step it was for. `None` if there is no such question that still
    /// waits.
    pub(super) fn end_approval(
        &mut self,
        number: u64,
        state: ApprovalState,
        by: Option<&str>,
        why: Option<&str>,
        now: Timestamp,
    ) -> Option<Approval> {
        let approval = self.close_question(number, state, by, why, now)?;
        if let (Some(of), Some(word)) = (approval.of_step, word(approval.clone(), why)) {
            self.effects.push(Effect::Answer { of, word: Box::new(word) });
        }
        Some(approval)
    }

    /// Ends a question.
    pub(super) fn close_question(
        &mut self,
        number: u64,
        state: ApprovalState,
        by: Option<&str>,
        why: Option<&str>,
        now: Timestamp,
    ) -> Option<Approval> {
        let mut approval = self.approvals.get(&number)?.clone();
        approval.decide(state, by).ok()?;
        self.approvals.remove(&number);
        // Too few is no answer, but not the same as none.
        let too_few = approval.tally().filter(|_| state == ApprovalState::Expired);
        let too_few = too_few.map(|tally| format!("only {tally}"));
        let why = why.or(too_few.as_deref());
        self.batch.approvals.push((approval.clone(), Some(now)));
        self.audit_approval(&approval, state.as_str(), why, now);
        let ended = Event::ApprovalEnded {
            approval: approval.id,
            number,
            runbook: approval.runbook.clone(),
            state,
            by: by.map(str::to_owned),
            why: why.map(str::to_owned),
        };
        self.record(approval.incident, ended, now);
        let tz = self.settings.tz;
        self.change_question(approval.incident, |put| {
            put.approval == number && {
                put.card = answered(std::mem::take(&mut put.card), state, by, why, now, tz);
                put.is_final = state != ApprovalState::Approved;
                true
            }
        });
        self.adoption_answered(&approval, state, now);
        Some(approval)
    }

    /// Counts somebody's yes, and shows it where more are needed. `None`: nothing waits under this number.
    pub(super) fn count_yes(&mut self, number: u64, who: &Person) -> Option<Answered> {
        let approval = self.approvals.get_mut(&number)?;
        let answered = approval.say_yes(who).ok()?;
        if matches!(answered, Answered::Counted { .. } | Answered::Enough) {
            let approval = approval.clone();
            self.batch.approvals.push((approval.clone(), None));
            self.change_question(approval.incident, |put| {
                put.approval == number && {
                    put.card = counted(std::mem::take(&mut put.card), &approval);
                    true
                }
            });
        }
        Some(answered)
    }

    /// Puts a question to people, as a card of its own.
    fn put_question(&mut self, id: IncidentId, approval: &Approval) {
        let runbook = self.runbook(&approval.runbook);
        let title = runbook.map_or(approval.runbook.as_str(), |runbook| runbook.title.as_str());
        let (host, tz) = (self.settings.host.as_str(), self.settings.tz);
        let Some(number) = self.incident(id).map(|incident| incident.number) else { return };
        let card = question(approval, number, title, host, tz);
        let put = Put {
            approval: approval.number,
            runbook: approval.runbook.clone(),
            card,
            posted: false,
            is_final: false,
        };
        if let Some(live) = self.incidents.get_mut(&id) {
            live.telling.questions.push(put);
        }
    }

    /// Changes the cards for which `change` says that it did.
    fn change_question(&mut self, id: IncidentId, mut change: impl FnMut(&mut Put) -> bool) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        for put in &mut live.telling.questions {
            if change(put) {
                put.posted = false;
            }
        }
        self.dirty.insert(id);
    }

    /// What they stood in was deleted: those that are still open are put again.
    pub(super) fn put_questions_again(&mut self, id: IncidentId) {
        self.change_question(id, |put| !put.card.actions.is_empty());
    }

    /// What was permitted goes on with another incident, and is told there.
    pub(super) fn questions_moved(&mut self, id: IncidentId, into: u64) {
        let why = format!("called off, because the incident went on as part of #{into}");
        // An offer outlives its case, and is answered where it stands.
        let offers: Vec<u64> = self.offers.keys().copied().collect();
        self.change_question(id, |put| {
            let is_open = !put.is_final && !offers.contains(&put.approval);
            if is_open {
                put.card = not_begun(std::mem::take(&mut put.card), &why);
                put.is_final = true;
            }
            is_open
        });
    }

    /// What was permitted has come to its end.
    pub(super) fn question_concluded(&mut self, id: IncidentId, runbook: &str, outcome: &Outcome) {
        self.change_question(id, |put| {
            let is_it = put.runbook == runbook && put.card.actions.is_empty() && !put.is_final;
            if is_it {
                put.card = concluded(std::mem::take(&mut put.card), outcome);
                put.is_final = true;
            }
            is_it
        });
    }

    /// What was permitted has to wait for its turn.
    pub(super) fn question_waits(&mut self, id: IncidentId, approval: u64, text: &str) {
        self.change_question(id, |put| {
            let is_it = put.approval == approval;
            if is_it {
                put.card = waits(std::mem::take(&mut put.card), text);
            }
            is_it
        });
    }

    /// What was permitted could not begin.
    pub(super) fn question_not_begun(&mut self, id: IncidentId, approval: u64, why: &str) {
        self.change_question(id, |put| {
            let is_it = put.approval == approval;
            if is_it {
                put.card = not_begun(std::mem::take(&mut put.card), why);
                put.is_final = true;
            }
            is_it
        });
    }

    /// A person said yes: exactly the plan that was shown runs, if the policy still lets it.
    ///
    /// # Errors
    /// Why nothing runs, for people.
    pub(super) fn approved(&mut self, approval: Approval, by: &str, now: Timestamp) -> Result<(), String> {
        if approval.of_step.is_some() {
            // Its repair waits for the answer, and goes on.
            return Ok(());
        }
        if approval.is_for_undo() {
            return self.undo_approved(approval, by, now);
        }
        let id = approval.incident;
        let Some(signal) = self.latest(&approval.problem).map(|row| row.signal.clone()) else {
            return Err(format!("The problem is gone, so {} was not run.", approval.subject()));
        };
        let Some(runbook) = self.runbook(&approval.runbook).cloned() else {
            return Err(format!("{} is no longer there, so nothing was run.", approval.subject()));
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
        if approval.is_for_undo() {
            return self.review_undo(number, now);
        }
        let why = match self.latest(&approval.problem) {
            None => "its problem is gone",
            // Its repair is under way as it was begun: neither an edit nor a pause that ended changes its question.
            Some(_) if approval.of_step.is_some() => return,
            Some(row) => {
                let runbook = self.runbook(&approval.runbook);
                let draft =
                    runbook.and_then(|r| self.draft_for(r, &row.signal, &approval.problem.target, now).ok());
                match draft {
                    Some(draft) if !draft.plan.runs_the_same(&approval.plan) => {
                        "the runbook was edited, so it would do something else now"
                    }
                    Some(draft) if draft.decision == Decision::Forbid => "the policy forbids it now",
                    Some(draft)
                        if draft.decision == Decision::Approve && draft.approvers() != approval.needed =>
                    {
                        "it needs the yes of more or of fewer people now"
                    }
                    Some(draft) if draft.decision == Decision::Approve || approval.by_agent => return,
                    Some(_) => "it needs no yes any more",
                    None => "the runbook no longer fits",
                }
            }
        };
        self.end_approval(number, ApprovalState::Withdrawn, None, Some(why), now);
    }
}

/// Why a command of a draft needs a person, the gist first; nothing where it needs none.
fn why_asked(judged: &Judged) -> Vec<String> {
    let evaluation = &judged.evaluation;
    if evaluation.decision == Decision::Allow {
        return Vec::new();
    }
    evaluation.reasons.clone()
}
