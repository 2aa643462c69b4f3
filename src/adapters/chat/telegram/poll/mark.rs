//! How far updates were taken in.

use std::fmt;

use chrono::{DateTime, TimeDelta};

use crate::domain::signal::Timestamp;

/// After a week without an update Telegram begins at another number, which may be a lower one; and no update is kept
/// for longer than a day. So behind a mark that is older than this there can't be anything that was taken in before.
const FORGOTTEN: TimeDelta = TimeDelta::days(6);

/// The last update that was taken in, and when that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) id: i64,
    pub(super) at: Timestamp,
    /// The bot that it was for: each has numbers of its own.
    pub(super) bot: u64,
}

impl Mark {
    /// A mark as it was kept, if it is one of this bot. One that names no bot is from before they were named.
    pub(super) fn read(text: &str, bot: u64) -> Option<Self> {
        let mut parts = text.split('@');
        let (id, at) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let of = parts.next().map_or(Some(bot), |of| of.parse().ok())?;
        let is_ours = of == bot && parts.next().is_none();
        let at = DateTime::from_timestamp(at, 0).filter(|_| is_ours)?;
        Some(Self { id, at, bot })
    }

    /// Whether an update was taken in before.
    pub(super) fn covers(self, id: i64, now: Timestamp) -> bool {
        id <= self.id && now - self.at < FORGOTTEN
    }

    /// The first update that is wanted; Telegram forgets what is before it.
    pub(super) fn offset(self, now: Timestamp) -> Option<i32> {
        if now - self.at < FORGOTTEN { i32::try_from(self.id.checked_add(1)?).ok() } else { None }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}@{}", self.id, self.at.timestamp(), self.bot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u32) -> Timestamp {
        format!("2026-11-{day:02}T08:00:00Z").parse().unwrap()
    }

    #[test]
    fn a_mark_comes_back_as_it_was_kept() {
        let mark = Mark { id: 123_456_789, at: at(1), bot: 99 };
        assert_eq!(Mark::read(&mark.to_string(), 99), Some(mark));
        assert_eq!(Mark::read(&format!("123456789@{}", at(1).timestamp()), 99), Some(mark), "an early one");
        for text in ["12", "", "x@1@99", "1@x@99", "1@1@x", "1@1@99@1"] {
            assert_eq!(Mark::read(text, 99), None, "{text}");
        }
    }

    #[test]
    fn the_mark_of_another_bot_says_nothing_about_this_one() {
        let mark = Mark { id: 123_456_789, at: at(1), bot: 98 };
        assert_eq!(Mark::read(&mark.to_string(), 99), None);
    }

    #[test]
    fn what_was_taken_in_is_not_wanted_again() {
        let mark = Mark { id: 10, at: at(1), bot: 99 };
        assert!(mark.covers(9, at(2)) && mark.covers(10, at(2)) && !mark.covers(11, at(2)));
        assert_eq!(mark.offset(at(2)), Some(11));
    }

    #[test]
    fn after_a_week_of_silence_numbers_may_begin_lower() {
        let mark = Mark { id: 10, at: at(1), bot: 99 };
        assert!(!mark.covers(3, at(8)));
        assert_eq!(mark.offset(at(8)), None);
    }
}
