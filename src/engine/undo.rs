//! Taking back what a repair did, because a person wants it.
//!
//! The way back is a remediation of its own: judged, recorded and verified like any other. What the policy would not
//! do by itself is shown first and done once the person says so again; what it forbids is not done at all.

use super::effect::Effect;
use super::plan::{Draft, judge};
use super::reach::Reach;
use super::respond::first_line;
use super::world::World;
use crate::domain::approval::{Approval, ApprovalState};
use crate::domain::card::Card;
use crate::domain::escalation::Cause;
use crate::domain::ids::{ApprovalId, IncidentId, RemediationId};
use crate::domain::incident::{Event, Incident, State};
use crate::domain::remediation::{Outcome, Plan, Saga, take_back};
use crate::domain::signal::{Origin, Problem, Timestamp};
use crate::engine::timer::Timer;
use crate::policy::Decision;
use crate::store::batch::NewRemediation;
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
    pub by: String,
    /// Whether they have seen what would run.
    pub sure: bool,
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
    /// The repair that a person means who wants incident `number` taken back.
    pub(super) fn undoable(&self, number: u64) -> Result<(IncidentId, RemediationId), String> {
        let id = self.by_number.get(&number).copied().filter(|id| self.incident(*id).is_some());
        let gone = || format!("#{number} is closed or was never there: what it changed stands as it is.");
        let id = id.ok_or_else(gone)?;
        let incident = self.incident(id).ok_or_else(gone)?;
        match incident.undoable() {
            Some(repair) => Ok((id, repair.remediation)),
            None => Err(why_not(incident)),
        }
    }

    /// Takes a repair back, or shows what that would run.
    pub(super) fn take_back(&mut self, way: WayBack, now: Timestamp) -> Card {
        let WayBack { incident: id, of, plan, by, sure } = way;
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
        let refused = draft.judged.iter().find(|j| j.evaluation.decision == Decision::Forbid);
        if let Some(judged) = refused {
            let why = first_line(judged.evaluation.reasons.first());
            return Card::titled(format!("I may not take #{number} back"))
                .line(format!("`{}`: {why}.", judged.action));
        }
        if draft.decision == Decision::Approve && draft.approvers() > 1 {
            return Card::titled(format!("Taking #{number} back takes {} people's yes", draft.approvers()))
                .line("I can only ask one for that, so it has to be done by hand.");
        }
        if draft.decision == Decision::Approve && !sure {
            return shown(number, &draft);
        }
        let runbook = draft.plan.runbook.clone();
        match self.begin_undo(id, of, draft, problem, &by, now) {
            true => Card { done: true, ..Card::titled(format!("{runbook} of #{number} begins.")) },
            false => Card::titled(format!("#{number} has moved on, so nothing was taken back.")),
        }
    }

    fn begin_undo(
        &mut self,
        id: IncidentId,
        of: RemediationId,
        draft: Draft,
        problem: Problem,
        by: &str,
        now: Timestamp,
    ) -> bool {
        let remediation = RemediationId(Self::new_id(now));
        let runbook = draft.plan.runbook.clone();
        let started = Event::UndoStarted { remediation, of, runbook: runbook.clone(), by: by.to_owned() };
        if !self.record(id, started, now) {
            return false;
        }
        self.audit(by, "undo", serde_json::json!({ "incident": self.number(id), "repair": of }), now);
        let approval =
            (draft.decision == Decision::Approve).then(|| self.said_so(id, &draft, &problem, by, now));
        self.audit_decision(id, Some(remediation), &draft, now);
        let reach = Reach::of(&draft.plan, &problem.target, &self.knowledge.topology);
        let terms = Terms { plan: draft.plan, approval, origin: Origin::Steward };
        self.batch.remediations.push(NewRemediation {
            id: remediation,
            incident: id,
            problem: problem.clone(),
            terms: terms.clone(),
            at: now,
        });
        self.running.insert(remediation, reach.clone());
        let repair = Unfinished { id: remediation, incident: id, problem, terms, log: Vec::new() };
        self.effects.push(Effect::Repair(Box::new(repair), reach));
        true
    }

    /// The permission that a person gave by saying twice that they want it.
    fn said_so(
        &mut self,
        id: IncidentId,
        draft: &Draft,
        problem: &Problem,
        by: &str,
        now: Timestamp,
    ) -> Approval {
        let mut approval = self.request(id, draft, problem, now);
        approval.id = ApprovalId(Self::new_id(now));
        approval.state = ApprovalState::Approved;
        approval.decided_by = Some(by.to_owned());
        self.batch.approvals.push((approval.clone(), Some(now)));
        approval
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
        let ended = Event::UndoEnded { remediation, runbook: runbook.to_owned(), outcome: outcome.clone() };
        if !self.record(id, ended, now) {
            return;
        }
        let undone = self.incident(id).and_then(|incident| {
            let repair = incident.repairs.iter().rev().find(|repair| repair.undone_by.is_some())?;
            Some((repair.runbook.clone(), repair.target.clone(), repair.undone_by.clone()?))
        });
        if let (Some((runbook, target, by)), Outcome::Succeeded | Outcome::Deferred) = (undone, outcome) {
            self.lose_trust(&runbook, &target, &format!("{by} had the last run taken back"), now);
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
}

/// Why nothing of an incident can be taken back now.
fn why_not(incident: &Incident) -> String {
    let number = incident.number;
    if incident.running_repair().is_some() || incident.undoing.is_some() {
        return format!("A repair of #{number} is running; when it has ended, ask again.");
    }
    let done = |r: &&crate::domain::incident::Repair| {
        matches!(r.outcome, Some(Outcome::Succeeded | Outcome::Deferred))
    };
    match incident.repairs.iter().rev().find(done) {
        None => format!("Nothing that was done for #{number} is still in force."),
        Some(repair) => match &repair.undone_by {
            Some(by) => format!("{by} had {} taken back already.", repair.runbook),
            None => format!("{} restores what is declared: there is nothing to take back.", repair.runbook),
        },
    }
}

/// What would run, before it does.
fn shown(number: u64, draft: &Draft) -> Card {
    let runs = draft.judged.iter().map(|judged| format!("`{}`", judged.action)).collect::<Vec<_>>();
    let reasons = draft.judged.iter().filter(|j| j.evaluation.decision == Decision::Approve);
    let mut why: Vec<String> = reasons.map(|j| first_line(j.evaluation.reasons.first())).collect();
    why.dedup();
    Card::titled(format!("Taking back what was done for #{number} needs your word"))
        .field("Would run", runs.join("\n"))
        .field("Why I ask", why.join("\n"))
        .action("Take it back", format!("undo {number} now"))
}
