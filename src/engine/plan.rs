//! From a runbook and a signal to a plan: templates filled, every command judged. Nothing runs here.

use std::collections::BTreeSet;

use crate::domain::action::{Action, BlastRadius, Command, Effect};
use crate::domain::remediation::{Plan, PlannedCheck, PlannedChecks, PlannedStep, PlannedVerify};
use crate::domain::runbook::{Checks, CommandTemplate, NamedCheck, Runbook, Step, Verify, When, values};
use crate::domain::signal::Signal;
use crate::domain::target::Target;
use crate::domain::template::TemplateError;
use crate::domain::topology::Topology;
use crate::policy::{Decision, Evaluation, Facts, Policy};

/// What a command of a plan is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// It tells whether something holds that must hold.
    Check {
        /// Its name.
        name: String,
        /// When it is asked.
        when: When,
        /// Whether a destructive step relies on it.
        safety: bool,
    },
    /// It is read before the step runs, under this name.
    Capture(String),
    /// It does the step.
    Run,
    /// It tells whether the step worked.
    Verify,
    /// It takes the step back.
    Undo,
}

impl Part {
    /// What it is for, in words, unless it does the step.
    #[must_use]
    pub fn purpose(&self) -> Option<String> {
        match self {
            Self::Run => None,
            Self::Check { name, safety: true, .. } => Some(format!(
                "as the safety check `{name}`, before the first step and right before what destroys"
            )),
            Self::Check { name, when, .. } => Some(match when {
                When::Before => format!("as the check `{name}` before the first step"),
                When::Always => format!("as the check `{name}` before and after each step"),
                When::After => format!("as the check `{name}` after the last step"),
            }),
            Self::Capture(name) => Some(format!("to note `{name}` beforehand")),
            Self::Verify => Some("to verify".to_owned()),
            Self::Undo => Some("to take it back if it fails".to_owned()),
        }
    }

    /// Whether it is there to look: such a command may be needed again, and may run again under the same yes.
    #[must_use]
    pub fn looks(&self) -> bool {
        match self {
            Self::Check { .. } | Self::Capture(_) | Self::Verify => true,
            Self::Run | Self::Undo => false,
        }
    }
}

/// One command of a plan, judged.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The step it belongs to; none for a check of the plan.
    pub step: Option<String>,
    /// What it is for.
    pub part: Part,
    /// The command.
    pub action: Action,
    /// The policy's word.
    pub evaluation: Evaluation,
    /// Whether it waits for what earlier steps capture, so that the word is only of what is known of it.
    pub late: bool,
}

impl Judged {
    /// The decision as far as it holds: a late command is asked for when its values are known. What is forbidden
    /// without them stays so.
    #[must_use]
    pub fn decision(&self) -> Decision {
        match self.evaluation.decision {
            Decision::Approve if self.late => Decision::Allow,
            decision => decision,
        }
    }
}

/// A plan with the policy's word on each of its commands.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What would be done.
    pub plan: Plan,
    /// Every command, in the order in which it could run.
    pub judged: Vec<Judged>,
    /// The strictest of their decisions, but for those that come later.
    pub decision: Decision,
}

impl Draft {
    /// How many people have to say yes where people are asked: as many as its most demanding command wants.
    #[must_use]
    pub fn approvers(&self) -> u8 {
        let known = self.judged.iter().filter(|judged| !judged.late);
        known.map(|judged| judged.evaluation.approvers).max().unwrap_or(1)
    }

