//! Known secrets in other texts: found again and taken out.

use regex::{Regex, RegexBuilder};

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

impl Known {
    pub(super) fn new(value: String, name: String, service: usize) -> Self {
        let as_word = value.chars().count() < SHORTEST;
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

/// `text` without the passwords of mount options (`o: username=u,password=p`).
pub(super) fn without_passwords(options: &str) -> String {
    let is_password = |option: &&str| {
        let name = option.split('=').next().unwrap_or_default().trim();
        !matches!(name, "password" | "pass" | "passwd" | "password2" | "secret")
    };
    options.split(',').filter(is_password).collect::<Vec<_>>().join(",")
}
