//! An update of the Bot API, as far as Steward reads it.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::super::people::Person;

/// An update and its number.
#[derive(Debug)]
pub(in super::super) struct Read {
    pub(in super::super) id: i64,
    /// `None`: it can't be read.
    pub(in super::super) update: Option<Update>,
}

impl Read {
    /// Reads an update. `None`: it has no number, so it is none.
    pub(in super::super) fn new(raw: Value) -> Option<Self> {
        let id = raw.get("update_id")?.as_i64()?;
        Some(Self { id, update: serde_json::from_value(raw).ok() })
    }
}

#[derive(Debug, Deserialize)]
pub(in super::super) struct Update {
    pub(super) message: Option<Message>,
    pub(super) callback_query: Option<Press>,
    pub(super) message_reaction: Option<Reaction>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Chat {
    pub(super) id: i64,
    pub(super) title: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) message_id: i32,
    message_thread_id: Option<i32>,
    #[serde(default)]
    is_topic_message: bool,
    pub(super) chat: Chat,
    pub(super) from: Option<Person>,
    /// A chat on whose behalf it was said: nobody knows who that was.
    pub(super) sender_chat: Option<Chat>,
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) entities: Vec<Entity>,
    pub(super) reply_to_message: Option<Box<RepliedTo>>,
    forward_origin: Option<IgnoredAny>,
    forum_topic_closed: Option<IgnoredAny>,
}

impl Message {
    /// The topic it was said in. A reply outside of topics has a thread too, which is none.
    pub(super) fn topic(&self) -> Option<i32> {
        self.message_thread_id.filter(|_| self.is_topic_message)
    }

    /// The thread it was said in: a topic, or a chain of replies. Not every server tells them apart.
    pub(super) fn thread(&self) -> Option<i32> {
        self.message_thread_id
    }

    /// Whether somebody said it elsewhere, and it was only passed on.
    pub(super) fn is_forwarded(&self) -> bool {
        self.forward_origin.is_some()
    }

    /// The topic that was closed, if that is what the message tells.
    pub(super) fn closed_topic(&self) -> Option<i32> {
        self.thread().filter(|_| self.forum_topic_closed.is_some())
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct RepliedTo {
    pub(super) message_id: i32,
    pub(super) from: Option<Person>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Entity {
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// In UTF-16 code units, as the length.
    pub(super) offset: usize,
    pub(super) length: usize,
    pub(super) user: Option<Person>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Press {
    pub(super) id: String,
    pub(super) from: Person,
    pub(super) message: Option<Pressed>,
    pub(super) data: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pressed {
    pub(super) message_id: i32,
    pub(super) chat: Chat,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reaction {
    pub(super) chat: Chat,
    pub(super) message_id: i32,
    pub(super) user: Option<Person>,
    /// A chat on whose behalf it was set.
    pub(super) actor_chat: Option<Chat>,
    #[serde(default)]
    pub(super) old_reaction: Vec<Emoji>,
    #[serde(default)]
    pub(super) new_reaction: Vec<Emoji>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Emoji {
    /// `None`: a picture of somebody's own.
    pub(super) emoji: Option<String>,
}
