//! The report: what a skill prints, parsed strictly.
//!
//! Text of other people passes through here (log lines, names of units), so nothing is guessed. A line counts only
//! where the contract says so, a finding stays within the skill's own targets, and what does not fit is a
//! [`Breach`]: it says something about the skill, and nothing about its targets.

mod blocks;
mod finding;
pub(crate) mod text;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::metric::Sample;
use super::nagios;
use super::signal::Severity;
use super::skill::{Contract, Manifest};
use super::target::{Signature, Target};

/// What one run of a skill says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What it found, in the order it was printed. After a non-zero exit without any OK, so that nothing recovers.
    pub findings: Vec<Finding>,
    /// Whether this is the skill's whole truth: what it reported before and omits now has recovered.
    pub complete: bool,
    /// The samples of its metrics.
    pub metrics: Vec<Sample>,
}

/// One `STATUS:` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What the skill found.
    pub status: Status,
    /// What it is about. Always within the manifest's targets.
    pub target: Target,
    /// How it is broken.
    pub signature: Signature,
    /// How bad it is.
    pub severity: Severity,
    /// One line for people; made from status, target and signature where the skill gives none.
    pub summary: String,
    /// What it means for people.
    pub impact: Option<String>,
    /// Further facts by name.
    pub labels: BTreeMap<String, String>,
    /// Free text, cleaned of control characters, at most [`Finding::MAX_EVIDENCE`] bytes and a note that it was cut.
    pub evidence: String,
    /// Whether the skill named the target itself. An OK that does recovers it even if the report is incomplete.
    pub explicit_target: bool,
    /// Whether the skill named the signature itself.
    pub explicit_signature: bool,
}

/// The word after `STATUS:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It works.
    Ok,
    /// Broken now.
    Problem,
    /// Not broken yet, needs intervention soon.
    Action,
    /// It could not be checked. Changes no target's state.
    Unknown,
}

/// How a skill's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitKind {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Its time was up.
    TimedOut,
}

/// How a run broke the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}{}", line.map(|line| format!("line {line} of the output: ")).unwrap_or_default(), hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct Breach {
    /// The line of the output, from 1.
    pub line: Option<usize>,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Report {
    /// The most findings of one report.
    pub const MAX_FINDINGS: usize = 500;
    /// The most samples of one report.
    pub const MAX_METRICS: usize = 200;
}

impl Finding {
    /// The most evidence that is kept, in bytes.
    pub const MAX_EVIDENCE: usize = 16 * 1024;
    /// The longest key of a header, in characters.
    pub const MAX_KEY: usize = 64;
    /// The longest value of a header, in characters.
    pub const MAX_VALUE: usize = 1_000;
    /// The most labels of one finding.
    pub const MAX_LABELS: usize = 50;
}

/// Reads what a run of `skill` printed, by the contract that its manifest names. `truncated` says that the output
/// was cut at the runner's cap: what is whole counts, and the report is incomplete. (Not so a Nagios plugin's,
/// whose exit code says it all.)
///
/// # Errors
/// The first breach of the contract. A timeout and a signal always are one.
pub fn parse_report(
    skill: &Manifest,
    exit: ExitKind,
    stdout: &[u8],
    truncated: bool,
) -> Result<Report, Breach> {
    let code = match exit {
        ExitKind::Code(code) => code,
        ExitKind::Signal(signal) => {
            return Err(Breach::new(
                format!("a signal ended it ({})", signal_name(signal)),
                "nothing it printed counts",
            ));
        }
        ExitKind::TimedOut => {
            let limit = humantime::format_duration(skill.timeout);
            let message = format!("it was not done after {limit} and was ended");
            return Err(Breach::new(
                message,
                "make it faster, or give it more with `timeout` in its manifest",
            ));
        }
    };
    match skill.contract {
        Contract::Report => parse_blocks(skill, code, stdout, truncated),
        Contract::Nagios => nagios::parse(skill, code, stdout, truncated),
    }
}

fn parse_blocks(skill: &Manifest, code: i32, stdout: &[u8], truncated: bool) -> Result<Report, Breach> {
    let text = String::from_utf8_lossy(stdout);
    if text.trim().is_empty() {
        return Err(Breach::silent(code));
    }
    let mut report = Report { findings: Vec::new(), complete: code == 0 && !truncated, metrics: Vec::new() };
    for block in blocks::split(&text, truncated)? {
        let (finding, samples) = finding::read(skill, &block)?;
        report.complete &= finding.status != Status::Unknown;
        report.findings.push(finding);
        report.metrics.extend(samples);
        if report.metrics.len() > Report::MAX_METRICS {
            let message = format!("there are more than {} metrics in one report", Report::MAX_METRICS);
            return Err(Breach::new(message, "report fewer, or split the skill").at(block.line));
        }
    }
    if code != 0 {
        // Nothing recovers after a failed run, not even what it called fine before it failed.
        report.findings.retain(|finding| finding.status != Status::Ok);
        if report.findings.is_empty() {
            let message = format!("it exited with {code}, though all that it reports is OK");
            return Err(Breach::new(message, "exit 0 after a report that is whole"));
        }
    }
    Ok(report)
}

impl Breach {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { line: None, message: message.into(), hint: Some(hint.into()) }
    }

    fn at(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    /// Nothing was printed.
    pub(crate) fn silent(code: i32) -> Self {
        let hint = match code {
            0 => "a skill prints a status even if all is well: `echo STATUS:OK`",
            code => exit_hint(code),
        };
        Self::new(format!("it printed nothing and exited with {code}"), hint)
    }
}

/// What an exit code that is no verdict mostly means.
pub(crate) fn exit_hint(code: i32) -> &'static str {
    match code {
        126 => "126 mostly means that a program could not be executed",
        127 => "127 mostly means that a program was not found",
        _ => "it probably failed before its report; see what it wrote to standard error",
    }
}

impl Status {
    const ALL: [Self; 4] = [Self::Ok, Self::Problem, Self::Action, Self::Unknown];

    /// The word after `STATUS:`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Problem => "PROBLEM",
            Self::Action => "ACTION",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Parses the word of [`Status::as_str`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// What this status means where a PROBLEM means `problem`.
    pub(crate) fn severity(self, problem: Severity) -> Severity {
        match self {
            Self::Problem => problem,
            Self::Action => Severity::Warning,
            Self::Ok | Self::Unknown => Severity::Info,
        }
    }

    /// The summary of a finding that has none.
    pub(crate) fn summary(self, target: &Target, signature: &Signature) -> String {
        match self {
            Self::Ok => format!("{target} is fine"),
            Self::Problem => format!("{signature} on {target}"),
            Self::Action => format!("{signature} on {target} needs attention soon"),
            Self::Unknown => format!("{target} could not be checked"),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn signal_name(number: i32) -> String {
    let name = match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL, by hand or for want of memory",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return number.to_string(),
    };
    format!("{number}, {name}")
}

#[cfg(test)]
mod tests;
