//! Answers to what people typed and pressed. Who asked is looking at the screen now: an answer that can no longer be
//! given is let go.

use super::conversation::{Conversation, Interaction};
use super::posting::{Progress, id, nonce, post};
use super::reference::MessageRef;
use super::render::{Look, sheets};
use super::rest::{Failure, Request, Rest, codes};
use super::sheet::Sheet;
use crate::domain::signal::Timestamp;
use crate::engine::ports::{Delivered, DeliveryError, Outbound};

/// Answers people.
pub(super) struct Answers<'a> {
    pub(super) rest: &'a Rest,
    pub(super) progress: &'a Progress,
    pub(super) channel: u64,
    pub(super) now: Timestamp,
}

impl Answers<'_> {
    /// Gives an answer.
    pub(super) async fn give(&self, outbound: &Outbound, name: &str) -> Result<Delivered, DeliveryError> {
        let Some(conversation) = Conversation::read(name) else {
            let why = "the conversation that is answered is none of Discord's".to_owned();
            return Err(DeliveryError::Permanent { why });
        };
        let mut parts = sheets(&outbound.card, Look::Several);
        for part in &mut parts {
            part.here = false;
        }
        let outcome = match conversation {
            Conversation::Message { channel, message } => {
                self.reply(outbound, &parts, channel, Some(message)).await
            }
            Conversation::Command { interaction, channel, private } => {
                match self.fill_in(outbound, &parts, &interaction, private).await {
                    Err(failure) if failure.is_expired_interaction() && !private => {
                        self.reply(outbound, &parts, channel, None).await
                    }
                    outcome => outcome,
                }
            }
            Conversation::Button(interaction) => self.follow_up(outbound, &parts, &interaction, true).await,
            // That it worked shows on the message itself.
            Conversation::Person { .. } if outbound.card.done => Ok(()),
            Conversation::Person { user } => self.whisper(outbound, &parts, user).await,
            Conversation::Unpromised { user, channel, private } => {
                match self.whisper(outbound, &parts, user).await {
                    Err(failure) if is_let_go(&failure) && !private => {
                        self.reply(outbound, &parts, channel, None).await
                    }
                    outcome => outcome,
                }
            }
        };
        match outcome {
            Err(failure) if is_let_go(&failure) => {
                tracing::debug!(%failure, "an answer can no longer be given");
                Ok(Delivered::default())
            }
            // It concerns this answer only, so there is no place that it could hold up.
            Err(failure) => Err(failure.delivery(0, self.channel, "Send Messages in Threads")),
            Ok(()) => Ok(Delivered::default()),
        }
    }

    async fn reply(
        &self,
        outbound: &Outbound,
        parts: &[Sheet],
        channel: u64,
        to: Option<u64>,
    ) -> Result<(), Failure> {
        for (at, sheet) in parts.iter().enumerate() {
            let to = to.filter(|_| at == 0);
            post(self.rest, self.progress, outbound, channel, &at.to_string(), sheet, to).await?;
        }
        Ok(())
    }

    /// Fills in the answer that was promised; what does not fit follows.
    async fn fill_in(
        &self,
        outbound: &Outbound,
        parts: &[Sheet],
        interaction: &Interaction,
        private: bool,
    ) -> Result<(), Failure> {
        let Some((first, more)) = parts.split_first() else { return Ok(()) };
        self.check(interaction)?;
        self.rest.send(&Request::fill_in(interaction.application, &interaction.token, first)).await?;
        self.follow_up(outbound, more, interaction, private).await
    }

    async fn follow_up(
        &self,
        outbound: &Outbound,
        parts: &[Sheet],
        interaction: &Interaction,
        private: bool,
    ) -> Result<(), Failure> {
        for (at, sheet) in parts.iter().enumerate() {
            self.check(interaction)?;
            // Discord tells no doubles here, so it is remembered what is there.
            let name = nonce(outbound, &format!("follow-up/{at}"));
            if self.progress.get(&name).is_some() {
                continue;
            }
            let request = Request::follow_up(interaction.application, &interaction.token, sheet, private);
            let message = id(&self.rest.send(&request).await?)?;
            self.progress.put(&name, MessageRef { channel: self.channel, message }, sheet);
        }
        Ok(())
    }

    async fn whisper(&self, outbound: &Outbound, parts: &[Sheet], user: u64) -> Result<(), Failure> {
        let channel = id(&self.rest.send(&Request::private_channel(user)).await?)?;
        self.reply(outbound, parts, channel, None).await
    }

    /// Discord need not be asked whether an old token still counts.
    fn check(&self, interaction: &Interaction) -> Result<(), Failure> {
        if interaction.is_good(self.now) {
            return Ok(());
        }
        let message = "the interaction has expired".to_owned();
        Err(Failure::Refused { status: 404, code: codes::UNKNOWN_INTERACTION, message })
    }
}

/// Whether there is nobody left to answer: the place or the person is gone, or does not want to hear it. Not everybody
/// takes messages from a bot.
fn is_let_go(failure: &Failure) -> bool {
    let refused = matches!(failure, Failure::Refused { status: 403 | 404, .. });
    refused || failure.is_expired_interaction() || failure.is_closed_thread()
}
