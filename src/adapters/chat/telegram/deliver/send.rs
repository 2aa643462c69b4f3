//! Sends the messages and files of one post, and remembers how far that came.

use reqwest::multipart::{Form, Part};
use teloxide::payloads::SendMessage;
use teloxide::payloads::setters::*;
use teloxide::types::{ChatId, MessageId, ReplyMarkup, ReplyParameters};

use super::super::Telegram;
use super::super::api::Made;
use super::super::conversation::{message_ref, topic_ref};
use super::super::fault::{Fault, Reason};
use super::super::places::thread;
use super::super::progress::Progress;
use super::super::render::{self, Document, Post};
use super::super::text::Piece;
use super::no_preview;
use crate::engine::ports::About;

/// What the file is called within the form.
const FILE: &str = "file";

/// Where messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) chat: i64,
    pub(super) topic: Option<i32>,
    /// The message that they are replies to, if it is still there.
    pub(super) reply_to: Option<i32>,
}

/// What is sent.
pub(super) struct Parcel<'a> {
    pub(super) post: &'a Post,
    /// Whether people hear it.
    pub(super) loud: bool,
    /// What it is about, should somebody answer it at once.
    pub(super) about: Option<&'a About>,
    /// Whether what comes after the first message is a reply to it, outside of topics.
    pub(super) follow: bool,
}

impl Telegram {
    /// Sends what of a post was not sent before.
    pub(super) async fn parts(
        &self,
        spot: Spot,
        parcel: &Parcel<'_>,
        progress: &mut Progress,
    ) -> Result<(), Fault> {
        let post = parcel.post;
        let pieces = post.pieces.len();
        for at in progress.sent..pieces + post.documents.len() {
            let reply_to = match progress.own {
                Some(first) if parcel.follow && spot.topic.is_none() => Some(first),
                _ => spot.reply_to,
            };
            let spot = Spot { reply_to, ..spot };
            let sent = match (post.pieces.get(at), post.documents.get(at.saturating_sub(pieces))) {
                (Some(piece), _) => {
                    let keyboard = post.keyboard.clone().filter(|_| at + 1 == pieces);
                    // One sound is enough.
                    let message = message(spot, piece, parcel.loud && at == 0);
                    let message =
                        SendMessage { reply_markup: keyboard.map(ReplyMarkup::InlineKeyboard), ..message };
                    self.api.call::<_, Made>(&message).await?
                }
                (None, Some(document)) => self.file(spot, document).await?,
                (None, None) => break,
            };
            progress.sent = at + 1;
            let Some(number) = sent.message else {
                if self.told_odd.is_first() {
                    tracing::warn!(
                        "Telegram took a message and does not say its number, so it can't be edited later"
                    );
                }
                continue;
            };
            progress.own.get_or_insert(number);
            self.note(spot, number, parcel.about);
        }
        Ok(())
    }

    /// Sends a file. Where the bot may send none, its beginning is told: what comes behind it must not wait for it.
    async fn file(&self, spot: Spot, document: &Document) -> Result<Made, Fault> {
        match self.api.upload("SendDocument", form(spot, document)).await {
            Err(fault) if fault.is(Reason::Rights) || fault.is(Reason::NotOffered) => {
                if self.told_files.is_first() {
                    tracing::warn!(%fault, "files can't be sent, so only their beginnings are shown");
                }
                self.api.call(&message(spot, &render::beginning(document), false)).await
            }
            other => other,
        }
    }

    fn note(&self, spot: Spot, message: i32, about: Option<&About>) {
        let Some(about) = about else { return };
        self.memory.sent(message_ref(spot.chat, message), about.clone());
        if let Some(topic) = spot.topic {
            let of_topic = About { question: None, ..about.clone() };
            self.memory.sent(topic_ref(spot.chat, topic), of_topic);
        }
    }
}

fn message(spot: Spot, piece: &Piece, loud: bool) -> SendMessage {
    let mut message = SendMessage::new(ChatId(spot.chat), &piece.text)
        .link_preview_options(no_preview())
        .disable_notification(!loud);
    if !piece.entities.is_empty() {
        message = message.entities(piece.entities.clone());
    }
    message.message_thread_id = spot.topic.map(thread);
    message.reply_parameters = spot.reply_to.map(reply);
    message
}

fn reply(message: i32) -> ReplyParameters {
    ReplyParameters::new(MessageId(message)).allow_sending_without_reply()
}

fn form(spot: Spot, document: &Document) -> Form {
    let file = Part::text(document.text.clone()).file_name(document.name.clone());
    let mut form = Form::new()
        .text("chat_id", spot.chat.to_string())
        .text("disable_notification", "true")
        .text("document", format!("attach://{FILE}"));
    if let Some(topic) = spot.topic {
        form = form.text("message_thread_id", topic.to_string());
    }
    if let Some(message) = spot.reply_to {
        let reply = serde_json::json!({ "message_id": message, "allow_sending_without_reply": true });
        form = form.text("reply_parameters", reply.to_string());
    }
    form.part(FILE, file)
}
