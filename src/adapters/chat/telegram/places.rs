//! The places of the configured chat: whether it has topics, and one topic per incident.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use teloxide::payloads::{CloseForumTopic, CreateForumTopic, GetChat, ReopenForumTopic};
use teloxide::types::{ChatId, MessageId, ThreadId};

use super::api::{Api, Made};
use super::fault::{Fault, Reason};
use super::locked;
use super::text::cut;

/// The longest name of a topic.
const LONGEST_NAME: usize = 128;
/// So many times in a row the chat can't be looked at before it is written to all the same.
const BLIND: u32 = 3;
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

/// The places of the configured chat.
pub(super) struct Places {
    api: Arc<Api>,
    chat: i64,
    /// Whether the chat has topics, once it was asked.
    is_forum: Mutex<Option<bool>>,
    /// The topics of which it is known whether they are open. A topic that an earlier Steward made is not among them.
    open: Mutex<BTreeMap<i32, bool>>,
    /// How often the chat could not be looked at, one time after the other.
    blind: AtomicU32,
    /// Whether it was told that the bot may not manage topics.
    told: AtomicBool,
}

impl Places {
    pub(super) fn new(api: Arc<Api>, chat: i64) -> Self {
        let (is_forum, open) = (Mutex::default(), Mutex::default());
        Self { api, chat, is_forum, open, blind: AtomicU32::new(0), told: AtomicBool::new(false) }
    }

    /// Whether the chat has topics, as far as it is known.
    pub(super) fn is_forum_so_far(&self) -> Option<bool> {
        *locked(&self.is_forum)
    }

    /// Whether the chat has topics. `None`: it can be written to for all that is known, but not be looked at. That is
    /// tried again next time.
    ///
    /// # Errors
    /// Nothing could be written to the chat either; or it fails as things do that soon work again.
    pub(super) async fn is_forum(&self) -> Result<Option<bool>, Fault> {
        if let Some(known) = self.is_forum_so_far() {
            return Ok(Some(known));
        }
        let fault = match self.api.call::<_, ChatInfo>(&GetChat::new(ChatId(self.chat))).await {
            Ok(chat) => {
                self.blind.store(0, Ordering::Relaxed);
                *locked(&self.is_forum) = Some(chat.is_forum);
                return Ok(Some(chat.is_forum));
            }
            Err(fault) => fault,
        };
        let is_hopeless = match &fault {
            Fault::Refused(Reason::Token | Reason::Chat, _) => false,
            Fault::Refused(..) => true,
            Fault::Failing(_) | Fault::Garbled => {
                self.blind.fetch_add(1, Ordering::Relaxed).saturating_add(1) >= BLIND
            }
            _ => false,
        };
        if !is_hopeless {
            return Err(fault);
        }
        tracing::debug!(%fault, "the chat can't be looked at, so it is taken for one without topics");
        Ok(None)
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
        match self.api.call::<_, Made>(&CreateForumTopic::new(ChatId(self.chat), name)).await {
            Ok(Made { topic: Some(topic), .. }) => {
                self.told.store(false, Ordering::Relaxed);
                self.remember(topic, true);
                Ok(Some(topic))
            }
            Ok(Made { topic: None, .. }) => {
                tracing::warn!("Telegram made a topic and does not say its number, so it stays empty");
                Ok(None)
            }
            Err(fault) if fault.is(Reason::Rights) || fault.is(Reason::NotOffered) => {
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
    /// What stands in the way for now. A refusal is no error: what is said there may still get through.
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
            Err(Fault::Refused(Reason::Unchanged, _)) | Ok(()) => self.remember(topic, is_open),
            Err(fault @ Fault::Refused(..)) => {
                let wanted = if is_open { "opened" } else { "closed" };
                tracing::warn!(topic, %fault, "a topic can't be {wanted}, and stays as it is");
                self.remember(topic, is_open);
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
