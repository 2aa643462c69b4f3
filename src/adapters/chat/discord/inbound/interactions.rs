//! Slash commands, buttons, and the completion of what is being typed.

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::super::commands::{choices, completing, typed};
use super::super::conversation::{self, Conversation};
use super::super::events::{Data, Interaction, User};
use super::super::rest::{Failure, Request, codes};
use super::places::Where;
use super::{Hearer, Said};
use crate::domain::command::parse;

/// Types of interactions.
const COMMAND: u64 = 2;
const PRESS: u64 = 3;
const COMPLETION: u64 = 4;
/// Types of first answers.
const MESSAGE: u64 = 4;
const ANSWER_LATER: u64 = 5;
const UPDATE_LATER: u64 = 6;
const CHOICES: u64 = 8;
/// Only the person who asked sees the answer.
const EPHEMERAL: u64 = 1 << 6;

/// Where an interaction comes from.
#[derive(Clone, Copy)]
struct Spot {
    guild: Option<u64>,
    channel: u64,
}

impl Hearer {
    /// Takes an interaction in. Discord waits three seconds for the first sign, so that is given before anything is
    /// looked up that takes time.
    pub(super) async fn interaction(&self, mut interaction: Interaction) {
        let member = interaction.member.take().and_then(|member| member.user);
        let Some(user) = member.or(interaction.user.take()).filter(|user| !user.bot) else { return };
        let (Some(channel), Some(data)) = (interaction.channel_id, interaction.data.take()) else { return };
        if let Some(channel) = interaction.channel.as_ref().filter(|channel| channel.parent_id.is_some()) {
            self.learn(std::iter::once(channel));
        }
        let spot = Spot { guild: interaction.guild_id.map(|guild| guild.0), channel: channel.0 };
        match interaction.kind {
            COMMAND => self.command(&interaction, &user, spot, &data).await,
            PRESS => self.press(&interaction, &user, spot, data).await,
            COMPLETION => self.complete(&interaction, &user, spot, &data).await,
            _ => {}
        }
    }

    async fn command(&self, interaction: &Interaction, user: &User, spot: Spot, data: &Data) {
        let is_near = self.is_near(spot.guild, spot.channel, user.id.0);
        if !is_near && self.place(spot.guild, spot.channel, user.id.0).await == Where::Elsewhere {
            self.ignored();
            return self.send_elsewhere(interaction).await;
        }
        let text = typed(data);
        let command = parse(&text, self.clock.now(), Tz::UTC);
        // Who is refused need not be refused in front of everybody.
        let private = command.is_ok_and(|command| command.needs_operator()) && !self.is_operator(user.id.0);
        let flags = if private { EPHEMERAL } else { 0 };
        let promise = json!({ "type": ANSWER_LATER, "data": { "flags": flags } });
        let channel = spot.channel;
        let conversation = match self.first_answer(interaction, promise).await {
            true => Conversation::Command { interaction: self.answerable(interaction), channel, private },
            false => Conversation::Unpromised { user: user.id.0, channel, private },
        };
        let incident = match self.place(spot.guild, channel, user.id.0).await {
            Where::Thread(incident) => incident,
            _ => None,
        };
        self.said(user, &conversation, Said { text, incident, addressed: true, pressed: false }).await;
    }

    /// A button is on a message of Steward's own, wherever that stands: after a change of the channel, perhaps where
    /// nothing else counts any more.
    async fn press(&self, interaction: &Interaction, user: &User, spot: Spot, data: Data) {
        let is_ours = match spot.guild {
            Some(guild) => guild == self.settings.guild,
            None => self.is_operator(user.id.0),
        };
        if !is_ours {
            return self.ignored();
        }
        let conversation = match self.first_answer(interaction, json!({ "type": UPDATE_LATER })).await {
            true => Conversation::Button(self.answerable(interaction)),
            false => Conversation::Person { user: user.id.0 },
        };
        let of_message = match &interaction.message {
            Some(message) => self.incident_of(spot.channel, message.id.0).await,
            None => None,
        };
        let incident = match (of_message, self.place(spot.guild, spot.channel, user.id.0).await) {
            (None, Where::Elsewhere) => return self.ignored(),
            (None, Where::Thread(incident)) => incident,
            (found, _) => found,
        };
        self.said(
            user,
            &conversation,
            Said { text: data.custom_id, incident, addressed: true, pressed: true },
        )
        .await;
    }

    async fn complete(&self, interaction: &Interaction, user: &User, spot: Spot, data: &Data) {
        let is_near = self.is_near(spot.guild, spot.channel, user.id.0);
        if !is_near && self.place(spot.guild, spot.channel, user.id.0).await == Where::Elsewhere {
            return self.ignored();
        }
        let found = match completing(data) {
            Some((kind, typed)) => self.ears.complete(kind, &typed).await,
            None => Vec::new(),
        };
        self.first_answer(interaction, json!({ "type": CHOICES, "data": { "choices": choices(found) } }))
            .await;
    }

    /// Tells who typed a command in another channel of the guild where it counts.
    async fn send_elsewhere(&self, interaction: &Interaction) {
        let ours = interaction.guild_id.is_some_and(|guild| guild.0 == self.settings.guild);
        if interaction.kind != COMMAND || !ours {
            return;
        }
        let text = format!("Steward listens in <#{}> and its threads.", self.settings.channel);
        let data = json!({
            "embeds": [{ "description": text }],
            "allowed_mentions": { "parse": [] },
            "flags": EPHEMERAL,
        });
        let _ = self.first_answer(interaction, json!({ "type": MESSAGE, "data": data })).await;
    }

    /// Gives the first sign, and says whether more can follow. When it fails, what was asked for is done all the
    /// same: it was meant, and who does it again finds it done. The answer goes to the person alone then.
    async fn first_answer(&self, interaction: &Interaction, body: Value) -> bool {
        let request = Request::callback(interaction.id.0, &interaction.token, body);
        let mut outcome = self.rest.send(&request).await;
        if matches!(outcome, Err(Failure::Unreachable(_))) {
            outcome = self.rest.send(&request).await;
        }
        match outcome {
            Ok(_) => true,
            Err(failure) if failure.code() == Some(codes::ALREADY_ACKNOWLEDGED) => true,
            Err(failure) => {
                tracing::warn!(%failure, "a command or a press on Discord could not be acknowledged in time");
                false
            }
        }
    }

    fn answerable(&self, interaction: &Interaction) -> conversation::Interaction {
        conversation::Interaction {
            application: interaction.application_id.0,
            token: interaction.token.clone(),
            at: self.clock.now(),
        }
    }
}
