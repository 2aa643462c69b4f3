//! `steward silence add`, `list` and `end`, and `steward ignored`.

use std::process::ExitCode;

use chrono::{NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::args::{IgnoredArgs, SilenceArgs, SilenceCommand};
use super::json::silence::{IgnoredEntry, IgnoredList, SilenceEntry, SilenceList};
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Globals, Tools, control, state_dir};
use crate::config::{Place, Setup};
use crate::domain::command::{self, ChatCommand};
use crate::domain::matcher::Matchers;
use crate::domain::signal::Timestamp;
use crate::domain::suppression::Silence;
use crate::domain::target::Target;
use crate::engine::ports::Clock;
use crate::engine::quiet::ignored_card;
use crate::store::Store;
use crate::store::silences;

/// The most silences that are listed.
const MAX_LISTED: usize = 1000;
/// The most problems that were held back and are listed.
const MAX_IGNORED: usize = 10_000;

/// Carries out what was typed after `silence`.
pub(super) async fn silence(
    globals: &Globals,
    command: &SilenceCommand,
    clock: &dyn Clock,
    screen: &mut Screen<'_>,
) -> Ended {
    match command {
        SilenceCommand::Add(args) => {
            control::tell(&state_dir(globals)?, &command_of(args, clock.now())?, screen).await
        }
        SilenceCommand::End { number } => {
            control::tell(&state_dir(globals)?, &format!("unsilence {number}"), screen).await
        }
        SilenceCommand::List { all, json } => {
            let place = Place::of(&globals.request()).map_err(|problem| Failure::of_problems(&[problem]))?;
            list(&place, *all, *json, clock.now(), screen).await
        }
    }
}

/// What would be typed in a chat to the same end. What can't be read is told here, where it was typed.
fn command_of(args: &SilenceArgs, now: Timestamp) -> Result<String, Failure> {
    let verb = if args.maintenance { "maintenance" } else { "silence" };
    let scope = match args.what.as_slice() {
        [one] if !one.contains(['=', '!', '{']) => Target::parse(one)
            .map(|target| target.to_string())
            .map_err(|error| Failure::usage(error.to_string(), "name a target, or write matchers"))?,
        [one] if one.trim_start().starts_with('{') => matchers(one)?,
        several => matchers(&several.join(","))?,
    };
    let from = args.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
    let why = args.because.as_ref().map(|why| format!(" because {why}")).unwrap_or_default();
    let text = format!("{verb} {scope}{from} for {}{why}", args.duration);
    match command::parse(&text, now, Tz::UTC) {
        Ok(ChatCommand::Silence { .. }) => Ok(text),
        Ok(_) => Err(Failure::usage(format!("{text:?} is no silence"), "look at the command's help")),
        Err(misunderstood) => Err(Failure::usage(
            misunderstood.what,
            "write it as in `steward silence add nas/media --for 2h`; `steward silence add --help` tells more",
        )),
    }
}

fn matchers(text: &str) -> Result<String, Failure> {
    let read = Matchers::parse(text).and_then(Matchers::narrow);
    read.map(|matchers| matchers.to_string()).map_err(|error| Failure::usage(error.what, error.hint))
}

