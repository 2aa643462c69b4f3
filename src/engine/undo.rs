//! Taking back what a repair did, because a person wants it.
//!
//! The way back is a remediation of its own: judged, recorded and verified like any other. What the policy would not
//! do by itself is asked like any other, and a yes begins exactly what was shown; what it forbids is not done at all.

use serde_json::json;

use super::effect::Effect;
use super::plan::{Draft, judge};
use super::respond::first_line;
use super::trusting::UNDONE;
use super::world::World;
use crate::domain::approval::{Approval, ApprovalState, Person};
use crate::domain::card::Card;
use crate::domain::escalation::Cause;
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::incident::{Event, Incident, State};
use crate::domain::remediation::{Outcome, Plan, Saga, take_back};
use crate::domain::signal::{Origin, Problem, Timestamp};
use crate::engine::timer::Timer;
use crate::policy::Decision;
use crate::store::sagas::{self, Terms, Unfinished};
use crate::store::{Store, StoreError};

/// What somebody wants taken back, and what that would run.
#[derive(Debug)]
pub struct WayBack {
    /// The incident.
    pub incident: IncidentId,
    /// The repair.
    pub of: RemediationId,
    /// The problem that it was for, and what would take it back; for people why nothing can.
    pub plan: Result<(Problem, Plan), String>,
    /// Who wants that.
    pub by: Person,
}

/// Works out what takes a repair back, from its log.
pub(super) async fn way_back(store: &Store, of: RemediationId) -> Result<(Problem, Plan), String> {
    let read = move |conn: &rusqlite::Connection| -> Result<_, StoreError> { sagas::one(conn, of) };
    let stored = store.read(read).await.map_err(|error| format!("I can't read my own records: {error}"))?;
    let stored = stored.ok_or("There is no record of that repair any more.")?;
    let mut saga = Saga::new(of, stored.terms.plan).map_err(|error| error.to_string())?;
    for event in &stored.log {
        saga.apply(event).map_err(|error| format!("Its record makes no sense: {error}."))?;
    }
    take_back(&saga).map(|plan| (stored.problem, plan)).map_err(|why| why.to_string())
}

impl World {
    /// The repair that a person means who wants incident `number` taken back: the last one, and no other than the
    /// incident's `repair`-th, from 1, where that is given.
    pub(super) fn undoable(
        &self,
        number: u64,
        repair: Option<u64>,
    ) -> Result<(IncidentId, RemediationId), String> {
        let gone = || format!("#{number} is closed or was never there: what it changed stands as it is.");
        let id = self.by_number.get(&number).copied().ok_or_else(gone)?;
        let incident = self.incident(id).ok_or_else(gone)?;
        let Some(last) = incident.undoable() else { return Err(why_not(incident)) };
        let nth = |nth: u64| incident.repairs.get(usize::try_from(nth).ok()?.checked_sub(1)?);
        if repair.is_some_and(|n| nth(n).is_none_or(|shown| shown.remediation != last.remediation)) {
            return Err(format!(
                "Another repair ran since that was shown, {}. `undo {number}` takes that one back.",
                incident.with_titles(&last.runbook)
            ));
        }
        Ok((id, last.remediation))
    }

    /// Takes a repair back, or asks for that.
    pub(super) fn take_back(&mut self, way: WayBack, now: Timestamp) -> Card {
        let WayBack { incident: id, of, plan, by } = way;
        let (problem, plan) = match plan {
            Ok(plan) => plan,
            Err(why) => return Card::titled("That can't be taken back").line(why),
        };
        let Some(incident) = self.incident(id) else {
            return Card::titled("The incident was closed in the meantime: what it changed stands as it is.");
        };
        let number = incident.number;
        if incident.undoable().is_none_or(|repair| repair.remediation != of) {
            return Card::titled(why_not(incident));
        }
        let facts = self.facts(&plan.runbook, &problem.target, now);
        let draft = match judge(plan, &self.knowledge.policy, &facts) {
            Ok(draft) => draft,
            Err(why) => return Card::titled(format!("#{number} can't be taken back")).line(why),
        };
        match draft.decision {
            Decision::Forbid => {
                Card::titled(format!("I may not take #{number} back")).line(format!("{}.", draft.forbidden()))
            }
            Decision::Approve => self.ask_to_undo(id, of, &draft, &problem, &by, now),
            Decision::Allow => {
                let runbook = incident.with_titles(&draft.plan.runbook);
                if !self.begin_undo(id, of, draft, problem, &by.name, None, now) {
                    return Card::titled(format!("#{number} has moved on, so nothing was taken back."));
                }
                self.audit_undo(id, of, None, &by, now);
                Card { done: true, ..Card::titled(format!("{runbook} of #{number} begins.")) }
            }
        }
    }

