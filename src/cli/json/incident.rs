//! Incidents as JSON.

use serde::Serialize;

use super::Time;
use crate::cli::incidents::headline;
use crate::domain::incident::{Incident, Member, Record, Repair, SuspectNote};
use crate::domain::remediation::Outcome;
use crate::domain::signal::{Problem, Timestamp};
use crate::store::batch::StoredIncident;

/// `incident list`
#[derive(Serialize)]
pub(in crate::cli) struct IncidentList {
    pub(in crate::cli) incidents: Vec<IncidentEntry>,
    /// Whether there are more than were printed.
    pub(in crate::cli) truncated: bool,
}

#[derive(Serialize)]
pub(in crate::cli) struct IncidentEntry {
    id: String,
    number: u64,
    /// `incident`, `request` or `goal`.
    about: &'static str,
    state: &'static str,
    severity: &'static str,
    root: String,
    root_why: String,
    signature: String,
    summary: String,
    opened_at: Time,
    changed_at: Time,
    mitigated_at: Option<Time>,
    occurrences: u32,
    problems: usize,
    active_problems: usize,
    flapping: bool,
    silenced: bool,
    acknowledged_by: Option<String>,
    escalated: bool,
    merged_into: Option<u64>,
    /// The approval that waits for an answer.
    approval: Option<u64>,
    next_step: Option<String>,
}

impl From<&StoredIncident> for IncidentEntry {
    fn from(stored: &StoredIncident) -> Self {
        let StoredIncident { incident, telling } = stored;
        Self {
            id: incident.id.to_string(),
            number: incident.number,
            about: incident.about(),
            state: incident.state.as_str(),
            severity: incident.severity.as_str(),
            root: incident.root.to_string(),
            root_why: incident.root_why.clone(),
            signature: incident.signature.to_string(),
            summary: headline(incident),
            opened_at: Time(incident.opened_at),
            changed_at: Time(incident.changed_at),
            mitigated_at: incident.mitigated_at.map(Time),
            occurrences: incident.occurrences,
            problems: incident.members.len(),
            active_problems: incident.members.iter().filter(|member| member.active).count(),
            flapping: incident.flapping,
            silenced: telling.silenced,
            acknowledged_by: incident.acknowledged.as_ref().map(|ack| ack.by.clone()),
            escalated: !incident.escalations.is_empty(),
            merged_into: incident.merged_into.map(|(_, number)| number),
            approval: incident.approval.map(|(_, number)| number),
            next_step: incident.next_step.clone(),
        }
    }
}

/// `incident show`
#[derive(Serialize)]
pub(in crate::cli) struct IncidentDocument {
    #[serde(flatten)]
    pub(in crate::cli) incident: IncidentEntry,
    pub(in crate::cli) members: Vec<MemberEntry>,
    pub(in crate::cli) suspects: Vec<SuspectEntry>,
    pub(in crate::cli) repairs: Vec<RepairEntry>,
    pub(in crate::cli) timeline: Vec<TimelineEntry>,
    pub(in crate::cli) evidence: Vec<EvidenceEntry>,
}

#[derive(Serialize)]
pub(in crate::cli) struct MemberEntry {
    target: String,
    signature: String,
    origin: String,
    severity: &'static str,
    summary: String,
    impact: Option<String>,
    active: bool,
    joined_at: Time,
    why: String,
    /// How much spoke for that, as in `0.86 = topology 0.60 + time 0.19 + labels 0.07`.
    score: Option<String>,
}

impl From<&Member> for MemberEntry {
    fn from(member: &Member) -> Self {
        Self {
            target: member.problem.target.to_string(),
            signature: member.problem.signature.to_string(),
            origin: member.origin.to_string(),
            severity: member.severity.as_str(),
            summary: member.summary.clone(),
            impact: member.impact.clone(),
            active: member.active,
            joined_at: Time(member.joined_at),
            why: member.why.clone(),
            score: member.score.map(|score| score.to_string()),
        }
    }
}

#[derive(Serialize)]
pub(in crate::cli) struct SuspectEntry {
    source: String,
    id: String,
    at: Time,
    author: String,
    summary: String,
    files: Vec<String>,
    why: String,
    /// What it comes down to.
    gist: Vec<String>,
    /// Where to read it; `null` where that is not known.
    url: Option<String>,
}

impl From<&SuspectNote> for SuspectEntry {
    fn from(note: &SuspectNote) -> Self {
        Self {
            source: note.source.clone(),
            id: note.id.clone(),
            at: Time(note.at),
            author: note.author.clone(),
            summary: note.summary.clone(),
            files: note.files.clone(),
            why: note.why.clone(),
            gist: note.gist.clone(),
            url: note.url.clone(),
        }
    }
}

#[derive(Serialize)]
pub(in crate::cli) struct RepairEntry {
    remediation: String,
    runbook: String,
    started_at: Time,
    /// `running`, `succeeded`, `deferred`, `unwound`, `stuck` or `cancelled`.
    outcome: &'static str,
    /// Whether the problem came back within the watch time.
    ineffective: bool,
}

impl From<&Repair> for RepairEntry {
    fn from(repair: &Repair) -> Self {
        let outcome = match &repair.outcome {
            None => "running",
            Some(Outcome::Succeeded) => "succeeded",
            Some(Outcome::Deferred) => "deferred",
            Some(Outcome::Unwound { .. }) => "unwound",
            Some(Outcome::Stuck { .. }) => "stuck",
            Some(Outcome::Cancelled { .. }) => "cancelled",
        };
        Self {
            remediation: repair.remediation.to_string(),
            runbook: repair.runbook.clone(),
            started_at: Time(repair.started_at),
            outcome,
            ineffective: repair.ineffective,
        }
    }
}

#[derive(Serialize)]
pub(in crate::cli) struct TimelineEntry {
    seq: u64,
    at: Time,
    kind: &'static str,
    /// The event in a sentence; `null` for one that needs none.
    text: Option<String>,
}

impl TimelineEntry {
    pub(in crate::cli) fn new(incident: &Incident, record: &Record) -> Self {
        Self {
            seq: record.seq,
            at: Time(record.at),
            kind: record.event.kind(),
            text: incident.in_words(&record.event).map(|sentence| sentence.text),
        }
    }
}

#[derive(Serialize)]
pub(in crate::cli) struct EvidenceEntry {
    at: Time,
    target: String,
    signature: String,
    text: String,
}

impl EvidenceEntry {
    pub(in crate::cli) fn new(at: Timestamp, problem: &Problem, text: &str) -> Self {
        let (target, signature) = (problem.target.to_string(), problem.signature.to_string());
        Self { at: Time(at), target, signature, text: text.to_owned() }
    }
}
