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
    /// It asks, until a kind of repair has earned that it acts by itself on a class of targets.
    Earned,
    /// It asks before every change.
    Propose,
}

impl fmt::Display for Autonomy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Earned => "earned",
            Self::Propose => "propose",
        })
    }
}

/// What the judgement has to know besides the action. Each can only raise the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each true or not")]
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
    /// Whether this kind of repair has earned to act by itself on this class of targets. Asked only where autonomy
    /// is [`Autonomy::Earned`].
    pub trusted: bool,
    /// Whether changes have a window, and now is outside of it.
    pub outside_window: bool,
    /// Whether the error budget of what the target serves is spent.
    pub budget_spent: bool,
    /// Whether another remediation is at work on the same host.
    pub host_busy: bool,
    /// Whether whoever proposes it is not sure.
    pub doubtful: bool,
    /// Whether a named safety check (a verified recent backup) is part of the plan; when it is about to run: has
    /// passed right before.
    pub safety_checked: bool,
}

impl Facts {
    /// Nothing speaks against it: full autonomy, an observed target that nothing depends on.
    #[must_use]
    pub const fn plain() -> Self {
        Self {
            autonomy: Autonomy::Full,
            paused: false,
            observed: true,
            target_radius: BlastRadius::Target,
            limit_exceeded: false,
            trusted: false,
            outside_window: false,
            budget_spent: false,
            host_busy: false,
            doubtful: false,
            safety_checked: false,
        }
    }
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
    /// How many people have to say yes where it asks; at least one.
    pub approvers: u8,
    /// What it needs of the machine when it runs.
    pub needs: Needs,
    /// Each command that it would run, judged by itself.
    pub segments: Vec<Judgement>,
}

/// What an action needs of the machine. Whatever it doesn't need, it isn't given where that can be withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Needs {
    /// To read files and the kernel's state: no network, nothing written.
    Local,
    /// To read, over the network too: nothing written.
    Network,
    /// To change something.
    Write,
}

/// One command of an action, judged by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The command, as people would type it.
    pub command: String,
    /// What may happen to it.
    pub decision: Decision,
    /// What it does.
    pub effect: Effect,
    /// How far it reaches.
    pub blast_radius: BlastRadius,
    /// The rule that decided, if one matched.
    pub rule: Option<String>,
    /// Why, the weightiest first. Never empty.
    pub reasons: Vec<String>,
    /// How it is taken back, where the rule says so.
    pub undo: Option<String>,
}
