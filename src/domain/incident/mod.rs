//! The incident: correlated signals with one suspected root, a state and a timeline.
//!
//! The timeline is append-only; the incident is its fold. [`Incident::apply`] is the only way in, refuses every
//! illegal transition, and is what recovery replays through. What happens all the time (counts, last seen) is kept
//! beside the signals, not here, so that a repeat costs nothing and a story stays readable.

mod event;
mod story;

pub use event::{Event, Mitigation, Record, SuspectNote};
pub use story::{Sentence, sentence};

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::approval::ApprovalState;
use super::escalation::Cause;
use super::ids::{ApprovalId, IncidentId, RemediationId};
use super::remediation::Outcome;
use super::signal::{Origin, Problem, Severity, Timestamp};
use super::target::{Signature, Target};

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Something is broken.
    Open,
    /// A repair is running.
    Remediating,
    /// The symptom is gone; whether it stays away is being watched.
    Mitigated,
    /// The symptom stayed away for `hold`, and the check passed.
    Resolved,
    /// A repair can neither go on nor go back: a person is needed.
    Stuck,
    /// Over, and past the reopen window.
    Closed,
    /// Became part of another incident.
    Merged,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::Remediating,
        Self::Mitigated,
        Self::Resolved,
        Self::Stuck,
        Self::Closed,
        Self::Merged,
    ];

    /// The word in tables and chat.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Remediating => "remediating",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
            Self::Stuck => "stuck",
            Self::Closed => "closed",
            Self::Merged => "merged",
        }
    }

    /// Whether the incident can still change by itself.
    #[must_use]
    pub fn is_live(self) -> bool {
        !matches!(self, Self::Closed | Self::Merged)
    }

    /// Whether something is, or may be, broken now.
    #[must_use]
    pub fn is_unresolved(self) -> bool {
        matches!(self, Self::Open | Self::Remediating | Self::Mitigated | Self::Stuck)
    }

    /// The legal transitions.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use State::{Closed, Merged, Mitigated, Open, Remediating, Resolved, Stuck};
        match (self, next) {
            (Open, Remediating | Mitigated)
            | (Remediating, Mitigated | Open | Stuck)
            | (Mitigated, Resolved | Open)
            | (Resolved, Open | Closed)
            | (Stuck, Open | Mitigated) => true,
            (from, Merged) => from.is_live(),
            _ => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One problem within an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What is broken, and how.
    pub problem: Problem,
    /// Who saw it first.
    pub origin: Origin,
    /// The worst it has been.
    pub severity: Severity,
    /// One line for people.
    pub summary: String,
    /// What it means for people.
    pub impact: Option<String>,
    /// Whether it is there now.
    pub active: bool,
    /// When it joined.
    pub joined_at: Timestamp,
    /// Why it belongs here.
    pub why: String,
}

/// One repair that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// The run.
    pub remediation: RemediationId,
    /// The runbook.
    pub runbook: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How it ended; `None` while it runs.
    pub outcome: Option<Outcome>,
    /// Whether the symptom came back within the watch time.
    pub ineffective: bool,
}

/// Who takes care of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// Since when.
    pub at: Timestamp,
}

/// The folded state of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its identity.
    pub id: IncidentId,
    /// The number people use.
    pub number: u64,
    /// Where it stands.
    pub state: State,
    /// The suspected root.
    pub root: Target,
    /// Why that is suspected.
    pub root_why: String,
    /// The signature of the problem that opened it.
    pub signature: Signature,
    /// The worst of what is or was active.
    pub severity: Severity,
    /// Everything that belongs to it, in the order of arrival.
    pub members: Vec<Member>,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When `state` last changed.
    pub changed_at: Timestamp,
    /// How its present calm came about, while mitigated or resolved.
    pub mitigated_by: Option<Mitigation>,
    /// When the present calm began.
    pub mitigated_at: Option<Timestamp>,
    /// Openings and true returns: what escalation counts. Flaps don't.
    pub occurrences: u32,
    /// When it bounced lately without a repair or a verified recovery between.
    pub bounces: Vec<Timestamp>,
    /// Whether it bounces so much that single bounces are no longer told.
    pub flapping: bool,
    /// Who takes care of it.
    pub acknowledged: Option<Acknowledgement>,
    /// Why people were called, and when.
    pub escalations: Vec<(Cause, Timestamp)>,
    /// What was tried.
    pub repairs: Vec<Repair>,
    /// The request for permission that waits for an answer.
    pub approval: Option<(ApprovalId, u64)>,
    /// The runbooks that a person did not want, since it last opened.
    pub declined: Vec<String>,
    /// The runbooks that were asked for and got no answer in time, since it last opened.
    #[serde(default)]
    pub unanswered: Vec<String>,
    /// The changes that may have caused it, most suspect first.
    pub suspects: Vec<SuspectNote>,
    /// Why nothing is done by itself, when that is so.
    pub next_step: Option<String>,
    /// What it became part of.
    pub merged_into: Option<(IncidentId, u64)>,
    /// Incidents it was put into or taken out of by a person: correlation leaves it alone.
    pub sorted_by_hand: bool,
    /// The number of the last event.
    pub last_seq: u64,
}

