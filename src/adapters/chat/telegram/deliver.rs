//! Brings messages to their places.

mod answer;
mod send;

use teloxide::payloads::EditMessageText;
use teloxide::payloads::setters::*;
use teloxide::types::{ChatId, LinkPreviewOptions, MessageId};

use self::send::{Parcel, Spot};
use super::Telegram;
use super::conversation::{message_in, message_ref, topic_in, topic_ref};
use super::fault::{Fault, Reason};
use super::progress::Progress;
use super::render::{self, Post};
use crate::domain::card::{Card, Mention, Place, Refs};
use crate::engine::ports::{About, Delivered, DeliveryError, Outbound};

/// How often a place is mended for one message: its topic may have to be made, and then be opened.
const MENDINGS: usize = 3;
/// How often it is tried to close a topic.
const MOST_CLOSINGS: u32 = 5;

impl Telegram {
    /// Delivers what goes to the configured chat.
    pub(super) async fn tell(&self, message: &Outbound) -> Result<Delivered, DeliveryError> {
        let mut progress = self.memory.resume(message);
        let told = match &message.place {
            Place::Root { number, .. } => self.root(message, *number, &mut progress).await,
            Place::Question { number, approval, .. } => {
                let about = About { incident: *number, question: Some(*approval) };
                self.question(message, &about, &mut progress).await
            }
            Place::Thread { number, .. } => self.update(message, *number, &mut progress).await,
            Place::Lab | Place::Answer { .. } => self.notice(message, &mut progress).await,
        };
        told.map_err(|fault| {
            if fault.is(Reason::NoForum) || fault.is(Reason::Chat) || matches!(fault, Fault::Moved(_)) {
                self.places.forget();
            }
            let error = fault.of_delivery();
            if !matches!(error, DeliveryError::Permanent { .. }) {
                self.memory.keep(message, progress);
            }
            error
        })
    }

    /// The root message: edited where it is, made where it is not.
    async fn root(
        &self,
        message: &Outbound,
        number: u64,
        progress: &mut Progress,
    ) -> Result<Delivered, Fault> {
        let post = render::root(&message.card);
        self.memory.keep_root(number, &message.card);
        let refs = &message.refs;
        let known = message_in(self.settings.chat, refs.own.as_deref().or(refs.root.as_deref()));
        if let Some(own) = progress.own.or(known).filter(|_| progress.sent == 0) {
            if self.edit(own, &post).await? {
                return Ok(self.delivered_root(own, progress));
            }
            progress.own = None;
        }
        let about = About { incident: number, question: None };
        let topic = self.topic_for_root(message, &message.card.title, progress).await?;
        let spot = Spot { chat: self.settings.chat, topic, reply_to: None };
        let parcel = Parcel { post: &post, loud: false, about: Some(&about), follow: true };
        self.in_place(message, spot, &parcel, number, progress).await?;
        Ok(match progress.own {
            Some(own) => self.delivered_root(own, progress),
            None => self.delivered(None, progress),
        })
    }

    fn delivered_root(&self, own: i32, progress: &Progress) -> Delivered {
        let chat = self.settings.chat;
        let own = Some(message_ref(chat, own));
        Refs { root: own.clone(), thread: progress.topic.map(|topic| topic_ref(chat, topic)), own }
    }

    /// The topic of an incident whose root message is made: the one it has, else a new one.
    async fn topic_for_root(
        &self,
        message: &Outbound,
        name: &str,
        progress: &mut Progress,
    ) -> Result<Option<i32>, Fault> {
        let known = progress.topic.or(topic_in(self.settings.chat, message.refs.thread.as_deref()));
        match (self.places.is_forum().await?, known) {
            (Some(true), None) => {
                progress.topic = self.places.create(name).await?;
                Ok(progress.topic)
            }
            (Some(false), _) => Ok(None),
            (_, known) => Ok(known),
        }
    }

