//! Fetches what is said to the bot, and takes each update in exactly once, also over restarts: Telegram keeps an
//! update until the next fetch asks for later ones, and that is only sent after the engine has kept how far it came.

mod line;
mod mark;

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;
use teloxide::payloads::setters::*;
use teloxide::payloads::{DeleteWebhook, GetMe, GetUpdates, GetWebhookInfo, SetMyCommands};
use teloxide::types::{AllowedUpdate, BotCommand, BotCommandScope, ChatId, Recipient};

use self::line::{Line, Patience};
use self::mark::Mark;
use super::fault::{Fault, Reason};
use super::inbound::{Noticed, Read, Reader, Saying, Vote};
use super::people::Person;
use super::text::cut;
use super::{NAME, Telegram};
use crate::domain::command::COMMANDS;
use crate::engine::ports::{About, Ears, Ended, Health, Inbound};

/// How long Telegram keeps a fetch waiting while nothing is said.
const LONG: Duration = Duration::from_secs(25);
/// The longest time until a fetch is answered.
const FETCH: Duration = Duration::from_secs(40);
/// The least time between two fetches that bring nothing: a server need not keep its promise to wait.
const BREATH: Duration = Duration::from_millis(500);
/// Most updates in one fetch.
const MOST_UPDATES: u8 = 100;
/// The longest description of a command, in characters.
const LONGEST_DESCRIPTION: usize = 256;
/// How long it is waited for what is just being sent, to learn whether somebody has answered that.
const FOR_SENDING: Duration = Duration::from_secs(20);

/// A webhook, as far as it matters.
#[derive(Debug, Deserialize)]
pub(super) struct Webhook {
    #[serde(default)]
    pub(super) url: String,
}

impl Telegram {
    /// Connects, and takes in what is said until the engine has ended.
    pub(super) async fn attend(&self, ears: &dyn Ears) {
        let mut line = Line::new(ears);
        let mut patience = Patience::default();
        let me = loop {
            match self.introduce().await {
                Ok(me) => break me,
                Err(fault) => {
                    line.cut(&fault);
                    self.clock.sleep(patience.wait(&fault)).await;
                }
            }
        };
        line.works();
        // What is said is heard while the settings are looked at, however slow that is.
        let (Ended, ()) = tokio::join!(self.poll(ears, &me, line), self.complain());
    }

    /// Learns who the bot is, makes it listen, and says which commands there are.
    async fn introduce(&self) -> Result<Person, Fault> {
        let me: Person = self.api.call(&GetMe::new()).await?;
        let webhook: Webhook = self.api.call(&GetWebhookInfo::new()).await?;
        if !webhook.url.is_empty() {
            self.remove_webhook().await?;
        }
        let here = BotCommandScope::Chat { chat_id: Recipient::Id(ChatId(self.settings.chat)) };
        for scope in [here, BotCommandScope::AllPrivateChats] {
            match self.api.ask(&SetMyCommands::new(commands()).scope(scope)).await {
                Err(fault @ Fault::Refused(..)) if !fault.is(Reason::Token) => {
                    tracing::warn!(%fault, "the commands can't be registered, so Telegram doesn't complete them");
                }
                other => other?,
            }
        }
        Ok(me)
    }

    async fn remove_webhook(&self) -> Result<(), Fault> {
        tracing::warn!("a webhook was set for the bot, and is removed: what is said is fetched");
        self.api.ask(&DeleteWebhook::new()).await
    }

    /// Says what is not as it has to be.
    async fn complain(&self) {
        for check in self.checks().await.into_iter().filter(|check| check.health == Health::Bad) {
            tracing::error!(platform = NAME, check = check.name, fix = check.fix, "{}", check.what);
        }
    }

