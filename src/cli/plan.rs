//! `steward runbook plan`: what a runbook would run on a target, and what the policy says to each command of it.

mod tell;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use super::args::PlanArgs;
use super::json::runbook::{PlanCheck, PlanCommand, PlanDocument, PlanStep};
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Stop, Tools, unknown};
use crate::config::{Setup, runbook_from};
use crate::domain::action::Action;
use crate::domain::remediation::{PlannedStep, PlannedVerify};
use crate::domain::runbook::{Runbook, When, values};
use crate::domain::signal::{Signal, SignalState, Timestamp};
use crate::engine::plan::{self, Draft, Judged, Part};
use crate::engine::review::{Example, example};
use crate::policy::Facts;
use crate::store::load::{LookBack, load};
use crate::store::{OpenError, Store};

/// A runbook, filled and judged for one signal.
struct Planned<'a> {
    runbook: &'a Runbook,
    signal: Signal,
    /// When the signal was last seen, if it is a stored one.
    seen: Option<Timestamp>,
    paused_by: Option<String>,
    draft: Draft,
}

/// Shows what would be run. Runs nothing.
pub(super) async fn plan(setup: &Setup, tools: &Tools, args: &PlanArgs, screen: &mut Screen<'_>) -> Ended {
    let runbooks = &setup.loaded.runbooks;
    let runbook = runbooks.get(&args.name).ok_or_else(|| {
        unknown("runbook", &args.name, runbooks.keys().map(String::as_str), "steward runbook list")
    })?;
    let now = tools.clock.now();
    let past = Past::read(setup, now).await?;
    let stored = past.signals.into_iter().filter(|(signal, _)| is_meant(signal, runbook, args));
    let stored = stored.max_by_key(|(signal, seen)| (signal.state == SignalState::Firing, *seen));
    let (signal, seen) = match stored {
        Some((signal, seen)) => (with_flags(signal, args), Some(seen)),
        None => (from_flags(runbook, setup, args)?, None),
    };
    check_values(runbook, &signal, setup)?;
    let facts = Facts {
        autonomy: setup.loaded.config.autonomy,
        paused: past.paused_by.is_some(),
        target_radius: plan::radius(&setup.topology, &signal.target),
        ..Facts::plain()
    };
    let draft =
        plan::draft(runbook, &signal, &setup.loaded.config.host, &setup.policy, &facts).map_err(|why| {
            let what = format!("{} can't be planned for {}: {why}", runbook.name, signal.target);
            Failure::new(what, format!("mend {}, or give another value with --label", runbook.file))
        })?;
    let planned = Planned { runbook, signal, seen, paused_by: past.paused_by, draft };
    if args.json {
        screen.json(&planned.document())?;
    } else {
        planned.tell(now, screen)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows what a plan that is no runbook yet would run: its text is read, filled and judged like any.
pub(super) fn of_text(setup: &Setup, name: &str, text: &str, screen: &mut Screen<'_>) -> Result<(), Stop> {
    let hosts = &setup.loaded.config.hosts;
    let runbook = runbook_from(name, text, hosts).map_err(|problems| Failure::of_problems(&problems))?;
    let Example { signal, .. } = example(&runbook, &setup.loaded.config.host)
        .map_err(|error| Failure::new(error.to_string(), "tell its makers: this is a fault of Steward"))?;
    let facts = Facts { autonomy: setup.loaded.config.autonomy, ..Facts::plain() };
    let draft =
        plan::draft(&runbook, &signal, &setup.loaded.config.host, &setup.policy, &facts).map_err(|why| {
            Failure::new(format!("{name} can't be planned: {why}"), "look at the files it is made of")
        })?;
    let planned = Planned { runbook: &runbook, signal, seen: None, paused_by: None, draft };
    planned.tell_steps(screen)?;
    screen.gap()?;
    planned.verdict(screen)?;
    screen.say(Tone::Dim, "Nothing was run.")
}

/// What is kept of the past that a plan depends on. Nothing, where Steward has not run yet.
#[derive(Default)]
struct Past {
    signals: Vec<(Signal, Timestamp)>,
    paused_by: Option<String>,
}

impl Past {
    async fn read(setup: &Setup, now: Timestamp) -> Result<Self, Stop> {
        let store = match Store::open_read_only(&setup.loaded.config.state_dir) {
            Ok(store) => store,
            Err(OpenError::Missing { .. }) => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        let back = LookBack { escalation: Duration::ZERO, repairs: Duration::ZERO };
        let loaded = store.read(move |conn| load(conn, now, back)).await?;
        let paused_by = loaded.settings.into_iter().find(|(name, by)| name == "paused_by" && !by.is_empty());
        Ok(Self {
            signals: loaded.signals.into_iter().map(|row| (row.signal, row.last_seen)).collect(),
            paused_by: paused_by.map(|(_, by)| by),
        })
    }
}

fn is_meant(signal: &Signal, runbook: &Runbook, args: &PlanArgs) -> bool {
    signal.target == args.target
        && args.signature.as_ref().is_none_or(|signature| *signature == signal.signature)
        && runbook.fits(signal).is_some()
}

fn with_flags(mut signal: Signal, args: &PlanArgs) -> Signal {
    signal.labels.extend(args.labels.iter().cloned());
    signal
}

/// A signal of what the command line says and of what the runbook's match leaves no choice about.
fn from_flags(runbook: &Runbook, setup: &Setup, args: &PlanArgs) -> Result<Signal, Stop> {
    let Example { signal, fixed } = example(runbook, &setup.loaded.config.host)
        .map_err(|error| Failure::new(error.to_string(), format!("mend {}", runbook.file)))?;
    let signature = args.signature.clone().unwrap_or(signal.signature);
    let signal = Signal { target: args.target.clone(), signature, labels: fixed, ..signal };
    Ok(with_flags(signal, args))
}

/// Every name in the runbook's templates must have a value; those that only a running step knows will have.
fn check_values(runbook: &Runbook, signal: &Signal, setup: &Setup) -> Result<(), Stop> {
    let value_of = values(signal, &setup.loaded.config.host);
    let templates = runbook.commands().flat_map(|command| command.templates());
    let names: BTreeSet<&str> = templates.flat_map(|template| template.names()).collect();
    let missing: Vec<&str> =
        names.into_iter().filter(|name| !name.starts_with("capture.") && value_of(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = missing.iter().map(|name| format!("`{{{{ {name} }}}}`")).collect();
    let what = format!("{} needs a value for {}", runbook.name, list.join(", "));
    let labels = missing.iter().filter_map(|name| name.strip_prefix("labels."));
    let flags: Vec<String> =
        labels.map(|label| format!("--label {label}={}", sample(runbook, label))).collect();
    let hint = match flags.is_empty() {
        true => "name a target that has a path above it, such as `nas/media`".to_owned(),
        false => format!("add {}", flags.join(" ")),
    };
    let means = format!(
        "no stored signal of {} fits this runbook, so there is nothing to take it from",
        signal.target
    );
    Err(Failure::new(what, hint).meaning(means).into())
}

/// What a label may look like, as far as the match tells.
fn sample(runbook: &Runbook, label: &str) -> String {
    let pattern = runbook.fits.labels.get(label).map(|glob| glob.to_string()).unwrap_or_default();
    match pattern.trim_matches('*').is_empty() {
        true => "VALUE".to_owned(),
        false => pattern.replace('*', "NAME"),
    }
}

/// The key of the runbook that a command belongs to.
pub(super) fn part_name(part: &Part) -> &'static str {
    match part {
        Part::Check { .. } => "check",
        Part::Capture(_) => "capture",
        Part::Run => "run",
        Part::Verify => "verify",
        Part::Undo => "undo",
    }
}

impl Planned<'_> {
    /// The checks of one moment.
    fn checks(&self, moment: When) -> impl Iterator<Item = &Judged> {
        let is_of = move |part: &Part| matches!(part, Part::Check { when, .. } if *when == moment);
        self.draft.judged.iter().filter(move |judged| is_of(&judged.part))
    }

    fn commands<'a>(&'a self, step: &'a PlannedStep) -> impl Iterator<Item = &'a Judged> {
        self.draft.judged.iter().filter(|judged| judged.step.as_ref() == Some(&step.name))
    }

    /// Whether the runbook would be chosen. What its pattern would say of an unwritten report is left out.
    fn fits(&self) -> bool {
        let mut runbook = self.runbook.clone();
        if self.seen.is_none() {
            runbook.fits.pattern = None;
        }
        // With nothing but a pattern to go by, what is left of the match is empty, and fits everything.
        runbook.fits(&self.signal).is_some()
    }

    fn document(&self) -> PlanDocument {
        let Self { runbook, signal, .. } = self;
        PlanDocument {
            runbook: runbook.name.clone(),
            title: runbook.title.clone(),
            target: signal.target.to_string(),
            signature: signal.signature.to_string(),
            labels: signal.labels.clone(),
            values_from: if self.seen.is_some() { "stored_signal" } else { "command_line" },
            fits: self.fits(),
            paused: self.paused_by.is_some(),
            decision: self.draft.decision.to_string(),
            checks: self.draft.judged.iter().filter_map(check).collect(),
            steps: self.draft.plan.steps.iter().map(|step| self.step(step)).collect(),
        }
    }

    fn step(&self, step: &PlannedStep) -> PlanStep {
        PlanStep {
            name: step.name.clone(),
            effect: step.effect.to_string(),
            timeout_seconds: step.timeout.as_secs_f64(),
            attempts: step.tries(),
            backoff_seconds: step.backoff.as_secs_f64(),
            idempotent: step.idempotent,
            verify: match step.verify {
                PlannedVerify::Command(_) => "command",
                PlannedVerify::Check => "check",
                PlannedVerify::ReadsAs(_) => "readings",
                PlannedVerify::ExitCode => "exit_code",
                PlannedVerify::None => "none",
            },
            commands: self.commands(step).map(command).collect(),
        }
    }
}

fn check(judged: &Judged) -> Option<PlanCheck> {
    let Part::Check { name, when, safety } = &judged.part else { return None };
    Some(PlanCheck { name: name.clone(), when: when.to_string(), safety: *safety, command: command(judged) })
}

fn command(judged: &Judged) -> PlanCommand {
    let Judged { part, action, evaluation, .. } = judged;
    let Action::Command(command) = action;
    PlanCommand {
        part: part_name(part),
        capture: match part {
            Part::Capture(name) => Some(name.clone()),
            Part::Check { .. } | Part::Run | Part::Verify | Part::Undo => None,
        },
        host: command.host.clone(),
        argv: command.argv.clone(),
        cwd: command.cwd.as_ref().map(|folder| folder.display().to_string()),
        decision: evaluation.decision.to_string(),
        effect: evaluation.effect.to_string(),
        blast_radius: evaluation.blast_radius.to_string(),
        reasons: evaluation.reasons.clone(),
        rule: evaluation.rule.clone(),
    }
}
