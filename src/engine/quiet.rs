//! What people hear of what is kept quiet: the list of silences, and what was held back as noise.

use std::collections::BTreeMap;

use chrono::{NaiveTime, TimeZone, Utc};

use super::answers::{Librarian, count_of};
use super::lifecycle::silences::Wish;
use super::people::Answer;
use super::ports::Inbound;
use super::told::Told;
use super::world::World;
use crate::domain::card::Card;
use crate::domain::signal::Timestamp;
use crate::domain::suppression::{Kind, Quiet, Silence};
use crate::store::StoreError;
use crate::store::silences::{Ignored, ignored};

/// Most problems that are read for one answer.
const READ: usize = 10_000;
/// Most problems that are named for each rule.
const NAMED: usize = 5;

impl World {
    /// Keeps quiet what somebody wants quiet. What is not asked for in a chat is told there.
    pub(super) fn silence_for(&mut self, wish: Wish, inbound: &Inbound, now: Timestamp) -> Answer {
        let later = wish.from.is_some();
        let answer = self.silence(wish, &inbound.user, now)?;
        if !later
            && !self.settings.platforms.contains(&inbound.platform)
            && let Some(silence) = self.silences.last().cloned()
        {
            self.tell_silence_begun(&silence, now);
        }
        Ok(answer)
    }

    /// The silences in force, and those to come.
    pub(super) fn list_silences(&self, now: Timestamp) -> Card {
        let open: Vec<&Silence> = self.silences.iter().filter(|s| now < s.ends_at).collect();
        if open.is_empty() {
            return Card::titled("Nothing is silenced");
        }
        open.into_iter().fold(Card::titled("Silences"), |card, s| {
            let time = |at: Timestamp| at.with_timezone(&self.settings.tz).format("%Y-%m-%d %H:%M");
            let until = match s.is_active(now) {
                true => format!("until {}", time(s.ends_at)),
                false => format!("from {} until {}", time(s.starts_at), time(s.ends_at)),
            };
            let kind = match (s.kind, &s.window) {
                (Kind::Silence, _) => String::new(),
                (Kind::Maintenance, None) => "maintenance of ".to_owned(),
                (Kind::Maintenance, Some(window)) => format!("maintenance {window} of "),
            };
            let why = if s.comment.is_empty() { String::new() } else { format!(": {}", s.comment) };
            let card = card.line(format!("{}  {kind}{} {until}, by {}{why}", s.number, s.scope, s.by));
            let hidden = if s.is_active(now) { self.broken_under(s) } else { Vec::new() };
            match self.unknown_target(&s.scope) {
                _ if !hidden.is_empty() => card.line(format!("   hides {}", self.named(&hidden))),
                Some(doubt) => card.line(format!("   {doubt}")),
                None => card,
            }
        })
    }

    /// Midnight, by the lab's clock.
    pub(super) fn beginning_of_today(&self, now: Timestamp) -> Timestamp {
        let tz = self.settings.tz;
        let midnight = now.with_timezone(&tz).date_naive().and_time(NaiveTime::MIN);
        // Where midnight is skipped, the day begins less than a day ago all the same.
        tz.from_local_datetime(&midnight)
            .earliest()
            .map_or(now - chrono::TimeDelta::days(1), |at| at.with_timezone(&Utc))
    }
}

impl Librarian {
    /// What was held back since then.
    pub(super) async fn ignored(&self, since: Timestamp) -> Result<Told, StoreError> {
        let (found, more) = self.store.read(move |conn| ignored(conn, since, READ)).await?;
        let mut card = ignored_card(&found, &self.settings.quiet, since, self.settings.tz);
        if more {
            card = card.line(format!("There is more; these are {READ} problems."));
        }
        Ok(Told::yes(card))
    }
}

/// What was held back, rule by rule: how often, what, and why.
#[must_use]
pub fn ignored_card(found: &[Ignored], quiet: &Quiet, since: Timestamp, tz: chrono_tz::Tz) -> Card {
    let begin = since.with_timezone(&tz).format("%Y-%m-%d %H:%M");
    if found.is_empty() {
        return Card::titled(format!("Nothing was held back since {begin}"));
    }
    let mut rules: BTreeMap<&str, Vec<&Ignored>> = BTreeMap::new();
    for problem in found {
        rules.entry(&problem.rule).or_default().push(problem);
    }
    let times = |count: u64| if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let total = found.iter().map(|problem| problem.count).sum();
    let mut card = Card::titled(format!("Held back {} since {begin}", times(total)));
    for (rule, problems) in rules {
        let count = problems.iter().map(|problem| problem.count).sum();
        let now = problems.iter().filter(|problem| problem.now).count();
        let now = if now == 0 { String::new() } else { format!(", {now} still firing") };
        let what = count_of(problems.len(), "problem");
        let why = why(quiet, rule);
        card = card.line(format!("{rule}: {}, {what}{now}{why}", times(count)));
        for problem in problems.iter().take(NAMED) {
            let last = problem.last_at.with_timezone(&tz).format("%m-%d %H:%M");
            let said = match problem.summary.as_str() {
                "" => String::new(),
                said => format!(": {said}"),
            };
            card = card.line(format!("   {} ({}, last {last}){said}", problem.problem, times(problem.count)));
        }
        if problems.len() > NAMED {
            card = card.line(format!("   and {} more", problems.len() - NAMED));
        }
    }
    card
}

/// Why a rule holds something back, for the end of a line.
fn why(quiet: &Quiet, rule: &str) -> String {
    match quiet.triage.iter().find(|one| one.name == rule) {
        Some(rule) if rule.why.is_empty() => String::new(),
        Some(rule) => format!(" ({})", rule.why),
        None if rule == super::triage::MAINTENANCE => {
            " (what these skills look at is under maintenance)".to_owned()
        }
        None => " (a rule that is no longer there)".to_owned(),
    }
}
