//! What was before: this problem's own record, and the last incidents.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::{first_line, moment};
use crate::domain::incident::{Incident, State};
use crate::engine::answers::count_of;
use crate::engine::cards::span;

/// Earlier times of the same problem that are named.
const NAMED: usize = 3;

/// How often this problem was there before, what was tried and what came of it. `before` has the newest first.
pub(super) fn record(case: &Incident, before: &[Incident], tz: Tz) -> Vec<String> {
    let Some(last) = before.first() else { return Vec::new() };
    let oldest = before.last().unwrap_or(last);
    let mut lines = vec![format!(
        "- {} at {} was there {} before, first {}, last {}.",
        case.signature,
        case.root,
        count_of(before.len(), "time"),
        moment(oldest.opened_at, tz),
        moment(last.opened_at, tz)
    )];
    let mut tried: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for repair in before.iter().chain([case]).flat_map(|incident| &incident.repairs) {
        let (worked, all) = tried.entry(&repair.runbook).or_default();
        *all += usize::from(repair.outcome.is_some());
        *worked += usize::from(repair.is_done() && !repair.ineffective);
    }
    for (runbook, (worked, all)) in tried.into_iter().filter(|(_, (_, all))| *all > 0) {
        lines.push(format!("- {runbook}: worked {worked} of {}.", count_of(all, "time")));
    }
    for incident in before.iter().take(NAMED) {
        lines.push(format!("- #{}: {}.", incident.number, how(incident)));
    }
    lines
}

/// The last incidents, a line each.
pub(super) fn last(incidents: &[Incident], tz: Tz) -> Vec<String> {
    let line = |incident: &Incident| {
        let of_root = incident.members.iter().find(|member| member.problem.target == incident.root);
        let said = of_root.or(incident.members.first()).map_or("", |member| first_line(&member.summary));
        format!(
            "- #{} {}, {} {}: {said}; {}",
            incident.number,
            moment(incident.opened_at, tz),
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
            let by = by.unwrap_or_else(|| " by itself or by a person".to_owned());
            format!("over after {}{by}", span(incident.opened_at, calm))
        }
        (state, _) => state.to_string(),
    }
}