async fn list(place: &Place, all: bool, json: bool, now: Timestamp, screen: &mut Screen<'_>) -> Ended {
    let store = Store::open_read_only(&place.state_dir)?;
    let found = store.read(move |conn| silences::silences(conn, all, MAX_LISTED)).await?;
    if json {
        let silences = found.iter().map(|silence| SilenceEntry::of(silence, now)).collect();
        screen.json(&SilenceList { silences })?;
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        screen.say(Tone::Good, "Nothing is silenced.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = found.iter().map(|silence| row(silence, now, place.timezone)).collect();
    screen.table(&["#", "STATE", "KIND", "FROM", "UNTIL", "BY", "WHAT", "WHY"], &rows)?;
    screen.gap()?;
    screen.say(Tone::Dim, "`steward silence end N` ends one early.")?;
    Ok(ExitCode::SUCCESS)
}

fn row(silence: &Silence, now: Timestamp, tz: Tz) -> (Tone, Vec<String>) {
    let time = |at: Timestamp| at.with_timezone(&tz).format("%Y-%m-%d %H:%M").to_string();
    let (tone, state) = match () {
        () if silence.is_active(now) => (Tone::Warn, "active"),
        () if now < silence.starts_at => (Tone::Plain, "to come"),
        () => (Tone::Dim, "over"),
    };
    let kind = match &silence.window {
        Some(window) => format!("{} {window}", silence.kind.as_str()),
        None => silence.kind.as_str().to_owned(),
    };
    let cells = vec![
        silence.number.to_string(),
        state.to_owned(),
        kind,
        time(silence.starts_at),
        time(silence.ends_at),
        silence.by.clone(),
        silence.scope.to_string(),
        silence.comment.clone(),
    ];
    (tone, cells)
}

/// Tells what was held back as noise.
pub(super) async fn ignored(
    setup: &Setup,
    tools: &Tools,
    args: &IgnoredArgs,
    screen: &mut Screen<'_>,
) -> Ended {
    let config = &setup.loaded.config;
    let (now, tz) = (tools.clock.now(), config.timezone);
    let since = match &args.since {
        Some(text) => moment(text, now, tz)?,
        None => midnight(now, tz),
    };
    let store = Store::open_read_only(&config.state_dir)?;
    let (found, truncated) = store.read(move |conn| silences::ignored(conn, since, MAX_IGNORED)).await?;
    if args.json {
        let problems = found.iter().map(IgnoredEntry::of).collect();
        screen.json(&IgnoredList { since: super::json::Time(since), problems, truncated })?;
        return Ok(ExitCode::SUCCESS);
    }
    let card = ignored_card(&found, &config.quiet, since, tz);
    screen.say(Tone::Plain, &card.title)?;
    for line in &card.body {
        screen.line(line)?;
    }
    if truncated {
        screen.say(Tone::Warn, &format!("There is more; these are {MAX_IGNORED} problems."))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn midnight(now: Timestamp, tz: Tz) -> Timestamp {
    let begin = now.with_timezone(&tz).date_naive().and_time(NaiveTime::MIN);
    tz.from_local_datetime(&begin)
        .earliest()
        .map_or(now - chrono::TimeDelta::days(1), |at| at.with_timezone(&Utc))
}

fn moment(text: &str, now: Timestamp, tz: Tz) -> Result<Timestamp, Failure> {
    match command::parse(&format!("ignored since {text}"), now, tz) {
        Ok(ChatCommand::Ignored { since: Some(at) }) => Ok(at),
        _ => Err(Failure::usage(
            format!("--since {text:?} is no moment in the past"),
            "write a span (`2h`, `3 days`), a time (`14:00`, `yesterday 14:00`) or a day (`2026-11-20`, `monday`)",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(what: &[&str]) -> Result<String, Failure> {
        let args = SilenceArgs {
            what: what.iter().map(|what| (*what).to_owned()).collect(),
            duration: "2h".into(),
            from: None,
            because: Some("new disk".into()),
            maintenance: false,
        };
        command_of(&args, "2026-11-21T08:00:00Z".parse().unwrap())
    }

    #[test]
    fn what_is_typed_in_a_shell_becomes_what_a_chat_would_understand() {
        let said = |what: &[&str]| add(what).unwrap_or_else(|failure| panic!("{}", failure.what));
        assert_eq!(said(&["nas/media"]), "silence nas/media for 2h because new disk");
        let both = r#"silence {alertname="X", instance=~"nas.*"} for 2h because new disk"#;
        assert_eq!(said(&["alertname=X", r#"instance=~"nas.*""#]), both);
        assert_eq!(said(&[r#"{alertname="X",instance=~"nas.*"}"#]), both);
    }

    #[test]
    fn what_can_not_be_read_is_told_before_anybody_is_asked() {
        for what in [&["na s"][..], &["{a="], &["a=~("], &["a!=b"], &["a=b", "c"]] {
            assert!(add(what).is_err(), "{what:?}");
        }
    }
}
