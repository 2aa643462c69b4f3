//! The cards that people see of an incident: the root message, which always shows the present, and the updates of
//! its thread, which tell the story in order. Pure.

pub mod question;
mod request;
mod update;

use std::time::Duration;

use chrono_tz::Tz;

use crate::domain::card::Card;
use crate::domain::change::reference;
use crate::domain::incident::{Incident, State, Storm, listed as listed_kinds};
use crate::domain::remediation::Outcome;
use crate::domain::signal::Timestamp;

pub use update::{tell, update};

/// Most symptoms named on a root message; the rest is counted.
const SYMPTOMS_SHOWN: usize = 8;

/// What a root message shows besides the incident itself.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The lab's time zone.
    pub tz: Tz,
    /// Who paused changes, if somebody did.
    pub paused_by: Option<&'a str>,
    /// Whether a silence hides the incident.
    pub silenced: bool,
    /// What inhibits it, if that is what hides it.
    pub inhibited_by: Option<&'a str>,
}

/// The root message: where the incident stands now.
#[must_use]
pub fn root(incident: &Incident, around: Around<'_>) -> Card {
    if let Some(request) = &incident.request {
        return request::root(incident, request, around.tz);
    }
    let title = format!("#{} {}: {}", incident.number, incident.root, headline(incident));
    let mut card = Card::titled(title)
        .severity(incident.severity)
        .field("State", state_line(incident, around))
        .field("Hidden by", around.inhibited_by.unwrap_or_default())
        .field("Severity", incident.severity.as_str())
        .field("Root", root_line(incident))
        .field("Since", since(incident, around.tz))
        .field("Impact", impact(incident))
        .field("Failing now", storm(incident))
        .field(if incident.is_storming() { "For example" } else { "Symptoms" }, symptoms(incident))
        .field("Suspect change", suspect(incident, around.tz))
        .field("Agent", request::agent(incident))
        .field("Tried", tried(incident))
        .field("Next", next(incident, around));
    card.done = matches!(incident.state, State::Resolved | State::Closed | State::Merged);
    if let Some((_, number)) = incident.approval {
        card = card.action("Approve", format!("approve {number}")).action("Deny", format!("deny {number}"));
    }
    if let Some(undo) = undo_button(incident) {
        card = card.action("Undo", undo);
    }
    if incident.state.is_unresolved() && incident.acknowledged.is_none() {
        card = card.action("Acknowledge", format!("ack {}", incident.number));
    }
    card
}

/// What the button says that takes back what was done: it names the repair that is shown, so that it does not take
/// back another one that came later.
fn undo_button(incident: &Incident) -> Option<String> {
    let undoable = incident.undoable().filter(|_| incident.approval.is_none())?;
    let at = incident.repairs.iter().position(|repair| repair.remediation == undoable.remediation)?;
    Some(format!("undo {} repair {}", incident.number, at + 1))
}

fn headline(incident: &Incident) -> String {
    if incident.is_storm() {
        let (active, seen) = incident.extent();
        return match active {
            0 => format!("a storm of {seen} faults is over"),
            active if active == seen => format!("a storm of {seen} faults"),
            active => format!("a storm of {seen} faults, {active} still there"),
        };
    }
    let of_root = incident.members.iter().find(|m| m.problem.target == incident.root);
    match of_root {
        Some(member) => member.summary.clone(),
        None => format!("suspected, because {} that need it fail", incident.members.len()),
    }
}

fn root_line(incident: &Incident) -> String {
    match incident.root_why.trim_end_matches('.') {
        "" => incident.root.to_string(),
        why => format!("{} ({why})", incident.root),
    }
}

fn state_line(incident: &Incident, around: Around<'_>) -> String {
    let mut parts = vec![incident.state.to_string()];
    if incident.flapping {
        parts.push("flapping".into());
    }
    if around.silenced {
        parts.push(if around.inhibited_by.is_some() { "inhibited" } else { "silenced" }.into());
    }
    if let Some(ack) = &incident.acknowledged {
        parts.push(format!("taken on by {}", ack.by));
    }
    if !incident.escalations.is_empty() {
        parts.push("people called".into());
    }
    if incident.occurrences > 1 {
        parts.push(format!("{} occurrences", incident.occurrences));
    }
    if let (State::Merged, Some((_, number))) = (incident.state, incident.merged_into) {
        parts.push(format!("see #{number}"));
    }
    parts.join(", ")
}

