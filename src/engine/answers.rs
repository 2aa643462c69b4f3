//! Answers questions beside the desk, so that a slow disk or a large repository holds nobody up.

use std::sync::Arc;

use async_trait::async_trait;

use super::cards;
use super::message::{Handle, Message};
use super::ports::Clock;
use super::question::Question;
use super::schedule::Asker;
use super::settings::Settings;
use super::skills::RunResult;
use super::suspects::{Inquiries, Inquiry, Ledger, suspects};
use super::told::{Recipient, Told};
use super::undo::{WayBack, way_back};
use super::world::Knowledge;
use crate::domain::card::Card;
use crate::domain::change::{Change, short_id};
use crate::domain::report::Report;
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;
use crate::domain::topology::Topology;
use crate::store::batch::StoredIncident;
use crate::store::{Store, StoreError, query, schedule};

/// Most incidents in one list.
const LISTED: usize = 30;
/// Most symptoms of one kind that a story names.
const STORY: usize = 50;
/// Most changes in one answer.
const CHANGES: usize = 20;

/// Reads again what the operator wrote.
#[async_trait]
pub trait Reload: Send + Sync {
    /// Puts in force what is there now; a broken version is refused whole.
    async fn reload(&self, why: &str) -> Told;
}

/// Answers questions.
#[derive(Clone)]
pub struct Librarian {
    /// What is stored.
    pub store: Store,
    /// What changed.
    pub ledger: Ledger,
    /// Incidents whose suspects are wanted.
    pub inquiries: Inquiries,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The numbers that decisions go by.
    pub settings: Arc<Settings>,
    /// Runs skills.
    pub skills: Asker,
    /// Where answers are left.
    pub engine: Handle,
    /// Reads again what the operator wrote.
    pub reload: Arc<dyn Reload>,
}

impl Librarian {
    /// Looks an answer up for whoever waits for it.
    pub fn answer(&self, question: Question, recipient: Recipient, knowledge: Knowledge) {
        let librarian = self.clone();
        self.engine.activity().spawn(async move {
            if let Question::TakeBack { incident, remediation: of, by } = question {
                let plan = way_back(&librarian.store, of).await;
                let way = Box::new(WayBack { incident, of, plan, by });
                return librarian.engine.send(Message::TakeBack { recipient, way });
            }
            let told = librarian.look_up(question, &knowledge).await;
            recipient.tell(told, &librarian.engine);
        });
    }

    /// Finds the suspects of these incidents and tells the engine.
    pub fn find_suspects(&self, inquiries: Vec<Inquiry>, topology: Arc<Topology>) {
        if !self.inquiries.add(inquiries) {
            return;
        }
        let librarian = self.clone();
        self.engine.activity().spawn(async move {
            while let Some(inquiries) = librarian.inquiries.take() {
                librarian.inquire(inquiries, &topology).await;
            }
        });
    }

    /// One look at the sources for all of these.
    async fn inquire(&self, inquiries: Vec<Inquiry>, topology: &Topology) {
        let window = self.settings.changes_window;
        let Some(first) = inquiries.iter().map(|inquiry| inquiry.opened_at).min() else { return };
        let now = self.clock.now();
        let found = self.ledger.changes(first - window, now).await;
        for silent in &found.silent {
            tracing::warn!(why = silent, "a source of changes could not be asked");
        }
        for Inquiry { incident, opened_at, targets } in inquiries {
            let lately = found.changes.iter().filter(|change| change.at >= opened_at - window).cloned();
            let suspects = suspects(lately.collect(), &targets, topology, opened_at, now);
            self.engine.send(Message::Suspects { incident, suspects });
        }
    }

