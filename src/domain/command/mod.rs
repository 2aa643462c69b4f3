//! The chat grammar: what a person may type to Steward, on every platform alike.
//!
//! A message is one command. Words are read case-insensitively; a leading `/`, a mention of Steward, politeness
//! and closing punctuation don't count, and neither does anything in quotes or backticks: pasted output must
//! never approve anything. What is left over after a command is an error, not an ornament.

use std::time::Duration;

use chrono_tz::Tz;

use super::signal::Timestamp;
use super::suppression::{Kind as Suppression, Scope};
use super::target::Target;

mod adopting;
mod catalog;
mod form;
mod suggest;
mod verbs;
mod when;
mod words;

#[cfg(test)]
mod tests;

pub use adopting::Cluster;
pub use catalog::{COMMANDS, CommandHelp, help_for};
pub use form::{Choice, Kind, Slot};
pub use suggest::suggest;

/// The longest message that is read, in characters. The platforms' own limits are about as high.
pub const MAX_MESSAGE: usize = 4096;

/// The longest silence a person can ask for: thirty days.
pub const MAX_SILENCE: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a person asks for. Numbers are the short ones that people see; `None` for an incident means the one
/// whose thread the command was typed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatCommand {
    /// What can be typed.
    Help {
        /// The name of one command, as in [`COMMANDS`]; everything when absent.
        topic: Option<String>,
    },
    /// How the lab is, in a few lines.
    Status,
    /// The incidents.
    Incidents {
        /// Whether closed ones belong to it.
        all: bool,
    },
    /// One incident with its timeline.
    Show {
        /// The incident.
        incident: Option<u64>,
    },
    /// Possible causes.
    WhatChanged {
        /// From when on; the engine's default window when absent. Never later than now.
        since: Option<Timestamp>,
        /// Only what touches this target or lies below it.
        on: Option<Target>,
        /// Seen from this incident.
        incident: Option<u64>,
    },
    /// Somebody is on it: stops reminders, not repair.
    Ack {
        /// The incident.
        incident: Option<u64>,
    },
    /// No messages, escalation and automatic repair for a while.
    Silence {
        /// What is meant; the root of this thread's incident when absent.
        scope: Option<Scope>,
        /// Whether it is for maintenance.
        kind: Suppression,
        /// From when; from now on when absent. Never in the past.
        from: Option<Timestamp>,
        /// For how long: more than nothing, [`MAX_SILENCE`] at most.
        duration: Duration,
        /// Why, in the person's own words.
        comment: Option<String>,
    },
    /// The silences in force.
    Silences,
    /// What was held back as noise.
    Ignored {
        /// From when on; today when absent. Never later than now.
        since: Option<Timestamp>,
    },
    /// What happened lately, in one card.
    Digest {
        /// From when on; since this time yesterday when absent. Never later than now.
        since: Option<Timestamp>,
    },
    /// Ends a silence early.
    Unsilence {
        /// The silence.
        silence: u64,
    },
    /// Permits what was asked.
    Approve {
        /// The approval.
        approval: u64,
    },
    /// Refuses what was asked.
    Deny {
        /// The approval.
        approval: u64,
        /// Why, in the person's own words.
        reason: Option<String>,
    },
    /// What waits for a person's permission.
    Approvals,
    /// Runs a skill now.
    Run {
        /// Its name, as typed.
        skill: String,
    },
    /// From now on every change asks first.
    Pause,
    /// Ends [`ChatCommand::Pause`].
    Resume,
    /// Reads skills, runbooks, topology and policy again.
    Reload,
    /// Two incidents are one fault.
    Merge {
        /// The one that ends.
        from: u64,
        /// The one that stays. Never the same.
        into: u64,
    },
    /// A target has a fault of its own.
    Split {
        /// The incident it was grouped into.
        incident: u64,
        /// The target that leaves.
        target: Target,
    },
    /// A person says that a stuck incident has been handled.
    Clear {
        /// The incident.
        incident: u64,
    },
    /// Takes back what a repair did that has ended.
    Undo {
        /// The incident whose repair is meant.
        incident: Option<u64>,
        /// The repair that is meant, from 1: no other one. A button names it; without it, the last one is meant.
        repair: Option<u64>,
    },
    /// Which kinds of repair have earned to act by themselves, and where.
    Trust,
    /// What a target needs, what needs it, and how that is known; how the topology is learned without one.
    Topology {
        /// The target.
        target: Option<Target>,
    },
    /// The agent answers this, or looks into what it asks for.
    Ask {
        /// The case that it goes on with; this thread's, or a new one, when absent.
        incident: Option<u64>,
        /// The person's own words.
        words: String,
    },
    /// The agent looks into an incident.
    Investigate {
        /// The incident.
        incident: Option<u64>,
    },
    /// The agent stops what it does for an incident, or for a wish.
    Stop {
        /// The case.
        incident: Option<u64>,
    },
    /// Runs a goal of the agent now; without a name, the goals there are.
    Goal {
        /// Its name.
        name: Option<String>,
    },
    /// Brings a container that runs somewhere else into the cluster.
    Adopt {
        /// The container's name; what this thread's incident is about when absent.
        container: Option<String>,
        /// The host it runs on now, as typed; this machine when absent.
        host: Option<String>,
        /// What the cluster is; what is configured when absent.
        to: Option<Cluster>,
    },
    /// Settles a decision about what is brought into the cluster.
    Decide {
        /// The case.
        incident: Option<u64>,
        /// The decision, by the number that people see.
        decision: u64,
        /// The choice, as typed.
        choice: String,
    },
    /// The skills and how their last runs went.
    Skills,
    /// The runbooks.
    Runbooks {
        /// Only this one, with its steps.
        name: Option<String>,
    },
}