/// An event that does not fit the state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("incident #{number} is {state}: {event} does not fit")]
pub struct IllegalEvent {
    /// The incident.
    pub number: u64,
    /// Its state.
    pub state: State,
    /// The event's kind.
    pub event: &'static str,
}

impl Incident {
    /// Begins an incident from its `Opened` event; `None` for any other event.
    #[must_use]
    pub fn open(id: IncidentId, number: u64, record: &Record) -> Option<Self> {
        let Event::Opened { problem, origin, severity, summary, impact, root, why, sorted_by_hand, .. } =
            &record.event
        else {
            return None;
        };
        let member = Member {
            problem: problem.clone(),
            origin: origin.clone(),
            severity: *severity,
            summary: summary.clone(),
            impact: impact.clone(),
            active: true,
            joined_at: record.at,
            why: String::new(),
        };
        Some(Self {
            id,
            number,
            state: State::Open,
            root: root.clone(),
            root_why: why.clone(),
            signature: problem.signature.clone(),
            severity: *severity,
            members: vec![member],
            opened_at: record.at,
            changed_at: record.at,
            mitigated_by: None,
            mitigated_at: None,
            occurrences: 1,
            bounces: Vec::new(),
            flapping: false,
            acknowledged: None,
            escalations: Vec::new(),
            repairs: Vec::new(),
            approval: None,
            declined: Vec::new(),
            unanswered: Vec::new(),
            suspects: Vec::new(),
            next_step: None,
            merged_into: None,
            sorted_by_hand: *sorted_by_hand,
            last_seq: record.seq,
        })
    }

    /// Folds a whole timeline; `None` if it does not begin with `Opened`.
    ///
    /// # Errors
    /// The first event that does not fit.
    pub fn fold(id: IncidentId, number: u64, timeline: &[Record]) -> Result<Option<Self>, IllegalEvent> {
        let Some((first, rest)) = timeline.split_first() else { return Ok(None) };
        let Some(mut incident) = Self::open(id, number, first) else { return Ok(None) };
        for record in rest {
            incident.apply(record)?;
        }
        Ok(Some(incident))
    }

    /// The problem's place here, if it has one.
    #[must_use]
    pub fn member(&self, problem: &Problem) -> Option<&Member> {
        self.members.iter().find(|m| m.problem == *problem)
    }

