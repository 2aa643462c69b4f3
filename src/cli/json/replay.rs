//! What came of a recording, as JSON. Nothing in it differs between two plays of the same recording.

use serde::Serialize;

use super::Time;
use crate::config::recording::Recording;
use crate::domain::card::plain;
use crate::domain::incident::{Incident, State};
use crate::engine::replay::{Outcome, Said, signature};

/// `replay`
#[derive(Serialize)]
pub(in crate::cli) struct ReplayDocument {
    about: String,
    from: Time,
    until: Time,
    signals: u64,
    /// By number; those that were merged into others, too.
    incidents: Vec<ReplayedIncident>,
    /// In order. Edits of root messages are only counted.
    messages: Vec<ReplayedMessage>,
    edits: u64,
    calls: u64,
    /// What did not come as the recording expects it; `null` if it expects nothing.
    unmet: Option<Vec<String>>,
}

#[derive(Serialize)]
struct ReplayedIncident {
    number: u64,
    state: &'static str,
    severity: &'static str,
    root: String,
    /// Whether the root itself was seen failing.
    root_observed: bool,
    signature: String,
    opened_at: Time,
    resolved_at: Option<Time>,
    occurrences: u32,
    flapping: bool,
    problems: usize,
    active_problems: usize,
    victims: Vec<String>,
    merged_into: Option<u64>,
    /// What hid it from people, the last thing that did; `null` if nothing did.
    hidden: Option<String>,
    /// Whether people were told of it.
    told: bool,
    why: Vec<String>,
    suspect: Option<String>,
}

#[derive(Serialize)]
struct ReplayedMessage {
    at: Time,
    kind: &'static str,
    incident: Option<u64>,
    calls: bool,
    text: String,
}

impl ReplayDocument {
    pub(in crate::cli) fn new(recording: &Recording, outcome: &Outcome, unmet: Option<&[String]>) -> Self {
        Self {
            about: recording.about.clone(),
            from: Time(outcome.from),
            until: Time(outcome.until),
            signals: outcome.signals,
            incidents: outcome.incidents.values().map(|found| incident(found, outcome)).collect(),
            messages: outcome.messages.iter().map(message).collect(),
            edits: outcome.edits,
            calls: outcome.calls(),
            unmet: unmet.map(<[String]>::to_vec),
        }
    }
}

fn incident(found: &Incident, outcome: &Outcome) -> ReplayedIncident {
    let over = matches!(found.state, State::Resolved | State::Closed);
    ReplayedIncident {
        number: found.number,
        state: found.state.as_str(),
        severity: found.severity.as_str(),
        root: found.root.to_string(),
        root_observed: found.root_observed(),
        signature: signature(found).to_string(),
        opened_at: Time(found.opened_at),
        resolved_at: outcome.resolved_at.get(&found.number).filter(|_| over).copied().map(Time),
        occurrences: found.occurrences,
        flapping: found.flapping,
        problems: found.members.len(),
        active_problems: found.members.iter().filter(|member| member.active).count(),
        victims: outcome.victims(found).into_iter().map(ToString::to_string).collect(),
        hidden: outcome.hidden.get(&found.number).cloned(),
        told: outcome.was_told(found.number),
        merged_into: found.merged_into.map(|(_, number)| number),
        why: outcome.reasons(found).0.into_iter().map(str::to_owned).collect(),
        suspect: found.suspects.first().map(|suspect| suspect.summary.clone()),
    }
}

fn message(said: &Said) -> ReplayedMessage {
    ReplayedMessage {
        at: Time(said.at),
        kind: said.kind.as_str(),
        incident: said.incident,
        calls: said.calls(),
        text: plain(&said.card),
    }
}
