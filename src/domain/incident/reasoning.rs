//! What the agent has to do with an incident: what was said, what was looked into, and what that came to.

use super::{Event, Incident, Sentence};
use crate::domain::agent::{Conclusion, Ending, Investigation, Request, Said};
use crate::domain::approval::ApprovalState;
use crate::domain::signal::Timestamp;

impl Incident {
    pub(super) fn take_in_reasoning(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Asked { by, words } => {
                self.remember(Said { at, by: Some(by.clone()), words: words.clone() });
            }
            Event::InvestigationStarted { run, number, basis, by, .. } => {
                // What an older run left to do is not what this one comes to.
                self.next_step = None;
                self.investigations.push(Investigation {
                    run: *run,
                    number: *number,
                    begun_at: at,
                    basis: basis.clone(),
                    by: by.clone(),
                    conclusion: None,
                });
                keep_newest(&mut self.investigations);
            }
            Event::InvestigationEnded { run, conclusion, basis, .. } => {
                if let Some(known) = self.investigations.iter_mut().find(|known| known.run == *run) {
                    known.conclusion = Some((**conclusion).clone());
                    known.basis.clone_from(basis);
                }
                // Who was interrupted has yet to answer; whatever else it came to is the answer.
                if !matches!(conclusion.ending, Ending::Interrupted { .. }) {
                    let words = match conclusion.diagnosis.as_str() {
                        "" => "(no answer)".to_owned(),
                        words => words.to_owned(),
                    };
                    self.remember(Said { at, by: None, words });
                }
            }
            _ => {}
        }
    }

    /// Why what somebody wanted has no answer, once nobody is at work on that any more: neither the agent's words nor
    /// anything that was done are one.
    #[must_use]
    pub fn unanswered_because(&self) -> Option<String> {
        let conclusion = self.investigations.last()?.conclusion.as_ref()?;
        let done = self.repairs.iter().any(super::Repair::is_done);
        if done || !conclusion.diagnosis.trim().is_empty() {
            return None;
        }
        match &conclusion.ending {
            Ending::Concluded | Ending::Understood { .. } => None,
            Ending::NoModel { why } => Some(format!("no model could be asked: {why}")),
            Ending::Limit { what } => Some(format!("the agent stopped at a limit: {what}")),
            Ending::GaveUp { why } => Some(format!("the agent gave up: {why}")),
            Ending::Stopped { by } => Some(format!("{by} stopped the agent")),
            Ending::Interrupted { why } => Some(format!("the agent was interrupted: {why}")),
        }
    }

    /// Notes what a person did about it.
    pub(super) fn helped(&mut self, what: String) {
        if !self.helped.contains(&what) {
            self.helped.push(what);
            keep_newest(&mut self.helped);
        }
    }

    fn remember(&mut self, said: Said) {
        self.said.push(said);
        keep_newest(&mut self.said);
    }
}

fn keep_newest<T>(all: &mut Vec<T>) {
    let spare = all.len().saturating_sub(Incident::REMEMBERED);
    all.drain(..spare);
}

/// How a case begins that is no fault.
pub(super) fn opened(request: &Request) -> Sentence {
    let text = match &request.goal {
        Some(goal) => format!("Goal {goal}: {}.", request.words.trim_end_matches('.')),
        None => format!("{} asks: {}", request.by, request.words),
    };
    Sentence::urgent("person", text)
}

/// What the agent does, in words.
pub(super) fn sentence(event: &Event) -> Option<Sentence> {
    Some(match event {
        Event::Asked { by, words } => Sentence::urgent("person", format!("{by} asks: {words}")),
        Event::InvestigationStarted { number, why, .. } => {
            Sentence::urgent("agent", format!("The agent looks into it (run {number}): {why}"))
        }
        Event::InvestigationEnded { number, conclusion, .. } => {
            Sentence::urgent("agent", concluded(*number, conclusion))
        }
        Event::Adopting { text, .. } if text.is_empty() => return None,
        Event::Adopting { text, .. } => Sentence::urgent("next", text.clone()),
        Event::Recalled { text } => Sentence::calm("why", text.clone()),
        Event::Offered { number, title } => Sentence::calm("next", format!("Offer {number}: {title}")),
        Event::OfferEnded { number, title, state, by, why } => {
            let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let what = match state {
                ApprovalState::Approved => "accepted",
                ApprovalState::Denied => "declined",
                ApprovalState::Expired => "not answered",
                ApprovalState::Withdrawn | ApprovalState::Pending => "withdrawn",
            };
            Sentence::urgent("person", format!("Offer {number} ({title}) was {what}{by}{why}."))
        }
        _ => return None,
    })
}

/// The conclusion as people read it: what is wrong, how sure, what speaks for it, what was done about it.
fn concluded(number: u64, conclusion: &Conclusion) -> String {
    if let Ending::Understood { command } = &conclusion.ending {
        // What it answers stands above this, as the command's own card.
        return format!(
            "I took that for `{command}` (run {number}). If you meant something else, say so here, and I look into it."
        );
    }
    let mut lines = vec![match &conclusion.ending {
        Ending::Concluded if conclusion.diagnosis.is_empty() => {
            format!("The agent found nothing worth telling (run {number}).")
        }
        Ending::Concluded | Ending::Understood { .. } => String::new(),
        Ending::Limit { what } => format!("The agent stopped at a limit ({what}, run {number})."),
        Ending::NoModel { why } => format!("No model could be asked ({why}), so it is told as it stands."),
        Ending::GaveUp { why } => format!("The agent gave up (run {number}): {why}."),
        Ending::Stopped { by } => format!("{by} stopped the agent (run {number})."),
        Ending::Interrupted { why } => format!("The agent was interrupted (run {number}): {why}."),
    }];
    if !conclusion.diagnosis.is_empty() {
        let root = conclusion.root.as_ref().map(|root| format!(" Suspects {root}.")).unwrap_or_default();
        // Who gave up did not say it as its conclusion.
        let said = if matches!(conclusion.ending, Ending::GaveUp { .. }) { "It said: " } else { "" };
        let sure = match conclusion.confidence {
            0 => format!("run {number}"),
            sure => format!("{sure} % sure, run {number}"),
        };
        lines.push(format!("{said}{}{root} ({sure})", conclusion.diagnosis));
    }
    lines.extend(conclusion.notes.iter().cloned());
    let mut listed = |name: &str, items: &[String]| match items {
        [] => {}
        [one] => lines.push(format!("{name}: {one}")),
        several => {
            lines.push(format!("{name}:"));
            lines.extend(several.iter().map(|item| format!("  - {item}")));
        }
    };
    listed("Evidence", &conclusion.evidence);
    listed("Tried", &conclusion.actions);
    for (name, text) in [("To verify", &conclusion.verification), ("To take back", &conclusion.rollback)] {
        if !text.is_empty() {
            lines.push(format!("{name}: {text}"));
        }
    }
    for (index, option) in conclusion.options.iter().enumerate() {
        let why = if option.why.is_empty() { String::new() } else { format!(". {}", option.why) };
        lines.push(format!("Option {}: {}{why}", index + 1, option.title.trim_end_matches('.')));
        lines.extend(option.steps.iter().map(|step| format!("  - {step}")));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}
