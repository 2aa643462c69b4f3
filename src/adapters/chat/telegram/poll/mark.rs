//! How far updates were taken in.

use std::fmt;
use std::str::FromStr;

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
}

impl Mark {
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
        write!(f, "{}@{}", self.id, self.at.timestamp())
    }
}

impl FromStr for Mark {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (id, at) = text.split_once('@').ok_or(())?;
        let at = DateTime::from_timestamp(at.parse().map_err(|_| ())?, 0).ok_or(())?;
        Ok(Self { id: id.parse().map_err(|_| ())?, at })
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
        let mark = Mark { id: 123_456_789, at: at(1) };
        assert_eq!(mark.to_string().parse(), Ok(mark));
        assert_eq!("12".parse::<Mark>(), Err(()));
    }

    #[test]
    fn what_was_taken_in_is_not_wanted_again() {
        let mark = Mark { id: 10, at: at(1) };
        assert!(mark.covers(9, at(2)) && mark.covers(10, at(2)) && !mark.covers(11, at(2)));
        assert_eq!(mark.offset(at(2)), Some(11));
    }

    #[test]
    fn after_a_week_of_silence_numbers_may_begin_lower() {
        let mark = Mark { id: 10, at: at(1) };
        assert!(!mark.covers(3, at(8)));
        assert_eq!(mark.offset(at(8)), None);
    }
}
