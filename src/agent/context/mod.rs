//! What a model is told before it begins, the same way every time: stable parts first, each within its budget, what is
//! from outside fenced, and nothing secret in it.

pub mod tokens;

use std::path::PathBuf;

use chrono_tz::Tz;

use super::model::ToolSpec;
use crate::domain::agent::{Said, Subject};
use crate::domain::ids::IncidentId;
use crate::domain::signal::Timestamp;
use crate::engine::world::Knowledge;
use crate::store::{Store, StoreError};

/// Where the parts come from.
#[derive(Clone)]
pub struct Sources {
    /// What is stored.
    pub store: Store,
    /// The lab's time zone.
    pub tz: Tz,
    /// The state directory: HEARTBEAT.md is there.
    pub state_dir: PathBuf,
    /// The operator's `memory/`, whether or not it is there.
    pub memory: Option<PathBuf>,
    /// The operator's `prompts/`, whether or not it is there.
    pub prompts: Option<PathBuf>,
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

/// Gathers it.
///
/// # Errors
/// The store can't be read. What else is missing is said in the context itself.
pub async fn gather(_sources: &Sources, _brief: &Brief<'_>) -> Result<Context, StoreError> {
    Ok(Context { system: String::new(), user: String::new(), parts: Vec::new() })
}
