//! Five cron fields, read as crontab(5) means them and translated for the `cron` crate.
//!
//! The crate wants seconds, counts Sunday as 1, refuses 0 as a weekday, and ANDs the two day fields where crontab
//! ORs them once both are restricted. So the fields are read here, into plain lists of numbers, and the crate gets
//! those lists: one schedule, or two whose union is meant. It is asked in "local time as if it were UTC"; what
//! clocks really do is the caller's concern.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::str::FromStr;

use chrono::NaiveDateTime;

use super::ScheduleError;

/// The local minutes that five fields name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crontab {
    /// Their union is what is meant. One, or two where both day fields are restricted.
    schedules: Vec<cron::Schedule>,
    any_hour: bool,
}

/// One of the five fields.
struct Field {
    name: &'static str,
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: &[&str] = &["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const MINUTE: Field = Field { name: "minute", min: 0, max: 59, names: &[] };
const HOUR: Field = Field { name: "hour", min: 0, max: 23, names: &[] };
const DAY_OF_MONTH: Field = Field { name: "day of month", min: 1, max: 31, names: &[] };
const MONTH: Field = Field { name: "month", min: 1, max: 12, names: MONTHS };
const DAY_OF_WEEK: Field = Field { name: "day of week", min: 0, max: 7, names: WEEKDAYS };

impl Crontab {
    /// Reads the five fields.
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let &[minute, hour, day_of_month, month, day_of_week] = fields.as_slice() else {
            return Err(wrong_count(fields.len()));
        };
        let minutes = MINUTE.parse(minute)?;
        let hours = HOUR.parse(hour)?;
        let days = DAY_OF_MONTH.parse(day_of_month)?;
        let months = MONTH.parse(month)?;
        // 0 and 7 are both Sunday, which the crate calls 1.
        let weekdays = DAY_OF_WEEK.parse(day_of_week)?.into_iter().map(|day| day % 7 + 1).collect();

        // As crontab(5) has it: a day field with a `*` is not restricted, whatever step follows.
        let either_day = !day_of_month.contains('*') && !day_of_week.contains('*');
        let head = format!("0 {} {}", list(&minutes), list(&hours));
        let (days, months, weekdays) = (list(&days), list(&months), list(&weekdays));
        let translations = if either_day {
            vec![format!("{head} {days} {months} *"), format!("{head} * {months} {weekdays}")]
        } else {
            vec![format!("{head} {days} {months} {weekdays}")]
        };
        let schedules = translations
            .iter()
            .map(|translation| cron::Schedule::from_str(translation))
            .collect::<Result<_, _>>()
            .map_err(|error| ScheduleError {
                field: None,
                message: format!("{text:?} could not be translated ({error})"),
                hint: "this is a fault of Steward's: report it with the schedule".into(),
            })?;
        Ok(Self { schedules, any_hour: hour.contains('*') || hours.len() == 24 })
    }

    /// Whether the hour is a wildcard: such a schedule means "every so often" rather than "at this hour".
    pub(super) fn by_real_time(&self) -> bool {
        self.any_hour
    }

    /// The first minute after `local`, both as local clocks show them.
    pub(super) fn next_after(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let local = local.and_utc();
        self.schedules
            .iter()
            .filter_map(|schedule| schedule.after(&local).next())
            .min()
            .map(|at| at.naive_utc())
    }
}

impl Field {
    /// Reads a list such as `1-5,*/15,fri`.
    fn parse(&self, text: &str) -> Result<BTreeSet<u32>, ScheduleError> {
        let mut values = BTreeSet::new();
        for item in text.split(',') {
            values.extend(self.parse_item(item)?);
        }
        Ok(values)
    }

    /// Reads a value, a range, or a range with a step.
    fn parse_item(&self, item: &str) -> Result<impl Iterator<Item = u32> + use<>, ScheduleError> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(self.parse_step(item, step)?)),
            None => (item, None),
        };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => self.ordered(item, self.parse_value(first)?, self.parse_value(last)?)?,
            None if range == "*" => (self.min, self.max),
            None if step.is_some() => {
                let hint = format!("write `*/N`, or a range such as `{range}-{}/N`", self.max);
                return Err(self.fault(format!("{item:?} has a step but no range"), hint));
            }
            None => self.parse_value(range).map(|value| (value, value))?,
        };
        Ok((first..=last).step_by(step.unwrap_or(1)))
    }

    fn parse_step(&self, item: &str, step: &str) -> Result<usize, ScheduleError> {
        match number(step) {
            Some(step) if step > 0 && step <= self.max => {
                usize::try_from(step).map_err(|_| self.no_value(item))
            }
            _ => {
                Err(self
                    .fault(format!("{item:?} has no usable step"), format!("a step is 1 to {}", self.max)))
            }
        }
    }

    fn parse_value(&self, word: &str) -> Result<u32, ScheduleError> {
        if let Some(value) = number(word) {
            return if (self.min..=self.max).contains(&value) { Ok(value) } else { Err(self.no_value(word)) };
        }
        let word_lower = word.to_ascii_lowercase();
        let position = self.names.iter().position(|name| word.len() >= 3 && name.starts_with(&word_lower));
        position
            .and_then(|at| u32::try_from(at).ok())
            .map(|at| at + self.min)
            .ok_or_else(|| self.no_value(word))
    }

    /// The ends of a range in order. Only a week may go over its end, since `fri-sun` is what people write.
    fn ordered(&self, item: &str, first: u32, last: u32) -> Result<(u32, u32), ScheduleError> {
        if first <= last {
            return Ok((first, last));
        }
        if self.max == DAY_OF_WEEK.max {
            return Ok((first, last + 7));
        }
        let hint = format!("write it as two: `{first}-{},{}-{last}`", self.max, self.min);
        Err(self.fault(format!("the range {item:?} runs backwards"), hint))
    }

    fn no_value(&self, word: &str) -> ScheduleError {
        let mut allowed = format!("allowed are {} to {}", self.min, self.max);
        if let Some(name) = self.names.first() {
            let _ = write!(allowed, " and names such as `{}`", &name[..3]);
        }
        allowed.push_str(", `*`, ranges `a-b`, lists `a,b` and steps `*/n`");
        self.fault(format!("{word:?} is not a {}", self.name), allowed)
    }

    fn fault(&self, message: String, hint: String) -> ScheduleError {
        ScheduleError { field: Some(self.name), message, hint }
    }
}

fn wrong_count(count: usize) -> ScheduleError {
    let (message, hint) = match count {
        0 => {
            ("a schedule is empty".into(), "write five fields, such as `*/5 * * * *`, or `@every 10s`".into())
        }
        6 | 7 => (
            format!("there are {count} fields, and crontab has five (no seconds, no year)"),
            "leave the seconds out; for less than a minute write `@every 10s`".into(),
        ),
        _ => (
            format!("there are {count} fields, and crontab has five"),
            "write minute, hour, day of month, month and day of week, such as `*/5 * * * *`".into(),
        ),
    };
    ScheduleError { field: None, message, hint }
}

/// A plain number of one or two digits; signs and the like are none.
fn number(word: &str) -> Option<u32> {
    let plain = (1..=2).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    if plain { word.parse().ok() } else { None }
}

fn list(values: &BTreeSet<u32>) -> String {
    values.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
