//! What `--json` prints. These shapes are a promise to scripts: `docs/cli.md` documents each, keys are added and
//! never renamed, and nothing of the house is serialised here by its own derive, so that it may change freely.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use serde::{Serialize, Serializer};

use crate::domain::change::Change;
use crate::domain::incident::{Incident, Member, Record, Repair, SuspectNote, sentence};
use crate::domain::metric::Sample;
use crate::domain::remediation::Outcome;
use crate::domain::report::Finding;
use crate::domain::runbook::Runbook;
use crate::domain::signal::{Problem, Timestamp};
use crate::store::batch::StoredIncident;

/// A moment: RFC 3339, UTC, milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time(pub(super) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// `skill list`
#[derive(Serialize)]
pub(super) struct SkillList {
    pub(super) skills: Vec<SkillEntry>,
}

#[derive(Serialize)]
pub(super) struct SkillEntry {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) enabled: bool,
    pub(super) shipped: bool,
    pub(super) path: String,
    pub(super) schedule: String,
    pub(super) next_run: Option<Time>,
    pub(super) last_run: Option<Time>,
    /// How many runs in a row did not keep the contract.
    pub(super) failures: u32,
    pub(super) timeout_seconds: f64,
    pub(super) targets: Vec<String>,
    pub(super) contract: &'static str,
    pub(super) severity: &'static str,
    /// Secrets show where they come from, never what they are.
    pub(super) params: BTreeMap<String, String>,
}

/// `skill run`
#[derive(Serialize)]
pub(super) struct SkillRun {
    pub(super) skill: String,
    pub(super) path: String,
    pub(super) started_at: Time,
    pub(super) duration_ms: u64,
    pub(super) exit: Option<i32>,
    /// `report`, `failed` or `cancelled`.
    pub(super) result: &'static str,
    pub(super) why: Option<String>,
    pub(super) complete: Option<bool>,
    pub(super) findings: Vec<FindingEntry>,
    pub(super) metrics: Vec<Metric>,
    pub(super) stderr: String,
}

#[derive(Serialize)]
pub(super) struct FindingEntry {
    status: &'static str,
    target: String,
    signature: String,
    severity: &'static str,
    summary: String,
    impact: Option<String>,
    labels: BTreeMap<String, String>,
    evidence: String,
}

