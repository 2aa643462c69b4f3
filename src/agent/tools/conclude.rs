//! How a run ends by itself: a structured conclusion. Effects and reach of what it names are the policy's word.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::look::Words;
use super::{Bench, Tool, schema};
use crate::agent::toolbox::{CONCLUDE, Outcome};
use crate::domain::agent::{Conclusion, Ending, Outline, OutlineStep};
use crate::domain::card::{clean_lines, one_line};
use crate::domain::target::{Meant, Target};
use crate::policy::Facts;

/// Characters of the diagnosis, and of each shorter text.
const MAX_DIAGNOSIS: usize = 3_000;
const MAX_TEXT: usize = 600;
/// Lines of evidence, options, and steps of each, at most.
const MAX_LINES: usize = 12;
const MAX_OPTIONS: usize = 5;

// No documentation where the name says it all: it would cost tokens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Step {
    what: String,
    #[serde(default)]
    risk: String,
    #[serde(default)]
    undo: String,
    host: Option<String>,
    command: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Choice {
    title: String,
    steps: Vec<Step>,
}

/// Ends the run. Evidence is what tools have shown.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Conclude {
    diagnosis: String,
    root: Option<String>,
    evidence: Vec<String>,
    #[serde(deserialize_with = "schema::percent")]
    #[schemars(with = "u8")]
    confidence: u8,
    /// How to see it is good.
    verification: String,
    /// How to take it back.
    rollback: String,
    #[serde(default)]
    options: Vec<Choice>,
}

#[async_trait]
impl Tool for Conclude {
    const NAME: &'static str = CONCLUDE;

    fn what(&self) -> String {
        "conclusion".to_owned()
    }

    async fn call(self, bench: &Bench) -> Outcome {
        if self.diagnosis.trim().is_empty() {
            return Outcome::Misused(
                "the diagnosis is empty: say what is wrong, or that it is not known".to_owned(),
            );
        }
        for step in self.options.iter().flat_map(|option| &option.steps) {
            if let Some(command) = step.command.as_ref().filter(|command| !command.is_empty())
                && let Err(why) = bench.command(step.host.as_deref(), command)
            {
                return Outcome::Misused(why);
            }
        }
        Outcome::Concluded(Box::new(Conclusion {
            ending: Ending::Concluded,
            diagnosis: said(&self.diagnosis),
            root: self.root.as_deref().and_then(|root| bench.root(root)),
            evidence: self.evidence.iter().take(MAX_LINES).map(|line| short(line)).collect(),
            confidence: self.confidence,
            // From the record: whoever keeps it fills this in.
            actions: Vec::new(),
            verification: short(&self.verification),
            rollback: short(&self.rollback),
            options: self.options.into_iter().take(MAX_OPTIONS).map(|option| bench.outline(option)).collect(),
        }))
    }
}

/// The diagnosis. The word `nothing` is none: of a goal that came to it, nobody is told anything.
fn said(diagnosis: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c.is_whitespace();
    let bare: String = diagnosis.chars().filter(|c| is_word(*c)).collect();
    if bare.trim().eq_ignore_ascii_case("nothing") {
        return String::new();
    }
    clipped(&clean_lines(diagnosis), MAX_DIAGNOSIS)
}

impl Bench {
    /// The target that a name means, if it can be one.
    fn root(&self, named: &str) -> Option<Target> {
        let target = Target::parse(named.trim()).ok()?;
        match self.case.knowledge.topology.meant(&target, []) {
            Meant::One(meant) => Some(meant),
            // Of several nobody knows which; of what is not in the topology, an alert may still have told.
            Meant::Several(_) => None,
            Meant::Unknown => Some(target),
        }
    }

    fn outline(&self, option: Choice) -> Outline {
        let steps = option.steps.into_iter().take(MAX_LINES).map(|step| self.outline_step(step)).collect();
        Outline { title: short(&option.title), steps }
    }

    fn outline_step(&self, step: Step) -> OutlineStep {
        let command = step.command.filter(|command| !command.is_empty());
        let judged = command.as_ref().and_then(|command| {
            let action = self.command(step.host.as_deref(), command).ok()?;
            Some(self.case.knowledge.policy.evaluate(&action, &Facts::plain()))
        });
        let what = match (step.what.trim().is_empty(), &command) {
            (true, Some(command)) => short(&Words(command).to_string()),
            _ => short(&step.what),
        };
        let host = self.machine(step.host.as_deref()).ok().flatten().filter(|_| command.is_some());
        OutlineStep {
            what,
            risk: short(&step.risk),
            undo: short(&step.undo),
            host,
            command,
            effect: judged.as_ref().map(|judged| judged.effect),
            blast_radius: judged.as_ref().map(|judged| judged.blast_radius),
        }
    }
}

fn short(text: &str) -> String {
    clipped(&one_line(text), MAX_TEXT)
}

fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
