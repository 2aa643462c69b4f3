//! A parsed file before anyone asks what it means: a tree of values, and the line of each.
//!
//! TOML and YAML become the same tree, so that one reader ([`super::shape`]) serves both and can report every
//! problem with its line; the parsers' own serde fronts stop at the first.

mod json;
mod toml;
mod yaml;
mod yaml_lines;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::problem::Problem;

pub use json::Overlay;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file (YAML) or of the names (TOML).
    Table(Vec<(String, Node)>),
    /// Was wrong, is reported, and is passed over from now on.
    Removed,
}

/// One step on the way to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Key(String),
    Index(usize),
}

/// The way to a value from the top of its file.
pub(super) type Trail = Vec<Part>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Toml,
    Yaml,
}

/// A parsed file.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) file: PathBuf,
    pub(super) root: Node,
    syntax: Syntax,
    lines: BTreeMap<Trail, usize>,
    /// What goes before what the file says.
    over: Option<json::LaidOver>,
}

impl Document {
    /// Parses TOML.
    ///
    /// # Errors
    /// Every syntax error.
    pub(super) fn toml(file: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        let (root, lines) = toml::parse(file, text)?;
        Ok(Self { file: file.to_owned(), root, syntax: Syntax::Toml, lines, over: None })
    }

    /// Parses one YAML document.
    ///
    /// # Errors
    /// The first syntax error: a YAML parser can't go on after it.
    pub(super) fn yaml(file: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        let root = yaml::parse(file, text).map_err(|problem| vec![problem])?;
        Ok(Self {
            file: file.to_owned(),
            root,
            syntax: Syntax::Yaml,
            lines: yaml_lines::of(text),
            over: None,
        })
    }

    /// A problem with the value at `path`.
    pub(super) fn problem(&self, path: &[Part], what: impl Into<String>, hint: Option<String>) -> Problem {
        let what = what.into();
        if let Some(problem) = self.over.as_ref().and_then(|over| over.problem(path, &what, hint.as_ref())) {
            return problem;
        }
        Problem { file: self.file.clone(), line: self.line(path), field: self.field(path), what, hint }
    }

    /// The place of the `nth` item of the list at `path`, not counting those that were taken out.
    pub(super) fn item(&self, path: &[Part], nth: usize) -> Trail {
        let kept = |items: &Vec<Node>| {
            let mut kept = items.iter().enumerate().filter(|(_, item)| !matches!(item, Node::Removed));
            kept.nth(nth).map(|(index, _)| index)
        };
        let index = match self.root.at(path) {
            Some(Node::List(items)) => kept(items).unwrap_or(nth),
            _ => nth,
        };
        path.iter().cloned().chain([Part::Index(index)]).collect()
    }

    /// Whether the file says something at `path`, be it right or wrong.
    pub(super) fn says(&self, path: &[Part]) -> bool {
        self.lines.contains_key(path)
    }

    /// The line of the value at `path`, or of the nearest one around it.
    fn line(&self, path: &[Part]) -> Option<usize> {
        (0..=path.len()).rev().find_map(|len| self.lines.get(path.get(..len)?)).copied()
    }

    fn field(&self, path: &[Part]) -> Option<String> {
        match self.syntax {
            Syntax::Toml => toml::field(path),
            Syntax::Yaml => yaml::field(path),
        }
    }
}

/// The place of a key in the table at `place`.
pub(super) fn below(place: &[Part], key: &str) -> Trail {
    place.iter().cloned().chain([Part::Key(key.to_owned())]).collect()
}

/// The path of nested keys.
pub(super) fn keys<const N: usize>(keys: [&str; N]) -> Trail {
    keys.into_iter().map(|key| Part::Key(key.to_owned())).collect()
}

impl Node {
    fn at(&self, path: &[Part]) -> Option<&Self> {
        let Some((part, rest)) = path.split_first() else { return Some(self) };
        match (self, part) {
            (Self::List(items), Part::Index(index)) => items.get(*index)?.at(rest),
            (Self::Table(entries), Part::Key(key)) => {
                entries.iter().find(|(name, _)| name == key)?.1.at(rest)
            }
            _ => None,
        }
    }

    /// Turns the value at `path` into [`Node::Removed`]. Says whether there was one.
    pub(super) fn remove(&mut self, path: &[Part]) -> bool {
        let Some((part, rest)) = path.split_first() else {
            return !matches!(std::mem::replace(self, Self::Removed), Self::Removed);
        };
        let inner = match (self, part) {
            (Self::List(items), Part::Index(index)) => items.get_mut(*index),
            (Self::Table(entries), Part::Key(key)) => {
                entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        };
        inner.is_some_and(|inner| inner.remove(rest))
    }
}

#[cfg(test)]
impl Document {
    /// Puts a key into every table. Returns which keys each had.
    pub(super) fn plant(&mut self, key: &str) -> BTreeMap<Trail, std::collections::BTreeSet<String>> {
        let mut tables = BTreeMap::new();
        plant(&mut self.root, key, &mut Vec::new(), &mut tables);
        tables
    }
}

#[cfg(test)]
fn plant(
    node: &mut Node,
    key: &str,
    trail: &mut Trail,
    tables: &mut BTreeMap<Trail, std::collections::BTreeSet<String>>,
) {
    match node {
        Node::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                trail.push(Part::Index(index));
                plant(item, key, trail, tables);
                trail.pop();
            }
        }
        Node::Table(entries) => {
            tables.insert(trail.clone(), entries.iter().map(|(name, _)| name.clone()).collect());
            for (name, value) in entries.iter_mut() {
                trail.push(Part::Key(name.clone()));
                plant(value, key, trail, tables);
                trail.pop();
            }
            entries.push((key.to_owned(), Node::Null));
        }
        _ => {}
    }
}

/// The name of a table, without places in lists.
#[cfg(test)]
pub(super) fn name_of(path: &[Part]) -> String {
    let keys = path.iter().filter_map(|part| match part {
        Part::Key(key) => Some(key.as_str()),
        Part::Index(_) => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in "([a-c*&!|>\"'#:,?%@`\\[\\]{}\\-\\n =.0-9é]|: |- |\n  )*") {
            let toml = Document::toml(Path::new("x.toml"), &text);
            let yaml = Document::yaml(Path::new("x.yaml"), &text);
            prop_assert!(toml.is_ok_and(|document| document.line(&[]).is_none()) || !text.is_empty());
            prop_assert!(yaml.map_or_else(|problems| !problems.is_empty(), |document| document.root != Node::Removed));
        }
    }
}
