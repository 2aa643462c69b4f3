//! What an action comes down to: the commands that it would run, as far as anybody can tell from its text.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

/// One word of a command, and how much is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// Exactly this, after quotes are gone and everything is expanded.
    Known(String),
    /// The names of files that fit this pattern (`*`, `?`, `[…]`; `**` for anything below), one word each. If none
    /// fits, the pattern itself.
    Files(String),
    /// Nobody can tell, not even how many words it becomes: an unset variable, a command's output, a person's input.
    Unknown(String),
}

/// One command that would run, as the system would get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// The program, then its arguments. Never empty.
    pub(super) words: Vec<Word>,
    /// The names of the variables that are set for it.
    pub(super) env: BTreeSet<String>,
    /// Whether it is given something to read on standard input.
    pub(super) stdin: bool,
    /// Where its relative paths begin; absent when nobody can tell (after `cd "$x"`).
    pub(super) cwd: Option<PathBuf>,
}

/// A part that runs something which can't be seen from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opaque {
    /// Why not, as a sentence for people.
    pub(super) why: String,
    /// Everything that is known of it, as text: for guardrails, which look for words that must not be there.
    pub(super) texts: Vec<String>,
}

/// Everything that an action would run. A redirection stands here as what does the same: `< FILE` as `cat FILE`,
/// `> FILE` as `tee FILE`, `>> FILE` as `tee -a FILE`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Line {
    /// The commands that can be seen, in the order in which they stand.
    pub(super) segments: Vec<Segment>,
    /// The parts that can't.
    pub(super) opaque: Vec<Opaque>,
    /// What its very shape does that must never happen (a function that starts itself twice), as sentences.
    pub(super) menaces: Vec<String>,
}

impl Word {
    /// The word, if it is known.
    pub(super) fn known(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::Files(_) | Self::Unknown(_) => None,
        }
    }

    /// The word as it stands, known or not: for guardrails and for people.
    pub(super) fn text(&self) -> &str {
        let (Self::Known(text) | Self::Files(text) | Self::Unknown(text)) = self;
        text
    }
}

impl Segment {
    /// A plain command in the default place.
    pub(super) fn plain(argv: &[String]) -> Self {
        Self {
            words: argv.iter().cloned().map(Word::Known).collect(),
            env: BTreeSet::new(),
            stdin: false,
            cwd: Some(super::paths::DEFAULT_CWD.into()),
        }
    }

    /// Its words as text, known or not.
    pub(super) fn texts(&self) -> Vec<String> {
        self.words.iter().map(|word| word.text().to_owned()).collect()
    }
}

impl fmt::Display for Segment {
    /// As people would type it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, word) in self.words.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            match word {
                Word::Known(text) => crate::domain::action::write_quoted(f, text)?,
                Word::Files(text) | Word::Unknown(text) => f.write_str(text)?,
            }
        }
        Ok(())
    }
}