    async fn look_up(&self, question: Question, knowledge: &Knowledge) -> Told {
        let unreadable =
            |error: StoreError| Told::no(Card::titled("I can't read my own records").line(error.to_string()));
        match question {
            Question::Incidents { all } => self.incidents(all).await.unwrap_or_else(unreadable),
            Question::Show { number } => self.show(number).await.unwrap_or_else(unreadable),
            Question::WhatChanged { since, on, incident } => {
                self.what_changed(since, on, incident, knowledge).await.unwrap_or_else(unreadable)
            }
            Question::Ignored { since } => self.ignored(since).await.unwrap_or_else(unreadable),
            Question::Skills => self.list_skills(knowledge).await.unwrap_or_else(unreadable),
            Question::Run { skill } => self.run(&skill).await,
            // It changes something, so the desk has the last word on it.
            Question::TakeBack { .. } => Told::yes(Card::default()),
            Question::Reload { by } => self.reload.reload(&format!("{by} asked")).await,
        }
    }

    async fn incidents(&self, all: bool) -> Result<Told, StoreError> {
        let found = self.store.read(move |conn| query::incidents(conn, all, LISTED)).await?;
        if found.is_empty() {
            return Ok(Told::yes(Card::titled(if all {
                "There has been no incident yet"
            } else {
                "No incident is open"
            })));
        }
        let card = Card::titled(if all { "The latest incidents" } else { "Incidents" });
        Ok(Told::yes(found.iter().fold(card, |card, StoredIncident { incident, .. }| {
            let at = incident.opened_at.with_timezone(&self.settings.tz).format("%m-%d %H:%M");
            let of_root = incident.members.iter().find(|m| m.problem.target == incident.root);
            let what = of_root.or(incident.members.first()).map_or("", |m| m.summary.as_str());
            card.line(format!(
                "#{:<4} {:<11} {at}  {}: {what}",
                incident.number,
                incident.state.as_str(),
                incident.root
            ))
        })))
    }

    async fn show(&self, number: u64) -> Result<Told, StoreError> {
        let found = self
            .store
            .read(move |conn| {
                let Some(stored) = query::incident(conn, number)? else { return Ok(None) };
                let timeline = query::timeline(conn, stored.incident.id, 0)?;
                Ok(Some((stored, timeline)))
            })
            .await?;
        let Some((stored, timeline)) = found else {
            return Ok(no_such_incident(number));
        };
        let around = cards::Around {
            tz: self.settings.tz,
            paused_by: None,
            silenced: stored.telling.silenced,
            inhibited_by: stored.telling.inhibited_by.as_deref(),
        };
        let card = cards::root(&stored.incident, around);
        let mut card = cards::tell(card, &timeline, self.settings.tz, STORY);
        card.actions.clear();
        Ok(Told::yes(card))
    }

    async fn what_changed(
        &self,
        since: Option<Timestamp>,
        on: Option<Target>,
        incident: Option<u64>,
        knowledge: &Knowledge,
    ) -> Result<Told, StoreError> {
        if let Some(number) = incident {
            return self.what_changed_before(number, since, knowledge).await;
        }
        let now = self.clock.now();
        let from = since.unwrap_or(now - self.settings.changes_window);
        let found = self.ledger.changes(from, now).await;
        Ok(Told::yes(could_not_ask(self.list_changes(&found.changes, from, on.as_ref()), &found.silent)))
    }

    /// What may have caused an incident, most suspect first.
    async fn what_changed_before(
        &self,
        number: u64,
        since: Option<Timestamp>,
        knowledge: &Knowledge,
    ) -> Result<Told, StoreError> {
        let stored = self.store.read(move |conn| query::incident(conn, number)).await?;
        let Some(StoredIncident { incident, .. }) = stored else { return Ok(no_such_incident(number)) };
        let now = self.clock.now();
        let from = since.unwrap_or(incident.opened_at - self.settings.changes_window);
        let found = self.ledger.changes(from, now).await;
        let targets = super::ingest::placing::targets_of(&incident);
        let suspects = suspects(found.changes, &targets, &knowledge.topology, incident.opened_at, now);
        let mut card = Card::titled(format!("Before #{number} ({})", incident.root));
        if suspects.is_empty() {
            card = card.line("Nothing that I know of changed near it.");
        }
        for s in &suspects {
            let at = s.at.with_timezone(&self.settings.tz).format("%m-%d %H:%M:%S");
            let id = short_id(&s.id);
            card =
                card.line(format!("{at}  \"{}\" by {} ({} {id}): {}", s.summary, s.author, s.source, s.why));
        }
        Ok(Told::yes(could_not_ask(card, &found.silent)))
    }

