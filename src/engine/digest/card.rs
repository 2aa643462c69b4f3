//! The digest as people read it: what needs them first, then what is broken, then what is over, then what was kept
//! from them.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::{Lately, Standing, what};
use crate::domain::card::Card;
use crate::domain::incident::State;
use crate::domain::signal::Timestamp;
use crate::engine::answers::count_of;
use crate::engine::cards::{listed, span};
use crate::store::lately::Touched;

/// Most lines under one heading; what is beyond is counted.
const LINES: usize = 10;
/// Most rules that are named.
const RULES: usize = 5;

/// A digest, and whether it tells anything that happened or waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// As people read it.
    pub card: Card,
    /// Whether there is something to tell.
    pub is_news: bool,
}

/// Makes the card.
#[must_use]
pub fn card(lately: &Lately, standing: &Standing, tz: Tz, now: Timestamp) -> Digest {
    let since = beginning(lately.since, tz, now);
    let sections = [
        ("Waits for you", waits(standing, now)),
        ("Being worked on", worked_on(standing, now)),
        ("Over", over(lately, tz)),
        ("Fixed without you", fixed(lately)),
        ("Hidden on purpose", hidden(standing, tz, now)),
        ("Can't see", blind(lately, standing)),
    ];
    let is_news = sections.iter().any(|(_, lines)| !lines.is_empty());
    let headline = match headline(lately, standing) {
        Some(counts) => format!("Since {since}: {counts}"),
        None => format!("Quiet since {since}"),
    };
    let mut card = Card::titled(headline);
    if !is_news {
        card = card.line(match standing.skills {
            0 => "Nothing broke, and nothing waits for you.".to_owned(),
            skills => {
                format!("Nothing broke, and nothing waits for you. {} looking.", are(skills))
            }
        });
    }
    let filled = sections.into_iter().filter(|(_, lines)| !lines.is_empty());
    card = filled.fold(card, |card, (name, lines)| card.field(name, clipped(lines)));
    let asked = if lately.asked == 0 { String::new() } else { lately.asked.to_string() };
    let card = card.field("Asked", asked);
    Digest { card: card.field("Ignored", ignored(lately)), is_news }
}

fn are(skills: usize) -> String {
    format!("{} {}", count_of(skills, "skill"), if skills == 1 { "is" } else { "are" })
}

/// A moment, as one says it in the morning.
fn beginning(at: Timestamp, tz: Tz, now: Timestamp) -> String {
    let (at, today) = (at.with_timezone(&tz), now.with_timezone(&tz).date_naive());
    let time = at.format("%H:%M");
    match (today - at.date_naive()).num_days() {
        0 => format!("today {time}"),
        1 => format!("yesterday {time}"),
        _ => at.format("%Y-%m-%d %H:%M").to_string(),
    }
}

