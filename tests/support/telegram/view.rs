//! What a story looks at.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::text::{Entity, slice};
pub use super::world::File;
use super::world::{Content, Message, Sender, World};
use super::*;

/// A message as people see it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub id: i64,
    /// The name of who sent it.
    pub from: String,
    pub topic: Option<i64>,
    /// The text, or the caption of a file.
    pub text: String,
    pub entities: Vec<Entity>,
    /// The labels of the buttons with what they send, row by row.
    pub buttons: Vec<Vec<(String, String)>>,
    pub file: Option<File>,
    pub reply_to: Option<i64>,
    /// It made a sound.
    pub loud: bool,
    /// Who is mentioned in it, and told so.
    pub mentions: Vec<i64>,
    pub edited: bool,
    pub pinned: bool,
    /// Who reacted with what.
    pub reactions: BTreeMap<i64, Vec<String>>,
}

/// A topic as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenTopic {
    pub id: i64,
    pub name: String,
    pub closed: bool,
}

/// What somebody was shown after they pressed a button. Without a text the button only stops spinning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Popup {
    pub user: i64,
    pub chat: i64,
    pub message: i64,
    pub text: String,
    pub alert: bool,
}

/// A call as it came, without the token, and what it was answered.
#[derive(Debug, Clone)]
pub struct Logged {
    pub at: DateTime<Utc>,
    pub method: &'static str,
    pub params: Value,
    pub ok: bool,
    pub answer: Value,
}

/// Everything there is to see.
pub struct View<'a>(pub(super) &'a World);

impl View<'_> {
    /// What a chat shows, in order. The private chat with a person has the id of the person.
    pub fn messages(&self, chat: i64) -> Vec<Seen> {
        let messages = self.0.chat(chat).messages.values();
        messages.filter(|message| !message.content.is_service()).map(|message| self.seen(message)).collect()
    }

    /// The messages of a topic of the group; `None` is the General topic.
    pub fn in_topic(&self, topic: Option<i64>) -> Vec<Seen> {
        self.messages(GROUP).into_iter().filter(|message| message.topic == topic).collect()
    }

    pub fn message(&self, chat: i64, id: i64) -> Option<Seen> {
        self.0.message(chat, id).map(|message| self.seen(message))
    }

    /// The first message of the bot in a chat that contains this text.
    pub fn find(&self, chat: i64, text: &str) -> Option<Seen> {
        self.messages(chat).into_iter().find(|m| m.from == "Steward" && m.text.contains(text))
    }

    /// The topics of the group, the oldest first, without the General one.
    pub fn topics(&self) -> Vec<SeenTopic> {
        let topics = self.0.chat(GROUP).topics.iter();
        topics.map(|(id, t)| SeenTopic { id: *id, name: t.name.clone(), closed: t.closed }).collect()
    }

    /// What people were shown after presses, in order.
    pub fn popups(&self) -> Vec<Popup> {
        self.0.popups.clone()
    }

    /// Whether a press was answered.
    pub fn is_answered(&self, press: &str) -> bool {
        self.0.presses.get(press).is_some_and(|press| press.answered)
    }

    /// The commands that the bot has registered, by scope (JSON) and language.
    pub fn commands(&self) -> BTreeMap<(String, String), Value> {
        self.0.commands.clone()
    }

    /// How many updates are not confirmed.
    pub fn waiting(&self) -> usize {
        self.0.updates.len()
    }

    /// How often the bot asked for updates.
    pub fn polls(&self) -> u64 {
        self.0.polls
    }

    /// How many calls hang.
    pub fn hanging(&self) -> usize {
        self.0.faults.hanging
    }

    /// How often the bot tried again before the flood control let it.
    pub fn impatient(&self) -> usize {
        self.0.faults.impatient
    }

    /// The calls of a method, in order.
    pub fn calls(&self, method: &str) -> Vec<Logged> {
        self.0.log.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// All calls, one a line, without those for updates that brought none.
    pub fn log(&self) -> String {
        let mut text = String::from("calls:\n");
        for Logged { at, method, params, answer, .. } in &self.0.log {
            let dull = *method == "getUpdates" && answer.as_array().is_some_and(Vec::is_empty);
            if !dull {
                let answer: String = answer.to_string().chars().take(300).collect();
                let _ = writeln!(text, "{} {method} {params} -> {answer}", at.format("%H:%M:%S"));
            }
        }
        text
    }

    fn seen(&self, message: &Message) -> Seen {
        let buttons = message.keys.iter().map(|row| {
            row.iter()
                .map(|key| (key.label().to_owned(), key.data().unwrap_or_default().to_owned()))
                .collect()
        });
        let file = match &message.content {
            Content::Document(file) | Content::Photo(file) => Some(file.clone()),
            _ => None,
        };
        Seen {
            id: message.id,
            from: self.name(message),
            topic: message.topic,
            text: message.text.text.clone(),
            entities: message.text.entities.clone(),
            buttons: buttons.collect(),
            file,
            reply_to: message.reply_to,
            loud: !message.silent,
            mentions: self.mentions(message),
            edited: message.edited.is_some(),
            pinned: message.pinned,
            reactions: message.reactions.clone(),
        }
    }

    /// The name of who sent a message.
    pub(super) fn name(&self, message: &Message) -> String {
        match message.from {
            Sender::User(id) => self.person(id),
            Sender::Group | Sender::Channel => self.0.chat(message.chat).title.clone(),
        }
    }

    pub(super) fn person(&self, id: i64) -> String {
        self.0.people.get(&id).map_or_else(|| "the group".into(), |person| person.first_name.to_owned())
    }

    /// Who is told that they are mentioned: members of the chat, and whoever the text links to.
    fn mentions(&self, message: &Message) -> Vec<i64> {
        let members = &self.0.chat(message.chat).members;
        let by_name = |entity: &Entity| {
            let name = slice(&message.text.text, entity.offset, entity.end());
            let named = |id: &&i64| {
                let username = self.0.people.get(id).and_then(|person| person.username);
                username.is_some_and(|username| name[1..].eq_ignore_ascii_case(username))
            };
            members.iter().find(named).copied()
        };
        let who = message.text.entities.iter().filter_map(|entity| match entity.kind.as_str() {
            "text_mention" => entity.user,
            "mention" => by_name(entity),
            _ => None,
        });
        who.collect()
    }
}
