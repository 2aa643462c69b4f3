//! The lines of a recording as they are written.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::Expected;
use crate::config::values::some_duration;
use crate::domain::change::ChangeKind;
use crate::domain::signal::{Severity, SignalState};
use crate::domain::target::{Signature, Target};

/// The first line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHead {
    pub(super) steward_replay: u64,
    pub(super) about: Option<String>,
    pub(super) start: Option<String>,
    pub(super) timezone: Option<String>,
    #[serde(default)]
    pub(super) settings: serde_json::Map<String, serde_json::Value>,
    pub(super) topology: Option<serde_json::Map<String, serde_json::Value>>,
}

/// The line that says what should come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExpect {
    pub(super) expect: Expected,
}

/// Any other line.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLine {
    pub(super) at: Option<String>,
    pub(super) times: Option<u32>,
    #[serde(deserialize_with = "some_duration")]
    pub(super) every: Option<Duration>,
    pub(super) source: Option<String>,
    pub(super) fingerprint: Option<String>,
    pub(super) skill: Option<String>,
    pub(super) target: Option<Target>,
    pub(super) signature: Option<Signature>,
    pub(super) severity: Option<Severity>,
    pub(super) state: Option<SignalState>,
    pub(super) summary: Option<String>,
    pub(super) impact: Option<String>,
    pub(super) evidence: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) starts_at: Option<String>,
    pub(super) report: Option<Vec<RawFinding>>,
    pub(super) complete: Option<bool>,
    pub(super) fine: Option<Vec<Target>>,
    pub(super) change: Option<RawChange>,
    pub(super) says: Option<String>,
    pub(super) user: Option<String>,
    pub(super) incident: Option<u64>,
    pub(super) restart: bool,
    pub(super) clock: bool,
    pub(super) end: bool,
}

/// One finding of a skill's report.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFinding {
    pub(super) target: Target,
    pub(super) signature: Signature,
    pub(super) severity: Option<Severity>,
    pub(super) summary: Option<String>,
    pub(super) impact: Option<String>,
    pub(super) evidence: Option<String>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
}

/// Something that changed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChange {
    pub(super) source: String,
    pub(super) id: Option<String>,
    pub(super) author: Option<String>,
    pub(super) summary: String,
    #[serde(default)]
    pub(super) files: Vec<String>,
    pub(super) files_total: Option<usize>,
    #[serde(default)]
    pub(super) kind: ChangeKind,
    #[serde(default)]
    pub(super) gist: Vec<String>,
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) targets: Vec<Target>,
}
