//! What Telegram knows: people, chats, messages and updates that wait.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::chats::{Chat, Kind, Standing};
use super::faults::Faults;
use super::text::Text;
use super::view::{Logged, Popup};
use super::*;

/// A user.
pub(super) struct Person {
    pub(super) username: Option<&'static str>,
    pub(super) first_name: &'static str,
    pub(super) is_bot: bool,
}

/// Who sent a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    User(i64),
    /// An administrator who writes as the group.
    Group,
    /// A channel.
    Channel,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub content: Vec<u8>,
}

impl File {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

#[derive(Clone)]
pub(super) enum Content {
    Text,
    Document(File),
    Photo(File),
    TopicCreated(String),
    TopicClosed,
    TopicReopened,
    TopicEdited(String),
    Pinned(i64),
    MigratedTo(i64),
    MigratedFrom(i64),
}

impl Content {
    pub(super) fn is_service(&self) -> bool {
        !matches!(self, Self::Text | Self::Document(_) | Self::Photo(_))
    }
}

/// A button of an inline keyboard, as it was sent.
#[derive(Clone, PartialEq)]
pub(super) struct Key(pub(super) Value);

impl Key {
    pub(super) fn label(&self) -> &str {
        self.0["text"].as_str().unwrap_or_default()
    }

    pub(super) fn data(&self) -> Option<&str> {
        self.0["callback_data"].as_str()
    }
}

#[derive(Clone)]
pub(super) struct Message {
    pub(super) id: i64,
    pub(super) chat: i64,
    /// The topic it is in; `None` in the General topic and where there are no topics.
    pub(super) topic: Option<i64>,
    /// The first message of its reply chain, where there are no topics.
    pub(super) thread: Option<i64>,
    pub(super) from: Sender,
    pub(super) date: DateTime<Utc>,
    pub(super) edited: Option<DateTime<Utc>>,
    pub(super) content: Content,
    /// The text, or the caption of a file.
    pub(super) text: Text,
    pub(super) reply_to: Option<i64>,
    pub(super) keys: Vec<Vec<Key>>,
    pub(super) silent: bool,
    pub(super) pinned: bool,
    pub(super) reactions: BTreeMap<i64, Vec<String>>,
}

/// A press of a button.
pub(super) struct Press {
    pub(super) user: i64,
    pub(super) chat: i64,
    pub(super) message: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) answered: bool,
    pub(super) expired: bool,
}

/// An update that waits to be confirmed.
pub(super) struct Update {
    pub(super) id: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) body: Value,
}

pub(super) struct World {
    pub(super) clock: Arc<HandClock>,
    pub(super) people: BTreeMap<i64, Person>,
    pub(super) chats: BTreeMap<i64, Chat>,
    pub(super) updates: VecDeque<Update>,
    next_update: i64,
    /// The kinds of update the bot asked for; `None` is the default set.
    pub(super) allowed_updates: Option<Vec<String>>,
    /// Counts the calls of `getUpdates`: the last one gets the updates.
    pub(super) polls: u64,
    pub(super) webhook: Option<String>,
    pub(super) privacy_mode: bool,
    pub(super) token_revoked: bool,
    pub(super) down: bool,
    pub(super) presses: BTreeMap<String, Press>,
    pub(super) popups: Vec<Popup>,
    pub(super) commands: BTreeMap<(String, String), Value>,
    pub(super) faults: Faults,
    pub(super) files: BTreeMap<String, File>,
    pub(super) log: Vec<Logged>,
    violations: Vec<String>,
    pub(super) expected: Vec<String>,
}

