//! How Steward watches itself, and what it tells of its day.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::config::Secret;
use crate::domain::schedule::Schedule;

/// `[watchdog]`: the test of itself, and the dead man's switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchdogSettings {
    /// How often the pipeline is tested from end to end.
    pub check: Duration,
    /// What is pinged while Steward is well; nothing if absent. An address of this kind is as good as a password.
    pub url: Option<Secret>,
    /// How often it is pinged.
    pub every: Duration,
}

impl Default for WatchdogSettings {
    fn default() -> Self {
        Self { check: Duration::from_secs(15), url: None, every: Duration::from_secs(60) }
    }
}

/// `[digest]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DigestSettings {
    /// Whether there is one.
    pub enabled: bool,
    /// When, by the lab's clock.
    pub at: TimeOfDay,
    /// Whether it is told though there is nothing to tell.
    pub always: bool,
}

impl Default for DigestSettings {
    fn default() -> Self {
        Self { enabled: true, at: TimeOfDay { hour: 8, minute: 0 }, always: false }
    }
}

/// A time of each day, by the lab's clock: `"08:00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay {
    hour: u8,
    minute: u8,
}

impl TimeOfDay {
    /// When that is: once a day, also where clocks skip or repeat it.
    #[must_use]
    pub fn daily(self) -> Option<Schedule> {
        Schedule::parse(&format!("{} {} * * *", self.minute, self.hour)).ok()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let part = |text: &str, most: u8| {
            let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && *number <= most)
        };
        let read =
            |(hour, minute): (&str, &str)| Some(Self { hour: part(hour, 23)?, minute: part(minute, 59)? });
        text.split_once(':').and_then(read).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{text:?} is no time of day; write one from \"00:00\" to \"23:59\""
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<TimeOfDay, String> {
        serde_json::from_value(serde_json::json!(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_time_of_day_is_read_as_clocks_show_it() {
        assert_eq!(read("08:00").unwrap().to_string(), "08:00");
        assert_eq!(read("7:05").unwrap().to_string(), "07:05");
        for wrong in ["", "8", "24:00", "08:60", "+8:00", "08:00:00", "8 am"] {
            assert!(read(wrong).unwrap_err().contains("write one from"), "{wrong}");
        }
    }

    #[test]
    fn it_comes_once_a_day_also_where_clocks_skip_or_repeat_it() {
        let tz = chrono_tz::Europe::Berlin;
        let (spring, autumn) = ("2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z");
        for (from, expected) in [
            (spring, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
            (autumn, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
        ] {
            let daily = read("02:30").unwrap().daily().unwrap();
            let first = daily.next_after(from.parse().unwrap(), tz).unwrap();
            let next = daily.next_after(first, tz).unwrap();
            assert_eq!([first, next].map(|at| at.format("%FT%TZ").to_string()), expected);
        }
    }
}
