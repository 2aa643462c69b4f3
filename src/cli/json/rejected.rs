//! Rejected alerts as JSON.

use serde::Serialize;

use super::Time;
use crate::engine::ports::Rejected;

/// `alerts rejected`
#[derive(Serialize)]
pub(in crate::cli) struct RejectedList {
    /// The newest last.
    pub(in crate::cli) rejected: Vec<RejectedEntry>,
}

#[derive(Serialize)]
pub(in crate::cli) struct RejectedEntry {
    source: String,
    at: Time,
    why: String,
    /// As far as it is kept.
    body: String,
}

impl RejectedEntry {
    pub(in crate::cli) fn new(rejected: &Rejected) -> Self {
        let Rejected { source, at, why, body } = rejected.clone();
        Self { source, at: Time(at), why, body }
    }
}
