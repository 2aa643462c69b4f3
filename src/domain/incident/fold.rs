//! How an incident takes in what happens: which event fits, and what it changes.

use super::{
    Acknowledgement, Bouncing, Event, IllegalEvent, Incident, Member, Mitigation, Record, Repair, State,
    Storm, Undoing,
};
use crate::domain::agent::{PLAN_PREFIX, is_plan};
use crate::domain::approval::ApprovalState;
use crate::domain::escalation::Cause;
use crate::domain::remediation::{Outcome, UNDO_OF};
use crate::domain::signal::{Problem, Severity, Timestamp};

impl Incident {
    /// Applies the next event.
    ///
    /// # Errors
    /// When the event does not fit the state or its number is not the next; nothing changes then.
    pub fn apply(&mut self, record: &Record) -> Result<(), IllegalEvent> {
        let illegal = || IllegalEvent { number: self.number, state: self.state, event: record.event.kind() };
        if record.seq != self.last_seq + 1 || !self.accepts(&record.event) {
            return Err(illegal());
        }
        if let Some(next) = record.event.target_state() {
            if next != self.state {
                if !self.state.may_become(next) {
                    return Err(illegal());
                }
                self.changed_at = record.at;
            }
            self.state = next;
        }
        self.last_seq = record.seq;
        self.take_in(&record.event, record.at);
        Ok(())
    }

    /// What an event needs besides a legal transition.
    fn accepts(&self, event: &Event) -> bool {
        if !self.state.is_live() {
            return false;
        }
        match event {
            Event::Opened { .. } => false,
            Event::Joined { problem, .. } => self.state.is_unresolved() && self.member(problem).is_none(),
            Event::Raised { problem, .. }
            | Event::Worsened { problem, .. }
            | Event::Bouncing { problem, .. } => self.member(problem).is_some(),
            Event::Recovered { problem } | Event::Unwatched { problem, .. } => {
                self.member(problem).is_some_and(|m| m.active)
            }
            Event::Returned { problem, .. } => {
                self.member(problem).is_some_and(|m| !m.active)
                    && matches!(self.state, State::Open | State::Remediating | State::Stuck)
            }
            Event::Reopened { .. } => matches!(self.state, State::Mitigated | State::Resolved),
            // After a repair whose steps were verified, an alert may still wait for its source's word.
            Event::Mitigated { by } => {
                self.state != State::Mitigated
                    && (!self.is_active() || matches!(by, Mitigation::Repair { .. }))
            }
            Event::Resolved { .. } => !self.is_active(),
            Event::Split { problems, .. } => {
                problems.iter().all(|p| self.member(p).is_some()) && problems.len() < self.members.len()
            }
            Event::RepairStarted { .. } => {
                self.state == State::Open && self.running_repair().is_none() && self.undoing.is_none()
            }
            Event::RepairEnded { remediation, .. } => {
                self.running_repair().is_some_and(|repair| repair.remediation == *remediation)
            }
            Event::RepairStep { .. } => self.running_repair().is_some() || self.undoing.is_some(),
            Event::UndoStarted { of, .. } => self.undoable().is_some_and(|repair| repair.remediation == *of),
            Event::UndoEnded { remediation, .. } => {
                self.undoing.as_ref().is_some_and(|undoing| undoing.remediation == *remediation)
            }
            Event::ApprovalRequested { .. } => self.approval.is_none(),
            Event::ApprovalEnded { approval, .. } => self.approval.is_some_and(|(id, _)| id == *approval),
            Event::Cleared { .. } => self.state == State::Stuck,
            Event::StormBegan { .. } => self.state.is_unresolved(),
            Event::InvestigationStarted { .. } => self.investigating().is_none(),
            Event::InvestigationEnded { run, .. } => {
                self.investigating().is_some_and(|known| known.run == *run)
            }
            Event::Asked { .. }
            | Event::Offered { .. }
            | Event::OfferEnded { .. }
            | Event::Recalled { .. }
            | Event::Adopting { .. }
            | Event::Absorbed { .. }
            | Event::MergedInto { .. }
            | Event::RootMoved { .. }
            | Event::Suspects { .. }
            | Event::Truncated { .. }
            | Event::TakenForOver { .. }
            | Event::StormCounted { .. }
            | Event::StormEnded { .. }
            | Event::RepairIneffective { .. }
            | Event::NextStep { .. }
            | Event::Closed
            | Event::Acknowledged { .. }
            | Event::Flapping { .. }
            | Event::Calmed
            | Event::Escalated { .. }
            | Event::Silenced { .. }
            | Event::SilenceEnded
            | Event::Uncovered { .. }
            | Event::Inhibited { .. }
            | Event::InhibitionEnded
            | Event::Reminded { .. } => true,
        }
    }

