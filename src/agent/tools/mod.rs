//! The tools as Rust types: their JSON schemas are generated from these, so that the prompt can't drift from the code.
//!
//! What reads passes the policy and the runner (`door`); what acts is a proposal to the engine (`act`), which
//! judges it like a runbook. All that comes back is fenced (`fence`).

mod act;
mod conclude;
mod door;
pub mod fence;
mod files;
mod git;
mod lab;
mod look;
mod measured;
mod past;
mod place;
mod reach;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::model::{Call, ToolSpec};
use super::toolbox::{Outcome, Toolbox, Used};
use super::waiting::Repairs;
use crate::config::GitSource;
use crate::domain::agent::Subject;
use crate::domain::command::suggest;
use crate::domain::ids::{IncidentId, RunId};
use crate::domain::target::Target;
use crate::engine::message::Handle;
use crate::engine::ports::{Clock, CommandRunner};
use crate::engine::schedule::Asker;
use crate::engine::suspects::Ledger;
use crate::engine::world::Knowledge;
use crate::policy::Policy;
use crate::store::{Metrics, Store, StoreError};

/// The most that one result tells a model, in bytes: about 2,000 tokens.
const MAX_RESULT: usize = 6_000;

/// What the tools of all runs work with.
#[derive(Clone)]
pub struct ToolDeps {
    /// What is stored, and the redactor.
    pub store: Store,
    /// What was measured.
    pub metrics: Metrics,
    /// Runs processes.
    pub runner: Arc<dyn CommandRunner>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Runs skills.
    pub skills: Asker,
    /// Takes proposals.
    pub engine: Handle,
    /// Tells of changes.
    pub ledger: Ledger,
    /// Tells how proposed repairs end.
    pub repairs: Repairs,
    /// The repositories of `[[changes.git]]`.
    pub repositories: Arc<Vec<GitSource>>,
    /// The operator's `memory/`, whether or not it is there.
    pub memory: Option<PathBuf>,
    /// What the lab calls this machine.
    pub host: Target,
    /// The other machines that commands may run on: those of `[hosts]`.
    pub hosts: Arc<BTreeSet<String>>,
    /// The lab's time zone.
    pub tz: Tz,
}

/// What a run is about, as far as its tools need to know.
#[derive(Clone)]
pub struct Case {
    /// The incident.
    pub incident: IncidentId,
    /// The run.
    pub run: RunId,
    /// What the run is about.
    pub subject: Subject,
    /// What the operator wrote, when the run began.
    pub knowledge: Knowledge,
}

/// The live tools of one run.
pub struct Bench {
    deps: Arc<ToolDeps>,
    case: Case,
}

/// A tool: its arguments, and what it does with them. Its documentation is what a model is told of it.
#[async_trait]
trait Tool: DeserializeOwned + JsonSchema + Send + 'static {
    /// Its name.
    const NAME: &'static str;
    /// Whether it changes anything or may, or asks people to.
    const ACTS: bool = false;

    /// What it is about to do, in a few words, for the progress line and the record.
    fn what(&self) -> String;

    /// Does it.
    async fn call(self, bench: &Bench) -> Outcome;
}

type Doing<'a> = Pin<Box<dyn Future<Output = Used> + Send + 'a>>;

/// A tool without its type.
struct Entry {
    name: &'static str,
    acts: bool,
    what: fn(&str) -> Option<String>,
    spec: fn() -> ToolSpec,
    call: for<'a> fn(&'a Bench, &'a str) -> Doing<'a>,
}

/// All of them: what reads, what acts, what ends.
const TOOLS: [Entry; 15] = [
    entry::<look::RunCommand>(),
    entry::<lab::RunSkill>(),
    entry::<past::Incidents>(),
    entry::<past::IncidentOf>(),
    entry::<past::Changes>(),
    entry::<lab::TopologyOf>(),
    entry::<measured::MetricOf>(),
    entry::<files::SearchMemory>(),
    entry::<files::ReadFile>(),
    entry::<git::Git>(),
    entry::<act::RunRunbook>(),
    entry::<act::Propose>(),
    entry::<act::Remember>(),
    entry::<act::Adopt>(),
    entry::<conclude::Conclude>(),
];

const fn entry<T: Tool>() -> Entry {
    Entry {
        name: T::NAME,
        acts: T::ACTS,
        what: |arguments| schema::read::<T>(arguments).ok().map(|tool| tool.what()),
        spec: spec::<T>,
        call: |bench, arguments| Box::pin(used::<T>(bench, arguments)),
    }
}

fn spec<T: Tool>() -> ToolSpec {
    let (description, parameters) = schema::describe::<T>();
    ToolSpec { name: T::NAME, description, parameters }
}

