//! Spans and moments as people write them: `2h`, `half an hour`, `yesterday 14:00`, `2026-11-20`.
//!
//! Each function reads from the front of some lower-case words and says how many it took.

use std::time::Duration;

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc, Weekday,
};
use chrono_tz::Tz;

use crate::domain::signal::Timestamp;

/// What was read, and from how many words.
pub(super) type Taken<T> = Option<(T, usize)>;

/// A span of time. An absurdly long one is capped at what a `u64` of seconds holds; the caller has its own limit.
pub(super) fn span(words: &[&str]) -> Taken<Duration> {
    let mut total: u64 = 0;
    let mut used = 0;
    let mut smallest = u64::MAX;
    // `2h 30m` is one span; `2h 2 days late` is a span and something else.
    while let Some(part) = span_part(words.get(used..).unwrap_or_default()) {
        if part.largest >= smallest {
            break;
        }
        total = total.saturating_add(part.seconds);
        smallest = part.smallest;
        used += part.words;
    }
    (used > 0).then_some((Duration::from_secs(total), used))
}

/// One unit by its name: the hour of `the last hour`.
pub(super) fn unit(word: &str) -> Option<Duration> {
    unit_seconds(word).map(Duration::from_secs)
}

/// A moment in the past: a span before `now`, a time of day, a day, or both. A time of day alone is its last
/// occurrence. A local time that does not exist is the next one that does; one that occurs twice, the first.
pub(super) fn moment(words: &[&str], now: Timestamp, tz: Tz) -> Taken<Timestamp> {
    if let Some((span, used)) = span(words) {
        let span = TimeDelta::from_std(span).ok()?;
        let ago = usize::from(words.get(used) == Some(&"ago"));
        return Some((now.checked_sub_signed(span)?, used + ago));
    }
    let first = words.first()?;
    if let Ok(exact) = DateTime::parse_from_rfc3339(&first.to_ascii_uppercase()) {
        return Some((exact.with_timezone(&Utc), 1));
    }
    let today = now.with_timezone(&tz).date_naive();
    if let Some(time) = time_of_day(first) {
        let at = to_utc(today.and_time(time), tz)?;
        let last = if at <= now { at } else { to_utc(today.pred_opt()?.and_time(time), tz)? };
        return Some((last, 1));
    }
    if let Some((date, time)) = first.split_once('t')
        && let (Some(date), Some(time)) = (calendar_date(date), time_of_day(time))
    {
        return Some((to_utc(date.and_time(time), tz)?, 1));
    }
    if words.starts_with(&["last", "night"]) {
        return Some((to_utc(today.pred_opt()?.and_hms_opt(18, 0, 0)?, tz)?, 2));
    }
    let (date, used) = day(words, today)?;
    let at = usize::from(words.get(used) == Some(&"at"));
    let (time, used) = match words.get(used + at).and_then(|word| time_of_day(word)) {
        Some(time) => (time, used + at + 1),
        None => (NaiveTime::MIN, used),
    };
    Some((to_utc(date.and_time(time), tz)?, used))
}

/// A moment to come: a time of day (its next occurrence), with a day before it or not. A local time that does not exist
/// is the next one that does.
pub(super) fn upcoming(words: &[&str], now: Timestamp, tz: Tz) -> Taken<Timestamp> {
    let today = now.with_timezone(&tz).date_naive();
    let first = words.first()?;
    if let Some(time) = time_of_day(first) {
        let at = to_utc(today.and_time(time), tz)?;
        let next = if at > now { at } else { to_utc(today.succ_opt()?.and_time(time), tz)? };
        return Some((next, 1));
    }
    let date = match *first {
        "today" | "tonight" => today,
        "tomorrow" => today.succ_opt()?,
        first => calendar_date(first)?,
    };
    let at = usize::from(words.get(1) == Some(&"at"));
    let time = time_of_day(words.get(1 + at)?)?;
    Some((to_utc(date.and_time(time), tz)?, 2 + at))
}

struct SpanPart {
    seconds: u64,
    /// The units that occur in it, in seconds.
    largest: u64,
    smallest: u64,
    words: usize,
}

