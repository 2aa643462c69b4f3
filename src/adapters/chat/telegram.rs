//! Telegram: a bot in a group. Incidents are told in topics of their own where the group has topics, else as replies
//! to their root messages.
//!
//! Speaks the Bot API in teloxide's types. What is said to the bot is fetched by long polling, and how far that came
//! is kept by the engine together with what followed from it.

mod api;
mod conversation;
mod deliver;
mod examine;
mod fault;
mod inbound;
mod people;
mod places;
mod poll;
mod progress;
mod render;
mod text;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, watch};

use self::api::Api;
use self::people::People;
use self::places::Places;
use self::progress::Memory;
use crate::config::TelegramSettings;
use crate::domain::card::Place;
use crate::engine::ports::{
    Capabilities, Chat, Check, Clock, Delivered, DeliveryError, Ears, Outbound, Platform, Threads,
};

/// The platform's name.
pub const NAME: &str = "telegram";

/// The reactions that answer a question: yes, no.
const REACTIONS: [&str; 2] = ["👍", "👎"];
/// A group takes about twenty messages and edits a minute.
const EDIT_EVERY: Duration = Duration::from_secs(3);

/// The chat platform Telegram, as one bot in one chat.
pub struct Telegram {
    settings: TelegramSettings,
    clock: Arc<dyn Clock>,
    api: Arc<Api>,
    places: Places,
    people: People,
    memory: Memory,
    /// Held while something is sent: what people do with a message can be heard before it is known to be sent.
    sending: tokio::sync::Mutex<()>,
    /// Whether what is being sent is a new message of an incident, which nobody can name yet.
    making: AtomicBool,
    /// Rung when something was delivered: Telegram can be reached.
    delivered: Notify,
    /// The chats elsewhere that were told of.
    elsewhere: Mutex<BTreeSet<i64>>,
    told_odd: Once,
    told_files: Once,
}

/// Something that is said once.
#[derive(Debug, Default)]
struct Once(AtomicBool);

impl Once {
    /// Whether nobody asked before.
    fn is_first(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }
}

impl Telegram {
    /// The bot of these settings. Connects to nothing yet.
    ///
    /// # Errors
    /// No HTTP client can be made, for instance because the system has no certificates.
    pub fn new(settings: TelegramSettings, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let api = Arc::new(Api::new(&settings)?);
        Ok(Self {
            places: Places::new(api.clone(), settings.chat),
            people: People::new(api.clone(), settings.chat),
            memory: Memory::default(),
            sending: tokio::sync::Mutex::default(),
            making: AtomicBool::default(),
            delivered: Notify::new(),
            elsewhere: Mutex::default(),
            told_odd: Once::default(),
            told_files: Once::default(),
            api,
            settings,
            clock,
        })
    }
}

#[async_trait]
impl Chat for Telegram {
    fn platform(&self) -> Platform {
        NAME.to_owned()
    }

    /// Threads are replies until the chat was asked whether it has topics, which is before the first message.
    fn capabilities(&self) -> Capabilities {
        let has_topics = self.places.is_forum_so_far() == Some(true);
        Capabilities {
            threads: if has_topics { Threads::Own } else { Threads::Replies },
            edits: true,
            buttons: true,
            reactions: Some(REACTIONS),
            files: true,
            private_answers: true,
            drops_doubles: false,
            longest_text: Some(text::LONGEST),
            edit_every: EDIT_EVERY,
            at_once: 1,
        }
    }

    async fn deliver(&self, message: &Outbound) -> Result<Delivered, DeliveryError> {
        let _sending = self.sending.lock().await;
        let is_new = message.place.incident().is_some() && message.refs.own.is_none();
        let _making = Making::begin(&self.making, is_new);
        let delivered = match &message.place {
            Place::Answer { conversation } => self.answer(message, conversation).await,
            _ => self.tell(message).await,
        };
        if delivered.is_ok() {
            self.delivered.notify_waiters();
        }
        delivered
    }

    async fn listen(&self, ears: Arc<dyn Ears>, mut ending: watch::Receiver<bool>) {
        tokio::select! {
            () = self.attend(&*ears) => {}
            _ = ending.wait_for(|yes| *yes) => return,
        }
        // Whoever ends the engine ends the listening too.
        let _ = ending.wait_for(|yes| *yes).await;
    }

    async fn examine(&self) -> Vec<Check> {
        self.checks().await
    }
}

/// Says that something is being made, until it is dropped.
struct Making<'a>(&'a AtomicBool);

impl<'a> Making<'a> {
    fn begin(making: &'a AtomicBool, is_new: bool) -> Self {
        making.store(is_new, Ordering::SeqCst);
        Self(making)
    }
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// The value, also if somebody panicked while holding it: each write to it is a single one.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
