//! Discord: an incident is a root message in the channel, edited in place, and a thread from it.
//!
//! Everything that is sent goes over `rest`, which knows the limits and never waits for them; what is heard comes
//! over `gateway`. What is neither sent nor heard there (rendering, limits, rights, names) is pure.

mod answers;
mod commands;
mod conversation;
mod events;
mod examine;
mod gateway;
mod inbound;
mod limits;
mod listening;
mod markdown;
mod permissions;
mod places;
mod posting;
mod reference;
mod render;
mod rest;
mod sheet;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use self::answers::Answers;
use self::inbound::{Hearer, NO, YES};
use self::listening::Listening;
use self::places::{Places, Roots};
use self::posting::Progress;
use self::rest::Rest;
use crate::config::DiscordSettings;
use crate::domain::card::Place;
use crate::engine::ports::{
    Capabilities, Chat, Check, Clock, Delivered, DeliveryError, Ears, Outbound, Platform, Threads,
};

/// The platform's name.
pub const NAME: &str = "discord";

/// A channel of a Discord server.
pub struct Discord {
    settings: DiscordSettings,
    clock: Arc<dyn Clock>,
    rest: Arc<Rest>,
    progress: Progress,
    roots: Roots,
}

impl Discord {
    /// The channel that the settings name. Nothing is sent yet.
    ///
    /// # Errors
    /// There can be no client, for instance because the system has no CA certificates.
    pub fn new(settings: DiscordSettings, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let rest = Arc::new(Rest::new(settings.token.clone(), settings.api.as_deref(), clock.clone())?);
        Ok(Self { settings, clock, rest, progress: Progress::default(), roots: Roots::default() })
    }
}

impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discord").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[async_trait]
impl Chat for Discord {
    fn platform(&self) -> Platform {
        NAME.to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            threads: Threads::Own,
            edits: true,
            buttons: true,
            reactions: Some([YES, NO]),
            files: true,
            private_answers: true,
            drops_doubles: true,
            longest_text: Some(sheet::DESCRIPTION),
            // Discord takes five edits in five seconds in one channel.
            edit_every: Duration::from_secs(1),
            at_once: 4,
        }
    }

    async fn deliver(&self, message: &Outbound) -> Result<Delivered, DeliveryError> {
        let (rest, progress, roots) = (&*self.rest, &self.progress, &self.roots);
        let places = Places { rest, progress, roots, channel: self.settings.channel };
        match &message.place {
            Place::Root { .. } => places.root(message).await,
            Place::Thread { .. } => places.update(message).await,
            Place::Question { .. } => places.question(message).await,
            Place::Lab => places.lab(message).await,
            Place::Answer { conversation } => {
                let (channel, now) = (self.settings.channel, self.clock.now());
                Answers { rest, progress, channel, now }.give(message, conversation).await
            }
        }
    }

    async fn listen(&self, ears: Arc<dyn Ears>, ending: watch::Receiver<bool>) {
        let hearer = Hearer::new(self.rest.clone(), self.settings.clone(), self.clock.clone(), ears);
        Listening::new(Arc::new(hearer)).listen(ending).await;
    }

    async fn examine(&self) -> Vec<Check> {
        examine::examine(&self.rest, &self.settings).await
    }
}
