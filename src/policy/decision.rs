//! The words of a judgement: what is decided, under which facts, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::action::{BlastRadius, Effect};

/// What may happen to an action. Ordered: the strictest is the greatest, and the strictest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It runs by itself.
    Allow,
    /// A person is asked first.
    Approve,
    /// It never runs, whoever asks.
    Forbid,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Approve => "approve",
            Self::Forbid => "forbid",
        })
    }
}

/// How much Steward does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Autonomy {
    /// It repairs what it can repair safely, and asks for the rest.
    #[default]
    Full,
    /// It asks before every change.
    Propose,
}

impl fmt::Display for Autonomy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Propose => "propose",
        })
    }
}

/// What the judgement has to know besides the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Facts {
    /// How much Steward does by itself.
    pub autonomy: Autonomy,
    /// Whether an operator paused all changes.
    pub paused: bool,
    /// Whether the target was observed, by a skill or an alert; a target that is only suspected was not.
    pub observed: bool,
    /// How far the target itself reaches, from the topology: what depends on it.
    pub target_radius: BlastRadius,
    /// Whether this repair is beyond its repetition limit.
    pub limit_exceeded: bool,
}

/// A judgement, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What may happen.
    pub decision: Decision,
    /// What the action does; irreversible where no rule says otherwise.
    pub effect: Effect,
    /// What else it touches: the wider of the rule's and the target's.
    pub blast_radius: BlastRadius,
    /// Why, as sentences for people, the weightiest first. Never empty.
    pub reasons: Vec<String>,
    /// The rule that decided, if one matched.
    pub rule: Option<String>,
    /// How the action is taken back, where the rule says so.
    pub undo: Option<String>,
}
