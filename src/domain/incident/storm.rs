//! The storm: so much fails within minutes, and nothing that is known explains it, that it is told as one.
//!
//! Its first problems are members like any other; what comes after them is only counted, so that a storm of thousands
//! stays as small as one of dozens.

use serde::{Deserialize, Serialize};

use super::{Incident, Member};
use crate::domain::signal::{Severity, Timestamp};
use crate::domain::target::{NameError, Signature, Target};

/// Problems named at the end of a storm.
const NAMED: usize = 10;

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

/// The count in words: `412 more things fail: 380 instance-down, 32 probe-failed.`
pub(super) fn counted(count: &Count) -> String {
    match (count.active, count.seen) {
        (0, seen) => format!("All {seen} that were counted besides have recovered."),
        (active, seen) if active == seen => format!("{active} more fail: {}.", listed(&count.kinds)),
        (active, seen) => {
            format!("{active} of the {seen} that were counted besides still fail: {}.", listed(&count.kinds))
        }
    }
}

/// The end of a storm in words: what is still broken, by name as far as it goes.
pub(super) fn ended(count: &Count, left: &[Member]) -> String {
    let names: Vec<String> = left.iter().take(NAMED).map(|member| member.problem.to_string()).collect();
    let broken = count.active + u64::try_from(left.len()).unwrap_or(u64::MAX);
    let more = broken.saturating_sub(u64::try_from(names.len()).unwrap_or(u64::MAX));
    match (names.is_empty(), more) {
        (true, 0) => "The storm is over: nothing new fails, and what was counted has recovered.".to_owned(),
        (true, more) => format!("The storm is over: nothing new fails. Still broken: {more}."),
        (false, 0) => format!("The storm is over: nothing new fails. Still broken: {}.", names.join(", ")),
        (false, more) => {
            format!(
                "The storm is over: nothing new fails. Still broken: {} and {more} more.",
                names.join(", ")
            )
        }
    }
}

/// How many there are of each kind.
#[must_use]
pub fn listed(kinds: &[(Signature, u64)]) -> String {
    let named: Vec<String> = kinds.iter().map(|(signature, count)| format!("{count} {signature}")).collect();
    named.join(", ")
}

impl Incident {
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
        let storm = self.storm.get_or_insert_default();
        (storm.seen, storm.active) = (*seen, *active);
        storm.kinds.clone_from(kinds);
        if *active > 0 {
            self.end_calm(at);
        }
    }
}
