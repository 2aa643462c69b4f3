//! Fetches what is said to the bot, and takes each update in exactly once, also over restarts: Telegram keeps an
//! update until the next fetch asks for later ones, and that is only sent after the engine has kept how far it came.

mod line;
mod mark;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use teloxide::payloads::setters::*;
use teloxide::payloads::{DeleteWebhook, GetUpdates, GetWebhookInfo, SetMyCommands};
use teloxide::types::{AllowedUpdate, BotCommand, BotCommandScope, ChatId, Recipient};

use self::line::{Line, Patience};
use self::mark::Mark;
use super::fault::{Fault, Reason};
use super::inbound::{Noticed, Read, Reader, Saying, Vote};
use super::people::Person;
use super::text::cut;
use super::{NAME, Telegram, locked};
use crate::domain::command::COMMANDS;
use crate::engine::ports::{About, Ears, Ended, Health, Inbound};

/// How long Telegram keeps a fetch waiting while nothing is said.
const LONG: Duration = Duration::from_secs(25);
/// The longest time until a fetch is answered.
const FETCH: Duration = Duration::from_secs(40);
/// The least time between two fetches that wait and bring nothing: a server need not keep its promise to wait.
const BREATH: Duration = Duration::from_millis(500);
/// Most updates in one fetch.
const MOST_UPDATES: u8 = 100;
/// The longest time that a webhook may keep Steward from fetching.
const FOR_WEBHOOK: Duration = Duration::from_secs(5);
/// The most chats elsewhere that are told of.
const MOST_ELSEWHERE: usize = 20;
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
            match self.api.me::<Person>().await {
                Ok(me) => break me,
                Err(fault) => {
                    line.cut(&fault);
                    self.rest(&fault, &mut patience).await;
                }
            }
        };
        line.works();
        self.make_way().await;
        // What is said is heard while the settings are looked at, however slow that is.
        let beside = async {
            tokio::join!(self.complain(), self.register());
            std::future::pending::<()>().await;
        };
        tokio::select! {
            Ended = self.poll(ears, &me, line) => {}
            () = beside => {}
        }
    }

    /// Waits after a failure, unless a delivery shows before that Telegram can be reached again.
    async fn rest(&self, fault: &Fault, patience: &mut Patience) {
        let wait = self.clock.sleep(patience.wait(fault));
        if matches!(fault, Fault::Slow(_)) || fault.is(Reason::Conflict) {
            return wait.await;
        }
        tokio::select! {
            () = wait => {}
            () = self.delivered.notified() => {}
        }
    }

    /// Removes a webhook, with which nothing can be fetched. What goes wrong here shows when something is fetched.
    async fn make_way(&self) {
        let asked = self.api.call_within::<_, Webhook>(&GetWebhookInfo::new(), FOR_WEBHOOK).await;
        let removed = match asked {
            Ok(webhook) if webhook.url.is_empty() => Ok(()),
            Ok(_) => self.remove_webhook().await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = removed {
            tracing::warn!(%fault, "it is not known whether a webhook is set for the bot");
        }
    }

    async fn remove_webhook(&self) -> Result<(), Fault> {
        tracing::warn!("a webhook was set for the bot, and is removed: what is said is fetched");
        self.api.call_within::<_, IgnoredAny>(&DeleteWebhook::new(), FOR_WEBHOOK).await.map(|_| ())
    }

    /// Says which commands there are, however often that takes: people can type them all the same.
    async fn register(&self) {
        let here = BotCommandScope::Chat { chat_id: Recipient::Id(ChatId(self.settings.chat)) };
        let mut patience = Patience::default();
        for scope in [here, BotCommandScope::AllPrivateChats] {
            let commands = SetMyCommands::new(commands()).scope(scope);
            while let Err(fault) = self.api.ask(&commands).await {
                if !patience.is_tried() {
                    tracing::warn!(%fault, "the commands can't be registered, so Telegram doesn't complete them");
                }
                let wait = patience.wait(&fault);
                if matches!(fault, Fault::Refused(..)) {
                    break;
                }
                self.clock.sleep(wait).await;
            }
        }
    }

    /// Says what is not as it has to be.
    async fn complain(&self) {
        for check in self.checks().await.into_iter().filter(|check| check.health == Health::Bad) {
            tracing::error!(platform = NAME, check = check.name, fix = check.fix, "{}", check.what);
        }
    }

    /// Fetches and takes in, until the engine has ended.
    async fn poll(&self, ears: &dyn Ears, me: &Person, mut line: Line<'_>) -> Ended {
        let mut mark = ears.bookmark(NAME).await.and_then(|kept| Mark::read(&kept, me.id));
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
                    if mark == before && !wait.is_zero() && begun.elapsed() < BREATH {
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
                    self.rest(&fault, &mut patience).await;
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
        let mut updates: Vec<Read> = updates.into_iter().filter_map(Read::new).collect();
        // The mark only ever goes on.
        updates.sort_by_key(|update| update.id);
        Ok(updates)
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
        let (mut unkept, mut has_waited) = (None, false);
        for Read { id, update } in updates {
            let now = self.clock.now();
            if mark.is_some_and(|mark| mark.covers(id, now)) {
                continue;
            }
            let here = Mark { id, at: now, bot: me.id };
            let noticed = update.map_or_else(
                || {
                    tracing::debug!(update = id, "an update that can't be read is skipped");
                    Noticed::Foreign(None)
                },
                |update| Reader { settings: &self.settings, me, now }.notice(update),
            );
            match self.heard(ears, noticed, &mut has_waited).await {
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
    async fn heard(&self, ears: &dyn Ears, noticed: Noticed, has_waited: &mut bool) -> Option<Inbound> {
        match noticed {
            Noticed::Foreign(chat) => {
                if let Some(chat) = chat {
                    self.tell_of(chat);
                }
                ears.ignored(NAME);
                None
            }
            Noticed::Nothing => None,
            Noticed::Closed(topic) => {
                self.places.found_closed(topic);
                None
            }
            Noticed::Said(Saying { inbound, refers_to, only_there, to_mine }) => {
                let mut incident = None;
                for reference in &refers_to {
                    if incident.is_none() {
                        let about = self.about(ears, reference, to_mine, has_waited).await;
                        incident = about.map(|about| about.incident);
                    }
                }
                (incident.is_some() || !only_there).then_some(Inbound { incident, ..inbound })
            }
            Noticed::Voted(Vote { inbound, on, yes }) => {
                let about = self.about(ears, &on, false, has_waited).await?;
                let number = about.question?;
                let text = format!("{} {number}", if yes { "approve" } else { "deny" });
                Some(Inbound { text, incident: Some(about.incident), ..inbound })
            }
        }
    }

    /// What a message or a topic is about. People can be quicker than the note that a message was sent, so what is
    /// under way is waited for if it can be meant: a message of the bot's own, or one that is new. Once for all that
    /// was fetched together is enough, because what somebody names was sent before they did.
    async fn about(
        &self,
        ears: &dyn Ears,
        reference: &str,
        is_mine: bool,
        has_waited: &mut bool,
    ) -> Option<About> {
        if let Some(about) = ears.about(NAME, reference).await {
            return Some(about);
        }
        let can_be_meant = is_mine || self.making.load(Ordering::SeqCst);
        if self.memory.about(reference).is_none() && can_be_meant && !*has_waited {
            *has_waited = true;
            // However that ends: what counts is what is known then.
            let _ = tokio::time::timeout(FOR_SENDING, self.sending.lock()).await;
        }
        self.memory.about(reference)
    }

    /// Tells of a chat that is not configured, for those who look for the right number.
    fn tell_of(&self, chat: i64) {
        let mut elsewhere = locked(&self.elsewhere);
        if elsewhere.len() < MOST_ELSEWHERE && elsewhere.insert(chat) {
            tracing::info!("a message came from the chat {chat}, which is not `[chat.telegram] chat`");
        }
    }
}

/// What Telegram completes when somebody types a slash.
fn commands() -> Vec<BotCommand> {
    COMMANDS.iter().map(|help| BotCommand::new(help.name, cut(help.what, LONGEST_DESCRIPTION))).collect()
}

#[cfg(test)]
mod tests;
