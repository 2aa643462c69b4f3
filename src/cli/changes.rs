//! `steward changes`: what changed lately.

use std::process::ExitCode;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::args::ChangesArgs;
use super::json::Time;
use super::json::change::{ChangeEntry, ChangeList};
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Stop, Tools, topology};
use crate::config::Setup;
use crate::domain::change::{Change, Relation, rank, reference};
use crate::domain::command::{self, ChatCommand};
use crate::domain::incident::Incident;
use crate::domain::signal::Timestamp;
use crate::domain::target::{Meant, Target, did_you_mean};
use crate::engine::cards::span;
use crate::engine::changes_told::short_in;
use crate::engine::suspects::{Found, Ledger, ranked, targets_of, watched};
use crate::store::{OpenError, Store, query};

/// The most changes read of one source.
const PER_SOURCE: usize = 200;
/// The most files named with a change.
const FILES: usize = 3;

/// What was found, for whom.
struct Answer<'a> {
    since: Timestamp,
    until: Timestamp,
    target: Option<&'a Target>,
    before: Option<&'a Incident>,
    /// Each with the reason why it may have touched the target.
    changes: Vec<(Change, Option<String>)>,
    elsewhere: usize,
    silent: Vec<String>,
}

/// Tells what changed.
pub(super) async fn changes(
    setup: &Setup,
    tools: &Tools,
    args: &ChangesArgs,
    screen: &mut Screen<'_>,
) -> Ended {
    let now = tools.clock.now();
    let incident = match args.before {
        Some(number) => Some(incident(setup, number).await?),
        None => None,
    };
    let from = incident.as_ref().map_or(now, |incident| incident.opened_at);
    let since = since(setup, args.since.as_deref(), now, from)?;
    let mut target = args.target.clone();
    if let Some(named) = &mut target {
        *named = meant(setup, named).await?;
    }
    let targets = match (&incident, &target) {
        (Some(incident), _) => targets_of(incident),
        (None, target) => target.iter().cloned().collect(),
    };
    let mut found = ask(tools, &watched(&targets, &setup.topology), setup, since, now).await?;
    if let Some(named) = &mut target {
        // A short name may be told by the changes alone.
        match short_in(&found.changes, named) {
            Meant::One(target) if target != *named => {
                found =
                    ask(tools, &watched(std::slice::from_ref(&target), &setup.topology), setup, since, now)
                        .await?;
                *named = target;
            }
            Meant::Several(meant) => return Err(several(named, &meant).into()),
            Meant::One(_) | Meant::Unknown => {}
        }
    }
    let answer = match &incident {
        Some(incident) => Answer::before(found, setup, incident, since, now),
        None => Answer::of(found, setup, target.as_ref(), since, now),
    };
    if args.json {
        screen.json(&answer.document())?;
    } else {
        answer.tell(setup.loaded.config.timezone, screen)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The target that a name means by the topology and by what is failing; the name itself if they don't know it.
async fn meant(setup: &Setup, named: &Target) -> Result<Target, Stop> {
    let (_, topology) = topology::known(setup).await?;
    let failing = topology::failing(setup).await?;
    match topology.meant(named, &failing) {
        Meant::One(target) => Ok(target),
        Meant::Several(meant) => Err(several(named, &meant).into()),
        Meant::Unknown => Ok(named.clone()),
    }
}

fn several(named: &Target, meant: &[Target]) -> Failure {
    Failure::new(did_you_mean(named, meant), "name one of them whole, or as much of its end as it takes")
}

/// The incident with this number.
async fn incident(setup: &Setup, number: u64) -> Result<Incident, Stop> {
    let store = Store::open_read_only(&setup.loaded.config.state_dir)?;
    let found = store.read(move |conn| query::incident(conn, number)).await?;
    found.map(|stored| stored.incident).ok_or_else(|| {
        Failure::new(format!("there is no incident #{number}"), "`steward incident list --all` lists them")
            .into()
    })
}

/// The moment that was typed; the configured window before `from` if none was.
fn since(setup: &Setup, text: Option<&str>, now: Timestamp, from: Timestamp) -> Result<Timestamp, Failure> {
    let Some(text) = text else {
        let window = TimeDelta::from_std(setup.loaded.config.changes.window).unwrap_or(TimeDelta::MAX);
        return Ok(from.checked_sub_signed(window).unwrap_or(Timestamp::UNIX_EPOCH));
    };
    // The same words as in chat.
    match command::parse(&format!("changes since {text}"), now, setup.loaded.config.timezone) {
        Ok(ChatCommand::WhatChanged { since: Some(since), on: None, incident: None }) => Ok(since),
        _ => Err(Failure::usage(
            format!("--since {text:?} is no moment in the past"),
            "write a span (`2h`, `3 days`), a time (`14:00`, `yesterday 14:00`) or a day (`2026-11-20`, `monday`)",
        )),
    }
}

/// Asks every source, and Steward's own record where there is one.
async fn ask(
    tools: &Tools,
    targets: &[Target],
    setup: &Setup,
    since: Timestamp,
    until: Timestamp,
) -> Result<Found, Stop> {
    let sources = tools.sources.clone();
    match Store::open_read_only(&setup.loaded.config.state_dir) {
        Ok(store) => Ok(Ledger { sources, store }.changes(since, until, targets).await),
        Err(missing @ OpenError::Missing { .. }) if sources.is_empty() => {
            let failure = Failure::from(missing);
            let hint =
                "start `steward run`, or name git repositories under `[[changes.git]]` in the configuration";
            Err(Failure { hint: Some(hint.to_owned()), ..failure }.into())
        }
        Err(OpenError::Missing { .. }) => {
            let mut found = Found::default();
            found
                .silent
                .push("Steward's own record: it has not run with this state directory yet".to_owned());
            for source in sources {
                match source.changes(since, until, PER_SOURCE).await {
                    Ok(changes) => found.changes.extend(changes),
                    Err(why) if why.starts_with(&source.name()) => found.silent.push(why),
                    Err(why) => found.silent.push(format!("{}: {why}", source.name())),
                }
            }
            found.changes.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
            Ok(found)
        }
        Err(error) => Err(error.into()),
    }
}

impl<'a> Answer<'a> {
    fn of(
        found: Found,
        setup: &Setup,
        target: Option<&'a Target>,
        since: Timestamp,
        until: Timestamp,
    ) -> Self {
        let Found { changes, silent } = found;
        let total = changes.len();
        let changes: Vec<(Change, Option<String>)> = match target {
            None => changes.into_iter().map(|change| (change, None)).collect(),
            Some(target) => {
                // Only what it is said to need: a path that merely contains it would make its neighbours suspects.
                let needs = setup.topology.upstreams(target);
                let above = |touched: &Target| {
                    let needed =
                        needs.iter().find(|upstream| upstream.declared && upstream.target == *touched);
                    needed.map(|upstream| upstream.distance)
                };
                let ranked = rank(changes, std::slice::from_ref(target), &above, until, until);
                ranked
                    .into_iter()
                    .filter_map(|suspect| Some((suspect.change, Some(how(suspect.relation, target)?))))
                    .collect()
            }
        };
        Self { since, until, target, before: None, elsewhere: total - changes.len(), changes, silent }
    }

    fn before(
        found: Found,
        setup: &Setup,
        incident: &'a Incident,
        since: Timestamp,
        until: Timestamp,
    ) -> Self {
        let Found { changes, silent } = found;
        let total = changes.len();
        let targets = targets_of(incident);
        let suspects = ranked(changes, &targets, &setup.topology, incident.opened_at, until);
        let changes: Vec<_> = suspects.into_iter().map(|s| (s.change, Some(s.why))).collect();
        let before = Some(incident);
        Self { since, until, target: None, before, elsewhere: total - changes.len(), changes, silent }
    }

    fn tell(&self, tz: Tz, screen: &mut Screen<'_>) -> Result<(), Stop> {
        let begin = self.since.with_timezone(&tz).format("%Y-%m-%d %H:%M");
        let on = match (self.target, self.before) {
            (Some(target), _) => format!(" that may have touched {target}"),
            (None, Some(incident)) => {
                format!(" that may have caused #{} ({})", incident.number, incident.root)
            }
            (None, None) => String::new(),
        };
        let head = match self.changes.len() {
            0 => format!("Nothing changed since {begin}{on}, as far as is known."),
            1 => format!("1 change since {begin}{on}:"),
            many => format!("{many} changes since {begin}{on}:"),
        };
        screen.say(Tone::Strong, &head)?;
        for (change, why) in &self.changes {
            screen.gap()?;
            self.tell_change(change, why.as_deref(), tz, screen)?;
        }
        if self.elsewhere > 0 {
            screen.gap()?;
            let text = format!(
                "{} more touched something else, or nobody knows what; without {} all are listed.",
                self.elsewhere,
                if self.before.is_some() { "--before" } else { "--on" }
            );
            screen.say(Tone::Dim, &text)?;
        }
        if !self.silent.is_empty() {
            screen.gap()?;
            screen.say(Tone::Warn, "Could not be asked, so there may be more:")?;
            self.silent.iter().try_for_each(|line| screen.block(Tone::Plain, 2, line))?;
        }
        Ok(())
    }

    fn tell_change(
        &self,
        change: &Change,
        why: Option<&str>,
        tz: Tz,
        screen: &mut Screen<'_>,
    ) -> Result<(), Stop> {
        let at = change.at.with_timezone(&tz).format("%Y-%m-%d %H:%M:%S");
        let by = if change.author.is_empty() { String::new() } else { format!("by {}, ", change.author) };
        screen.toned(&[
            (Tone::Dim, &format!("{at}  ")),
            (Tone::Strong, &change.summary),
            (Tone::Plain, &format!("  {by}{} ago", span(change.at, self.until))),
        ])?;
        screen.line(&format!("  {}", reference(&change.source, &change.id)))?;
        if let Some(why) = why {
            screen.say(Tone::Warn, &format!("  {why}"))?;
        }
        let targets: Vec<&str> = change.targets.iter().map(Target::as_str).collect();
        if !targets.is_empty() {
            screen.line(&format!("  touches {}", targets.join(", ")))?;
        }
        let mut files: Vec<String> = change.files.iter().take(FILES).cloned().collect();
        if change.files_total > files.len() {
            files.push(format!("and {} more", change.files_total - files.len()));
        }
        if !files.is_empty() {
            screen.line(&format!("  files   {}", files.join(", ")))?;
        }
        for line in &change.gist {
            screen.line(&format!("  {line}"))?;
        }
        if let Some(url) = &change.url {
            screen.line(&format!("  {url}"))?;
        }
        Ok(())
    }

    fn document(&self) -> ChangeList {
        let entry = |(change, why): &(Change, Option<String>)| ChangeEntry::new(change, why.as_deref());
        ChangeList {
            since: Time(self.since),
            until: Time(self.until),
            target: self.target.map(ToString::to_string),
            before: self.before.map(|incident| incident.number),
            changes: self.changes.iter().map(entry).collect(),
            elsewhere: self.elsewhere,
            silent: self.silent.clone(),
        }
    }
}

/// How a change may have touched the target; `None` if it did not, as far as is known. (The ranking's own words are
/// made for an incident: they count the time until something broke.)
fn how(relation: Relation, target: &Target) -> Option<String> {
    match relation {
        Relation::Root => Some(format!("touched {target} itself")),
        Relation::Upstream(1) => Some(format!("touched what {target} depends on")),
        Relation::Upstream(steps) => Some(format!("touched what {target} depends on, {steps} steps up")),
        Relation::Around(_) => Some(format!("touched what contains {target}, or a part of it")),
        Relation::Symptom | Relation::Unmapped | Relation::Elsewhere => None,
    }
}
