//! The chat platforms as the configuration wants them.

use std::sync::Arc;

use crate::adapters::chat::discord::Discord;
use crate::adapters::chat::telegram::Telegram;
use crate::config::ChatSettings;
use crate::engine::ports::{Chat, Clock};

/// Every platform that is configured, short of the console. Nothing is connected yet.
///
/// # Errors
/// One that can't be set up on this machine, with the reason.
pub fn build(settings: &ChatSettings, clock: &Arc<dyn Clock>) -> Result<Vec<Arc<dyn Chat>>, String> {
    let mut chats: Vec<Arc<dyn Chat>> = Vec::new();
    if let Some(settings) = &settings.discord {
        chats.push(Arc::new(Discord::new(settings.clone(), clock.clone())?));
    }
    if let Some(settings) = &settings.telegram {
        chats.push(Arc::new(Telegram::new(settings.clone(), clock.clone())?));
    }
    Ok(chats)
}
