//! `steward check`: everything that can be said about the operator's files without running any of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use super::Ended;
use super::args::Globals;
use super::failure::in_order;
use super::runbooks::{Example, example};
use super::screen::{Screen, Tone};
use crate::config::{Loaded, Problem, Setup};
use crate::domain::action::Effect;
use crate::domain::runbook::{Runbook, Step};
use crate::engine::plan::{self, Draft, Judged, Part};
use crate::policy::{Decision, Facts};

/// Checks everything and tells every problem at once. Exit code 1 if there is one.
pub(super) fn check(globals: &Globals, screen: &mut Screen<'_>) -> Ended {
    let setup = match Setup::load(&globals.request()) {
        Ok(setup) => setup,
        Err(problems) => return refuse(&problems, screen),
    };
    let mut review = Review::default();
    for runbook in setup.loaded.runbooks.values() {
        review.runbook(runbook, &setup);
    }
    if !review.problems.is_empty() {
        return refuse(&review.problems, screen);
    }
    summary(&setup, screen)?;
    list("Odd, but nothing that stops Steward:", &setup.loaded.warnings, screen)?;
    tell_notes(&review.notes, screen)?;
    Ok(ExitCode::SUCCESS)
}

fn refuse(problems: &[Problem], screen: &mut Screen<'_>) -> Ended {
    let head = match problems.len() {
        1 => "1 problem; with it, Steward would not start:".to_owned(),
        count => format!("{count} problems; with them, Steward would not start:"),
    };
    screen.say(Tone::Bad, &head)?;
    tell(&in_order(problems), screen)?;
    Ok(ExitCode::FAILURE)
}

fn list(head: &str, problems: &[Problem], screen: &mut Screen<'_>) -> Result<(), super::Stop> {
    if problems.is_empty() {
        return Ok(());
    }
    screen.gap()?;
    screen.say(Tone::Warn, head)?;
    tell(problems, screen)
}

/// One problem is one line that editors can jump to, and its remedy below it.
fn tell(problems: &[Problem], screen: &mut Screen<'_>) -> Result<(), super::Stop> {
    for problem in problems {
        let (bare, hint) = (Problem { hint: None, ..problem.clone() }, problem.hint.as_deref());
        screen.gap()?;
        screen.line(&bare.to_string())?;
        screen.block(Tone::Dim, 4, hint.unwrap_or_default())?;
    }
    Ok(())
}