    /// Asks for what takes a repair back, unless that is asked already.
    fn ask_to_undo(
        &mut self,
        id: IncidentId,
        of: RemediationId,
        draft: &Draft,
        problem: &Problem,
        by: &Person,
        now: Timestamp,
    ) -> Card {
        let number = self.number(id);
        if let Some((_, asked)) = self.incident(id).and_then(|incident| incident.approval) {
            let same = self.approvals.get(&asked).is_some_and(|asked| asked.plan.undoes == Some(of));
            let line = if same { "It waits for an answer already" } else { "Another question waits" };
            return Card::titled(format!("{line}: `approve {asked}` or `deny {asked}`."));
        }
        let request = self.request(id, draft, problem, now);
        let asked = request.number;
        if !self.put_to_people(draft, request, now) {
            return Card::titled(format!("#{number} has moved on, so nothing was asked."));
        }
        self.audit_undo(id, of, Some(asked), by, now);
        let runs = draft.judged.iter().map(|judged| format!("`{}`", judged.action)).collect::<Vec<_>>();
        let reasons = draft.judged.iter().filter(|j| j.evaluation.decision == Decision::Approve);
        let mut why: Vec<String> = reasons.map(|j| first_line(j.evaluation.reasons.first())).collect();
        why.dedup();
        Card::titled(format!("Taking back what was done for #{number} needs a yes: approval {asked}"))
            .field("Would run", runs.join("\n"))
            .field("Why I ask", why.join("\n"))
            .line(format!("`approve {asked}` or `deny {asked}`."))
    }

    /// Who wanted something taken back. It is noted when that was worked out, so it says by itself who that was.
    fn audit_undo(
        &mut self,
        id: IncidentId,
        of: RemediationId,
        asked: Option<u64>,
        by: &Person,
        now: Timestamp,
    ) {
        let (platform, user_id) = by.account.split_once(':').unwrap_or_default();
        let mut data = json!({
            "incident": self.number(id),
            "repair": of,
            "platform": platform,
            "user_id": user_id,
        });
        if let (Some(data), Some(asked)) = (data.as_object_mut(), asked) {
            data.insert("approval".to_owned(), asked.into());
        }
        self.audit(&by.name, "undo", data, now);
    }

    /// People said yes: exactly what was shown begins, if there is still anything to take back.
    ///
    /// # Errors
    /// Why nothing runs, for people.
    pub(super) fn undo_approved(
        &mut self,
        approval: Approval,
        by: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let moved_on = || "The incident has moved on, so nothing was taken back.".to_owned();
        let of = approval.plan.undoes.ok_or_else(moved_on)?;
        let (id, problem) = (approval.incident, approval.problem.clone());
        let draft = Draft { plan: approval.plan.clone(), judged: Vec::new(), decision: Decision::Approve };
        let began = self.begin_undo(id, of, draft, problem, by, Some(approval), now);
        if began { Ok(()) } else { Err(moved_on()) }
    }

    /// Withdraws the question for an undo that is not what it was when it was asked.
    pub(super) fn review_undo(&mut self, number: u64, now: Timestamp) {
        let Some(approval) = self.approvals.get(&number) else { return };
        let undoable = self.incident(approval.incident).and_then(Incident::undoable);
        let facts = self.facts(&approval.runbook, &approval.problem.target, now);
        let why = match judge(approval.plan.clone(), &self.knowledge.policy, &facts) {
            _ if undoable.map(|repair| repair.remediation) != approval.plan.undoes => {
                "there is nothing to take back any more"
            }
            Err(_) => "it can't be taken back any more",
            Ok(draft) if draft.decision == Decision::Forbid => "the policy forbids it now",
            Ok(draft) if draft.decision == Decision::Approve && draft.approvers() != approval.needed => {
                "it needs the yes of more or of fewer people now"
            }
            // Also what needs no yes any more waits for the one that was asked for.
            Ok(_) => return,
        };
        self.end_approval(number, ApprovalState::Withdrawn, None, Some(why), now);
    }

