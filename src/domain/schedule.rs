//! When a skill runs: five-field cron as crontab(5) means it, its nicknames, and `@every 10s`.
//!
//! Cron speaks of local time, and local time has holes and folds. Here a time that doesn't exist runs once, at the
//! next minute that does. A fixed hour that occurs twice runs once, the first time round; a schedule whose hours
//! are a wildcard runs by real time, through both.

mod crontab;

use std::fmt;
use std::iter;

use chrono::{DateTime, Datelike, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use self::crontab::Crontab;
use super::signal::Timestamp;

/// When something runs, again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Schedule {
    written: String,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// Minutes of local time.
    Crontab(Crontab),
    /// Multiples of so many seconds since the Unix epoch.
    Every(i64),
}

/// Why a text is not a schedule: where, what, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}; {hint}", field.map(|field| format!("{field}: ")).unwrap_or_default())]
pub struct ScheduleError {
    /// The field it is in: `minute`, `hour`, `day of month`, `month` or `day of week`.
    pub field: Option<&'static str>,
    /// What is wrong.
    pub message: String,
    /// What is allowed.
    pub hint: String,
}

/// The last year that is looked at.
const LAST_YEAR: i32 = 2100;
/// The longest hole in local time is a day (an island that changes sides of the date line), and a bit.
const LONGEST_GAP_MINUTES: i64 = 25 * 60;

impl Schedule {
    /// The shortest and the longest `@every`, in seconds.
    const EVERY: std::ops::RangeInclusive<u64> = 1..=24 * 60 * 60;

    /// Reads five cron fields, a nickname (`@hourly @daily @weekly @monthly @yearly`) or `@every 10s`.
    ///
    /// # Errors
    /// Says which field is wrong and what is allowed there.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let written = text.trim();
        let rule = match written.split_whitespace().next() {
            Some("@every") => Rule::Every(parse_every(written["@every".len()..].trim())?),
            Some(word) if word.starts_with('@') => Rule::Crontab(Crontab::parse(nickname(written)?)?),
            _ => Rule::Crontab(Crontab::parse(written)?),
        };
        Ok(Self { written: written.to_owned(), rule })
    }

    /// The next time strictly after `after`, for a lab in the time zone `tz`. Cron times are whole minutes;
    /// `@every` counts from the Unix epoch, whatever the zone.
    ///
    /// `None` if it never comes (30 February), or not before the end of 2100.
    #[must_use]
    pub fn next_after(&self, after: Timestamp, tz: Tz) -> Option<Timestamp> {
        match &self.rule {
            Rule::Every(seconds) => {
                let next = after.timestamp().div_euclid(*seconds).checked_add(1)?.checked_mul(*seconds)?;
                DateTime::from_timestamp(next, 0)
            }
            Rule::Crontab(crontab) => next_local(crontab, after.max(DateTime::UNIX_EPOCH), tz),
        }
    }
}

fn next_local(crontab: &Crontab, after: Timestamp, tz: Tz) -> Option<Timestamp> {
    if after.year() > LAST_YEAR {
        return None;
    }
    let local = after.with_timezone(&tz).naive_local().with_nanosecond(0)?;
    let first = matches_after(crontab, local)
        .take_while(|minute| minute.year() <= LAST_YEAR)
        .filter_map(|minute| first_occurrence(minute, tz))
        .find(|at| *at > after);
    if crontab.by_real_time() {
        first.into_iter().chain(next_in_second_pass(crontab, local, after, tz)).min()
    } else {
        first
    }
}

/// The local minutes of a crontab after `local`, in order.
fn matches_after(crontab: &Crontab, local: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
    iter::successors(crontab.next_after(local), |minute| crontab.next_after(*minute))
}

/// The first moment that local clocks show this minute or, if they skip it, the next minute they do show.
fn first_occurrence(minute: NaiveDateTime, tz: Tz) -> Option<Timestamp> {
    (0..=LONGEST_GAP_MINUTES)
        .filter_map(|skipped| minute.checked_add_signed(TimeDelta::minutes(skipped)))
        .find_map(|shown| tz.from_local_datetime(&shown).earliest())
        .map(|at| at.with_timezone(&Utc))
}

/// The first match after `after` while the clocks go through the same times again, if `local` is such a time.
fn next_in_second_pass(
    crontab: &Crontab,
    local: NaiveDateTime,
    after: Timestamp,
    tz: Tz,
) -> Option<Timestamp> {
    let MappedLocalTime::Ambiguous(first, second) = tz.from_local_datetime(&local) else { return None };
    let repeated = second - first;
    let (from, until) = (local.checked_sub_signed(repeated)?, local.checked_add_signed(repeated)?);
    matches_after(crontab, from)
        .take_while(|minute| *minute <= until)
        .filter_map(|minute| match tz.from_local_datetime(&minute) {
            MappedLocalTime::Ambiguous(_, second) => Some(second.with_timezone(&Utc)),
            _ => None,
        })
        .find(|at| *at > after)
}

/// Reads the duration of `@every`, in seconds.
fn parse_every(text: &str) -> Result<i64, ScheduleError> {
    let fault = |message: String| ScheduleError {
        field: None,
        message,
        hint: "write whole seconds from 1s to 24h, such as `@every 10s`".into(),
    };
    let duration = humantime::parse_duration(text)
        .map_err(|error| fault(format!("`@every` wants a duration, and {text:?} is none ({error})")))?;
    if !Schedule::EVERY.contains(&duration.as_secs()) || duration.subsec_nanos() != 0 {
        return Err(fault(format!("`@every {text}` is out of range")));
    }
    i64::try_from(duration.as_secs()).map_err(|_| fault(format!("`@every {text}` is out of range")))
}

/// The five fields that a nickname stands for.
fn nickname(text: &str) -> Result<&'static str, ScheduleError> {
    Ok(match text {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => {
            return Err(ScheduleError {
                field: None,
                message: format!("{text:?} is no schedule"),
                hint: "there are @hourly, @daily, @weekly, @monthly, @yearly and `@every 10s`".into(),
            });
        }
    })
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl TryFrom<String> for Schedule {
    type Error = ScheduleError;
    fn try_from(text: String) -> Result<Self, ScheduleError> {
        Self::parse(&text)
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.written
    }
}

#[cfg(test)]
mod tests;