/// Why a message is not a command, for the person who typed it.
///
/// Without a suggestion and without a usage, the message does not look like a command at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Misunderstood {
    /// What was wrong, in a sentence.
    pub what: String,
    /// A whole command to type instead.
    pub suggestion: Option<String>,
    /// How the command that was meant is written.
    pub usage: Option<String>,
}

impl std::fmt::Display for Misunderstood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, " Did you mean `{suggestion}`?")?;
        }
        if let Some(usage) = &self.usage {
            write!(f, " Write: `{usage}`")?;
        }
        Ok(())
    }
}

impl Misunderstood {
    /// Whether the message is no command and no near miss of one, so that it may be meant for the agent.
    #[must_use]
    pub fn is_prose(&self) -> bool {
        self.suggestion.is_none() && self.usage.is_none()
    }

    /// Whether `text`, of which this was said, is rather a sentence than a command: so many words that make no command
    /// are one, whatever its first looks like.
    #[must_use]
    pub fn is_sentence(&self, text: &str) -> bool {
        /// From so many words on.
        const WORDS: usize = 4;
        let only_help = self.suggestion.as_ref().is_some_and(|command| command.starts_with("help"));
        self.is_prose() || only_help && text.split_whitespace().count() >= WORDS
    }
}

impl ChatCommand {
    /// The command's name in [`COMMANDS`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Help { .. } => "help",
            Self::Status => "status",
            Self::Incidents { .. } => "incidents",
            Self::Show { .. } => "show",
            Self::WhatChanged { .. } => "changes",
            Self::Ack { .. } => "ack",
            Self::Silence { kind: Suppression::Maintenance, .. } => "maintenance",
            Self::Silence { .. } => "silence",
            Self::Ignored { .. } => "ignored",
            Self::Digest { .. } => "digest",
            Self::Silences => "silences",
            Self::Unsilence { .. } => "unsilence",
            Self::Approve { .. } => "approve",
            Self::Deny { .. } => "deny",
            Self::Approvals => "approvals",
            Self::Run { .. } => "run",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Reload => "reload",
            Self::Merge { .. } => "merge",
            Self::Split { .. } => "split",
            Self::Clear { .. } => "clear",
            Self::Undo { .. } => "undo",
            Self::Trust => "trust",
            Self::Topology { .. } => "topology",
            Self::Ask { .. } => "ask",
            Self::Investigate { .. } => "investigate",
            Self::Stop { .. } => "stop",
            Self::Goal { .. } => "goal",
            Self::Adopt { .. } => "adopt",
            Self::Decide { .. } => "decide",
            Self::Skills => "skills",
            Self::Runbooks { .. } => "runbooks",
        }
    }

    /// Whether it does more than tell, so that only an operator may ask for it.
    #[must_use]
    pub fn needs_operator(&self) -> bool {
        match self {
            Self::Help { .. }
            | Self::Status
            | Self::Incidents { .. }
            | Self::Show { .. }
            | Self::WhatChanged { .. }
            | Self::Silences
            | Self::Ignored { .. }
            | Self::Digest { .. }
            | Self::Approvals
            | Self::Trust
            | Self::Topology { .. }
            | Self::Skills
            | Self::Runbooks { .. } => false,
            // The goals themselves may be seen by everyone.
            Self::Goal { name } => name.is_some(),
            // A run costs money, and reads what not everybody may see.
            Self::Ask { .. }
            | Self::Adopt { .. }
            | Self::Decide { .. }
            | Self::Investigate { .. }
            | Self::Stop { .. }
            | Self::Ack { .. }
            | Self::Silence { .. }
            | Self::Unsilence { .. }
            | Self::Approve { .. }
            | Self::Deny { .. }
            | Self::Undo { .. }
            | Self::Run { .. }
            | Self::Pause
            | Self::Resume
            | Self::Reload
            | Self::Merge { .. }
            | Self::Split { .. }
            | Self::Clear { .. } => true,
        }
    }
}

