//! How a model did at recorded cases, as JSON.

use serde::Serialize;

use crate::agent::eval::Played;
use crate::config::Case;

/// `agent eval`
#[derive(Serialize)]
pub(in crate::cli) struct EvalReport {
    model: String,
    passed: usize,
    cases: Vec<EvalEntry>,
}

#[derive(Serialize)]
struct EvalEntry {
    case: String,
    title: String,
    file: String,
    passed: bool,
    root_found: bool,
    root: Option<String>,
    words_found: usize,
    words_wanted: usize,
    steps: u32,
    steps_enough: u32,
    tokens_in: u64,
    tokens_cached: u64,
    tokens_out: u64,
    seconds: f64,
    cost: f64,
    confidence: u8,
    diagnosis: String,
    missing: Vec<String>,
}

impl EvalReport {
    /// The report on one model; each case with how it was played.
    pub(in crate::cli) fn new(model: &str, played: &[(&Case, Played)]) -> Self {
        Self {
            model: model.to_owned(),
            passed: played.iter().filter(|(_, played)| played.verdict.passed()).count(),
            cases: played.iter().map(|(case, played)| entry(case, played)).collect(),
        }
    }
}

fn entry(case: &Case, played: &Played) -> EvalEntry {
    EvalEntry {
        case: played.case.clone(),
        title: played.title.clone(),
        file: case.file.clone(),
        passed: played.verdict.passed(),
        root_found: played.verdict.root,
        root: played.conclusion.root.as_ref().map(ToString::to_string),
        words_found: played.verdict.words,
        words_wanted: played.verdict.words_wanted,
        steps: played.steps,
        steps_enough: case.expect.steps,
        tokens_in: played.spent.tokens_in,
        tokens_cached: played.spent.tokens_cached,
        tokens_out: played.spent.tokens_out,
        seconds: played.time.as_secs_f64(),
        cost: money(played.spent.micros),
        confidence: played.conclusion.confidence,
        diagnosis: played.conclusion.diagnosis.clone(),
        missing: played.verdict.missing.clone(),
    }
}

/// An amount of millionths in the currency of the configured prices.
#[expect(clippy::cast_precision_loss, reason = "no case costs a billion")]
pub(in crate::cli) fn money(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}
