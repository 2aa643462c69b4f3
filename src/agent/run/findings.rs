//! What a run has on record besides the model's words: what its calls brought, and what it did or wanted to do.

use std::collections::VecDeque;

use super::words::first_line;
use crate::agent::toolbox::{Outcome, Used};
use crate::domain::agent::Conclusion;

/// Results whose first lines speak for a run that did not come to a conclusion.
const KEPT: usize = 5;
/// The length of such a line, in characters.
const LINE: usize = 160;
/// What the lines around a text from outside begin with.
const FENCE: char = '⟦';

/// The record.
#[derive(Debug, Default)]
pub(super) struct Findings {
    brought: VecDeque<String>,
    actions: Vec<String>,
    last_words: Option<String>,
}

impl Findings {
    /// Takes down what a call came to.
    pub(super) fn used(&mut self, used: &Used) {
        let what = first_line(&used.what, LINE);
        match &used.outcome {
            Outcome::Text(text) if used.acted => self.actions.push(line(&what, "", text)),
            Outcome::Text(text) if !text.trim().is_empty() => {
                if self.brought.len() == KEPT {
                    self.brought.pop_front();
                }
                self.brought.push_back(line(&what, "", text));
            }
            // What it was not let do is told, whether or not it would have changed anything.
            Outcome::Blocked(why) => self.actions.push(line(&what, "blocked: ", why)),
            Outcome::Failed(why) if used.acted => self.actions.push(line(&what, "failed: ", why)),
            Outcome::Text(_) | Outcome::Failed(_) | Outcome::Misused(_) | Outcome::Concluded(_) => {}
        }
    }

    /// Takes down that something was being changed when the run ended.
    pub(super) fn left_under_way(&mut self, what: &str) {
        self.actions.push(format!("{}: was under way when the run ended", first_line(what, LINE)));
    }

    /// Takes down what the model said, beside its calls.
    pub(super) fn said(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.last_words = Some(first_line(text, LINE));
        }
    }

    /// What the model said last, in one line.
    pub(super) fn last_words(&self) -> Option<&str> {
        self.last_words.as_deref()
    }

    /// Completes a conclusion from the record: what was done is never taken from the model, and what it found stands in
    /// for words that it did not come to say.
    pub(super) fn complete(self, conclusion: Conclusion) -> Conclusion {
        let evidence = if conclusion.diagnosis.trim().is_empty() && conclusion.evidence.is_empty() {
            self.brought.into()
        } else {
            conclusion.evidence
        };
        Conclusion { actions: self.actions, evidence, ..conclusion }
    }
}

fn line(what: &str, how: &str, text: &str) -> String {
    // What a text is fenced with says nothing of it.
    let inside: Vec<&str> = text.lines().filter(|line| !line.starts_with(FENCE)).collect();
    let said = first_line(&inside.join("\n"), LINE);
    if said.is_empty() { what.to_owned() } else { format!("{what}: {how}{said}") }
}
