//! What the agent may propose. Each becomes a plan like any other, or a card; none is done because a model says so.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::approval::ApprovalState;
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::signal::Timestamp;

/// Characters of a lesson's title, of its cause, and of what to do about it, where a model words them.
const TITLE: usize = 100;
const WHY: usize = 400;
const FIX: usize = 600;

/// Something that the agent wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Proposal {
    /// Run a runbook that is there.
    Runbook {
        /// Its name.
        name: String,
        /// Why, in a sentence.
        why: String,
        /// How sure it is, in percent.
        confidence: u8,
    },
    /// Run these commands.
    Plan {
        /// What.
        plan: ProposedPlan,
        /// Why, in a sentence.
        why: String,
        /// How sure it is, in percent.
        confidence: u8,
    },
    /// Keep this in mind.
    Lesson(Lesson),
    /// Bring this container into the cluster, as the person wants who asked.
    Adopt {
        /// The container's name.
        container: String,
        /// Where it runs now; this machine where nothing is said.
        host: Option<String>,
        /// What the cluster is; the configured one where nothing is said.
        to: Option<String>,
    },
}

/// A plan of the agent: a runbook that is not written yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedPlan {
    /// One line for people.
    pub title: String,
    /// Its steps, in order; at least one.
    pub steps: Vec<ProposedStep>,
}

/// One step of it: one effect, its proof, and the way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedStep {
    /// What people call it.
    pub name: String,
    /// Where its commands run; this machine where nothing is said.
    pub host: Option<String>,
    /// The program and its arguments.
    pub run: Vec<String>,
    /// A command that ends with 0 when it has worked; without it the check that found the problem decides.
    pub verify: Option<Vec<String>>,
    /// What takes it back.
    pub undo: Option<Vec<String>>,
}

/// Something learned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// One line: what happens, where.
    pub title: String,
    /// How it is broken, where the lesson is about that: a signature.
    pub signature: Option<String>,
    /// Where: a target.
    pub target: Option<String>,
    /// Why it happens.
    pub why: String,
    /// What to do about it.
    pub fix: String,
    /// A rule that the policy is to enforce from now on, in the YAML of `policy.yaml`.
    pub rule: Option<String>,
}

/// The words of a lesson: all of it that may be said in another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonWords {
    /// See [`Lesson::title`].
    pub title: String,
    /// See [`Lesson::why`].
    pub why: String,
    /// See [`Lesson::fix`].
    pub fix: String,
}

impl Lesson {
    /// The same lesson in other words. A text that is empty or too long stays as it was; so does a cause that was not
    /// known, and a fix whose commands would be others.
    #[must_use]
    pub fn said_as(self, words: &LessonWords) -> Self {
        let better = |before: String, words: &str, most: usize| {
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            if words.is_empty() || words.chars().count() > most { before } else { words }
        };
        let why = if self.why.is_empty() { self.why } else { better(self.why, &words.why, WHY) };
        let same = commands(&self.fix) == commands(&words.fix);
        let fix = if same { better(self.fix, &words.fix, FIX) } else { self.fix };
        Self { title: better(self.title, &words.title, TITLE), why, fix, ..self }
    }
}

/// The commands that a text quotes: what stands between backticks.
fn commands(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).map(str::trim).collect()
}

/// Something of Steward's own that changes only with a person's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Keepsake {
    /// A lesson for `MEMORY.md`, and its rule for `SOUL.md` if it has one.
    Lesson(Lesson),
    /// A runbook that becomes a file.
    Runbook {
        /// Its name.
        name: String,
        /// Its text: YAML, as in `runbooks/`.
        yaml: String,
    },
}

/// An offer: a change to something of Steward's own that waits for a person's yes, as an approval does for a repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The number that people use. Questions, runs and offers share one count.
    pub number: u64,
    /// The case that it came from.
    pub incident: IncidentId,
    /// The number that people know that case by.
    pub case: u64,
    /// One line for people.
    pub title: String,
    /// What would be kept.
    pub keepsake: Keepsake,
    /// Where it stands.
    pub state: ApprovalState,
    /// Since when.
    pub made_at: Timestamp,
    /// Until when it waits.
    pub expires_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<String>,
}

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proposed {
    /// It won't be done, and why.
    Refused(String),
    /// A person is asked.
    Asked {
        /// The question's number.
        number: u64,
        /// Why it needs a person.
        why: String,
    },
    /// It runs.
    Begun(RemediationId),
    /// It can't be begun now, and why.
    Waits(String),
    /// It was taken on, and what comes next.
    TakenOn(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Lesson {
        Lesson {
            title: "vm/disk: disk-fill".into(),
            signature: Some("disk-fill".into()),
            target: Some("vm/disk".into()),
            why: "the journal has no limit".into(),
            fix: "vacuum (Shrink: `journalctl --vacuum-size=200M`)".into(),
            rule: Some("rules: []".into()),
        }
    }

    fn words(title: &str, why: &str, fix: &str) -> LessonWords {
        LessonWords { title: title.into(), why: why.into(), fix: fix.into() }
    }

    #[test]
    fn a_lesson_is_said_in_other_words_and_is_about_the_same() {
        let fix = "shrink it:\n`journalctl --vacuum-size=200M`";
        let said = draft().said_as(&words("The journal\nfills the disk", "no limit", fix));
        assert_eq!((said.title.as_str(), said.why.as_str()), ("The journal fills the disk", "no limit"));
        assert_eq!(said.fix, "shrink it: `journalctl --vacuum-size=200M`");
        assert_eq!(Lesson { title: draft().title, why: draft().why, fix: draft().fix, ..said }, draft());
    }

    #[test]
    fn words_that_are_empty_too_long_or_name_other_commands_change_nothing() {
        assert_eq!(draft().said_as(&words("", " ", "")), draft());
        let long = "x ".repeat(1_000);
        assert_eq!(draft().said_as(&words(&long, &long, &long)), draft());
        for fix in ["`rm -rf /`", "`journalctl --vacuum-size=200M` and `rm -rf /`", "shrink the journal"] {
            assert_eq!(draft().said_as(&words("", "", fix)).fix, draft().fix, "{fix}");
        }
        let unknown = Lesson { why: String::new(), ..draft() };
        assert_eq!(unknown.said_as(&words("", "a cause made up", "")).why, "");
    }
}
