//! JSON to a tree: a line of a recording, and settings that are laid over those of a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Document, Node, Part, Syntax, Trail};
use crate::config::problem::Problem;

/// Settings from elsewhere that go before those of the configuration file, key by key. A list replaces a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    /// The file they are written in, for messages about them.
    pub file: PathBuf,
    /// Its line.
    pub line: usize,
    /// What they are called there, before the setting's own name: `settings`.
    pub name: String,
    /// The settings, in the sections and under the names of the configuration file.
    pub settings: Map<String, Value>,
}

/// What was laid over a document, and where.
#[derive(Debug, Clone)]
pub(super) struct LaidOver {
    file: PathBuf,
    line: usize,
    name: String,
    trails: BTreeSet<Trail>,
}

impl LaidOver {
    /// A problem with the value at `path`, if that was laid over.
    pub(super) fn problem(&self, path: &[Part], what: &str, hint: Option<&String>) -> Option<Problem> {
        (1..=path.len()).any(|len| path.get(..len).is_some_and(|head| self.trails.contains(head))).then(
            || {
                let field = super::yaml::field(path).unwrap_or_default();
                Problem {
                    file: self.file.clone(),
                    line: Some(self.line),
                    field: Some(format!("{}.{field}", self.name)),
                    what: what.to_owned(),
                    hint: hint.cloned(),
                }
            },
        )
    }
}

impl Document {
    /// A value that stands on this line of a file.
    pub(in crate::config) fn json(file: &Path, line: usize, value: &Value) -> Self {
        Self {
            file: file.to_owned(),
            root: node(value),
            syntax: Syntax::Yaml,
            lines: [(Trail::new(), line)].into(),
            over: None,
        }
    }

    /// Puts these settings in place of those of the same name.
    pub(in crate::config) fn lay_over(&mut self, over: &Overlay) {
        let Overlay { file, line, name, settings } = over;
        let mut trails = BTreeSet::new();
        if !matches!(self.root, Node::Table(_)) {
            self.root = Node::Table(Vec::new());
        }
        merge(&mut self.root, settings, &mut Trail::new(), &mut trails);
        self.over = Some(LaidOver { file: file.clone(), line: *line, name: name.clone(), trails });
    }
}

fn merge(into: &mut Node, over: &Map<String, Value>, at: &mut Trail, trails: &mut BTreeSet<Trail>) {
    let Node::Table(entries) = into else { return };
    for (key, value) in over {
        at.push(Part::Key(key.clone()));
        let known = entries.iter_mut().find(|(name, _)| name == key).map(|(_, node)| node);
        match (known, value) {
            (Some(table @ Node::Table(_)), Value::Object(value)) => merge(table, value, at, trails),
            (Some(other), value) => {
                *other = node(value);
                trails.insert(at.clone());
            }
            (None, value) => {
                entries.push((key.clone(), node(value)));
                trails.insert(at.clone());
            }
        }
        at.pop();
    }
}

fn node(value: &Value) -> Node {
    match value {
        Value::Null => Node::Null,
        Value::Bool(yes) => Node::Bool(*yes),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| Node::Float(number.as_f64().unwrap_or(f64::NAN)), Node::Int)
        }
        Value::String(text) => Node::Text(text.clone()),
        Value::Array(items) => Node::List(items.iter().map(node).collect()),
        Value::Object(entries) => {
            Node::Table(entries.iter().map(|(key, value)| (key.clone(), node(value))).collect())
        }
    }
}
