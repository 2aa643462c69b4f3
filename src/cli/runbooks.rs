//! `steward runbook list`, and what a runbook is for, by example.

use std::process::ExitCode;

use super::Ended;
use super::json::runbook::{RunbookEntry, RunbookList};
use super::screen::{Screen, Tone};
use crate::config::Setup;
use crate::domain::runbook::{Match, Runbook};

/// Lists the runbooks.
pub(super) fn list(setup: &Setup, json: bool, screen: &mut Screen<'_>) -> Ended {
    let runbooks = &setup.loaded.runbooks;
    if json {
        let runbooks = runbooks.values().map(RunbookEntry::from).collect();
        screen.json(&RunbookList { runbooks })?;
        return Ok(ExitCode::SUCCESS);
    }
    if runbooks.is_empty() {
        screen.line("There are no runbooks: Steward repairs nothing by itself.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = runbooks.values().map(|runbook| (Tone::Strong, row(runbook))).collect();
    screen.table(&["NAME", "FROM", "FITS", "WHAT IT DOES"], &rows)?;
    screen.gap()?;
    screen.say(
        Tone::Dim,
        "`steward runbook plan NAME --target T` shows what one would run, and runs nothing.",
    )?;
    Ok(ExitCode::SUCCESS)
}

fn row(runbook: &Runbook) -> Vec<String> {
    let from = if runbook.shipped { "shipped" } else { "own" };
    vec![runbook.name.clone(), from.to_owned(), fits(&runbook.fits), runbook.title.clone()]
}

/// What a runbook asks of a signal, in a few words.
fn fits(fits: &Match) -> String {
    let labels = fits.labels.iter().map(|(name, glob)| format!("{name}={glob}"));
    let parts = fits.skill.iter().cloned();
    let parts = parts.chain(fits.signature.as_ref().map(ToString::to_string));
    let parts = parts.chain(fits.target.as_ref().map(|target| format!("on {}", target.as_str())));
    let parts = parts.chain(labels).chain(fits.pattern.as_ref().map(|pattern| format!("/{pattern}/")));
    parts.collect::<Vec<_>>().join(" ")
}
