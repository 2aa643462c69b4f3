//! `steward audit verify` and `steward audit show`. They need to know where the state is, and nothing else.

use std::process::ExitCode;

use chrono_tz::Tz;
use serde_json::Value;

use super::args::{AuditCommand, AuditShowArgs};
use super::incidents::Which;
use super::json::audit::{AuditLine, AuditList, Verification};
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Globals};
use crate::config::Place;
use crate::domain::command::{self, ChatCommand};
use crate::domain::signal::Timestamp;
use crate::engine::ports::Clock;
use crate::store::Store;
use crate::store::audit::{self, AuditRow, Filter, Link};

/// The most lines that are shown.
const MAX_SHOWN: usize = 10_000;

/// Carries out what was typed after `audit`.
pub(super) async fn audit(
    globals: &Globals,
    command: &AuditCommand,
    clock: &dyn Clock,
    screen: &mut Screen<'_>,
) -> Ended {
    let place = Place::of(&globals.request()).map_err(|problem| Failure::of_problems(&[problem]))?;
    match command {
        AuditCommand::Verify { expect, json } => verify(&place, *expect, *json, screen).await,
        AuditCommand::Show(args) => show(&place, args, clock.now(), screen).await,
    }
}

async fn verify(place: &Place, expect: Option<Link>, json: bool, screen: &mut Screen<'_>) -> Ended {
    let store = Store::open_read_only(&place.state_dir)?;
    let outcome = store.read(move |conn| audit::verify(conn, expect)).await?;
    let code = if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if json {
        screen.json(&Verification::of(&outcome))?;
        return Ok(code);
    }
    let whole = match outcome {
        Ok(whole) => whole,
        Err(broken) => {
            screen.say(Tone::Bad, &format!("The audit trail is broken: {broken}."))?;
            screen.line(
                "Somebody, or something, changed it behind Steward's back; the lines before are sound.",
            )?;
            screen.say(Tone::Dim, "Keep a copy of the state directory, and compare it with a backup.")?;
            return Ok(code);
        }
    };
    let lines = if whole.count == 1 { "1 line".to_owned() } else { format!("{} lines", whole.count) };
    let time = |at: Timestamp| shown(at, place.timezone);
    let span = match (whole.first, whole.last) {
        (Some(first), Some(last)) => format!(", from {} to {}", time(first), time(last)),
        _ => String::new(),
    };
    screen.say(Tone::Good, &format!("The audit trail is whole: {lines}{span}."))?;
    screen.line(&format!("Head: {}", whole.head))?;
    match whole.expected {
        Some(0) => screen.line("The expected hash is that of an empty trail, with which every one begins.")?,
        Some(seq) => screen
            .line(&format!("The expected hash is line {seq}'s: all up to there is what it was then."))?,
        None => screen.say(
            Tone::Dim,
            "Kept elsewhere, the head proves later with `--expect` that nothing up to here was cut off or written anew.",
        )?,
    }
    Ok(code)
}

async fn show(place: &Place, args: &AuditShowArgs, now: Timestamp, screen: &mut Screen<'_>) -> Ended {
    let moment =
        |flag, text: &Option<String>| text.as_deref().map(|text| moment(flag, text, now, place.timezone));
    let filter = Filter {
        since: moment("--since", &args.since).transpose()?,
        until: moment("--until", &args.until).transpose()?,
        incident: args.incident.as_deref().map(Which::parse).transpose()?.map(|which| match which {
            Which::Number(number) => audit::Which::Number(number),
            Which::Id(id) => audit::Which::Id(id),
        }),
    };
    let store = Store::open_read_only(&place.state_dir)?;
    let mut found = store.read(move |conn| audit::rows(conn, &filter, MAX_SHOWN + 1)).await?;
    let truncated = found.len() > MAX_SHOWN;
    if truncated {
        found.remove(0);
    }
    if args.json {
        screen.json(&AuditList { lines: found.iter().map(AuditLine::from).collect(), truncated })?;
        return Ok(ExitCode::SUCCESS);
    }
    if truncated {
        let text =
            format!("There are more; these are the newest {MAX_SHOWN}. --since and --until narrow it down.");
        screen.say(Tone::Warn, &text)?;
    }
    if found.is_empty() {
        screen.say(Tone::Plain, "Nothing like that is on the audit trail.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = found.iter().map(|row| (Tone::Plain, cells(row, place.timezone))).collect();
    screen.table(&["LINE", "WHEN", "ABOUT", "WHAT", "WHO", "INCIDENT", "PARTICULARS"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

/// The same words as in chat.
pub(super) fn moment(flag: &str, text: &str, now: Timestamp, tz: Tz) -> Result<Timestamp, Failure> {
    match command::parse(&format!("changes since {text}"), now, tz) {
        Ok(ChatCommand::WhatChanged { since: Some(at), on: None, incident: None }) => Ok(at),
        _ => Err(Failure::usage(
            format!("{flag} {text:?} is no moment in the past"),
            "write a span (`2h`, `3 days`), a time (`14:00`, `yesterday 14:00`) or a day (`2026-11-20`, `monday`)",
        )),
    }
}

fn shown(at: Timestamp, tz: Tz) -> String {
    at.with_timezone(&tz).format("%Y-%m-%d %H:%M:%S").to_string()
}

fn cells(row: &AuditRow, tz: Tz) -> Vec<String> {
    let incident = row.number.map(|number| format!("#{number}")).or_else(|| row.incident.clone());
    vec![
        row.seq.to_string(),
        shown(row.at, tz),
        row.kind.clone(),
        row.what.clone(),
        row.who.clone().unwrap_or_else(|| "steward".to_owned()),
        incident.unwrap_or_default(),
        particulars(&row.body),
    ]
}

/// A line's particulars as people read them.
fn particulars(body: &Value) -> String {
    let Value::Object(fields) = body else { return plain(body) };
    let written = fields.iter().filter(|(_, value)| !value.is_null());
    written.map(|(name, value)| format!("{name}: {}", plain(value))).collect::<Vec<_>>().join("; ")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.lines().collect::<Vec<_>>().join(" ⏎ "),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
