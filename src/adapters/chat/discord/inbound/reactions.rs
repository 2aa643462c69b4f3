//! Yes and no as reactions, also those that came while nobody listened.

use std::collections::{HashSet, VecDeque};
use std::sync::PoisonError;

use super::super::NAME;
use super::super::conversation::Conversation;
use super::super::events::{Id, Reaction, User};
use super::super::reference::MessageRef;
use super::super::rest::{Failure, Request};
use super::places::Where;
use super::{Hearer, Said};
use crate::engine::ports::Asked;

/// The reactions that answer a question, and the commands they stand for.
pub(in super::super) const YES: &str = "✅";
/// See [`YES`].
pub(in super::super) const NO: &str = "❌";
/// Reactions that are remembered as taken in.
const REMEMBERED: usize = 1000;
/// How often a limit is waited for before the rest of a catch-up is left to the next one.
const TRIES: usize = 5;

/// Reactions that were taken in. After a break, Discord may tell again what the catch-up has found.
#[derive(Debug, Default)]
pub(super) struct Answered {
    known: HashSet<(MessageRef, u64, &'static str)>,
    order: VecDeque<(MessageRef, u64, &'static str)>,
}

impl Answered {
    /// Whether this is the first time.
    fn is_new(&mut self, message: MessageRef, user: u64, verb: &'static str) -> bool {
        let key = (message, user, verb);
        if !self.known.insert(key) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

impl Hearer {
    /// Takes a reaction in. One that answers no question is nothing.
    pub(super) async fn reaction(&self, reaction: Reaction) {
        let Some(me) = self.me() else { return };
        let user = reaction.member.and_then(|member| member.user);
        let is_bots = user.as_ref().is_some_and(|user| user.bot) || reaction.user_id.0 == me.user;
        let verb = match reaction.emoji.name.as_deref() {
            Some(YES) => "approve",
            Some(NO) => "deny",
            _ => return,
        };
        if is_bots || reaction.emoji.id.is_some() {
            return;
        }
        let (guild, channel) = (reaction.guild_id.map(|guild| guild.0), reaction.channel_id.0);
        let message = MessageRef { channel, message: reaction.message_id.0 };
        let Some(about) = self.ears.about(NAME, &message.name()).await else {
            if self.place(guild, channel, reaction.user_id.0).await == Where::Elsewhere {
                self.ignored();
            }
            return;
        };
        // The message is known to be ours. An event that leaves the guild out is believed.
        if guild.is_some_and(|guild| guild != self.settings.guild) {
            return self.ignored();
        }
        let Some(question) = about.question else { return };
        let user = match user {
            Some(user) => user,
            None => self.somebody(reaction.user_id).await,
        };
        self.answer(&user, message, verb, question, about.incident).await;
    }

    /// Finds the answers that operators gave while nobody listened.
    pub(in super::super) async fn catch_up(&self) {
        for asked in self.ears.questions(NAME).await {
            let Some(message) = MessageRef::read(&asked.own) else { continue };
            // What came first is not known, so a no counts more than a yes.
            for (emoji, verb) in [(NO, "deny"), (YES, "approve")] {
                match self.who_reacted(message, emoji).await {
                    Ok(users) => self.take_in(users, message, verb, &asked).await,
                    Err(failure) => {
                        tracing::debug!(%failure, "the reactions to a question can't be read");
                        break;
                    }
                }
            }
        }
    }

    async fn take_in(&self, users: Vec<User>, message: MessageRef, verb: &'static str, asked: &Asked) {
        for user in users.iter().filter(|user| !user.bot && self.is_operator(user.id.0)) {
            self.answer(user, message, verb, asked.approval, asked.incident).await;
        }
    }

    async fn answer(
        &self,
        user: &User,
        message: MessageRef,
        verb: &'static str,
        question: u64,
        incident: u64,
    ) {
        let is_new = {
            let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            answered.is_new(message, user.id.0, verb)
        };
        if is_new {
            let text = format!("{verb} {question}");
            let said = Said { text, incident: Some(incident), addressed: true, pressed: false };
            self.said(user, &Conversation::Person { user: user.id.0 }, said).await;
        }
    }

    async fn who_reacted(&self, message: MessageRef, emoji: &str) -> Result<Vec<User>, Failure> {
        let request = Request::reactions(message.channel, message.message, emoji);
        let mut tries = 0;
        loop {
            tries += 1;
            match self.rest.send(&request).await {
                Err(Failure::Limited(limit)) if tries < TRIES => self.clock.sleep(limit.pause).await,
                Err(failure) => return Err(failure),
                Ok(users) => {
                    let unreadable = |_| Failure::unreachable("its answer names no users");
                    return serde_json::from_value(users).map_err(unreadable);
                }
            }
        }
    }

    /// A user of whom only the id is known.
    async fn somebody(&self, id: Id) -> User {
        let request = Request::get("GET user", "", format!("/users/{}", id.0));
        let found = self.rest.send(&request).await.ok().and_then(|user| serde_json::from_value(user).ok());
        found.unwrap_or(User { id, username: String::new(), bot: false })
    }
}
