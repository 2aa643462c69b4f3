//! `steward alerts`: what to paste into a source, and what would become of what it sends.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use super::json::alert::{AlertEntry, Tried};
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Stop, Tools, unknown};
use crate::config::{AlertSource, Setup};
use crate::domain::alert::{Explained, Format, Template};
use crate::domain::signal::{Severity, SignalState};

/// Formats for which there is nothing to paste, and where to look instead.
const WITHOUT: [(&str, &str); 2] = [
    (
        "systemd",
        "`steward notify-failure --unit-template` prints the unit; docs/alerts.md tells where it goes",
    ),
    (
        "json",
        "that is for a source of your own: begin with `steward alerts mapping grafana` and docs/alerts.md",
    ),
];
/// The same below the list of those that there are.
const NO_TEMPLATE: &str = "\
There is none for `systemd`: `steward notify-failure --unit-template` prints the unit to install.
There is none for `json`, a source of your own: `steward alerts mapping NAME` prints a mapping to begin with.";

/// Prints what to paste into a source, or what there is.
pub(super) fn template(name: Option<&str>, screen: &mut Screen<'_>) -> Ended {
    let Some(name) = name else {
        for template in Template::all() {
            screen.line(template.name)?;
        }
        screen.gap()?;
        screen.block(Tone::Dim, 0, NO_TEMPLATE)?;
        return Ok(ExitCode::SUCCESS);
    };
    if let Some((_, where_to)) = WITHOUT.iter().find(|(format, _)| *format == name) {
        return Err(Failure::new(format!("there is nothing to paste for `{name}`"), *where_to).into());
    }
    let names = Template::all().map(|template| template.name);
    // Under the name of its source, too.
    let format =
        Format::WELL_KNOWN.iter().find(|(source, _)| *source == name).map_or(name, |(_, format)| format);
    let template =
        Template::named(format).ok_or_else(|| unknown("template", name, names, "steward alerts template"))?;
    screen.block(Tone::Dim, 0, template.about)?;
    screen.block(Tone::Plain, 0, template.text.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a shipped mapping: to begin with for one of your own.
pub(super) fn mapping(name: &str, screen: &mut Screen<'_>) -> Ended {
    let known = Format::NAMES.into_iter().filter(|name| Format::mapping_text(name).is_some());
    let text = Format::mapping_text(name).ok_or_else(|| {
        let list: Vec<&str> = known.collect();
        let hint = format!("there is one for each of {}", list.join(", "));
        Failure::new(format!("no mapping is called `{name}`"), hint)
    })?;
    screen.block(Tone::Plain, 0, text.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// Shows what a body of a source would become.
pub(super) async fn attempt(
    setup: &Setup,
    tools: &Tools,
    (name, file): (&str, &Path),
    json: bool,
    screen: &mut Screen<'_>,
) -> Ended {
    let known = setup.loaded.config.alerts.spool_sources();
    let names = known.keys().map(String::as_str);
    let source =
        known.get(name).ok_or_else(|| unknown("source of alerts", name, names, "steward alerts template"))?;
    let mut explained = understand(source, &body(file)?, tools)?;
    explained.canonical(&super::topology::known(setup).await?.1);
    if json {
        screen.json(&document(&explained))?;
    } else {
        tell(&explained, screen)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn body(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut body).map(|_| body)
    } else {
        std::fs::read(file)
    };
    read.map_err(|error| {
        Failure::new(format!("{} can't be read: {error}", file.display()), "look at its name and its rights")
    })
}

fn understand(source: &AlertSource, body: &[u8], tools: &Tools) -> Result<Explained, Failure> {
    if body.len() > source.max_body {
        let hint = "send fewer at once, or raise the source's `max_body`";
        let what = format!("the body has {} bytes; this source may send {}", body.len(), source.max_body);
        return Err(Failure::new(what, hint));
    }
    source.reading.explain(body, tools.clock.now()).map_err(|error| {
        let hint = "docs/alerts.md shows what each format looks like";
        Failure::new(format!("{} does not understand it: {error}", source.reading.source), hint)
            .meaning("it would be answered with 400 and kept among the rejected ones")
    })
}

fn document(explained: &Explained) -> Tried<'_> {
    let notice = &explained.notice;
    let signals = notice.signals.iter().zip(&explained.derivations);
    Tried {
        alerts: signals.map(|(signal, derivation)| AlertEntry::new(signal, derivation)).collect(),
        changes: notice.changes.iter().map(Into::into).collect(),
        hidden: notice.hidden,
        ignored: notice.ignored,
        rejected: notice.faults.iter().map(|fault| fault.why.as_str()).collect(),
    }
}

fn tell(explained: &Explained, screen: &mut Screen<'_>) -> Result<(), Stop> {
    let notice = &explained.notice;
    for (signal, from) in notice.signals.iter().zip(&explained.derivations) {
        let (tone, state) = match (signal.state, signal.severity) {
            (SignalState::Resolved, _) => (Tone::Good, "resolved"),
            (SignalState::Firing, Severity::Info | Severity::Warning) => (Tone::Warn, "firing"),
            (SignalState::Firing, _) => (Tone::Bad, "firing"),
        };
        screen.toned(&[(tone, &format!("{state:<9} ")), (Tone::Strong, &signal.summary)])?;
        let fingerprint = signal.origin.to_string();
        let rows = [
            ("target", signal.target.to_string(), from.target.to_string()),
            ("signature", signal.signature.to_string(), from.signature.to_string()),
            ("severity", signal.severity.to_string(), from.severity.to_string()),
            ("identity", fingerprint, from.fingerprint.to_string()),
        ];
        for (name, value, from) in rows {
            let head = format!("  {name:<10} {value}");
            screen.toned(&[(Tone::Plain, &head), (Tone::Dim, &format!("  ({from})"))])?;
        }
        if signal.target.is_unknown() {
            let hint = "Nothing says what is broken, so it is never repaired automatically: give the alert a label `target`, or the source `targets`.";
            screen.block(Tone::Warn, 2, hint)?;
        }
        for (name, value) in &signal.labels {
            screen.block(Tone::Dim, 2, &format!("{name}={value}"))?;
        }
        if !signal.evidence.is_empty() {
            screen.block(Tone::Plain, 4, &signal.evidence)?;
        }
        screen.gap()?;
    }
    for change in &notice.changes {
        let targets: Vec<&str> = change.targets.iter().map(|target| target.as_str()).collect();
        screen.toned(&[(Tone::Plain, "change    "), (Tone::Strong, &change.summary)])?;
        let line = format!("by {}, on {}, from {}", change.author, targets.join(", "), change.source);
        screen.block(Tone::Plain, 2, &line)?;
        screen.gap()?;
    }
    for fault in &notice.faults {
        screen.toned(&[(Tone::Bad, "rejected  "), (Tone::Strong, &fault.why)])?;
        screen.gap()?;
    }
    screen.line(&total(explained))
}

/// What it comes to: `2 alerts, 22 more hidden by the source. Nothing was done.`
fn total(explained: &Explained) -> String {
    let notice = &explained.notice;
    let count = |n: u64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let alerts = count(notice.signals.len() as u64, "alert", "alerts");
    let changes = count(notice.changes.len() as u64, "change", "changes");
    let mut parts = vec![if notice.changes.is_empty() { alerts } else { changes }];
    if notice.hidden > 0 {
        parts.push(format!("{} more that the source did not send", notice.hidden));
    }
    if !notice.faults.is_empty() {
        parts.push(format!("{} that would be rejected", notice.faults.len()));
    }
    if notice.ignored > 0 {
        parts.push(format!("{} of which nothing becomes", notice.ignored));
    }
    format!("{}. Nothing was done.", parts.join(", "))
}