fn summary(setup: &Setup, screen: &mut Screen<'_>) -> Result<(), super::Stop> {
    let Loaded { file, config, skills, runbooks, .. } = &setup.loaded;
    let own = |total: usize, shipped: usize| match total - shipped {
        0 => format!("{total}, all shipped"),
        own => format!("{total}: {own} of your own, {shipped} shipped"),
    };
    let disabled = skills.values().filter(|skill| !skill.enabled).count();
    let off = if disabled > 0 { format!("; {disabled} disabled") } else { String::new() };
    let shipped_rules = setup.policy.rules().filter(|rule| rule.file().starts_with("shipped/")).count();
    let lines = [
        ("configuration", file.as_deref().map_or("the defaults; there is no file".into(), shown)),
        ("state", shown(&config.state_dir)),
        ("host", format!("{}, time zone {}", config.host, config.timezone)),
        ("skills", own(skills.len(), skills.values().filter(|skill| skill.shipped).count()) + &off),
        ("runbooks", own(runbooks.len(), runbooks.values().filter(|runbook| runbook.shipped).count())),
        ("topology", format!("{} targets", setup.topology.entries().count())),
        (
            "policy rules",
            own(setup.policy.rules().count(), shipped_rules)
                + &format!("; autonomy is {}", setup.loaded.config.autonomy),
        ),
    ];
    screen.say(Tone::Good, "No problems.")?;
    lines.iter().try_for_each(|(name, text)| {
        screen.toned(&[(Tone::Dim, &format!("  {name:<15}")), (Tone::Plain, text)])
    })
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A command that would not run by itself.
struct Note {
    runbook: String,
    judged: Judged,
}

#[derive(Default)]
struct Review {
    problems: Vec<Problem>,
    notes: Vec<Note>,
}

impl Review {
    /// Each step is planned by itself, so that the fault of one does not hide that of the next.
    fn runbook(&mut self, runbook: &Runbook, setup: &Setup) {
        let signal = match example(runbook, &setup.loaded.config.host) {
            Ok(Example { signal, .. }) => signal,
            Err(error) => {
                let problem = Problem::of_file(Path::new(&runbook.file), error.to_string(), None);
                return self.problems.push(problem);
            }
        };
        let facts = Facts {
            autonomy: setup.loaded.config.autonomy,
            paused: false,
            observed: true,
            target_radius: plan::radius(&setup.topology, &signal.target),
            limit_exceeded: false,
        };
        for step in &runbook.steps {
            let alone = Runbook { steps: vec![step.clone()], ..runbook.clone() };
            match plan::draft(&alone, &signal, &setup.loaded.config.host, &setup.policy, &facts) {
                Ok(draft) => self.step(runbook, step, draft),
                Err(why) => {
                    let (what, hint) = match why.split_once("; ") {
                        Some((what, hint)) => (what.to_owned(), Some(hint.to_owned())),
                        None => (why, None),
                    };
                    self.problems.push(Problem { what, hint, ..at_step(runbook, step) });
                }
            }
        }
    }

    fn step(&mut self, runbook: &Runbook, step: &Step, draft: Draft) {
        for judged in draft.judged {
            let changes_reversibly =
                judged.part == Part::Run && judged.evaluation.effect == Effect::Reversible;
            if changes_reversibly && step.undo.is_none() {
                let how = judged.evaluation.undo.as_deref();
                let hint = how.map_or("add `undo:` with the command that takes it back".to_owned(), |how| {
                    format!("add `undo:` with the command that takes it back; the rule says: {how}")
                });
                let what = format!("step `{}` is judged reversible and has no `undo`", step.name);
                self.problems.push(Problem { what, hint: Some(hint), ..at_step(runbook, step) });
            } else if judged.evaluation.decision != Decision::Allow {
                self.notes.push(Note { runbook: runbook.name.clone(), judged });
            }
        }
    }
}

/// Where a step is written, as well as a look at the file tells.
fn at_step(runbook: &Runbook, step: &Step) -> Problem {
    let file = Path::new(&runbook.file);
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let is_head = |line: &str| {
        let name = line.trim().trim_start_matches("- ").strip_prefix("name:").unwrap_or_default();
        name.trim().trim_matches(['"', '\'']) == step.name && line.starts_with([' ', '-'])
    };
    let line = text
        .lines()
        .position(is_head)
        .or_else(|| text.lines().position(|line| line.starts_with("playbook:")));
    let index = runbook.steps.iter().position(|other| other.name == step.name).unwrap_or(0);
    Problem {
        line: line.map(|index| index + 1),
        field: Some(format!("steps[{index}]")),
        ..Problem::of_file(file, "", None)
    }
}

fn tell_notes(notes: &[Note], screen: &mut Screen<'_>) -> Result<(), super::Stop> {
    if notes.is_empty() {
        return Ok(());
    }
    screen.gap()?;
    screen.say(Tone::Strong, "What the runbooks would not do by themselves (judged with example values):")?;
    let mut told = BTreeSet::new();
    for Note { runbook, judged } in notes {
        let Judged { step, part, action, evaluation } = judged;
        let (tone, word) = match evaluation.decision {
            Decision::Forbid => (Tone::Bad, "never runs"),
            Decision::Approve | Decision::Allow => (Tone::Warn, "asks first"),
        };
        let (part, command) = (super::plan::part_name(part), action.to_string());
        screen.gap()?;
        screen.toned(&[
            (Tone::Plain, &format!("  {runbook}, step `{step}`, {part}: ")),
            (Tone::Strong, &command),
        ])?;
        let again = !told.insert(command);
        let mut reasons = evaluation.reasons.iter().flat_map(|reason| reason.lines());
        let first = reasons.next().unwrap_or_default();
        let first = if again { "as above" } else { first };
        screen.toned(&[(tone, &format!("    {word}: ")), (Tone::Plain, first)])?;
        if !again {
            reasons.try_for_each(|line| screen.line(&format!("      {line}")))?;
        }
    }
    Ok(())
}
