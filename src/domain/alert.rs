//! The alert: a firing or resolved notice from outside, and how what a source sends becomes signals.

use super::change::Change;
use super::signal::{Signal, Timestamp};

/// What one body brought, as its source's format has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notice {
    /// The alerts in it, in their order.
    pub signals: Vec<Signal>,
    /// The deployments in it.
    pub changes: Vec<Change>,
    /// How many more alerts the source says there are, that it did not send.
    pub hidden: u64,
}

/// How one source's bodies are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The source's name, part of the identity of each of its alerts.
    pub source: String,
}

/// Why a body was not understood. For people: what is wrong, where in the body, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotUnderstood(pub String);

impl Reading {
    /// Understands a body that arrived at `now`. All of it or nothing: one bad alert refuses the body.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self, body: &[u8], now: Timestamp) -> Result<Notice, NotUnderstood> {
        let _ = (body, now);
        Err(NotUnderstood(format!("no format is known of {}", self.source)))
    }
}
