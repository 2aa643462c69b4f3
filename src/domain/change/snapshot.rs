//! How things are: what a source of states saw, so that the next look can tell what became different.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::signal::Timestamp;

/// What is known of one thing, by name: `image:web` is `nginx:1.27`.
pub type Facts = BTreeMap<String, String>;

/// Everything that a source sees, by name: `deployment/media/jellyfin`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Snapshot(pub BTreeMap<String, Facts>);

/// A snapshot and when it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// What.
    pub snapshot: Snapshot,
}

/// What became of one thing between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it was; `None` if it was not there.
    pub before: Option<&'a Facts>,
    /// What it is; `None` if it is gone.
    pub after: Option<&'a Facts>,
}

impl Snapshot {
    /// What is different in `after`, in the order of the names.
    #[must_use]
    pub fn differences<'a>(&'a self, after: &'a Self) -> Vec<Difference<'a>> {
        let names: BTreeSet<&String> = self.0.keys().chain(after.0.keys()).collect();
        names
            .into_iter()
            .map(|name| Difference { name, before: self.0.get(name), after: after.0.get(name) })
            .filter(|difference| difference.before != difference.after)
            .collect()
    }
}

impl<'a> Difference<'a> {
    /// The facts that differ, where it was there before and still is: name, before, after.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'a str, Option<&'a str>, Option<&'a str>)> {
        let (Some(before), Some(after)) = (self.before, self.after) else { return Vec::new() };
        let names: BTreeSet<&'a String> = before.keys().chain(after.keys()).collect();
        let value = |facts: &'a Facts, name: &str| facts.get(name).map(String::as_str);
        names
            .into_iter()
            .map(|name| (name.as_str(), value(before, name), value(after, name)))
            .filter(|(_, before, after)| before != after)
            .collect()
    }
}
