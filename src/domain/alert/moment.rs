//! When a source says that something happened, in the ways that sources write it.

use chrono::{DateTime, Datelike, NaiveDateTime, SubsecRound, Utc};

use crate::domain::signal::Timestamp;

/// Reads a moment: RFC 3339; `2026-11-21 07:08:09.123`, taken for UTC; seconds or milliseconds since 1970. `None` if it is
/// none of these, and for Go's zero time, which means that there is none.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let read = match DateTime::parse_from_rfc3339(text) {
        Ok(moment) => moment.with_timezone(&Utc),
        Err(_) => match text.parse::<f64>() {
            Ok(number) => since_1970(number)?,
            Err(_) => {
                let plain = text.replace('T', " ");
                NaiveDateTime::parse_from_str(&plain, "%Y-%m-%d %H:%M:%S%.f").ok()?.and_utc()
            }
        },
    };
    Some(read.trunc_subsecs(3)).filter(|moment| (1970..10_000).contains(&moment.year()))
}

fn since_1970(number: f64) -> Option<Timestamp> {
    // Seconds reach this in the year 5138, milliseconds passed it in 1973; likewise for the smaller units.
    const SECONDS_END: f64 = 1e11;
    let factor = match number.abs() {
        n if n < SECONDS_END => 1e3,
        n if n < SECONDS_END * 1e3 => 1.0,
        n if n < SECONDS_END * 1e6 => 1e-3,
        _ => 1e-6,
    };
    let millis = (number * factor).trunc();
    if !millis.is_finite() || millis.abs() > 1e15 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within a million years of 1970, and whole")]
    DateTime::from_timestamp_millis(millis as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_the_ways_that_sources_write_it() {
        for text in [
            "2026-11-21T07:08:09.123456789Z",
            "2026-11-21T08:08:09.123+01:00",
            "2026-11-21 07:08:09.123",
            "2026-11-21T07:08:09.123",
            "1795244889123",
            "1795244889.1235",
            "1795244889123456",
            "1795244889123456789",
        ] {
            let read = moment(text).unwrap();
            assert_eq!(read.to_rfc3339(), "2026-11-21T07:08:09.123+00:00", "{text}");
        }
        for none in ["0001-01-01T00:00:00Z", "", "soon", "NaN", "inf", "1e300", "-1e300"] {
            assert_eq!(moment(none), None, "{none}");
        }
    }
}
