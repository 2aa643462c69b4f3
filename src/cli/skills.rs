//! `steward skill list`.

use std::process::ExitCode;

use super::json::{SkillEntry, SkillList, Time};
use super::screen::{Screen, Tone};
use super::{Ended, Tools};
use crate::config::Setup;
use crate::config::{Param, Skill};
use crate::domain::signal::Timestamp;
use crate::domain::skill::Contract;

/// Lists the skills.
pub(super) fn list(setup: &Setup, tools: &Tools, json: bool, screen: &mut Screen<'_>) -> Ended {
    let (skills, now) = (&setup.loaded.skills, tools.clock.now());
    if json {
        let skills = skills.values().map(|skill| entry(setup, skill, now)).collect();
        screen.json(&SkillList { skills })?;
        return Ok(ExitCode::SUCCESS);
    }
    if skills.is_empty() {
        screen.line("There are no skills: Steward checks nothing.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = skills.values().map(|skill| row(setup, skill, now)).collect();
    screen.table(&["NAME", "FROM", "SCHEDULE", "NEXT", "REPORTS ON", "WHAT IT CHECKS"], &rows)?;
    screen.gap()?;
    screen.say(Tone::Dim, "`steward skill run NAME` runs one now and records nothing.")?;
    Ok(ExitCode::SUCCESS)
}

fn row(setup: &Setup, skill: &Skill, now: Timestamp) -> (Tone, Vec<String>) {
    let (manifest, tz) = (&skill.manifest, setup.loaded.config.timezone);
    let next = match next_run(setup, skill, now) {
        Some(at) => at.with_timezone(&tz).format("%H:%M").to_string(),
        None if skill.enabled => "never".to_owned(),
        None => "disabled".to_owned(),
    };
    let targets: Vec<&str> = manifest.targets.iter().map(|target| target.as_str()).collect();
    let from = if skill.shipped { "shipped" } else { "own" };
    let cells = vec![
        manifest.name.clone(),
        from.to_owned(),
        manifest.schedule.to_string(),
        next,
        targets.join(", "),
        manifest.description.clone().unwrap_or_default(),
    ];
    (if skill.enabled { Tone::Strong } else { Tone::Dim }, cells)
}

/// When it runs next by its schedule; `None` if it does not.
fn next_run(setup: &Setup, skill: &Skill, now: Timestamp) -> Option<Timestamp> {
    let due = skill.manifest.schedule.next_after(now, setup.loaded.config.timezone);
    due.filter(|_| skill.enabled)
}

fn entry(setup: &Setup, skill: &Skill, now: Timestamp) -> SkillEntry {
    let manifest = &skill.manifest;
    let shown = |param: Param| match param {
        Param::Plain(text) => text,
        Param::Secret(secret) => secret.to_string(),
    };
    SkillEntry {
        name: manifest.name.clone(),
        description: manifest.description.clone(),
        enabled: skill.enabled,
        shipped: skill.shipped,
        path: skill.path.display().to_string(),
        schedule: manifest.schedule.to_string(),
        next_run: next_run(setup, skill, now).map(Time),
        timeout_seconds: manifest.timeout.as_secs_f64(),
        targets: manifest.targets.iter().map(ToString::to_string).collect(),
        contract: match manifest.contract {
            Contract::Report => "report",
            Contract::Nagios => "nagios",
        },
        severity: manifest.severity.as_str(),
        params: setup.loaded.params(skill).into_iter().map(|(name, param)| (name, shown(param))).collect(),
    }
}
