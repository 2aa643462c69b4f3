//! Known secrets in other texts: found again and taken out.

use regex::{Regex, RegexBuilder};

use super::names;

/// A value that was found under a secret's name.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) value: String,
    /// The variable that holds it.
    pub(super) name: String,
    /// The service that it was found in, by its place.
    pub(super) service: usize,
    /// Whether it is found only as a word of its own: a short one stands in many words.
    pub(super) as_word: bool,
}

/// A value shorter than this, in characters, is replaced as a whole word only.
const SHORTEST: usize = 6;
/// So is a plain word that is not longer than this: it may be part of a name or a path.
const LONGEST_WORD: usize = 8;
/// A line of a secret of several lines that is at least so long is looked for by itself, in characters.
const LONG_LINE: usize = 16;

impl Known {
    pub(super) fn new(value: String, name: String, service: usize) -> Self {
        let length = value.chars().count();
        let is_plain = value.bytes().all(|byte| byte.is_ascii_lowercase());
        let as_word = length < SHORTEST || (is_plain && length <= LONGEST_WORD);
        Self { value, name, service, as_word }
    }

    /// Whether it stands in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.places(text).next().is_some()
    }

    /// The text with something else in its places; `None` where it is not in it.
    pub(super) fn replaced(&self, text: &str, with: &str) -> Option<String> {
        let mut clean = String::new();
        let mut from = 0;
        for at in self.places(text) {
            clean.push_str(text.get(from..at)?);
            clean.push_str(with);
            from = at + self.value.len();
        }
        if from == 0 {
            return None;
        }
        clean.push_str(text.get(from..)?);
        Some(clean)
    }

    fn places<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        let found = text.match_indices(self.value.as_str()).map(|(at, _)| at);
        found.filter(move |at| !self.value.is_empty() && (!self.as_word || self.is_word_at(text, *at)))
    }

    fn is_word_at(&self, text: &str, at: usize) -> bool {
        let ends = |c: char| c.is_whitespace() || "=:\"',;@".contains(c);
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let behind = text.get(at + self.value.len()..).and_then(|text| text.chars().next());
        before.is_none_or(ends) && behind.is_none_or(ends)
    }
}

/// All of them, found fast where there are many of both.
pub(super) struct Finder {
    all: Vec<Known>,
    /// Any of the values; where there is none, each is looked for by itself.
    any: Option<Regex>,
}

impl Finder {
    pub(super) fn new(all: Vec<Known>) -> Self {
        let values: Vec<String> = all.iter().map(|known| regex::escape(&known.value)).collect();
        let any = RegexBuilder::new(&values.join("|")).size_limit(256 << 20).build().ok();
        Self { all, any }
    }

    pub(super) fn all(&self) -> &[Known] {
        &self.all
    }

    /// Whether one of them stands in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let may_be = !self.all.is_empty() && self.any.as_ref().is_none_or(|any| any.is_match(text));
        may_be && self.all.iter().any(|known| known.is_in(text))
    }

    /// Puts something else in their places.
    pub(super) fn clean(&self, text: &mut String, with: &str) {
        if !self.is_in(text) {
            return;
        }
        for known in &self.all {
            if let Some(clean) = known.replaced(text, with) {
                *text = clean;
            }
        }
    }
}

/// `text` without the passwords of mount options (`o: username=u,password=p`, `user=u%p`).
pub(super) fn without_passwords(options: &str) -> String {
    let is_plain = |option: &&str| {
        option.split_once('=').is_none_or(|(name, value)| !names::is_named(name.trim(), value))
    };
    let user = |option: &str| match option.split_once('%') {
        Some((user, _)) if user.starts_with("user") => user.to_owned(),
        _ => option.to_owned(),
    };
    options.split(',').filter(is_plain).map(user).collect::<Vec<_>>().join(",")
}

/// What stands for a secret elsewhere: its lines, where it has several, and what it is without `%xx`.
pub(super) fn forms(value: &str) -> Vec<String> {
    let lines = value.lines().map(str::trim).filter(|line| line.chars().count() >= LONG_LINE);
    let mut forms: Vec<String> = lines.filter(|line| *line != value).map(str::to_owned).collect();
    forms.extend(without_percent(value).filter(|plain| plain != value));
    forms
}

fn without_percent(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).ok()
}
