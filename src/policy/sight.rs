//! Collects what can be seen of an action while it is taken apart, within limits.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::paths;
use super::segment::{Line, Opaque, Segment, Word};

/// More commands than this, and nobody could read what they approve.
const MAX_SEGMENTS: usize = 256;

/// How many commands are looked at in all, those included that leave nothing behind: bounds the time.
const MAX_STEPS: usize = 4096;

/// How deep scripts, wrappers and blocks may be nested in all: bounds the stack.
const MAX_DEPTH: usize = 40;

/// In how many places a script may be before nobody knows where it is.
const MAX_PLACES: usize = 4;

/// What a command reads from standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// Nothing.
    None,
    /// Something that nobody knows.
    Some,
    /// Exactly this.
    Text(String),
}

/// What a command inherits from where it stands.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// The names of the variables that are set for it.
    pub(super) env: BTreeSet<String>,
    pub(super) input: Input,
    /// Where it may run: more than one place after a `cd` that may have failed; an absent one if nobody knows.
    pub(super) places: Vec<Option<PathBuf>>,
    /// How deep it is nested.
    pub(super) depth: usize,
}

/// What has been seen so far.
#[derive(Debug)]
pub(super) struct Sight {
    line: Line,
    steps: usize,
    full: bool,
}

impl Context {
    /// A command by itself in the default place.
    pub(super) fn plain() -> Self {
        let places = vec![Some(paths::DEFAULT_CWD.into())];
        Self { env: BTreeSet::new(), input: Input::None, places, depth: 0 }
    }

    /// For what a command runs in its turn.
    pub(super) fn inner(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }

    /// Adds places where it may run, too.
    pub(super) fn or_in(&mut self, places: &[Option<PathBuf>]) {
        for place in places {
            if !self.places.contains(place) {
                self.places.push(place.clone());
            }
        }
        if self.places.len() > MAX_PLACES {
            self.places = vec![None];
        }
    }
}

impl Sight {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { line: Line::default(), steps: MAX_STEPS, full: false }
    }

    /// A command that would run.
    pub(super) fn see(&mut self, words: Vec<Word>, context: &Context) {
        for place in &context.places {
            if self.line.segments.len() >= MAX_SEGMENTS {
                return self.too_much();
            }
            self.line.segments.push(Segment {
                words: words.clone(),
                env: context.env.clone(),
                stdin: context.input != Input::None,
                cwd: place.clone(),
            });
        }
    }

    /// A part that can't be seen through.
    pub(super) fn opaque(&mut self, why: impl Into<String>, texts: Vec<String>) {
        if self.line.opaque.len() >= MAX_SEGMENTS {
            return self.too_much();
        }
        let opaque = Opaque { why: why.into(), texts };
        if !self.line.opaque.contains(&opaque) {
            self.line.opaque.push(opaque);
        }
    }

    /// A command that can't be seen through, with what it may read.
    pub(super) fn opaque_command(&mut self, why: impl Into<String>, words: &[Word], context: &Context) {
        let mut texts = texts(words);
        if let Input::Text(input) = &context.input {
            texts.push(input.clone());
        }
        self.opaque(why, texts);
    }

    /// Something that its very shape does and that must never happen.
    pub(super) fn menace(&mut self, why: &str) {
        if !self.line.menaces.iter().any(|known| known == why) {
            self.line.menaces.push(why.to_owned());
        }
    }

    /// Whether there is leave to look at one more command, at this depth.
    pub(super) fn may_look(&mut self, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            self.opaque("it is nested too deep to be looked through", Vec::new());
            return false;
        }
        match self.steps.checked_sub(1) {
            Some(left) => {
                self.steps = left;
                true
            }
            None => {
                self.too_much();
                false
            }
        }
    }

    /// How much was seen so far.
    pub(super) fn extent(&self) -> usize {
        self.line.segments.len() + self.line.opaque.len() + self.line.menaces.len()
    }

    /// All that was seen.
    pub(super) fn into_line(self) -> Line {
        self.line
    }

    fn too_much(&mut self) {
        if !self.full {
            self.full = true;
            let why = "it is too long to be looked through; split it up".to_owned();
            self.line.opaque.push(Opaque { why, texts: Vec::new() });
        }
    }
}

/// Words as text, known or not.
pub(super) fn texts(words: &[Word]) -> Vec<String> {
    words.iter().map(|word| word.text().to_owned()).collect()
}
