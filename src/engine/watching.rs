//! What of the lab is being watched: skills that could not look lately, and skills that are no longer there.

use std::collections::BTreeMap;

use super::world::World;
use crate::domain::report::{Report, Status};
use crate::domain::signal::Timestamp;

/// Reasons named per skill.
const REASONS: usize = 3;

/// The skills that could not look when they last ran: since when, and why.
#[derive(Debug, Default)]
pub(super) struct Unwatched(BTreeMap<String, (Timestamp, Vec<String>)>);

impl Unwatched {
    /// Whether the skill is known to be unable to look.
    pub(super) fn has(&self, skill: &str) -> bool {
        self.0.contains_key(skill)
    }

    fn note(&mut self, skill: &str, why: Vec<String>, now: Timestamp) {
        if why.is_empty() {
            self.0.remove(skill);
            return;
        }
        let since = self.0.get(skill).map_or(now, |(since, _)| *since);
        self.0.insert(skill.to_owned(), (since, why));
    }
}

impl World {
    /// Notes what a skill could not see.
    pub(super) fn looked(&mut self, skill: &str, report: &Report, now: Timestamp) {
        let unknown = report.findings.iter().filter(|f| f.status == Status::Unknown);
        let why = unknown.map(|f| format!("{}: {}", f.target, f.summary)).take(REASONS).collect();
        self.unwatched.note(skill, why, now);
    }

    /// Notes that a skill saw nothing at all.
    pub(super) fn could_not_look(&mut self, skill: &str, why: &str, now: Timestamp) {
        let why = why.lines().next().unwrap_or_default().to_owned();
        self.unwatched.note(skill, vec![why], now);
    }

    /// What could not be checked when it was last looked at, a line for each skill.
    pub(super) fn not_checked(&self) -> Vec<String> {
        let line = |(skill, (since, why)): (&String, &(Timestamp, Vec<String>))| {
            let since = since.with_timezone(&self.settings.tz).format("%m-%d %H:%M");
            format!("{skill} (since {since}): {}", why.join("; "))
        };
        self.unwatched.0.iter().map(line).collect()
    }

    /// The skills that could not look, or not everywhere, when they last ran.
    pub(super) fn unwatched_skills(&self) -> Vec<String> {
        self.unwatched.0.keys().cloned().collect()
    }

    /// Forgets skills that are no longer in force: that they failed is nobody's problem any more, and nobody would ever
    /// say that what they reported is over.
    pub(super) fn forget_gone_skills(&mut self, now: Timestamp) {
        let skills = self.knowledge.skills.clone();
        self.unwatched.0.retain(|skill, _| skills.contains(skill));
        self.end_unwatched(now);
        self.forget_gone_sources(now);
    }
}
