//! Holds what came of a recording against what should have come of it.

use super::outcome::{Kind, Outcome, reasons};
use crate::config::recording::{Amount, Expected, ExpectedIncident};
use crate::domain::card::plain;
use crate::domain::incident::Incident;

/// Every expectation that is not met, in a sentence each: what was expected, and what there is instead.
#[must_use]
pub fn unmet(expected: &Expected, outcome: &Outcome) -> Vec<String> {
    let mut unmet = Vec::new();
    if let Some(wanted) = &expected.incidents {
        incidents(wanted, outcome, &mut unmet);
    }
    let merged = outcome.incidents.len() - outcome.standing().count();
    amount("incidents that were merged away", expected.merged, merged as u64, &mut unmet);
    let messages = &expected.messages;
    amount("root messages", messages.roots, outcome.count(Kind::Root), &mut unmet);
    amount("messages in threads", messages.posts, outcome.count(Kind::Post), &mut unmet);
    amount("calls", messages.calls, outcome.calls(), &mut unmet);
    amount("messages of no incident", messages.lab, outcome.count(Kind::Lab), &mut unmet);
    // What stands in the channel in the end is read, too: root messages are edited in place.
    let cards = outcome.messages.iter().map(|said| &said.card).chain(outcome.roots.values());
    let texts: Vec<String> = cards.map(plain).collect();
    for text in expected.says.iter().filter(|text| !texts.iter().any(|said| said.contains(text.as_str()))) {
        unmet.push(format!("no message says {text:?}"));
    }
    for text in &expected.never {
        if let Some(said) = texts.iter().find(|said| said.contains(text.as_str())) {
            let line = said.lines().find(|line| line.contains(text.as_str())).unwrap_or(said);
            unmet.push(format!("{text:?} should not be said: {line:?}"));
        }
    }
    unmet
}

fn incidents(wanted: &[ExpectedIncident], outcome: &Outcome, unmet: &mut Vec<String>) {
    let standing: Vec<&Incident> = outcome.standing().collect();
    if wanted.len() != standing.len() {
        let roots: Vec<String> = standing
            .iter()
            .take(10)
            .map(|incident| format!("#{} {}", incident.number, incident.root))
            .collect();
        let more = if standing.len() > roots.len() { ", …" } else { "" };
        let there = if roots.is_empty() { "none".to_owned() } else { format!("{}{more}", roots.join(", ")) };
        unmet.push(format!(
            "{} incidents were expected; there are {}: {there}",
            wanted.len(),
            standing.len()
        ));
        return;
    }
    for (wanted, incident) in wanted.iter().zip(standing) {
        self::incident(wanted, incident, outcome, unmet);
    }
}

fn incident(wanted: &ExpectedIncident, found: &Incident, outcome: &Outcome, unmet: &mut Vec<String>) {
    let name = format!("#{}", found.number);
    let mut differs = |what: &str, wanted: &dyn std::fmt::Display, found: &dyn std::fmt::Display| {
        unmet.push(format!("{name}: {what} {wanted} was expected; it is {found}"));
    };
    if wanted.root != found.root {
        differs("the root", &wanted.root, &found.root);
    }
    if let Some(state) = wanted.state.filter(|state| *state != found.state) {
        differs("the state", &state, &found.state);
    }
    if let Some(severity) = wanted.severity.filter(|severity| *severity != found.severity) {
        differs("the severity", &severity, &found.severity);
    }
    if let Some(flapping) = wanted.flapping.filter(|flapping| *flapping != found.flapping) {
        differs("flapping", &flapping, &found.flapping);
    }
    let suspect = found.suspects.first().map(|suspect| suspect.summary.as_str()).unwrap_or_default();
    match wanted.suspect.as_deref() {
        Some("") if !suspect.is_empty() => differs("as suspect change", &"none", &suspect),
        Some(wanted) if !suspect.contains(wanted) => differs("as suspect change", &wanted, &suspect),
        _ => {}
    }
    let why = reasons(found);
    if let Some(wanted) = wanted.why.as_ref().filter(|wanted| !why.iter().any(|why| why.contains(*wanted))) {
        unmet.push(format!("{name}: no reason says {wanted:?}: {why:?}"));
    }
    let calls = outcome.messages.iter().filter(|said| said.incident == Some(found.number) && said.calls());
    amount(&format!("calls for {name}"), wanted.calls, calls.count() as u64, unmet);
    amount(&format!("victims of {name}"), wanted.victims, outcome.victims(found).len() as u64, unmet);
    let active = found.members.iter().filter(|member| member.active).count() as u64;
    amount(&format!("active problems of {name}"), wanted.active, active, unmet);
    amount(&format!("occurrences of {name}"), wanted.occurrences, found.occurrences.into(), unmet);
}

fn amount(what: &str, wanted: Option<Amount>, found: u64, unmet: &mut Vec<String>) {
    if let Some(wanted) = wanted.filter(|wanted| !wanted.allows(found)) {
        unmet.push(format!("{what}: {wanted} expected; there are {found}"));
    }
}
