//! Standing goals, and what is remembered of them.

use super::Schedule;
use crate::domain::signal::Timestamp;

/// A standing goal of the agent: `prompts/goals/NAME.md`. It only reads; what it wants to change is a proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// Its name: the file's without `.md`.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// What the model is told to do.
    pub text: String,
    /// When it runs by itself; never where it has none.
    pub schedule: Option<Schedule>,
    /// Whether it came with the binary.
    pub shipped: bool,
}

/// What is remembered of a goal over restarts, so that none is run twice and none is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalMark {
    /// The goal's name.
    pub name: String,
    /// Its schedule as it was written when this was noted. Under another one, time counts anew.
    pub schedule: Option<String>,
    /// The next time is counted from here.
    pub from: Timestamp,
    /// When it was last begun.
    pub ran_at: Option<Timestamp>,
    /// The case of that run, by its number.
    pub case: Option<u64>,
}