    #[expect(clippy::too_many_arguments, reason = "two call sites; a struct would only rename them")]
    fn begin_undo(
        &mut self,
        id: IncidentId,
        of: RemediationId,
        draft: Draft,
        problem: Problem,
        by: &str,
        approval: Option<Approval>,
        now: Timestamp,
    ) -> bool {
        let remediation = RemediationId(Self::new_id(now));
        let runbook = draft.plan.runbook.clone();
        let started = Event::UndoStarted { remediation, of, runbook: runbook.clone(), by: by.to_owned() };
        if !self.record(id, started, now) {
            return false;
        }
        if !draft.judged.is_empty() {
            self.audit_decision(id, Some(remediation), &draft, now);
        }
        let terms = Terms { plan: draft.plan, approval, origin: Origin::Steward, written: None };
        self.launch(Unfinished { id: remediation, incident: id, problem, terms, log: Vec::new() }, now);
        true
    }

    /// Taking a repair back has ended.
    pub(super) fn undo_ended(
        &mut self,
        id: IncidentId,
        remediation: RemediationId,
        runbook: &str,
        outcome: &Outcome,
        now: Timestamp,
    ) {
        let of = self.incident(id).and_then(|incident| Some(incident.undoing.as_ref()?.of));
        let ended = Event::UndoEnded { remediation, runbook: runbook.to_owned(), outcome: outcome.clone() };
        if !self.record(id, ended, now) {
            return;
        }
        self.question_concluded(id, runbook, outcome);
        if let Some(of) = of {
            self.count_undone(id, of, now);
            self.adoption_undone(id, of, now);
        }
        if let Outcome::Stuck { why } = outcome {
            let text = format!("{runbook} is stuck: {}. A person has to look.", why.trim_end_matches('.'));
            self.escalate(id, Cause::Stuck, text, now);
        }
        let why = format!("to see how things are after {runbook}");
        for skill in self.finders(id) {
            if self.knowledge.skills.contains(&skill) {
                self.effects.push(Effect::RunSkill { skill, why: why.clone() });
            }
        }
        if self.incident(id).is_some_and(|incident| incident.state == State::Resolved) {
            self.wake(now + self.settings.reopen_window, Timer::Close(id));
        }
    }

    /// A repair that was taken back, were it half way, proves nothing, neither now nor after a restart.
    fn count_undone(&mut self, id: IncidentId, of: RemediationId, now: Timestamp) {
        let Some(repair) = self.incident(id).and_then(|incident| incident.repair(of)).cloned() else {
            return;
        };
        let Some(by) = repair.undone_by else { return };
        self.lose_trust(&repair.runbook, &repair.target, &format!("{by} had the last run taken back"), now);
        self.batch.ended.push((of, now, UNDONE.to_owned()));
        let history = self.histories.entry((repair.runbook, repair.target)).or_default();
        history.last_success = history.last_success.filter(|(success, _)| *success != of);
    }

    /// What is being taken back is told in its own incident, which has to stay for that.
    ///
    /// # Errors
    /// It is, in words for people.
    pub(super) fn not_being_undone(&self, id: IncidentId) -> Result<(), String> {
        let Some(incident) = self.incident(id).filter(|incident| incident.undoing.is_some()) else {
            return Ok(());
        };
        Err(format!("A repair of #{} is being taken back; when that has ended, ask again.", incident.number))
    }
}

/// Why nothing of an incident can be taken back now.
fn why_not(incident: &Incident) -> String {
    let number = incident.number;
    if incident.running_repair().is_some() || incident.undoing.is_some() {
        return format!("A repair of #{number} is running; when it has ended, ask again.");
    }
    let Some(repair) = incident.last_in_force() else {
        return format!("Nothing that was done for #{number} is still in force.");
    };
    let runbook = incident.with_titles(&repair.runbook);
    match &repair.undone_by {
        _ if !repair.is_done() => format!(
            "{runbook} got stuck half way, and what it left may lie on top of what was done before: that has to be taken back by hand."
        ),
        Some(by) if repair.half_undone => {
            format!("{by} had {runbook} taken back, and that came half way: the rest has to be done by hand.")
        }
        Some(by) => format!("{by} had {runbook} taken back already."),
        None => format!("{runbook} restores what is declared: there is nothing to take back."),
    }
}
