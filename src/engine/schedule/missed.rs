//! Runs that did not take place.

use chrono_tz::Tz;

use crate::domain::card::Card;
use crate::domain::signal::Timestamp;
use crate::engine::answers::count_of;
use crate::engine::skills::Skill;

/// Missed runs are counted no further than this.
const COUNTED: usize = 1000;

/// Runs that did not take place.
#[derive(Debug, Default)]
pub(super) struct Missed {
    since: Option<Timestamp>,
    runs: usize,
    skills: usize,
}

impl Missed {
    pub(super) fn add(&mut self, name: &str, skill: &Skill, first: Timestamp, now: Timestamp, tz: Tz) {
        let schedule = &skill.manifest.schedule;
        let later = std::iter::successors(Some(first), |due| schedule.next_after(*due, tz));
        let runs = later.take_while(|due| *due <= now).take(COUNTED).count();
        tracing::info!(skill = name, runs, "missed");
        self.since = Some(self.since.map_or(first, |since| since.min(first)));
        self.runs = (self.runs + runs).min(COUNTED);
        self.skills += 1;
    }

    /// What the lab is told of it, if anything was missed.
    pub(super) fn card(&self, now: Timestamp, tz: Tz) -> Option<Card> {
        let at = |t: Timestamp| t.with_timezone(&tz).format("%Y-%m-%d %H:%M");
        let title = format!("Nothing was watched from about {} to {}", at(self.since?), at(now));
        let more = if self.runs >= COUNTED { "at least " } else { "" };
        let text = format!(
            "{more}{} of {} {} missed (Steward was not running, or the machine slept). Each skill runs once now.",
            count_of(self.runs, "run"),
            count_of(self.skills, "skill"),
            if self.runs == 1 { "was" } else { "were" },
        );
        Some(Card::titled(title).line(text))
    }
}
