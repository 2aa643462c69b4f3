//! What can be learned of the topology: that one target needs another, or that two names mean one target.

use std::fmt;

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

/// How two targets belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// The first is another name of the second.
    Is,
    /// The first needs the second.
    Needs,
}

impl Relation {
    /// The word that is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::Needs => "needs",
        }
    }

    /// Reads the word of [`Relation::as_str`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Is, Self::Needs].into_iter().find(|relation| relation.as_str() == word)
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

    /// `target` needs `other`, both as text; `None` if one of them is no target, or they are the same.
    #[must_use]
    pub fn needs(target: &str, other: &str, why: impl Into<String>) -> Option<Self> {
        Self::of(target, Relation::Needs, other, why.into())
    }

    /// `name` is another name of `target`; `None` as for [`Fact::needs`].
    #[must_use]
    pub fn is(name: &str, target: &str, why: impl Into<String>) -> Option<Self> {
        Self::of(name, Relation::Is, target, why.into())
    }

    fn of(target: &str, relation: Relation, other: &str, why: String) -> Option<Self> {
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
