//! What was not understood of a body of which the rest was.

use serde_json::Value;

use super::{Format, NotUnderstood, Notice};

/// Bytes kept of what was not understood.
const KEPT: usize = 16 * 1024;
/// So many are told one by one; the others are counted.
const TOLD: usize = 20;

/// One alert that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which of the body's it is, and what is wrong with it, for people.
    pub why: String,
    /// That one alert as JSON, at most 16 KiB of it.
    pub body: String,
}

/// The faults of one body as one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// How many there are.
    pub count: usize,
    /// What is wrong with the first.
    pub first: String,
    /// How many of how many were not understood, and why: the first 20 one by one.
    pub why: String,
    /// Those alerts as JSON, a line each, at most 16 KiB of it.
    pub body: String,
}

impl Notice {
    /// What was not understood of the body, as one record for a look. `None` where all of it was understood.
    #[must_use]
    pub fn faults_told(&self) -> Option<Faults> {
        let first = self.faults.first()?.why.clone();
        let count = self.faults.len();
        let all =
            count + self.signals.len() + self.changes.len() + usize::try_from(self.ignored).unwrap_or(0);
        let told = || self.faults.iter().take(TOLD);
        let whys: Vec<&str> = told().map(|fault| fault.why.as_str()).collect();
        let more = count.saturating_sub(TOLD);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let (were, others) = (if count == 1 { "was" } else { "were" }, "the rest was taken in");
        let why =
            format!("{count} of {all} alerts {were} not understood, {others}: {}{more}", whys.join("; "));
        let bodies: Vec<&str> = told().map(|fault| fault.body.as_str()).collect();
        Some(Faults { count, first, why, body: clipped(bodies.join("\n")) })
    }
}

/// Where in the body it is, and what is wrong: `alert 2: it has no labels`.
pub(super) fn told((index, why): &(usize, NotUnderstood)) -> String {
    format!("alert {}: {}", index + 1, why.0)
}

/// The faults with what was sent. The body is read a second time for that, which only a faulty one costs.
pub(super) fn quoted(format: &Format, body: &[u8], faults: &[(usize, NotUnderstood)]) -> Vec<Fault> {
    if faults.is_empty() {
        return Vec::new();
    }
    let whole: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = format.items(&whole).unwrap_or(std::slice::from_ref(&whole));
    let quote = |index: usize| items.get(index).map(Value::to_string).unwrap_or_default();
    faults.iter().map(|fault| Fault { why: told(fault), body: clipped(quote(fault.0)) }).collect()
}

fn clipped(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(KEPT));
    text
}
