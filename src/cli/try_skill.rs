//! `steward skill run`: a skill run once by hand, as the bot would run it, and what it reports.

mod find;
mod tell;

use std::path::Path;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::json::Time;
use super::json::skill::{FindingEntry, Metric, SkillRun as SkillRunDocument};
use super::screen::Screen;
use super::{Ended, Failure, Tools};
use crate::config::{Loaded, Setup, Skill};
use crate::engine;
use crate::engine::skills::{RunResult, SkillRun, Workshop};
use find::{Place, find};
use tell::{breach, tell};

/// The exit code of a command that Ctrl-C ended, as shells have it.
const INTERRUPTED: u8 = 130;
/// Runs a skill once. Exit code 0 if it kept its contract, 1 if not.
pub(super) async fn run(
    setup: &Setup,
    tools: &Tools,
    name: &str,
    json: bool,
    screen: &mut Screen<'_>,
) -> Ended {
    let skill = find(setup, name)?;
    let place = Place::of(&skill)?;
    let ready = runnable(&setup.loaded, &skill, &place.path)?;
    let max_output = setup.loaded.config.skills.max_output;
    let (runner, clock) = (tools.runner.clone(), tools.clock.clone());
    let workshop = Workshop { runner, clock, store: None, max_output };
    let (call_off, cancel) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let running = workshop.run(&ready, &setup.policy, cancel);
    tokio::pin!(running);
    let run = tokio::select! {
        run = &mut running => run,
        // Called off rather than left behind: what it started is ended with it.
        _ = async { tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} } } => {
            call_off.send_replace(true);
            running.await
        }
    };
    if json {
        screen.json(&document(&skill, &place, &run))?;
    } else {
        tell(&skill, &run, screen)?;
    }
    Ok(match run.result {
        RunResult::Report(_) => ExitCode::SUCCESS,
        RunResult::Failed(_) => ExitCode::FAILURE,
        RunResult::Cancelled => ExitCode::from(INTERRUPTED),
    })
}

fn no_signals(error: std::io::Error) -> Failure {
    Failure::new(format!("signals can't be heard: {error}"), "this is odd; please report it")
}

/// A loaded skill in the form that the engine runs, its file at `path`.
///
/// # Errors
/// The path has no canonical form: the file is not there.
pub fn runnable(loaded: &Loaded, skill: &Skill, path: &Path) -> Result<engine::skills::Skill, Failure> {
    let path = path.canonicalize().map_err(|error| {
        Failure::new(format!("{} can't be read: {error}", path.display()), "look whether it is still there")
    })?;
    Ok(engine::skills::Skill::of(loaded, skill, path))
}

fn document(skill: &Skill, place: &Place, run: &SkillRun) -> SkillRunDocument {
    let (result, why, report) = match &run.result {
        RunResult::Report(report) => ("report", None, Some(report)),
        RunResult::Failed(why) => ("failed", Some(breach(why).to_owned()), None),
        RunResult::Cancelled => ("cancelled", None, None),
    };
    let findings = report.iter().flat_map(|report| &report.findings).map(FindingEntry::from).collect();
    SkillRunDocument {
        skill: skill.name().to_owned(),
        path: place.path.display().to_string(),
        started_at: Time(run.started_at),
        duration_ms: u64::try_from(run.duration.as_millis()).unwrap_or(u64::MAX),
        exit: run.exit,
        result,
        why,
        complete: report.map(|report| report.complete),
        findings,
        metrics: report.iter().flat_map(|report| &report.metrics).map(Metric::from).collect(),
        stderr: run.stderr.clone(),
    }
}
