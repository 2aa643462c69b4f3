//! One rule, as it is in force.

use std::collections::BTreeSet;

use crate::domain::action::{BlastRadius, Effect};

use super::decision::{Decision, Needs};
use super::pattern::Pattern;
use super::segment::Segment;

/// Variables that change only how output is worded.
const HARMLESS_VARIABLES: [&str; 3] = ["LANG", "LANGUAGE", "TZ"];

/// Says what the commands of one shape do.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) why: String,
    pub(super) pattern: Pattern,
    pub(super) env: BTreeSet<String>,
    pub(super) stdin: bool,
    pub(super) effect: Effect,
    pub(super) blast_radius: BlastRadius,
    pub(super) decision: Option<Decision>,
    pub(super) undo: Option<String>,
    pub(super) needs: Needs,
    pub(super) approvers: u8,
    pub(super) risky: bool,
    pub(super) examples: usize,
}

impl Rule {
    /// The rule's name, unique over all files.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it comes from.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Why it says what it says, for people.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    /// What the commands that it matches do.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// How far they reach.
    #[must_use]
    pub fn blast_radius(&self) -> BlastRadius {
        self.blast_radius
    }

    /// What the rule itself demands, if it is stricter than its effect: approve or forbid.
    #[must_use]
    pub fn decision(&self) -> Option<Decision> {
        self.decision
    }

    /// How they are taken back.
    #[must_use]
    pub fn undo(&self) -> Option<&str> {
        self.undo.as_deref()
    }

    /// How many examples it was held to.
    #[must_use]
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// What its commands need of the machine.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// How many people have to say yes where it asks.
    #[must_use]
    pub fn approvers(&self) -> u8 {
        self.approvers
    }

    /// Whether it speaks of a program of this bare name at all.
    pub(super) fn speaks_of(&self, program: &str) -> bool {
        self.pattern.tokens.first().is_some_and(|names| names.iter().any(|name| name == program))
    }

    /// Whether it speaks of this command.
    pub(super) fn matches(&self, segment: &Segment) -> bool {
        let known = |name: &String| {
            HARMLESS_VARIABLES.contains(&name.as_str()) || name.starts_with("LC_") || self.env.contains(name)
        };
        (self.stdin || !segment.stdin) && segment.env.iter().all(known) && self.pattern.matches(segment)
    }
}
