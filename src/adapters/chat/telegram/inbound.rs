//! From an update to what somebody said. Only what is needed is read of an update, so that one with something new in
//! it is still understood.

mod update;
mod words;

use super::conversation::{Conversation, message_ref, topic_ref};
use super::people::Person;
use super::{NAME, REACTIONS};
use crate::config::TelegramSettings;
use crate::domain::card::one_line;
use crate::domain::command::parse;
use crate::domain::signal::Timestamp;
use crate::engine::ports::Inbound;

use update::{Message, Press, Reaction};
pub(super) use update::{Read, Update};

/// What updates are read with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) settings: &'a TelegramSettings,
    /// The bot itself.
    pub(super) me: &'a Person,
    pub(super) now: Timestamp,
}

/// What an update comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Noticed {
    /// It came from elsewhere than the configured chat and people: from this chat, if it is a message.
    Foreign(Option<i64>),
    /// It is nothing to Steward.
    Nothing,
    /// This topic was closed.
    Closed(i32),
    /// Somebody said something.
    Said(Saying),
    /// Somebody reacted to a message: if that asks a question, it is an answer.
    Voted(Vote),
}

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Saying {
    /// Without the incident, which has yet to be looked up.
    pub(super) inbound: Inbound,
    /// What it refers to: the first of these that is about an incident counts.
    pub(super) refers_to: Vec<String>,
    /// Whether it counts only if it refers to an incident.
    pub(super) only_there: bool,
    /// Whether it refers to a message of the bot's own.
    pub(super) to_mine: bool,
}

/// A reaction that could answer a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vote {
    /// Without the command and the incident, which have yet to be looked up.
    pub(super) inbound: Inbound,
    /// The message.
    pub(super) on: String,
    pub(super) yes: bool,
}

impl Reader<'_> {
    /// What an update comes to.
    pub(super) fn notice(&self, update: Update) -> Noticed {
        match update {
            Update { message: Some(message), .. } => self.message(&message),
            Update { callback_query: Some(press), .. } => self.press(press),
            Update { message_reaction: Some(reaction), .. } => self.reaction(&reaction),
            _ => Noticed::Nothing,
        }
    }

    /// Whether this is the configured chat, or the private chat of an operator.
    fn is_ours(&self, chat: i64) -> bool {
        let of_operator = |user: u64| self.settings.operators.contains(&user);
        chat == self.settings.chat || u64::try_from(chat).is_ok_and(of_operator)
    }

    fn message(&self, message: &Message) -> Noticed {
        let chat = message.chat.id;
        if !self.is_ours(chat) {
            return Noticed::Foreign(Some(chat));
        }
        if let Some(topic) = message.closed_topic().filter(|_| chat == self.settings.chat) {
            return Noticed::Closed(topic);
        }
        let (Some(from), Some(text)) = (&message.from, &message.text) else { return Noticed::Nothing };
        if message.is_forwarded() {
            return Noticed::Nothing;
        }
        let is_private = chat > 0;
        let Some(said) = words::said(text, &message.entities, self.me, is_private) else {
            return Noticed::Nothing;
        };
        // Who hides behind a chat is shown as a bot, and learns why nothing is done when they ask for something.
        let hidden = message.sender_chat.as_ref();
        let is_nobody = if hidden.is_some() { !said.is_meant() } else { from.is_bot };
        if is_nobody {
            return Noticed::Nothing;
        }
        let topic = message.topic();
        // In a topic what is no reply is one to the beginning of the topic.
        let replied_to = message.reply_to_message.as_deref().filter(|to| Some(to.message_id) != topic);
        let to_me = replied_to.is_some_and(|to| to.from.as_ref().is_some_and(|from| from.id == self.me.id));
        let refers_to = replied_to.map(|to| message_ref(chat, to.message_id));
        let refers_to =
            refers_to.into_iter().chain(message.thread().map(|topic| topic_ref(chat, topic))).collect();
        let is_refused = hidden.is_some() && self.needs_operator(&said.text);
        let conversation =
            Conversation::Chat { chat, topic, message: message.message_id, hidden: is_refused };
        let who = match hidden {
            Some(chat) => self.anonymous(chat, &conversation),
            None => self.from(from, &conversation),
        };
        let only_there = !said.is_meant() && !to_me;
        let inbound = Inbound { text: said.text, addressed: said.addressed, ..who };
        Noticed::Said(Saying { only_there, inbound, refers_to, to_mine: to_me })
    }

    fn needs_operator(&self, text: &str) -> bool {
        parse(text, self.now, chrono_tz::UTC).is_ok_and(|command| command.needs_operator())
    }

    fn press(&self, press: Press) -> Noticed {
        let Some(message) = press.message.filter(|message| self.is_ours(message.chat.id)) else {
            return Noticed::Foreign(None);
        };
        let Some(text) = press.data else { return Noticed::Nothing };
        let conversation = Conversation::Press { query: press.id };
        let inbound =
            Inbound { text, addressed: true, pressed: true, ..self.from(&press.from, &conversation) };
        let refers_to = vec![message_ref(message.chat.id, message.message_id)];
        Noticed::Said(Saying { inbound, refers_to, only_there: false, to_mine: true })
    }

    fn reaction(&self, reaction: &Reaction) -> Noticed {
        let chat = reaction.chat.id;
        if !self.is_ours(chat) {
            return Noticed::Foreign(None);
        }
        let has = |reactions: &[update::Emoji], wanted: &str| {
            reactions.iter().any(|reaction| reaction.emoji.as_deref() == Some(wanted))
        };
        let is_new =
            |wanted: &str| has(&reaction.new_reaction, wanted) && !has(&reaction.old_reaction, wanted);
        // Both at once is no answer.
        let [yes, no] = REACTIONS.map(is_new);
        if yes == no {
            return Noticed::Nothing;
        }
        let inbound = match (&reaction.user, &reaction.actor_chat) {
            (Some(user), _) if user.is_bot => return Noticed::Nothing,
            (Some(user), _) => self.from(user, &Conversation::Private { user: user.id }),
            (None, Some(chat)) => self.anonymous(chat, &Conversation::Nowhere),
            (None, None) => return Noticed::Nothing,
        };
        Noticed::Voted(Vote { inbound, on: message_ref(chat, reaction.message_id), yes })
    }

    fn from(&self, person: &Person, conversation: &Conversation) -> Inbound {
        Inbound {
            platform: NAME.to_owned(),
            conversation: conversation.to_string(),
            user: person.name(),
            user_id: person.id.to_string(),
            operator: self.settings.operators.contains(&person.id),
            text: String::new(),
            incident: None,
            addressed: true,
            pressed: false,
            bookmark: None,
        }
    }

    /// Somebody who hides behind a chat is nobody in particular, so no operator either.
    fn anonymous(&self, chat: &update::Chat, conversation: &Conversation) -> Inbound {
        let title = chat.title.as_deref().map(one_line).filter(|title| !title.is_empty());
        let place = title.map(|title| format!(" from {title}")).unwrap_or_default();
        let hidden = Person { id: 0, is_bot: false, first_name: String::new(), username: None };
        Inbound {
            user: format!("somebody anonymous{place}"),
            user_id: chat.id.to_string(),
            operator: false,
            ..self.from(&hidden, conversation)
        }
    }
}

#[cfg(test)]
mod tests;
