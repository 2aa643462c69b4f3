//! `steward runbook list`, and what a runbook is for, by example.

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::Ended;
use super::json::runbook::{RunbookEntry, RunbookList};
use super::screen::{Screen, Tone};
use crate::config::Setup;
use crate::domain::runbook::{Match, Runbook};
use crate::domain::signal::{Origin, Severity, Signal, SignalState, Timestamp};
use crate::domain::target::{NameError, Signature, Target};

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

/// A signal that a runbook could be for.
pub(super) struct Example {
    /// Everything that its match and its templates speak of has a value; its texts are empty.
    pub(super) signal: Signal,
    /// The labels that the match leaves no choice about.
    pub(super) fixed: BTreeMap<String, String>,
}

/// A signal that fits the runbook's match, but for its pattern, with a value for each name in its templates.
///
/// # Errors
/// None of the names at hand is one; not with a runbook that was loaded.
pub(super) fn example(runbook: &Runbook, host: &Target) -> Result<Example, NameError> {
    let fits = &runbook.fits;
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for template in
        runbook.steps.iter().flat_map(|step| step.commands()).flat_map(|(_, command)| command.templates())
    {
        let used = template.names().filter_map(|name| name.strip_prefix("labels."));
        labels.extend(used.map(|label| (label.to_owned(), "example".to_owned())));
    }
    let asked = fits.labels.iter().map(|(name, glob)| (name.clone(), glob.to_string()));
    labels.extend(asked.map(|(name, glob)| (name, glob.replace('*', "example"))));
    let fixed = fits.labels.iter().map(|(name, glob)| (name.clone(), glob.to_string()));
    let fixed = fixed.filter(|(_, text)| !text.contains('*')).collect();
    let path = fits.target.as_ref().map(|glob| glob.as_str().replace("**", "*").replace('*', "example"));
    let target = path.and_then(|path| Target::parse(&path).ok());
    let below_host = || Target::parse(&format!("{host}/example")).unwrap_or_else(|_| host.clone());
    let signature = fits.signature.as_ref().map(|glob| glob.to_string().replace('*', "example"));
    let signature = signature.and_then(|text| Signature::parse(&text).ok());
    let signal = Signal {
        origin: Origin::Skill(fits.skill.clone().unwrap_or_else(|| "example".to_owned())),
        target: target.unwrap_or_else(below_host),
        signature: signature.map_or_else(|| Signature::parse(&runbook.name), Ok)?,
        severity: Severity::Error,
        state: SignalState::Firing,
        summary: String::new(),
        impact: None,
        evidence: String::new(),
        labels,
        at: Timestamp::UNIX_EPOCH,
        received_at: Timestamp::UNIX_EPOCH,
    };
    Ok(Example { signal, fixed })
}
