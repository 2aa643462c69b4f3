//! What a skill printed, read by the parser that Steward itself uses, and words to assert on it.

use std::collections::BTreeSet;

use steward::domain::metric::Sample;
use steward::domain::report::{self, ExitKind, Status, parse_report};
use steward::domain::skill::Manifest;

use crate::bench::HOST;

/// A report that keeps the contract, and the text that it was read from.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) findings: Vec<Finding>,
    metrics: Vec<Sample>,
}

/// A finding as Steward has it.
#[derive(Debug)]
pub(crate) struct Finding(pub(crate) report::Finding);

impl Report {
    /// Reads what a skill printed before it ended with 0, and holds it to [`tidiness`] besides.
    pub(crate) fn read(skill: &Manifest, text: &str) -> Self {
        let read = parse_report(skill, ExitKind::Code(0), text.as_bytes(), false);
        let read = read.unwrap_or_else(|breach| panic!("{}: {breach}\n{text}", skill.name));
        tidiness(&read, text);
        let findings = read.findings.into_iter().map(Finding).collect();
        Self { text: text.to_owned(), findings, metrics: read.metrics }
    }

    /// The only finding about a target, given without the host.
    pub(crate) fn about(&self, target: &str) -> &Finding {
        let mut found = self.findings.iter().filter(|f| f.target() == target);
        match (found.next(), found.next()) {
            (Some(finding), None) => finding,
            (None, _) => panic!("nothing about {target}:\n{}", self.text),
            (Some(_), Some(_)) => panic!("{target} is reported twice:\n{}", self.text),
        }
    }

    /// The only finding.
    pub(crate) fn only(&self) -> &Finding {
        assert_eq!(self.findings.len(), 1, "not one finding:\n{}", self.text);
        &self.findings[0]
    }

    /// The targets in order, without the host.
    pub(crate) fn targets(&self) -> Vec<&str> {
        self.findings.iter().map(Finding::target).collect()
    }

    /// Asserts that a sample is there, once.
    pub(crate) fn measures(&self, sample: &str) -> &Self {
        let sample = Sample::parse(sample).unwrap();
        let found = self.metrics.iter().filter(|metric| **metric == sample).count();
        assert_eq!(found, 1, "{sample:?} in {:#?}", self.metrics);
        self
    }
}

impl Finding {
    /// The value of a label; empty when there is none.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.0.labels.get(name).map_or("", String::as_str)
    }

    /// What is broken, without the host.
    pub(crate) fn target(&self) -> &str {
        self.0.target.as_str().strip_prefix(HOST).unwrap().trim_start_matches('/')
    }

    /// How it is broken, if the skill says so; empty if it doesn't.
    pub(crate) fn signature(&self) -> &str {
        if self.0.explicit_signature { self.0.signature.as_str() } else { "" }
    }

    pub(crate) fn is_ok(&self) -> bool {
        self.0.status == Status::Ok
    }

    /// Asserts status and signature, and that the summary has `words` in it.
    pub(crate) fn says(&self, status: &str, signature: &str, words: &str) -> &Self {
        assert_eq!((self.0.status.as_str(), self.signature()), (status, signature), "{self:#?}");
        assert!(self.0.summary.contains(words), "no {words:?} in {:?}", self.0.summary);
        self
    }

    /// Asserts that the evidence has `words` in it.
    pub(crate) fn shows(&self, words: &str) -> &Self {
        assert!(self.0.evidence.contains(words), "no {words:?} in\n{}", self.0.evidence);
        self
    }
}

/// What the contract leaves open and a shipped skill keeps nevertheless: it says itself what a finding is about, gives
/// what is wrong a signature and everything a summary, indents evidence, tells nothing twice, and leaves nothing
/// for Steward to clean.
fn tidiness(report: &report::Report, text: &str) {
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "control characters in {text:?}");
    let mut told = BTreeSet::new();
    for finding in &report.findings {
        let wrong = matches!(finding.status, Status::Problem | Status::Action);
        assert!(finding.explicit_target && finding.explicit_signature == wrong, "{finding:#?}");
        assert!(told.insert((&finding.target, &finding.signature)), "told twice in\n{text}");
    }
    for block in format!("\n{text}").split("\nSTATUS:").skip(1) {
        let (headers, evidence) = block.split_once("\n\n").unwrap_or((block, ""));
        assert!(headers.contains("\nsummary: "), "no summary in {block:?}");
        let indented = |line: &str| line.is_empty() || line.starts_with("  ");
        assert!(evidence.lines().all(indented), "evidence is not indented in\n{text}");
    }
}