    /// The card of a question: posted, and edited once it is answered.
    async fn question(
        &self,
        message: &Outbound,
        about: &About,
        progress: &mut Progress,
    ) -> Result<Delivered, Fault> {
        let card = &message.card;
        let waits = !card.actions.is_empty();
        let post = render::question(card);
        let known = message_in(self.settings.chat, message.refs.own.as_deref());
        if let Some(own) = progress.own.or(known).filter(|_| progress.sent == 0) {
            if self.edit(own, &post).await? {
                return Ok(self.delivered(Some(own), progress));
            }
            progress.own = None;
        }
        if known.is_some() && !waits {
            // Somebody deleted it, and nobody waits for it any more.
            return Ok(Delivered::default());
        }
        let spot = self.thread_spot(message, progress).await?;
        self.open(&spot).await?;
        let parcel = Parcel { post: &post, loud: false, about: Some(about), follow: false };
        self.in_place(message, spot, &parcel, about.incident, progress).await?;
        Ok(self.delivered(progress.own, progress))
    }

    /// An update of the thread. The one that ends the story closes the topic.
    async fn update(
        &self,
        message: &Outbound,
        number: u64,
        progress: &mut Progress,
    ) -> Result<Delivered, Fault> {
        let card = &message.card;
        let spot = self.thread_spot(message, progress).await?;
        let (post, loud) = self.with_calls(&told(card, number, &spot)).await;
        if !card.done {
            self.open(&spot).await?;
        }
        let about = About { incident: number, question: None };
        let parcel = Parcel { post: &post, loud, about: Some(&about), follow: false };
        let spot = self.in_place(message, spot, &parcel, number, progress).await?;
        if let Some(topic) = spot.topic.filter(|_| card.done) {
            self.close(topic, progress).await?;
        }
        Ok(self.delivered(progress.own, progress))
    }

    /// Closes a topic whose story is told. What fails by itself is tried again a few times: the message is there and
    /// is not sent again, but what comes behind it must not wait for ever.
    async fn close(&self, topic: i32, progress: &mut Progress) -> Result<(), Fault> {
        let closed = self.places.close(topic).await;
        if closed.is_err() {
            progress.closings += 1;
        }
        match closed {
            Err(fault) if progress.closings >= MOST_CLOSINGS && !matches!(fault, Fault::Slow(_)) => {
                tracing::warn!(topic, %fault, "a topic can't be closed, and stays open");
                Ok(())
            }
            other => other,
        }
    }

    /// What belongs to no incident.
    async fn notice(&self, message: &Outbound, progress: &mut Progress) -> Result<Delivered, Fault> {
        let (post, loud) = self.with_calls(&message.card).await;
        let spot = Spot { chat: self.settings.chat, topic: None, reply_to: None };
        let parcel = Parcel { post: &post, loud, about: None, follow: false };
        self.parts(spot, &parcel, progress).await?;
        Ok(self.delivered(progress.own, progress))
    }

    async fn with_calls(&self, card: &Card) -> (Post, bool) {
        let loud = card.mention == Mention::Here;
        let called = if loud { self.people.called(&self.settings.on_call).await } else { Vec::new() };
        (render::post(card, &called), loud)
    }

    fn delivered(&self, own: Option<i32>, progress: &Progress) -> Delivered {
        let chat = self.settings.chat;
        Refs {
            root: progress.root.map(|root| message_ref(chat, root)),
            thread: progress.topic.map(|topic| topic_ref(chat, topic)),
            own: own.map(|own| message_ref(chat, own)),
        }
    }

    /// Where the thread of a message's incident is: its topic, else behind its root message.
    async fn thread_spot(&self, message: &Outbound, progress: &Progress) -> Result<Spot, Fault> {
        let chat = self.settings.chat;
        let topic = progress.topic.or(topic_in(chat, message.refs.thread.as_deref()));
        let topic = match topic {
            Some(topic) => self.places.is_forum().await?.unwrap_or(true).then_some(topic),
            None => None,
        };
        let root = progress.root.or(message_in(chat, message.refs.root.as_deref()));
        // In a topic nothing has to be a reply.
        Ok(Spot { chat, topic, reply_to: root.filter(|_| topic.is_none()) })
    }

