//! Looks at the runbooks under the policy before any of them is needed: the same look for `check`, at the start and at
//! each reload.

use std::collections::BTreeMap;
use std::path::Path;

use super::plan::{Draft, Judged, draft_step, radius};
use crate::config::{Problem, Setup};
use crate::domain::runbook::{Runbook, Step};
use crate::domain::signal::{Origin, Severity, Signal, SignalState, Timestamp};
use crate::domain::target::{NameError, Signature, Target};
use crate::policy::{Decision, Facts};

/// A command that would not run by itself.
#[derive(Debug, Clone)]
pub struct Note {
    /// The runbook it belongs to.
    pub runbook: String,
    /// The command, and the policy's word on it.
    pub judged: Judged,
}

/// What is wrong with the runbooks under the policy, and what they would not do by themselves.
#[derive(Debug, Clone, Default)]
pub struct Review {
    /// What keeps Steward from starting.
    pub problems: Vec<Problem>,
    /// What is worth knowing.
    pub notes: Vec<Note>,
}

/// Reviews all runbooks, each with a signal that it could be for.
#[must_use]
pub fn review(setup: &Setup) -> Review {
    let mut review = Review::default();
    for runbook in setup.loaded.runbooks.values() {
        review.runbook(runbook, setup);
    }
    review
}

impl Review {
    /// Each step is planned by itself, so that the fault of one does not hide that of the next.
    fn runbook(&mut self, runbook: &Runbook, setup: &Setup) {
        let signal = match example(runbook, &setup.loaded.config.host) {
            Ok(Example { signal, .. }) => signal,
            Err(error) => {
                let problem = Problem::of_file(Path::new(&runbook.file), error.to_string(), None);
                return self.problems.push(problem);
            }
        };
        let facts = Facts {
            autonomy: setup.loaded.config.autonomy,
            target_radius: radius(&setup.topology, &signal.target),
            ..Facts::plain()
        };
        for (index, step) in runbook.steps.iter().enumerate() {
            match draft_step(runbook, index, &signal, &setup.loaded.config.host, &setup.policy, &facts) {
                // The checks are those of each step, and are told once.
                Ok(draft) => self.step(runbook, draft, index == 0),
                Err(why) => {
                    let (what, hint) = match why.split_once("; ") {
                        Some((what, hint)) => (what.to_owned(), Some(hint.to_owned())),
                        None => (why, None),
                    };
                    self.problems.push(Problem { what, hint, ..at_step(runbook, step) });
                }
            }
        }
    }

    fn step(&mut self, runbook: &Runbook, draft: Draft, with_checks: bool) {
        let told = draft.judged.into_iter().filter(|judged| with_checks || judged.step.is_some());
        let asking = told.filter(|judged| judged.evaluation.decision != Decision::Allow);
        self.notes.extend(asking.map(|judged| Note { runbook: runbook.name.clone(), judged }));
    }
}

/// Where a step is written, as well as a look at the file tells.
fn at_step(runbook: &Runbook, step: &Step) -> Problem {
    let file = Path::new(&runbook.file);
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let is_head = |line: &str| {
        let name = line.trim().trim_start_matches("- ").strip_prefix("name:").unwrap_or_default();
        name.trim().trim_matches(['"', '\'']) == step.name && line.starts_with([' ', '-'])
    };
    let line = text
        .lines()
        .position(is_head)
        .or_else(|| text.lines().position(|line| line.starts_with("playbook:")));
    let index = runbook.steps.iter().position(|other| other.name == step.name).unwrap_or(0);
    Problem {
        line: line.map(|index| index + 1),
        field: Some(format!("steps[{index}]")),
        ..Problem::of_file(file, "", None)
    }
}

/// A signal that a runbook could be for.
pub struct Example {
    /// Everything that its match and its templates speak of has a value; its texts are empty.
    pub signal: Signal,
    /// The labels that the match leaves no choice about.
    pub fixed: BTreeMap<String, String>,
}

/// A signal that fits the runbook's match, but for its pattern, with a value for each name in its templates.
///
/// # Errors
/// None of the names at hand is one; not with a runbook that was loaded.
pub fn example(runbook: &Runbook, host: &Target) -> Result<Example, NameError> {
    let fits = &runbook.fits;
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for template in runbook.commands().flat_map(|command| command.templates()) {
        let used = template.names().filter_map(|name| name.strip_prefix("labels."));
        labels.extend(used.map(|label| (label.to_owned(), "example".to_owned())));
    }
    let asked = fits.labels.iter().map(|(name, glob)| (name.clone(), glob.to_string()));
    labels.extend(asked.map(|(name, glob)| (name, glob.replace('*', "example"))));
    let fixed = fits.labels.iter().map(|(name, glob)| (name.clone(), glob.to_string()));
    let fixed = fixed.filter(|(_, text)| !text.contains('*')).collect();
    let path = fits.target.as_ref().map(|glob| glob.as_str().replace("**", "*").replace('*', "example"));
    let target = path.and_then(|path| Target::parse(&path).ok());
    let below_host = || Target::parse(&format!("{host}/example")).unwrap_or_else(|_| host.clone());
    let signature = fits.signature.as_ref().map(|glob| glob.to_string().replace('*', "example"));
    let signature = signature.and_then(|text| Signature::parse(&text).ok());
    let signal = Signal {
        origin: Origin::Skill(fits.skill.clone().unwrap_or_else(|| "example".to_owned())),
        target: target.unwrap_or_else(below_host),
        signature: signature.map_or_else(|| Signature::parse(&runbook.name), Ok)?,
        severity: Severity::Error,
        state: SignalState::Firing,
        summary: String::new(),
        impact: None,
        evidence: String::new(),
        labels,
        at: Timestamp::UNIX_EPOCH,
        received_at: Timestamp::UNIX_EPOCH,
    };
    Ok(Example { signal, fixed })
}
