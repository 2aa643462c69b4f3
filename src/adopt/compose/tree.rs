//! YAML as a tree in which every node knows where it stands.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::locate::Lines;
use crate::adopt::Fault;

/// Lines that are looked up in one file at most; more faults than are told don't need theirs.
const MAX_LOOKS: u32 = 500;

/// A file that was read.
pub(super) struct Source {
    /// What it is called in faults.
    pub file: String,
    /// Its folder as seen from the project's: empty, or `sub/folder`.
    pub folder: String,
    /// Its text.
    pub text: String,
    lines: OnceCell<Lines>,
    /// How many lines may still be looked up: each look goes through the whole text.
    looks: Cell<u32>,
}

impl Source {
    pub(super) fn new(file: &str, folder: &str, text: &str) -> Rc<Self> {
        Rc::new(Self {
            file: file.to_owned(),
            folder: folder.to_owned(),
            text: text.to_owned(),
            lines: OnceCell::new(),
            looks: Cell::new(MAX_LOOKS),
        })
    }

    /// The line of what is at the end of some steps.
    fn line(&self, steps: &[&Step], again: bool) -> Option<usize> {
        let left = self.looks.get().checked_sub(1)?;
        self.looks.set(left);
        self.lines.get_or_init(|| Lines::of(&self.text)).find(steps, again)
    }
}

/// One step down.
#[derive(Clone)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

/// Where a node stands.
#[derive(Clone)]
pub(super) struct At(Rc<Spot>);

struct Spot {
    source: Rc<Source>,
    way: Option<(At, Step)>,
}

impl At {
    pub(super) fn top(source: &Rc<Source>) -> Self {
        Self(Rc::new(Spot { source: Rc::clone(source), way: None }))
    }

    fn step(&self, step: Step) -> Self {
        Self(Rc::new(Spot { source: Rc::clone(&self.0.source), way: Some((self.clone(), step)) }))
    }

    pub(super) fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.to_owned()))
    }

    pub(super) fn item(&self, index: usize) -> Self {
        self.step(Step::Item(index))
    }

    pub(super) fn source(&self) -> &Source {
        &self.0.source
    }

    fn steps(&self) -> Vec<&Step> {
        let mut steps = Vec::new();
        let mut at = self;
        while let Some((above, step)) = &at.0.way {
            steps.push(step);
            at = above;
        }
        steps.reverse();
        steps
    }

    /// `services.web.ports[0]`; empty at the top.
    pub(super) fn field(&self) -> String {
        let mut field = String::new();
        for step in self.steps() {
            match step {
                Step::Key(key) => {
                    if !field.is_empty() {
                        field.push('.');
                    }
                    field.extend(key.chars().take(80));
                }
                Step::Item(index) => field.push_str(&format!("[{index}]")),
            }
        }
        field
    }

    /// The last key on the way.
    pub(super) fn name(&self) -> &str {
        match &self.0.way {
            Some((_, Step::Key(key))) => key,
            Some((above, Step::Item(_))) => above.name(),
            None => "",
        }
    }

    /// What is wrong there.
    pub(super) fn fault(&self, what: impl Into<String>) -> Fault {
        self.made(what.into(), self.source().line(&self.steps(), false))
    }

    /// What is wrong there, where the key stands for the second time.
    pub(super) fn fault_again(&self, what: impl Into<String>) -> Fault {
        self.made(what.into(), self.source().line(&self.steps(), true))
    }

    fn made(&self, what: String, line: Option<usize>) -> Fault {
        let mut fault = Fault::of(&self.source().file, what);
        fault.line = line;
        let field = self.field();
        if !field.is_empty() {
            fault.field = Some(field);
        }
        fault
    }
}

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Node {
    pub at: At,
    pub value: Yaml,
    pub merge: Merge,
    /// The variable of `.env` whose value it is, as a whole.
    pub from: Option<String>,
}

/// How a value goes together with that of the file it changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Merge {
    Usual,
    /// `!reset`.
    Reset,
    /// `!override`.
    Override,
}

