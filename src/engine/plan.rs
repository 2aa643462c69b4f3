//! From a runbook and a signal to a plan: templates filled, every command judged. Nothing runs here.

use crate::domain::action::{Action, BlastRadius, Command, Effect};
use crate::domain::remediation::{Plan, PlannedStep, PlannedVerify};
use crate::domain::runbook::{CommandTemplate, Runbook, Step, Verify, values};
use crate::domain::signal::Signal;
use crate::domain::target::Target;
use crate::domain::template::TemplateError;
use crate::domain::topology::Topology;
use crate::policy::{Decision, Evaluation, Facts, Policy};

/// What a command of a plan is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// It is read before the step runs, under this name.
    Capture(String),
    /// It does the step.
    Run,
    /// It tells whether the step worked.
    Verify,
    /// It takes the step back.
    Undo,
}

/// One command of a plan, judged.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The step it belongs to.
    pub step: String,
    /// What it is for.
    pub part: Part,
    /// The command.
    pub action: Action,
    /// The policy's word.
    pub evaluation: Evaluation,
}

/// A plan with the policy's word on each of its commands.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What would be done.
    pub plan: Plan,
    /// Every command, in the order in which it could run.
    pub judged: Vec<Judged>,
    /// The strictest of their decisions.
    pub decision: Decision,
}

impl Draft {
    /// How many people have to say yes where people are asked: as many as its most demanding command wants.
    #[must_use]
    pub fn approvers(&self) -> u8 {
        self.judged.iter().map(|judged| judged.evaluation.approvers).max().unwrap_or(1)
    }
}

/// Fills and judges a runbook for a signal.
///
/// # Errors
/// A sentence for people: a template without a value, or a plan that the saga refuses.
pub fn draft(
    runbook: &Runbook,
    signal: &Signal,
    host: &Target,
    policy: &Policy,
    facts: &Facts,
) -> Result<Draft, String> {
    let mut judged = Vec::new();
    let mut steps = Vec::new();
    for step in &runbook.steps {
        steps.push(
            plan_step(step, signal, host, policy, facts, &mut judged)
                .map_err(|why| format!("step `{}`: {why}", step.name))?,
        );
    }
    let plan = Plan { runbook: runbook.name.clone(), steps };
    plan.check().map_err(|error| error.to_string())?;
    let decision = judged.iter().map(|j| j.evaluation.decision).max().unwrap_or(Decision::Approve);
    Ok(Draft { plan, judged, decision })
}

fn plan_step(
    step: &Step,
    signal: &Signal,
    host: &Target,
    policy: &Policy,
    facts: &Facts,
    judged: &mut Vec<Judged>,
) -> Result<PlannedStep, String> {
    let value = values(signal, host);
    let mut judge = |part: Part, action: &Action| {
        let evaluation = policy.evaluate(action, facts);
        let effect = evaluation.effect;
        judged.push(Judged { step: step.name.clone(), part, action: action.clone(), evaluation });
        effect
    };
    let mut captures = Vec::new();
    for (name, command) in &step.capture {
        let action = fill(command, &value).map_err(|e| e.to_string())?;
        judge(Part::Capture(name.clone()), &action);
        captures.push((name.clone(), action));
    }
    let run = fill(&step.run, &value).map_err(|e| e.to_string())?;
    let effect = judge(Part::Run, &run);
    let verify = match &step.verify {
        Verify::Command(command) => {
            let action = fill(command, &value).map_err(|e| e.to_string())?;
            judge(Part::Verify, &action);
            PlannedVerify::Command(action)
        }
        Verify::Check => PlannedVerify::Check,
        Verify::Missing => PlannedVerify::None,
    };
    let undo = match &step.undo {
        Some(command) => {
            let action = fill_later(command, &value).map_err(|e| e.to_string())?;
            judge(Part::Undo, &action);
            Some(action)
        }
        None => None,
    };
    // A rule may call a command reversible; only a step that says how is.
    let effect = if effect == Effect::Reversible && undo.is_none() {
        irreversible_after_all(judged, &step.name);
        Effect::Irreversible
    } else {
        effect
    };
    Ok(PlannedStep {
        name: step.name.clone(),
        captures,
        run,
        verify,
        undo,
        effect,
        timeout: step.timeout,
        attempts: step.attempts,
        backoff: step.backoff,
        idempotent: step.idempotent,
    })
}

