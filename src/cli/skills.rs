//! `steward skill list`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use chrono_tz::Tz;

use super::json::Time;
use super::json::skill::{SkillEntry, SkillList};
use super::screen::{Screen, Tone};
use super::{Ended, Stop, Tools};
use crate::config::{Param, Setup, Skill};
use crate::domain::signal::Timestamp;
use crate::domain::skill::Contract;
use crate::store::schedule::{self, LastRun};
use crate::store::{OpenError, Store};

/// Lists the skills.
pub(super) async fn list(setup: &Setup, tools: &Tools, json: bool, screen: &mut Screen<'_>) -> Ended {
    let skills = &setup.loaded.skills;
    let around = Around { setup, now: tools.clock.now(), last: last_runs(setup).await? };
    if json {
        let skills = skills.values().map(|skill| around.entry(skill)).collect();
        screen.json(&SkillList { skills })?;
        return Ok(ExitCode::SUCCESS);
    }
    if skills.is_empty() {
        screen.line("There are no skills: Steward checks nothing.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = skills.values().map(|skill| around.row(skill)).collect();
    screen.table(&["NAME", "FROM", "SCHEDULE", "LAST RUN", "NEXT", "REPORTS ON", "WHAT IT CHECKS"], &rows)?;
    screen.gap()?;
    screen.say(Tone::Dim, "`steward skill run NAME` runs one now and records nothing.")?;
    Ok(ExitCode::SUCCESS)
}

/// When each skill ran last. Nothing, where Steward has not run yet.
async fn last_runs(setup: &Setup) -> Result<BTreeMap<String, LastRun>, Stop> {
    match Store::open_read_only(&setup.loaded.config.state_dir) {
        Ok(store) => Ok(store.read(schedule::all).await?),
        Err(OpenError::Missing { .. }) => Ok(BTreeMap::new()),
        Err(error) => Err(error.into()),
    }
}

/// What is told of a skill besides what it says itself.
struct Around<'a> {
    setup: &'a Setup,
    now: Timestamp,
    last: BTreeMap<String, LastRun>,
}

impl Around<'_> {
    /// When it runs next by its schedule; `None` if it does not.
    fn next_run(&self, skill: &Skill) -> Option<Timestamp> {
        let due = skill.manifest.schedule.next_after(self.now, self.setup.loaded.config.timezone);
        due.filter(|_| skill.enabled)
    }

    fn last_run(&self, skill: &Skill) -> Option<Timestamp> {
        self.last.get(skill.name()).and_then(|run| run.finished)
    }

    /// How often in a row it did not keep its contract.
    fn failures(&self, skill: &Skill) -> u32 {
        self.last.get(skill.name()).map_or(0, |run| run.failures)
    }

    fn row(&self, skill: &Skill) -> (Tone, Vec<String>) {
        let manifest = &skill.manifest;
        let next = match self.next_run(skill) {
            Some(at) => self.clock(at),
            None if skill.enabled => "never".to_owned(),
            None => "disabled".to_owned(),
        };
        let ran = self.last_run(skill).map(|at| self.clock(at));
        let last = match (ran, self.failures(skill)) {
            (Some(at), 0) => at,
            (Some(at), failures) => format!("{at}, failed {failures}×"),
            (None, _) => "-".to_owned(),
        };
        let targets: Vec<&str> = manifest.targets.iter().map(|target| target.as_str()).collect();
        let cells = vec![
            manifest.name.clone(),
            if skill.shipped { "shipped" } else { "own" }.to_owned(),
            manifest.schedule.to_string(),
            last,
            next,
            targets.join(", "),
            manifest.description.clone().unwrap_or_default(),
        ];
        let tone = match (skill.enabled, self.failures(skill)) {
            (false, _) => Tone::Dim,
            (true, 0) => Tone::Strong,
            (true, _) => Tone::Bad,
        };
        (tone, cells)
    }

    /// A time of day in the lab, with the day where it is another one.
    fn clock(&self, at: Timestamp) -> String {
        let (at, now) = (at.with_timezone(&self.tz()), self.now.with_timezone(&self.tz()));
        let form = if at.date_naive() == now.date_naive() { "%H:%M:%S" } else { "%m-%d %H:%M" };
        at.format(form).to_string()
    }

    fn tz(&self) -> Tz {
        self.setup.loaded.config.timezone
    }

    fn entry(&self, skill: &Skill) -> SkillEntry {
        let manifest = &skill.manifest;
        let shown = |param: Param| match param {
            Param::Plain(text) => text,
            Param::Secret(secret) => secret.to_string(),
        };
        let params = self.setup.loaded.params(skill).into_iter();
        SkillEntry {
            name: manifest.name.clone(),
            description: manifest.description.clone(),
            enabled: skill.enabled,
            shipped: skill.shipped,
            path: skill.path.display().to_string(),
            schedule: manifest.schedule.to_string(),
            next_run: self.next_run(skill).map(Time),
            last_run: self.last_run(skill).map(Time),
            failures: self.failures(skill),
            timeout_seconds: manifest.timeout.as_secs_f64(),
            targets: manifest.targets.iter().map(ToString::to_string).collect(),
            contract: match manifest.contract {
                Contract::Report => "report",
                Contract::Nagios => "nagios",
            },
            severity: manifest.severity.as_str(),
            params: params.map(|(name, param)| (name, shown(param))).collect(),
        }
    }
}
