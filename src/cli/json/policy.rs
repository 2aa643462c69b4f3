//! What the policy says to a command, as JSON.

use serde::Serialize;

use crate::policy::{Evaluation, Judgement};

/// One command and the policy's word on it.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Explained<'a> {
    command: &'a str,
    decision: String,
    effect: String,
    blast_radius: String,
    reasons: &'a [String],
    rule: Option<&'a str>,
    undo: Option<&'a str>,
    approvers: u8,
    segments: Vec<Segment<'a>>,
}

/// One command that it would run.
#[derive(Debug, Serialize)]
struct Segment<'a> {
    command: &'a str,
    decision: String,
    effect: String,
    blast_radius: String,
    rule: Option<&'a str>,
    reasons: &'a [String],
    undo: Option<&'a str>,
}

impl<'a> Explained<'a> {
    pub(in crate::cli) fn new(command: &'a str, evaluation: &'a Evaluation) -> Self {
        Self {
            command,
            decision: evaluation.decision.to_string(),
            effect: evaluation.effect.to_string(),
            blast_radius: evaluation.blast_radius.to_string(),
            reasons: &evaluation.reasons,
            rule: evaluation.rule.as_deref(),
            undo: evaluation.undo.as_deref(),
            approvers: evaluation.approvers,
            segments: evaluation.segments.iter().map(Segment::from).collect(),
        }
    }
}

impl<'a> From<&'a Judgement> for Segment<'a> {
    fn from(judgement: &'a Judgement) -> Self {
        Self {
            command: &judgement.command,
            decision: judgement.decision.to_string(),
            effect: judgement.effect.to_string(),
            blast_radius: judgement.blast_radius.to_string(),
            rule: judgement.rule.as_deref(),
            reasons: &judgement.reasons,
            undo: judgement.undo.as_deref(),
        }
    }
}
