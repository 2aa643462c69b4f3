//! Answers to what somebody said or pressed. One that nobody can read any more is let go.

use teloxide::payloads::AnswerCallbackQuery;
use teloxide::payloads::setters::*;
use teloxide::types::CallbackQueryId;

use super::super::Telegram;
use super::super::conversation::Conversation;
use super::super::fault::{Fault, Reason};
use super::super::render;
use super::send::{Parcel, Spot};
use crate::domain::card::Card;
use crate::engine::ports::{Delivered, DeliveryError, Outbound};

/// The longest answer to a press, in UTF-16 code units.
const LONGEST_POPUP: usize = 200;

impl Telegram {
    /// Delivers an answer.
    pub(in super::super) async fn answer(
        &self,
        message: &Outbound,
        conversation: &str,
    ) -> Result<Delivered, DeliveryError> {
        let Ok(conversation) = conversation.parse::<Conversation>() else {
            return Err(DeliveryError::Permanent {
                why: "there is no such conversation on Telegram".to_owned(),
            });
        };
        let answered = match &conversation {
            Conversation::Chat { chat, topic, message: question, hidden } => {
                let spot = Spot { chat: *chat, topic: *topic, reply_to: Some(*question) };
                let card = if *hidden { unseen(&message.card) } else { message.card.clone() };
                self.write(&Outbound { card, ..message.clone() }, spot).await
            }
            // A private chat has the number of its user.
            Conversation::Private { user } => match i64::try_from(*user) {
                Ok(chat) => self.write(message, Spot { chat, topic: None, reply_to: None }).await,
                Err(_) => Ok(()),
            },
            Conversation::Press { query } => self.popup(query, &message.card).await,
            Conversation::Nowhere => Ok(()),
        };
        match answered {
            Ok(()) => Ok(Delivered::default()),
            Err(Fault::Refused(reason, why)) if reason != Reason::Token => {
                let is_private = !matches!(&conversation, Conversation::Chat { chat, .. } if *chat < 0);
                let is_gone = matches!(reason, Reason::TooLate | Reason::TopicGone);
                if is_private || is_gone {
                    tracing::debug!(why, "an answer reaches nobody any more and is let go");
                    return Ok(Delivered::default());
                }
                Err(DeliveryError::Permanent { why: Fault::Refused(reason, why).to_string() })
            }
            Err(Fault::Moved(to)) => Err(DeliveryError::Permanent { why: Fault::Moved(to).to_string() }),
            Err(fault) => Err(fault.of_delivery()),
        }
    }

    async fn write(&self, message: &Outbound, spot: Spot) -> Result<(), Fault> {
        let post = render::post(&message.card, &[]);
        let parcel = Parcel { post: &post, loud: false, about: None, follow: false };
        let mut progress = self.memory.resume(message);
        let mut sent = self.parts(spot, &parcel, &mut progress).await;
        if let (Err(fault), Some(topic)) = (&sent, spot.topic)
            && fault.is(Reason::TopicClosed)
        {
            // Whoever asks in a closed topic is answered there, and it stays closed.
            self.places.found_closed(topic);
            sent = match self.places.open(topic).await {
                Ok(()) => self.parts(spot, &parcel, &mut progress).await,
                Err(fault) => Err(fault),
            };
            if let Err(fault) = self.places.close(topic).await {
                tracing::warn!(topic, %fault, "a topic was opened for an answer and can't be closed again");
            }
        }
        if sent.is_err() {
            self.memory.keep(message, progress);
        }
        sent
    }

    /// Shows it to whoever pressed.
    async fn popup(&self, query: &str, card: &Card) -> Result<(), Fault> {
        let text = render::brief(card, LONGEST_POPUP);
        // That it worked shows on the message itself; why not has to be read.
        let answer =
            AnswerCallbackQuery::new(CallbackQueryId(query.to_owned())).text(text).show_alert(!card.done);
        self.api.ask(&answer).await
    }
}

/// What somebody is told who may be an operator, but can't be seen.
fn unseen(refusal: &Card) -> Card {
    Card::titled(&refusal.title).line(
        "You write as the group, so I can't see who you are. Switch Remain Anonymous off (the group's page, Edit, Administrators, your own name) and say it again.",
    )
}