    /// Fetches and takes in, until the engine has ended.
    async fn poll(&self, ears: &dyn Ears, me: &Person, mut line: Line<'_>) -> Ended {
        let mut mark = ears.bookmark(NAME).await.and_then(|kept| kept.parse::<Mark>().ok());
        let mut patience = Patience::default();
        loop {
            // The first fetch after a failure returns at once, so that it is soon known whether all is well.
            let wait = if patience.is_tried() || !line.is_sure() { Duration::ZERO } else { LONG };
            let (begun, before) = (Instant::now(), mark);
            match self.fetch(mark, wait).await {
                Ok(updates) => {
                    line.works_surely();
                    patience = Patience::default();
                    if self.take_in(ears, me, updates, &mut mark).await.is_err() {
                        return Ended;
                    }
                    if mark == before && begun.elapsed() < BREATH {
                        tokio::time::sleep(BREATH).await;
                    }
                }
                Err(fault) => {
                    line.cut(&fault);
                    if matches!(&fault, Fault::Refused(Reason::Conflict, why) if why.contains("webhook"))
                        && let Err(fault) = self.remove_webhook().await
                    {
                        tracing::warn!(%fault, "the webhook can't be removed");
                    }
                    self.clock.sleep(patience.wait(&fault)).await;
                }
            }
        }
    }

    async fn fetch(&self, mark: Option<Mark>, wait: Duration) -> Result<Vec<Read>, Fault> {
        let mut fetch = GetUpdates::new()
            .limit(MOST_UPDATES)
            .timeout(u32::try_from(wait.as_secs()).unwrap_or_default())
            .allowed_updates([
                AllowedUpdate::Message,
                AllowedUpdate::CallbackQuery,
                AllowedUpdate::MessageReaction,
            ]);
        fetch.offset = mark.and_then(|mark| mark.offset(self.clock.now()));
        let updates: Vec<Value> = self.api.call_within(&fetch, FETCH).await?;
        Ok(updates.into_iter().filter_map(Read::new).collect())
    }

    /// Takes updates in, in their order. What follows from one is kept with how far that is; what comes to nothing is
    /// kept as a whole at the end.
    async fn take_in(
        &self,
        ears: &dyn Ears,
        me: &Person,
        updates: Vec<Read>,
        mark: &mut Option<Mark>,
    ) -> Result<(), Ended> {
        let reader = Reader { settings: &self.settings, me };
        let mut unkept = None;
        for Read { id, update } in updates {
            let now = self.clock.now();
            if mark.is_some_and(|mark| mark.covers(id, now)) {
                continue;
            }
            let here = Mark { id, at: now };
            let noticed = update.map_or_else(
                || {
                    tracing::debug!(update = id, "an update that can't be read is skipped");
                    Noticed::Foreign
                },
                |update| reader.notice(update),
            );
            match self.heard(ears, noticed).await {
                Some(inbound) => {
                    ears.said(Inbound { bookmark: Some(here.to_string()), ..inbound }).await?;
                    unkept = None;
                }
                None => unkept = Some(here),
            }
            *mark = Some(here);
        }
        match unkept {
            Some(mark) => ears.keep_bookmark(NAME, &mark.to_string()).await,
            None => Ok(()),
        }
    }

    /// What somebody said, with what it is about. `None`: nothing follows from it.
    async fn heard(&self, ears: &dyn Ears, noticed: Noticed) -> Option<Inbound> {
        match noticed {
            Noticed::Foreign => {
                ears.ignored(NAME);
                None
            }
            Noticed::Nothing => None,
            Noticed::Said(Saying { inbound, refers_to, only_there }) => {
                let mut incident = None;
                for reference in &refers_to {
                    if incident.is_none() {
                        incident = self.about(ears, reference).await.map(|about| about.incident);
                    }
                }
                (incident.is_some() || !only_there).then_some(Inbound { incident, ..inbound })
            }
            Noticed::Voted(Vote { inbound, on, yes }) => {
                let about = self.about(ears, &on).await?;
                let number = about.question?;
                let text = format!("{} {number}", if yes { "approve" } else { "deny" });
                Some(Inbound { text, incident: Some(about.incident), ..inbound })
            }
        }
    }

    /// What a message or a topic is about. People can be quicker than the note that a message was sent.
    async fn about(&self, ears: &dyn Ears, reference: &str) -> Option<About> {
        if let Some(about) = ears.about(NAME, reference).await {
            return Some(about);
        }
        if self.memory.about(reference).is_none() {
            // However that ends: what counts is what is known then.
            let _ = tokio::time::timeout(FOR_SENDING, self.sending.lock()).await;
        }
        self.memory.about(reference)
    }
}

/// What Telegram completes when somebody types a slash.
fn commands() -> Vec<BotCommand> {
    COMMANDS.iter().map(|help| BotCommand::new(help.name, cut(help.what, LONGEST_DESCRIPTION))).collect()
}

#[cfg(test)]
mod tests;
