//! Runs of the agent, as JSON.

use serde::Serialize;
use serde_json::Value;

use super::Time;
use crate::agent::model::{Call, Turn};
use crate::agent::record::Entry;
use crate::domain::agent::{Answer, Conclusion, Ending, Outline, OutlineStep, Spending, Subject};
use crate::store::runs::{RunRow, StepRow};

/// `agent runs`.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct RunList<'a> {
    pub(in crate::cli) runs: Vec<RunEntry<'a>>,
    pub(in crate::cli) truncated: bool,
}

/// A run.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct RunEntry<'a> {
    number: u64,
    id: String,
    incident: Option<u64>,
    incident_id: String,
    about: &'static str,
    goal: Option<&'a str>,
    began: Time,
    ended: Option<Time>,
    ending: Option<&'static str>,
    ending_why: Option<&'a str>,
    models: &'a [String],
    tokens_sent: u64,
    tokens_cached: u64,
    tokens_received: u64,
    cost: f64,
}

impl<'a> From<&'a RunRow> for RunEntry<'a> {
    fn from(run: &'a RunRow) -> Self {
        let (about, goal) = match &run.subject {
            Subject::Incident => ("incident", None),
            Subject::Request => ("request", None),
            Subject::Lesson => ("lesson", None),
            Subject::Goal { name } => ("goal", Some(name.as_str())),
        };
        let ending = run.conclusion.as_ref().map(|conclusion| ending(&conclusion.ending));
        Self {
            number: run.number,
            id: run.id.to_string(),
            incident: run.case,
            incident_id: run.incident.to_string(),
            about,
            goal,
            began: Time(run.begun_at),
            ended: run.ended_at.map(Time),
            ending: ending.map(|(word, _)| word),
            ending_why: ending.and_then(|(_, why)| why),
            models: &run.models,
            tokens_sent: run.spent.tokens_in,
            tokens_cached: run.spent.tokens_cached,
            tokens_received: run.spent.tokens_out,
            cost: money(run.spent),
        }
    }
}

fn ending(ending: &Ending) -> (&'static str, Option<&str>) {
    match ending {
        Ending::Concluded => ("concluded", None),
        Ending::Understood { command } => ("understood", Some(command)),
        Ending::Limit { what } => ("limit", Some(what)),
        Ending::NoModel { why } => ("no_model", Some(why)),
        Ending::GaveUp { why } => ("gave_up", Some(why)),
        Ending::Stopped { by } => ("stopped", Some(by)),
        Ending::Interrupted { why } => ("interrupted", Some(why)),
    }
}

/// Money, in the currency of the prices.
#[expect(clippy::cast_precision_loss, reason = "nobody spends what a float can't tell")]
pub(in crate::cli) fn money(spent: Spending) -> f64 {
    spent.micros as f64 / 1_000_000.0
}

/// `agent show`.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct RunDocument<'a> {
    run: RunEntry<'a>,
    conclusion: Option<ConclusionEntry<'a>>,
    steps: Vec<StepEntry<'a>>,
}

impl<'a> RunDocument<'a> {
    pub(in crate::cli) fn of(run: &'a RunRow, steps: &'a [(StepRow, Option<Entry>)]) -> Self {
        Self {
            run: run.into(),
            conclusion: run.conclusion.as_ref().map(ConclusionEntry::from),
            steps: steps.iter().map(StepEntry::from).collect(),
        }
    }
}

/// What a run came to.
#[derive(Debug, Serialize)]
struct ConclusionEntry<'a> {
    diagnosis: &'a str,
    root: Option<&'a str>,
    evidence: &'a [String],
    confidence: u8,
    notes: &'a [String],
    actions: &'a [String],
    verification: &'a str,
    rollback: &'a str,
    options: Vec<OptionEntry<'a>>,
}

/// A way to go.
#[derive(Debug, Serialize)]
struct OptionEntry<'a> {
    title: &'a str,
    why: &'a str,
    steps: Vec<OptionStep<'a>>,
}

/// A step of it; what is not known is `null` or empty.
#[derive(Debug, Serialize)]
struct OptionStep<'a> {
    what: &'a str,
    host: Option<&'a str>,
    command: Option<&'a [String]>,
    answer: Option<&'static str>,
    effect: Option<String>,
    blast_radius: Option<String>,
    risk: &'a str,
    undo: &'a str,
}

