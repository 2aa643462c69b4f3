//! dpkg's own log: steps with a time each, and no runs. What apt did stands in apt's history, and better.

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::{Span, counted, line, time};
use crate::domain::change::{Change, ChangeKind};
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;

/// Steps that are so near to each other belong to one change.
const TOGETHER: TimeDelta = TimeDelta::minutes(2);

/// A step that changed a package.
struct Step {
    at: Timestamp,
    what: &'static str,
    /// As apt's history writes it: `name:arch (old, new`.
    package: String,
}

/// The changes that dpkg made outside of `runs` of apt.
pub(super) fn parse(text: &str, host: Option<&Target>, tz: Tz, runs: &[Span]) -> Vec<Change> {
    let by_apt = |at: Timestamp| runs.iter().any(|(from, to)| (*from..=*to).contains(&at));
    let steps: Vec<Step> =
        text.lines().filter_map(|line| step(line, tz)).filter(|step| !by_apt(step.at)).collect();
    steps.chunk_by(|a, b| (b.at - a.at).abs() <= TOGETHER).filter_map(|steps| told(steps, host)).collect()
}

/// `2026-11-21 09:00:00 upgrade nginx:amd64 1.26 1.27`; other lines tell of steps between.
fn step(line: &str, tz: Tz) -> Option<Step> {
    let mut words = line.split(' ');
    let at = time(&format!("{} {}", words.next()?, words.next()?), tz)?;
    let what = match words.next()? {
        "install" => "installed",
        "upgrade" => "upgraded",
        "remove" => "removed",
        "purge" => "purged",
        _ => return None,
    };
    let (name, old, new) = (words.next()?, words.next()?, words.next()?);
    let versions = match (old, new) {
        ("<none>", version) | (version, "<none>") => version.to_owned(),
        (old, new) => format!("{old}, {new}"),
    };
    Some(Step { at, what, package: format!("{name} ({versions}") })
}

fn told(steps: &[Step], host: Option<&Target>) -> Option<Change> {
    let at = steps.first()?.at;
    let mut lines: Vec<(usize, String)> =
        steps.iter().filter_map(|step| line(step.what, &step.package)).collect();
    lines.sort();
    lines.dedup();
    let summary = format!("dpkg: {}", counted(steps.iter().map(|step| step.what)));
    let change =
        Change::new(ChangeKind::Package, super::SOURCE, format!("dpkg-{}", at.timestamp()), at, summary);
    Some(change.by("dpkg").on(host.cloned()).with_gist(lines.into_iter().map(|(_, line)| line)))
}
