//! Runbooks and plans as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::runbook::{Runbook, Step};

/// `runbook list`
#[derive(Serialize)]
pub(in crate::cli) struct RunbookList {
    pub(in crate::cli) runbooks: Vec<RunbookEntry>,
}

#[derive(Serialize)]
pub(in crate::cli) struct RunbookEntry {
    name: String,
    title: String,
    description: Option<String>,
    shipped: bool,
    file: String,
    #[serde(rename = "match")]
    fits: MatchEntry,
    steps: Vec<StepEntry>,
    cooldown_seconds: f64,
    max_attempts: u32,
    watch_seconds: f64,
}

#[derive(Serialize)]
struct MatchEntry {
    skill: Option<String>,
    signature: Option<String>,
    target: Option<String>,
    labels: BTreeMap<String, String>,
    pattern: Option<String>,
}

#[derive(Serialize)]
struct StepEntry {
    name: String,
    run: Vec<String>,
}

impl From<&Runbook> for RunbookEntry {
    fn from(runbook: &Runbook) -> Self {
        let fits = &runbook.fits;
        let step = |step: &Step| StepEntry {
            name: step.name.clone(),
            run: step.run.argv.iter().map(ToString::to_string).collect(),
        };
        Self {
            name: runbook.name.clone(),
            title: runbook.title.clone(),
            description: runbook.description.clone(),
            shipped: runbook.shipped,
            file: runbook.file.clone(),
            fits: MatchEntry {
                skill: fits.skill.clone(),
                signature: fits.signature.as_ref().map(ToString::to_string),
                target: fits.target.as_ref().map(|target| target.as_str().to_owned()),
                labels: fits.labels.iter().map(|(name, glob)| (name.clone(), glob.to_string())).collect(),
                pattern: fits.pattern.as_ref().map(ToString::to_string),
            },
            steps: runbook.steps.iter().map(step).collect(),
            cooldown_seconds: runbook.limits.cooldown.as_secs_f64(),
            max_attempts: runbook.limits.max_attempts,
            watch_seconds: runbook.limits.watch.as_secs_f64(),
        }
    }
}

/// `runbook plan`
#[derive(Serialize)]
pub(in crate::cli) struct PlanDocument {
    pub(in crate::cli) runbook: String,
    pub(in crate::cli) title: String,
    pub(in crate::cli) target: String,
    pub(in crate::cli) signature: String,
    pub(in crate::cli) labels: BTreeMap<String, String>,
    /// `stored_signal` or `command_line`.
    pub(in crate::cli) values_from: &'static str,
    /// Whether the runbook would be chosen for this at all.
    pub(in crate::cli) fits: bool,
    pub(in crate::cli) paused: bool,
    /// The strictest of all decisions: `allow`, `approve` or `forbid`.
    pub(in crate::cli) decision: String,
    /// What must hold around the steps.
    pub(in crate::cli) checks: Vec<PlanCheck>,
    pub(in crate::cli) steps: Vec<PlanStep>,
}

#[derive(Serialize)]
pub(in crate::cli) struct PlanCheck {
    pub(in crate::cli) name: String,
    /// `before`, `always` or `after`.
    pub(in crate::cli) when: String,
    /// Whether a destructive step relies on it.
    pub(in crate::cli) safety: bool,
    pub(in crate::cli) command: PlanCommand,
}

#[derive(Serialize)]
pub(in crate::cli) struct PlanStep {
    pub(in crate::cli) name: String,
    pub(in crate::cli) effect: String,
    pub(in crate::cli) timeout_seconds: f64,
    pub(in crate::cli) attempts: u32,
    pub(in crate::cli) backoff_seconds: f64,
    pub(in crate::cli) idempotent: bool,
    /// `command`, `check` (the check that found it, run again) or `none`; of an undo `readings` or `exit_code`.
    pub(in crate::cli) verify: &'static str,
    pub(in crate::cli) commands: Vec<PlanCommand>,
}

#[derive(Serialize)]
pub(in crate::cli) struct PlanCommand {
    /// `check`, `capture`, `run`, `verify` or `undo`.
    pub(in crate::cli) part: &'static str,
    /// The capture's name.
    pub(in crate::cli) capture: Option<String>,
    pub(in crate::cli) host: String,
    pub(in crate::cli) argv: Vec<String>,
    pub(in crate::cli) cwd: Option<String>,
    pub(in crate::cli) decision: String,
    pub(in crate::cli) effect: String,
    pub(in crate::cli) blast_radius: String,
    pub(in crate::cli) reasons: Vec<String>,
    pub(in crate::cli) rule: Option<String>,
}
