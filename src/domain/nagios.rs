//! The Nagios plugin contract (`contract = "nagios"`), read into the same [`Report`].

mod perfdata;

use self::perfdata::Perfdata;
use super::report::{Breach, Finding, Report, Status, exit_hint, text};
use super::skill::Manifest;

/// Reads a plugin's exit code and output. The exit code is the whole truth about the status; output that was cut
/// loses metrics and evidence, and the report is complete all the same unless the status is UNKNOWN.
///
/// # Errors
/// A breach if the exit code is none of 0 to 3, or nothing was printed.
pub(crate) fn parse(skill: &Manifest, code: i32, stdout: &[u8], truncated: bool) -> Result<Report, Breach> {
    let status = match code {
        0 => Status::Ok,
        1 => Status::Action,
        2 => Status::Problem,
        3 => Status::Unknown,
        _ => {
            let message = format!("it exited with {code}; a Nagios plugin exits with 0, 1, 2 or 3");
            return Err(Breach::new(message, exit_hint(code)));
        }
    };
    let stdout = String::from_utf8_lossy(stdout);
    // A word that was cut in the middle could be a number that means something else.
    let whole = if truncated { stdout.rfind(char::is_whitespace).unwrap_or(0) } else { stdout.len() };
    let stdout = &stdout[..whole];
    if !truncated && stdout.trim().is_empty() {
        return Err(Breach::silent(code));
    }
    let default = skill.default_problem().ok_or_else(|| {
        Breach::new("the skill's manifest names no target", "check it with `steward check`")
    })?;
    let Parts { summary, mut long, perfdata } = split(stdout);
    let perfdata = Perfdata::read(&skill.name, &perfdata);
    let notes = perfdata.notes();
    long.extend(notes.iter().map(String::as_str));
    let finding = Finding {
        status,
        severity: status.severity(skill.severity),
        summary: summary.unwrap_or_else(|| status.summary(&default.target, &default.signature)),
        impact: None,
        labels: Default::default(),
        evidence: text::evidence(&long, truncated),
        target: default.target,
        signature: default.signature,
        explicit_target: false,
        explicit_signature: false,
    };
    Ok(Report { findings: vec![finding], complete: status != Status::Unknown, metrics: perfdata.samples })
}

/// A plugin's output, taken apart as its guidelines say.
struct Parts<'a> {
    summary: Option<String>,
    long: Vec<&'a str>,
    perfdata: Vec<&'a str>,
}

/// The first line is `summary|perfdata`. Long text follows; from the first `|` in it on, all is perfdata.
fn split(stdout: &str) -> Parts<'_> {
    let mut lines = stdout.lines();
    let first = lines.next().unwrap_or_default();
    let (summary, first_perfdata) = first.split_once('|').unwrap_or((first, ""));
    let mut parts = Parts { summary: shorten(summary), long: Vec::new(), perfdata: vec![first_perfdata] };
    let mut in_perfdata = false;
    for line in lines {
        if in_perfdata {
            parts.perfdata.push(line);
        } else if let Some((long, perfdata)) = line.split_once('|') {
            parts.long.push(long);
            parts.perfdata.push(perfdata);
            in_perfdata = true;
        } else {
            parts.long.push(line);
        }
    }
    parts
}

/// The summary, cleaned and no longer than a header of a report could be.
fn shorten(summary: &str) -> Option<String> {
    let clean = text::clean_line(summary);
    let clean: String = clean.trim().chars().take(Finding::MAX_VALUE).collect();
    Some(clean).filter(|clean| !clean.is_empty())
}

#[cfg(test)]
mod tests;
