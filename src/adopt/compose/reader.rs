//! What goes along while a compose file is read: faults, notes, and values by their types.

use std::collections::{BTreeMap, BTreeSet};

use super::Beside;
use super::template::Vars;
use super::tree::{Node, Yaml};
use super::units;
use crate::adopt::Fault;
use crate::adopt::observed::OfProject;
use crate::adopt::project::Note;
use crate::domain::command::suggest;

/// Faults that are told at most.
const MAX_FAULTS: usize = 100;

/// Notes that are kept at most.
const MAX_NOTES: usize = 500;

/// What the file declares, so that what is referred to can be looked up.
#[derive(Default)]
pub(super) struct Declared {
    pub volumes: BTreeSet<String>,
    pub networks: BTreeSet<String>,
    /// By the name in the file: the name in the project's files.
    pub configs: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, String>,
    /// By the name in the file: the DNS label.
    pub services: BTreeMap<String, String>,
    /// Services by the names of their containers.
    pub containers: BTreeMap<String, String>,
}

/// What one service wants of another, settled when all are read.
pub(super) enum Wish {
    /// The other is to be found by a further name.
    Alias { other: String, alias: String },
    /// The other's volumes.
    Volumes { service: String, other: String, read_only: bool },
}

/// Faults and notes so far, and what fills variables.
pub(super) struct Reader<'a> {
    pub vars: Vars,
    pub faults: Vec<Fault>,
    pub notes: Vec<Note>,
    /// The service that is read now.
    pub service: Option<String>,
    /// Variables whose absence was told already.
    pub told: BTreeSet<String>,
    /// Variables without a value, by the file and the field that they left a gap in.
    pub empty: BTreeMap<(String, String), String>,
    /// Bytes that variables were filled with.
    pub filled: usize,
    pub declared: Declared,
    pub wishes: Vec<Wish>,
    /// What lies beside the file.
    pub beside: &'a dyn Beside,
    /// What was seen of the project, where the file says so.
    pub seen: Option<OfProject>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(beside: &'a dyn Beside) -> Self {
        Self {
            vars: Vars::default(),
            faults: Vec::new(),
            notes: Vec::new(),
            service: None,
            told: BTreeSet::new(),
            empty: BTreeMap::new(),
            filled: 0,
            declared: Declared::default(),
            wishes: Vec::new(),
            beside,
            seen: None,
        }
    }

    pub(super) fn fault(&mut self, mut fault: Fault) {
        let place = (fault.file.clone(), fault.field.clone().unwrap_or_default());
        if let Some(name) = self.empty.get(&place) {
            // What it came to without the variable is nothing that anybody wrote.
            fault.what = format!("needs the variable `{name}`, which has no value");
            fault.fix = Some(format!("put `{name}=…` into .env beside the file"));
        }
        if self.faults.len() < MAX_FAULTS && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Whether there are as many faults as are told.
    pub(super) fn is_full(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    /// Notes something about the service that is read now.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        if self.notes.len() >= MAX_NOTES {
            return;
        }
        let note = Note { service: self.service.clone(), text: text.into() };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The label of a service of the file; a fault where there is none of that name.
    pub(super) fn service_named(&mut self, node: &Node, name: &str) -> Option<String> {
        let label = self.declared.services.get(name).cloned();
        if label.is_none() {
            let near = suggest(name, self.declared.services.keys().map(String::as_str)).map(str::to_owned);
            let fault = node.at.fault(format!("names the service `{name}`, which isn't in the file"));
            self.fault(match near {
                Some(near) => fault.fix(format!("is it `{near}`?")),
                None => fault.fix("add it under `services:`, or remove the name"),
            });
        }
        label
    }

    fn type_fault(&mut self, node: &Node, wanted: &str) {
        let what = format!("has to be {wanted}; it is {}", node.kind());
        self.fault(node.at.fault(what));
    }

    /// A text, or what compose makes one of.
    pub(super) fn text(&mut self, node: &Node) -> Option<String> {
        let text = node.scalar();
        if text.is_none() {
            self.type_fault(node, "a text");
        }
        text
    }

    pub(super) fn bool(&mut self, node: &Node) -> Option<bool> {
        match &node.value {
            Yaml::Bool(value) => return Some(*value),
            Yaml::Text(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "y" | "on" | "1" => return Some(true),
                "false" | "no" | "n" | "off" | "0" | "" => return Some(false),
                _ => {}
            },
            _ => {}
        }
        self.type_fault(node, "true or false");
        None
    }

    pub(super) fn int(&mut self, node: &Node) -> Option<i64> {
        let value = match &node.value {
            Yaml::Int(value) => i64::try_from(*value).ok(),
            Yaml::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        if value.is_none() {
            self.type_fault(node, "a whole number");
        }
        value
    }

    /// A whole number of the type that is wanted.
    pub(super) fn whole<T: TryFrom<i64>>(&mut self, node: &Node) -> Option<T> {
        let value = self.int(node)?;
        let fits = T::try_from(value).ok();
        if fits.is_none() {
            self.fault(node.at.fault(format!("can't be {value}")));
        }
        fits
    }

    /// Bytes: `512m`, `1.5gb`, a number.
    pub(super) fn bytes(&mut self, node: &Node) -> Option<u64> {
        let text = self.text(node)?;
        let bytes = units::bytes(&text);
        if bytes.is_none() {
            self.fault(node.at.fault("is no size").fix("write it as `512m` or `2g`"));
        }
        bytes
    }

    /// Seconds: `1m30s`.
    pub(super) fn seconds(&mut self, node: &Node) -> Option<u64> {
        let text = self.text(node)?;
        let seconds = units::seconds(&text);
        if seconds.is_none() {
            self.fault(node.at.fault("is no duration").fix("write it as `30s` or `1m30s`"));
        }
        seconds
    }

    /// Thousandths of a CPU: `0.5`.
    pub(super) fn milli_cpus(&mut self, node: &Node) -> Option<u64> {
        let text = self.text(node)?;
        let milli = units::milli(&text);
        if milli.is_none() {
            self.fault(node.at.fault("is no number of CPUs").fix("write it as `0.5` or `2`"));
        }
        milli
    }

    pub(super) fn list<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.value {
            Yaml::List(items) => items,
            Yaml::Null => &[],
            _ => {
                self.type_fault(node, "a list (lines that begin with `- `)");
                &[]
            }
        }
    }

    pub(super) fn map<'n>(&mut self, node: &'n Node) -> &'n [(String, Node)] {
        match &node.value {
            Yaml::Map(entries) => entries,
            Yaml::Null => &[],
            _ => {
                self.type_fault(node, "a map (`key: value`)");
                &[]
            }
        }
    }

    /// Texts: a list of them, or one by itself.
    pub(super) fn texts(&mut self, node: &Node) -> Vec<String> {
        match &node.value {
            Yaml::List(items) => items.iter().filter_map(|item| self.text(item)).collect(),
            _ => self.text(node).into_iter().collect(),
        }
    }

    /// `NAME: value` as a map, or as a list of `NAME=value`; nothing for the value where only the name is there.
    pub(super) fn pairs(&mut self, node: &Node) -> Vec<(String, Option<String>)> {
        match &node.value {
            Yaml::List(items) => {
                let texts = items.iter().filter_map(|item| self.text(item));
                let pair = |text: String| match text.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (text, None),
                };
                texts.map(pair).collect()
            }
            _ => {
                let mut pairs = Vec::new();
                for (name, value) in self.map(node) {
                    let value = if value.value == Yaml::Null { None } else { self.text(value) };
                    pairs.push((name.clone(), value));
                }
                pairs
            }
        }
    }
}
