//! The places of the configured chat: whether it has topics, and one topic per incident.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use teloxide::payloads::{CloseForumTopic, CreateForumTopic, GetChat, ReopenForumTopic};
use teloxide::types::{ChatId, MessageId, ThreadId};

use super::api::Api;
use super::fault::{Fault, Reason};
use super::locked;
use super::text::cut;

/// The longest name of a topic.
const LONGEST_NAME: usize = 128;
/// Topics of which it is remembered whether they are open.
const REMEMBERED: usize = 1000;

/// What a chat is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ChatInfo {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) is_forum: bool,
}

#[derive(Deserialize)]
struct Created {
    message_thread_id: i32,
}

/// The places of the configured chat.
pub(super) struct Places {
    api: Arc<Api>,
    chat: i64,
    /// Whether the chat has topics, once it was asked.
    is_forum: Mutex<Option<bool>>,
    /// The topics of which it is known whether they are open. A topic that an earlier Steward made is not among them.
    open: Mutex<BTreeMap<i32, bool>>,
    /// Whether it was told that the bot may not manage topics.
    told: AtomicBool,
}

impl Places {
    pub(super) fn new(api: Arc<Api>, chat: i64) -> Self {
        let (is_forum, open) = (Mutex::default(), Mutex::default());
        Self { api, chat, is_forum, open, told: AtomicBool::new(false) }
    }

    /// Whether the chat has topics, as far as it is known.
    pub(super) fn is_forum_so_far(&self) -> Option<bool> {
        *locked(&self.is_forum)
    }

    /// Whether the chat has topics.
    ///
    /// # Errors
    /// It is not known yet, and can't be asked.
    pub(super) async fn is_forum(&self) -> Result<bool, Fault> {
        if let Some(known) = self.is_forum_so_far() {
            return Ok(known);
        }
        let chat: ChatInfo = self.api.call(&GetChat::new(ChatId(self.chat))).await?;
        *locked(&self.is_forum) = Some(chat.is_forum);
        Ok(chat.is_forum)
    }

    /// Asks again next time: the chat may not be what it was.
    pub(super) fn forget(&self) {
        *locked(&self.is_forum) = None;
    }

    /// Makes a topic. `None` where the bot may not, or there are none.
    ///
    /// # Errors
    /// Everything else that goes wrong.
    pub(super) async fn create(&self, name: &str) -> Result<Option<i32>, Fault> {
        let name = cut(name, LONGEST_NAME);
        match self.api.call::<_, Created>(&CreateForumTopic::new(ChatId(self.chat), name)).await {
            Ok(Created { message_thread_id: topic }) => {
                self.told.store(false, Ordering::Relaxed);
                self.remember(topic, true);
                Ok(Some(topic))
            }
            Err(fault) if fault.is(Reason::Rights) => {
                self.tell(&fault);
                Ok(None)
            }
            Err(fault) if fault.is(Reason::NoForum) => {
                self.forget();
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Opens a topic, unless it is known to be open.
    ///
    /// # Errors
    /// What stands in the way for now. That the bot may not is no error: what is said there may still get through.
    pub(super) async fn open(&self, topic: i32) -> Result<(), Fault> {
        if locked(&self.open).get(&topic) == Some(&true) {
            return Ok(());
        }
        let asked = self.api.ask(&ReopenForumTopic::new(ChatId(self.chat), thread(topic))).await;
        self.settle(topic, true, asked)
    }

    /// Notes that a topic is not open, whatever was known.
    pub(super) fn found_closed(&self, topic: i32) {
        self.remember(topic, false);
    }

    /// Closes a topic, unless it is known to be closed.
    ///
    /// # Errors
    /// See [`Self::open`].
    pub(super) async fn close(&self, topic: i32) -> Result<(), Fault> {
        if locked(&self.open).get(&topic) == Some(&false) {
            return Ok(());
        }
        let asked = self.api.ask(&CloseForumTopic::new(ChatId(self.chat), thread(topic))).await;
        self.settle(topic, false, asked)
    }

    fn settle(&self, topic: i32, is_open: bool, asked: Result<(), Fault>) -> Result<(), Fault> {
        match asked {
            Err(fault) if fault.is(Reason::Rights) => {
                self.tell(&fault);
                self.remember(topic, is_open);
            }
            // A topic that is gone is found out by what is said there.
            Err(fault) if fault.is(Reason::TopicGone) || fault.is(Reason::NoForum) => {}
            Err(Fault::Refused(Reason::Unchanged | Reason::Other, _)) | Ok(()) => {
                self.remember(topic, is_open)
            }
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    fn remember(&self, topic: i32, is_open: bool) {
        let mut open = locked(&self.open);
        open.insert(topic, is_open);
        while open.len() > REMEMBERED {
            open.pop_first();
        }
    }

    fn tell(&self, fault: &Fault) {
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %fault,
                "the bot may not manage topics, so incidents are told as replies; give it \"Manage topics\" (the group's page, Edit, Administrators, the bot)"
            );
        }
    }
}

/// A topic, as teloxide names it.
pub(super) fn thread(topic: i32) -> ThreadId {
    ThreadId(MessageId(topic))
}
