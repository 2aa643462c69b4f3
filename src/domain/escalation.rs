//! Escalation: when people are called, and never twice for the same cause within the cooldown.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::signal::Timestamp;

/// Why people are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Too many occurrences on one root target within the window.
    Recurring,
    /// A remediation can neither go on nor go back.
    Stuck,
    /// No repair is left to try: each has failed, or was not lasting, as often as it may.
    RepairLimit,
    /// An approval expired on a critical incident.
    ApprovalExpired,
    /// It comes and goes without anyone repairing it.
    Flapping,
    /// So much fails at once that nothing is repaired by itself.
    Storm,
    /// No runbook fits, and the agent has come to its end.
    Agent,
}

impl Cause {
    /// Reads the stable name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Recurring,
            Self::Stuck,
            Self::RepairLimit,
            Self::ApprovalExpired,
            Self::Flapping,
            Self::Storm,
            Self::Agent,
        ]
        .into_iter()
        .find(|cause| cause.as_str() == name)
    }

    /// The stable name, for tables and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recurring => "recurring",
            Self::Stuck => "stuck",
            Self::RepairLimit => "repair_limit",
            Self::ApprovalExpired => "approval_expired",
            Self::Flapping => "flapping",
            Self::Storm => "storm",
            Self::Agent => "agent",
        }
    }
}

/// How occurrences are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All that occur on one root target, whatever the signatures.
    #[default]
    Root,
    /// Only those with the same signature on one root target.
    Signature,
}

/// When people are called for something that keeps coming back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// This many occurrences …
    pub occurrences: usize,
    /// … within this time.
    pub window: Duration,
    /// The least time between two calls for the same cause on the same root.
    pub cooldown: Duration,
}

/// The recent occurrences of one root target, and when people were last called for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recurrence {
    times: VecDeque<Timestamp>,
    called: Option<Timestamp>,
}

impl Recurrence {
    /// Adds an occurrence and says whether people are to be called for it: the number within the window, if it
    /// reaches the threshold and nobody was called within the cooldown.
    pub fn occurred(&mut self, at: Timestamp, threshold: &Threshold) -> Option<usize> {
        self.times.push_back(at);
        while self.times.front().is_some_and(|&first| !within(first, at, threshold.window)) {
            self.times.pop_front();
        }
        let due = self.times.len() >= threshold.occurrences
            && self.called.is_none_or(|called| !within(called, at, threshold.cooldown));
        due.then(|| {
            self.called = Some(at);
            self.times.len()
        })
    }

    /// Takes back the occurrence of that moment: it turned out to be a symptom of something else.
    pub fn retract(&mut self, at: Timestamp) {
        if let Some(index) = self.times.iter().position(|&time| time == at) {
            self.times.remove(index);
        }
    }

    /// Notes an earlier call, when the history is read back at start.
    pub fn was_called(&mut self, at: Timestamp) {
        self.called = self.called.max(Some(at));
    }

    /// Notes an earlier occurrence, when the history is read back at start; it calls nobody.
    pub fn was_seen(&mut self, at: Timestamp) {
        self.times.push_back(at);
    }

    /// How many occurrences lie within `window` before `now`.
    #[must_use]
    pub fn count(&self, now: Timestamp, window: Duration) -> usize {
        self.times.iter().filter(|&&at| within(at, now, window)).count()
    }
}

/// Whether `earlier` lies less than `span` before `later`. A clock that jumped back counts as within.
#[must_use]
pub fn within(earlier: Timestamp, later: Timestamp, span: Duration) -> bool {
    (later - earlier).to_std().map_or(true, |passed| passed < span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone, Utc};

    const RULE: Threshold =
        Threshold { occurrences: 3, window: Duration::from_secs(3600), cooldown: Duration::from_secs(3600) };

    fn at(minute: i64) -> Timestamp {
        Utc.timestamp_opt(1_800_000_000, 0).unwrap() + TimeDelta::minutes(minute)
    }

    #[test]
    fn the_third_within_the_hour_calls_once_and_the_fourth_is_quiet() {
        let mut nas = Recurrence::default();
        assert_eq!(nas.occurred(at(0), &RULE), None);
        assert_eq!(nas.occurred(at(20), &RULE), None);
        assert_eq!(nas.occurred(at(59), &RULE), Some(3));
        assert_eq!(nas.occurred(at(61), &RULE), None, "within the cooldown");
        assert_eq!(nas.occurred(at(119), &RULE), None, "the one at 59 left the window");
    }

    #[test]
    fn an_hour_apart_is_not_within_the_hour() {
        let mut nas = Recurrence::default();
        for minute in [0, 30, 60, 90, 120] {
            assert_eq!(nas.occurred(at(minute), &RULE), None, "at {minute}");
        }
    }

    #[test]
    fn what_was_called_for_before_a_restart_is_not_called_for_again() {
        let mut nas = Recurrence::default();
        nas.was_seen(at(0));
        nas.was_seen(at(1));
        nas.was_called(at(1));
        assert_eq!(nas.occurred(at(2), &RULE), None);
    }
}
