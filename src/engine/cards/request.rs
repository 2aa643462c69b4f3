//! What people see of the agent: the root message of a wish, and its line on that of an incident.

use chrono_tz::Tz;

use super::tried;
use crate::domain::agent::{Ending, Request};
use crate::domain::card::{Card, one_line};
use crate::domain::incident::{Incident, State};

/// Characters of a wish, or of an answer, on a root message; the thread has all of it.
const SHOWN: usize = 280;

/// The root message of a wish: where it stands now.
pub(super) fn root(incident: &Incident, request: &Request, tz: Tz) -> Card {
    let number = incident.number;
    let title = match &request.goal {
        Some(goal) => format!("#{number} goal {goal}"),
        None => format!("#{number} {} asks: {}", request.by, short(&request.words)),
    };
    let mut card = Card::titled(title)
        .field("State", state(incident))
        .field("Since", incident.opened_at.with_timezone(&tz).format("%Y-%m-%d %H:%M:%S").to_string())
        .field("Answer", answer(incident))
        .field("Tried", tried(incident));
    let over = matches!(incident.state, State::Resolved | State::Closed | State::Merged);
    let in_vain = incident.standing.as_ref().is_some_and(|standing| standing.starts_with("not "));
    card.done = over && !in_vain && incident.unanswered_because().is_none();
    if let Some((_, question)) = incident.approval {
        card =
            card.action("Approve", format!("approve {question}")).action("Deny", format!("deny {question}"));
    }
    if let Some(undo) = super::undo_button(incident) {
        card = card.action("Undo", undo);
    }
    if incident.investigating().is_some() {
        card = card.action("Stop", format!("stop {number}"));
    }
    card
}

fn state(incident: &Incident) -> String {
    if let Some(run) = incident.investigating() {
        return format!("the agent looks into it (run {})", run.number);
    }
    match (incident.state, incident.approval) {
        (_, Some((_, number))) => format!("waiting for you: `approve {number}` or `deny {number}`"),
        (State::Remediating, _) => "what was approved runs".to_owned(),
        (State::Stuck, _) => format!("stuck: `clear {}` when it is taken care of", incident.number),
        (State::Open | State::Resolved | State::Closed | State::Mitigated, _)
            if incident.standing.is_some() =>
        {
            incident.standing.clone().unwrap_or_default()
        }
        (State::Resolved | State::Closed | State::Mitigated, _) => match incident.unanswered_because() {
            Some(why) => format!("not answered: {}. Ask again in the thread.", why.trim_end_matches('.')),
            None => "answered; go on in the thread".to_owned(),
        },
        (State::Open | State::Merged, _) => "waiting".to_owned(),
    }
}

/// The last that the agent had to say; why it had nothing to say is where the case stands.
fn answer(incident: &Incident) -> String {
    let said = incident.investigations.iter().rev().filter_map(|run| run.conclusion.as_ref());
    let mut answers = said.map(|conclusion| match &conclusion.ending {
        Ending::Understood { command } => format!("`{command}`, in the thread"),
        _ => short(&conclusion.diagnosis),
    });
    answers.find(|words| !words.is_empty()).unwrap_or_default()
}

/// The agent's line on an incident's root message.
pub(super) fn agent(incident: &Incident) -> String {
    if let Some(run) = incident.investigating() {
        return format!("looks into it (run {})", run.number);
    }
    let Some(run) = incident.investigations.last() else { return String::new() };
    let Some(conclusion) = &run.conclusion else { return String::new() };
    match &conclusion.ending {
        Ending::Understood { command } => format!("answered with `{command}` (run {})", run.number),
        _ if !conclusion.diagnosis.is_empty() => {
            let sure = match conclusion.confidence {
                0 => String::new(),
                sure => format!("{sure} % sure, "),
            };
            format!("{} ({sure}run {})", short(&conclusion.diagnosis), run.number)
        }
        Ending::Concluded => format!("found nothing (run {})", run.number),
        Ending::NoModel { .. } => "no model could be asked".to_owned(),
        Ending::Stopped { by } => format!("stopped by {by} (run {})", run.number),
        Ending::Limit { what } => format!("stopped at a limit: {what} (run {})", run.number),
        Ending::GaveUp { .. } => format!("could not help (run {})", run.number),
        Ending::Interrupted { .. } => format!("was interrupted (run {})", run.number),
    }
}

fn short(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(SHOWN) {
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}