    async fn open(&self, spot: &Spot) -> Result<(), Fault> {
        match spot.topic {
            Some(topic) => self.places.open(topic).await,
            None => Ok(()),
        }
    }

    /// Sends to a place of an incident; opens its topic if it is closed, and makes it anew if somebody deleted it.
    /// Returns where it went.
    async fn in_place(
        &self,
        message: &Outbound,
        mut spot: Spot,
        parcel: &Parcel<'_>,
        number: u64,
        progress: &mut Progress,
    ) -> Result<Spot, Fault> {
        for _ in 0..MENDINGS {
            match (self.parts(spot, parcel, progress).await, spot.topic) {
                (Ok(()), _) => return Ok(spot),
                (Err(fault), Some(topic)) if fault.is(Reason::TopicClosed) => {
                    self.places.found_closed(topic);
                    self.places.open(topic).await?;
                }
                (Err(fault), Some(_)) if fault.is(Reason::TopicGone) => {
                    let is_root = matches!(message.place, Place::Root { .. });
                    spot = self.new_topic(number, message, is_root, progress).await?;
                }
                (Err(fault), _) => return Err(fault),
            }
        }
        self.parts(spot, parcel, progress).await.map(|()| spot)
    }

    /// Makes the topic of an incident anew, with its root message unless that is what will be sent there.
    async fn new_topic(
        &self,
        number: u64,
        message: &Outbound,
        is_root: bool,
        progress: &mut Progress,
    ) -> Result<Spot, Fault> {
        let root = self.memory.root(number);
        let name = root.as_ref().map_or(&message.card.title, |card| &card.title);
        progress.topic = self.places.create(name).await?;
        let spot = Spot { chat: self.settings.chat, topic: progress.topic, reply_to: None };
        if progress.topic.is_none() {
            // Where none can be made, it goes on as replies.
            let known = message_in(self.settings.chat, message.refs.root.as_deref());
            return Ok(Spot { reply_to: progress.root.or(known).filter(|_| !is_root), ..spot });
        }
        if let Some(card) = root.filter(|_| !is_root) {
            let post = render::root(&card);
            let about = About { incident: number, question: None };
            let parcel = Parcel { post: &post, loud: false, about: Some(&about), follow: false };
            let mut of_root = Progress::default();
            self.parts(spot, &parcel, &mut of_root).await?;
            progress.root = of_root.own;
        }
        Ok(spot)
    }

    /// Edits a message. `false`: it is gone, or can't be edited any more.
    async fn edit(&self, message: i32, post: &Post) -> Result<bool, Fault> {
        let Some(piece) = post.pieces.first() else { return Ok(true) };
        let chat = ChatId(self.settings.chat);
        let mut edit =
            EditMessageText::new(chat, MessageId(message), &piece.text).link_preview_options(no_preview());
        if !piece.entities.is_empty() {
            edit = edit.entities(piece.entities.clone());
        }
        edit.reply_markup = post.keyboard.clone();
        match self.api.ask(&edit).await {
            Ok(()) => Ok(true),
            Err(fault) if fault.is(Reason::Unchanged) => Ok(true),
            Err(fault) if fault.is(Reason::MessageGone) => Ok(false),
            Err(fault) => Err(fault),
        }
    }
}

/// What is said of an update: in a topic of its own the number of an incident is no news.
fn told(card: &Card, number: u64, spot: &Spot) -> Card {
    let is_only_number = card.title == format!("#{number}") && !card.body.is_empty();
    match spot.topic {
        Some(_) if is_only_number => Card { title: String::new(), ..card.clone() },
        _ => card.clone(),
    }
}

fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}
