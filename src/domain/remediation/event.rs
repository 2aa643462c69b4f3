//! What a saga's log is made of. Each event is a fact that is durable before anything follows from it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::guard::Point;
use super::plan::PlannedStep;
use crate::domain::approval::Approval;
use crate::domain::ids::ExecutionId;
use crate::domain::signal::Timestamp;

/// One fact of a remediation. Steps are numbered from 0, as in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SagaEvent {
    /// A step, or its undo, could not begin: a capture can't be read, or the policy denies it. Nothing ran.
    Refused {
        /// The step.
        step: usize,
        /// Its run or its undo.
        part: Part,
        /// For people.
        why: String,
    },
    /// The commands of a late step are known: what earlier steps captured is filled in. From here on this is the step.
    Filled {
        /// The step.
        step: usize,
        /// The step with its values, as it was judged.
        filled: Box<PlannedStep>,
        /// The permission that it has of its own, where it needed one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<Box<Approval>>,
    },
    /// A step is about to run.
    Started {
        /// The step.
        step: usize,
        /// Which attempt this is, from 1.
        attempt: u32,
        /// The attempt's token.
        execution: ExecutionId,
        /// The digest of exactly what was judged.
        digest: String,
        /// What was captured before the step first had a chance to change it.
        captured: BTreeMap<String, String>,
    },
    /// A step's undo is about to run.
    UndoStarted {
        /// The step.
        step: usize,
        /// The attempt's token.
        execution: ExecutionId,
        /// The digest of exactly what was judged.
        digest: String,
    },
    /// The process waits behind its gate; once this is durable, the gate opens.
    Spawned {
        /// The step.
        step: usize,
        /// Its run or its undo.
        part: Part,
        /// The attempt's token.
        execution: ExecutionId,
        /// The process.
        process: Process,
    },
    /// The gate never opened, so nothing happened.
    NotRun {
        /// The step.
        step: usize,
        /// Its run or its undo.
        part: Part,
        /// The attempt's token.
        execution: ExecutionId,
        /// The kind of reason.
        cause: NotRun,
        /// For people.
        why: String,
    },
    /// The process ended.
    Ran {
        /// The step.
        step: usize,
        /// Its run or its undo.
        part: Part,
        /// The attempt's token.
        execution: ExecutionId,
        /// How it ended.
        end: End,
        /// The end of its standard output.
        stdout: Tail,
        /// The end of its standard error.
        stderr: Tail,
    },
    /// Whether a step that ran did what it should.
    Verified {
        /// The step.
        step: usize,
        /// The verdict.
        verdict: CheckVerdict,
    },
    /// Whether an undo restored what had been captured.
    UndoVerified {
        /// The step.
        step: usize,
        /// The verdict; never deferred.
        verdict: CheckVerdict,
    },
    /// A step is tried again, but not yet.
    Waiting {
        /// The step.
        step: usize,
        /// The moment before which it does not start.
        until: Timestamp,
    },
    /// A process that only reads (a capture, a verify) waits behind its gate. Kept so that a later Steward can end it.
    Probed {
        /// Its token.
        execution: ExecutionId,
        /// The process.
        process: Process,
    },
    /// Whether a check of the plan holds at this point.
    Guarded {
        /// Where in the remediation.
        point: Point,
        /// The check.
        name: String,
        /// When it was answered.
        at: Timestamp,
        /// The verdict; never deferred.
        verdict: CheckVerdict,
    },
    /// The remediation is called off. The step in flight finishes; nothing else begins.
    CancelRequested {
        /// For people.
        why: String,
    },
    /// What the check that had found the problem says after the last step.
    Checked {
        /// The verdict.
        verdict: CheckVerdict,
    },
    /// The last event.
    Done {
        /// How it ended.
        outcome: Outcome,
    },
}

/// What of a step a process belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Doing it.
    Run,
    /// Taking it back.
    Undo,
}

/// A process, so that a later Steward can find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The process id.
    pub pid: u32,
    /// When it started, in clock ticks since boot.
    pub start_ticks: u64,
    /// The boot it belongs to.
    pub boot_id: String,
}

