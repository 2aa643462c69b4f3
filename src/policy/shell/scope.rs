//! What a script knows at one of its lines: its variables, its place, what is defined.

use std::collections::{BTreeMap, BTreeSet};

use super::super::sight::Context;

/// Which shell reads the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Dialect {
    /// Bash.
    Bash,
    /// A shell of which only the standard is known (`sh` is dash here and ash there): where bash and dash read
    /// a text in two ways, it isn't looked through.
    Posix,
}

/// How many bytes of a value are kept in mind: values that double line by line would fill the memory.
const MAX_VALUE: usize = 4096;

/// What is known of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Exactly this.
    Known(String),
    /// A name of a file that fits this pattern.
    Files(String),
    /// Some whole number.
    Number,
}

/// The state of a shell at one line. A subshell works on a copy.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Scope {
    /// What its commands inherit.
    pub(super) context: Context,
    pub(super) dialect: Dialect,
    /// The variables of which something is known.
    pub(super) variables: BTreeMap<String, Value>,
    /// `$1`, `$2`, …, if they are known.
    pub(super) positional: Option<Vec<String>>,
    /// The functions that are defined here for certain.
    pub(super) functions: BTreeSet<String>,
}

impl Scope {
    /// A shell that has just started, with its arguments if they are known.
    pub(in crate::policy) fn new(
        context: Context,
        dialect: Dialect,
        positional: Option<Vec<String>>,
    ) -> Self {
        Self { context, dialect, variables: BTreeMap::new(), positional, functions: BTreeSet::new() }
    }

    /// Keeps of this state only what holds whether or not `other` came to pass instead.
    pub(super) fn join(&mut self, other: &Self) {
        self.variables.retain(|name, value| other.variables.get(name) == Some(value));
        self.functions.retain(|name| other.functions.contains(name));
        self.context.or_in(&other.context.places);
        self.context.env.extend(other.context.env.iter().cloned());
        if self.positional != other.positional {
            self.positional = None;
        }
        if self.context.input != other.context.input {
            self.context.input = super::super::sight::Input::Some;
        }
    }

    /// Sets a variable, or forgets what was known of it.
    pub(super) fn set(&mut self, name: &str, value: Option<Value>) {
        let short = |value: &Value| match value {
            Value::Known(text) | Value::Files(text) => text.len() <= MAX_VALUE,
            Value::Number => true,
        };
        match value.filter(short) {
            Some(value) => self.variables.insert(name.to_owned(), value),
            None => self.variables.remove(name),
        };
    }
}
