//! What a model is told before it begins, the same way every time: stable parts first, each within its budget, what is
//! from outside fenced, and nothing secret in it.

mod budget;
pub(super) mod case;
mod fit;
mod known;
mod page;
mod stable;
pub mod tokens;

use std::path::{Path, PathBuf};

use chrono_tz::Tz;

use self::known::Known;
use self::page::Page;
use super::model::ToolSpec;
use crate::config::Config;
use crate::domain::agent::{Said, Subject};
use crate::domain::ids::IncidentId;
use crate::domain::redact::Redactor;
use crate::domain::signal::Timestamp;
use crate::engine::world::Knowledge;
use crate::policy::Autonomy;
use crate::store::{Store, StoreError};

/// Where the parts come from.
#[derive(Clone)]
pub struct Sources {
    /// What is stored.
    pub store: Store,
    /// This machine's name in the lab.
    pub host: String,
    /// The other machines that commands may run on.
    pub hosts: Vec<String>,
    /// The names of the repositories that may be read.
    pub repositories: Vec<String>,
    /// What the operator lets it do by itself.
    pub autonomy: Autonomy,
    /// The lab's time zone.
    pub tz: Tz,
    /// The state directory: HEARTBEAT.md is there.
    pub state_dir: PathBuf,
    /// The operator's `memory/`, whether or not it is there.
    pub memory: Option<PathBuf>,
    /// The operator's `prompts/`, whether or not it is there.
    pub prompts: Option<PathBuf>,
}

impl Sources {
    /// Those of a configuration.
    #[must_use]
    pub fn of(config: &Config, store: Store) -> Self {
        Self {
            store,
            host: config.host.to_string(),
            hosts: config.hosts.keys().cloned().collect(),
            repositories: config.changes.git.iter().map(|source| source.name.clone()).collect(),
            autonomy: config.autonomy,
            tz: config.timezone,
            state_dir: config.state_dir.clone(),
            memory: config.paths.memory.clone(),
            prompts: config.paths.prompts.clone(),
        }
    }
}

/// What the stable part is made from, beside the [`Brief`].
struct Ground<'a> {
    host: &'a str,
    hosts: &'a [String],
    repositories: &'a [String],
    autonomy: Autonomy,
    memory: Option<&'a Path>,
    prompts: Option<&'a Path>,
}

impl Sources {
    fn ground(&self) -> Ground<'_> {
        Ground {
            host: &self.host,
            hosts: &self.hosts,
            repositories: &self.repositories,
            autonomy: self.autonomy,
            memory: self.memory.as_deref(),
            prompts: self.prompts.as_deref(),
        }
    }
}

/// What a context is wanted for.
pub struct Brief<'a> {
    /// What it is about.
    pub subject: &'a Subject,
    /// The case.
    pub incident: IncidentId,
    /// What was said before, the newest last.
    pub said: &'a [Said],
    /// What the operator wrote.
    pub knowledge: &'a Knowledge,
    /// The tools that there are.
    pub tools: &'a [ToolSpec],
    /// The limits of the run, in words, a line each.
    pub limits: &'a [String],
    /// The time.
    pub now: Timestamp,
}

/// A part of a context, for `agent context`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// How many tokens it is estimated at.
    pub tokens: usize,
    /// How many it may have.
    pub budget: usize,
    /// What was cut, in words, if anything was.
    pub cut: Option<String>,
}

/// What a model is told before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The stable part: the same from run to run.
    pub system: String,
    /// The case.
    pub user: String,
    /// What both consist of, in their order.
    pub parts: Vec<Part>,
}

impl Context {
    /// What it takes in all, tools included, as an estimate.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.parts.iter().map(|part| part.tokens).sum()
    }
}

/// Gathers it. The same state of the lab and the same `now` give the same text, to the byte.
///
/// # Errors
/// The store can't be read. What else is missing is said in the context itself, or left out.
pub async fn gather(sources: &Sources, brief: &Brief<'_>) -> Result<Context, StoreError> {
    let (incident, now) = (brief.incident, brief.now);
    let known = sources.store.read(move |conn| Known::read(conn, incident, now)).await?;
    let redactor = sources.store.redaction().now();
    let mut page = Page::new(&redactor);
    stable::write(&mut page, &sources.ground(), brief, known.paused_by.as_deref());
    let (system, mut parts) = page.done();
    let mut page = Page::new(&redactor);
    case::write(&mut page, sources, brief, &known);
    let (user, more) = page.done();
    parts.extend(more);
    Ok(Context { system, user, parts })
}

/// The stable part alone, to the byte as a run is told it: for runs without a lab behind them.
#[must_use]
pub fn stable_part(config: &Config, brief: &Brief<'_>, redactor: &Redactor) -> String {
    let host = config.host.to_string();
    let ground = Ground {
        host: &host,
        hosts: &[],
        repositories: &[],
        autonomy: config.autonomy,
        memory: config.paths.memory.as_deref(),
        prompts: config.paths.prompts.as_deref(),
    };
    let mut page = Page::new(redactor);
    stable::write(&mut page, &ground, brief, None);
    page.done().0
}

/// What a model is told of how to take a first look at a wish: the operator's words, or the shipped ones.
#[must_use]
pub fn how_to_triage(sources: &Sources) -> String {
    stable::triage(&sources.ground())
}

/// What a model is told of how to write a lesson: the operator's words, or the shipped ones.
#[must_use]
pub fn how_to_write_a_lesson(sources: &Sources) -> String {
    stable::lesson(&sources.ground())
}
