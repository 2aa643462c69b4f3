//! What a runbook asks to hold: before it begins, after it, and all along.

use std::fmt;
use std::time::Duration;

use super::CommandTemplate;

/// The named checks of a runbook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checks {
    /// All hold before the first step runs, or nothing begins.
    pub before: Vec<NamedCheck>,
    /// All hold after the last step, or the repair has failed and is taken back.
    pub after: Vec<NamedCheck>,
    /// All hold before and after each step, or the repair stops and is taken back.
    pub always: Vec<NamedCheck>,
}

/// One check: it holds when its command ends with 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCheck {
    /// Its name; each check of a runbook has its own.
    pub name: String,
    /// What it runs.
    pub run: CommandTemplate,
    /// How long it may run.
    pub timeout: Duration,
    /// Whether it makes a step bearable that destroys something. Only of a check before the first step; it is asked
    /// again right before each step that can't be taken back.
    pub safety: bool,
}

/// When a check is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before the first step.
    Before,
    /// Before and after each step.
    Always,
    /// After the last step.
    After,
}

impl NamedCheck {
    /// `timeout` where the author gave none.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
}

impl Checks {
    /// Every check with its moment: before, always, after.
    pub fn all(&self) -> impl Iterator<Item = (When, &NamedCheck)> {
        let at = |when: When| move |check| (when, check);
        let before = self.before.iter().map(at(When::Before));
        let always = self.always.iter().map(at(When::Always));
        before.chain(always).chain(self.after.iter().map(at(When::After)))
    }

    /// Whether nothing may begin before something is asked.
    #[must_use]
    pub fn hold_back(&self) -> bool {
        !(self.before.is_empty() && self.always.is_empty())
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::Always => "always",
            Self::After => "after",
        })
    }
}