fn headline(lately: &Lately, standing: &Standing) -> Option<String> {
    let new = lately.incidents.iter().filter(|touched| touched.opened).count();
    let over = lately.incidents.iter().filter(|touched| touched.resolved.is_some()).count();
    let more = if lately.more { "more than " } else { "" };
    let parts = [
        (new, format!("{more}{}", count_of(new, "new incident"))),
        (over, format!("{over} over")),
        (standing.open.len(), format!("{} open now", standing.open.len())),
    ];
    let told: Vec<String> = parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// What goes no further without a person.
fn waits(standing: &Standing, now: Timestamp) -> Vec<String> {
    let paused = standing
        .paused_by
        .iter()
        .map(|by| format!("{by} paused me: I ask before every change. `resume` ends that."));
    let asked = standing.approvals.iter().map(|(number, incident, runbook, target)| {
        format!("{runbook} on {target} (#{incident}): `approve {number}` or `deny {number}`")
    });
    let offered = standing.offers.iter().map(|(number, incident, title)| {
        format!("{title} (#{incident}), offered: `approve {number}` or `deny {number}`")
    });
    let of = |wanted: fn(State) -> bool| {
        standing.open.iter().filter(move |open| wanted(open.state) && open.taken_by.is_none())
    };
    let stuck = of(|state| state == State::Stuck).map(|open| {
        format!(
            "#{} {} - stuck half way for {}; `clear {}` when you have handled it",
            open.number,
            open.what,
            span(open.since, now),
            open.number
        )
    });
    let unowned = of(|state| state == State::Open).filter(|open| !open.silenced).map(|open| {
        format!("#{} {} - for {}, nobody has taken it on", open.number, open.what, span(open.since, now))
    });
    paused.chain(asked).chain(stuck).chain(unowned).chain(offered).collect()
}

/// What is not over, and is in somebody's hands: a person's, or Steward's.
fn worked_on(standing: &Standing, now: Timestamp) -> Vec<String> {
    let in_hands = standing.open.iter().filter_map(|open| {
        let by = match (&open.taken_by, open.state) {
            (Some(by), _) => format!("{by} is on it"),
            (None, State::Remediating) => "I am repairing it".to_owned(),
            (None, State::Mitigated) => "well again, and being watched".to_owned(),
            (None, _) => return None,
        };
        Some(format!("#{} {} - for {}, {by}", open.number, open.what, span(open.since, now)))
    });
    in_hands.collect()
}

fn over(lately: &Lately, tz: Tz) -> Vec<String> {
    let over = lately.incidents.iter().filter_map(|Touched { incident, resolved, .. }| {
        let end = incident.mitigated_at.unwrap_or((*resolved)?);
        resolved.as_ref()?;
        let at = end.with_timezone(&tz).format("%H:%M");
        let took = span(incident.opened_at, end);
        let how =
            if incident.repairs.iter().any(|repair| repair.is_done()) { "repaired" } else { "by itself" };
        Some(format!("#{} {} - {at}, {how} after {took}", incident.number, what(incident)))
    });
    over.collect()
}

fn fixed(lately: &Lately) -> Vec<String> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for fixed in &lately.fixed {
        *counts.entry((fixed.runbook.as_str(), fixed.target.as_str())).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let line = |((runbook, target), count): ((&str, &str), usize)| match count {
        1 => format!("{runbook} on {target}"),
        _ => format!("{runbook} on {target}, {count} times"),
    };
    counts.into_iter().map(line).collect()
}

fn hidden(standing: &Standing, tz: Tz, now: Timestamp) -> Vec<String> {
    let line = |(name, until, hides): &(String, Timestamp, String)| {
        let until_at = until.with_timezone(&tz).format("%Y-%m-%d %H:%M");
        format!("the {name} hides {hides}, until {until_at} ({} more)", span(now, *until))
    };
    standing.hidden.iter().map(line).collect()
}

/// What Steward does not see, so that nobody takes its silence for good news.
fn blind(lately: &Lately, standing: &Standing) -> Vec<String> {
    let sources = match standing.lost_sources.as_slice() {
        [] => None,
        lost => Some(format!("no alerts from {}", listed(lost))),
    };
    let skills = standing.not_checked.iter().cloned();
    sources.into_iter().chain(skills).chain(lately.unread.iter().cloned()).collect()
}

fn ignored(lately: &Lately) -> String {
    let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
    for problem in &lately.ignored {
        *rules.entry(problem.rule.as_str()).or_default() += problem.count;
    }
    if rules.is_empty() {
        return String::new();
    }
    let mut rules: Vec<(&str, u64)> = rules.into_iter().collect();
    rules.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut told: Vec<String> =
        rules.iter().take(RULES).map(|(rule, count)| format!("{count} by {rule}")).collect();
    if rules.len() > RULES {
        told.push(format!("more by {}", count_of(rules.len() - RULES, "other rule")));
    }
    format!("{} (`ignored since yesterday` tells which)", listed(&told))
}

fn clipped(mut lines: Vec<String>) -> String {
    let more = lines.len().saturating_sub(LINES);
    if more > 0 {
        lines.truncate(LINES);
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests;
