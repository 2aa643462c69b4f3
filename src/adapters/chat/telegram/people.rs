//! The people of the chat, by their numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use teloxide::payloads::GetChatMember;
use teloxide::types::{ChatId, UserId};

use super::api::Api;
use super::fault::Fault;
use super::locked;
use super::render::Called;
use crate::domain::card::one_line;

/// What people are called whose name can't be had.
const NAMELESS: &str = "operator";
/// How long a call waits for the names of those who are called.
const FOR_A_NAME: Duration = Duration::from_secs(3);

/// Somebody's part in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Member {
    pub(super) status: String,
    pub(super) user: Person,
    #[serde(default)]
    pub(super) can_manage_topics: bool,
    pub(super) can_send_messages: Option<bool>,
    pub(super) is_member: Option<bool>,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Person {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) is_bot: bool,
    #[serde(default)]
    pub(super) first_name: String,
    pub(super) username: Option<String>,
}

impl Person {
    /// The name that people know them by.
    pub(super) fn name(&self) -> String {
        let names = self.username.iter().chain([&self.first_name]).map(|name| one_line(name));
        names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| self.id.to_string())
    }
}

impl Member {
    pub(super) fn is_administrator(&self) -> bool {
        matches!(self.status.as_str(), "administrator" | "creator")
    }

    pub(super) fn is_there(&self) -> bool {
        !matches!(self.status.as_str(), "left" | "kicked") && self.is_member != Some(false)
    }

    pub(super) fn may_manage_topics(&self) -> bool {
        self.status == "creator" || self.can_manage_topics
    }

    pub(super) fn may_write(&self) -> bool {
        self.can_send_messages != Some(false)
    }
}

/// The people of the configured chat.
pub(super) struct People {
    api: Arc<Api>,
    chat: i64,
    names: Mutex<BTreeMap<u64, String>>,
}

impl People {
    pub(super) fn new(api: Arc<Api>, chat: i64) -> Self {
        Self { api, chat, names: Mutex::default() }
    }

    /// Somebody's part in the chat.
    ///
    /// # Errors
    /// They were never there, or it can't be asked.
    pub(super) async fn member(&self, user: u64) -> Result<Member, Fault> {
        self.api.call(&GetChatMember::new(ChatId(self.chat), UserId(user))).await
    }

    /// These users with the names they are called by. A name that can't be had holds no call up.
    pub(super) async fn called(&self, users: &BTreeSet<u64>) -> Vec<Called> {
        let named = users.iter().map(|id| async { Called { id: *id, name: self.name(*id).await } });
        futures_util::future::join_all(named).await
    }

    async fn name(&self, user: u64) -> String {
        if let Some(name) = locked(&self.names).get(&user) {
            return name.clone();
        }
        let asked = tokio::time::timeout(FOR_A_NAME, self.member(user)).await;
        let name = asked.ok().and_then(Result::ok).map(|member| one_line(&member.user.first_name));
        let Some(name) = name.filter(|name| !name.is_empty()) else { return NAMELESS.to_owned() };
        locked(&self.names).insert(user, name.clone());
        name
    }
}
