//! What should come of a recording, as its last line says it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::domain::incident::State;
use crate::domain::signal::Severity;
use crate::domain::target::Target;

/// What should come of a recording. What is left out may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expected {
    /// The incidents, all of them but those that were merged away, in the order of their numbers.
    pub incidents: Option<Vec<ExpectedIncident>>,
    /// How many were merged away.
    pub merged: Option<Amount>,
    /// How many messages of each kind.
    pub messages: ExpectedMessages,
    /// Texts, each of which is in some message.
    pub says: Vec<String>,
    /// Texts that are in no message.
    pub never: Vec<String>,
}

/// One incident.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedIncident {
    /// Its root in the end.
    pub root: Target,
    /// Its state in the end.
    pub state: Option<State>,
    /// How many other targets are part of it.
    pub victims: Option<Amount>,
    /// How many of its problems are there in the end.
    pub active: Option<Amount>,
    /// How often it occurred.
    pub occurrences: Option<Amount>,
    /// The worst it was.
    pub severity: Option<Severity>,
    /// Whether it was found to be flapping in the end.
    pub flapping: Option<bool>,
    /// How often people were called for it.
    pub calls: Option<Amount>,
    /// Part of the summary of the first suspect change; `""`: there is none.
    pub suspect: Option<String>,
    /// Part of one of the reasons for which something belongs to it.
    pub why: Option<String>,
}

/// How many messages of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectedMessages {
    /// New root messages: what people see of incidents in the channel.
    pub roots: Option<Amount>,
    /// Messages in threads.
    pub posts: Option<Amount>,
    /// Messages that call people.
    pub calls: Option<Amount>,
    /// Messages in the channel that belong to no incident.
    pub lab: Option<Amount>,
}

/// How many: `3`, `"<=3"` or `">=3"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// So many.
    Exactly(u64),
    /// So many or fewer.
    AtMost(u64),
    /// So many or more.
    AtLeast(u64),
}

impl Amount {
    /// Whether so many are as expected.
    #[must_use]
    pub fn allows(self, count: u64) -> bool {
        match self {
            Self::Exactly(wanted) => count == wanted,
            Self::AtMost(most) => count <= most,
            Self::AtLeast(least) => count >= least,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(count) => write!(f, "{count}"),
            Self::AtMost(count) => write!(f, "at most {count}"),
            Self::AtLeast(count) => write!(f, "at least {count}"),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AmountVisitor)
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"<=3\" or \">=3\"")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<Amount, E> {
        Ok(Amount::Exactly(count))
    }

    fn visit_i64<E: Error>(self, count: i64) -> Result<Amount, E> {
        u64::try_from(count)
            .map(Amount::Exactly)
            .map_err(|_| E::custom(format!("{count} is no number of anything; write 0 or more")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
        let number = |text: &str| text.trim().parse().ok();
        let most = text.strip_prefix("<=").and_then(number).map(Amount::AtMost);
        let least = || text.strip_prefix(">=").and_then(number).map(Amount::AtLeast);
        most.or_else(least)
            .ok_or_else(|| E::custom(format!("{text:?} is no amount; write 3, \"<=3\" or \">=3\"")))
    }
}
