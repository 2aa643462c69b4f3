//! The storm: so much fails within minutes, and nothing that is known explains it, that it is told as one.
//!
//! Its first problems are members like any other; what comes after them is only counted, so that a storm of thousands
//! stays as small as one of dozens.

use serde::{Deserialize, Serialize};

use super::Incident;
use crate::domain::signal::{Problem, Severity, Timestamp};
use crate::domain::target::{NameError, Signature, Target};

/// Problems named at the end of a storm.
const NAMED: usize = 12;

/// What an incident that is a storm counts besides its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Storm {
    /// How many problems came in.
    pub seen: u64,
    /// How many of them are there now.
    pub active: u64,
    /// How many are there now of each signature, the most first; the first few.
    pub kinds: Vec<(Signature, u64)>,
    /// Whether nothing new has come for so long that what fails next is a fault of its own again.
    pub over: bool,
}

impl Storm {
    /// Signatures named at most.
    pub const KINDS: usize = 6;

    /// What stands for the cause that nobody knows.
    ///
    /// # Errors
    /// None: the name is a target.
    pub fn root() -> Result<Target, NameError> {
        Target::parse("storm")
    }
}

/// What a storm counts, as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// How many problems came in, members not among them.
    pub seen: u64,
    /// How many of them are there now.
    pub active: u64,
    /// How many are there now of each signature, the most first; the first few.
    pub kinds: Vec<(Signature, u64)>,
    /// The worst of them so far.
    pub severity: Severity,
}

/// The count in words.
pub(super) fn counted((active, seen): (u64, u64)) -> String {
    match active {
        0 => format!("All {seen} have recovered."),
        active if active == seen => format!("{active} things fail by now."),
        active => format!("{active} of {seen} still fail."),
    }
}

/// The end of a storm in words: what is still broken, by name as far as it goes. `broken` are the members that are.
pub(super) fn ended(count: &Count, broken: &[Problem]) -> String {
    let over = "Nothing new fails any more";
    let names: Vec<String> = broken.iter().take(NAMED).map(ToString::to_string).collect();
    let unnamed = u64::try_from(broken.len().saturating_sub(names.len())).unwrap_or(u64::MAX) + count.active;
    match (names.is_empty(), unnamed) {
        (true, 0) => format!("{over}, and all that did has recovered."),
        (true, more) => format!("{over}. Still broken: {more}."),
        (false, 0) => format!("{over}. Still broken: {}.", names.join(", ")),
        (false, more) => format!("{over}. Still broken: {} and {more} more.", names.join(", ")),
    }
}

/// How many there are of each kind.
#[must_use]
pub fn listed(kinds: &[(Signature, u64)]) -> String {
    let named: Vec<String> = kinds.iter().map(|(signature, count)| format!("{count} {signature}")).collect();
    named.join(", ")
}

impl Incident {
    /// Whether this is a storm, and not a fault with a root that has more victims than are named.
    #[must_use]
    pub fn is_storm(&self) -> bool {
        self.storm.is_some() && Storm::root().is_ok_and(|root| root == self.root)
    }

    /// Whether new problems that nothing explains are counted here.
    #[must_use]
    pub fn is_storming(&self) -> bool {
        self.storm.as_ref().is_some_and(|storm| !storm.over)
    }

    /// How many problems there are now, and how many came in, those that are only counted among them.
    #[must_use]
    pub fn extent(&self) -> (u64, u64) {
        let active = self.members.iter().filter(|m| m.active).count();
        let counts = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let (swarming, swarmed) = self.storm.as_ref().map_or((0, 0), |storm| (storm.active, storm.seen));
        (counts(active) + swarming, counts(self.members.len()) + swarmed)
    }

    /// How many problems there are now of each signature, the most first.
    #[must_use]
    pub fn kinds(&self) -> Vec<(Signature, u64)> {
        let mut kinds: std::collections::BTreeMap<Signature, u64> = std::collections::BTreeMap::new();
        for member in self.members.iter().filter(|m| m.active) {
            *kinds.entry(member.problem.signature.clone()).or_default() += 1;
        }
        for (signature, count) in self.storm.iter().flat_map(|storm| &storm.kinds) {
            *kinds.entry(signature.clone()).or_default() += count;
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kinds
    }

    pub(super) fn count(&mut self, count: &Count, at: Timestamp) {
        let Count { seen, active, kinds, severity } = count;
        self.severity = self.severity.max(*severity);
        // What begins with a count is one fault with a great many victims.
        let storm = self.storm.get_or_insert_with(|| Storm { over: true, ..Storm::default() });
        (storm.seen, storm.active) = (*seen, *active);
        storm.kinds.clone_from(kinds);
        if *active > 0 {
            self.end_calm(at);
        }
    }
}