fn since(incident: &Incident, tz: Tz) -> String {
    let begin = incident.opened_at.with_timezone(&tz).format("%Y-%m-%d %H:%M:%S");
    match (incident.state, incident.mitigated_at) {
        (State::Resolved | State::Closed, Some(end)) => {
            format!("{begin}, for {}", span(incident.opened_at, end))
        }
        _ => begin.to_string(),
    }
}

/// The time between two moments as people say it: `47 s`, `3 min`, `2 h 5 min`, `4 d`.
#[must_use]
pub fn span(from: Timestamp, to: Timestamp) -> String {
    length((to - from).to_std().unwrap_or_default())
}

/// A length of time as people say it: `47 s`, `3 min`, `2 h 5 min`, `4 d`.
#[must_use]
pub fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    let two = |n: u64, unit: &str, rest: u64, smaller: &str| match rest {
        0 => format!("{n} {unit}"),
        rest => format!("{n} {unit} {rest} {smaller}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => two(seconds / 3600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}

/// Names as people list them: `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn impact(incident: &Incident) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for impact in incident.members.iter().filter_map(|m| m.impact.as_deref()) {
        if !lines.contains(&impact) {
            lines.push(impact);
        }
    }
    lines.into_iter().take(3).collect::<Vec<_>>().join("\n")
}

fn symptoms(incident: &Incident) -> String {
    let elsewhere: Vec<_> = incident.members.iter().filter(|m| m.problem.target != incident.root).collect();
    let mut lines: Vec<String> = elsewhere
        .iter()
        .take(SYMPTOMS_SHOWN)
        .map(|m| {
            format!(
                "{} {}{}",
                m.problem.target,
                m.problem.signature,
                if m.active { "" } else { " (recovered)" }
            )
        })
        .collect();
    if elsewhere.len() > SYMPTOMS_SHOWN && !incident.is_storming() {
        let counted = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let (uncounted, unnamed) =
            incident.storm.as_ref().map_or((0, 0), |storm| (counted(storm.active), counted(storm.seen)));
        let active = elsewhere.iter().filter(|m| m.active).count() + uncounted;
        let total = elsewhere.len() + unnamed;
        lines.push(format!("and {} more; {active} of {} still active", total - SYMPTOMS_SHOWN, total));
    }
    lines.join("\n")
}

/// What a storm consists of.
fn storm(incident: &Incident) -> String {
    if !incident.is_storm() {
        return String::new();
    }
    let mut kinds = incident.kinds();
    kinds.truncate(Storm::KINDS);
    listed_kinds(&kinds)
}

fn suspect(incident: &Incident, tz: Tz) -> String {
    incident.suspects.first().map_or_else(String::new, |s| {
        let at = s.at.with_timezone(&tz).format("%H:%M:%S");
        let by = if s.author.is_empty() { String::new() } else { format!(" by {}", s.author) };
        let what = format!("\"{}\"{by} at {at} ({}): {}", s.summary, reference(&s.source, &s.id), s.why);
        [what].into_iter().chain(s.gist.iter().cloned()).chain(s.url.clone()).collect::<Vec<_>>().join("\n")
    })
}

fn tried(incident: &Incident) -> String {
    let line = |repair: &crate::domain::incident::Repair| {
        let how = match &repair.outcome {
            None => "running",
            Some(_) if repair.half_undone => "taken back half way",
            Some(_) if repair.undone_by.is_some() => "taken back",
            Some(_) if repair.ineffective => "worked, but did not last",
            Some(Outcome::Succeeded) => "worked",
            Some(Outcome::Deferred) => "done, waiting for its source to confirm",
            Some(Outcome::Unwound { .. }) => "did not help",
            Some(Outcome::Stuck { .. }) => "stuck",
            Some(Outcome::Cancelled { .. }) => "called off",
        };
        incident.with_titles(&format!("{}: {how}", repair.runbook))
    };
    incident.repairs.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn next(incident: &Incident, around: Around<'_>) -> String {
    let paused = around.paused_by.map(|by| format!("Paused by {by}: every change waits for a yes."));
    let step = match (incident.state, incident.approval, &incident.next_step) {
        (_, Some((_, number)), _) => Some(format!("waiting for you: `approve {number}` or `deny {number}`")),
        (State::Open, None, Some(text)) | (State::Stuck, _, Some(text)) => Some(incident.with_titles(text)),
        (State::Stuck, ..) => Some(format!("a person: `clear {}` when it is taken care of", incident.number)),
        (State::Remediating, ..) => Some("a repair is running".to_owned()),
        (State::Mitigated, ..) => Some("watching whether it stays away".to_owned()),
        _ => None,
    };
    let live = incident.state.is_unresolved();
    paused.filter(|_| live).into_iter().chain(step).collect::<Vec<_>>().join("\n")
}
