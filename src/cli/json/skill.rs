//! Skills as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Time;
use crate::domain::metric::Sample;
use crate::domain::report::Finding;

/// `skill list`
#[derive(Serialize)]
pub(in crate::cli) struct SkillList {
    pub(in crate::cli) skills: Vec<SkillEntry>,
}

#[derive(Serialize)]
pub(in crate::cli) struct SkillEntry {
    pub(in crate::cli) name: String,
    pub(in crate::cli) description: Option<String>,
    pub(in crate::cli) enabled: bool,
    pub(in crate::cli) shipped: bool,
    pub(in crate::cli) path: String,
    pub(in crate::cli) schedule: String,
    pub(in crate::cli) next_run: Option<Time>,
    pub(in crate::cli) last_run: Option<Time>,
    /// How many runs in a row did not keep the contract.
    pub(in crate::cli) failures: u32,
    pub(in crate::cli) timeout_seconds: f64,
    pub(in crate::cli) targets: Vec<String>,
    pub(in crate::cli) contract: &'static str,
    pub(in crate::cli) severity: &'static str,
    /// Secrets show where they come from, never what they are.
    pub(in crate::cli) params: BTreeMap<String, String>,
}

/// `skill run`
#[derive(Serialize)]
pub(in crate::cli) struct SkillRun {
    pub(in crate::cli) skill: String,
    pub(in crate::cli) path: String,
    pub(in crate::cli) started_at: Time,
    pub(in crate::cli) duration_ms: u64,
    pub(in crate::cli) exit: Option<i32>,
    /// `report`, `failed` or `cancelled`.
    pub(in crate::cli) result: &'static str,
    pub(in crate::cli) why: Option<String>,
    pub(in crate::cli) complete: Option<bool>,
    pub(in crate::cli) findings: Vec<FindingEntry>,
    pub(in crate::cli) metrics: Vec<Metric>,
    pub(in crate::cli) stderr: String,
}

#[derive(Serialize)]
pub(in crate::cli) struct FindingEntry {
    status: &'static str,
    target: String,
    signature: String,
    severity: &'static str,
    summary: String,
    impact: Option<String>,
    labels: BTreeMap<String, String>,
    evidence: String,
}

impl From<&Finding> for FindingEntry {
    fn from(finding: &Finding) -> Self {
        Self {
            status: finding.status.as_str(),
            target: finding.target.to_string(),
            signature: finding.signature.to_string(),
            severity: finding.severity.as_str(),
            summary: finding.summary.clone(),
            impact: finding.impact.clone(),
            labels: finding.labels.clone(),
            evidence: finding.evidence.clone(),
        }
    }
}

#[derive(Serialize)]
pub(in crate::cli) struct Metric {
    name: String,
    labels: BTreeMap<String, String>,
    /// `null` where the value is not a finite number.
    value: f64,
}

impl From<&Sample> for Metric {
    fn from(sample: &Sample) -> Self {
        Self { name: sample.name.clone(), labels: sample.labels.clone(), value: sample.value }
    }
}
