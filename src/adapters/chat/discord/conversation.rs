//! Conversations by name: where an answer goes, as a text that the engine keeps and hands back.
//!
//! The names are kept in the database and hold the tokens of interactions (good for fifteen minutes), so they are
//! never logged.

use chrono::{DateTime, TimeDelta};

use crate::domain::signal::Timestamp;

/// For how long an interaction can be answered. A little less than Discord's fifteen minutes.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(14 * 60 + 30);

/// Where an answer goes.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Conversation {
    /// A reply to a message.
    Message {
        /// Where it was said: a channel, a thread, or a conversation between two.
        channel: u64,
        /// What was said.
        message: u64,
    },
    /// The answer to a slash command.
    Command {
        /// Its interaction.
        interaction: Interaction,
        /// Where it was typed.
        channel: u64,
        /// Whether only its author may see the answer.
        private: bool,
    },
    /// The private answer to a button.
    Button(Interaction),
    /// A private message to somebody who reacted, or whose press could not be acknowledged.
    Person {
        /// Who.
        user: u64,
    },
    /// The answer to a slash command that could not be acknowledged: a private message, else one where it was typed.
    Unpromised {
        /// Who typed it.
        user: u64,
        /// Where it was typed.
        channel: u64,
        /// Whether only its author may see the answer.
        private: bool,
    },
}

/// What an answer to an interaction needs.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Interaction {
    /// The bot's application.
    pub(super) application: u64,
    /// The key to the answer.
    pub(super) token: String,
    /// When it began.
    pub(super) at: Timestamp,
}

impl Interaction {
    /// Whether it can still be answered.
    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        now - self.at < GOOD_FOR
    }

    fn name(&self) -> String {
        format!("{}/{}/{}", self.application, self.at.timestamp_millis(), self.token)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let application = parts.next()?.parse().ok()?;
        let at = DateTime::from_timestamp_millis(parts.next()?.parse().ok()?)?;
        // It becomes part of a path.
        let safe = |c: char| c.is_ascii_alphanumeric() || "-_.~=+:".contains(c);
        let token = parts.next().filter(|token| !token.is_empty() && token.chars().all(safe))?;
        Some(Self { application, token: token.to_owned(), at })
    }
}

impl Conversation {
    /// Its name.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Message { channel, message } => format!("message/{channel}/{message}"),
            Self::Command { interaction, channel, private } => {
                format!("command/{channel}/{}/{}", u8::from(*private), interaction.name())
            }
            Self::Button(interaction) => format!("button/{}", interaction.name()),
            Self::Person { user } => format!("person/{user}"),
            Self::Unpromised { user, channel, private } => {
                format!("unpromised/{channel}/{}/{user}", u8::from(*private))
            }
        }
    }

    /// The conversation of a name; `None` if it is none.
    pub(super) fn read(name: &str) -> Option<Self> {
        let (kind, rest) = name.split_once('/')?;
        match kind {
            "message" => {
                let (channel, message) = rest.split_once('/')?;
                Some(Self::Message { channel: channel.parse().ok()?, message: message.parse().ok()? })
            }
            "command" => {
                let mut parts = rest.splitn(3, '/');
                let (channel, private) = (parts.next()?.parse().ok()?, parts.next()? == "1");
                let interaction = Interaction::read(parts.next()?)?;
                Some(Self::Command { interaction, channel, private })
            }
            "button" => Interaction::read(rest).map(Self::Button),
            "person" => Some(Self::Person { user: rest.parse().ok()? }),
            "unpromised" => {
                let mut parts = rest.splitn(3, '/');
                let (channel, private) = (parts.next()?.parse().ok()?, parts.next()? == "1");
                Some(Self::Unpromised { user: parts.next()?.parse().ok()?, channel, private })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interaction(token: &str) -> Interaction {
        Interaction {
            application: 5,
            token: token.to_owned(),
            at: DateTime::from_timestamp_millis(90_061_001).unwrap(),
        }
    }

    #[test]
    fn a_conversation_is_found_again_by_its_name() {
        for conversation in [
            Conversation::Message { channel: 1, message: u64::MAX },
            Conversation::Command { interaction: interaction("aW50-x_y.z~="), channel: 7, private: true },
            Conversation::Command { interaction: interaction("t"), channel: 7, private: false },
            Conversation::Button(interaction("t")),
            Conversation::Person { user: 9 },
            Conversation::Unpromised { user: 9, channel: 7, private: true },
        ] {
            assert!(Conversation::read(&conversation.name()) == Some(conversation));
        }
    }

    #[test]
    fn a_token_that_would_be_a_path_is_none() {
        let conversation = Conversation::Button(interaction("../../users/@me"));
        assert!(Conversation::read(&conversation.name()).is_none());
    }

    #[test]
    fn an_interaction_is_good_for_a_quarter_of_an_hour() {
        let interaction = interaction("t");
        assert!(interaction.is_good(interaction.at + TimeDelta::minutes(14)));
        assert!(!interaction.is_good(interaction.at + TimeDelta::minutes(15)));
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_never_a_panic(name in "(message|command|button|person|unpromised)?[/0-9a-z.-]{0,30}") {
            if let Some(conversation) = Conversation::read(&name) {
                prop_assert!(Conversation::read(&conversation.name()) == Some(conversation));
            }
        }
    }
}
