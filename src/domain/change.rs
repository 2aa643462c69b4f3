//! The change: a possible cause. What changed, when, by whom, and which targets it maps to.

use serde::{Deserialize, Serialize};

use super::signal::Timestamp;
use super::target::Target;

mod forge;
mod hardened;
mod kind;
mod path_rule;
mod rank;
mod snapshot;

pub use forge::{commit_url, without_credentials};
pub use hardened::hardened_git;
pub use kind::ChangeKind;
pub use path_rule::{PathRule, PathRuleError, targets_of};
pub use rank::{Relation, Suspect, rank};
pub use snapshot::{Difference, Facts, Seen, Snapshot};

/// The source of what Steward itself changed.
pub const BY_STEWARD: &str = "steward";
/// The source of what Steward brought back to its declared state: worth telling, but no cause of anything.
pub const RESTORED_BY_STEWARD: &str = "steward:restore";

/// The first twelve characters of a change's id: enough to find a commit by.
#[must_use]
pub fn short_id(id: &str) -> String {
    id.chars().take(12).collect()
}

/// How a change is named: its source, and the beginning of its id where that tells people anything (a hash does, a name
/// that the summary has already does not).
#[must_use]
pub fn reference(source: &str, id: &str) -> String {
    let short = short_id(id);
    let tells = !short.is_empty() && !id.contains('@') && short.chars().all(|c| c.is_ascii_alphanumeric());
    if tells { format!("{source} {short}") } else { source.to_owned() }
}

/// How the gist's line ends of a file in which nothing changed that a program reads.
pub const ONLY_COMMENTS: &str = "comments or layout only";
/// The most lines of gist that a change keeps.
pub const MAX_GIST: usize = 12;

/// Something that changed in the lab: a commit, an upgrade, a reboot, an action of Steward's own.
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
    /// What kind of thing it was.
    #[serde(default)]
    pub kind: ChangeKind,
    /// What it comes down to, a line each, [`MAX_GIST`] at most: `values.yaml: image.tag 1.2.3 → 1.3.0`.
    #[serde(default)]
    pub gist: Vec<String>,
    /// Where to read it, if the place is known; never with credentials in it.
    #[serde(default)]
    pub url: Option<String>,
    /// Whether measurements from before it can't be compared with those from after it: other software or another
    /// amount of it runs, or the machine began anew. [`ChangeKind::shifts_baseline`] has the rule.
    #[serde(default)]
    pub baseline: bool,
}

impl Change {
    /// A change of this kind, at this time. Who did it, what it touched and its gist are added to it.
    #[must_use]
    pub fn new(
        kind: ChangeKind,
        source: impl Into<String>,
        id: impl Into<String>,
        at: Timestamp,
        summary: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            source: source.into(),
            at,
            author: String::new(),
            summary: summary.into(),
            files: Vec::new(),
            files_total: 0,
            targets: Vec::new(),
            kind,
            gist: Vec::new(),
            url: None,
            baseline: kind.shifts_baseline(),
        }
    }

    /// Said to be by somebody.
    #[must_use]
    pub fn by(mut self, author: impl Into<String>) -> Self {
        self.author = author.into();
        self
    }

    /// Touching these targets.
    #[must_use]
    pub fn on(mut self, targets: impl IntoIterator<Item = Target>) -> Self {
        self.targets.extend(targets);
        self
    }

    /// With these lines of gist; those beyond [`MAX_GIST`] are counted.
    #[must_use]
    pub fn with_gist(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.gist.extend(lines);
        if self.gist.len() > MAX_GIST {
            let more = self.gist.len() - (MAX_GIST - 1);
            self.gist.truncate(MAX_GIST - 1);
            self.gist.push(format!("and {more} more"));
        }
        self
    }

    /// Who did what: `"Bump jellyfin" by Alex`.
    #[must_use]
    pub fn said(&self) -> String {
        match self.author.as_str() {
            "" => format!("\"{}\"", self.summary),
            author => format!("\"{}\" by {author}", self.summary),
        }
    }
}

/// Text from outside as a chat may show it: one line, no control characters, `most` characters at most.
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    let mut out: String = text
        .chars()
        .take(most)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().nth(most).is_some() {
        out.push('…');
    }
    out
}
