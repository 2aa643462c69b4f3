//! What can happen to an incident.

use serde::{Deserialize, Serialize};

use super::{Count, Member, State, TakenBack};
use crate::domain::agent::{Conclusion, Request};
use crate::domain::approval::ApprovalState;
use crate::domain::correlation::Score;
use crate::domain::escalation::Cause;
use crate::domain::ids::{ApprovalId, IncidentId, RemediationId, RunId};
use crate::domain::remediation::Outcome;
use crate::domain::signal::{Origin, Problem, Severity, Timestamp};
use crate::domain::target::Target;

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number within the incident, from 1.
    pub seq: u64,
    /// When Steward saw it.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// A change that may be the cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspectNote {
    /// The source: `git:homelab`.
    pub source: String,
    /// The source's name for the change.
    pub id: String,
    /// Who did it.
    pub author: String,
    /// When it happened.
    pub at: Timestamp,
    /// What it was, in one line.
    pub summary: String,
    /// The files it touched, the first few.
    pub files: Vec<String>,
    /// Why it is suspected.
    pub why: String,
    /// What it comes down to, the first few lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gist: Vec<String>,
    /// Where to read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How a calm came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mitigation {
    /// A repair did it, and the check passed.
    Repair {
        /// The runbook.
        runbook: String,
        /// The run.
        remediation: RemediationId,
    },
    /// It went away by itself.
    Recovery,
}

