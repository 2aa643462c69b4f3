//! The counts themselves: bounded, whatever names come in.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::signal::Timestamp;

/// Most names that one thing is counted by; what comes under others is not counted by name. A lab has far fewer skills,
/// sources and rules, and a mistake elsewhere must not fill the memory of whoever scrapes this.
const NAMES: usize = 500;
/// The upper ends of a histogram's buckets, in seconds, with their names.
pub(super) const BUCKETS: [(f64, &str); 8] = [
    (0.001, "0.001"),
    (0.005, "0.005"),
    (0.025, "0.025"),
    (0.1, "0.1"),
    (0.5, "0.5"),
    (2.5, "2.5"),
    (10.0, "10"),
    (60.0, "60"),
];

/// Everything that is counted since the start.
#[derive(Debug, Default)]
pub struct Counts {
    /// Signals by kind of origin, and source or skill.
    pub(super) signals: Tally<(&'static str, String)>,
    /// Deliveries that were worked off, by source.
    pub(super) delivered: Tally<String>,
    /// Bodies that were not understood, by source.
    pub(super) rejected: Tally<String>,
    /// Runs by skill and outcome.
    pub(super) runs: Tally<(String, &'static str)>,
    /// When each skill last reported.
    pub(super) skill_ran: BTreeMap<String, Timestamp>,
    /// When the next skill is due.
    pub(super) skills_due: Option<Timestamp>,
    /// Repairs by outcome.
    pub(super) repairs: Tally<&'static str>,
    /// What triage held back, by rule.
    pub(super) held_back: Tally<String>,
    /// Deliveries to platforms by outcome.
    pub(super) messages_out: Tally<(String, &'static str)>,
    /// Pings of the dead man's switch by outcome.
    pub(super) pings: Tally<&'static str>,
    /// When one was last answered.
    pub(super) pinged_at: Option<Timestamp>,
    pub(super) opened: u64,
    pub(super) resolved: u64,
    pub(super) called: u64,
    /// Messages that the desk took in.
    pub(super) messages: u64,
    /// Messages that waited for the desk at the end of its last turn.
    pub(super) waiting: usize,
    pub(super) turns: Histogram,
    pub(super) writes: Histogram,
    pub(super) store_errors: u64,
    /// Why the turn that waits to be written could not be, while it waits.
    pub(super) unwritten: Option<String>,
}

impl Counts {
    /// Why the turn that waits to be written could not be, while it waits.
    #[must_use]
    pub fn unwritten(&self) -> Option<&str> {
        self.unwritten.as_deref()
    }

    /// When the next skill is due.
    #[must_use]
    pub fn skills_due(&self) -> Option<Timestamp> {
        self.skills_due
    }
}

/// Counts by name.
#[derive(Debug)]
pub(super) struct Tally<K>(BTreeMap<K, u64>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Tally<K> {
    pub(super) fn add(&mut self, key: &K, count: u64) {
        if let Some(so_far) = self.0.get_mut(key) {
            *so_far = so_far.saturating_add(count);
        } else if self.0.len() < NAMES {
            self.0.insert(key.clone(), count);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        self.0.iter().map(|(key, count)| (key, *count))
    }
}

/// How long something took, again and again.
#[derive(Debug, Default, Clone)]
pub(super) struct Histogram {
    /// How many were no longer than each end, and longer than the one before.
    pub(super) buckets: [u64; BUCKETS.len()],
    pub(super) count: u64,
    pub(super) sum: Duration,
    pub(super) last: Duration,
}

impl Histogram {
    pub(super) fn observe(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = BUCKETS.iter().position(|(end, _)| seconds <= *end);
        if let Some(bucket) = at.and_then(|at| self.buckets.get_mut(at)) {
            *bucket += 1;
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(took);
        self.last = took;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_made_up_names_does_not_grow_without_end() {
        let mut tally = Tally::default();
        (0..10_000).for_each(|n| tally.add(&n.to_string(), 1));
        assert_eq!(tally.iter().count(), NAMES);
        tally.add(&"0".to_owned(), 1);
        assert_eq!(tally.iter().find(|(name, _)| *name == "0").unwrap().1, 2, "what is known still counts");
    }

    #[test]
    fn what_took_longer_than_every_bucket_is_counted_all_the_same() {
        let mut histogram = Histogram::default();
        histogram.observe(Duration::from_millis(1));
        histogram.observe(Duration::from_secs(3600));
        assert_eq!((histogram.count, histogram.buckets.iter().sum::<u64>()), (2, 1));
        assert_eq!(histogram.sum, Duration::from_millis(3_600_001));
    }
}
