//! What would become of what a source sends, as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Time;
use crate::domain::alert::Derivation;
use crate::domain::change::Change;
use crate::domain::signal::{Signal, SignalState};

/// What one body would become.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Tried<'a> {
    pub(in crate::cli) alerts: Vec<AlertEntry<'a>>,
    pub(in crate::cli) changes: Vec<ChangeEntry<'a>>,
    pub(in crate::cli) hidden: u64,
    pub(in crate::cli) ignored: u64,
    /// Why some of the alerts in the body would be rejected; the others are taken.
    pub(in crate::cli) rejected: Vec<&'a str>,
}

/// One alert.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct AlertEntry<'a> {
    state: &'static str,
    severity: &'static str,
    target: &'a str,
    signature: &'a str,
    origin: String,
    summary: &'a str,
    impact: Option<&'a str>,
    evidence: &'a str,
    labels: &'a BTreeMap<String, String>,
    at: Time,
    derived: Derived,
}

/// How its parts were derived, in words.
#[derive(Debug, Serialize)]
struct Derived {
    target: String,
    signature: String,
    severity: String,
    fingerprint: String,
    summary: String,
}

/// One change.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct ChangeEntry<'a> {
    id: &'a str,
    source: &'a str,
    at: Time,
    author: &'a str,
    summary: &'a str,
    targets: Vec<&'a str>,
}

impl<'a> AlertEntry<'a> {
    pub(in crate::cli) fn new(signal: &'a Signal, derivation: &Derivation) -> Self {
        Self {
            state: match signal.state {
                SignalState::Firing => "firing",
                SignalState::Resolved => "resolved",
            },
            severity: signal.severity.as_str(),
            target: signal.target.as_str(),
            signature: signal.signature.as_str(),
            origin: signal.origin.to_string(),
            summary: &signal.summary,
            impact: signal.impact.as_deref(),
            evidence: &signal.evidence,
            labels: &signal.labels,
            at: Time(signal.at),
            derived: Derived {
                target: derivation.target.to_string(),
                signature: derivation.signature.to_string(),
                severity: derivation.severity.to_string(),
                fingerprint: derivation.fingerprint.to_string(),
                summary: derivation.summary.to_string(),
            },
        }
    }
}

impl<'a> From<&'a Change> for ChangeEntry<'a> {
    fn from(change: &'a Change) -> Self {
        Self {
            id: &change.id,
            source: &change.source,
            at: Time(change.at),
            author: &change.author,
            summary: &change.summary,
            targets: change.targets.iter().map(|target| target.as_str()).collect(),
        }
    }
}
