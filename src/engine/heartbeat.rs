//! `HEARTBEAT.md`: how the lab is now, as text, for the agent and for people with a shell.

use std::fmt::Write as _;

use chrono_tz::Tz;

use super::digest::{Open, Standing};
use crate::domain::agent::Offer;
use crate::domain::card::one_line;
use crate::domain::change::{Change, reference};
use crate::domain::incident::{Event, State};
use crate::domain::signal::Timestamp;

/// The file's name in the state directory.
pub const FILE: &str = "HEARTBEAT.md";
/// Changes that are read for it.
pub const CHANGES: usize = 5;
/// Lines of one section; what is beyond is counted.
const LINES: usize = 20;

/// What it is made from.
pub struct Snapshot<'a> {
    /// What is so now.
    pub standing: &'a Standing,
    /// The offers that wait for an answer.
    pub offers: &'a [Offer],
    /// The last changes, the newest first.
    pub changes: &'a [Change],
    /// The lab's time zone.
    pub tz: Tz,
    /// When it is written.
    pub now: Timestamp,
}

/// The text. The same snapshot gives the same text.
#[must_use]
pub fn text(snapshot: &Snapshot<'_>) -> String {
    let Snapshot { standing, offers, changes, tz, now } = snapshot;
    let at = |at: Timestamp| at.with_timezone(tz).format("%m-%d %H:%M").to_string();
    let mut text = format!(
        "# The lab now\n\nWritten by Steward at {} ({tz}), and again every few minutes.\n",
        now.with_timezone(tz).format("%Y-%m-%d %H:%M")
    );
    if let Some(by) = &standing.paused_by {
        let _ = write!(text, "\nPaused by {}: every change waits for a person's yes.\n", one_line(by));
    }
    let (hidden, open): (Vec<&Open>, Vec<&Open>) = standing.open.iter().partition(|open| open.silenced);
    let asked = standing.approvals.iter().map(|(number, incident, runbook, target)| {
        format!("question {number}: {runbook} on {target} (#{incident})")
    });
    let offered = offers.iter().map(|offer| format!("offer {}: {}", offer.number, one_line(&offer.title)));
    let silenced = standing
        .hidden
        .iter()
        .map(|(name, until, hides)| format!("{} until {}: {}", one_line(name), at(*until), one_line(hides)));
    let blind =
        standing.lost_sources.iter().map(|source| format!("{source} says nothing that is understood"));
    let changed = changes.iter().map(|change| {
        format!("{} {}: {}", at(change.at), reference(&change.source, &change.id), one_line(&change.said()))
    });
    let sections: [(&str, Vec<String>); 5] = [
        ("Open", open.iter().map(|open| line(open, &at)).collect()),
        ("Waiting for a person", asked.chain(offered).collect()),
        ("Silenced", hidden.iter().map(|open| line(open, &at)).chain(silenced).collect()),
        (
            "Could not be looked at",
            blind.chain(standing.not_checked.iter().map(|why| one_line(why))).collect(),
        ),
        ("Last changes", changed.collect()),
    ];
    if standing.open.is_empty() {
        text.push_str("\nNothing is open.\n");
    }
    for (name, lines) in sections.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        let _ = write!(text, "\n## {name} ({})\n\n", lines.len());
        for line in lines.iter().take(LINES) {
            let _ = writeln!(text, "- {line}");
        }
        if lines.len() > LINES {
            let _ = writeln!(text, "- … and {} more", lines.len() - LINES);
        }
    }
    text
}

/// Whether what happened is written down at once.
pub(super) fn is_turning_point(event: &Event) -> bool {
    matches!(
        event,
        Event::Opened { .. } | Event::Reopened { .. } | Event::MergedInto { .. } | Event::Resolved { .. }
    )
}

fn line(open: &Open, at: &dyn Fn(Timestamp) -> String) -> String {
    let state = match open.state {
        State::Open => "open",
        State::Remediating => "being repaired",
        State::Mitigated => "well again, being watched",
        State::Stuck => "stuck half way, needs a person",
        other => other.as_str(),
    };
    let by = open.taken_by.as_ref().map(|by| format!(", {} is on it", one_line(by))).unwrap_or_default();
    format!("#{} {} ({state}, since {}{by})", open.number, one_line(&open.what), at(open.since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::ChangeKind;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + minute * 60, 0).unwrap()
    }

    fn open(number: u64, what: &str, silenced: bool) -> Open {
        let taken_by = (number == 2).then(|| "alex".to_owned());
        Open { number, state: State::Open, what: what.into(), since: at(0), taken_by, silenced }
    }

    fn written(standing: &Standing, changes: &[Change]) -> String {
        text(&Snapshot { standing, offers: &[], changes, tz: Tz::UTC, now: at(10) })
    }

    #[test]
    fn it_tells_what_is_open_what_waits_what_is_hidden_and_what_nobody_sees() {
        let standing = Standing {
            paused_by: Some("sam".into()),
            approvals: vec![(4, 1, "restart".into(), "mail".into())],
            open: vec![open(1, "nas: gone", false), open(2, "mail: down", false), open(3, "dns: slow", true)],
            lost_sources: vec!["alertmanager".into()],
            not_checked: vec!["nfs: mount is missing".into()],
            ..Standing::default()
        };
        let change =
            Change::new(ChangeKind::Edit, "git:homelab", "0123456789abcdef", at(1), "Bump").by("Alex");
        let text = written(&standing, &[change]);
        for part in [
            "Written by Steward at 2026-09-21 14:23 (UTC)",
            "Paused by sam: every change waits",
            "## Open (2)\n\n- #1 nas: gone (open, since 09-21 14:13)\n- #2 mail: down (open, since 09-21 14:13, alex is on it)",
            "## Waiting for a person (1)\n\n- question 4: restart on mail (#1)",
            "## Silenced (1)\n\n- #3 dns: slow",
            "- alertmanager says nothing that is understood\n- nfs: mount is missing",
            "- 09-21 14:14 git:homelab 0123456789ab: \"Bump\" by Alex",
        ] {
            assert!(text.contains(part), "{part:?} is missing:\n{text}");
        }
    }

    #[test]
    fn a_quiet_lab_says_so_and_a_storm_does_not_fill_the_disk() {
        assert!(written(&Standing::default(), &[]).ends_with("Nothing is open.\n"));
        let open = (1..=500).map(|number| open(number, "x\n## Open (0)\n- nothing", false)).collect();
        let text = written(&Standing { open, ..Standing::default() }, &[]);
        assert!(text.contains("- … and 480 more"), "{text}");
        assert_eq!(text.matches("\n## ").count(), 1, "text from outside makes no headings: {text}");
    }
}
