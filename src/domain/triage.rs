//! Triage: noise or signal. Rules in order, the first that fits decides what becomes of a signal before anything else
//! does. Nothing that is held back is lost: it is kept, counted, and placed as soon as no rule holds it any more.

use std::time::Duration;

use chrono_tz::Tz;

use super::hours::{Hours, next_edge};
use super::matcher::{Comparison, Matcher, Matchers};
use super::signal::{Origin, Signal, Timestamp};

/// What a rule does with what it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Known noise: it is counted and never told.
    Ignore,
    /// It waits.
    Hold {
        /// Until it has fired for so long without a break.
        lasting: Option<Duration>,
        /// While it comes and goes.
        flapping: Option<Flapping>,
    },
    /// It goes on, and no later rule is asked.
    Pass,
}

/// So many times within so long is coming and going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flapping {
    /// How often it has to begin …
    pub bounces: usize,
    /// … within this time.
    pub within: Duration,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name, unique among them.
    pub name: String,
    /// What it fits; everything when absent.
    pub matchers: Option<Matchers>,
    /// When it applies; always when empty.
    pub hours: Vec<Hours>,
    /// What it does.
    pub verdict: Verdict,
    /// Why, for people.
    pub why: String,
}

/// Why a signal waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// When to look again; never by itself when absent.
    pub until: Option<Timestamp>,
}

/// What is known of a signal's past.
#[derive(Debug, Clone, Copy, Default)]
pub struct Past<'a> {
    /// Since when it has been firing without a break.
    pub since: Option<Timestamp>,
    /// When it began to fire lately, the oldest first, this time included.
    pub began: &'a [Timestamp],
}

impl Rule {
    fn fits(&self, signal: &Signal, now: Timestamp, tz: Tz) -> bool {
        (self.hours.is_empty() || self.hours.iter().any(|hours| hours.contains(now, tz)))
            && self.matchers.as_ref().is_none_or(|matchers| matchers.match_signal(signal))
    }

    fn holds(&self, past: Past<'_>, now: Timestamp, tz: Tz) -> Option<Held<'_>> {
        let edge = || next_edge(&self.hours, now, tz);
        let held = |until: Option<Timestamp>| {
            // The rule itself may end before that.
            let until = until.into_iter().chain(edge()).min();
            Some(Held { rule: self, until })
        };
        match &self.verdict {
            Verdict::Pass => None,
            Verdict::Ignore | Verdict::Hold { lasting: None, flapping: None } => held(None),
            Verdict::Hold { lasting, flapping } => {
                let lasts = lasting.and_then(|time| Some(past.since? + time));
                let bounces = flapping.and_then(|flapping| flapping.rests_at(past.began));
                let until = lasts.into_iter().chain(bounces).filter(|at| *at > now).max();
                until.and_then(|until| held(Some(until)))
            }
        }
    }
}

impl Flapping {
    /// When what began at these times, the oldest first, has come to rest; `None` if it never flapped.
    fn rests_at(self, began: &[Timestamp]) -> Option<Timestamp> {
        let oldest = began.len().checked_sub(self.bounces)?;
        began.get(oldest).map(|at| *at + self.within)
    }
}

/// Whether a signal is held back. What Steward says of itself never is.
#[must_use]
pub fn judge<'a>(
    rules: &'a [Rule],
    signal: &Signal,
    past: Past<'_>,
    now: Timestamp,
    tz: Tz,
) -> Option<Held<'a>> {
    if signal.origin == Origin::Steward {
        return None;
    }
    rules.iter().find(|rule| rule.fits(signal, now, tz))?.holds(past, now, tz)
}

/// The largest memory of beginnings that any of the rules needs for a signal: how many, and how long. `None` if none
/// counts them.
#[must_use]
pub fn remembers(rules: &[Rule], signal: &Signal) -> Option<Flapping> {
    let counted = rules.iter().filter(|rule| rule.matchers.as_ref().is_none_or(|m| m.match_signal(signal)));
    counted
        .filter_map(|rule| match rule.verdict {
            Verdict::Hold { flapping, .. } => flapping,
            Verdict::Ignore | Verdict::Pass => None,
        })
        .reduce(|one, other| Flapping {
            bounces: one.bounces.max(other.bounces),
            within: one.within.max(other.within),
        })
}

/// The rules that come with Steward: alerts that every kube-prometheus has, and that are never news.
#[must_use]
pub fn shipped() -> Vec<Rule> {
    let noise = |name: &str, (label, value): (&str, &str), why: &str| {
        let matcher = Matcher::new(label, Comparison::Equal, value).and_then(|m| Matchers::of(vec![m]));
        let rule = |matchers| Rule {
            name: name.to_owned(),
            matchers: Some(matchers),
            hours: Vec::new(),
            verdict: Verdict::Ignore,
            why: why.to_owned(),
        };
        matcher.ok().map(rule)
    };
    [
        noise("watchdog", ("alertname", "Watchdog"), "it always fires, to show that alerts get through"),
        noise("info-inhibitor", ("alertname", "InfoInhibitor"), "it only exists to inhibit others"),
        noise("info", ("severity", "info"), "it is worth knowing, and no reason to disturb anybody"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests;