/// Why a gate never opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRun {
    /// The policy, or a person, said no.
    Denied,
    /// The process could not be spawned.
    Failed,
    /// Steward ended first, or its turn came too late.
    Interrupted,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Its time was up and it was ended.
    TimedOut,
    /// It was called off and ended.
    Cancelled,
    /// Nobody saw it: Steward ended first, or the connection to its host did.
    Unknown,
    /// It may not have ended at all: its host can't be asked. Nothing may be done over it.
    Lost,
}

/// What a verify, or the check that found the problem, says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "why", rename_all = "snake_case")]
pub enum CheckVerdict {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed(String),
    /// It can't be told.
    Unreadable(String),
    /// It can't be asked; its source tells in its own time.
    Deferred,
}

/// How a remediation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// Every step did what it should, and the problem is gone.
    Succeeded,
    /// Every step did what it should; whether the problem is gone is its source's to say.
    Deferred,
    /// It failed, and what had been done is taken back, or needed no taking back.
    Unwound {
        /// What failed.
        why: String,
    },
    /// It stopped half way; a person is needed.
    Stuck {
        /// What is in the way.
        why: String,
    },
    /// It was called off, and what had been done is taken back, or needed no taking back.
    Cancelled {
        /// Why it was called off.
        why: String,
    },
}

/// The end of what a process wrote, as text: at most [`Tail::MAX`] bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Tail(String);

impl Tail {
    /// How much is kept, in bytes.
    pub const MAX: usize = 2048;

    /// The tail of `bytes`; what is not UTF-8 is replaced, white space at the end dropped.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        // Three times as much as is kept, since replacing can only make the text longer.
        let from = bytes.len().saturating_sub(3 * Self::MAX);
        Self::from(String::from_utf8_lossy(bytes.get(from..).unwrap_or_default()).into_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Tail {
    fn from(text: String) -> Self {
        let text = text.trim_end();
        let from = text.ceil_char_boundary(text.len().saturating_sub(Self::MAX));
        Self(text.get(from..).unwrap_or_default().to_owned())
    }
}

impl From<Tail> for String {
    fn from(tail: Tail) -> Self {
        tail.0
    }
}

impl SagaEvent {
    /// Its name, as in the log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Filled { .. } => "filled",
            Self::Started { .. } => "started",
            Self::UndoStarted { .. } => "undo_started",
            Self::Spawned { .. } => "spawned",
            Self::NotRun { .. } => "not_run",
            Self::Ran { .. } => "ran",
            Self::Verified { .. } => "verified",
            Self::UndoVerified { .. } => "undo_verified",
            Self::Waiting { .. } => "waiting",
            Self::Probed { .. } => "probed",
            Self::Guarded { .. } => "guarded",
            Self::CancelRequested { .. } => "cancel_requested",
            Self::Checked { .. } => "checked",
            Self::Done { .. } => "done",
        }
    }

    /// The step it is about, if it is about one.
    #[must_use]
    pub fn step(&self) -> Option<usize> {
        match self {
            Self::Refused { step, .. }
            | Self::Filled { step, .. }
            | Self::Started { step, .. }
            | Self::UndoStarted { step, .. }
            | Self::Spawned { step, .. }
            | Self::NotRun { step, .. }
            | Self::Ran { step, .. }
            | Self::Verified { step, .. }
            | Self::UndoVerified { step, .. }
            | Self::Waiting { step, .. } => Some(*step),
            Self::Guarded { point, .. } => point.step(),
            Self::Probed { .. } | Self::CancelRequested { .. } | Self::Checked { .. } | Self::Done { .. } => {
                None
            }
        }
    }
}

impl Outcome {
    /// The reason, where there is one.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Succeeded | Self::Deferred => None,
            Self::Unwound { why } | Self::Stuck { why } | Self::Cancelled { why } => Some(why),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "it ended with exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal} ended it"),
            Self::TimedOut => f.write_str("its time was up and it was ended"),
            Self::Cancelled => f.write_str("it was called off"),
            Self::Unknown => {
                f.write_str("Steward or the connection ended before it did, so nobody saw how it ended")
            }
            Self::Lost => f.write_str("it may still be running: its host can't be asked; look there"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("succeeded"),
            Self::Deferred => f.write_str("done; waiting for the source to say that it is over"),
            Self::Unwound { why } => write!(f, "failed and taken back: {why}"),
            Self::Stuck { why } => write!(f, "stuck: {why}"),
            Self::Cancelled { why } => write!(f, "cancelled: {why}"),
        }
    }
}
