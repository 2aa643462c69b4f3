//! The words of one incident: what its events say to people who see it, and not a library of runbooks.

use super::{Event, Incident, Sentence, sentence};
use crate::domain::remediation::Outcome;

impl Incident {
    /// A text in which the agent's plans of this incident go by their titles: their names say nothing to people.
    #[must_use]
    pub fn with_titles(&self, text: &str) -> String {
        self.plans
            .iter()
            .fold(text.to_owned(), |text, (name, title)| text.replace(name.as_str(), &format!("\"{title}\"")))
    }

    /// Says an event of this incident in words; `None` for what need not be heard, as how a wish is kept.
    #[must_use]
    pub fn in_words(&self, event: &Event) -> Option<Sentence> {
        let mut said = sentence(event)?;
        if !self.is_fault() {
            match event {
                // It stands for a problem that waits to be over, which is nothing that anybody wants to read of.
                Event::Recovered { .. }
                | Event::Mitigated { .. }
                | Event::Resolved { .. }
                | Event::Reopened { .. } => return None,
                Event::RepairEnded { runbook, outcome: Outcome::Succeeded | Outcome::Deferred, .. } => {
                    said.text = format!("{runbook} is done, and its steps are verified.");
                }
                _ => {}
            }
        }
        said.text = self.with_titles(&said.text);
        said.brief = said.brief.map(|brief| self.with_titles(&brief));
        Some(said)
    }
}