    /// Whether anything is active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.members.iter().any(|m| m.active)
    }

    /// Whether the suspected root itself was seen failing here.
    #[must_use]
    pub fn root_observed(&self) -> bool {
        self.members.iter().any(|m| m.problem.target == self.root)
    }

    /// The active problems of the suspected root itself: what a repair may start from.
    pub fn active_at_root(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|m| m.active && m.problem.target == self.root)
    }

    /// The active problems elsewhere.
    pub fn active_symptoms(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|m| m.active && m.problem.target != self.root)
    }

    /// Everyone who reported anything here.
    #[must_use]
    pub fn origins(&self) -> BTreeSet<&Origin> {
        self.members.iter().map(|m| &m.origin).collect()
    }

    /// The repair that runs now.
    #[must_use]
    pub fn running_repair(&self) -> Option<&Repair> {
        self.repairs.last().filter(|r| r.outcome.is_none())
    }

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
            Event::Raised { problem, .. } => self.member(problem).is_some(),
            Event::Recovered { problem } => self.member(problem).is_some_and(|m| m.active),
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
            Event::RepairStarted { .. } => self.state == State::Open && self.running_repair().is_none(),
            Event::RepairEnded { remediation, .. } => {
                self.running_repair().is_some_and(|repair| repair.remediation == *remediation)
            }
            Event::RepairStep { .. } => self.running_repair().is_some(),
            Event::ApprovalRequested { .. } => self.approval.is_none(),
            Event::ApprovalEnded { approval, .. } => self.approval.is_some_and(|(id, _)| id == *approval),
            Event::Cleared { .. } => self.state == State::Stuck,
            Event::Absorbed { .. }
            | Event::MergedInto { .. }
            | Event::RootMoved { .. }
            | Event::Suspects { .. }
            | Event::RepairIneffective { .. }
            | Event::NextStep { .. }
            | Event::Closed
            | Event::Acknowledged { .. }
            | Event::Flapping { .. }
            | Event::Calmed
            | Event::Escalated { .. }
            | Event::Silenced { .. }
            | Event::SilenceEnded
            | Event::Reminded { .. } => true,
        }
    }

    fn take_in(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Joined { problem, origin, severity, summary, impact, why, .. } => {
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
                });
                self.end_calm(at);
            }
            Event::Raised { problem, severity } => {
                self.severity = self.severity.max(*severity);
                self.with_member(problem, |m| m.severity = *severity);
            }
            Event::Recovered { problem } => self.with_member(problem, |m| m.active = false),
            Event::Returned { problem, summary } => {
                self.with_member(problem, |m| {
                    m.active = true;
                    m.summary.clone_from(summary);
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
                } else {
                    self.bounces.push(at);
                }
                self.mitigated_by = None;
                self.mitigated_at = None;
                self.next_step = None;
                self.declined.clear();
                self.unanswered.clear();
            }
            Event::Mitigated { by } => {
                self.mitigated_by = Some(by.clone());
                self.mitigated_at = Some(at);
                self.next_step = None;
            }
            Event::Resolved { .. } | Event::Calmed => {
                self.flapping = false;
                self.bounces.clear();
            }
            Event::RootMoved { root, why } => {
                self.root = root.clone();
                self.root_why.clone_from(why);
                self.next_step = None;
            }
            Event::Absorbed { members, severity, .. } => self.absorb(members, *severity, at),
            Event::MergedInto { incident, number, .. } => self.merged_into = Some((*incident, *number)),
            Event::Split { problems, root, .. } => {
                self.members.retain(|m| !problems.contains(&m.problem));
                self.root = root.clone();
                self.sorted_by_hand = true;
                self.severity = self.members.iter().map(|m| m.severity).max().unwrap_or(self.severity);
            }
            Event::Suspects { suspects } => self.suspects.clone_from(suspects),
            Event::RepairStarted { remediation, runbook, .. } => {
                self.repairs.push(Repair {
                    remediation: *remediation,
                    runbook: runbook.clone(),
                    started_at: at,
                    outcome: None,
                    ineffective: false,
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
            Event::ApprovalRequested { approval, number, .. } => self.approval = Some((*approval, *number)),
            Event::ApprovalEnded { runbook, state, .. } => {
                self.approval = None;
                match state {
                    ApprovalState::Denied => self.declined.push(runbook.clone()),
                    ApprovalState::Expired => self.unanswered.push(runbook.clone()),
                    ApprovalState::Pending | ApprovalState::Approved | ApprovalState::Withdrawn => {}
                }
            }
            Event::NextStep { text } => self.next_step = Some(text.clone()),
            Event::Acknowledged { by } => self.acknowledged = Some(Acknowledgement { by: by.clone(), at }),
            Event::Flapping { .. } => self.flapping = true,
            Event::Escalated { cause, text } => {
                self.escalations.push((*cause, at));
                self.next_step = Some(text.clone());
            }
            Event::Opened { .. }
            | Event::RepairStep { .. }
            | Event::Closed
            | Event::Cleared { .. }
            | Event::Silenced { .. }
            | Event::SilenceEnded
            | Event::Reminded { .. } => {}
        }
    }

    fn with_member(&mut self, problem: &Problem, change: impl FnOnce(&mut Member)) {
        if let Some(member) = self.members.iter_mut().find(|m| m.problem == *problem) {
            change(member);
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
    fn end_calm(&mut self, at: Timestamp) {
        if matches!(self.state, State::Mitigated | State::Resolved) {
            self.state = State::Open;
            self.changed_at = at;
            self.mitigated_by = None;
            self.mitigated_at = None;
        }
    }
}

#[cfg(test)]
mod tests;
