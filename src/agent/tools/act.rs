//! What the agent wants done: proposals to the engine, which judges them like a runbook, asks people where the policy
//! says so, runs them as a saga, and checks what came of it.

use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::oneshot;

use super::{Bench, Case, Tool, instead, schema};
use crate::agent::toolbox::{Outcome, asked};
use crate::domain::action::Effect;
use crate::domain::agent::{Lesson, Proposal, Proposed, ProposedPlan, ProposedStep, memory};
use crate::domain::card::one_line;
use crate::domain::ids::RemediationId;
use crate::domain::target::{Signature, Target};
use crate::engine::message::Message;
use crate::policy::Decision;

/// How long a run waits for a repair that it proposed. What takes longer is told in the thread.
const PATIENCE: Duration = Duration::from_secs(300);
/// Steps of a plan at most: longer ones nobody reads before they say yes.
const MAX_STEPS: usize = 10;
/// Characters of a text that is shown on a card.
const MAX_TEXT: usize = 600;
/// Programs that look at nothing: as a proof they prove nothing.
const PROVES_NOTHING: [&str; 6] = ["true", ":", "echo", "printf", "sleep", "yes"];

/// What a rule looks like, for whoever got it wrong.
const GOOD_RULE: &str = "A rule is YAML like this: `never: [{name: no-x, why: it lost data, mentions: [x], \
                         match: [rm x], not_match: [rm y]}]`";

/// Runs a runbook for this case, if the policy lets it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunRunbook {
    name: String,
    why: String,
    #[serde(deserialize_with = "schema::percent")]
    #[schemars(with = "u8")]
    confidence: u8,
}

#[async_trait]
impl Tool for RunRunbook {
    const NAME: &'static str = "run_runbook";
    const ACTS: bool = true;

    fn what(&self) -> String {
        format!("runbook {}", self.name)
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let Self { name, why, confidence } = self;
        let runbooks = &bench.case.knowledge.runbooks;
        if !runbooks.iter().any(|runbook| runbook.name == name) {
            let why = instead(&name, runbooks.iter().map(|runbook| runbook.name.as_str()));
            return Outcome::Misused(format!("there is no runbook {name:?}{why}"));
        }
        bench.propose(Proposal::Runbook { name, why: shown(&why), confidence }).await
    }
}

// No documentation where the name says it all: it would cost tokens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Step {
    name: String,
    host: Option<String>,
    run: Vec<String>,
    verify: Option<Vec<String>>,
    undo: Option<Vec<String>>,
}

/// Proposes commands that change something; the policy runs them, asks a person or refuses. `verify` ends with 0 if it worked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Propose {
    title: String,
    why: String,
    #[serde(deserialize_with = "schema::percent")]
    #[schemars(with = "u8")]
    confidence: u8,
    steps: Vec<Step>,
}

#[async_trait]
impl Tool for Propose {
    const NAME: &'static str = "propose";
    const ACTS: bool = true;

    fn what(&self) -> String {
        format!("proposal: {}", self.title)
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let Self { title, why, confidence, steps } = self;
        if steps.is_empty() || steps.len() > MAX_STEPS {
            return Outcome::Misused(format!("a proposal has one to {MAX_STEPS} steps"));
        }
        let steps: Result<Vec<ProposedStep>, String> =
            steps.into_iter().map(|step| bench.step(step)).collect();
        match steps {
            Ok(steps) => {
                let plan = ProposedPlan { title: shown(&title), steps };
                bench.propose(Proposal::Plan { plan, why: shown(&why), confidence }).await
            }
            Err(why) => Outcome::Misused(why),
        }
    }
}

/// Proposes a lesson for MEMORY.md.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Remember {
    title: String,
    signature: Option<String>,
    target: Option<String>,
    why: String,
    fix: String,
    /// Policy YAML that forbids or asks.
    rule: Option<String>,
}

#[async_trait]
impl Tool for Remember {
    const NAME: &'static str = "remember";
    const ACTS: bool = true;

    fn what(&self) -> String {
        format!("lesson: {}", self.title)
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let Self { title, signature, target, why, fix, rule } = self;
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (signature, target, rule) = (given(signature), given(target), given(rule));
        let wrong = [
            signature.as_deref().and_then(|signature| Signature::parse(signature).err()),
            target.as_deref().and_then(|target| Target::parse(target).err()),
        ];
        if let Some(wrong) = wrong.into_iter().flatten().next() {
            return Outcome::Misused(wrong.to_string());
        }
        if let Some(outcome) = rule.as_deref().and_then(|rule| bench.loosens(rule)) {
            return outcome;
        }
        let lesson =
            Lesson { title: shown(&title), signature, target, why: shown(&why), fix: shown(&fix), rule };
        bench.propose(Proposal::Lesson(lesson)).await
    }
}