async fn used<T: Tool>(bench: &Bench, arguments: &str) -> Used {
    match schema::read::<T>(arguments) {
        Ok(tool) => {
            let what = bench.shown(&tool.what());
            let outcome = tool.call(bench).await;
            let acted = T::ACTS && !matches!(outcome, Outcome::Misused(_));
            Used { outcome: bench.without_secrets(outcome), what, acted }
        }
        Err(why) => {
            let right = schema::shape(&spec::<T>().parameters);
            let outcome = Outcome::Misused(bench.shown(&format!("{why}. {} takes {right}", T::NAME)));
            Used { outcome, what: format!("{} with arguments that don't fit", T::NAME), acted: false }
        }
    }
}

/// What a model is told of the tools that every run has.
#[must_use]
pub fn specs() -> Vec<ToolSpec> {
    specs_for(&Subject::Incident)
}

/// What a model is told of the tools: the same for every run about the same kind of thing.
#[must_use]
pub fn specs_for(subject: &Subject) -> Vec<ToolSpec> {
    TOOLS.iter().filter(|entry| is_for(entry, subject)).map(|entry| (entry.spec)()).collect()
}

/// Whether runs about this have a tool: nothing is brought into the cluster unless a person asks.
fn is_for(entry: &Entry, subject: &Subject) -> bool {
    entry.name != act::Adopt::NAME || *subject == Subject::Request
}

impl Bench {
    /// The tools of a run.
    #[must_use]
    pub fn new(deps: Arc<ToolDeps>, case: Case) -> Self {
        Self { deps, case }
    }

    /// What judges: the policy in force now, which may be stricter than when the run began.
    fn policy(&self) -> Arc<Policy> {
        self.deps.skills.policy()
    }

    /// A result from outside.
    fn data(&self, label: &str, text: &str) -> Outcome {
        self.data_of(label, text, MAX_RESULT)
    }

    fn data_of(&self, label: &str, text: &str, most: usize) -> Outcome {
        Outcome::Text(fence::outside(&self.deps.store.redaction().now(), label, text, most))
    }

    /// A line that may hold words of the model's or of others: safe to show, and not long.
    fn shown(&self, text: &str) -> String {
        let line = self.deps.store.redaction().redact(text).into_owned();
        crate::domain::change::one_line(&crate::domain::card::one_line(&line), 600)
    }

    /// Reasons name commands and files, and what failed says why: neither tells a secret.
    fn without_secrets(&self, outcome: Outcome) -> Outcome {
        let clean = |text: String| {
            let text = crate::domain::card::clean_lines(&self.deps.store.redaction().redact(&text));
            fence::cut(&text, MAX_RESULT)
        };
        match outcome {
            Outcome::Blocked(why) => Outcome::Blocked(clean(why)),
            Outcome::Failed(why) => Outcome::Failed(clean(why)),
            Outcome::Misused(why) => Outcome::Misused(clean(why)),
            other @ (Outcome::Text(_) | Outcome::Concluded(_)) => other,
        }
    }

    /// A moment as the lab's people read it.
    fn at(&self, at: crate::domain::signal::Timestamp) -> String {
        at.with_timezone(&self.deps.tz).format("%m-%d %H:%M").to_string()
    }
}

/// The store can't be read: for the model, a thing that could not be done.
fn unreadable(error: &StoreError) -> Outcome {
    Outcome::Failed(format!("Steward's own records can't be read now: {error}"))
}

/// `; did you mean x?`, or what there is.
fn instead<'a>(word: &str, there: impl IntoIterator<Item = &'a str> + Clone) -> String {
    /// The most names that are listed.
    const LISTED: usize = 30;
    if let Some(near) = suggest(word, there.clone()) {
        return format!("; did you mean {near}?");
    }
    let mut names: Vec<&str> = there.into_iter().collect();
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    match (names.is_empty(), more) {
        (true, _) => "; there is none".to_owned(),
        (false, 0) => format!("; there is {}", names.join(", ")),
        (false, more) => format!("; there is {} and {more} more", names.join(", ")),
    }
}

#[async_trait]
impl Toolbox for Bench {
    fn specs(&self) -> Vec<ToolSpec> {
        specs_for(&self.case.subject)
    }

    fn in_words(&self, call: &Call) -> String {
        let entry = TOOLS.iter().find(|entry| entry.name == call.name);
        let what = entry.and_then(|entry| (entry.what)(&call.arguments));
        self.shown(what.as_deref().unwrap_or(&call.name))
    }

    fn acts(&self, call: &Call) -> bool {
        TOOLS.iter().any(|entry| entry.name == call.name && entry.acts)
    }

    async fn call(&self, call: &Call) -> Used {
        let tools = || TOOLS.iter().filter(|entry| is_for(entry, &self.case.subject));
        match tools().find(|entry| entry.name == call.name) {
            Some(entry) => (entry.call)(self, &call.arguments).await,
            None => {
                let names: Vec<&str> = tools().map(|entry| entry.name).collect();
                let why = instead(&call.name, names.iter().copied());
                let outcome = Outcome::Misused(self.shown(&format!("there is no tool {:?}{why}", call.name)));
                Used { outcome, what: "a tool that there is not".to_owned(), acted: false }
            }
        }
    }
}
