//! What Discord tells, as far as Steward reads it. Fields that it does not need may be missing or new.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::posting::snowflake;

/// An id: a number that is usually written as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id(pub(super) u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        snowflake(&value).map(Self).ok_or_else(|| serde::de::Error::custom("no id"))
    }
}

/// A list, also where there is none.
fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A person, or a bot.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    pub(super) id: Id,
    #[serde(default)]
    pub(super) username: String,
    #[serde(default)]
    pub(super) bot: bool,
}

/// `READY`.
#[derive(Debug, Deserialize)]
pub(super) struct Ready {
    pub(super) user: User,
    #[serde(default)]
    pub(super) application: Option<Named>,
}

/// Something of which only the id matters.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: Id,
}

/// `GUILD_CREATE`.
#[derive(Debug, Deserialize)]
pub(super) struct Guild {
    pub(super) id: Id,
    #[serde(default, deserialize_with = "list")]
    pub(super) channels: Vec<Channel>,
    #[serde(default, deserialize_with = "list")]
    pub(super) threads: Vec<Channel>,
    #[serde(default, deserialize_with = "list")]
    pub(super) roles: Vec<Role>,
}

/// A role.
#[derive(Debug, Deserialize)]
pub(super) struct Role {
    pub(super) id: Id,
    #[serde(default)]
    pub(super) tags: Option<Tags>,
}

/// What is known of a role that a person did not make.
#[derive(Debug, Deserialize)]
pub(super) struct Tags {
    #[serde(default)]
    pub(super) bot_id: Option<Id>,
}

/// A channel or a thread.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Channel {
    pub(super) id: Id,
    #[serde(default)]
    pub(super) parent_id: Option<Id>,
}

/// `MESSAGE_CREATE`.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) id: Id,
    pub(super) channel_id: Id,
    #[serde(default)]
    pub(super) guild_id: Option<Id>,
    pub(super) author: User,
    #[serde(default)]
    pub(super) content: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) mentions: Vec<User>,
    #[serde(default, deserialize_with = "list")]
    pub(super) mention_roles: Vec<Id>,
    #[serde(default)]
    pub(super) webhook_id: Option<Id>,
    #[serde(default, rename = "type")]
    pub(super) kind: u64,
    #[serde(default)]
    pub(super) message_reference: Option<Reference>,
}

/// What a message replies to.
#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    #[serde(default)]
    pub(super) message_id: Option<Id>,
}

/// `MESSAGE_REACTION_ADD`.
#[derive(Debug, Deserialize)]
pub(super) struct Reaction {
    pub(super) user_id: Id,
    pub(super) channel_id: Id,
    pub(super) message_id: Id,
    #[serde(default)]
    pub(super) guild_id: Option<Id>,
    #[serde(default)]
    pub(super) member: Option<Member>,
    pub(super) emoji: Emoji,
}

/// A person in a guild.
#[derive(Debug, Deserialize)]
pub(super) struct Member {
    #[serde(default)]
    pub(super) user: Option<User>,
}

/// An emoji; one of a guild's own has an id.
#[derive(Debug, Deserialize)]
pub(super) struct Emoji {
    #[serde(default)]
    pub(super) id: Option<Id>,
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// `INTERACTION_CREATE`.
#[derive(Deserialize)]
pub(super) struct Interaction {
    pub(super) id: Id,
    pub(super) application_id: Id,
    #[serde(rename = "type")]
    pub(super) kind: u64,
    pub(super) token: String,
    #[serde(default)]
    pub(super) guild_id: Option<Id>,
    #[serde(default)]
    pub(super) channel_id: Option<Id>,
    #[serde(default)]
    pub(super) channel: Option<Channel>,
    #[serde(default)]
    pub(super) member: Option<Member>,
    #[serde(default)]
    pub(super) user: Option<User>,
    #[serde(default)]
    pub(super) data: Option<Data>,
    #[serde(default)]
    pub(super) message: Option<Named>,
}

/// What was typed or pressed.
#[derive(Debug, Deserialize)]
pub(super) struct Data {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) custom_id: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) options: Vec<Filled>,
}

/// A field that was filled in.
#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Value,
    #[serde(default)]
    pub(super) focused: bool,
}

impl Filled {
    /// What was filled in, as it would have been typed.
    pub(super) fn text(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_greeting_without_an_application_can_be_read() {
        let ready: Ready = serde_json::from_value(json!({ "user": { "id": "5" } })).unwrap();
        assert!(ready.user.id == Id(5) && ready.application.is_none());
    }
}