    /// The first command of it that is forbidden, and why; nothing if none is.
    #[must_use]
    pub fn forbidden(&self) -> String {
        let reason = |j: &Judged| j.evaluation.reasons.first().map(|r| format!("`{}`: {r}", j.action));
        let forbidden = self.judged.iter().filter(|j| j.evaluation.decision == Decision::Forbid);
        forbidden.into_iter().find_map(reason).unwrap_or_default()
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
    let value = values(signal, host);
    let steps = runbook.steps.iter().map(|step| fill_named(step, &value));
    let steps = steps.collect::<Result<Vec<_>, String>>()?;
    let checks = fill_checks(&runbook.checks, &value)?;
    let plan = Plan { checks, ..Plan::new(runbook.name.clone(), steps) };
    judge(plan, policy, facts)
}

/// The same for one step alone, by its place in the runbook, with the runbook's checks.
///
/// # Errors
/// As [`draft`], and no such step.
pub fn draft_step(
    runbook: &Runbook,
    index: usize,
    signal: &Signal,
    host: &Target,
    policy: &Policy,
    facts: &Facts,
) -> Result<Draft, String> {
    let value = values(signal, host);
    let (earlier, step) = match runbook.steps.split_at_checked(index) {
        Some((earlier, [step, ..])) => (earlier, step),
        _ => return Err(format!("{} has no step {}", runbook.name, index + 1)),
    };
    let checks = fill_checks(&runbook.checks, &value)?;
    let plan = Plan { checks, ..Plan::new(runbook.name.clone(), vec![fill_named(step, &value)?]) };
    let earlier = earlier.iter().flat_map(|step| &step.capture).map(|(name, _)| name.clone());
    judge_after(plan, &earlier.collect(), policy, facts)
}

/// Judges every command of a plan, and has the policy say what each of its steps does.
///
/// Where the plan has a safety check, what its steps do is judged as if that had passed: at its time, the door to the
/// world asks once more. Nothing else of the plan profits from it.
///
/// # Errors
/// A sentence for people: the saga refuses the plan.
pub fn judge(plan: Plan, policy: &Policy, facts: &Facts) -> Result<Draft, String> {
    judge_after(plan, &BTreeSet::new(), policy, facts)
}

/// Judges what is left of a plan once its steps are one alone: that step's commands, and not the checks around it. They
/// only say whether it may rely on a safety check.
///
/// # Errors
/// A sentence for people: the saga refuses the step.
pub fn judge_alone(plan: Plan, policy: &Policy, facts: &Facts) -> Result<Draft, String> {
    let mut draft = judge(plan, policy, facts)?;
    draft.plan.checks = PlannedChecks::default();
    draft.judged.retain(|judged| judged.step.is_some());
    draft.decision = strictest(&draft.judged);
    Ok(draft)
}

/// Judges what comes after steps that capture `earlier`.
fn judge_after(
    mut plan: Plan,
    earlier: &BTreeSet<String>,
    policy: &Policy,
    facts: &Facts,
) -> Result<Draft, String> {
    let mut judged = Vec::new();
    let safe = plan.checks.safety().next().is_some();
    let checks = std::mem::take(&mut plan.checks);
    judged.extend(judge_checks(&checks.before, When::Before, policy, facts));
    judged.extend(judge_checks(&checks.always, When::Always, policy, facts));
    for step in &mut plan.steps {
        judged.extend(judge_step(step, safe, policy, facts));
    }
    judged.extend(judge_checks(&checks.after, When::After, policy, facts));
    plan.checks = checks;
    plan.check_after(earlier).map_err(|error| error.to_string())?;
    let decision = strictest(&judged);
    Ok(Draft { plan, judged, decision })
}

fn strictest(judged: &[Judged]) -> Decision {
    judged.iter().map(Judged::decision).max().unwrap_or(Decision::Approve)
}

fn judge_checks(checks: &[PlannedCheck], when: When, policy: &Policy, facts: &Facts) -> Vec<Judged> {
    let judge = |check: &PlannedCheck| Judged {
        step: None,
        part: Part::Check { name: check.name.clone(), when, safety: check.safety },
        action: check.run.clone(),
        evaluation: policy.evaluate(&check.run, facts),
        late: false,
    };
    checks.iter().map(judge).collect()
}

fn judge_step(step: &mut PlannedStep, safe: bool, policy: &Policy, facts: &Facts) -> Vec<Judged> {
    let (name, late) = (Some(step.name.clone()), step.late);
    let judge = |part: Part, action: &Action| {
        let safety_checked = safe && part == Part::Run;
        let evaluation = policy.evaluate(action, &Facts { safety_checked, ..*facts });
        Judged { step: name.clone(), part, action: action.clone(), evaluation, late }
    };
    let mut run = judge(Part::Run, &step.run);
    // A rule may call a command reversible; only a step that says how is.
    if run.evaluation.effect == Effect::Reversible && step.undo.is_none() {
        irreversible_after_all(&mut run.evaluation);
    }
    step.effect = run.evaluation.effect;
    step.asked = run.evaluation.decision != Decision::Allow;
    let captures = step.captures.iter().map(|(name, action)| judge(Part::Capture(name.clone()), action));
    let mut judged: Vec<Judged> = captures.collect();
    judged.push(run);
    match &step.verify {
        PlannedVerify::Command(action) => judged.push(judge(Part::Verify, action)),
        PlannedVerify::ReadsAs(readings) => {
            judged.extend(readings.iter().map(|reading| judge(Part::Verify, &reading.read)));
        }
        PlannedVerify::Check | PlannedVerify::ExitCode | PlannedVerify::None => {}
    }
    judged.extend(step.undo.as_ref().map(|undo| judge(Part::Undo, undo)));
    judged
}

/// A step that could be taken back, and does not say how: a person decides.
fn irreversible_after_all(evaluation: &mut Evaluation) {
    evaluation.effect = Effect::Irreversible;
    if evaluation.decision < Decision::Approve {
        evaluation.decision = Decision::Approve;
        evaluation.reasons.insert(0, "it could be taken back, but the step has no `undo`".to_owned());
    }
}

type ValueOf<'a> = &'a dyn Fn(&str) -> Option<String>;

fn fill_checks(checks: &Checks, value: ValueOf<'_>) -> Result<PlannedChecks, String> {
    let one = |check: &NamedCheck| {
        let run = fill(&check.run, value).map_err(|why| format!("check `{}`: {why}", check.name))?;
        let NamedCheck { name, timeout, safety, .. } = check;
        Ok(PlannedCheck { name: name.clone(), run, timeout: *timeout, safety: *safety })
    };
    let all = |checks: &[NamedCheck]| checks.iter().map(one).collect::<Result<Vec<_>, String>>();
    Ok(PlannedChecks {
        before: all(&checks.before)?,
        after: all(&checks.after)?,
        always: all(&checks.always)?,
    })
}

fn fill_named(step: &Step, value: ValueOf<'_>) -> Result<PlannedStep, String> {
    fill_step(step, value).map_err(|why| format!("step `{}`: {why}", step.name))
}

fn fill_step(step: &Step, value: ValueOf<'_>) -> Result<PlannedStep, TemplateError> {
    let late = step.awaits_earlier();
    let fill = |command: &CommandTemplate, value: ValueOf<'_>| {
        if late { fill_later(command, value) } else { fill(command, value) }
    };
    let capture = |(name, command): &(String, _)| Ok((name.clone(), fill(command, value)?));
    Ok(PlannedStep {
        name: step.name.clone(),
        captures: step.capture.iter().map(capture).collect::<Result<_, TemplateError>>()?,
        run: fill(&step.run, value)?,
        verify: match &step.verify {
            Verify::Command(command) => PlannedVerify::Command(fill(command, value)?),
            Verify::Check => PlannedVerify::Check,
            Verify::Missing => PlannedVerify::None,
        },
        undo: step.undo.as_ref().map(|command| fill_later(command, value)).transpose()?,
        // What it does is the policy's to say.
        effect: Effect::Irreversible,
        timeout: step.timeout,
        attempts: step.attempts,
        backoff: step.backoff,
        idempotent: step.idempotent,
        asked: true,
        late,
    })
}

fn fill(command: &CommandTemplate, value: ValueOf<'_>) -> Result<Action, TemplateError> {
    build(command, &|template| template.render(value))
}

/// Fills what is known now; `{{ capture.NAME }}` is filled when that was captured.
fn fill_later(command: &CommandTemplate, value: ValueOf<'_>) -> Result<Action, TemplateError> {
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
            checks: Checks::default(),
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
