//! The change: a possible cause. What changed, when, by whom, and which targets it maps to.

use serde::{Deserialize, Serialize};

use super::signal::Timestamp;
use super::target::Target;

mod path_rule;
mod rank;

pub use path_rule::{PathRule, PathRuleError, targets_of};
pub use rank::{Relation, Suspect, rank};

/// The source of what Steward itself changed.
pub const BY_STEWARD: &str = "steward";
/// The source of what Steward brought back to its declared state: worth telling, but no cause of anything.
pub const RESTORED_BY_STEWARD: &str = "steward:restore";

/// The first twelve characters of a change's id: enough to find a commit by.
#[must_use]
pub fn short_id(id: &str) -> String {
    id.chars().take(12).collect()
}

/// Something that changed in the lab: a commit, an edit of a skill, an action of Steward's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The source's own stable name for it, unique within the source: a commit's full hash.
    pub id: String,
    /// The source: `git:homelab`, `steward`, `files`.
    pub source: String,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it, as the source says.
    pub author: String,
    /// One line: a commit's subject.
    pub summary: String,
    /// The paths touched, relative to the source; capped, `files_total` has the whole number.
    pub files: Vec<String>,
    /// How many paths were touched in all.
    pub files_total: usize,
    /// The targets it maps to, by the source's path patterns.
    pub targets: Vec<Target>,
}
