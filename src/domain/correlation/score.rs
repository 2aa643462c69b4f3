//! The score: how much speaks for two problems being one fault. Pure, and the same for everyone who looks.

use serde::{Deserialize, Serialize};

use crate::domain::signal::Timestamp;
use crate::domain::target::Signature;

/// How much each kind of evidence counts, and how much it takes. From 0 to 1 each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Nearness in the topology. The heaviest by default: without it nothing reaches the threshold.
    pub topology: f64,
    /// Nearness in time.
    pub time: f64,
    /// Labels with the same values.
    pub labels: f64,
    /// The same signature.
    pub signature: f64,
    /// What it takes to be one fault.
    pub threshold: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self { topology: 0.6, time: 0.2, labels: 0.1, signature: 0.1, threshold: 0.5 }
    }
}

impl Weights {
    /// Whether something could be one fault with no topology to tell of it.
    #[must_use]
    pub fn may_do_without_topology(&self) -> bool {
        self.time + self.labels + self.signature >= self.threshold
    }
}

/// What two signals have in common besides the topology.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Likeness {
    /// Of the labels that both have and that say where something is, the share with the same value: 0 to 1.
    pub labels: f64,
    /// How alike their signatures are: 1 the same, 0.5 both may come of a cause elsewhere, 0 otherwise.
    pub signature: f64,
}

/// Labels that say who reports it or how bad it is, and not where it is: two faults that have them in common have
/// nothing in common.
const SAYS_NOTHING: [&str; 14] = [
    "alertname",
    "severity",
    "job",
    "prometheus",
    "prometheus_replica",
    "cluster",
    "env",
    "environment",
    "monitor",
    "team",
    "endpoint",
    "metrics_path",
    "receiver",
    "source",
];

impl Likeness {
    /// Compares two signals by their labels and signatures.
    #[must_use]
    pub fn of(
        one: &std::collections::BTreeMap<String, String>,
        other: &std::collections::BTreeMap<String, String>,
        signature: f64,
    ) -> Self {
        let common = one.iter().filter(|(name, _)| !SAYS_NOTHING.contains(&name.as_str()));
        let (mut both, mut same) = (0_u32, 0_u32);
        for (name, value) in common {
            if let Some(theirs) = other.get(name) {
                both += 1;
                same += u32::from(theirs == value);
            }
        }
        let labels = if both == 0 { 0.0 } else { f64::from(same) / f64::from(both) };
        Self { labels, signature }
    }
}

/// How much speaks for two problems being one fault, by kind of evidence, in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// What the topology contributes.
    pub topology: u8,
    /// What time contributes.
    pub time: u8,
    /// What the labels contribute.
    pub labels: u8,
    /// What the signature contributes.
    pub signature: u8,
}

impl Score {
    /// The sum, in hundredths.
    #[must_use]
    pub fn total(self) -> u32 {
        [self.topology, self.time, self.labels, self.signature].into_iter().map(u32::from).sum()
    }

    /// Whether it is enough.
    #[must_use]
    pub fn reaches(self, weights: &Weights) -> bool {
        f64::from(self.total()) >= (weights.threshold * 100.0).round()
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            ("topology", self.topology),
            ("time", self.time),
            ("labels", self.labels),
            ("signature", self.signature),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(_, hundredths)| *hundredths > 0)
            .map(|(name, hundredths)| format!("{name} 0.{hundredths:02}"))
            .collect();
        let total = self.total();
        write!(f, "{}.{:02} = {}", total / 100, total % 100, parts.join(" + "))
    }
}

/// Weighs the evidence. `topology` is from 0 to 1; `time` too, from [`nearness`].
#[must_use]
pub(super) fn score(topology: f64, time: f64, likeness: Likeness, weights: &Weights) -> Score {
    let hundredths = |weight: f64, evidence: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100")]
        let rounded = (weight * evidence.clamp(0.0, 1.0) * 100.0).round().clamp(0.0, 100.0) as u8;
        rounded
    };
    Score {
        topology: hundredths(weights.topology, topology),
        time: hundredths(weights.time, time),
        labels: hundredths(weights.labels, likeness.labels),
        signature: hundredths(weights.signature, likeness.signature),
    }
}

/// How near in time, from 1 (at once) to 0 (`window` apart, or more).
#[must_use]
pub(super) fn nearness(began: Timestamp, now: Timestamp, window: std::time::Duration) -> f64 {
    let apart = (now - began).as_seconds_f64().max(0.0);
    let window = window.as_secs_f64();
    if window <= 0.0 { 0.0 } else { (1.0 - apart / window).max(0.0) }
}

