//! `steward export`: what was heard, as a recording.

use std::iter::Peekable;
use std::process::ExitCode;
use std::vec::IntoIter;

use serde_json::Value;

use super::args::ExportArgs;
use super::audit::moment;
use super::screen::Screen;
use super::{Ended, Failure, Stop, Tools, logging};
use crate::config::Setup;
use crate::domain::change::Change;
use crate::domain::redact::Redactor;
use crate::domain::signal::Timestamp;
use crate::engine::replay::line;
use crate::store::changes::recent;
use crate::store::metrics::heard::{Heard, HeardWord};
use crate::store::{Metrics, Store};

/// Rows read at once.
const PAGE: u32 = 2_000;
/// The most changes of Steward's own record.
const CHANGES: usize = 100_000;
/// The most changes read of one source.
const PER_SOURCE: usize = 2_000;

/// Writes what was heard.
pub(super) async fn export(
    setup: &Setup,
    tools: &Tools,
    args: &ExportArgs,
    screen: &mut Screen<'_>,
) -> Ended {
    let now = tools.clock.now();
    let tz = setup.loaded.config.timezone;
    let since = moment("--since", &args.since, now, tz)?;
    let until = args.until.as_deref().map_or(Ok(now), |text| moment("--until", text, now, tz))?;
    if until < since {
        let what = format!("--until {:?} is before --since", args.until.as_deref().unwrap_or_default());
        return Err(Failure::usage(what, "write an earlier --since, or a later --until").into());
    }
    let config = &setup.loaded.config;
    let metrics = Metrics::open_read_only(&config.state_dir)?;
    let redactor = logging::redaction().now();
    let zone = config.timezone.name();
    let about = format!(
        "What {} heard from {} to {}",
        config.host,
        since.with_timezone(&config.timezone).format("%Y-%m-%d %H:%M"),
        until.with_timezone(&config.timezone).format("%Y-%m-%d %H:%M")
    );
    screen.json_line(&line::head(&about, zone, &setup.topology))?;
    let mut writer = Writer { screen, redactor, last: None };
    let mut changes = changes(setup, tools, since, until).await?.into_iter().peekable();
    let mut next = Some(0);
    while let Some(after) = next {
        let (page, rest) = metrics.heard(since, until, after, PAGE).await?;
        for heard in page {
            writer.changes_until(heard.at, &mut changes)?;
            writer.heard(heard)?;
        }
        next = rest;
    }
    writer.changes_until(until, &mut changes)?;
    Ok(ExitCode::SUCCESS)
}

/// What changed, as far as Steward's record and the sources know; oldest first.
async fn changes(
    setup: &Setup,
    tools: &Tools,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<Change>, Stop> {
    // What broke at the beginning was caused before it.
    let from = since - setup.loaded.config.changes.window;
    let store = Store::open_read_only(&setup.loaded.config.state_dir)?;
    let mut changes = store.read(move |conn| recent(conn, from, until, CHANGES)).await?;
    for source in &tools.sources {
        match source.changes(from, until, PER_SOURCE).await {
            Ok(found) => changes.extend(found),
            Err(why) => {
                tracing::warn!(source = source.name(), why, "its changes are missing from the export")
            }
        }
    }
    changes.sort_by(|a, b| (a.at, &a.source, &a.id).cmp(&(b.at, &b.source, &b.id)));
    changes.dedup_by(|a, b| (&a.source, &a.id) == (&b.source, &b.id));
    Ok(changes)
}

/// Writes lines in the order in which they were heard.
struct Writer<'a, 'b> {
    screen: &'a mut Screen<'b>,
    redactor: Redactor,
    last: Option<Timestamp>,
}

impl Writer<'_, '_> {
    /// A line. Where the machine's clock was set back between two, that is said first.
    fn put(&mut self, at: Timestamp, line: &Value) -> Result<(), Stop> {
        if self.last.is_some_and(|last| at < last) {
            self.screen.json_line(&line::clock(at))?;
        }
        self.last = Some(at);
        self.screen.json_line(line)
    }

    fn changes_until(&mut self, at: Timestamp, changes: &mut Peekable<IntoIter<Change>>) -> Result<(), Stop> {
        while let Some(mut change) = changes.next_if(|change| change.at <= at) {
            self.redactor.change(&mut change);
            // What was changed before the clock was set back comes where it can: lines only go forward.
            let at = self.last.map_or(change.at, |last| last.max(change.at));
            self.put(at, &line::change(&change, at))?;
        }
        Ok(())
    }

    /// What is stored went through the redactor when it was heard; what the configuration calls a secret since then
    /// goes here.
    fn heard(&mut self, heard: Heard) -> Result<(), Stop> {
        let word = match heard.word {
            HeardWord::Signal(mut signal) => {
                self.redactor.signal(&mut signal);
                HeardWord::Signal(signal)
            }
            word @ HeardWord::Fine { .. } => word,
        };
        self.put(heard.at, &line::heard(&Heard { at: heard.at, word }))
    }
}
