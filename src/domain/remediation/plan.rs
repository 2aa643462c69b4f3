//! What a remediation is going to do: a runbook with its templates filled and its effects judged.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::checks::PlannedChecks;
use super::filling::unknown;
use crate::domain::action::{Action, Effect};
use crate::domain::ids::RemediationId;
use crate::domain::template::TemplateError;

/// The most often that a step may be tried.
pub const MAX_ATTEMPTS: u32 = 10;
/// The longest wait between two attempts.
pub const MAX_BACKOFF: Duration = Duration::from_secs(60 * 60);

/// What is going to be done, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The runbook's name.
    pub runbook: String,
    /// Its steps. Never empty in a [`Saga`](super::Saga).
    pub steps: Vec<PlannedStep>,
    /// What must hold around them.
    #[serde(default, skip_serializing_if = "PlannedChecks::is_empty")]
    pub checks: PlannedChecks,
    /// The remediation that this plan takes back, if that is what it is for. The check that had found that
    /// one's problem is then not asked at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<RemediationId>,
}

/// One step: one effect, and how it is verified and taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// What people call it.
    pub name: String,
    /// What is read before it runs, by name, so that `undo` knows what to restore.
    pub captures: Vec<(String, Action)>,
    /// What it does.
    pub run: Action,
    /// How it is known to have worked.
    pub verify: PlannedVerify,
    /// What takes it back. Its arguments may hold `{{ capture.NAME }}`, see [`fill_captures`](super::fill_captures).
    pub undo: Option<Action>,
    /// What `run` does to the world, as the policy judged it.
    pub effect: Effect,
    /// The time that each of its processes has: run, verify, undo, capture.
    #[serde(with = "millis", rename = "timeout_ms")]
    pub timeout: Duration,
    /// How often it may be tried, from 1 to [`MAX_ATTEMPTS`]. Counts only where the step may be repeated at all.
    pub attempts: u32,
    /// The wait before the second attempt. It doubles with each one, up to [`MAX_BACKOFF`].
    #[serde(with = "millis", rename = "backoff_ms")]
    pub backoff: Duration,
    /// Whether running it twice does the same as running it once.
    pub idempotent: bool,
    /// Whether it needs a person's yes, which is good for one try.
    #[serde(default)]
    pub asked: bool,
    /// Whether its commands wait for what earlier steps capture: they hold `{{ capture.NAME }}`, and are judged, and
    /// asked for where they have to be, once the values are known. See [`SagaEvent::Filled`](super::SagaEvent::Filled).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// How a step is known to have worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedVerify {
    /// A command that ends with 0 when it has.
    Command(Action),
    /// The check that found the problem.
    Check,
    /// Commands that print what they printed before it was changed: of an undo.
    ReadsAs(Vec<Reading>),
    /// Its own exit code: of an undo for which nothing was captured that could be read again.
    ExitCode,
    /// Nothing: only for a step that reads; its exit code says it.
    None,
}

/// A command, and what it is to print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What people call it.
    pub name: String,
    /// The command.
    pub read: Action,
    /// What it printed when it was captured.
    pub value: String,
}

/// Why a plan is not fit to run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It has no steps.
    #[error("the plan has no steps; write at least one")]
    Empty,
    /// A step changes something and nobody looks whether it worked.
    #[error("step `{0}` changes something and has no `verify`; say how to see that it worked")]
    Unverified(String),
    /// A step counts as reversible and has no undo.
    #[error("step `{0}` is judged reversible and has no `undo`; say how to take it back")]
    NoUndo(String),
    /// Two captures of a step have one name.
    #[error("step `{step}` captures `{name}` twice; give each capture its own name")]
    CapturedTwice {
        /// The step.
        step: String,
        /// The capture.
        name: String,
    },
    /// The undo needs something that is not captured, or can't be read.
    #[error("the undo of step `{step}` can't be filled: {why}")]
    Undo {
        /// The step.
        step: String,
        /// What is wrong with it.
        why: TemplateError,
    },
    /// The step needs what no earlier step captures, or can't be read.
    #[error("step `{step}` can't be filled when it is its turn: {why}")]
    Late {
        /// The step.
        step: String,
        /// What is wrong with it.
        why: TemplateError,
    },
    /// Two checks have one name.
    #[error("two checks are called `{0}`; give each its own name")]
    CheckedTwice(String),
    /// A safety check that is asked too late to make anything safe.
    #[error("the check `{0}` is a safety check and does not stand in `before`; move it there")]
    LateSafety(String),
    /// The number of attempts is out of range.
    #[error("step `{step}` has `attempts: {attempts}`; it can be 1 to {MAX_ATTEMPTS}")]
    Attempts {
        /// The step.
        step: String,
        /// What it says.
        attempts: u32,
    },
}