    fn take_in(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Joined { problem, origin, severity, summary, impact, why, score, .. } => {
                self.severity = self.severity.max(*severity);
                self.members.push(Member {
                    problem: problem.clone(),
                    origin: origin.clone(),
                    severity: *severity,
                    summary: summary.clone(),
                    impact: impact.clone(),
                    active: true,
                    joined_at: at,
                    why: why.clone(),
                    score: *score,
                    bounces: Vec::new(),
                });
                let root_broke_again = self.state == State::Mitigated
                    && matches!(self.mitigated_by, Some(Mitigation::Repair { .. }))
                    && problem.target == self.root;
                self.occurrences += u32::from(root_broke_again);
                self.end_calm(at);
            }
            Event::StormBegan { root, .. } => {
                self.root = root.clone();
                self.root_why = "nothing that I know of explains all of it".to_owned();
                self.storm = Some(Storm::default());
                self.next_step =
                    Some("look for what all of it has in common: power, network, DNS, storage".to_owned());
            }
            Event::StormCounted { count, .. } => self.count(count, at),
            Event::StormEnded { count, left, .. } => {
                self.count(count, at);
                self.storm.get_or_insert_default().over = true;
                self.members.extend(left.iter().cloned());
            }
            Event::Truncated { hidden, .. } => self.hidden = *hidden,
            Event::Raised { problem, severity } => {
                self.severity = self.severity.max(*severity);
                self.with_member(problem, |m| m.severity = *severity);
            }
            Event::Worsened { problem, summary: Some(summary), .. } => {
                self.with_member(problem, |m| m.summary.clone_from(summary));
            }
            Event::Bouncing { problem, within_secs } => {
                self.bouncing.retain(|known| known.problem != *problem);
                self.bouncing.push(Bouncing { problem: problem.clone(), within_secs: *within_secs });
            }
            Event::Recovered { problem } | Event::Unwatched { problem, .. } => {
                self.with_member(problem, |m| m.active = false);
                if self.state == State::Mitigated && !self.is_active() {
                    // A repair had been verified, and its source agrees only now: the calm begins here.
                    self.mitigated_at = Some(at);
                }
            }
            Event::Returned { problem, summary } => {
                if !self.bounces_lately(problem, at) {
                    self.bouncing.retain(|known| known.problem != *problem);
                }
                self.with_member(problem, |m| {
                    m.active = true;
                    m.summary.clone_from(summary);
                    m.bounces.push(at);
                    let spare = m.bounces.len().saturating_sub(Member::BOUNCES);
                    m.bounces.drain(..spare);
                });
            }
            Event::Reopened { problem, summary, occurrence } => {
                self.with_member(problem, |m| {
                    m.active = true;
                    m.summary.clone_from(summary);
                });
                if *occurrence {
                    self.occurrences += 1;
                    self.bounces.clear();
                    self.acknowledged = None;
                    self.next_step = None;
                } else if !matches!(self.mitigated_by, Some(Mitigation::Repair { .. })) {
                    self.bounces.push(at);
                }
                self.mitigated_by = None;
                self.mitigated_at = None;
                self.declined.clear();
                self.unanswered.clear();
            }
            Event::Mitigated { by } => {
                self.mitigated_by = Some(by.clone());
                self.mitigated_at = Some(at);
            }
            Event::Resolved { .. } | Event::Calmed => {
                self.flapping = false;
                self.bounces.clear();
                self.next_step = None;
            }
            Event::RootMoved { root, why } => {
                self.root = root.clone();
                self.root_why.clone_from(why);
            }
            Event::Absorbed { members, severity, declined, taken_back, .. } => {
                self.declined.extend(declined.iter().cloned());
                self.taken_back.extend(taken_back.iter().cloned());
                self.absorb(members, *severity, at);
            }
            Event::MergedInto { incident, number, .. } => self.merged_into = Some((*incident, *number)),
            Event::Split { problems, root, .. } => {
                self.members.retain(|m| !problems.contains(&m.problem));
                self.root = root.clone();
                self.root_why = String::new();
                self.sorted_by_hand = true;
                self.severity = self.members.iter().map(|m| m.severity).max().unwrap_or(self.severity);
            }
            Event::Suspects { suspects } => self.suspects.clone_from(suspects),
            Event::RepairStarted { remediation, runbook, title, reversible, written, .. } => {
                if is_plan(runbook) {
                    self.plans.insert(runbook.clone(), title.clone());
                }
                self.repairs.push(Repair {
                    remediation: *remediation,
                    runbook: runbook.clone(),
                    target: self.root.clone(),
                    started_at: at,
                    outcome: None,
                    ineffective: false,
                    reversible: *reversible,
                    undone_by: None,
                    half_undone: false,
                    written: written.clone(),
                });
                self.next_step = None;
            }
            Event::RepairEnded { outcome, .. } => {
                if let Some(repair) = self.repairs.last_mut() {
                    repair.outcome = Some(outcome.clone());
                }
                if *outcome == Outcome::Succeeded && self.is_active() && self.state == State::Remediating {
                    // The repaired problem is gone, another of the same root is not.
                    self.state = State::Open;
                    self.changed_at = at;
                }
            }
            Event::RepairIneffective { remediation, .. } => {
                if let Some(repair) = self.repairs.iter_mut().find(|r| r.remediation == *remediation) {
                    repair.ineffective = true;
                }
            }
            Event::UndoStarted { remediation, of, by, .. } => {
                self.undoing =
                    Some(Undoing { remediation: *remediation, of: *of, by: by.clone(), changed: false });
            }
            Event::RepairStep { remediation, changed, .. } => {
                if let Some(undoing) = self.undoing.as_mut().filter(|u| u.remediation == *remediation) {
                    undoing.changed |= *changed;
                }
            }
            Event::UndoEnded { outcome, .. } => {
                if let Some(undoing) = self.undoing.take() {
                    self.undone(undoing, outcome);
                }
            }
            Event::ApprovalRequested { approval, number, runbook, title, .. } => {
                self.approval = Some((*approval, *number));
                if let Some(title) = title {
                    let name = runbook.strip_prefix(UNDO_OF).unwrap_or(runbook);
                    self.plans.insert(name.to_owned(), title.clone());
                }
            }
            Event::Offered { number, .. } => self.offered.push(*number),
            Event::Cleared { by } => self.helped(format!("{by} took care of what was stuck")),
            Event::TakenForOver { by } => self.helped(format!("{by} said that it was over")),
            Event::ApprovalEnded { runbook, state, by, .. } => {
                self.approval = None;
                // A yes to a runbook that is known teaches nothing; one to a plan of the agent does.
                if let (ApprovalState::Approved, Some(by), true) =
                    (state, by, runbook.starts_with(PLAN_PREFIX))
                {
                    self.helped(self.with_titles(&format!("{by} approved {runbook}")));
                }
                match state {
                    ApprovalState::Denied => self.declined.push(runbook.clone()),
                    ApprovalState::Expired => self.unanswered.push(runbook.clone()),
                    ApprovalState::Pending | ApprovalState::Approved | ApprovalState::Withdrawn => {}
                }
            }
            Event::NextStep { text } => self.next_step = Some(text.clone()),
            Event::Adopting { standing, .. } => self.standing = Some(standing.clone()),
            Event::Acknowledged { by } => {
                self.acknowledged = Some(Acknowledgement { by: by.clone(), at });
            }
            Event::Flapping { .. } => self.flapping = true,
            Event::Escalated { cause, text } => {
                self.escalations.push((*cause, at));
                if *cause != Cause::Recurring {
                    // Nothing more is done by itself.
                    self.next_step = Some(text.clone());
                }
            }
            Event::Asked { .. } | Event::InvestigationStarted { .. } | Event::InvestigationEnded { .. } => {
                self.take_in_reasoning(event, at);
            }
            Event::Opened { .. }
            | Event::OfferEnded { .. }
            | Event::Recalled { .. }
            | Event::Worsened { summary: None, .. }
            | Event::Closed
            | Event::Silenced { .. }
            | Event::SilenceEnded
            | Event::Uncovered { .. }
            | Event::Inhibited { .. }
            | Event::InhibitionEnded
            | Event::Reminded { .. } => {}
        }
    }

    fn with_member(&mut self, problem: &Problem, change: impl FnOnce(&mut Member)) {
        if let Some(member) = self.members.iter_mut().find(|m| m.problem == *problem) {
            change(member);
        }
    }

    /// Taking a repair back has ended. Once it changed anything, it is not done a second time: what was half done would
    /// be done twice.
    fn undone(&mut self, undoing: Undoing, outcome: &Outcome) {
        let Undoing { of, by, changed, .. } = undoing;
        let whole = matches!(outcome, Outcome::Succeeded | Outcome::Deferred);
        if !whole && !changed && !matches!(outcome, Outcome::Stuck { .. }) {
            return;
        }
        if let Some(repair) = self.repairs.iter_mut().find(|repair| repair.remediation == of) {
            repair.undone_by = Some(by);
            repair.half_undone = !whole;
        }
        if self.is_calmed_by(of) {
            // Whatever keeps the calm from here on, it is not this.
            self.mitigated_by = None;
        }
    }

    fn absorb(&mut self, members: &[Member], severity: Severity, at: Timestamp) {
        self.severity = self.severity.max(severity);
        for member in members {
            match self.members.iter_mut().find(|m| m.problem == member.problem) {
                Some(known) => known.active |= member.active,
                None => self.members.push(member.clone()),
            }
        }
        if self.is_active() {
            self.end_calm(at);
        }
    }

    /// Something new came into an incident that was calm.
    pub(super) fn end_calm(&mut self, at: Timestamp) {
        if matches!(self.state, State::Mitigated | State::Resolved) {
            self.state = State::Open;
            self.changed_at = at;
            self.mitigated_by = None;
            self.mitigated_at = None;
        }
    }
}
