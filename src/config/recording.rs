//! A recording of what was heard, line by line, as `steward replay` plays it: docs/replay.md has the format.
//!
//! Each line is a JSON object. It is read twice only when it is wrong: first fast, then fault by fault.

mod expected;
mod raw;
mod reader;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use expected::{Amount, Expected, ExpectedIncident, ExpectedMessages};

use super::document::Overlay;
use super::problem::Problem;
use crate::domain::change::Change;
use crate::domain::report::Report;
use crate::domain::signal::{Signal, Timestamp};
use crate::domain::topology::{Overrules, TopologyEntry};

/// The version of the format that is read and written.
pub const VERSION: u64 = 1;

/// Where a recording begins that names no moment: a Monday morning.
pub const BEGIN: &str = "2026-01-05T08:00:00Z";

/// A recording without a fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The file it came from.
    pub file: PathBuf,
    /// What it is about, in a sentence; may be empty.
    pub about: String,
    /// When it begins, if it says so; otherwise it does with its first line.
    pub start: Option<Timestamp>,
    /// Settings that go before those of the configuration.
    pub settings: Option<Overlay>,
    /// What depends on what, in place of the configuration's topology.
    pub topology: Option<Vec<TopologyEntry>>,
    /// What that topology says against what is learned.
    pub overrules: Overrules,
    /// What was heard, in the order of time.
    pub lines: Vec<Line>,
    /// What should come of it.
    pub expected: Option<Expected>,
}

/// Something that was heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// The line of the file, from 1.
    pub number: usize,
    /// What.
    pub word: Word,
}

/// What was heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    /// A signal.
    Signal(Box<Signal>),
    /// What a skill saw.
    Report {
        /// The skill.
        skill: String,
        /// What it saw.
        report: Box<Report>,
    },
    /// Something changed.
    Change(Box<Change>),
    /// An operator said something.
    Says {
        /// Who.
        user: String,
        /// What.
        text: String,
        /// The incident in whose thread it was said.
        incident: Option<u64>,
    },
    /// Steward was stopped and started again.
    Restart,
    /// The machine's clock was set, forward or back; no time passed.
    Clock,
    /// The recording ends here: time does not run on.
    End,
}

/// Reads a recording.
///
/// # Errors
/// Every problem with its line and field; of very many the first ones.
pub fn read(file: &Path, text: &str) -> Result<Recording, Vec<Problem>> {
    reader::Reader::new(file).read(text)
}
