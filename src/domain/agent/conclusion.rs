//! How a run ends: a structured conclusion, whatever happened.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::action::{BlastRadius, Effect, write_quoted};
use crate::domain::card::clean_lines;
use crate::domain::target::Target;

/// Characters of a diagnosis at most.
const MAX_DIAGNOSIS: usize = 3_000;

/// A text, at most so many characters of it.
#[must_use]
pub fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Why a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    /// It said what it found.
    Concluded,
    /// A command answers what was asked, and was given as the answer.
    Understood {
        /// The command, as it would have been typed.
        command: String,
    },
    /// A limit was reached: it concludes with what it has.
    Limit {
        /// Which, in words: `20 steps`.
        what: String,
    },
    /// No model could be reached.
    NoModel {
        /// Why, for people.
        why: String,
    },
    /// The models answered, and nothing of use.
    GaveUp {
        /// Why, for people.
        why: String,
    },
    /// A person stopped it.
    Stopped {
        /// Who.
        by: String,
    },
    /// Steward itself ended, or the case went on in another one.
    Interrupted {
        /// Why.
        why: String,
    },
}

impl Ending {
    /// Whether it came to its end by itself.
    #[must_use]
    pub fn is_concluded(&self) -> bool {
        *self == Self::Concluded
    }
}

/// What a run comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    /// Why it ended.
    pub ending: Ending,
    /// What it thinks is wrong, or its answer to what was asked, in the model's words. Empty if it found nothing.
    pub diagnosis: String,
    /// What it suspects is at fault, where it names something that is known.
    pub root: Option<Target>,
    /// What speaks for that, a line each.
    pub evidence: Vec<String>,
    /// How sure it says it is, in percent.
    pub confidence: u8,
    /// What Steward has to say about it: that nothing was checked, that what it names is not known. A sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What it did or wanted to do, and what became of that: from the record, never from the model's words.
    pub actions: Vec<String>,
    /// How to see that it is good again, in the model's words.
    pub verification: String,
    /// How to take back what was done, in the model's words.
    pub rollback: String,
    /// What could be done, for a person to choose from.
    pub options: Vec<Outline>,
}

impl Conclusion {
    /// One that says only why there is none.
    #[must_use]
    pub fn without(ending: Ending) -> Self {
        Self {
            ending,
            diagnosis: String::new(),
            root: None,
            evidence: Vec::new(),
            confidence: 0,
            notes: Vec::new(),
            actions: Vec::new(),
            verification: String::new(),
            rollback: String::new(),
            options: Vec::new(),
        }
    }

    /// A model's words as they are kept as a diagnosis: at most 3,000 characters. The word `nothing` alone is none: of a
    /// goal that came to it, nobody is told anything.
    #[must_use]
    pub fn words(said: &str) -> String {
        let is_word = |c: char| c.is_alphanumeric() || c.is_whitespace();
        let bare: String = said.chars().filter(|c| is_word(*c)).collect();
        if bare.trim().eq_ignore_ascii_case("nothing") {
            return String::new();
        }
        clipped(clean_lines(said).trim(), MAX_DIAGNOSIS)
    }

    /// Whether it is worth going by: it came to its end, says something, and is at least this sure, in percent.
    #[must_use]
    pub fn is_conclusive(&self, confidence: u8) -> bool {
        self.ending.is_concluded() && !self.diagnosis.trim().is_empty() && self.confidence >= confidence
    }
}

/// A way to go, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// One line.
    pub title: String,
    /// What speaks for it, or against.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Its steps, in order.
    pub steps: Vec<OutlineStep>,
}

/// One step of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineStep {
    /// What is done.
    pub what: String,
    /// What could go wrong.
    pub risk: String,
    /// How it is taken back.
    pub undo: String,
    /// The machine that the command is for; `None` is this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The command, where it is one.
    pub command: Option<Vec<String>>,
    /// What the policy would answer to the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// What the policy says that the command does; nobody else's word counts.
    pub effect: Option<Effect>,
    /// What else it touches, as the policy has it.
    pub blast_radius: Option<BlastRadius>,
}

/// What the policy would answer if somebody wanted a step done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It only reads.
    Allowed,
    /// A person would be asked first.
    Asked,
    /// Nobody may.
    Forbidden,
}

impl Answer {
    /// The word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Asked => "asked",
            Self::Forbidden => "forbidden",
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allowed => "allowed",
            Self::Asked => "would be asked for",
            Self::Forbidden => "the policy forbids it",
        })
    }
}

impl OutlineStep {
    /// Its command as people would type it, with the machine where it is another one.
    #[must_use]
    pub fn typed(&self) -> Option<String> {
        let line = Typed(self.command.as_ref()?);
        let host = self.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
        Some(format!("`{line}`{host}"))
    }
}

/// A command as people would type it.
struct Typed<'a>(&'a [String]);

impl fmt::Display for Typed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write_quoted(f, word)?;
        }
        Ok(())
    }
}

/// A step in a line: what is done, with its command, the policy's word, and what could go wrong. What is not known is
/// left out.
impl fmt::Display for OutlineStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = self.command.as_ref().map(|command| command.join(" "));
        match self.typed() {
            Some(typed) if bare.as_deref() == Some(self.what.trim()) => f.write_str(&typed)?,
            Some(typed) => write!(f, "{}: {typed}", self.what.trim_end_matches(['.', ':']))?,
            None => f.write_str(&self.what)?,
        }
        let given = |name: &str, text: &str| (!text.trim().is_empty()).then(|| format!("{name}: {text}"));
        let about: Vec<String> = [
            self.answer.map(|answer| answer.to_string()),
            self.effect.map(|effect| effect.to_string()),
            self.blast_radius.map(|radius| format!("touches the {radius}")),
            given("risk", &self.risk),
            given("undo", &self.undo),
        ]
        .into_iter()
        .flatten()
        .collect();
        if about.is_empty() { Ok(()) } else { write!(f, " ({})", about.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_shows_its_command_and_the_policys_word_and_leaves_out_what_is_not_known() {
        let words = |line: &str| Some(line.split(' ').map(str::to_owned).collect());
        let step = OutlineStep {
            what: "Free the port".to_owned(),
            risk: String::new(),
            undo: String::new(),
            host: None,
            command: None,
            answer: None,
            effect: None,
            blast_radius: None,
        };
        assert_eq!(step.to_string(), "Free the port");
        let stop = OutlineStep {
            command: words("systemctl stop nginx"),
            answer: Some(Answer::Asked),
            host: Some("pve1".to_owned()),
            risk: "pages are gone".to_owned(),
            ..step.clone()
        };
        let told = "Free the port: `systemctl stop nginx` on pve1 (would be asked for; risk: pages are gone)";
        assert_eq!(stop.to_string(), told);
        let bare = OutlineStep { what: "rm -rf /".to_owned(), command: words("rm -rf /"), ..step };
        assert_eq!(
            OutlineStep { answer: Some(Answer::Forbidden), ..bare }.to_string(),
            "`rm -rf /` (the policy forbids it)"
        );
    }

    #[test]
    fn the_word_nothing_is_no_diagnosis_and_a_long_one_is_clipped() {
        assert_eq!(Conclusion::words(" \"Nothing.\" "), "");
        assert_eq!(Conclusion::words("nothing holds the port"), "nothing holds the port");
        assert_eq!(Conclusion::words(&"x".repeat(4_000)).chars().count(), MAX_DIAGNOSIS + 1);
    }
}