impl Plan {
    /// A plan without checks.
    #[must_use]
    pub fn new(runbook: String, steps: Vec<PlannedStep>) -> Self {
        Self { runbook, steps, checks: PlannedChecks::default(), undoes: None }
    }

    /// Whether both run the same commands in the same places, whatever the policy thinks of them.
    #[must_use]
    pub fn runs_the_same(&self, other: &Self) -> bool {
        let same = |(one, other): (&PlannedStep, &PlannedStep)| {
            (&one.captures, &one.run, &one.verify, &one.undo)
                == (&other.captures, &other.run, &other.verify, &other.undo)
        };
        self.checks == other.checks
            && self.steps.len() == other.steps.len()
            && self.steps.iter().zip(&other.steps).all(same)
    }

    /// Holds the plan to what the saga relies on.
    ///
    /// # Errors
    /// The first [`PlanError`] found.
    pub fn check(&self) -> Result<(), PlanError> {
        self.check_after(&BTreeSet::new())
    }

    /// The same for what comes after steps that capture `earlier`.
    ///
    /// # Errors
    /// The first [`PlanError`] found.
    pub fn check_after(&self, earlier: &BTreeSet<String>) -> Result<(), PlanError> {
        if self.steps.is_empty() {
            return Err(PlanError::Empty);
        }
        self.checks.check()?;
        let any_late = self.steps.iter().any(|step| step.late);
        let mut earlier = earlier.clone();
        for step in &self.steps {
            step.check(&earlier)?;
            for (name, _) in &step.captures {
                // Which of the two a later step means could not be told.
                if !earlier.insert(name.clone()) && any_late {
                    return Err(PlanError::CapturedTwice { step: step.name.clone(), name: name.clone() });
                }
            }
        }
        Ok(())
    }
}

impl PlannedStep {
    /// Holds a step to what the saga relies on, where earlier steps capture `earlier`.
    pub(super) fn check(&self, earlier: &BTreeSet<String>) -> Result<(), PlanError> {
        let step = || self.name.clone();
        if self.effect != Effect::Read && self.verify == PlannedVerify::None {
            return Err(PlanError::Unverified(step()));
        }
        if self.effect == Effect::Reversible && self.undo.is_none() {
            return Err(PlanError::NoUndo(step()));
        }
        if !(1..=MAX_ATTEMPTS).contains(&self.attempts) {
            return Err(PlanError::Attempts { step: step(), attempts: self.attempts });
        }
        let mut names = BTreeSet::new();
        for (name, _) in &self.captures {
            if !names.insert(name) {
                return Err(PlanError::CapturedTwice { step: step(), name: name.clone() });
            }
        }
        let refuse = |why| PlanError::Undo { step: step(), why };
        let known = |name: &String| names.contains(name) || (self.late && earlier.contains(name));
        if let Some(name) = self.undo_captures().map_err(refuse)?.into_iter().find(|name| !known(name)) {
            return Err(refuse(unknown(&name)));
        }
        if self.late {
            let refuse = |why| PlanError::Late { step: step(), why };
            let awaited = self.awaited().map_err(refuse)?;
            if let Some(name) = awaited.iter().find(|name| !earlier.contains(*name)) {
                return Err(refuse(unknown(name)));
            }
        }
        Ok(())
    }

    /// Whether there would be something to take back once it was let go.
    #[must_use]
    pub fn needs_undo(&self) -> bool {
        match self.effect {
            Effect::Read | Effect::Restorative => false,
            Effect::Reversible | Effect::Irreversible => true,
        }
    }

    /// Whether it may run twice: without harm, and without another yes.
    #[must_use]
    pub fn repeatable(&self) -> bool {
        !self.asked && (self.idempotent || self.effect == Effect::Read)
    }

    /// How often it may be tried: once, unless it may run twice.
    #[must_use]
    pub fn tries(&self) -> u32 {
        if self.repeatable() { self.attempts } else { 1 }
    }

    /// The wait after `starts` attempts and before the next.
    #[must_use]
    pub fn delay(&self, starts: u32) -> Duration {
        let doubled = 2u32.saturating_pow(starts.saturating_sub(1));
        self.backoff.saturating_mul(doubled).min(MAX_BACKOFF)
    }
}

/// Durations as whole milliseconds.
pub(super) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