/// Brings a container that runs outside of the cluster into it: its plan, questions and approval follow in the thread.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Adopt {
    container: String,
    host: Option<String>,
    /// k8s, nomad or compose.
    to: Option<String>,
}

#[async_trait]
impl Tool for Adopt {
    const NAME: &'static str = "adopt";
    const ACTS: bool = true;

    fn what(&self) -> String {
        format!("adopt {}", self.container)
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let Self { container, host, to } = self;
        if !is_container(&container) {
            return Outcome::Misused(format!("{container:?} is no name of a container"));
        }
        bench.propose(Proposal::Adopt { container, host, to }).await
    }
}

/// Whether a container can be called that; what begins like an option can't.
fn is_container(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    name.len() <= 128 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(good)
}

/// A text for people, on one line.
fn shown(text: &str) -> String {
    crate::domain::change::one_line(&one_line(text), MAX_TEXT)
}

impl Bench {
    /// A step as the engine takes it.
    fn step(&self, step: Step) -> Result<ProposedStep, String> {
        let Step { name, host, run, verify, undo } = step;
        let name = shown(&name);
        let machine = self.machine(host.as_deref()).map_err(|why| format!("step {name:?}: {why}"))?;
        let commands = [("run", Some(&run)), ("verify", verify.as_ref()), ("undo", undo.as_ref())];
        for (part, argv) in commands.into_iter().filter_map(|(part, argv)| Some((part, argv?))) {
            self.command(host.as_deref(), argv).map_err(|why| format!("step {name:?}, {part}: {why}"))?;
        }
        if let Some(program) = verify.as_ref().and_then(|argv| argv.first())
            && PROVES_NOTHING.contains(&program.rsplit('/').next().unwrap_or(program))
        {
            return Err(format!(
                "step {name:?}: `{program}` verifies nothing; name a command that looks at what the step changed, or leave `verify` out and the check that found the problem decides"
            ));
        }
        Ok(ProposedStep { name, host: machine, run, verify, undo })
    }

    /// What is wrong with a rule of a lesson: a lesson may tighten the policy, and nothing else.
    fn loosens(&self, rule: &str) -> Option<Outcome> {
        const FILE: &str = "the lesson's rule";
        // A single rule will do, too.
        let rule = match memory::rules_in(rule) {
            Ok(rule) => rule,
            Err(why) => return Some(Outcome::Misused(format!("the rule: {why}"))),
        };
        let policy = match (*self.policy()).clone().adding(FILE, &rule) {
            Ok(policy) => policy,
            Err(problems) => {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                return Some(Outcome::Misused(format!("{}. {GOOD_RULE}", problems.join("; "))));
            }
        };
        let loose = policy
            .rules()
            .filter(|rule| rule.file() == FILE)
            // One that asks and calls it harmless would open what a constraint on changes forbids.
            .find(|rule| match rule.decision() {
                Some(Decision::Forbid) => false,
                Some(Decision::Approve) => rule.effect() != Effect::Irreversible,
                _ => true,
            })?;
        Some(Outcome::Blocked(format!(
            "rule {} would let commands run: a lesson's rule may only forbid, or ask a person first (`decision: forbid`, or `approve` with `effect: irreversible`)",
            loose.name()
        )))
    }

    /// Leaves a proposal for the engine, and tells what became of it.
    async fn propose(&self, proposal: Proposal) -> Outcome {
        let (reply, answer) = oneshot::channel();
        let Case { incident, run, .. } = &self.case;
        self.deps.engine.send(Message::Proposed {
            incident: *incident,
            run: *run,
            proposal: Box::new(proposal),
            reply,
        });
        match answer.await {
            Ok(Proposed::Refused(why)) => Outcome::Blocked(format!("refused: {}", because(&why))),
            Ok(Proposed::Waits(why)) => Outcome::Failed(format!("it can't be begun now: {}", because(&why))),
            Ok(Proposed::Asked { number, why }) => Outcome::Text(asked(number, because(&why))),
            Ok(Proposed::TakenOn(next)) => Outcome::Text(next),
            Ok(Proposed::Begun(repair)) => self.ended(repair).await,
            Err(_) => Outcome::Failed("Steward is ending; nothing was begun".to_owned()),
        }
    }

    /// Waits for a repair, and tells how it ended.
    async fn ended(&self, repair: RemediationId) -> Outcome {
        tokio::select! {
            how = self.deps.repairs.over(repair) => self.data("how the repair ended", &how),
            () = self.deps.clock.sleep(PATIENCE) => Outcome::Text(
                "The repair has begun and is not over yet. How it ends is told in the thread; conclude.".to_owned(),
            ),
        }
    }
}

fn because(why: &str) -> &str {
    if why.trim().is_empty() { "no reason was given" } else { why.trim() }
}
