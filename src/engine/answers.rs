//! Answers questions beside the desk, so that a slow disk or a large repository holds nobody up.

use std::sync::Arc;

use async_trait::async_trait;

use super::adopt::gather::gather;
use super::cards;
use super::changes::Watcher;
use super::changes_told as telling;
use super::message::{Handle, Message};
use super::ports::{Clock, ReadCommand};
use super::question::Question;
use super::schedule::Asker;
use super::settings::Settings;
use super::skills::RunResult;
use super::suspects::{Found, Inquiries, Inquiry, Ledger, suspects, watched};
use super::told::{Recipient, Told};
use super::undo::{WayBack, way_back};
use super::world::Knowledge;
use crate::domain::card::Card;
use crate::domain::ids::IncidentId;
use crate::domain::report::Report;
use crate::domain::signal::Timestamp;
use crate::domain::target::{Meant, Target, did_you_mean};
use crate::domain::topology::Topology;
use crate::store::batch::StoredIncident;
use crate::store::{Store, StoreError, query, schedule};

/// Most incidents in one list.
const LISTED: usize = 30;
/// Most symptoms of one kind that a story names.
const STORY: usize = 50;

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
    /// What sees changes by comparing.
    pub watcher: Watcher,
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
    /// Looks at what is to be brought into the cluster.
    pub looker: Arc<dyn ReadCommand>,
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

    /// Looks at a container that is to be brought into the cluster, and tells the engine. It may take minutes.
    pub fn gather(&self, adoption: IncidentId, container: String, host: String) {
        let librarian = self.clone();
        self.engine.activity().spawn(async move {
            let project = gather(&*librarian.looker, &container, &host).await;
            librarian.engine.send(Message::Gathered { adoption, project: Box::new(project) });
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
                librarian.inquire(inquiries, topology.clone()).await;
            }
        });
    }

    /// One look at the sources for all of these. What is slow to answer is not waited for: what it knows is told
    /// when it comes.
    async fn inquire(&self, inquiries: Vec<Inquiry>, topology: Arc<Topology>) {
        let in_time = self.watcher.look_briefly().await;
        self.tell_suspects(&inquiries, &topology).await;
        if !in_time {
            let librarian = self.clone();
            self.engine.activity().spawn(async move {
                librarian.watcher.look().await;
                librarian.tell_suspects(&inquiries, &topology).await;
            });
        }
    }

    async fn tell_suspects(&self, inquiries: &[Inquiry], topology: &Topology) {
        let window = self.settings.changes_window;
        let Some(first) = inquiries.iter().map(|inquiry| inquiry.opened_at).min() else { return };
        let now = self.clock.now();
        let targets: Vec<Target> =
            inquiries.iter().flat_map(|inquiry| watched(&inquiry.targets, topology)).collect();
        let found = self.ledger.changes(first - window, now, &targets).await;
        for silent in &found.silent {
            tracing::warn!(why = silent, "a source of changes could not be asked");
        }
        for Inquiry { incident, opened_at, targets } in inquiries {
            let lately = found.changes.iter().filter(|change| change.at >= *opened_at - window).cloned();
            let suspects = suspects(lately.collect(), targets, topology, *opened_at, now);
            self.engine.send(Message::Suspects { incident: *incident, suspects });
        }
    }

    /// What changed, those included that a look only now brings to light.
    async fn changes(&self, since: Timestamp, targets: &[Target]) -> Found {
        self.watcher.look_briefly().await;
        let mut found = self.ledger.changes(since, self.clock.now(), targets).await;
        found.silent.extend(self.watcher.silent());
        found
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
            Question::Digest { since, standing } => {
                self.digest(since, &standing).await.unwrap_or_else(unreadable)
            }
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
        let mut card = cards::tell(card, &stored.incident, &timeline, self.settings.tz, STORY);
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
        let from = since.unwrap_or(self.clock.now() - self.settings.changes_window);
        let Some(named) = on else {
            let found = self.changes(from, &[]).await;
            return Ok(Told::yes(telling::since(&found, from, None, self.settings.tz)));
        };
        let live = self.store.read(|conn| query::incidents(conn, false, LISTED)).await?;
        let failing = live.iter().flat_map(|stored| stored.incident.targets());
        let several = |meant: &[Target]| Ok(Told::no(Card::titled(did_you_mean(&named, meant))));
        let on = match knowledge.topology.meant(&named, failing) {
            Meant::One(target) => target,
            Meant::Several(meant) => return several(&meant),
            Meant::Unknown => named.clone(),
        };
        let found = self.changes(from, std::slice::from_ref(&on)).await;
        // A short name may be told by the changes alone.
        let (on, found) = match telling::short_in(&found.changes, &on) {
            Meant::Several(meant) => return several(&meant),
            Meant::One(target) if target != on => {
                let found = self.changes(from, std::slice::from_ref(&target)).await;
                (target, found)
            }
            Meant::One(_) | Meant::Unknown => (on, found),
        };
        Ok(Told::yes(telling::since(&found, from, Some(&on), self.settings.tz)))
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
        let from = since.unwrap_or(incident.opened_at - self.settings.changes_window);
        let targets = super::ingest::placing::targets_of(&incident);
        let found = self.changes(from, &watched(&targets, &knowledge.topology)).await;
        let now = self.clock.now();
        let suspects = suspects(found.changes, &targets, &knowledge.topology, incident.opened_at, now);
        Ok(Told::yes(telling::before(&incident, &suspects, &found.silent, from, self.settings.tz)))
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
