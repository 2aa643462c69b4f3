//! What is made of texts, without the secrets in them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{CLOSE, OPEN, Redactor, key_value};
use crate::domain::card::Card;
use crate::domain::change::Change;
use crate::domain::remediation::{CheckVerdict, Outcome, SagaEvent, Tail};
use crate::domain::report::Report;
use crate::domain::signal::Signal;

impl Redactor {
    /// Takes secrets out of a text where it stands.
    pub fn clean(&self, text: &mut String) {
        if let Cow::Owned(clean) = self.redact(text) {
            *text = clean;
        }
    }

    /// The card without secrets.
    #[must_use]
    pub fn card(&self, card: &Card) -> Card {
        card.map(|text| self.redact(text).into_owned(), |text| self.redact(text).into_owned())
    }

    /// Takes secrets out of what a signal says. Its names stay: what is broken, and how.
    pub fn signal(&self, signal: &mut Signal) {
        self.clean(&mut signal.summary);
        self.clean(&mut signal.evidence);
        signal.impact.iter_mut().for_each(|impact| self.clean(impact));
        self.labels(&mut signal.labels);
    }

    /// Takes secrets out of what a change says.
    pub fn change(&self, change: &mut Change) {
        self.clean(&mut change.summary);
        self.clean(&mut change.author);
        change.files.iter_mut().for_each(|file| self.clean(file));
    }

    /// Takes secrets out of a report. A finding whose target holds one can't be told of without it, and is left out;
    /// the report is not the whole truth then.
    pub fn report(&self, report: &mut Report) {
        let before = report.findings.len();
        report.findings.retain(|finding| {
            !self.holds_secret(finding.target.as_str()) && !self.holds_secret(finding.signature.as_str())
        });
        report.complete &= report.findings.len() == before;
        for finding in &mut report.findings {
            self.clean(&mut finding.summary);
            self.clean(&mut finding.evidence);
            finding.impact.iter_mut().for_each(|impact| self.clean(impact));
            self.labels(&mut finding.labels);
        }
        report.metrics.iter_mut().for_each(|sample| self.labels(&mut sample.labels));
    }

    /// Takes secrets out of what a saga's event says. What was captured for an undo stays to the letter.
    pub fn saga_event(&self, event: &mut SagaEvent) {
        match event {
            SagaEvent::Refused { why, .. }
            | SagaEvent::NotRun { why, .. }
            | SagaEvent::CancelRequested { why } => self.clean(why),
            SagaEvent::Ran { stdout, stderr, .. } => {
                for tail in [stdout, stderr] {
                    if let Cow::Owned(clean) = self.redact(tail.as_str()) {
                        *tail = Tail::from(clean);
                    }
                }
            }
            SagaEvent::Guarded { verdict, .. }
            | SagaEvent::Verified { verdict, .. }
            | SagaEvent::UndoVerified { verdict, .. }
            | SagaEvent::Checked { verdict } => match verdict {
                CheckVerdict::Failed(why) | CheckVerdict::Unreadable(why) => self.clean(why),
                CheckVerdict::Passed | CheckVerdict::Deferred => {}
            },
            SagaEvent::Done { outcome } => self.outcome(outcome),
            // What runs stays to the letter; a captured value that looks like a secret never got this far.
            SagaEvent::Filled { .. }
            | SagaEvent::Started { .. }
            | SagaEvent::UndoStarted { .. }
            | SagaEvent::Spawned { .. }
            | SagaEvent::Waiting { .. }
            | SagaEvent::Probed { .. } => {}
        }
    }

    /// Takes secrets out of the reason for an outcome.
    pub fn outcome(&self, outcome: &mut Outcome) {
        match outcome {
            Outcome::Succeeded | Outcome::Deferred => {}
            Outcome::Unwound { why } | Outcome::Stuck { why } | Outcome::Cancelled { why } => self.clean(why),
        }
    }

    fn labels(&self, labels: &mut BTreeMap<String, String>) {
        for (name, value) in labels {
            match key_value::kind_of_value(name, value) {
                Some(kind) => *value = format!("{OPEN}{kind}{CLOSE}"),
                None => self.clean(value),
            }
        }
    }

    /// Takes secrets out of all texts of a JSON value, also where only their name tells that they are one.
    pub fn json(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.clean(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(fields) => {
                let entries = std::mem::take(fields).into_iter();
                *fields = entries.map(|(name, value)| self.field(name, value)).collect::<Map<_, _>>();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn field(&self, mut name: String, mut value: Value) -> (String, Value) {
        let kind = value.as_str().and_then(|text| key_value::kind_of_value(&name, text));
        match kind {
            Some(kind) => value = Value::String(format!("{OPEN}{kind}{CLOSE}")),
            None => self.json(&mut value),
        }
        self.clean(&mut name);
        (name, value)
    }
}
