//! What people say: events of the gateway, turned into what the engine hears. Everything that does not come from the
//! configured channel, its threads, or an operator alone is ignored and counted.

mod interactions;
mod messages;
mod places;
mod reactions;
mod turn;

use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde_json::Value;

use self::places::Geography;
use self::reactions::Answered;
pub(super) use self::reactions::{NO, YES};
pub(super) use self::turn::Turns;
use super::NAME;
use super::conversation::Conversation;
use super::events::{Guild, Ready, User};
use super::rest::Rest;
use crate::config::DiscordSettings;
use crate::domain::card::one_line;
use crate::engine::ports::{Clock, Ears, Inbound};

/// Hears what people say on Discord.
pub(super) struct Hearer {
    pub(super) rest: Arc<Rest>,
    pub(super) settings: DiscordSettings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ears: Arc<dyn Ears>,
    me: Mutex<Option<Me>>,
    geography: Mutex<Geography>,
    answered: Mutex<Answered>,
}

/// Who Steward is on Discord.
#[derive(Debug, Clone, Default)]
pub(super) struct Me {
    /// The bot's user.
    pub(super) user: u64,
    /// The bot's application.
    pub(super) application: u64,
    /// The roles that stand for the bot alone.
    pub(super) roles: Vec<u64>,
}

impl Hearer {
    /// Somebody who hears with these ears.
    pub(super) fn new(
        rest: Arc<Rest>,
        settings: DiscordSettings,
        clock: Arc<dyn Clock>,
        ears: Arc<dyn Ears>,
    ) -> Self {
        let (me, geography, answered) = Default::default();
        Self { rest, settings, clock, ears, me, geography, answered }
    }

    /// Takes in what the gateway says about who Steward is.
    pub(super) fn ready(&self, data: Value) {
        let Some(ready) = read::<Ready>("READY", data) else { return };
        let mut me = self.me.lock().unwrap_or_else(PoisonError::into_inner);
        let known = me.get_or_insert_default();
        // A bot that is not very old has its application's id.
        let application = ready.application.map_or(ready.user.id.0, |application| application.id.0);
        (known.user, known.application) = (ready.user.id.0, application);
    }

    /// Takes in what the gateway says about a guild.
    pub(super) fn guild(&self, data: Value) {
        let Some(guild) = read::<Guild>("GUILD_CREATE", data) else { return };
        if guild.id.0 != self.settings.guild {
            return;
        }
        self.learn(guild.channels.iter().chain(&guild.threads));
        let mut me = self.me.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(me) = me.as_mut() {
            let mine = |role: &&super::events::Role| {
                role.tags.as_ref().and_then(|tags| tags.bot_id).is_some_and(|bot| bot.0 == me.user)
            };
            me.roles = guild.roles.iter().filter(mine).map(|role| role.id.0).collect();
        }
    }

    /// Takes in something else that happened.
    pub(super) async fn event(&self, name: &str, data: Value) {
        match name {
            "MESSAGE_CREATE" => {
                if let Some(message) = read(name, data) {
                    self.message(message).await;
                }
            }
            "MESSAGE_REACTION_ADD" => {
                if let Some(reaction) = read(name, data) {
                    self.reaction(reaction).await;
                }
            }
            "INTERACTION_CREATE" => {
                if let Some(interaction) = read(name, data) {
                    self.interaction(interaction).await;
                }
            }
            _ => {}
        }
    }

    /// Who Steward is, once it is known.
    pub(super) fn me(&self) -> Option<Me> {
        self.me.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_operator(&self, user: u64) -> bool {
        self.settings.operators.contains(&user)
    }

    fn ignored(&self) {
        self.ears.ignored(NAME);
    }

    /// Hands on what somebody said.
    async fn said(&self, user: &User, conversation: &Conversation, said: Said) {
        let name = one_line(&user.username);
        let inbound = Inbound {
            platform: NAME.to_owned(),
            conversation: conversation.name(),
            user: if name.is_empty() { user.id.0.to_string() } else { name },
            user_id: user.id.0.to_string(),
            operator: self.is_operator(user.id.0),
            text: said.text,
            incident: said.incident,
            addressed: said.addressed,
            pressed: said.pressed,
            bookmark: None,
        };
        turn::mine().await;
        if self.ears.said(inbound).await.is_err() {
            tracing::debug!("something was said on Discord while Steward was ending");
        }
    }
}

/// What somebody said, and where it belongs.
struct Said {
    text: String,
    incident: Option<u64>,
    addressed: bool,
    pressed: bool,
}

/// Reads an event. One that can't be read is nothing that a person did wrong, so it is only noted; its data is not,
/// because there may be a token in it.
fn read<T: DeserializeOwned>(name: &str, data: Value) -> Option<T> {
    serde_json::from_value(data)
        .inspect_err(|error| tracing::warn!(event = name, %error, "an event of Discord's can't be read"))
        .ok()
}
