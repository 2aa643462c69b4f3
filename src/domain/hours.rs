//! Hours of the week in which something may be done: `22:00-06:00`, `mon-fri 09:00-17:00`, `sat,sun`.

use std::fmt;

use chrono::{Datelike, NaiveTime, Timelike, Weekday};
use chrono_tz::Tz;

use super::signal::Timestamp;

/// A span of hours on some days of the week. It may go past midnight; the days are those on which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    text: String,
    days: [bool; 7],
    /// Minutes of the day: from, and up to but not including. `from > to` goes past midnight; equal is a whole day.
    from: u32,
    to: u32,
}

/// Why a text is not a span of hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no span of hours; write days, hours or both, such as `22:00-06:00`, `mon-fri 09:00-17:00` or `sat,sun`"
)]
pub struct HoursError(String);

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Hours {
    /// Reads a span.
    ///
    /// # Errors
    /// [`HoursError`], with what to write.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let error = || HoursError(text.to_owned());
        let lower = text.trim().to_lowercase();
        let mut words = lower.split_whitespace();
        let (first, second) = (words.next().ok_or_else(error)?, words.next());
        if words.next().is_some() {
            return Err(error());
        }
        let (days, hours) = match (first.contains(':'), second) {
            (true, None) => ([true; 7], Some(first)),
            (false, hours) => (days(first).ok_or_else(error)?, hours),
            (true, Some(_)) => return Err(error()),
        };
        let (from, to) = match hours {
            Some(hours) => minutes(hours).ok_or_else(error)?,
            None => (0, 0),
        };
        Ok(Self { text: lower, days, from, to })
    }

    /// Whether `now` is within it, by the clock of that time zone.
    #[must_use]
    pub fn contains(&self, now: Timestamp, tz: Tz) -> bool {
        let local = now.with_timezone(&tz);
        let minute = local.hour() * 60 + local.minute();
        let on = |day: Weekday| self.days[day.num_days_from_monday() as usize];
        let today = local.weekday();
        if self.from < self.to {
            return on(today) && (self.from..self.to).contains(&minute);
        }
        (on(today) && minute >= self.from) || (on(today.pred()) && minute < self.to)
    }
}

fn days(text: &str) -> Option<[bool; 7]> {
    let day = |name: &str| DAYS.iter().position(|day| *day == name);
    let mut set = [false; 7];
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (day(from)?, day(to)?);
        let count = (to + 7 - from) % 7;
        for i in 0..=count {
            set[(from + i) % 7] = true;
        }
    }
    Some(set)
}

fn minutes(text: &str) -> Option<(u32, u32)> {
    let (from, to) = text.split_once('-')?;
    let minute = |text: &str| match text {
        "24:00" => Some(24 * 60),
        _ => NaiveTime::parse_from_str(text, "%H:%M").ok().map(|time| time.hour() * 60 + time.minute()),
    };
    let (from, to) = (minute(from)?, minute(to)?);
    (from < 24 * 60 && from != to).then_some((from, to))
}

/// When the next of these spans begins or ends after `now`, to the minute; `None` if they never do within eight days.
#[must_use]
pub fn next_edge(hours: &[Hours], now: Timestamp, tz: Tz) -> Option<Timestamp> {
    let open = |at: Timestamp| hours.iter().any(|span| span.contains(at, tz));
    let minute = Timestamp::from_timestamp(now.timestamp() - now.timestamp().rem_euclid(60), 0)?;
    let before = open(now);
    (1..=8 * 24 * 60).map(|n| minute + chrono::TimeDelta::minutes(n)).find(|at| open(*at) != before)
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    fn at(day: u32, hour: u32, minute: u32) -> Timestamp {
        // The first of June 2026 is a Monday.
        Utc.with_ymd_and_hms(2026, 6, day, hour, minute, 0).unwrap()
    }

    fn within(text: &str, now: Timestamp) -> bool {
        Hours::parse(text).unwrap().contains(now, Tz::UTC)
    }

    #[test]
    fn hours_hold_on_their_days_and_past_midnight_belong_to_the_day_they_began_on() {
        assert!(within("mon-fri 09:00-17:00", at(1, 9, 0)) && !within("mon-fri 09:00-17:00", at(1, 17, 0)));
        assert!(!within("mon-fri 09:00-17:00", at(6, 12, 0)));
        assert!(within("22:00-06:00", at(1, 23, 30)) && within("22:00-06:00", at(1, 5, 59)));
        assert!(!within("22:00-06:00", at(1, 6, 0)));
        assert!(within("fri 22:00-02:00", at(6, 1, 0)) && !within("fri 22:00-02:00", at(5, 1, 0)));
        assert!(
            within("sat,sun", at(6, 0, 0))
                && within("sat,sun", at(7, 23, 59))
                && !within("sat,sun", at(1, 0, 0))
        );
        assert!(within("sat-mon 00:00-24:00", at(1, 23, 59)) && !within("sat-mon 00:00-24:00", at(2, 0, 0)));
    }

    #[test]
    fn the_next_edge_is_where_a_span_begins_or_ends() {
        let hours = [Hours::parse("mon-fri 09:00-17:00").unwrap()];
        let edge = |now| next_edge(&hours, now, Tz::UTC);
        assert_eq!(edge(at(1, 8, 59)), Some(at(1, 9, 0)));
        assert_eq!(edge(at(1, 9, 0)), Some(at(1, 17, 0)));
        assert_eq!(edge(at(5, 17, 0)), Some(at(8, 9, 0)), "over the weekend");
        assert_eq!(next_edge(&[], at(1, 0, 0), Tz::UTC), None);
    }

    #[test]
    fn they_are_those_of_the_labs_clock() {
        let hours = Hours::parse("22:00-23:00").unwrap();
        assert!(
            hours.contains(at(1, 20, 30), Tz::Europe__Berlin)
                && !hours.contains(at(1, 22, 30), Tz::Europe__Berlin)
        );
    }

    #[test]
    fn what_is_no_span_of_hours_is_refused_with_what_to_write() {
        for bad in [
            "",
            "now",
            "25:00-26:00",
            "09:00",
            "09:00-09:00",
            "mon tue 09:00-10:00",
            "09:00-10:00 mon",
            "mon-xyz",
        ] {
            assert!(Hours::parse(bad).unwrap_err().to_string().contains("mon-fri"), "{bad}");
        }
    }
}
