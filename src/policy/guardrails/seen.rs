//! One command as the guardrails look at it: by its program's bare name, and word by word.

use std::path::Path;

use crate::policy::paths::base_name;
use crate::policy::segment::{Segment, Word};

/// A command: the name that decides what it does, and what follows.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// The program's name without its directory.
    pub(super) name: &'a str,
    /// What follows it.
    pub(super) words: &'a [Word],
    /// Where its relative paths begin, if anybody knows.
    pub(super) cwd: Option<&'a Path>,
}

impl<'a> Seen<'a> {
    pub(super) fn of(segment: &'a Segment) -> Option<Self> {
        let (program, words) = segment.words.split_first()?;
        Some(Self { name: base_name(program.text()), words, cwd: segment.cwd.as_deref() })
    }

    /// The same words, as another program would get them.
    pub(super) fn called(self, name: &'a str) -> Self {
        Self { name, ..self }
    }

    /// The command that begins at the first word: `lvm lvremove …`.
    pub(super) fn inner(self) -> Option<Self> {
        let (program, words) = self.words.split_first()?;
        Some(Self { name: base_name(program.text()), words, ..self })
    }

    /// Every word as text, known or not.
    pub(super) fn texts(self) -> impl Iterator<Item = &'a str> + Clone {
        self.words.iter().map(Word::text)
    }

    /// The words that are no flags.
    pub(super) fn plain(self) -> impl Iterator<Item = &'a str> + Clone {
        self.texts().filter(|text| !text.starts_with('-'))
    }

    /// Whether any word is one of these.
    pub(super) fn any(self, wanted: &[&str]) -> bool {
        self.texts().any(|text| wanted.contains(&text))
    }

    /// Whether the first word that is no flag is one of these.
    pub(super) fn verb(self, verbs: &[&str]) -> bool {
        self.plain().next().is_some_and(|word| verbs.contains(&word))
    }

    /// Whether a word of the first list is followed by one of the second, flags between them left out.
    pub(super) fn pair(self, firsts: &[&str], seconds: &[&str]) -> bool {
        let next = self.plain().skip(1);
        self.plain().zip(next).any(|(a, b)| firsts.contains(&a) && seconds.contains(&b))
    }

    /// Whether one of these flags is there, with or without a value behind `=`.
    pub(super) fn has(self, flags: &[&str]) -> bool {
        self.texts().any(|text| {
            let name = text.split_once('=').map_or(text, |(name, _)| name);
            flags.contains(&text) || (name.starts_with("--") && flags.contains(&name))
        })
    }

    /// Whether a cluster of short flags has this one.
    pub(super) fn short(self, flag: char) -> bool {
        self.texts().any(|text| text.starts_with('-') && !text.starts_with("--") && text.contains(flag))
    }

    /// Whether a long flag is there, also cut short as far as getopt understands it.
    pub(super) fn long(self, flag: &str) -> bool {
        self.texts().any(|text| {
            let name = text.split_once('=').map_or(text, |(name, _)| name);
            name.len() > 2 && name.starts_with("--") && flag.starts_with(name)
        })
    }

    /// Whether it is told to only show what it would do.
    pub(super) fn rehearses(self, flags: &[&str]) -> bool {
        self.has(flags)
    }
}