/// Reads one message. Times are meant in the lab's time zone `tz`, and relative ones count from `now`.
///
/// # Errors
/// Says what was not understood, and what to type instead where that can be guessed.
pub fn parse(text: &str, now: Timestamp, tz: Tz) -> Result<ChatCommand, Misunderstood> {
    if text.chars().nth(MAX_MESSAGE).is_some() {
        return Err(Misunderstood {
            what: format!("That is more than {MAX_MESSAGE} characters, too long for a command."),
            suggestion: None,
            usage: None,
        });
    }
    let words = words::words(text);
    if let Some(command) = adopting::sentence(&words) {
        return Ok(command);
    }
    let Some((help, used)) = catalog::find(&words) else {
        return Err(unknown(&words, now, tz));
    };
    verbs::read(help, words.get(used..).unwrap_or_default(), now, tz).map_err(|mut wrong| {
        // `list skils` begins like `list`, and still is a slip of the keys.
        if wrong.suggestion.is_none() && used == 1 {
            wrong.suggestion = guess(&words, 2, now, tz).and_then(|(_, command)| command);
        }
        wrong
    })
}

/// What to say about words that begin like no command.
fn unknown(words: &[words::Word], now: Timestamp, tz: Tz) -> Misunderstood {
    let Some(first) = words.first() else {
        return Misunderstood {
            what: "I see no command there. Text in quotes and backticks doesn't count.".into(),
            suggestion: Some("help".into()),
            usage: None,
        };
    };
    let what = format!("I don't know {}.", words::quoted(&first.raw));
    match guess(words, 2, now, tz).or_else(|| guess(words, 1, now, tz)) {
        None => Misunderstood { what, suggestion: None, usage: None },
        Some((_, Some(command))) => Misunderstood { what, suggestion: Some(command), usage: None },
        // The arguments are wrong as well: what to type can't be guessed, how it is written can be told.
        Some((help, None)) => Misunderstood {
            what,
            suggestion: Some(format!("help {}", help.name)),
            usage: Some(help.usage.to_owned()),
        },
    }
}

/// The command that the first `count` words nearly begin, and the whole of it as it should have been typed, if
/// that makes one.
fn guess(
    words: &[words::Word],
    count: usize,
    now: Timestamp,
    tz: Tz,
) -> Option<(&'static CommandHelp, Option<String>)> {
    let (help, near) = catalog::nearest(words, count)?;
    let rest = words.get(count..)?;
    let typed = std::iter::once(near).chain(rest.iter().map(|word| word.raw.as_str()));
    let command = typed.collect::<Vec<_>>().join(" ");
    Some((help, verbs::read(help, rest, now, tz).is_ok().then_some(command)))
}