/// What can happen to an incident. Facts only; the words are made in `story`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields are named as in the rest of the house; each variant says what it means"
)]
pub enum Event {
    /// It began, with this problem.
    Opened {
        problem: Problem,
        origin: Origin,
        severity: Severity,
        summary: String,
        impact: Option<String>,
        evidence: String,
        root: Target,
        why: String,
        #[serde(default)]
        sorted_by_hand: bool,
        /// What somebody wants, if nothing is broken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<Request>,
    },
    /// A further problem belongs to it.
    Joined {
        problem: Problem,
        origin: Origin,
        severity: Severity,
        summary: String,
        impact: Option<String>,
        evidence: String,
        why: String,
        /// How much spoke for that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        score: Option<Score>,
    },
    /// So much fails at once, and nothing explains it, that this is a storm: from now on, more of it is only counted.
    StormBegan { root: Target, targets: u64, within_secs: u64 },
    /// What a storm counts besides its members; and where that is worth telling, how many there are now and were in
    /// all, members among them.
    StormCounted {
        count: Count,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<(u64, u64)>,
    },
    /// Nothing new has come for a while, and little is left: the worst of it becomes members.
    StormEnded { count: Count, left: Vec<Member>, broken: Vec<Problem> },
    /// Its source says that there are so many more alerts like these, which it did not send.
    Truncated { source: String, hidden: u64 },
    /// A problem became worse.
    Raised { problem: Problem, severity: Severity },
    /// What was said just before of a problem made something worse: its `severity` is now this, and with `whole` that
    /// of the incident is. `summary` is what its source says since.
    Worsened {
        problem: Problem,
        severity: Severity,
        #[serde(default)]
        whole: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<String>,
    },
    /// A problem comes and goes while the rest stays: its single bounces are no longer told until it has kept still for
    /// so long.
    Bouncing { problem: Problem, within_secs: u64 },
    /// A problem is gone.
    Recovered { problem: Problem },
    /// Nobody looks at a problem any more: the skill that saw it was removed. It counts as over, unverified.
    Unwatched { problem: Problem, skill: String },
    /// A problem is back while others never went.
    Returned { problem: Problem, summary: String },
    /// A problem is back after all were gone. `occurrence` tells a true return from a flap.
    Reopened { problem: Problem, summary: String, occurrence: bool },
    /// Something else is suspected now.
    RootMoved { root: Target, why: String },
    /// Another incident became part of this one.
    Absorbed {
        incident: IncidentId,
        number: u64,
        members: Vec<Member>,
        severity: Severity,
        why: String,
        /// The runbooks that a person did not want there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        declined: Vec<String>,
        /// The runbooks of which a person had the last run taken back there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        taken_back: Vec<TakenBack>,
    },
    /// This became part of another incident.
    MergedInto { incident: IncidentId, number: u64, why: String },
    /// A person took these problems out, into an incident of their own.
    Split { problems: Vec<Problem>, into: u64, root: Target, by: String },
    /// What changed lately, most suspect first.
    Suspects { suspects: Vec<SuspectNote> },
    /// A repair began.
    RepairStarted {
        remediation: RemediationId,
        runbook: String,
        title: String,
        why: String,
        /// Whether any of its steps can be taken back.
        #[serde(default)]
        reversible: bool,
        /// What tells this writing of the runbook from another under the same name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        written: Option<String>,
    },
    /// A step of the repair did something.
    RepairStep {
        remediation: RemediationId,
        text: String,
        /// Whether it may have changed something.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        changed: bool,
    },
    /// A repair ended.
    RepairEnded { remediation: RemediationId, runbook: String, outcome: Outcome },
    /// A repair that had succeeded did not last.
    RepairIneffective { remediation: RemediationId, runbook: String },
    /// What a repair did is being taken back.
    UndoStarted { remediation: RemediationId, of: RemediationId, runbook: String, by: String },
    /// The taking back ended.
    UndoEnded { remediation: RemediationId, runbook: String, outcome: Outcome },
    /// A person is asked.
    ApprovalRequested {
        approval: ApprovalId,
        number: u64,
        runbook: String,
        /// The title of a plan of the agent, whose name says nothing to people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        commands: Vec<String>,
        reasons: Vec<String>,
        expires_at: Timestamp,
    },
    /// The question is over.
    ApprovalEnded {
        approval: ApprovalId,
        number: u64,
        runbook: String,
        state: ApprovalState,
        by: Option<String>,
        why: Option<String>,
    },
    /// What Steward will not do by itself, and what a person can do.
    NextStep { text: String },
    /// Somebody said something to the agent in the thread.
    Asked { by: String, words: String },
    /// The agent began to look into it.
    InvestigationStarted {
        run: RunId,
        number: u64,
        why: String,
        basis: String,
        /// Who wanted it, if a person did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The agent ended, and what it came to.
    InvestigationEnded {
        run: RunId,
        number: u64,
        conclusion: Box<Conclusion>,
        /// What was known at its end, as a digest.
        #[serde(default)]
        basis: String,
    },
    /// Steward offers to change something of its own: a lesson, a rule, a runbook.
    Offered { number: u64, title: String },
    /// That offer is over.
    OfferEnded { number: u64, title: String, state: ApprovalState, by: Option<String>, why: Option<String> },
    /// What is known of its problem from the times it was there before.
    Recalled { text: String },
    /// What is brought into the cluster came further: what is told of it, if anything, and where it stands now.
    Adopting { text: String, standing: String },
    /// Nothing is active any more.
    Mitigated { by: Mitigation },
    /// It stayed away.
    Resolved { verified: bool, why: String },
    /// The reopen window is over.
    Closed,
    /// Somebody takes care of it.
    Acknowledged { by: String },
    /// It comes and goes; single bounces are no longer told.
    Flapping { bounces: usize, window_secs: u64 },
    /// It stopped coming and going.
    Calmed,
    /// People are called.
    Escalated { cause: Cause, text: String },
    /// A silence hides it.
    Silenced { until: Timestamp, by: String },
    /// Nothing hides it any more.
    SilenceEnded,
    /// What hid it goes on and no longer covers it, because of this problem: these silences, or with none what inhibits
    /// the rest. `came` says that the problem is new here.
    Uncovered {
        problem: Problem,
        #[serde(default)]
        came: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        silences: Vec<i64>,
    },
    /// Something else that fires makes it not worth telling.
    Inhibited { by: String },
    /// That is over.
    InhibitionEnded,
    /// Nobody has taken it on for a long time.
    Reminded { text: String },
    /// A person says that what alerts told of is over, though their sources have not said so.
    TakenForOver { by: String },
    /// A person took care of what was stuck.
    Cleared { by: String },
}

impl Event {
    /// The stable name of the kind, as stored.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Joined { .. } => "joined",
            Self::StormBegan { .. } => "storm_began",
            Self::StormCounted { .. } => "storm_counted",
            Self::StormEnded { .. } => "storm_ended",
            Self::Truncated { .. } => "truncated",
            Self::Raised { .. } => "raised",
            Self::Worsened { .. } => "worsened",
            Self::Bouncing { .. } => "bouncing",
            Self::Recovered { .. } => "recovered",
            Self::Unwatched { .. } => "unwatched",
            Self::Returned { .. } => "returned",
            Self::Reopened { .. } => "reopened",
            Self::RootMoved { .. } => "root_moved",
            Self::Absorbed { .. } => "absorbed",
            Self::MergedInto { .. } => "merged_into",
            Self::Split { .. } => "split",
            Self::Suspects { .. } => "suspects",
            Self::RepairStarted { .. } => "repair_started",
            Self::RepairStep { .. } => "repair_step",
            Self::RepairEnded { .. } => "repair_ended",
            Self::RepairIneffective { .. } => "repair_ineffective",
            Self::UndoStarted { .. } => "undo_started",
            Self::UndoEnded { .. } => "undo_ended",
            Self::ApprovalRequested { .. } => "approval_requested",
            Self::ApprovalEnded { .. } => "approval_ended",
            Self::NextStep { .. } => "next_step",
            Self::Asked { .. } => "asked",
            Self::InvestigationStarted { .. } => "investigation_started",
            Self::InvestigationEnded { .. } => "investigation_ended",
            Self::Recalled { .. } => "recalled",
            Self::Offered { .. } => "offered",
            Self::OfferEnded { .. } => "offer_ended",
            Self::Adopting { .. } => "adopting",
            Self::Mitigated { .. } => "mitigated",
            Self::Resolved { .. } => "resolved",
            Self::Closed => "closed",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Flapping { .. } => "flapping",
            Self::Calmed => "calmed",
            Self::Escalated { .. } => "escalated",
            Self::Silenced { .. } => "silenced",
            Self::SilenceEnded => "silence_ended",
            Self::Uncovered { .. } => "uncovered",
            Self::Inhibited { .. } => "inhibited",
            Self::InhibitionEnded => "inhibition_ended",
            Self::Reminded { .. } => "reminded",
            Self::TakenForOver { .. } => "taken_for_over",
            Self::Cleared { .. } => "cleared",
        }
    }

    /// The problem that a line of the story is about and nothing else is.
    #[must_use]
    pub fn symptom(&self) -> Option<&Problem> {
        match self {
            Self::Joined { problem, .. }
            | Self::Raised { problem, .. }
            | Self::Worsened { problem, .. }
            | Self::Bouncing { problem, .. }
            | Self::Recovered { problem }
            | Self::Unwatched { problem, .. }
            | Self::Returned { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// Why something was decided, where the event says so.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Opened { why, .. }
            | Self::Joined { why, .. }
            | Self::RootMoved { why, .. }
            | Self::Absorbed { why, .. }
            | Self::MergedInto { why, .. } => Some(why.as_str()).filter(|why| !why.is_empty()),
            _ => None,
        }
    }

    /// The state the event leads to, if it leads to one.
    #[must_use]
    pub fn target_state(&self) -> Option<State> {
        match self {
            Self::Opened { .. } | Self::Reopened { .. } | Self::Cleared { .. } => Some(State::Open),
            Self::RepairStarted { .. } => Some(State::Remediating),
            Self::RepairEnded { outcome, .. } => match outcome {
                Outcome::Stuck { .. } => Some(State::Stuck),
                Outcome::Unwound { .. } | Outcome::Cancelled { .. } => Some(State::Open),
                // The calm itself is an event of its own, once nothing is active any more.
                Outcome::Succeeded | Outcome::Deferred => None,
            },
            Self::Mitigated { .. } => Some(State::Mitigated),
            Self::Resolved { .. } => Some(State::Resolved),
            Self::Closed => Some(State::Closed),
            Self::MergedInto { .. } => Some(State::Merged),
            _ => None,
        }
    }
}
