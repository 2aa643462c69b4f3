//! Known secrets in other texts: found again and taken out.

use std::collections::BTreeMap;
use std::ops::Range;

use super::names;

/// A value shorter than this, in characters, is replaced as a whole word only.
const SHORTEST: usize = 6;
/// So is a plain word that is not longer than this: it may be part of a name or a path.
const LONGEST_WORD: usize = 8;
/// A line of a secret of several lines that is at least so long is looked for by itself, in characters.
const LONG_LINE: usize = 16;
/// A shorter value is not looked for, in bytes: it stands everywhere.
const LEAST: usize = 3;

/// Who holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holder {
    /// The service that it was found in, by its place.
    pub(super) service: usize,
    /// The variable that holds it; empty where there is none.
    pub(super) name: String,
}

/// The secrets that were found, by their values.
#[derive(Default)]
pub(super) struct Known(BTreeMap<String, Vec<Holder>>);

impl Known {
    pub(super) fn add(&mut self, value: String, name: &str, service: usize) {
        let holders = self.0.entry(value).or_default();
        let holder = Holder { service, name: name.to_owned() };
        if !holders.contains(&holder) {
            holders.push(holder);
        }
    }

    /// Who holds a value, in the order in which it was found.
    pub(super) fn holders(&self, value: &str) -> &[Holder] {
        self.0.get(value).map(Vec::as_slice).unwrap_or_default()
    }

    /// Looks for all but those that stand in other texts for other reasons.
    pub(super) fn finder(self, is_ordinary: impl Fn(&str) -> bool) -> Finder {
        let wanted = self.0.into_iter().filter(|(value, _)| value.len() >= LEAST && !is_ordinary(value));
        Finder::new(wanted.map(|(value, holders)| Secret::new(value, holders)).collect())
    }
}

/// A value to look for.
pub(super) struct Secret {
    value: String,
    pub(super) holders: Vec<Holder>,
    /// Whether it is found only as a word of its own: a short one stands in many words.
    as_word: bool,
}

impl Secret {
    fn new(value: String, holders: Vec<Holder>) -> Self {
        let length = value.chars().count();
        let is_plain = value.bytes().all(|byte| byte.is_ascii_lowercase());
        let as_word = length < SHORTEST || (is_plain && length <= LONGEST_WORD);
        Self { value, holders, as_word }
    }

    fn is_at(&self, text: &str, at: usize) -> bool {
        let ends = |c: char| c.is_whitespace() || "=:\"',;@".contains(c);
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let behind = text.get(at + self.value.len()..).and_then(|text| text.chars().next());
        !self.as_word || (before.is_none_or(ends) && behind.is_none_or(ends))
    }
}

/// Finds all of them at once: the time it takes grows with the text, and hardly with how many there are.
pub(super) struct Finder {
    /// In the order of their values.
    all: Vec<Secret>,
    /// Which two bytes one of them begins with.
    begins: Vec<bool>,
}

impl Finder {
    fn new(all: Vec<Secret>) -> Self {
        let mut begins = vec![false; 1 << 16];
        for secret in &all {
            if let Some(begin) = begin(secret.value.as_bytes()).and_then(|begin| begins.get_mut(begin)) {
                *begin = true;
            }
        }
        Self { all, begins }
    }

    pub(super) fn secret(&self, index: usize) -> Option<&Secret> {
        self.all.get(index)
    }

    /// Whether one of them stands in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.next(text, 0).is_some()
    }

    /// Where they stand in a text, and which they are: the longest one of each place.
    pub(super) fn places(&self, text: &str) -> Vec<(Range<usize>, usize)> {
        let mut places: Vec<(Range<usize>, usize)> = Vec::new();
        while let Some(place) = self.next(text, places.last().map_or(0, |(range, _)| range.end)) {
            places.push(place);
        }
        places
    }

    /// Puts something else in their places.
    pub(super) fn clean(&self, text: &mut String, with: &str) {
        for (range, _) in self.places(text).into_iter().rev() {
            text.replace_range(range, with);
        }
    }

    fn next(&self, text: &str, from: usize) -> Option<(Range<usize>, usize)> {
        let rest = text.get(from..)?;
        let bytes = text.as_bytes();
        rest.char_indices().find_map(|(at, _)| {
            let at = from + at;
            let may_be = begin(bytes.get(at..)?).is_some_and(|begin| self.begins.get(begin) == Some(&true));
            let index = if may_be { self.longest(text, at) } else { None }?;
            Some((at..at + self.all.get(index)?.value.len(), index))
        })
    }

    /// The longest one that stands right there.
    fn longest(&self, text: &str, at: usize) -> Option<usize> {
        let mut rest = text.as_bytes().get(at..)?;
        loop {
            // The last one that is not behind the text in the order is the longest one that the text begins with, if any.
            let index = self.all.partition_point(|secret| secret.value.as_bytes() <= rest).checked_sub(1)?;
            let secret = self.all.get(index)?;
            let same = secret.value.bytes().zip(rest).take_while(|(a, b)| a == *b).count();
            if same == secret.value.len() {
                if secret.is_at(text, at) {
                    return Some(index);
                }
                rest = rest.get(..same.checked_sub(1)?)?;
            } else {
                rest = rest.get(..same)?;
            }
            begin(rest)?;
        }
    }
}

/// The first two bytes, as a number.
fn begin(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [first, second, ..] => Some(usize::from(*first) << 8 | usize::from(*second)),
        _ => None,
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
