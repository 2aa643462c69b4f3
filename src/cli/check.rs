//! `steward check`: everything that can be said about the operator's files without running any of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use super::Ended;
use super::args::Globals;
use super::failure::in_order;
use super::screen::{Screen, Tone};
use crate::config::{Config, Loaded, Problem, Sandboxing, Setup};
use crate::domain::agent::Purpose;
use crate::engine::answers::count_of;
use crate::engine::plan::{Judged, Part};
use crate::engine::review::{Note, review};
use crate::policy::Decision;

/// Checks everything and tells every problem at once. Exit code 1 if there is one.
pub(super) fn check(globals: &Globals, screen: &mut Screen<'_>) -> Ended {
    let setup = match Setup::load(&globals.request()) {
        Ok(setup) => setup,
        Err(problems) => return refuse(&problems, screen),
    };
    let review = review(&setup);
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
        ("execution", execution(config)),
        ("host", format!("{}, time zone {}", config.host, config.timezone)),
        ("skills", own(skills.len(), skills.values().filter(|skill| skill.shipped).count()) + &off),
        ("runbooks", own(runbooks.len(), runbooks.values().filter(|runbook| runbook.shipped).count())),
        ("agent", agent(config)),
        ("goals", goals(&setup.loaded, own)),
        ("topology", count_of(setup.topology.entries().count(), "target")),
        ("changes", changes(config)),
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

/// The models that the agent asks, for each purpose.
fn agent(config: &Config) -> String {
    let agent = &config.agent;
    if !agent.is_there() {
        return "none, since `investigate` of [agent] names no model; docs/agent.md tells how to set one up"
            .to_owned();
    }
    let chains = Purpose::ALL.iter().filter(|purpose| !agent.chain(**purpose).is_empty());
    let told: Vec<String> =
        chains.map(|purpose| format!("{purpose}: {}", agent.chain(*purpose).join(", "))).collect();
    told.join("; ")
}

/// How many goals there are, and which of them run by themselves.
fn goals(loaded: &Loaded, own: impl Fn(usize, usize) -> String) -> String {
    let goals = &loaded.goals;
    let count = own(goals.len(), goals.iter().filter(|goal| goal.shipped).count());
    let scheduled: Vec<&str> =
        goals.iter().filter(|goal| goal.schedule.is_some()).map(|goal| goal.name.as_str()).collect();
    match (loaded.config.agent.is_there(), scheduled.is_empty()) {
        (false, _) => format!("{count}; without a model none of them runs"),
        (true, true) => format!("{count}; none runs by itself"),
        (true, false) => format!("{count}; by itself: {}", scheduled.join(", ")),
    }
}

/// From where changes are read.
fn changes(config: &Config) -> String {
    let names = config.changes.names();
    if names.is_empty() {
        return "read from nowhere; name a repository under `[[changes.git]]`".to_owned();
    }
    format!("read from {}", names.join(", "))
}

/// How commands run, and where.
fn execution(config: &Config) -> String {
    let sandbox = match config.exec.sandbox {
        Sandboxing::Auto => "in a sandbox where bubblewrap works",
        Sandboxing::Off => "without a sandbox",
        Sandboxing::Required => "in a sandbox or not at all",
    };
    let user = config.exec.user.as_ref().map_or_else(String::new, |user| format!(" as {}", user.name));
    let hosts: Vec<&str> = config.hosts.keys().map(String::as_str).collect();
    let hosts = if hosts.is_empty() { String::new() } else { format!("; over ssh: {}", hosts.join(", ")) };
    format!("what only reads runs {sandbox}{user}{hosts}")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Where a command stands in its runbook.
fn place(step: Option<&str>, part: &Part) -> String {
    match (step, part) {
        (_, Part::Check { name, when, .. }) => format!("check `{name}` ({when})"),
        (step, part) => format!("step `{}`, {}", step.unwrap_or_default(), super::plan::part_name(part)),
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
        let Judged { step, part, action, evaluation, .. } = judged;
        let (tone, word) = match evaluation.decision {
            Decision::Forbid => (Tone::Bad, "never runs"),
            Decision::Approve | Decision::Allow => (Tone::Warn, "asks first"),
        };
        let (place, command) = (place(step.as_deref(), part), action.to_string());
        screen.gap()?;
        screen.toned(&[(Tone::Plain, &format!("  {runbook}, {place}: ")), (Tone::Strong, &command)])?;
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
