//! What somebody who asked is told, and which way it goes to them.

use tokio::sync::oneshot;

use super::message::{Handle, Message};
use super::ports::{Inbound, Platform};
use crate::domain::card::Card;

/// What somebody who asked is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The answer.
    pub card: Card,
    /// Whether it is what they asked for. If not, the card says why: it was not understood, was refused, or what it
    /// is about is not there.
    pub ok: bool,
}

impl Told {
    /// What was asked for.
    #[must_use]
    pub fn yes(card: Card) -> Self {
        Self { card, ok: true }
    }

    /// Why there is nothing of what was asked for.
    #[must_use]
    pub fn no(card: Card) -> Self {
        Self { card, ok: false }
    }
}

/// Who waits for an answer.
#[derive(Debug)]
pub enum Recipient {
    /// A conversation in a chat: the answer goes through the outbox like all that is said there.
    Conversation {
        /// The platform.
        platform: Platform,
        /// The adapter's own name for the conversation.
        conversation: String,
    },
    /// Somebody who stays on the line: they alone are told, now or not at all.
    OnTheLine(oneshot::Sender<Told>),
}

impl Recipient {
    /// The conversation in which something was said.
    pub(super) fn in_chat(inbound: Inbound) -> Self {
        let Inbound { platform, conversation, .. } = inbound;
        Self::Conversation { platform, conversation }
    }

    /// Tells them.
    pub(super) fn tell(self, told: Told, engine: &Handle) {
        match self {
            Self::Conversation { platform, conversation } => {
                engine.send(Message::Answered { platform, conversation, card: told.card });
            }
            Self::OnTheLine(line) => {
                let card = engine.redaction().now().card(&told.card);
                // Whoever asked may have gone.
                let _ = line.send(Told { card, ..told });
            }
        }
    }
}
