//! The chat platforms as the configuration wants them.

use std::sync::Arc;

use crate::adapters::chat::discord::Discord;
use crate::adapters::chat::telegram::Telegram;
use crate::config::ChatSettings;
use crate::engine::ports::{Chat, Clock};

/// Every platform that is configured, short of the console. Nothing is connected yet.
#[must_use]
pub fn build(settings: &ChatSettings, clock: &Arc<dyn Clock>) -> Vec<Arc<dyn Chat>> {
    let mut chats: Vec<Arc<dyn Chat>> = Vec::new();
    if let Some(settings) = &settings.discord {
        match Discord::new(settings.clone(), clock.clone()) {
            Ok(discord) => chats.push(Arc::new(discord)),
            Err(why) => tracing::error!(why, "Discord is left out"),
        }
    }
    if let Some(settings) = &settings.telegram {
        match Telegram::new(settings.clone(), clock.clone()) {
            Ok(telegram) => chats.push(Arc::new(telegram)),
            Err(why) => tracing::error!(why, "Telegram is left out"),
        }
    }
    chats
}
