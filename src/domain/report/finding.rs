//! One block, read into a [`Finding`] and its samples.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::Block;
use super::{Breach, Finding, Status, text};
use crate::domain::metric::Sample;
use crate::domain::signal::Severity;
use crate::domain::skill::Manifest;
use crate::domain::target::{Signature, Target};

/// Reads one block.
pub(super) fn read(skill: &Manifest, block: &Block<'_>) -> Result<(Finding, Vec<Sample>), Breach> {
    let status = read_status(block)?;
    let headers = Headers::read(skill, status, block)?;
    let default = skill.default_problem().ok_or_else(|| {
        Breach::new("the skill's manifest names no target", "check it with `steward check`")
    })?;
    let (explicit_target, explicit_signature) = (headers.target.is_some(), headers.signature.is_some());
    let target = headers.target.unwrap_or(default.target);
    let signature = headers.signature.unwrap_or(default.signature);
    let finding = Finding {
        status,
        severity: status.severity(headers.severity.unwrap_or(skill.severity)),
        summary: headers.summary.unwrap_or_else(|| status.summary(&target, &signature)),
        impact: headers.impact,
        labels: headers.labels,
        evidence: text::evidence(&block.evidence, block.cut),
        target,
        signature,
        explicit_target,
        explicit_signature,
    };
    Ok((finding, headers.metrics))
}

fn read_status(block: &Block<'_>) -> Result<Status, Breach> {
    let word = block.status.trim_end();
    Status::parse(word).ok_or_else(|| {
        let message = format!("{:?} is not a status", text::excerpt(word));
        let hint = match Status::parse(&word.trim().to_ascii_uppercase()) {
            Some(meant) => format!("write `STATUS:{meant}`, in capitals and without a space"),
            None => {
                "there are OK, PROBLEM, ACTION and UNKNOWN; indent text that is not meant as one".to_owned()
            }
        };
        Breach::new(message, hint).at(block.line)
    })
}

/// What the header lines say.
#[derive(Default)]
struct Headers {
    target: Option<Target>,
    signature: Option<Signature>,
    severity: Option<Severity>,
    summary: Option<String>,
    impact: Option<String>,
    labels: BTreeMap<String, String>,
    metrics: Vec<Sample>,
}

impl Headers {
    fn read(skill: &Manifest, status: Status, block: &Block<'_>) -> Result<Self, Breach> {
        let mut headers = Self::default();
        let mut seen = BTreeSet::new();
        for (number, line) in &block.headers {
            let one = split_header(line).and_then(|(key, value)| {
                if key != "metric" && !seen.insert(key) {
                    return Err(Breach::new(format!("the header `{key}` is there twice"), "one value each"));
                }
                headers.take(skill, status, key, value)
            });
            one.map_err(|breach| breach.at(*number))?;
        }
        Ok(headers)
    }

    fn take(&mut self, skill: &Manifest, status: Status, key: &str, value: &str) -> Result<(), Breach> {
        // An empty text is a variable that happened to be empty; what identifies must be there.
        let words = || {
            let words = text::clean_line(value).replace('\t', " ").trim().to_owned();
            Some(words).filter(|words| !words.is_empty())
        };
        match key {
            "target" => self.target = Some(read_target(skill, value)?),
            "signature" => {
                let hint = "it names how a thing is broken, the same each time; numbers and names belong in the summary";
                let read = Signature::parse(value).map_err(|error| Breach::new(error.to_string(), hint));
                self.signature = Some(read?);
            }
            "severity" => self.severity = Some(read_severity(status, value)?),
            "summary" => self.summary = words(),
            "impact" => self.impact = words(),
            "metric" => {
                let read = Sample::parse(value);
                let hint = "write `metric: name{label=\"value\"} 3`";
                self.metrics.push(read.map_err(|error| Breach::new(error.to_string(), hint))?);
            }
            label => {
                self.labels.extend(words().map(|words| (label.to_owned(), words)));
                if self.labels.len() > Finding::MAX_LABELS {
                    let message =
                        format!("there are more than {} labels in one finding", Finding::MAX_LABELS);
                    return Err(Breach::new(message, "put a blank line before the free text"));
                }
            }
        }
        Ok(())
    }
}

/// Splits `key: value`.
fn split_header(line: &str) -> Result<(&str, &str), Breach> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let parts = line.split_once(':').filter(|(key, value)| {
        key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.chars().all(good)
            && (value.is_empty() || value.starts_with([' ', '\t']))
    });
    let Some((key, value)) = parts else {
        let message = format!("{:?} is not a header", text::excerpt(line));
        return Err(Breach::new(
            message,
            "write `key: value` with a lower-case key, or put a blank line before free text",
        ));
    };
    let value = value.trim();
    for (what, length, most) in
        [("key", key.len(), Finding::MAX_KEY), ("value", value.chars().count(), Finding::MAX_VALUE)]
    {
        if length > most {
            let key = text::excerpt(key);
            let message =
                format!("the {what} of the header `{key}` is {length} characters long; {most} at most");
            return Err(Breach::new(message, "put long text below the blank line, as evidence"));
        }
    }
    Ok((key, value))
}

fn read_target(skill: &Manifest, value: &str) -> Result<Target, Breach> {
    let target = Target::parse(value)
        .map_err(|error| Breach::new(error.to_string(), "give `target: ` a path, or leave the header out"))?;
    if skill.covers(&target) {
        return Ok(target);
    }
    let prefixes = skill.targets.iter().map(Target::as_str).collect::<Vec<_>>().join(", ");
    let message = format!("the target {target} is not within the skill's targets ({prefixes})");
    Err(Breach::new(message, "add its prefix to `targets` in the manifest if the skill is to report on it"))
}

fn read_severity(status: Status, value: &str) -> Result<Severity, Breach> {
    if status != Status::Problem {
        let message = format!("STATUS:{status} has a severity");
        return Err(Breach::new(message, "only a PROBLEM has one: leave the header out"));
    }
    match Severity::parse(value) {
        Some(severity @ (Severity::Error | Severity::Critical)) => Ok(severity),
        _ => {
            let message = format!("{:?} is not a severity of a PROBLEM", text::excerpt(value));
            Err(Breach::new(message, "write `error` or `critical`; what can wait is STATUS:ACTION"))
        }
    }
}