impl From<&Finding> for FindingEntry {
    fn from(finding: &Finding) -> Self {
        Self {
            status: finding.status.as_str(),
            target: finding.target.to_string(),
            signature: finding.signature.to_string(),
            severity: finding.severity.as_str(),
            summary: finding.summary.clone(),
            impact: finding.impact.clone(),
            labels: finding.labels.clone(),
            evidence: finding.evidence.clone(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Metric {
    name: String,
    labels: BTreeMap<String, String>,
    /// `null` where the value is not a finite number.
    value: f64,
}

impl From<&Sample> for Metric {
    fn from(sample: &Sample) -> Self {
        Self { name: sample.name.clone(), labels: sample.labels.clone(), value: sample.value }
    }
}

/// `runbook list`
#[derive(Serialize)]
pub(super) struct RunbookList {
    pub(super) runbooks: Vec<RunbookEntry>,
}

#[derive(Serialize)]
pub(super) struct RunbookEntry {
    name: String,
    title: String,
    description: Option<String>,
    shipped: bool,
    file: String,
    #[serde(rename = "match")]
    fits: MatchEntry,
    steps: Vec<StepEntry>,
    cooldown_seconds: f64,
    max_attempts: u32,
    watch_seconds: f64,
}

#[derive(Serialize)]
struct MatchEntry {
    skill: Option<String>,
    signature: Option<String>,
    target: Option<String>,
    labels: BTreeMap<String, String>,
    pattern: Option<String>,
}

#[derive(Serialize)]
struct StepEntry {
    name: String,
    run: Vec<String>,
}

impl From<&Runbook> for RunbookEntry {
    fn from(runbook: &Runbook) -> Self {
        let fits = &runbook.fits;
        let step = |step: &crate::domain::runbook::Step| StepEntry {
            name: step.name.clone(),
            run: step.run.argv.iter().map(ToString::to_string).collect(),
        };
        Self {
            name: runbook.name.clone(),
            title: runbook.title.clone(),
            description: runbook.description.clone(),
            shipped: runbook.shipped,
            file: runbook.file.clone(),
            fits: MatchEntry {
                skill: fits.skill.clone(),
                signature: fits.signature.as_ref().map(ToString::to_string),
                target: fits.target.as_ref().map(|target| target.as_str().to_owned()),
                labels: fits.labels.iter().map(|(name, glob)| (name.clone(), glob.to_string())).collect(),
                pattern: fits.pattern.as_ref().map(ToString::to_string),
            },
            steps: runbook.steps.iter().map(step).collect(),
            cooldown_seconds: runbook.limits.cooldown.as_secs_f64(),
            max_attempts: runbook.limits.max_attempts,
            watch_seconds: runbook.limits.watch.as_secs_f64(),
        }
    }
}

/// `runbook plan`
#[derive(Serialize)]
pub(super) struct PlanDocument {
    pub(super) runbook: String,
    pub(super) title: String,
    pub(super) target: String,
    pub(super) signature: String,
    pub(super) labels: BTreeMap<String, String>,
    /// `stored_signal` or `command_line`.
    pub(super) values_from: &'static str,
    /// Whether the runbook would be chosen for this at all.
    pub(super) fits: bool,
    pub(super) paused: bool,
    /// The strictest of all decisions: `allow`, `approve` or `forbid`.
    pub(super) decision: String,
    pub(super) steps: Vec<PlanStep>,
}

#[derive(Serialize)]
pub(super) struct PlanStep {
    pub(super) name: String,
    pub(super) effect: String,
    pub(super) timeout_seconds: f64,
    pub(super) attempts: u32,
    pub(super) backoff_seconds: f64,
    pub(super) idempotent: bool,
    /// `command`, `check` (the check that found it, run again) or `none`.
    pub(super) verify: &'static str,
    pub(super) commands: Vec<PlanCommand>,
}

#[derive(Serialize)]
pub(super) struct PlanCommand {
    /// `capture`, `run`, `verify` or `undo`.
    pub(super) part: &'static str,
    /// The capture's name.
    pub(super) capture: Option<String>,
    pub(super) host: String,
    pub(super) argv: Vec<String>,
    pub(super) cwd: Option<String>,
    pub(super) decision: String,
    pub(super) effect: String,
    pub(super) blast_radius: String,
    pub(super) reasons: Vec<String>,
    pub(super) rule: Option<String>,
}

/// `incident list`
#[derive(Serialize)]
pub(super) struct IncidentList {
    pub(super) incidents: Vec<IncidentEntry>,
    /// Whether there are more than were printed.
    pub(super) truncated: bool,
}

#[derive(Serialize)]
pub(super) struct IncidentEntry {
    id: String,
    number: u64,
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

/// An incident in one line: what its root reported, else what was reported first.
pub(super) fn headline(incident: &Incident) -> String {
    let of_root = incident.members.iter().find(|member| member.problem.target == incident.root);
    of_root.or(incident.members.first()).map(|member| member.summary.clone()).unwrap_or_default()
}

/// `incident show`
#[derive(Serialize)]
pub(super) struct IncidentDocument {
    #[serde(flatten)]
    pub(super) incident: IncidentEntry,
    pub(super) members: Vec<MemberEntry>,
    pub(super) suspects: Vec<SuspectEntry>,
    pub(super) repairs: Vec<RepairEntry>,
    pub(super) timeline: Vec<TimelineEntry>,
    pub(super) evidence: Vec<EvidenceEntry>,
}

#[derive(Serialize)]
pub(super) struct MemberEntry {
    target: String,
    signature: String,
    origin: String,
    severity: &'static str,
    summary: String,
    impact: Option<String>,
    active: bool,
    joined_at: Time,
    why: String,
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
        }
    }
}

#[derive(Serialize)]
pub(super) struct SuspectEntry {
    source: String,
    id: String,
    at: Time,
    author: String,
    summary: String,
    files: Vec<String>,
    why: String,
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
        }
    }
}

#[derive(Serialize)]
pub(super) struct RepairEntry {
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
pub(super) struct TimelineEntry {
    seq: u64,
    at: Time,
    kind: &'static str,
    /// The event in a sentence; `null` for one that needs none.
    text: Option<String>,
}

impl From<&Record> for TimelineEntry {
    fn from(record: &Record) -> Self {
        Self {
            seq: record.seq,
            at: Time(record.at),
            kind: record.event.kind(),
            text: sentence(&record.event).map(|sentence| sentence.text),
        }
    }
}

#[derive(Serialize)]
pub(super) struct EvidenceEntry {
    at: Time,
    target: String,
    signature: String,
    text: String,
}

impl EvidenceEntry {
    pub(super) fn new(at: Timestamp, problem: &Problem, text: &str) -> Self {
        let (target, signature) = (problem.target.to_string(), problem.signature.to_string());
        Self { at: Time(at), target, signature, text: text.to_owned() }
    }
}

/// `changes`
#[derive(Serialize)]
pub(super) struct ChangeList {
    pub(super) since: Time,
    pub(super) until: Time,
    pub(super) target: Option<String>,
    /// Newest first; with a target, the likeliest cause first.
    pub(super) changes: Vec<ChangeEntry>,
    /// With a target: how many further changes have nothing to do with it, as far as is known.
    pub(super) elsewhere: usize,
    /// Sources that could not be asked, and why.
    pub(super) silent: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct ChangeEntry {
    source: String,
    id: String,
    at: Time,
    author: String,
    summary: String,
    files: Vec<String>,
    files_total: usize,
    targets: Vec<String>,
    /// How it may have touched the target; `null` without one.
    why: Option<String>,
}

impl ChangeEntry {
    pub(super) fn new(change: &Change, why: Option<&str>) -> Self {
        Self {
            source: change.source.clone(),
            id: change.id.clone(),
            at: Time(change.at),
            author: change.author.clone(),
            summary: change.summary.clone(),
            files: change.files.clone(),
            files_total: change.files_total,
            targets: change.targets.iter().map(ToString::to_string).collect(),
            why: why.map(str::to_owned),
        }
    }
}
