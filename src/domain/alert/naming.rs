//! How the alerts of a source get their targets and their severities.

use std::collections::BTreeMap;

use super::targets::LabelPath;
use crate::domain::signal::Severity;
use crate::domain::target::Target;

/// How the alerts of a source are named, and how bad they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Naming {
    /// Ways to make a target of labels, tried before the default ones.
    pub targets: Vec<LabelPath>,
    /// Goes before each target that is made of labels.
    pub prefix: Option<Target>,
    /// What the source's words for a severity mean, in lower case; asked before the usual words.
    pub severities: BTreeMap<String, Severity>,
    /// How bad an alert is that does not say so, or in no known word.
    pub severity: Severity,
}

impl Default for Naming {
    fn default() -> Self {
        Self { targets: Vec::new(), prefix: None, severities: BTreeMap::new(), severity: Severity::Error }
    }
}

impl Naming {
    /// What a source's word for a severity means.
    pub(super) fn severity_of(&self, word: &str) -> Option<Severity> {
        let word = word.trim().to_lowercase();
        self.severities.get(&word).copied().or_else(|| severity_of(&word))
    }
}

/// What the usual words for a severity mean, in whatever case. `None` for an unknown word.
#[must_use]
pub fn severity_of(word: &str) -> Option<Severity> {
    Some(match word.trim().to_lowercase().as_str() {
        "critical" | "crit" | "page" | "emergency" | "emerg" | "disaster" | "fatal" | "p1" => {
            Severity::Critical
        }
        "error" | "err" | "high" | "major" | "ticket" | "p2" => Severity::Error,
        "warning" | "warn" | "average" | "medium" | "minor" | "p3" => Severity::Warning,
        "info" | "information" | "informational" | "notice" | "low" | "none" | "debug" | "ok" | "p4"
        | "p5" => Severity::Info,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_words_are_known_and_the_sources_own_go_first() {
        for (word, severity) in [
            ("page", Severity::Critical),
            ("P1", Severity::Critical),
            ("High", Severity::Error),
            (" medium ", Severity::Warning),
            ("none", Severity::Info),
        ] {
            assert_eq!(severity_of(word), Some(severity), "{word}");
        }
        assert_eq!(severity_of("5"), None);
        let severities =
            [("5".to_owned(), Severity::Critical), ("high".to_owned(), Severity::Warning)].into();
        let naming = Naming { severities, ..Naming::default() };
        assert_eq!(naming.severity_of("5"), Some(Severity::Critical));
        assert_eq!(naming.severity_of("HIGH"), Some(Severity::Warning));
        assert_eq!(naming.severity_of("page"), Some(Severity::Critical));
    }
}