    fn list_changes(&self, changes: &[Change], from: Timestamp, on: Option<&Target>) -> Card {
        let touches = |change: &&Change| {
            on.is_none_or(|on| change.targets.iter().any(|t| t.is_within(on) || on.is_within(t)))
        };
        let matching: Vec<&Change> = changes.iter().filter(touches).collect();
        let at = from.with_timezone(&self.settings.tz).format("%Y-%m-%d %H:%M");
        let place = on.map(|on| format!(" on {on}")).unwrap_or_default();
        if matching.is_empty() {
            return Card::titled(format!("Nothing that I know of changed{place} since {at}"));
        }
        let mut card = Card::titled(format!("What changed{place} since {at}, newest first"));
        for change in matching.iter().take(CHANGES) {
            let at = change.at.with_timezone(&self.settings.tz).format("%m-%d %H:%M:%S");
            let targets: Vec<_> = change.targets.iter().map(Target::as_str).collect();
            let touched =
                if targets.is_empty() { String::new() } else { format!(" [{}]", targets.join(", ")) };
            card = card.line(format!(
                "{at}  \"{}\" by {} ({} {}){touched}",
                change.summary,
                change.author,
                change.source,
                short_id(&change.id)
            ));
            if !change.files.is_empty() {
                let more = change.files_total.saturating_sub(3);
                let shown = change.files.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
                card = card.line(format!(
                    "                {shown}{}",
                    if more > 0 { format!(" and {more} more") } else { String::new() }
                ));
            }
        }
        if matching.len() > CHANGES {
            card = card.line(format!("and {} more", matching.len() - CHANGES));
        }
        card
    }

    async fn list_skills(&self, knowledge: &Knowledge) -> Result<Told, StoreError> {
        let last = self.store.read(schedule::all).await?;
        Ok(Told::yes(knowledge.skills.iter().fold(Card::titled("Skills"), |card, name| {
            let ran = last.get(name).and_then(|run| run.finished).map_or_else(
                || "has not run yet".to_owned(),
                |at| format!("last ran {}", at.with_timezone(&self.settings.tz).format("%m-%d %H:%M:%S")),
            );
            let failing = last.get(name).filter(|run| run.failures > 0);
            let failing = failing
                .map(|run| format!(", failed {} in a row", count_of(run.failures as usize, "time")))
                .unwrap_or_default();
            card.line(format!("{name:<20} {ran}{failing}"))
        })))
    }

    async fn run(&self, skill: &str) -> Told {
        let run = match self.skills.run_and_wait(skill, "asked for by a person").await {
            Err(why) => return Told::no(Card::titled(format!("{skill} did not run: {why}"))),
            Ok(run) => run,
        };
        Told::no(match run.result {
            RunResult::Report(report) => return Told::yes(reported(skill, &report)),
            RunResult::Failed(why) => Card::titled(format!("{skill} did not do its job")).line(why),
            RunResult::Cancelled => Card::titled(format!("{skill} was called off")),
        })
    }
}

/// A number of things: `1 skill`, `3 skills`.
#[must_use]
pub fn count_of(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

fn reported(skill: &str, report: &Report) -> Card {
    let complete = if report.complete { "" } else { " (incomplete)" };
    report.findings.iter().fold(Card::titled(format!("{skill} reports{complete}")), |card, finding| {
        card.line(format!("{:<8} {}  {}", finding.status.as_str(), finding.target, finding.summary))
    })
}

fn no_such_incident(number: u64) -> Told {
    Told::no(Card::titled(format!("There is no incident #{number}. `incidents all` lists them.")))
}

fn could_not_ask(card: Card, silent: &[String]) -> Card {
    silent.iter().fold(card, |card, why| card.line(format!("Could not ask {why}")))
}
