//! `steward alerts rejected`: what came from outside and was not understood.

use std::path::Path;
use std::process::ExitCode;

use chrono_tz::Tz;

use super::args::RejectedArgs;
use super::json::rejected::{RejectedEntry, RejectedList};
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Stop};
use crate::config::Setup;
use crate::engine::answers::count_of;
use crate::engine::ports::Rejected;
use crate::store::inbox::{self, RejectedRow};

/// The most that are shown: the newest.
const MOST: usize = 100;
/// More than are ever kept.
const KEPT: u32 = 10_000;
/// Characters of a body that are shown; `--json` has all that is kept.
const BODY: usize = 300;

/// Shows them.
pub(super) fn rejected(setup: &Setup, args: &RejectedArgs, screen: &mut Screen<'_>) -> Ended {
    let config = &setup.loaded.config;
    let found = stored(&config.state_dir, args.source.as_deref())?;
    if args.json {
        let rejected = found.iter().map(RejectedEntry::new).collect();
        screen.json(&RejectedList { rejected })?;
    } else {
        tell(&found, args.source.as_deref(), config.timezone, screen)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The newest of what is kept, of that source if one is named; the oldest first.
fn stored(state_dir: &Path, source: Option<&str>) -> Result<Vec<Rejected>, Failure> {
    let rows = inbox::rejected(state_dir, KEPT)?.into_iter();
    let of_source = rows.filter(|row| source.is_none_or(|name| row.source == name)).take(MOST);
    let rejected =
        |row: RejectedRow| Rejected { source: row.source, at: row.at, why: row.why, body: row.body };
    let mut found: Vec<Rejected> = of_source.map(rejected).collect();
    found.reverse();
    Ok(found)
}

fn tell(found: &[Rejected], source: Option<&str>, tz: Tz, screen: &mut Screen<'_>) -> Result<(), Stop> {
    let of = source.map(|name| format!(" of {name}")).unwrap_or_default();
    if found.is_empty() {
        return screen.line(&format!("Nothing{of} was rejected, as far as is kept."));
    }
    for (index, rejected) in found.iter().enumerate() {
        if index > 0 {
            screen.gap()?;
        }
        let at = rejected.at.with_timezone(&tz).format("%Y-%m-%d %H:%M:%S");
        screen.toned(&[(Tone::Dim, &format!("{at}  ")), (Tone::Strong, &rejected.source)])?;
        screen.block(Tone::Warn, 2, &rejected.why)?;
        let body: String = rejected.body.chars().take(BODY).collect();
        screen.block(Tone::Plain, 4, &body)?;
        if body.len() < rejected.body.len() {
            let more = rejected.body.chars().count() - body.chars().count();
            let more = format!("… and {}; --json shows all that is kept", count_of(more, "more character"));
            screen.say(Tone::Dim, &format!("    {more}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: &[Rejected]) -> String {
        let mut out = Vec::new();
        tell(found, None, chrono_tz::UTC, &mut Screen::plain(&mut out)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_was_rejected_is_shown_with_what_was_wrong_and_can_not_draw_on_the_terminal() {
        let one = |body: &str| Rejected {
            source: "nas".to_owned(),
            at: "2026-11-21T08:00:00Z".parse().unwrap(),
            why: "the body is not JSON".to_owned(),
            body: body.to_owned(),
        };
        let text = shown(&[one("\u{1b}[2Jnonsense"), one(&"ü".repeat(1000))]);
        assert!(
            text.starts_with("2026-11-21 08:00:00  nas\n  the body is not JSON\n    nonsense\n\n2026"),
            "{text}"
        );
        assert!(text.ends_with("… and 700 more characters; --json shows all that is kept\n"), "{text}");
        assert_eq!(text.matches('ü').count(), 300, "{text}");
        assert_eq!(shown(&[]), "Nothing was rejected, as far as is kept.\n");
    }
}
