//! What Steward counts of itself, for those who watch it from outside.
//!
//! Counted beside the engine: nothing is decided by these numbers, and they begin anew with each start, as counters of
//! Prometheus do. What is true at a moment (how many incidents are open) is not counted but asked: see [`pulse`].

mod counts;
mod exposition;
pub mod health;
pub mod pulse;
pub mod scrape;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use counts::Counts;
pub use exposition::Exposition;

use super::message::Message;
use crate::domain::incident::Event;
use crate::domain::remediation::Outcome;
use crate::domain::signal::{Origin, Timestamp};
use crate::store::StoreError;
use crate::store::batch::Batch;

/// The counters, shared by whoever counts.
#[derive(Debug, Clone, Default)]
pub struct Vitals(Arc<Mutex<Counts>>);

impl Vitals {
    /// The counts, to be read.
    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        // Each count is a single write, so that a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what the desk is told.
    pub(super) fn heard(&self, message: &Message, now: Timestamp) {
        let mut counts = self.counts();
        for signal in message.signals() {
            match &signal.origin {
                Origin::Alert { source, .. } => counts.signals.add(&("alert", source.clone()), 1),
                Origin::Skill(skill) => counts.signals.add(&("skill", skill.clone()), 1),
                Origin::Steward => counts.signals.add(&("steward", String::new()), 1),
            }
        }
        match message {
            Message::Delivered(deliveries) => {
                deliveries.iter().for_each(|(_, delivery)| counts.delivered.add(&delivery.source, 1));
            }
            Message::Refused { source, .. } => counts.rejected.add(source, 1),
            Message::Reported { skill, report } => {
                let findings = u64::try_from(report.findings.len()).unwrap_or(u64::MAX);
                counts.signals.add(&("skill", skill.clone()), findings);
                let outcome = if report.complete { "complete" } else { "incomplete" };
                counts.runs.add(&(skill.clone(), outcome), 1);
                counts.skill_ran.insert(skill.clone(), now);
            }
            Message::SkillFailed { skill, .. } => counts.runs.add(&(skill.clone(), "failed"), 1),
            Message::RepairEnded { outcome, .. } => counts.repairs.add(&word(outcome), 1),
            _ => {}
        }
    }

    /// Counts what a turn decided, once it is written.
    pub(super) fn decided(&self, batch: &Decided) {
        let mut counts = self.counts();
        counts.opened += batch.opened;
        counts.resolved += batch.resolved;
        counts.called += batch.called;
        batch.held_back.iter().for_each(|rule| counts.held_back.add(rule, 1));
    }

    /// Notes how long a turn took, how many messages it took in, and how many came meanwhile.
    pub(super) fn turned(&self, took: Duration, messages: usize, waiting: usize) {
        let mut counts = self.counts();
        counts.turns.observe(took);
        counts.messages += u64::try_from(messages).unwrap_or(u64::MAX);
        counts.waiting = waiting;
    }

    /// Notes how long writing a turn took.
    pub(super) fn wrote(&self, took: Duration) {
        let mut counts = self.counts();
        counts.writes.observe(took);
        counts.unwritten = None;
    }

    /// Notes that a turn could not be written.
    pub(super) fn not_written(&self, error: &StoreError) {
        let mut counts = self.counts();
        counts.store_errors += 1;
        counts.unwritten = Some(error.to_string());
    }

    /// Notes what became of a message to a platform: `sent`, `put_off`, `given_up`.
    pub(super) fn delivery(&self, platform: &str, outcome: &'static str) {
        self.counts().messages_out.add(&(platform.to_owned(), outcome), 1);
    }

    /// Notes when the next skill is due.
    pub(super) fn skills_due(&self, next: Option<Timestamp>) {
        self.counts().skills_due = next;
    }

    /// Notes what became of a ping of the dead man's switch, and when.
    pub fn pinged(&self, outcome: &'static str, now: Timestamp) {
        let mut counts = self.counts();
        counts.pings.add(&outcome, 1);
        if outcome == "answered" {
            counts.pinged_at = Some(now);
        }
    }
}

/// What is counted of a turn, taken before it is handed to the store.
#[derive(Debug, Default)]
pub(super) struct Decided {
    opened: u64,
    resolved: u64,
    called: u64,
    held_back: Vec<String>,
}

impl Decided {
    pub(super) fn of(batch: &Batch) -> Self {
        let mut decided = Self::default();
        for (_, record) in &batch.events {
            match record.event {
                Event::Opened { .. } => decided.opened += 1,
                Event::Resolved { .. } => decided.resolved += 1,
                Event::Escalated { .. } => decided.called += 1,
                _ => {}
            }
        }
        decided.held_back = batch.held_back.counted.iter().map(|counted| counted.rule.clone()).collect();
        decided
    }
}

/// How a repair ended, in a word.
fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Deferred => "deferred",
        Outcome::Unwound { .. } => "unwound",
        Outcome::Stuck { .. } => "stuck",
        Outcome::Cancelled { .. } => "cancelled",
    }
}