impl<'a> From<&'a Outline> for OptionEntry<'a> {
    fn from(option: &'a Outline) -> Self {
        let step = |step: &'a OutlineStep| OptionStep {
            what: &step.what,
            host: step.host.as_deref(),
            command: step.command.as_deref(),
            answer: step.answer.map(Answer::as_str),
            effect: step.effect.map(|effect| effect.to_string()),
            blast_radius: step.blast_radius.map(|radius| radius.to_string()),
            risk: &step.risk,
            undo: &step.undo,
        };
        Self { title: &option.title, why: &option.why, steps: option.steps.iter().map(step).collect() }
    }
}

impl<'a> From<&'a Conclusion> for ConclusionEntry<'a> {
    fn from(conclusion: &'a Conclusion) -> Self {
        Self {
            diagnosis: &conclusion.diagnosis,
            root: conclusion.root.as_ref().map(crate::domain::target::Target::as_str),
            evidence: &conclusion.evidence,
            confidence: conclusion.confidence,
            notes: &conclusion.notes,
            actions: &conclusion.actions,
            verification: &conclusion.verification,
            rollback: &conclusion.rollback,
            options: conclusion.options.iter().map(OptionEntry::from).collect(),
        }
    }
}

/// Something that a run said or did; what has no place in its kind is `null`.
#[derive(Debug, Default, Serialize)]
struct StepEntry<'a> {
    seq: u64,
    at: Option<Time>,
    kind: &'a str,
    text: Option<&'a str>,
    system: Option<&'a str>,
    model: Option<&'a str>,
    calls: Vec<CallEntry<'a>>,
    tool: Option<&'a str>,
    what: Option<&'a str>,
    outcome: Option<&'a str>,
    fell_back: &'a [String],
    seconds: Option<f64>,
    tokens_sent: Option<u64>,
    tokens_cached: Option<u64>,
    tokens_received: Option<u64>,
    cost: Option<f64>,
    unreadable: Option<&'a Value>,
}

/// A call that a model asked for.
#[derive(Debug, Serialize)]
struct CallEntry<'a> {
    tool: &'a str,
    arguments: &'a str,
}

impl<'a> From<&'a Call> for CallEntry<'a> {
    fn from(call: &'a Call) -> Self {
        Self { tool: &call.name, arguments: &call.arguments }
    }
}

impl<'a> From<&'a (StepRow, Option<Entry>)> for StepEntry<'a> {
    fn from((row, entry): &'a (StepRow, Option<Entry>)) -> Self {
        let step = Self { seq: row.seq, at: Some(Time(row.at)), kind: &row.kind, ..Self::default() };
        match entry {
            None => Self { unreadable: Some(&row.data), ..step },
            Some(Entry::Told { system, user }) => Self { system: Some(system), text: Some(user), ..step },
            Some(Entry::Said { turn }) => Self { text: Some(words(turn)), ..step },
            Some(Entry::Answered { model, text, calls, spent, millis, fell_back }) => Self {
                model: Some(model),
                text: Some(text),
                calls: calls.iter().map(CallEntry::from).collect(),
                fell_back,
                seconds: Some(seconds(*millis)),
                tokens_sent: Some(spent.tokens_in),
                tokens_cached: Some(spent.tokens_cached),
                tokens_received: Some(spent.tokens_out),
                cost: Some(money(*spent)),
                ..step
            },
            Some(Entry::Called { tool, what, outcome, text, millis }) => Self {
                tool: Some(tool),
                what: Some(what),
                outcome: Some(outcome),
                text: Some(text),
                seconds: Some(seconds(*millis)),
                ..step
            },
        }
    }
}

/// The words of a turn.
pub(in crate::cli) fn words(turn: &Turn) -> &str {
    match turn {
        Turn::User { text } | Turn::Assistant { text, .. } | Turn::Result { text, .. } => text,
    }
}

/// Milliseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "nothing takes so long that a float can't tell")]
pub(in crate::cli) fn seconds(millis: u64) -> f64 {
    millis as f64 / 1000.0
}
