//! The audit trail, as JSON.

use serde::Serialize;
use serde_json::Value;

use super::Time;
use crate::store::audit::{AuditRow, Broken, Verified};

/// `audit verify`.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Verification {
    whole: bool,
    lines: Option<u64>,
    first: Option<Time>,
    last: Option<Time>,
    head: Option<String>,
    expected_line: Option<u64>,
    broken: Option<String>,
}

impl Verification {
    pub(in crate::cli) fn of(outcome: &Result<Verified, Broken>) -> Self {
        let whole = outcome.as_ref().ok();
        Self {
            whole: whole.is_some(),
            lines: whole.map(|whole| whole.count),
            first: whole.and_then(|whole| whole.first).map(Time),
            last: whole.and_then(|whole| whole.last).map(Time),
            head: whole.map(|whole| whole.head.to_string()),
            expected_line: whole.and_then(|whole| whole.expected),
            broken: outcome.as_ref().err().map(ToString::to_string),
        }
    }
}

/// `audit show`.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct AuditList<'a> {
    pub(in crate::cli) lines: Vec<AuditLine<'a>>,
    pub(in crate::cli) truncated: bool,
}

/// One line of the trail.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct AuditLine<'a> {
    seq: u64,
    at: Time,
    kind: &'a str,
    what: &'a str,
    who: Option<&'a str>,
    incident: Option<u64>,
    incident_id: Option<&'a str>,
    remediation_id: Option<&'a str>,
    body: &'a Value,
    hash: String,
}

impl<'a> From<&'a AuditRow> for AuditLine<'a> {
    fn from(row: &'a AuditRow) -> Self {
        Self {
            seq: row.seq,
            at: Time(row.at),
            kind: &row.kind,
            what: &row.what,
            who: row.who.as_deref(),
            incident: row.number,
            incident_id: row.incident.as_deref(),
            remediation_id: row.remediation.as_deref(),
            body: &row.body,
            hash: row.hash.to_string(),
        }
    }
}
