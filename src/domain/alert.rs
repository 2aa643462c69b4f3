//! The alert: a firing or resolved notice from outside, and how what a source sends becomes signals.
//!
//! A source's body is read into drafts (by a format that is written here, or by a [`Mapping`]), and each draft is
//! finished into a signal by the same rules of [`Naming`]: target, signature, severity, fingerprint.

mod choice;
mod draft;
mod fault;
mod fingerprint;
mod formats;
mod host;
mod limits;
mod mapping;
mod moment;
mod naming;
mod path;
mod segment;
mod signature;
mod targets;

use super::change::Change;
use super::signal::{Signal, Timestamp};
use super::topology::Topology;

pub use choice::Choice;
pub use draft::{Derivation, From};
pub use fault::{Fault, Faults};
pub use fingerprint::of_labels;
pub use formats::{Format, Template, UnitNotice};
pub use mapping::{Mapping, StateMapping};
pub use naming::{Naming, severity_of};
pub use path::Path;
pub use segment::segment;
pub use signature::kebab;
pub use targets::{DEFAULT_TARGETS, LabelPath};

use draft::Draft;

/// The most alerts of one body.
pub const MAX_ALERTS: usize = 10_000;

/// What one body brought, as its source's format has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notice {
    /// The alerts in it, in their order.
    pub signals: Vec<Signal>,
    /// The deployments in it.
    pub changes: Vec<Change>,
    /// How many more alerts the source says there are, that it did not send.
    pub hidden: u64,
    /// How many of those it sent are neither firing nor resolved, such as a monitor that is pending: nothing becomes
    /// of them.
    pub ignored: u64,
    /// Those that were not understood, in their order: the others are not lost with them.
    pub faults: Vec<Fault>,
}

/// How one source's bodies are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The source's name, part of the identity of each of its alerts.
    pub source: String,
    /// What its bodies look like.
    pub format: Format,
    /// How its alerts are named and how bad they are.
    pub naming: Naming,
}

/// Why a body was not understood. For people: what is wrong, where in the body, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotUnderstood(pub String);

/// A body that was understood, and how it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// What it brought.
    pub notice: Notice,
    /// For each signal of it, how what it says was derived.
    pub derivations: Vec<Derivation>,
}

/// What a format makes of a body, before its alerts have names.
#[derive(Debug, Default)]
struct Content {
    /// Each with its place in the body, from 0.
    drafts: Vec<(usize, Draft)>,
    changes: Vec<Change>,
    hidden: u64,
    ignored: u64,
    /// What was not understood, each with its place in the body.
    faults: Vec<(usize, NotUnderstood)>,
}

impl Reading {
    /// Reads a format by its usual rules.
    #[must_use]
    pub fn new(source: &str, format: Format) -> Self {
        Self { source: source.to_owned(), format, naming: Naming::default() }
    }

    /// Understands a body that arrived at `now`. An alert that is not understood is told among the
    /// [faults](Notice::faults), and the others are taken all the same.
    ///
    /// # Errors
    /// What is wrong with it, where nothing of it is understood.
    pub fn read(&self, body: &[u8], now: Timestamp) -> Result<Notice, NotUnderstood> {
        self.explain(body, now).map(|explained| explained.notice)
    }

    /// As [`Reading::read`], and tells how each signal was derived.
    ///
    /// # Errors
    /// What is wrong with the body, where nothing of it is understood.
    pub fn explain(&self, body: &[u8], now: Timestamp) -> Result<Explained, NotUnderstood> {
        let content = self.format.read(&self.source, body, now)?;
        let Content { drafts, changes, hidden, ignored, mut faults } = content;
        let mut signals = Vec::with_capacity(drafts.len());
        let mut derivations = Vec::with_capacity(drafts.len());
        for (index, draft) in drafts {
            match draft.finish(&self.source, &self.naming, now) {
                Ok((signal, derivation)) => {
                    signals.push(signal);
                    derivations.push(derivation);
                }
                Err(error) => faults.push((index, error)),
            }
        }
        faults.sort_by_key(|(index, _)| *index);
        if let Some(fault) = faults.first()
            && signals.is_empty()
            && changes.is_empty()
            && ignored == 0
        {
            return Err(NotUnderstood(fault::told(fault)));
        }
        let faults = fault::quoted(&self.format, body, &faults);
        Ok(Explained { notice: Notice { signals, changes, hidden, ignored, faults }, derivations })
    }
}

impl Explained {
    /// Names the targets as the engine does when it takes the signals in: by what their names mean in the topology.
    pub fn canonical(&mut self, topology: &Topology) {
        for (signal, from) in self.notice.signals.iter_mut().zip(&mut self.derivations) {
            let meant = topology.canonical(&signal.target);
            if meant != signal.target {
                let said = std::mem::replace(&mut signal.target, meant);
                let by = std::mem::replace(&mut from.target, From::Source);
                from.target = From::OtherName(said.to_string(), Box::new(by));
            }
        }
    }
}

impl NotUnderstood {
    fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// What serde says of a body, for people.
    fn of_json(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        // It may quote the body.
        let told = limits::summary(&error.to_string()).unwrap_or_default();
        match error.classify() {
            // serde_json's own limit, which it has no word for but this one.
            Category::Syntax if told.starts_with("recursion limit exceeded") => {
                Self::new("the body is nested deeper than 128 levels")
            }
            Category::Eof => Self::new("the body ends in the middle of its JSON; it was cut on its way"),
            Category::Syntax | Category::Io => Self(format!("the body is not JSON: {told}")),
            Category::Data => Self(format!("the body has another shape than its format: {told}")),
        }
    }
}

#[cfg(test)]
mod tests;