impl World {
    pub(super) fn new(clock: Arc<HandClock>) -> Self {
        let person = |username, first_name, is_bot| Person { username, first_name, is_bot };
        let people = BTreeMap::from([
            (BOT, person(Some(BOT_NAME), "Steward", true)),
            (OPERATOR, person(Some("alex"), "Alex", false)),
            (STRANGER, person(Some("mallory"), "Mallory", false)),
            (NAMELESS, person(None, "Sam", false)),
        ]);
        let group = Chat::new(GROUP, Kind::Supergroup, "Homelab", 40, &[OPERATOR, STRANGER, NAMELESS]);
        let mut other = Chat::new(OTHER_GROUP, Kind::Supergroup, "Elsewhere", 900, &[STRANGER, OPERATOR]);
        other.bot = Standing::Member;
        let mut basic = Chat::new(BASIC_GROUP, Kind::Group, "Small", 300, &[OPERATOR, STRANGER]);
        basic.bot = Standing::Member;
        let channel = Chat::new(CHANNEL, Kind::Channel, "News", 600, &[OPERATOR]);
        let privates = [OPERATOR, STRANGER, NAMELESS].map(|id| Chat::new(id, Kind::Private, "", 2000, &[id]));
        let chats = [group, other, basic, channel].into_iter().chain(privates);
        Self {
            clock,
            people,
            chats: chats.map(|chat| (chat.id, chat)).collect(),
            updates: VecDeque::new(),
            next_update: 733_000_001,
            allowed_updates: None,
            polls: 0,
            webhook: None,
            privacy_mode: true,
            token_revoked: false,
            down: false,
            presses: BTreeMap::new(),
            popups: Vec::new(),
            commands: BTreeMap::new(),
            faults: Faults::default(),
            files: BTreeMap::new(),
            log: Vec::new(),
            violations: Vec::new(),
            expected: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.time()
    }

    /// A call broke a rule.
    pub(super) fn violation(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// The violations that no story expects, and the expectations that did not come true.
    pub(super) fn unexpected(&mut self) -> Vec<String> {
        let known = |text: &String, parts: &[String]| parts.iter().any(|part| text.contains(part.as_str()));
        let mut left: Vec<_> =
            self.violations.iter().filter(|text| !known(text, &self.expected)).cloned().collect();
        let unmet = self.expected.iter().filter(|part| !self.violations.iter().any(|v| v.contains(*part)));
        left.extend(unmet.map(|part| format!("expected, but it did not happen: {part}")));
        left
    }

    pub(super) fn chat(&self, id: i64) -> &Chat {
        self.chats.get(&id).unwrap_or_else(|| panic!("there is no chat {id}"))
    }

    pub(super) fn chat_mut(&mut self, id: i64) -> &mut Chat {
        self.chats.get_mut(&id).unwrap_or_else(|| panic!("there is no chat {id}"))
    }

    pub(super) fn message(&self, chat: i64, id: i64) -> Option<&Message> {
        self.chats.get(&chat)?.messages.get(&id)
    }

    pub(super) fn message_mut(&mut self, chat: i64, id: i64) -> Option<&mut Message> {
        self.chats.get_mut(&chat)?.messages.get_mut(&id)
    }

    /// A message with the next id of its chat, which nobody has posted yet.
    pub(super) fn draft(&mut self, chat: i64, from: Sender, content: Content) -> Message {
        let date = self.now();
        let home = self.chat_mut(chat);
        home.next_message += 1;
        Message {
            id: home.next_message,
            chat,
            topic: None,
            thread: None,
            from,
            date,
            edited: None,
            content,
            text: Text::default(),
            reply_to: None,
            keys: Vec::new(),
            silent: false,
            pinned: false,
            reactions: BTreeMap::new(),
        }
    }

    /// Posts a message; its id.
    pub(super) fn post(&mut self, message: Message) -> i64 {
        let id = message.id;
        self.chat_mut(message.chat).messages.insert(id, message);
        id
    }

    /// A posted message of somebody else, or about the chat, goes to the bot.
    pub(super) fn tell(&mut self, kind: &str, chat: i64, id: i64) {
        if let Some(message) = self.message(chat, id) {
            let body = wire::message(self, message);
            self.update(kind, body);
        }
    }

    /// Queues an update, if the bot asked for its kind.
    pub(super) fn update(&mut self, kind: &str, body: Value) {
        let wanted = match &self.allowed_updates {
            Some(kinds) => kinds.iter().any(|wanted| wanted == kind),
            None => !matches!(kind, "chat_member" | "message_reaction" | "message_reaction_count"),
        };
        if wanted {
            self.raw_update(json!({ kind: body }));
        }
    }

    /// Queues an update whatever it is; it only gets its id.
    pub(super) fn raw_update(&mut self, mut body: Value) {
        let id = self.next_update;
        self.next_update += 1;
        body["update_id"] = json!(id);
        self.updates.push_back(Update { id, at: self.now(), body });
    }

    /// Telegram keeps updates for a day.
    pub(super) fn forget_old_updates(&mut self) {
        let now = self.now();
        self.updates.retain(|update| now - update.at < TimeDelta::hours(24));
    }
}
