//! One rule, as it is in force.

use std::collections::BTreeSet;

use crate::domain::action::{Action, BlastRadius, Command, Effect};

use super::decision::Decision;
use super::pattern::Pattern;

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

    /// Whether it speaks of `argv`, run with all else as in `command`.
    pub(super) fn matches(&self, argv: &[String], command: &Command) -> bool {
        let known = |name: &String| {
            HARMLESS_VARIABLES.contains(&name.as_str()) || name.starts_with("LC_") || self.env.contains(name)
        };
        (self.stdin || command.stdin.is_none())
            && command.env.keys().all(known)
            && self.pattern.matches(argv, command.cwd.as_deref())
    }

    /// Whether it speaks of `argv` on its own, as in an example.
    pub(super) fn matches_example(&self, argv: &[String]) -> bool {
        let Action::Command(command) = Action::local(argv.to_vec());
        self.matches(argv, &command)
    }
}
