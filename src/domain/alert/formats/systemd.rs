//! What `steward notify-failure` writes when a unit has failed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::alert::draft::Draft;
use crate::domain::alert::moment::moment;
use crate::domain::alert::{Content, NotUnderstood, limits};
use crate::domain::signal::SignalState;

/// A unit that has failed, or works again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UnitNotice {
    /// The unit: `nginx.service`.
    pub unit: String,
    /// The machine's name in the lab.
    pub host: String,
    /// `failed`, or `active` when it works again.
    pub state: String,
    /// What systemd says of its end: `exit-code`, `timeout`, `oom-kill`, …
    pub result: Option<String>,
    /// The unit's description.
    pub description: Option<String>,
    /// `daemon` is meant to stay up, `job` runs and ends.
    pub kind: Option<String>,
    /// When it failed, RFC 3339.
    pub at: Option<String>,
    /// The last lines of its journal.
    pub log: Option<String>,
}

/// Reads one.
pub(super) fn read(body: &[u8]) -> Result<Content, NotUnderstood> {
    let notice: UnitNotice = serde_json::from_slice(body).map_err(|error| NotUnderstood::of_json(&error))?;
    let UnitNotice { unit, host, state, result, description, kind, at, log } = notice;
    for (name, value) in [("unit", &unit), ("host", &host)] {
        if value.trim().is_empty() {
            return Err(NotUnderstood(format!("`{name}` is missing")));
        }
    }
    let state = match state.as_str() {
        "failed" => SignalState::Firing,
        "active" | "inactive" => SignalState::Resolved,
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(NotUnderstood(format!(
                "its `state` is {other:?}; it is \"failed\", \"active\" or \"inactive\""
            )));
        }
    };
    let why = result.as_deref().map(|result| format!(" ({result})")).unwrap_or_default();
    let what = description.as_deref().filter(|text| *text != unit).map(|text| format!(": {text}"));
    let summary = match state {
        SignalState::Firing => format!("{unit} has failed{why}{}", what.unwrap_or_default()),
        SignalState::Resolved => format!("{unit} works again"),
    };
    let texts: BTreeMap<&str, &str> = [
        ("unit", Some(unit.as_str())),
        ("host", Some(host.as_str())),
        ("result", result.as_deref()),
        ("kind", kind.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    let draft = Draft {
        name: Some("unit-failed".to_owned()),
        labels: limits::labels(texts.into_iter())?,
        target: Some(target(&host, &unit)),
        fingerprint: Some(format!("{host}/{unit}")),
        at: at.as_deref().and_then(moment),
        summary: Some(summary),
        evidence: log.into_iter().collect(),
        ..Draft::new(state)
    };
    Ok(Content { drafts: vec![(0, draft)], ..Content::default() })
}

/// The same target as the skill `systemd-units` reports, so that both tell of one problem.
fn target(host: &str, unit: &str) -> String {
    let good = |c: char| c.is_ascii_alphanumeric() || "._:@+-".contains(c);
    let mut name: String = unit.chars().map(|c| if good(c) { c } else { '_' }).collect();
    if name.starts_with('-') {
        name.replace_range(..1, "_");
    }
    format!("{host}/unit/{name}")
}
