//! Packages that were installed, upgraded or removed: one change per run of apt, as its history tells, and what dpkg did
//! beside apt (`dpkg -i`), as dpkg's log tells.

mod dpkg;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::domain::action::Action;
use crate::domain::change::{Change, ChangeKind, one_line};
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;
use crate::engine::ports::ChangeSource;
use crate::engine::ports::ReadCommand;

const SOURCE: &str = "packages";
/// Bytes read of the end of each file.
const TAIL: &str = "1000000";
/// Packages whose new version means another kernel, or something that everything runs on.
const FIRST: [&str; 6] = ["linux-image", "proxmox-kernel", "pve-kernel", "systemd", "libc6", "docker"];

/// The packages of this machine.
pub struct Packages {
    host: Option<Target>,
    tz: Tz,
    logs: Logs,
    reader: Arc<dyn ReadCommand>,
}

/// The logs that there are, each the oldest first.
#[derive(Debug, Clone, Default)]
pub struct Logs {
    /// apt's history.
    pub apt: Vec<String>,
    /// dpkg's log.
    pub dpkg: Vec<String>,
}

impl Packages {
    /// Those of the machine that the lab calls `host`; its logs are written in `tz`.
    #[must_use]
    pub fn new(host: &str, tz: Tz, logs: Logs, reader: Arc<dyn ReadCommand>) -> Self {
        Self { host: Target::parse(host).ok(), tz, logs, reader }
    }
}

pub(super) fn action(file: &str) -> Action {
    Action::local(["tail", "-c", TAIL, file].map(str::to_owned).to_vec())
}

#[async_trait]
impl ChangeSource for Packages {
    fn name(&self) -> String {
        SOURCE.to_owned()
    }

    async fn changes(&self, since: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<Change>, String> {
        let (mut changes, mut runs) = (Vec::new(), Vec::new());
        for file in &self.logs.apt {
            let (told, spans) = parse(&self.read(file).await?, self.host.as_ref(), self.tz);
            changes.extend(told);
            runs.extend(spans);
        }
        for file in &self.logs.dpkg {
            changes.extend(dpkg::parse(&self.read(file).await?, self.host.as_ref(), self.tz, &runs));
        }
        changes.retain(|change| since <= change.at && change.at <= until);
        changes.sort_by_key(|change| std::cmp::Reverse(change.at));
        changes.truncate(limit);
        Ok(changes)
    }
}

impl Packages {
    /// The end of a log; nothing if it was rotated away.
    async fn read(&self, file: &str) -> Result<String, String> {
        match self.reader.read(action(file)).await {
            Ok(output) => Ok(String::from_utf8_lossy(&output).into_owned()),
            Err(why) if why.contains("No such file") => Ok(String::new()),
            Err(why) => {
                let why = one_line(why.trim(), 300);
                Err(format!(
                    "packages: {file} could not be read; what was installed is unknown. Let Steward read it, or set `[changes] packages = \"off\"`. It says: {why}"
                ))
            }
        }
    }
}

/// From when to when apt ran.
type Span = (Timestamp, Timestamp);

/// One run of apt.
#[derive(Default)]
struct Run {
    at: Option<Timestamp>,
    until: Option<Timestamp>,
    command: String,
    by: String,
    error: String,
    done: Vec<(&'static str, String)>,
}

/// Reads the paragraphs of `history.log`. A paragraph that was cut, or has no time, is skipped.
fn parse(text: &str, host: Option<&Target>, tz: Tz) -> (Vec<Change>, Vec<Span>) {
    let (mut changes, mut spans) = (Vec::new(), Vec::new());
    let mut run = Run::default();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            spans.extend(run.span());
            changes.extend(std::mem::take(&mut run).told(host));
            continue;
        }
        let Some((key, value)) = line.split_once(": ") else { continue };
        match key {
            "Start-Date" => {
                spans.extend(run.span());
                changes.extend(std::mem::take(&mut run).told(host));
                run.at = time(value, tz);
            }
            "End-Date" => run.until = time(value, tz),
            "Commandline" => run.command = one_line(value, 200),
            "Requested-By" => run.by = one_line(value.split(" (").next().unwrap_or_default(), 60),
            "Error" => run.error = one_line(value, 160),
            "Install" => run.note("installed", value),
            "Reinstall" => run.note("installed again", value),
            "Upgrade" => run.note("upgraded", value),
            "Downgrade" => run.note("downgraded", value),
            "Remove" => run.note("removed", value),
            "Purge" => run.note("purged", value),
            _ => {}
        }
    }
    (changes, spans)
}

/// A time of the log, which is the machine's own.
fn time(text: &str, tz: Tz) -> Option<Timestamp> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = NaiveDateTime::parse_from_str(&words.join(" "), "%Y-%m-%d %H:%M:%S").ok()?;
    tz.from_local_datetime(&at).earliest().map(|at| at.to_utc())
}

impl Run {
    /// From when to when; one that has not ended goes on, for all that is known.
    fn span(&self) -> Option<Span> {
        let at = self.at?;
        Some((at, self.until.unwrap_or(at + TimeDelta::hours(1))))
    }

    fn note(&mut self, what: &'static str, packages: &str) {
        self.done
            .extend(packages.split("), ").map(|package| (what, package.trim_end_matches(')').to_owned())));
    }

    fn told(self, host: Option<&Target>) -> Option<Change> {
        let at = self.at?;
        let mut lines: Vec<(usize, String)> =
            self.done.iter().filter_map(|(what, package)| line(what, package)).collect();
        if lines.is_empty() {
            return None;
        }
        // The kernel first: of a hundred packages it is the one to know of.
        lines.sort();
        let counted = counted(self.done.iter().map(|(what, _)| *what));
        let failed =
            if self.error.is_empty() { String::new() } else { format!(", and it failed: {}", self.error) };
        let by = if self.by.is_empty() { "apt".to_owned() } else { self.by };
        let command = if self.command.is_empty() { "apt".to_owned() } else { self.command };
        let summary = format!("{command}: {counted}{failed}");
        let change = Change::new(ChangeKind::Package, SOURCE, format!("apt-{}", at.timestamp()), at, summary);
        Some(change.by(by).on(host.cloned()).with_gist(lines.into_iter().map(|(_, line)| line)))
    }
}

/// How often what was done: `2 installed, 1 removed`.
fn counted<'a>(done: impl Iterator<Item = &'a str>) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for what in done {
        match counts.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count += 1,
            None => counts.push((what, 1)),
        }
    }
    counts.iter().map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
}

/// `libssl3:amd64 (3.0.15-1, 3.0.16-1` as a line of gist, and its place among them. What was drawn in by others says so.
fn line(what: &str, package: &str) -> Option<(usize, String)> {
    let (name, versions) = package.split_once(" (")?;
    let name = name.split(':').next().unwrap_or(name);
    let versions: Vec<&str> = versions.split(", ").collect();
    let automatic = usize::from(versions.contains(&"automatic"));
    let mut numbers = versions.iter().filter(|version| **version != "automatic");
    let text = match (numbers.next(), numbers.next()) {
        (Some(old), Some(new)) => format!("{name} {old} → {new}"),
        (Some(version), None) => format!("{name} {version} {what}"),
        _ => format!("{name} {what}"),
    };
    let place = FIRST.iter().position(|first| name.starts_with(first)).unwrap_or(FIRST.len() + automatic);
    Some((place, one_line(&text, 160)))
}

#[cfg(test)]
mod tests;
