//! What can be learned of the topology: that one target needs another, or that two names mean one target.

use std::fmt;

use serde::Deserialize;

use crate::domain::signal::Timestamp;
use crate::domain::target::Target;

/// Where something was learned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The labels of alerts.
    Labels,
    /// What `kubectl get` prints.
    Kubernetes,
    /// A compose file.
    Compose(String),
}

/// What kind of source something was learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// [`Source::Labels`].
    Labels,
    /// [`Source::Kubernetes`].
    Kubernetes,
    /// [`Source::Compose`].
    Compose,
}

impl Source {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        match self {
            Self::Labels => SourceKind::Labels,
            Self::Kubernetes => SourceKind::Kubernetes,
            Self::Compose(_) => SourceKind::Compose,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Labels => f.write_str("labels"),
            Self::Kubernetes => f.write_str("kubernetes"),
            Self::Compose(file) => write!(f, "compose:{file}"),
        }
    }
}

impl Source {
    /// Reads what [`Source`] prints.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "labels" => Some(Self::Labels),
            "kubernetes" => Some(Self::Kubernetes),
            _ => text.strip_prefix("compose:").map(|file| Self::Compose(file.to_owned())),
        }
    }
}

/// How two targets belong together. Where two facts can't both be in force, the one that comes first here is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// The first is another name of the second.
    Is,
    /// The first runs on the second: a pod on a node, a container on a host.
    RunsOn,
    /// The first uses the second: a pod its volume, a service another.
    Needs,
    /// The first is made of the second: a deployment of its pods. What it is made of may fail, and it is degraded.
    MadeOf,
    /// The first was made from the second: a pod from its replica set. A bad version fails all that is made from it.
    MadeFrom,
}

impl Relation {
    /// The word that is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::RunsOn => "runs-on",
            Self::Needs => "needs",
            Self::MadeOf => "made-of",
            Self::MadeFrom => "made-from",
        }
    }

    /// Reads the word of [`Relation::as_str`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Is, Self::RunsOn, Self::Needs, Self::MadeOf, Self::MadeFrom]
            .into_iter()
            .find(|relation| relation.as_str() == word)
    }
}

/// Something that a source says of two targets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// The first.
    pub target: Target,
    /// How they belong together.
    pub relation: Relation,
    /// The second.
    pub other: Target,
    /// How that is known, in words: `the pod runs on n3`.
    pub why: String,
}

impl Fact {
    /// The longest reason that is kept, in characters.
    const MAX_WHY: usize = 200;

    /// A fact about two targets, both as text; `None` if one of them is no target, or they are the same.
    #[must_use]
    pub fn of(target: &str, relation: Relation, other: &str, why: &str) -> Option<Self> {
        if target == other {
            return None;
        }
        let (target, other) = (Target::parse(target).ok()?, Target::parse(other).ok()?);
        let why = why.chars().filter(|c| !c.is_control()).take(Self::MAX_WHY).collect();
        Some(Self { target, relation, other, why })
    }
}

/// A fact, and where and when it was learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learned {
    /// The fact.
    pub fact: Fact,
    /// Who says so.
    pub source: Source,
    /// Since when.
    pub first_seen: Timestamp,
    /// When it was last said. (Of a source that is read as a whole: when it last was news.)
    pub last_seen: Timestamp,
}
