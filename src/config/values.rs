//! Values as people write them, for `#[serde(deserialize_with = "…")]`. A message's part after `; ` is its hint.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::{Deserializer, Error, Visitor};

use super::problem::suggest;

/// No setting needs a longer time, and adding it to any date stays within the calendar.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// `"30s"`, `"5m"`, `"1h 30m"`, `"90d"`; also `"0s"`.
pub(super) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    from.deserialize_any(DurationVisitor)
}

/// As [`duration`], but more than nothing.
pub(super) fn positive_duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let duration = duration(from)?;
    if duration.is_zero() {
        return Err(D::Error::custom("must be longer than nothing; write a time such as \"30s\""));
    }
    Ok(duration)
}

/// [`positive_duration`] of a key that may be left out.
pub(super) fn some_positive_duration<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Duration>, D::Error> {
    positive_duration(from).map(Some)
}

/// [`duration`] of a key that may be left out.
pub(super) fn some_duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    duration(from).map(Some)
}

/// `"256KiB"`, `"1MiB"`: at least one KiB, at most 64 MiB. Bytes.
pub(super) fn size<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    from.deserialize_any(SizeVisitor)
}

/// A whole number of at least 1 and at most a million.
pub(super) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    in_range(from, 1..=1_000_000)
}

/// A share of one: 0 to 1.
pub(super) fn share<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let number: f64 = serde::Deserialize::deserialize(from)?;
    if (0.0..=1.0).contains(&number) {
        return Ok(number);
    }
    Err(D::Error::custom(format!("{number} is out of range; write a number from 0 to 1, such as 0.5")))
}

/// An amount of money, in whatever the prices are in: 0 to a million.
pub(super) fn money<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let number: f64 = serde::Deserialize::deserialize(from)?;
    if (0.0..=1e6).contains(&number) {
        return Ok(number);
    }
    Err(D::Error::custom(format!("{number} is out of range; write an amount such as 0.5")))
}

/// [`money`] of a key that may be left out.
pub(super) fn some_money<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    money(from).map(Some)
}

/// [`count`] of a key that may be left out.
pub(super) fn some_count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    count(from).map(Some)
}

/// How many may run at once: 1 to 64.
pub(super) fn concurrency<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    in_range(from, 1..=64)
}

fn in_range<'de, D: Deserializer<'de>>(from: D, range: RangeInclusive<u32>) -> Result<u32, D::Error> {
    let number: i64 = serde::Deserialize::deserialize(from)?;
    u32::try_from(number).ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        D::Error::custom(format!("{number} is out of range; write a whole number from {least} to {most}"))
    })
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"30s\"")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Duration, E> {
        Err(E::custom(format!("{number} is no duration; write \"{number}s\" with its unit (s, m, h, d)")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        let bare = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        let hint = if bare {
            format!("write \"{text}s\"")
        } else {
            "write it as in \"30s\", \"5m\" or \"1h 30m\"".into()
        };
        let duration = humantime::parse_duration(text)
            .map_err(|_| E::custom(format!("{text:?} is no duration; {hint}")))?;
        if duration > LONGEST {
            return Err(E::custom(format!("{text:?} is longer than ten years; write a shorter time")));
        }
        Ok(duration)
    }
}

struct SizeVisitor;

impl Visitor<'_> for SizeVisitor {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size such as \"256KiB\"")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<usize, E> {
        Err(E::custom(format!("{number} is no size; write it with its unit, as in \"256KiB\"")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<usize, E> {
        let units = [("KiB", 1024), ("MiB", 1024 * 1024), ("B", 1)];
        let bytes = units.into_iter().find_map(|(unit, factor)| {
            let number: usize = text.strip_suffix(unit)?.trim_end().parse().ok()?;
            number.checked_mul(factor)
        });
        let bytes = bytes.ok_or_else(|| {
            E::custom(format!("{text:?} is no size; write it as in \"256KiB\" or \"1MiB\""))
        })?;
        if !(1024..=64 * 1024 * 1024).contains(&bytes) {
            return Err(E::custom(format!(
                "{text:?} is out of range; write a size from \"1KiB\" to \"64MiB\""
            )));
        }
        Ok(bytes)
    }
}

/// A name for people: some text on one line.
pub(super) fn name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text: String = serde::Deserialize::deserialize(from)?;
    if text.trim().is_empty() || text.chars().count() > 64 || text.chars().any(char::is_control) {
        return Err(D::Error::custom(format!("{text:?} is no name; write 1 to 64 characters on one line")));
    }
    Ok(text)
}

/// A log level, or a filter with targets.
pub(super) fn log_filter<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let text: String = serde::Deserialize::deserialize(from)?;
    // Alone, a misspelt level would be taken for the name of a module.
    let is_known =
        |part: &str| part.contains(['=', ':', '[']) || LEVELS.contains(&part.to_lowercase().as_str());
    let bad = text.split(',').map(str::trim).find(|part| !is_known(part));
    if let Some(word) = bad {
        let hint = suggest(word, LEVELS).unwrap_or_default();
        return Err(D::Error::custom(format!("{word:?} is no log level; {hint}")));
    }
    match tracing_subscriber::EnvFilter::try_new(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            Err(D::Error::custom(format!("{text:?} is no log filter ({error}); write one such as \"info\"")))
        }
    }
}

/// A parameter's value: a text, or a number or `true`/`false` as it is written.
#[derive(Debug, Clone)]
pub(super) struct Scalar(pub(super) String);

impl<'de> serde::Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }
    fn visit_bool<E: Error>(self, yes: bool) -> Result<Scalar, E> {
        Ok(Scalar(yes.to_string()))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar(number.to_string()))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar(number.to_string()))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        if text.contains('\0') {
            return Err(E::custom("holds a NUL character; take it out"));
        }
        Ok(Scalar(text.to_owned()))
    }
}

/// The number by which a chat platform knows a person or a place: as a number, or in quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Id<T>(pub(super) T);

impl<'de, T: std::str::FromStr> serde::Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Scalar(text) = Scalar::deserialize(from)?;
        text.trim().parse().map(Id).map_err(|_| {
            D::Error::custom(format!("{text:?} is no id; copy the number that the platform shows for it"))
        })
    }
}
