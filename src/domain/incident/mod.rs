//! The incident: correlated signals with one suspected root, a state and a timeline.
//!
//! The timeline is append-only; the incident is its fold. [`Incident::apply`] is the only way in, refuses every
//! illegal transition, and is what recovery replays through. What happens all the time (counts, last seen) is kept
//! beside the signals, not here, so that a repeat costs nothing and a story stays readable.

mod event;
mod fold;
mod reasoning;
mod repair;
mod storm;
mod story;
mod wording;

pub use event::{Event, Mitigation, Record, SuspectNote};
pub use repair::{Repair, TakenBack, Undoing};
pub use storm::{Count, Storm, listed};
pub use story::{Sentence, sentence};

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::agent::{Investigation, Request, Said};
use super::correlation::Score;
use super::escalation::{Cause, within};
use super::ids::{ApprovalId, IncidentId};
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
    /// How much spoke for that, where it was weighed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// When it came back lately while the incident was not over, the newest last; at most [`Member::BOUNCES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bounces: Vec<Timestamp>,
}

impl Member {
    /// Returns kept of one problem.
    pub const BOUNCES: usize = 64;
}

/// A problem that comes and goes while the rest of its incident stays: its single bounces are not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bouncing {
    /// What comes and goes.
    pub problem: Problem,
    /// How long it has to keep still for its next bounce to be told again, in seconds.
    pub within_secs: u64,
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
    /// The problems of which single bounces are no longer told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bouncing: Vec<Bouncing>,
    /// Whether it bounces so much that single bounces are no longer told.
    pub flapping: bool,
    /// Who takes care of it.
    pub acknowledged: Option<Acknowledgement>,
    /// Why people were called, and when.
    pub escalations: Vec<(Cause, Timestamp)>,
    /// What was tried.
    pub repairs: Vec<Repair>,
    /// The taking back that runs, what it takes back, and who wanted it.
    #[serde(default)]
    pub undoing: Option<Undoing>,
    /// What was taken back of incidents that became part of this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_back: Vec<TakenBack>,
    /// The request for permission that waits for an answer.
    pub approval: Option<(ApprovalId, u64)>,
    /// The runbooks that a person did not want, since it last opened.
    pub declined: Vec<String>,
    /// The runbooks that were asked for and got no answer in time, since it last opened.
    #[serde(default)]
    pub unanswered: Vec<String>,
    /// The changes that may have caused it, most suspect first.
    pub suspects: Vec<SuspectNote>,
    /// The titles of the agent's plans that were asked for or begun, by their names, which say nothing to people.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub plans: std::collections::BTreeMap<String, String>,
    /// Why nothing is done by itself, when that is so.
    pub next_step: Option<String>,
    /// What it became part of.
    pub merged_into: Option<(IncidentId, u64)>,
    /// Incidents it was put into or taken out of by a person: correlation leaves it alone.
    pub sorted_by_hand: bool,
    /// What it counts besides its members, if it is a storm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<Storm>,
    /// How many more alerts its source says there are, that it did not send; 0 if it sends all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hidden: u64,
    /// What somebody wants, if nothing is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// What was said to the agent and what it answered, the newest last; at most [`Incident::REMEMBERED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Said>,
    /// The runs of the agent, the newest last; at most [`Incident::REMEMBERED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub investigations: Vec<Investigation>,
    /// What people did about it with their own hands or their own judgement, in words, the newest last; at most
    /// [`Incident::REMEMBERED`]. Somebody who merely let a known runbook run is not among it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub helped: Vec<String>,
    /// The offers that came of it, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<u64>,
    /// Where the bringing of something into the cluster stands, if that is what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<String>,
    /// The number of the last event.
    pub last_seq: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
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
    /// Words said and runs of the agent that are kept.
    pub const REMEMBERED: usize = 20;

    /// Whether it is about something broken, and not about what somebody wants.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.request.is_none()
    }

    /// What it is about, by its stable name: something broken is an `incident`, what somebody wants a `request`, and
    /// what is done for a standing goal a `goal`.
    #[must_use]
    pub fn about(&self) -> &'static str {
        match &self.request {
            None => "incident",
            Some(Request { goal: None, .. }) => "request",
            Some(Request { goal: Some(_), .. }) => "goal",
        }
    }

    /// The run of the agent that goes on now.
    #[must_use]
    pub fn investigating(&self) -> Option<&Investigation> {
        self.investigations.last().filter(|run| run.conclusion.is_none())
    }

    /// Begins an incident from its `Opened` event; `None` for any other event.
    #[must_use]
    pub fn open(id: IncidentId, number: u64, record: &Record) -> Option<Self> {
        let Event::Opened {
            problem,
            origin,
            severity,
            summary,
            impact,
            root,
            why,
            sorted_by_hand,
            request,
            ..
        } = &record.event
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
            score: None,
            bounces: Vec::new(),
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
            bouncing: Vec::new(),
            flapping: false,
            acknowledged: None,
            escalations: Vec::new(),
            repairs: Vec::new(),
            undoing: None,
            taken_back: Vec::new(),
            approval: None,
            declined: Vec::new(),
            unanswered: Vec::new(),
            suspects: Vec::new(),
            plans: std::collections::BTreeMap::new(),
            next_step: None,
            merged_into: None,
            sorted_by_hand: *sorted_by_hand,
            storm: None,
            hidden: 0,
            request: request.clone(),
            said: Vec::new(),
            investigations: Vec::new(),
            helped: Vec::new(),
            offered: Vec::new(),
            standing: None,
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

    /// Whether a problem comes and goes, so that a bounce of it at this time is not worth telling.
    #[must_use]
    pub fn bounces_lately(&self, problem: &Problem, at: Timestamp) -> bool {
        let Some(bouncing) = self.bouncing.iter().find(|known| known.problem == *problem) else {
            return false;
        };
        let last = self.member(problem).and_then(|member| member.bounces.last());
        last.is_some_and(|last| within(*last, at, Duration::from_secs(bouncing.within_secs)))
    }

    /// Whether anything is active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.members.iter().any(|m| m.active) || self.storm.as_ref().is_some_and(|storm| storm.active > 0)
    }

    /// Whether the suspected root itself was seen failing here.
    #[must_use]
    pub fn root_observed(&self) -> bool {
        self.members.iter().any(|m| m.problem.target == self.root)
    }

    /// The suspected root, and everything that was seen failing.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        std::iter::once(&self.root).chain(self.members.iter().map(|m| &m.problem.target))
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
}

#[cfg(test)]
mod tests;
