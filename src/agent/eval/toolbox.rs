//! Tools that answer what was recorded. What the policy does not let the live ones do, it does not let these.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::telling::fence;
use crate::agent::model::{Call, ToolSpec};
use crate::agent::toolbox::{Outcome, Toolbox, Used};
use crate::config::Case;
use crate::domain::action::{Action, Effect};
use crate::domain::agent::{Conclusion, Ending};
use crate::domain::target::Target;
use crate::policy::{Decision, Facts, Policy};

/// What a run tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried {
    /// How many tool calls, without the one that concludes.
    pub calls: u32,
    /// The arguments of those that read, in small letters, with a blank between them.
    pub called: Vec<String>,
    /// The same of those that act.
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

    /// What comes of a call that is none of the last ones.
    fn answer(&self, call: &Call, arguments: &Value, words: &str) -> Outcome {
        self.note(|tried| tried.calls += 1);
        if acts(&call.name) {
            self.note(|tried| tried.proposed.push(words.to_owned()));
            return Outcome::Text(
                "A person is asked, and nothing is done before. Go on without it: conclude when you know enough."
                    .to_owned(),
            );
        }
        self.note(|tried| tried.called.push(words.to_owned()));
        if let Some(why) = self.refusal(arguments) {
            return Outcome::Blocked(why);
        }
        let fits = |text: &str| words.contains(&text.to_lowercase());
        let recorded = self.case.outputs.iter().find(|recorded| {
            recorded.tool.as_ref().is_none_or(|tool| *tool == call.name)
                && recorded.fits.iter().all(|text| fits(text))
        });
        match recorded {
            Some(recorded) => Outcome::Text(fence(words, &recorded.output)),
            None => Outcome::Failed("no output was recorded for that; try something else".to_owned()),
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

/// Whether a tool changes something, or asks people to.
fn acts(tool: &str) -> bool {
    tool.starts_with("run_runbook") || tool.starts_with("propose") || tool.starts_with("remember")
}

/// The texts and numbers of some arguments, in small letters, with a blank between them.
fn words_of(arguments: &Value) -> String {
    match arguments {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
        Value::Array(items) => items.iter().map(words_of).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => fields.values().map(words_of).collect::<Vec<_>>().join(" "),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Null => String::new(),
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
        ..Conclusion::without(Ending::Concluded)
    })
}

#[async_trait]
impl Toolbox for RecordedTools<'_> {
    fn specs(&self) -> Vec<ToolSpec> {
        super::telling::specs()
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
        let words = words_of(&arguments);
        let what = format!("{} {words}", call.name);
        let outcome = if call.name == "conclude" {
            conclusion(&arguments).map_or_else(Outcome::Misused, |said| Outcome::Concluded(Box::new(said)))
        } else if self.specs().iter().any(|spec| spec.name == call.name) {
            self.answer(call, &arguments, &words)
        } else {
            let names: Vec<&str> = self.specs().iter().map(|spec| spec.name).collect();
            Outcome::Misused(format!("there is no tool {}; there is {}", call.name, names.join(", ")))
        };
        let acted = acts(&call.name) && matches!(outcome, Outcome::Text(_));
        Used { outcome, what, acted }
    }
}
