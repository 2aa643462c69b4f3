//! From a line as it is written to what was heard.

use super::Reader;
use crate::config::recording::Word;
use crate::config::recording::raw::{RawChange, RawFinding, RawLine};
use crate::domain::change::Change;
use crate::domain::report::{Finding, Report, Status};
use crate::domain::signal::{Origin, Severity, Signal, SignalState, Timestamp};
use crate::domain::target::{Signature, Target};

/// Who says it when nobody is named.
const SOMEBODY: &str = "operator";
/// The source that means Steward itself.
const STEWARD: &str = "steward";

impl Reader {
    /// What a line says.
    pub(super) fn word(&mut self, number: usize, at: Timestamp, raw: RawLine) -> Option<Word> {
        let kinds = [
            ("target", raw.target.is_some()),
            ("report", raw.report.is_some() || raw.fine.is_some()),
            ("change", raw.change.is_some()),
            ("says", raw.says.is_some()),
            ("restart", raw.restart),
            ("clock", raw.clock),
            ("end", raw.end),
        ];
        let said: Vec<&str> = kinds.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
        match said.as_slice() {
            ["target"] => self.signal(number, at, raw).map(|signal| Word::Signal(Box::new(signal))),
            ["report"] => self.skill_report(number, raw),
            ["change"] => Some(Word::Change(Box::new(change(number, at, raw.change?)))),
            ["says"] => Some(Word::Says {
                user: raw.user.unwrap_or_else(|| SOMEBODY.to_owned()),
                text: raw.says?,
                incident: raw.incident,
            }),
            ["restart"] => Some(Word::Restart),
            ["clock"] => Some(Word::Clock),
            ["end"] => Some(Word::End),
            [] => {
                let hint = "add `target` (a signal), `report` or `fine` (what a skill saw), `change`, `says`, `restart`, `clock` or `end`";
                self.report(number, None, "says nothing", hint);
                None
            }
            several => {
                let what = format!("says {} things at once: {}", several.len(), several.join(", "));
                self.report(number, None, what, "write a line for each");
                None
            }
        }
    }

    fn signal(&mut self, number: usize, at: Timestamp, raw: RawLine) -> Option<Signal> {
        let target = raw.target?;
        let Some(signature) = raw.signature else {
            let hint = "write how it is broken, such as \"nfs-stale\"";
            self.report(number, Some("signature"), "is missing", hint);
            return None;
        };
        let origin = self.origin(number, raw.source, raw.skill, raw.fingerprint, &target, &signature)?;
        let happened = match raw.starts_at.as_deref().map(|text| (text, text.parse())) {
            None => at,
            Some((_, Ok(moment))) => moment,
            Some((text, Err(_))) => {
                self.not_a_time(number, "starts_at", text);
                return None;
            }
        };
        Some(Signal {
            origin,
            severity: raw.severity.unwrap_or(Severity::Error),
            state: raw.state.unwrap_or(SignalState::Firing),
            summary: raw.summary.unwrap_or_else(|| summary(&target, &signature)),
            impact: raw.impact,
            evidence: raw.evidence.unwrap_or_default(),
            labels: raw.labels,
            at: happened,
            received_at: at,
            target,
            signature,
        })
    }

    fn origin(
        &mut self,
        number: usize,
        source: Option<String>,
        skill: Option<String>,
        fingerprint: Option<String>,
        target: &Target,
        signature: &Signature,
    ) -> Option<Origin> {
        match (source, skill) {
            (Some(source), None) if source == STEWARD => Some(Origin::Steward),
            (Some(source), None) if source.is_empty() || source.contains('#') => {
                let what = format!("{source:?} is no name of a source");
                self.report(number, Some("source"), what, "write a name such as \"alertmanager\"");
                None
            }
            (Some(source), None) => {
                let fingerprint = fingerprint.unwrap_or_else(|| format!("{target} {signature}"));
                Some(Origin::alert(&source, &fingerprint))
            }
            (None, Some(skill)) => Some(Origin::Skill(skill)),
            (None, None) => {
                let hint = "say who reports it: `source` for an alert, `skill` for a check";
                self.report(number, None, "has neither `source` nor `skill`", hint);
                None
            }
            (Some(_), Some(_)) => {
                self.report(number, None, "has both `source` and `skill`", "leave the one who reports it");
                None
            }
        }
    }

    fn skill_report(&mut self, number: usize, raw: RawLine) -> Option<Word> {
        let Some(skill) = raw.skill else {
            self.report(number, Some("skill"), "is missing", "name the skill that saw it");
            return None;
        };
        // Only a report is the skill's whole truth; that something is fine says nothing about the rest.
        let complete = raw.complete.unwrap_or(raw.report.is_some());
        let fine = raw.fine.unwrap_or_default().into_iter().filter_map(fine);
        let findings = raw.report.unwrap_or_default().into_iter().map(finding).chain(fine).collect();
        let report = Box::new(Report { findings, complete, metrics: Vec::new() });
        Some(Word::Report { skill, report })
    }
}

fn summary(target: &Target, signature: &Signature) -> String {
    format!("{} {signature}", target.name())
}

fn finding(raw: RawFinding) -> Finding {
    let severity = raw.severity.unwrap_or(Severity::Error);
    Finding {
        status: if severity > Severity::Warning { Status::Problem } else { Status::Action },
        severity,
        summary: raw.summary.unwrap_or_else(|| summary(&raw.target, &raw.signature)),
        impact: raw.impact,
        labels: raw.labels,
        evidence: raw.evidence.unwrap_or_default(),
        explicit_target: true,
        explicit_signature: true,
        target: raw.target,
        signature: raw.signature,
    }
}

fn fine(target: Target) -> Option<Finding> {
    // An OK that names no signature recovers whatever the skill saw there, so any signature will do.
    let signature = Signature::parse("fine").ok()?;
    Some(Finding {
        status: Status::Ok,
        severity: Severity::Info,
        summary: format!("{target} is fine"),
        impact: None,
        labels: std::collections::BTreeMap::new(),
        evidence: String::new(),
        explicit_target: true,
        explicit_signature: false,
        target,
        signature,
    })
}

fn change(number: usize, at: Timestamp, raw: RawChange) -> Change {
    Change {
        id: raw.id.unwrap_or_else(|| format!("line-{number}")),
        source: raw.source,
        at,
        author: raw.author.unwrap_or_else(|| SOMEBODY.to_owned()),
        summary: raw.summary,
        files_total: raw.files_total.unwrap_or(raw.files.len()),
        files: raw.files,
        targets: raw.targets,
        kind: raw.kind,
        gist: raw.gist,
        url: raw.url,
        baseline: raw.kind.shifts_baseline(),
    }
}
