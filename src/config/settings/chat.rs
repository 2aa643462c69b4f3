//! `[chat]`: where Steward talks, and to whom it listens.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::config::secret::Secret;

/// Where Steward talks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChatSettings {
    /// The terminal that Steward was started on.
    pub console: ConsoleSettings,
    /// A channel of a Discord server.
    pub discord: Option<DiscordSettings>,
    /// A Telegram group.
    pub telegram: Option<TelegramSettings>,
}

/// The terminal that Steward was started on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsoleSettings {
    /// Whether to talk there.
    pub enabled: bool,
    /// The name in the records of whoever types there. They may approve and change things.
    #[serde(deserialize_with = "super::super::values::name")]
    pub operator: String,
}

impl Default for ConsoleSettings {
    fn default() -> Self {
        Self { enabled: true, operator: "operator".into() }
    }
}

/// A channel of a Discord server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscordSettings {
    /// The bot's token.
    pub token: Secret,
    /// The server ("guild").
    pub guild: u64,
    /// The text channel in which incidents are told.
    pub channel: u64,
    /// The users who may approve and change things.
    pub operators: BTreeSet<u64>,
    /// Where Discord's API is, without a path and without a slash at the end; Discord's own when absent.
    pub api: Option<String>,
}

/// A Telegram group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelegramSettings {
    /// The bot's token.
    pub token: Secret,
    /// The chat in which incidents are told: negative for groups.
    pub chat: i64,
    /// The users who may approve and change things.
    pub operators: BTreeSet<u64>,
    /// The users who are mentioned when people are called.
    pub on_call: BTreeSet<u64>,
    /// Where the Bot API is, without a path and without a slash at the end; Telegram's own when absent.
    pub api: Option<String>,
}
