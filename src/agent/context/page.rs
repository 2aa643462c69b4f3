//! A text that grows part by part, each within its budget, and free of secrets.

use super::Part;
use super::fit::{Keep, fit};
use super::tokens::estimate;
use crate::agent::tools::fence::fence;
use crate::domain::card::clean_lines;
use crate::domain::redact::Redactor;

/// A part's name and how many tokens it may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) name: &'static str,
    pub(super) tokens: usize,
}

/// A text that grows part by part.
pub(super) struct Page<'a> {
    redactor: &'a Redactor,
    text: String,
    parts: Vec<Part>,
}

/// A part as it is to be told.
pub(super) struct Section<'a> {
    /// Its name and budget.
    pub(super) budget: Budget,
    /// What stands above it; nothing where it needs none.
    pub(super) heading: &'a str,
    /// What it is called on its fence, where it comes from outside.
    pub(super) label: Option<&'a str>,
    /// What it says.
    pub(super) lines: Vec<String>,
    /// What matters most of it.
    pub(super) keep: Keep,
    /// What one of its lines is called when some are cut.
    pub(super) thing: &'a str,
}

impl<'a> Page<'a> {
    pub(super) fn new(redactor: &'a Redactor) -> Self {
        Self { redactor, text: String::new(), parts: Vec::new() }
    }

    /// Without secrets and without what hides. To be done before anything is cut: half a secret has no shape.
    pub(super) fn clean(&self, text: &str) -> String {
        self.redactor.redact(&clean_lines(text)).into_owned()
    }

    /// Adds text that is never cut: what it may be is limited where it is loaded.
    pub(super) fn whole(&mut self, budget: Budget, text: &str) {
        let text = self.clean(text.trim());
        self.add(budget, text, None);
    }

    /// Adds a part; nothing where it has no lines.
    pub(super) fn section(&mut self, section: Section<'_>) {
        if section.lines.is_empty() {
            return;
        }
        let lines = section.lines.iter().map(|line| self.clean(line)).collect();
        let frame = section.label.map_or(0, |label| estimate(&fence(label, "")));
        let room = section.budget.tokens.saturating_sub(frame + estimate(section.heading) + 2);
        let fitted = fit(lines, room, section.keep, section.thing);
        let body = fitted.lines.join("\n");
        let body = section.label.map_or_else(|| body.clone(), |label| fence(label, &body));
        let text = if section.heading.is_empty() { body } else { format!("{}\n{body}", section.heading) };
        self.add(section.budget, text, fitted.cut);
    }

    /// Notes something that is sent beside the text.
    pub(super) fn beside(&mut self, budget: Budget, tokens: usize) {
        self.parts.push(Part { name: budget.name, tokens, budget: budget.tokens, cut: None });
    }

    fn add(&mut self, budget: Budget, text: String, cut: Option<String>) {
        // What only shows once invisible characters are gone.
        let text = self.redactor.redact(&text).into_owned();
        if text.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.parts.push(Part { name: budget.name, tokens: estimate(&text), budget: budget.tokens, cut });
        self.text.push_str(&text);
    }

    pub(super) fn done(self) -> (String, Vec<Part>) {
        (self.text, self.parts)
    }
}
