//! Tools that answer what was recorded. What the policy does not let the live ones do, it does not let these.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::{telling, words};
use crate::agent::model::{Call, ToolSpec};
use crate::agent::toolbox::{Outcome, Toolbox, Used};
use crate::agent::tools::{self, fence::fence};
use crate::config::Case;
use crate::domain::action::{Action, Effect};
use crate::domain::agent::{Conclusion, Ending, Outline, OutlineStep};
use crate::domain::target::Target;
use crate::policy::{Decision, Facts, Policy};

/// What a run tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried {
    /// How many tool calls, without the one that concludes.
    pub calls: u32,
    /// The commands, or other arguments, of those that read, in small letters, with a blank between the words.
    pub called: Vec<String>,
    /// The same of those that act, short of lessons.
    pub proposed: Vec<String>,
}

/// The tools of one case.
pub struct RecordedTools<'a> {
    case: &'a Case,
    policy: &'a Policy,
    tried: Mutex<Tried>,
}

/// What a model says at the end.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    diagnosis: String,
    root: Option<String>,
    evidence: Vec<String>,
    confidence: f64,
    verification: String,
    rollback: String,
    options: Vec<SaidOption>,
}

/// A way to go that it offers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SaidOption {
    title: String,
    why: String,
    steps: Vec<SaidStep>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SaidStep {
    what: String,
    risk: String,
    undo: String,
    host: Option<String>,
    command: Option<Vec<String>>,
}

impl From<SaidOption> for Outline {
    fn from(said: SaidOption) -> Self {
        let step = |step: SaidStep| OutlineStep {
            what: step.what,
            risk: step.risk,
            undo: step.undo,
            host: step.host,
            command: step.command,
            answer: None,
            effect: None,
            blast_radius: None,
        };
        Self { title: said.title, why: said.why, steps: said.steps.into_iter().map(step).collect() }
    }
}

impl<'a> RecordedTools<'a> {
    /// The tools of a case, under a policy.
    #[must_use]
    pub fn new(case: &'a Case, policy: &'a Policy) -> Self {
        Self { case, policy, tried: Mutex::default() }
    }

    /// What was tried so far.
    #[must_use]
    pub fn tried(&self) -> Tried {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, note: impl FnOnce(&mut Tried)) {
        note(&mut self.tried.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What comes of a call that does not end the run.
    fn answer(&self, tool: &str, arguments: &Value) -> Outcome {
        self.note(|tried| tried.calls += 1);
        let words = words::of_call(tool, arguments);
        if words::acts(tool) {
            // A lesson is no action.
            if tool != "remember" {
                self.note(|tried| tried.proposed.push(words));
            }
            return Outcome::Text(
                "A person is asked, and nothing is done before. Go on without it: conclude when you know enough."
                    .to_owned(),
            );
        }
        self.note(|tried| tried.called.push(words.clone()));
        if let Some(why) = self.refusal(arguments) {
            return Outcome::Blocked(why);
        }
        let recorded = self.case.outputs.iter().find(|recorded| {
            recorded.tool.as_deref().map_or_else(|| words::looks(tool), |named| named == tool)
                && recorded.fits.iter().all(|phrase| words::has(&words, phrase))
        });
        let text = recorded.map(|recorded| recorded.output.clone()).or_else(|| self.known(tool));
        match text {
            Some(text) => Outcome::Text(fence(&words, &text)),
            None => Outcome::Failed("no output was recorded for that; try something else".to_owned()),
        }
    }

    /// What Steward's own records say, where a case has nothing else for them: what it was told to begin with.
    fn known(&self, tool: &str) -> Option<String> {
        let told = &self.case.incident;
        let listed = |lines: &[String]| {
            if lines.is_empty() { "there is nothing".to_owned() } else { lines.join("\n") }
        };
        match tool {
            "changes" => Some(listed(&told.changes)),
            "incident" | "incidents" | "search_memory" => Some(listed(&told.memory)),
            "topology" => Some(telling::topology(told)),
            _ => None,
        }
    }

    /// Why a command is not run, if the call has one that the policy does not let it read with.
    fn refusal(&self, arguments: &Value) -> Option<String> {
        let argv = arguments.get("argv")?.as_array()?;
        let argv: Vec<String> = argv.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect();
        let evaluation = self.policy.evaluate(&Action::local(argv), &Facts::plain());
        let reads = evaluation.decision == Decision::Allow && evaluation.effect == Effect::Read;
        (!reads).then(|| {
            "the policy lets you run only what reads for sure, and this is not known to. Read in another way, or \
             propose it as an action"
                .to_owned()
        })
    }
}

fn conclusion(arguments: &Value) -> Result<Conclusion, String> {
    let said =
        Said::deserialize(arguments).map_err(|error| format!("the conclusion can't be read: {error}"))?;
    let root = said.root.as_deref().filter(|root| !root.trim().is_empty());
    let root =
        root.map(|root| Target::parse(root.trim()).map_err(|error| format!("root: {error}"))).transpose()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within 0 and 100")]
    let confidence = said.confidence.clamp(0.0, 100.0) as u8;
    Ok(Conclusion {
        diagnosis: said.diagnosis,
        root,
        evidence: said.evidence,
        confidence,
        verification: said.verification,
        rollback: said.rollback,
        options: said.options.into_iter().map(Outline::from).collect(),
        ..Conclusion::without(Ending::Concluded)
    })
}

#[async_trait]
impl Toolbox for RecordedTools<'_> {
    fn specs(&self) -> Vec<ToolSpec> {
        tools::specs()
    }

    async fn call(&self, call: &Call) -> Used {
        let arguments: Value = match call.arguments.trim() {
            "" => Value::Object(serde_json::Map::default()),
            text => match serde_json::from_str(text) {
                Ok(arguments) => arguments,
                Err(error) => {
                    let outcome = Outcome::Misused(format!("the arguments are not JSON: {error}"));
                    return Used { outcome, what: call.name.clone(), acted: false };
                }
            },
        };
        let what = format!("{} {}", call.name, words::of_call(&call.name, &arguments));
        let outcome = if call.name == "conclude" {
            conclusion(&arguments).map_or_else(Outcome::Misused, |said| Outcome::Concluded(Box::new(said)))
        } else if self.specs().iter().any(|spec| spec.name == call.name) {
            self.answer(&call.name, &arguments)
        } else {
            let names: Vec<&str> = self.specs().iter().map(|spec| spec.name).collect();
            Outcome::Misused(format!("there is no tool {}; there is {}", call.name, names.join(", ")))
        };
        let acted = words::acts(&call.name) && matches!(outcome, Outcome::Text(_));
        Used { outcome, what, acted }
    }
}