/// `2h`, `1h30m`, `2 hours`, `an hour`, `half an hour`.
fn span_part(words: &[&str]) -> Option<SpanPart> {
    let counted = |count: u64, unit_word: Option<&&str>, words: usize| {
        let unit = unit_seconds(unit_word?)?;
        Some(SpanPart { seconds: count.saturating_mul(unit), largest: unit, smallest: unit, words })
    };
    match words.first().copied()? {
        "a" | "an" | "one" => counted(1, words.get(1), 2),
        "half" if matches!(words.get(1), Some(&("a" | "an"))) => {
            let whole = counted(1, words.get(2), 3)?;
            Some(SpanPart { seconds: whole.seconds / 2, ..whole })
        }
        first if is_digits(first) => counted(first.parse().unwrap_or(u64::MAX), words.get(1), 2),
        first => compact(first),
    }
}

/// `90m`, `1h30m`: numbers and units without a space, each unit smaller than the one before.
fn compact(word: &str) -> Option<SpanPart> {
    let mut part = SpanPart { seconds: 0, largest: 0, smallest: u64::MAX, words: 1 };
    let mut rest = word;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, tail) = tail.split_at_checked(letters)?;
        let unit = unit_seconds(unit)?;
        if number.is_empty() || unit >= part.smallest {
            return None;
        }
        let seconds = number.parse().unwrap_or(u64::MAX).saturating_mul(unit);
        part.seconds = part.seconds.saturating_add(seconds);
        part.largest = part.largest.max(unit);
        part.smallest = unit;
        rest = tail;
    }
    (part.largest > 0).then_some(part)
}

fn unit_seconds(word: &str) -> Option<u64> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 24 * 3600,
        "w" | "week" | "weeks" => 7 * 24 * 3600,
        _ => return None,
    })
}

/// `14:00`, `9:30`, `14:00:30`.
fn time_of_day(word: &str) -> Option<NaiveTime> {
    let mut parts = word.split(':');
    let mut number = || parts.next().filter(|part| part.len() <= 2 && is_digits(part))?.parse::<u32>().ok();
    let (hour, minute) = (number()?, number()?);
    let second = if word.matches(':').count() == 2 { number()? } else { 0 };
    if parts.next().is_some() {
        return None;
    }
    NaiveTime::from_hms_opt(hour, minute, second)
}

/// A day by its name or its date.
fn day(words: &[&str], today: NaiveDate) -> Taken<NaiveDate> {
    let first = words.first()?;
    match *first {
        "today" | "midnight" => return Some((today, 1)),
        "yesterday" => return Some((today.pred_opt()?, 1)),
        // The night's changes are what one asks for in the morning, so it begins at midnight.
        "this" if words.get(1) == Some(&"morning") => return Some((today, 2)),
        _ => {}
    }
    if let Some(date) = calendar_date(first) {
        return Some((date, 1));
    }
    let weekday = weekday(first)?;
    let back = (7 + today.weekday().num_days_from_monday() - weekday.num_days_from_monday()) % 7;
    Some((today.checked_sub_days(Days::new(u64::from(back)))?, 1))
}

/// Whole names only: `sun` is also a host, and `mon` a daemon.
fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" => Weekday::Mon,
        "tuesday" => Weekday::Tue,
        "wednesday" => Weekday::Wed,
        "thursday" => Weekday::Thu,
        "friday" => Weekday::Fri,
        "saturday" => Weekday::Sat,
        "sunday" => Weekday::Sun,
        _ => return None,
    })
}

/// `2026-11-20`, with four digits of year, so that nothing here comes near the ends of the calendar.
fn calendar_date(word: &str) -> Option<NaiveDate> {
    let mut parts = word.split('-');
    let mut number = |digits: std::ops::RangeInclusive<usize>| {
        parts.next().filter(|part| digits.contains(&part.len()) && is_digits(part))?.parse::<u32>().ok()
    };
    let (year, month, day) = (number(4..=4)?, number(1..=2)?, number(1..=2)?);
    if parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

fn to_utc(local: NaiveDateTime, tz: Tz) -> Option<Timestamp> {
    // The longest gap that a time zone ever left is a day (Samoa crossed the date line).
    const LONGEST_GAP_MINUTES: i64 = 25 * 60;
    (0..=LONGEST_GAP_MINUTES).find_map(|minutes| {
        let candidate = local.checked_add_signed(TimeDelta::minutes(minutes))?;
        tz.from_local_datetime(&candidate).earliest().map(|at| at.with_timezone(&Utc))
    })
}
