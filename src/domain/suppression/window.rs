//! Maintenance windows that come again and again.

use std::time::Duration;

use chrono_tz::Tz;

use super::Scope;
use crate::domain::schedule::Schedule;
use crate::domain::signal::Timestamp;

/// A maintenance window that the operator wrote down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its name, unique among them.
    pub name: String,
    /// What it covers.
    pub scope: Scope,
    /// When it begins.
    pub schedule: Schedule,
    /// How long it lasts, by real time: a change of clocks makes it neither longer nor shorter.
    pub duration: Duration,
    /// Why.
    pub comment: String,
}

impl Window {
    /// When the turn began in which `now` lies, if it lies in one; the latest if several overlap.
    #[must_use]
    pub fn current(&self, now: Timestamp, tz: Tz) -> Option<Timestamp> {
        let mut begun = None;
        let mut next = self.schedule.next_after(now - self.duration, tz);
        while let Some(start) = next.filter(|start| *start <= now) {
            begun = Some(start);
            next = self.schedule.next_after(start, tz);
        }
        begun
    }

    /// When it begins next.
    #[must_use]
    pub fn next(&self, now: Timestamp, tz: Tz) -> Option<Timestamp> {
        self.schedule.next_after(now, tz)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;
    use crate::domain::target::Target;

    fn window(schedule: &str, hours: u64) -> Window {
        Window {
            name: "backup".into(),
            scope: Scope::Target(Target::parse("nas").unwrap()),
            schedule: Schedule::parse(schedule).unwrap(),
            duration: Duration::from_secs(hours * 3600),
            comment: String::new(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_turn_is_found_from_its_first_moment_to_its_last_and_not_after() {
        let window = window("0 3 * * *", 2);
        let start = at("2026-11-21T02:00:00Z");
        assert_eq!(window.current(start, Berlin), Some(start), "03:00 in Berlin");
        assert_eq!(window.current(at("2026-11-21T03:59:59Z"), Berlin), Some(start));
        assert_eq!(window.current(at("2026-11-21T04:00:00Z"), Berlin), None);
        assert_eq!(window.current(at("2026-11-21T01:59:59Z"), Berlin), None);
    }

    #[test]
    fn the_night_on_which_the_clocks_change_has_one_turn_of_the_usual_length() {
        // 02:30 does not exist on 29 March 2026 in Berlin; the clocks go from 02:00 to 03:00 (01:00 UTC).
        let window = window("30 2 * * *", 1);
        assert_eq!(window.next(at("2026-03-28T12:00:00Z"), Berlin), Some(at("2026-03-29T01:00:00Z")));
        assert_eq!(window.current(at("2026-03-29T01:59:00Z"), Berlin), Some(at("2026-03-29T01:00:00Z")));
        // It comes twice on 25 October: the first one counts.
        assert_eq!(window.next(at("2026-10-24T12:00:00Z"), Berlin), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(window.current(at("2026-10-25T01:45:00Z"), Berlin), None, "not a second time");
    }
}
