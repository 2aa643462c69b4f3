//! One sample of a metric: a line of the Prometheus text exposition, without its timestamp.

use std::collections::BTreeMap;
use std::str::Chars;

use serde::{Deserialize, Serialize};

/// One value of one series, at the time of the run that reported it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The metric's name: `nfs_stale_mounts`.
    pub name: String,
    /// What tells this series from others of that name.
    pub labels: BTreeMap<String, String>,
    /// The value. It may be NaN or infinite.
    pub value: f64,
}

/// Why a line is not a sample: what is wrong with it, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MetricError(String);

impl Sample {
    /// The longest metric name and the longest label name, in characters.
    pub const MAX_NAME: usize = 128;
    /// The most labels of one sample.
    pub const MAX_LABELS: usize = 16;
    /// The longest label value, in characters.
    pub const MAX_LABEL_VALUE: usize = 256;

    /// Parses `name{label="value"} 3`.
    ///
    /// # Errors
    /// Says what about the line is no sample. A timestamp is refused: a sample is taken when its run is.
    pub fn parse(line: &str) -> Result<Self, MetricError> {
        let line = line.trim();
        let name_end = line.find(|c: char| c == '{' || c.is_whitespace()).unwrap_or(line.len());
        let (name, rest) = line.split_at(name_end);
        check_name(name, "a metric's name", |c| c == ':')?;
        let rest = rest.trim_start();
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => parse_labels(rest)?,
            None => (BTreeMap::new(), rest),
        };
        let mut words = rest.split_whitespace();
        let value = words.next().ok_or_else(|| MetricError(format!("the metric {name} has no value")))?;
        if let Some(more) = words.next() {
            return Err(MetricError(format!(
                "{more:?} after the value of {name}: a timestamp is not taken here, a sample counts from its run"
            )));
        }
        let value = value.parse().map_err(|_| {
            MetricError(format!(
                "{value:?}, the value of {name}, is not a number (such as 3, 0.5, 1e9, NaN, +Inf)"
            ))
        })?;
        Ok(Self { name: name.to_owned(), labels, value })
    }
}

/// Parses the labels after the opening brace, and returns what follows the closing one.
fn parse_labels(text: &str) -> Result<(BTreeMap<String, String>, &str), MetricError> {
    let mut labels = BTreeMap::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(rest) = rest.strip_prefix('}') {
            return Ok((labels, rest));
        }
        let (name, after) = rest.split_once('=').ok_or_else(|| {
            MetricError("labels end too early: write {name=\"value\",other=\"value\"}".into())
        })?;
        let name = name.trim();
        check_name(name, "a label's name", |_| false)?;
        let quoted = after.trim_start().strip_prefix('"');
        let (value, after) = parse_value(
            quoted.ok_or_else(|| {
                MetricError(format!("the value of the label {name} is not in double quotes"))
            })?,
            name,
        )?;
        if labels.insert(name.to_owned(), value).is_some() {
            return Err(MetricError(format!("the label {name} is there twice")));
        }
        if labels.len() > Sample::MAX_LABELS {
            return Err(MetricError(format!("more than {} labels", Sample::MAX_LABELS)));
        }
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if after.starts_with('}') => after,
            None => return Err(MetricError(format!("after the label {name} there is neither `,` nor `}}`"))),
        };
    }
}

/// Parses a label's value after its opening quote, and returns what follows the closing one.
fn parse_value<'a>(text: &'a str, label: &str) -> Result<(String, &'a str), MetricError> {
    let mut value = String::new();
    let mut chars = text.chars();
    let mut length = 0;
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok((value, chars.as_str())),
            '\\' => value.push(unescape(&mut chars, label)?),
            c => value.push(c),
        }
        length += 1;
        if length > Sample::MAX_LABEL_VALUE {
            let most = Sample::MAX_LABEL_VALUE;
            return Err(MetricError(format!(
                "the value of the label {label} is longer than {most} characters"
            )));
        }
    }
    Err(MetricError(format!("the value of the label {label} has no closing quote")))
}

fn unescape(chars: &mut Chars<'_>, label: &str) -> Result<char, MetricError> {
    match chars.next() {
        Some('\\') => Ok('\\'),
        Some('"') => Ok('"'),
        Some('n') => Ok('\n'),
        _ => Err(MetricError(format!(
            "in the value of the label {label}, `\\` may only be followed by \\ \" or n"
        ))),
    }
}

fn check_name(name: &str, what: &str, also: impl Fn(char) -> bool) -> Result<(), MetricError> {
    let head = |c: char| c.is_ascii_alphabetic() || c == '_' || also(c);
    let good = name.starts_with(head) && name.chars().all(|c| head(c) || c.is_ascii_digit());
    if !good {
        let shown: String = name.chars().take(40).collect();
        return Err(MetricError(format!(
            "{shown:?} is not {what}: letters, digits and _, not beginning with a digit"
        )));
    }
    if name.len() > Sample::MAX_NAME {
        return Err(MetricError(format!(
            "{what} is {} characters long; {} at most",
            name.len(),
            Sample::MAX_NAME
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(line: &str) -> f64 {
        Sample::parse(line).unwrap().value
    }

    #[test]
    fn a_line_of_text_exposition_is_a_sample() {
        let sample =
            Sample::parse(r#"nfs_stale_mounts{server="nas", path="C:\\DIR \"x\"\nend",} 3"#).unwrap();
        assert_eq!(sample.name, "nfs_stale_mounts");
        assert_eq!(sample.labels["server"], "nas");
        assert_eq!(sample.labels["path"], "C:\\DIR \"x\"\nend");
        assert_eq!(value("up 1"), 1.0);
        assert_eq!(value("job:rate {} -1.5e3"), -1500.0);
        assert!(value("a NaN").is_nan());
        assert_eq!(value("a +Inf"), f64::INFINITY);
        assert_eq!(value("a -Inf"), f64::NEG_INFINITY);
    }

    #[test]
    fn what_is_no_sample_is_refused_with_its_reason() {
        let long = "a".repeat(129);
        let wide = format!("a{{b=\"{}\"}} 1", "x".repeat(257));
        let many = (0..17).map(|i| format!("l{i}=\"\"")).collect::<Vec<_>>().join(",");
        for (bad, reason) in [
            ("", "name"),
            ("9a 1", "name"),
            ("a-b 1", "name"),
            ("a", "no value"),
            ("a one", "not a number"),
            ("a 0x10", "not a number"),
            ("a 1 1712345678", "timestamp"),
            ("a{b} 1", "too early"),
            ("a{b=1} 1", "double quotes"),
            ("a{b=\"1} 1", "closing quote"),
            (r#"a{b="\t"} 1"#, "followed by"),
            (r#"a{b="1" c="2"} 1"#, "neither"),
            (r#"a{b="1",b="2"} 1"#, "twice"),
            (r#"a{b:c="1"} 1"#, "label's name"),
            (&format!("{long} 1"), "128"),
            (&wide, "256"),
            (&format!("a{{{many}}} 1"), "16"),
        ] {
            let error = Sample::parse(bad).unwrap_err().to_string();
            assert!(error.contains(reason), "{bad}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_the_parser_panic(any in ".*", near in "[a{}=\",\\\\n 1\u{e9}]{0,20}") {
            let _ = Sample::parse(&any);
            let _ = Sample::parse(&near);
        }
    }
}
