//! The named checks of a plan: what must hold before it, after it, and always.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::plan::{PlanError, millis};
use crate::domain::action::Action;

/// What must hold around the steps of a plan. Nothing, where its runbook names nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlannedChecks {
    /// All hold before the first step runs, or nothing begins.
    pub before: Vec<PlannedCheck>,
    /// All hold once the last step has succeeded, or everything is taken back.
    pub after: Vec<PlannedCheck>,
    /// All hold before and after each step, or everything is taken back.
    pub always: Vec<PlannedCheck>,
}

/// One check: a command that ends with 0 when what it looks at is as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCheck {
    /// What people call it; each check of a plan has its own.
    pub name: String,
    /// What it runs.
    pub run: Action,
    /// The time that it has.
    #[serde(with = "millis", rename = "timeout_ms")]
    pub timeout: Duration,
    /// Whether it is what makes a step bearable that destroys something, such as a look at a recent backup: then it
    /// must have passed right before each step that can't be taken back.
    #[serde(default)]
    pub safety: bool,
}

impl PlannedChecks {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// All of them: before, always, after.
    pub fn all(&self) -> impl Iterator<Item = &PlannedCheck> {
        self.before.iter().chain(&self.always).chain(&self.after)
    }

    /// Those that make a destructive step bearable.
    pub fn safety(&self) -> impl Iterator<Item = &PlannedCheck> {
        self.before.iter().filter(|check| check.safety)
    }

    /// Holds them to what the saga relies on.
    pub(super) fn check(&self) -> Result<(), PlanError> {
        let mut names = BTreeSet::new();
        if let Some(twice) = self.all().find(|check| !names.insert(&check.name)) {
            return Err(PlanError::CheckedTwice(twice.name.clone()));
        }
        match self.always.iter().chain(&self.after).find(|check| check.safety) {
            Some(late) => Err(PlanError::LateSafety(late.name.clone())),
            None => Ok(()),
        }
    }
}
