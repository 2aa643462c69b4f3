//! Reads a serde shape out of a [`Document`] and reports every problem, not only the first.
//!
//! Serde stops at the first fault. Here the fault knows its place in the tree; it is reported, the value is taken
//! out, and reading begins again, until the rest fits. So the shapes stay plain `#[derive(Deserialize)]`.

mod tree;

use std::collections::BTreeSet;
use std::fmt;

use serde::de::DeserializeOwned;

use super::document::{Document, Part, Trail};
use super::problem::{Problem, suggest};

/// With more problems than these in one file, the first ones are enough to begin with.
const MAX_PROBLEMS: usize = 50;

/// Reads `T`, and adds what is wrong to `problems`. What is wrong is taken out of the document, and `T` lacks it: the
/// caller must look at `problems` before using `T`. `None` when nothing of the shape is left.
pub(super) fn read<T: DeserializeOwned>(document: &mut Document, problems: &mut Vec<Problem>) -> Option<T> {
    let mut removed: BTreeSet<Trail> = BTreeSet::new();
    for _ in 0..MAX_PROBLEMS {
        let fault = match T::deserialize(tree::Reader(&document.root)) {
            Ok(value) => return Some(value),
            Err(fault) => fault,
        };
        let path: Trail = fault.trail.iter().rev().cloned().collect();
        if !follows_from(&fault, &path, &removed) {
            let hint = fault.hint.or_else(|| known_key(&path, fault.expected));
            problems.push(document.problem(&path, fault.what, hint));
        }
        if path.is_empty() || !document.root.remove(&path) {
            return None;
        }
        removed.insert(path);
    }
    let hint = Some("mend these first".to_owned());
    problems.push(Problem::of_file(&document.file, format!("has more than {MAX_PROBLEMS} problems"), hint));
    None
}

/// A key that is missing because its value was wrong has been reported already.
fn follows_from(fault: &Fault, path: &Trail, removed: &BTreeSet<Trail>) -> bool {
    fault.missing.is_some_and(|field| {
        let mut missing = path.clone();
        missing.push(Part::Key(field.to_owned()));
        removed.contains(&missing)
    })
}

fn known_key(path: &Trail, expected: &[&str]) -> Option<String> {
    match path.last()? {
        Part::Key(unknown) => suggest(unknown, expected.iter().copied()),
        Part::Index(_) => None,
    }
}

/// Why a value does not fit its shape, and where it is.
#[derive(Debug)]
pub(super) struct Fault {
    /// The place, innermost first.
    trail: Trail,
    what: String,
    hint: Option<String>,
    missing: Option<&'static str>,
    /// The keys that would have fitted, when an unknown one was found.
    expected: &'static [&'static str],
}

impl Fault {
    fn new(what: String, hint: Option<String>) -> Self {
        Self { trail: Vec::new(), what, hint, missing: None, expected: &[] }
    }

    fn within(mut self, part: Part) -> Self {
        self.trail.push(part);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    /// What follows the last `; ` is the hint.
    fn custom<T: fmt::Display>(message: T) -> Self {
        let text = message.to_string();
        match text.rsplit_once("; ") {
            Some((what, hint)) => Self::new(what.to_owned(), Some(hint.to_owned())),
            None => Self::new(text, None),
        }
    }

    fn invalid_type(found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        let wanted = plain(&expected.to_string());
        let is_scalar = !matches!(found, serde::de::Unexpected::Seq | serde::de::Unexpected::Map);
        let hint = (wanted == "a text" && is_scalar).then(|| "put it in quotes".to_owned());
        let found = match found {
            serde::de::Unexpected::Bool(yes) => format!("`{yes}`"),
            serde::de::Unexpected::Signed(number) => format!("the number {number}"),
            serde::de::Unexpected::Unsigned(number) => format!("the number {number}"),
            serde::de::Unexpected::Float(number) => format!("the number {number}"),
            serde::de::Unexpected::Str(text) => format!("the text {text:?}"),
            serde::de::Unexpected::Seq => "a list".to_owned(),
            serde::de::Unexpected::Map => "a table".to_owned(),
            _ => "nothing".to_owned(),
        };
        Self::new(format!("expected {wanted}, found {found}"), hint)
    }

    fn invalid_value(found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("{variant:?} is no choice here"), suggest(variant, expected.iter().copied()))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self { expected, ..Self::new("no such key here".to_owned(), None) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { missing: Some(field), ..Self::new(format!("`{field}` is missing"), None) }
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("`{field}` is there twice"), None)
    }
}

/// Serde's and Rust's names for what people call otherwise.
fn plain(expected: &str) -> String {
    match expected {
        "a string" | "a borrowed string" => "a text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "u16" | "u32" | "u64" | "usize" => "a whole number, not negative".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other if other.starts_with("path") => "a text".to_owned(),
        other => other.to_owned(),
    }
}

/// For each table of the document that has a fixed set of keys, by its name: the keys it may have, and those it has.
#[cfg(test)]
pub(super) fn known_keys<T: DeserializeOwned>(
    document: &mut Document,
) -> std::collections::BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let mut known = std::collections::BTreeMap::new();
    let shown = document.plant("no-such-key");
    while let Err(fault) = T::deserialize(tree::Reader(&document.root)) {
        let path: Trail = fault.trail.iter().rev().cloned().collect();
        assert!(document.root.remove(&path), "{fault} at {path:?}");
        if !fault.expected.is_empty() {
            let table = path.split_last().unwrap().1;
            let keys = shown[table].clone();
            known.insert(
                super::document::name_of(table),
                (fault.expected.iter().map(ToString::to_string).collect(), keys),
            );
        }
    }
    known
}

#[cfg(test)]
mod tests;
