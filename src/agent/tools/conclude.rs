//! How a run ends by itself: a structured conclusion. Effects and reach of what it names are the policy's word.

mod read;

use async_trait::async_trait;
use schemars::JsonSchema;

use super::look::Words;
use super::{Bench, Tool};
use crate::agent::toolbox::{CONCLUDE, Outcome};
use crate::domain::action::Effect;
use crate::domain::agent::{Answer, Conclusion, Ending, Outline, OutlineStep};
use crate::domain::card::one_line;
use crate::domain::target::{Meant, Target};
use crate::policy::{Decision, Evaluation, Facts};
use crate::store::query;

/// Characters of each text that is shorter than the diagnosis.
const MAX_TEXT: usize = 600;
/// Lines of evidence, options, and steps of each, at most.
const MAX_LINES: usize = 12;
const MAX_OPTIONS: usize = 5;

// No documentation where the name says it all: it would cost tokens.
#[derive(Debug, JsonSchema)]
struct Step {
    what: String,
    #[schemars(default)]
    risk: String,
    #[schemars(default)]
    undo: String,
    host: Option<String>,
    command: Option<Vec<String>>,
}

#[derive(Debug, JsonSchema)]
struct Choice {
    title: String,
    #[schemars(default)]
    why: String,
    steps: Vec<Step>,
}

/// Ends the run. Evidence is what tools have shown.
#[derive(Debug, JsonSchema)]
pub(super) struct Conclude {
    diagnosis: String,
    root: Option<String>,
    #[schemars(default)]
    evidence: Vec<String>,
    confidence: u8,
    /// How to see it is good.
    #[schemars(default)]
    verification: String,
    /// How to take it back.
    #[schemars(default)]
    rollback: String,
    #[schemars(default)]
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
        for (at, option) in self.options.iter().enumerate() {
            for (number, step) in option.steps.iter().enumerate() {
                if let Some(command) = &step.command
                    && let Err(why) = bench.command(step.host.as_deref(), command)
                {
                    return Outcome::Misused(format!("options[{at}].steps[{number}].command: {why}"));
                }
            }
        }
        let (root, unknown) = match self.root.as_deref() {
            None => (None, None),
            Some(named) => match bench.root(named).await {
                Some(root) => (Some(root), None),
                None => (None, Some(format!("It names {}, which I don't know.", short(named)))),
            },
        };
        Outcome::Concluded(Box::new(Conclusion {
            ending: Ending::Concluded,
            diagnosis: Conclusion::words(&self.diagnosis),
            root,
            evidence: self.evidence.iter().take(MAX_LINES).map(|line| short(line)).collect(),
            confidence: self.confidence,
            notes: unknown.into_iter().collect(),
            // From the record: whoever keeps it fills this in.
            actions: Vec::new(),
            verification: short(&self.verification),
            rollback: short(&self.rollback),
            options: self.options.into_iter().take(MAX_OPTIONS).map(|option| bench.outline(option)).collect(),
        }))
    }
}

impl Bench {
    /// The target that a name means, if it is known: to the topology, to a skill, or to the case.
    async fn root(&self, named: &str) -> Option<Target> {
        let target = Target::parse(named.trim()).ok()?;
        match self.case.knowledge.topology.meant(&target, []) {
            Meant::One(meant) => Some(meant),
            // Of several nobody knows which.
            Meant::Several(_) => None,
            Meant::Unknown if self.is_seen(&target).await => Some(target),
            Meant::Unknown => None,
        }
    }

    /// Whether a target that the topology does not have is looked at or told of, or something in it is.
    async fn is_seen(&self, target: &Target) -> bool {
        let near = |seen: &Target| seen.is_within(target) || target.is_within(seen);
        if self.deps.host == *target || self.case.knowledge.watched.values().flatten().any(near) {
            return true;
        }
        let id = self.case.incident;
        let case = self.deps.store.read(move |conn| query::incident_by_id(conn, id)).await;
        // What can't be looked up is not called unknown.
        case.map_or(true, |case| case.is_none_or(|case| case.incident.targets().any(near)))
    }

    fn outline(&self, option: Choice) -> Outline {
        let steps = option.steps.into_iter().take(MAX_LINES).map(|step| self.outline_step(step)).collect();
        Outline { title: short(&option.title), why: short(&option.why), steps }
    }

    fn outline_step(&self, step: Step) -> OutlineStep {
        let judged = step.command.as_ref().and_then(|command| {
            let action = self.command(step.host.as_deref(), command).ok()?;
            Some(self.policy().evaluate(&action, &Facts::plain()))
        });
        let what = match (step.what.trim().is_empty(), &step.command) {
            (true, Some(command)) => short(&Words(command).to_string()),
            _ => short(&step.what),
        };
        let host = self.machine(step.host.as_deref()).ok().flatten().filter(|_| step.command.is_some());
        OutlineStep {
            what,
            risk: short(&step.risk),
            undo: short(&step.undo),
            host,
            command: step.command,
            answer: judged.as_ref().map(answer),
            effect: judged.as_ref().map(|judged| judged.effect),
            blast_radius: judged.as_ref().map(|judged| judged.blast_radius),
        }
    }
}

/// What the policy would answer. An option is there to be chosen by a person, so what changes anything is asked for.
fn answer(judged: &Evaluation) -> Answer {
    match (judged.decision, judged.effect) {
        (Decision::Forbid, _) => Answer::Forbidden,
        (Decision::Allow, Effect::Read) => Answer::Allowed,
        (Decision::Allow | Decision::Approve, _) => Answer::Asked,
    }
}

fn short(text: &str) -> String {
    crate::domain::agent::clipped(&one_line(text), MAX_TEXT)
}
