//! What changed, as a chat shows it. Pure.

use chrono_tz::Tz;

use super::suspects::Found;
use crate::domain::card::Card;
use crate::domain::change::{Change, reference};
use crate::domain::incident::{Incident, SuspectNote};
use crate::domain::signal::Timestamp;
use crate::domain::target::{Meant, Target, by_ending};

/// Most changes in one answer.
const CHANGES: usize = 20;
/// Most lines of gist, files or targets with one change.
const LINES: usize = 3;
/// What stands before a line that belongs to the one above.
const MARGIN: &str = "                ";

/// What changed since `from`, newest first.
pub(super) fn since(found: &Found, from: Timestamp, on: Option<&Target>, tz: Tz) -> Card {
    let touches = |change: &&Change| {
        on.is_none_or(|on| change.targets.iter().any(|t| t.is_within(on) || on.is_within(t)))
    };
    let matching: Vec<&Change> = found.changes.iter().filter(touches).collect();
    let at = from.with_timezone(&tz).format("%Y-%m-%d %H:%M");
    let place = on.map(|on| format!(" on {on}")).unwrap_or_default();
    let mut card = match matching.len() {
        0 => Card::titled(format!("Nothing that I know of changed{place} since {at}")),
        _ => Card::titled(format!("What changed{place} since {at}, newest first")),
    };
    for change in matching.iter().take(CHANGES) {
        card = one(card, change, on, tz);
    }
    if matching.len() > CHANGES {
        card = card.line(format!("and {} more", matching.len() - CHANGES));
    }
    could_not_ask(card, &found.silent)
}

/// What a short name means by the changes: the one target that they touched and whose path ends so. A name that some
/// change touched, or a part or a whole of it, stands for itself.
pub fn short_in(changes: &[Change], named: &Target) -> Meant {
    let touched = || changes.iter().flat_map(|change| &change.targets);
    if touched().any(|target| target.is_within(named) || named.is_within(target)) {
        return Meant::One(named.clone());
    }
    by_ending(named, touched())
}

fn one(card: Card, change: &Change, on: Option<&Target>, tz: Tz) -> Card {
    let at = change.at.with_timezone(&tz).format("%m-%d %H:%M:%S");
    let touched = match named(change, on).as_str() {
        "" => String::new(),
        names => format!(" [{names}]"),
    };
    let from = reference(&change.source, &change.id);
    let card = card.line(format!("{at}  {} ({from}){touched}", change.said()));
    let details = match change.gist.is_empty() {
        false => some_of(&change.gist, change.gist.len()),
        true if change.files.is_empty() => Vec::new(),
        true => {
            let more = change.files_total.saturating_sub(LINES);
            let shown = change.files.iter().take(LINES).cloned().collect::<Vec<_>>().join(", ");
            vec![format!("{shown}{}", if more > 0 { format!(" and {more} more") } else { String::new() })]
        }
    };
    details
        .into_iter()
        .chain(change.url.clone())
        .fold(card, |card, line| card.line(format!("{MARGIN}{line}")))
}

/// The targets that a change touched: those that were asked for first, the others counted.
fn named(change: &Change, on: Option<&Target>) -> String {
    let asked = |target: &&Target| on.is_some_and(|on| target.is_within(on) || on.is_within(target));
    let (near, far): (Vec<&Target>, Vec<&Target>) = change.targets.iter().partition(asked);
    let names: Vec<&str> = near.into_iter().chain(far).map(Target::as_str).collect();
    let shown = names.iter().take(LINES).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LINES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The first few of some lines; how many more there are is said with the last.
fn some_of(lines: &[String], total: usize) -> Vec<String> {
    let mut shown: Vec<String> = lines.iter().take(LINES).cloned().collect();
    if total > shown.len() {
        shown.push(format!("and {} more", total - shown.len()));
    }
    shown
}

/// What changed before an incident, most suspect first.
pub(super) fn before(
    incident: &Incident,
    suspects: &[SuspectNote],
    silent: &[String],
    from: Timestamp,
    tz: Tz,
) -> Card {
    let mut card = Card::titled(format!("Before #{} ({})", incident.number, incident.root));
    if suspects.is_empty() {
        let at = from.with_timezone(&tz).format("%Y-%m-%d %H:%M");
        card = card.line(format!("Nothing that I know of changed near it since {at}."));
    }
    for s in suspects {
        let at = s.at.with_timezone(&tz).format("%m-%d %H:%M:%S");
        let by = if s.author.is_empty() { String::new() } else { format!(" by {}", s.author) };
        card = card.line(format!("{at}  \"{}\"{by} ({}): {}", s.summary, reference(&s.source, &s.id), s.why));
        let details = if s.gist.is_empty() { Vec::new() } else { some_of(&s.gist, s.gist.len()) };
        card = details
            .into_iter()
            .chain(s.url.clone())
            .fold(card, |card, line| card.line(format!("{MARGIN}{line}")));
    }
    could_not_ask(card, silent)
}

/// Each source that could not be asked is told once.
fn could_not_ask(card: Card, silent: &[String]) -> Card {
    let mut told = std::collections::BTreeSet::new();
    silent
        .iter()
        .filter(|why| told.insert(why.as_str()))
        .fold(card, |card, why| card.line(format!("Could not ask {why}")))
}