/// A value.
#[derive(Clone, PartialEq)]
pub(super) enum Yaml {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    /// A text with `$(NAME)` for each of these secrets.
    Marked(String, Vec<String>),
    /// A variable's value that is a secret.
    Secret,
    /// A variable's value that nothing fills.
    Unset,
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Node {
    pub(super) fn new(at: At, value: Yaml) -> Self {
        Self { at, value, merge: Merge::Usual, from: None }
    }

    /// The value of a key; nothing where it is null.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.raw(key).filter(|node| node.value != Yaml::Null)
    }

    /// The value of a key, even null.
    pub(super) fn raw(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The entries of a map; nothing of all else.
    pub(super) fn entries(&self) -> &[(String, Node)] {
        match &self.value {
            Yaml::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The same, to change.
    pub(super) fn entries_mut(&mut self) -> &mut [(String, Node)] {
        match &mut self.value {
            Yaml::Map(entries) => entries,
            _ => &mut [],
        }
    }

    /// What stands here, as words for people. Never the value itself.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Yaml::Null => "nothing",
            Yaml::Bool(_) => "true or false",
            Yaml::Int(_) | Yaml::Float(_) => "a number",
            Yaml::Text(_) | Yaml::Marked(..) | Yaml::Secret | Yaml::Unset => "a text",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a map",
        }
    }

    /// A value in one piece as compose shows it.
    pub(super) fn scalar(&self) -> Option<String> {
        match &self.value {
            Yaml::Bool(value) => Some(value.to_string()),
            Yaml::Int(value) => Some(value.to_string()),
            Yaml::Float(value) => Some(go_float(*value)),
            Yaml::Text(text) | Yaml::Marked(text, _) => Some(text.clone()),
            Yaml::Secret | Yaml::Unset | Yaml::Null | Yaml::List(_) | Yaml::Map(_) => None,
        }
    }

    /// How many values there are in it, itself included.
    pub(super) fn weight(&self) -> usize {
        1 + match &self.value {
            Yaml::List(items) => items.iter().map(Node::weight).sum(),
            Yaml::Map(entries) => entries.iter().map(|(_, node)| node.weight()).sum::<usize>(),
            _ => 0,
        }
    }

    /// As JSON, for what is read by its shape.
    pub(super) fn json(&self) -> serde_json::Value {
        match &self.value {
            Yaml::Bool(value) => (*value).into(),
            Yaml::Int(value) => match (i64::try_from(*value), u64::try_from(*value)) {
                (Ok(value), _) => value.into(),
                (_, Ok(value)) => value.into(),
                _ => serde_json::Value::Null,
            },
            Yaml::Float(value) => (*value).into(),
            Yaml::Text(text) | Yaml::Marked(text, _) => text.clone().into(),
            Yaml::Null | Yaml::Secret | Yaml::Unset => serde_json::Value::Null,
            Yaml::List(items) => items.iter().map(Node::json).collect(),
            Yaml::Map(entries) => entries.iter().map(|(key, node)| (key.clone(), node.json())).collect(),
        }
    }
}

/// A number as Go prints it: `1000` for 1e3, `1e+06` for a million, for that is what a container is given.
fn go_float(value: f64) -> String {
    if !value.is_finite() {
        let sign = if value < 0.0 { "-" } else { "+" };
        return if value.is_nan() { "NaN".to_owned() } else { format!("{sign}Inf") };
    }
    let exact = format!("{value:e}");
    let (digits, exponent) = exact.split_once('e').unwrap_or((&exact, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    // Go's %g, as short as it goes: large from a million on.
    if value != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::go_float;

    #[test]
    fn numbers_are_shown_as_compose_gives_them_to_containers() {
        for (value, shown) in [
            (1e3, "1000"),
            (0.5, "0.5"),
            (1e6, "1e+06"),
            (3.10, "3.1"),
            (1e-7, "1e-07"),
            (0.0, "0"),
            (1.5e6, "1.5e+06"),
        ] {
            assert_eq!(go_float(value), shown);
        }
    }
}
