//! Inhibition: one fault makes others not worth telling. The rules mean what Alertmanager's mean.

use crate::domain::matcher::{Matchers, label_of};
use crate::domain::signal::Signal;

/// While something fires that `source` matches, what `target` matches is not told, where both have the same values of
/// the labels `equal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InhibitRule {
    /// Its name, for people.
    pub name: String,
    /// What inhibits.
    pub source: Matchers,
    /// What is inhibited.
    pub target: Matchers,
    /// The labels that have to be equal; one that neither has is equal.
    pub equal: Vec<String>,
}

/// On which sides of a rule a signal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// It inhibits.
    pub source: bool,
    /// It is inhibited.
    pub target: bool,
}

impl InhibitRule {
    /// On which sides a signal stands.
    #[must_use]
    pub fn side(&self, signal: &Signal) -> Side {
        Side { source: self.source.match_signal(signal), target: self.target.match_signal(signal) }
    }

    /// The values that have to be equal.
    #[must_use]
    pub fn values(&self, signal: &Signal) -> Vec<String> {
        self.equal.iter().map(|name| label_of(signal, name).to_owned()).collect()
    }
}

impl Side {
    /// Whether a firing signal on this side inhibits one on the `other`, where their labels are equal. What stands on
    /// both sides is inhibited only by what stands on the source's alone, so that nothing inhibits itself or its like.
    #[must_use]
    pub fn inhibits(self, other: Self) -> bool {
        self.source && other.target && !(self.target && other.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Side = Side { source: true, target: false };
    const TARGET: Side = Side { source: false, target: true };
    const BOTH: Side = Side { source: true, target: true };

    #[test]
    fn what_stands_on_both_sides_is_only_inhibited_by_what_does_not() {
        assert!(SOURCE.inhibits(TARGET) && SOURCE.inhibits(BOTH) && BOTH.inhibits(TARGET));
        assert!(!BOTH.inhibits(BOTH), "neither itself nor its like");
        assert!(!TARGET.inhibits(SOURCE) && !SOURCE.inhibits(SOURCE) && !TARGET.inhibits(TARGET));
    }
}
