//! What was before: this problem's own record, and the last incidents.

use chrono_tz::Tz;

use super::{first_line, minute};
use crate::domain::agent::SignatureRecord;
use crate::domain::incident::{Incident, State};
use crate::domain::target::Signature;
use crate::engine::cards::span;

/// How often this problem was there before, what worked and what did not.
pub(super) fn record(records: &[(Signature, SignatureRecord)]) -> Vec<String> {
    records.iter().map(|(way, record)| format!("- {way}: {record}.")).collect()
}

/// The last incidents, a line each.
pub(super) fn last(incidents: &[Incident], tz: Tz) -> Vec<String> {
    let line = |incident: &Incident| {
        let of_root = incident.members.iter().find(|member| member.problem.target == incident.root);
        let said = of_root.or(incident.members.first()).map_or("", |member| first_line(&member.summary));
        format!(
            "- #{} {}, {} {}: {said}; {}",
            incident.number,
            minute(incident.opened_at, tz),
            incident.root,
            incident.signature,
            how(incident)
        )
    };
    incidents.iter().map(line).collect()
}

/// How an incident stands or ended.
fn how(incident: &Incident) -> String {
    let done = incident.repairs.iter().rev().find(|repair| repair.is_done() && !repair.ineffective);
    let by = done.map(|repair| format!(" by {}", repair.runbook));
    match (incident.state, incident.mitigated_at) {
        (State::Resolved | State::Closed, Some(calm)) => {
            let by = by.unwrap_or_else(|| " without a repair".to_owned());
            format!("over after {}{by}", span(incident.opened_at, calm))
        }
        (state, _) => state.to_string(),
    }
}