/// A step that could be taken back, and does not say how: a person decides.
fn irreversible_after_all(judged: &mut [Judged], step: &str) {
    for run in judged.iter_mut().filter(|judged| judged.part == Part::Run && judged.step == step) {
        let evaluation = &mut run.evaluation;
        evaluation.effect = Effect::Irreversible;
        if evaluation.decision < Decision::Approve {
            evaluation.decision = Decision::Approve;
            evaluation.reasons.insert(0, "it could be taken back, but the step has no `undo`".to_owned());
        }
    }
}

fn fill(command: &CommandTemplate, value: &dyn Fn(&str) -> Option<String>) -> Result<Action, TemplateError> {
    build(command, &|template| template.render(value))
}

/// Fills what is known now; `{{ capture.NAME }}` is filled when the step has run its captures.
fn fill_later(
    command: &CommandTemplate,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<Action, TemplateError> {
    let later = |name: &str| name.starts_with("capture.");
    build(command, &|template| match template.names().find(|name| value(name).is_none() && !later(name)) {
        Some(unknown) => Err(TemplateError::Unknown(unknown.to_owned())),
        None => template.render_known(value).map(|partly| partly.to_string()),
    })
}

type Render<'a> = &'a dyn Fn(&crate::domain::template::Template) -> Result<String, TemplateError>;

fn build(command: &CommandTemplate, render: Render<'_>) -> Result<Action, TemplateError> {
    Ok(Action::Command(Command {
        host: command.host.clone(),
        cwd: command.cwd.as_ref().map(render).transpose()?.map(Into::into),
        argv: command.argv.iter().map(render).collect::<Result<_, _>>()?,
        stdin: command.stdin.as_ref().map(render).transpose()?,
        env: command
            .env
            .iter()
            .map(|(name, t)| Ok((name.clone(), render(t)?)))
            .collect::<Result<_, TemplateError>>()?,
    }))
}

/// How far a target itself reaches: what it is, and whether anything needs it.
#[must_use]
pub fn radius(topology: &Topology, target: &Target) -> BlastRadius {
    match topology.kind(target) {
        Some("cluster") => BlastRadius::Cluster,
        Some("host" | "node") => BlastRadius::Host,
        _ if topology.dependents(target).is_empty() => BlastRadius::Target,
        _ => BlastRadius::Service,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::runbook::{Match, RunbookLimits};
    use crate::domain::signal::{Origin, Severity, SignalState};
    use crate::domain::target::Signature;
    use crate::domain::template::Template;
    use std::collections::BTreeMap;

    fn unmount(undo: Option<&str>) -> Runbook {
        let command = |line: &str| CommandTemplate {
            host: "local".into(),
            argv: line.split(' ').map(|word| Template::parse(word).unwrap()).collect(),
            cwd: None,
            env: BTreeMap::new(),
            stdin: None,
        };
        let step = Step {
            name: "detach".into(),
            run: command("umount /mnt/media"),
            verify: Verify::Check,
            undo: undo.map(command),
            capture: Vec::new(),
            timeout: Step::TIMEOUT,
            attempts: Step::ATTEMPTS,
            backoff: Step::BACKOFF,
            idempotent: false,
        };
        Runbook {
            name: "detach".into(),
            title: "Detach".into(),
            description: None,
            shipped: false,
            file: "detach.yaml".into(),
            fits: Match::default(),
            steps: vec![step],
            limits: RunbookLimits::default(),
        }
    }

    fn decision(runbook: &Runbook) -> Decision {
        let now = chrono::DateTime::UNIX_EPOCH;
        let signal = Signal {
            origin: Origin::Steward,
            target: Target::parse("nas/media").unwrap(),
            signature: Signature::parse("mount-stale").unwrap(),
            severity: Severity::Error,
            state: SignalState::Firing,
            summary: String::new(),
            impact: None,
            evidence: String::new(),
            labels: BTreeMap::new(),
            at: now,
            received_at: now,
        };
        let facts = Facts::plain();
        let host = Target::parse("vm").unwrap();
        draft(runbook, &signal, &host, &Policy::shipped().unwrap(), &facts).unwrap().decision
    }

    #[test]
    fn what_a_rule_calls_reversible_runs_by_itself_only_with_an_undo_of_its_own() {
        assert_eq!(decision(&unmount(Some("mount /mnt/media"))), Decision::Allow);
        assert_eq!(decision(&unmount(None)), Decision::Approve);
    }
}