/// How alike two signatures are, see [`Likeness::signature`].
#[must_use]
pub fn kinship(one: &Signature, other: &Signature) -> f64 {
    match one == other {
        true => 1.0,
        false if is_its_own(one) || is_its_own(other) => 0.0,
        false => 0.5,
    }
}

/// Words for what wears, fills up or runs out where it is: such a thing breaks of itself, whatever it needs does.
const OF_ITS_OWN: [&str; 24] = [
    "battery",
    "cert",
    "certificate",
    "cpu",
    "expiry",
    "expired",
    "expires",
    "fan",
    "fill",
    "full",
    "inode",
    "inodes",
    "load",
    "memory",
    "oom",
    "quota",
    "scrub",
    "smart",
    "swap",
    "temp",
    "temperature",
    "update",
    "updates",
    "wear",
];

/// Whether a fault of this name comes of the thing itself, and not of what it needs.
#[must_use]
pub(super) fn is_its_own(signature: &Signature) -> bool {
    signature.as_str().split(['-', '_', '.']).any(|word| OF_ITS_OWN.contains(&word))
}

/// What a chain of dependence of this many steps is worth: a far cause is a little less likely than a near one.
#[must_use]
pub(super) fn of_distance(steps: u32) -> f64 {
    (1.0 - 0.02 * f64::from(steps.saturating_sub(1))).max(0.84)
}

/// How much of that counts when the cause is only a warning, which breaks nothing yet: it takes more to believe it.
pub(super) const OF_A_WARNING: f64 = 0.6;
/// The same when the victim's fault is of a kind that comes of itself.
pub(super) const OF_ITS_OWN_KIND: f64 = 0.8;
/// The same when nobody has seen the cause fail.
pub(super) const OF_A_SUSPICION: f64 = 0.8;

/// What it is worth that `failing` of the `dependents` of something fail while nobody saw it fail itself. One in three
/// is as good as all; two of sixty things behind one router fail for reasons of their own. Faults that are not of one
/// name (`kinship` below 1) have to be more.
#[must_use]
pub(super) fn of_shared(failing: usize, dependents: usize, kinship: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of targets")]
    let (share, many) = (3.0 * failing as f64 / dependents.max(1) as f64, 0.2 * (failing as f64 + 1.0));
    let alike = if kinship < 1.0 { many.min(1.0) } else { 1.0 };
    0.7 * share.min(1.0) * alike
}

/// What it is worth that several things within one path break in the same way at nearly the same time.
pub(super) const OF_NEIGHBOURS: f64 = 0.6;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn without_the_topology_nothing_is_one_fault_unless_that_is_wanted() {
        let weights = Weights::default();
        let alike = Likeness { labels: 1.0, signature: 1.0 };
        assert!(!score(0.0, 1.0, alike, &weights).reaches(&weights));
        assert!(!weights.may_do_without_topology());
        let wanted = Weights { threshold: 0.4, ..weights };
        assert!(score(0.0, 1.0, alike, &wanted).reaches(&wanted) && wanted.may_do_without_topology());
    }

    #[test]
    fn what_needs_something_that_fails_belongs_to_it_however_far_and_however_late() {
        let weights = Weights::default();
        assert!(score(of_distance(40), 0.0, Likeness::default(), &weights).reaches(&weights));
    }

    #[test]
    fn two_of_sixty_behind_one_router_stay_two_and_twenty_are_one() {
        let weights = Weights::default();
        let at_once = |failing| {
            score(of_shared(failing, 60, 1.0), 1.0, Likeness { labels: 1.0, signature: 1.0 }, &weights)
        };
        assert!(!at_once(2).reaches(&weights), "{}", at_once(2));
        assert!(at_once(20).reaches(&weights), "{}", at_once(20));
    }

    #[test]
    fn labels_that_say_only_who_reports_it_make_nothing_alike() {
        let one =
            labels(&[("job", "node"), ("severity", "critical"), ("instance", "a"), ("mountpoint", "/")]);
        let other =
            labels(&[("job", "node"), ("severity", "critical"), ("instance", "b"), ("mountpoint", "/")]);
        assert_eq!(Likeness::of(&one, &other, 1.0), Likeness { labels: 0.5, signature: 1.0 });
        assert_eq!(Likeness::of(&labels(&[("job", "x")]), &labels(&[("job", "x")]), 0.0).labels, 0.0);
    }

    #[test]
    fn a_score_says_what_it_is_made_of() {
        let near = nearness(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, Duration::from_secs(300));
        let score = score(1.0, near, Likeness::default(), &Weights::default());
        assert_eq!(score.to_string(), "0.80 = topology 0.60 + time 0.20");
    }
}
