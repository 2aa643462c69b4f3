//! Reads a skill's report strictly, and refuses what no report may hold.

use std::collections::BTreeSet;

use steward::domain::target::{Signature, Target};

use crate::bench::HOST;

pub(crate) struct Report(pub(crate) Vec<Finding>);

#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) status: String,
    headers: Vec<(String, String)>,
    pub(crate) evidence: String,
}

impl Report {
    /// The only finding about a target, given without the host.
    pub(crate) fn about(&self, target: &str) -> &Finding {
        let mut found = self.0.iter().filter(|f| f.target() == target);
        match (found.next(), found.next()) {
            (Some(finding), None) => finding,
            (None, _) => panic!("nothing about {target}: {:#?}", self.0),
            (Some(_), Some(_)) => panic!("{target} is reported twice: {:#?}", self.0),
        }
    }

    /// The only finding.
    pub(crate) fn only(&self) -> &Finding {
        assert_eq!(self.0.len(), 1, "not one finding: {:#?}", self.0);
        &self.0[0]
    }

    /// The targets in order, without the host.
    pub(crate) fn targets(&self) -> Vec<&str> {
        self.0.iter().map(Finding::target).collect()
    }
}

impl Finding {
    /// The value of a header; empty when there is none.
    pub(crate) fn get(&self, key: &str) -> &str {
        self.headers.iter().find(|(k, _)| k == key).map_or("", |(_, value)| value)
    }

    /// What is broken, without the host.
    pub(crate) fn target(&self) -> &str {
        self.get("target").strip_prefix(HOST).unwrap().trim_start_matches('/')
    }

    pub(crate) fn has_metric(&self, sample: &str) -> bool {
        self.headers.iter().any(|(k, v)| k == "metric" && v == sample)
    }

    /// Asserts status and signature, and that the summary has `words` in it.
    pub(crate) fn says(&self, status: &str, signature: &str, words: &str) -> &Self {
        assert_eq!((self.status.as_str(), self.get("signature")), (status, signature), "{self:#?}");
        assert!(self.get("summary").contains(words), "no {words:?} in {:?}", self.get("summary"));
        self
    }
}

/// Parses a report and asserts what holds for every one: findings only, targets and signatures that are names, a
/// summary each, samples that are exposition, no control characters, no problem told twice, and evidence that is
/// indented, so that nothing in it can be taken for a finding.
pub(crate) fn parse(text: &str) -> Report {
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "control characters in {text:?}");
    let mut findings: Vec<Finding> = Vec::new();
    let mut in_headers = false;
    for line in text.lines() {
        if let Some(status) = line.strip_prefix("STATUS:") {
            assert!(["OK", "ACTION", "PROBLEM", "UNKNOWN"].contains(&status), "{line:?}");
            findings.push(Finding {
                status: status.to_owned(),
                headers: Vec::new(),
                evidence: String::new(),
            });
            in_headers = true;
            continue;
        }
        let finding = findings.last_mut().expect("the report does not begin with STATUS:");
        if !in_headers {
            assert!(
                line.starts_with("  ") || line.is_empty(),
                "evidence is not indented: {line:?} in\n{text}"
            );
            finding.evidence.push_str(line);
            finding.evidence.push('\n');
        } else if line.is_empty() {
            in_headers = false;
        } else {
            let (key, value) =
                line.split_once(": ").unwrap_or_else(|| panic!("no header: {line:?} in\n{text}"));
            assert!(key.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{line:?}");
            finding.headers.push((key.to_owned(), value.to_owned()));
        }
    }
    assert!(!findings.is_empty(), "an empty report");
    let mut told = BTreeSet::new();
    for finding in &findings {
        check(finding);
        assert!(told.insert((finding.get("target"), finding.get("signature"))), "told twice in\n{text}");
    }
    Report(findings)
}

fn check(finding: &Finding) {
    let target = Target::parse(finding.get("target")).unwrap();
    assert!(target.is_within(&Target::parse(HOST).unwrap()), "{target} is not on {HOST}");
    assert!(!finding.get("summary").is_empty(), "no summary: {finding:#?}");
    if matches!(finding.status.as_str(), "ACTION" | "PROBLEM") {
        Signature::parse(finding.get("signature")).unwrap();
    }
    let sample =
        regex::Regex::new(r#"^[a-z_]+(\{([a-z]+="([^"\\]|\\["\\n])*",?)+\})? -?[0-9]+(\.[0-9]+)?$"#).unwrap();
    for (_, value) in finding.headers.iter().filter(|(key, _)| key == "metric") {
        assert!(sample.is_match(value), "not a sample: {value:?}");
    }
}
