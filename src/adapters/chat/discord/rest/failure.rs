//! Why Discord did not do what it was asked for, and what that means for a message.

use std::time::Duration;

use serde_json::Value;

use super::super::limits::Pause;
use super::super::markdown::cut;
use crate::domain::card::one_line;
use crate::engine::ports::DeliveryError;

/// How long nothing is tried while a person has to mend something.
const MEND: Duration = Duration::from_secs(300);
/// The most that is told of what Discord says.
const TOLD: usize = 300;

/// The JSON error codes of Discord's documentation that make a difference.
pub(in super::super) mod codes {
    /// The channel or thread is gone.
    pub(in super::super::super) const UNKNOWN_CHANNEL: u64 = 10_003;
    /// The message is gone.
    pub(in super::super::super) const UNKNOWN_MESSAGE: u64 = 10_008;
    /// There is no such guild, or the bot is not in it.
    pub(in super::super::super) const UNKNOWN_GUILD: u64 = 10_004;
    /// The person is not in the guild.
    pub(in super::super::super) const UNKNOWN_MEMBER: u64 = 10_007;
    /// There is no such user.
    pub(in super::super::super) const UNKNOWN_USER: u64 = 10_013;
    /// The interaction's token is no longer good.
    pub(in super::super::super) const UNKNOWN_WEBHOOK: u64 = 10_015;
    /// A message that is older than an hour was edited too often. It comes as a 429, and is about this message alone.
    pub(in super::super::super) const OLD_MESSAGE_EDITED_TOO_OFTEN: u64 = 30_046;
    /// The interaction waited for too long.
    pub(in super::super::super) const UNKNOWN_INTERACTION: u64 = 10_062;
    /// The interaction was acknowledged before.
    pub(in super::super::super) const ALREADY_ACKNOWLEDGED: u64 = 40_060;
    /// The bot can't see what it asks for.
    pub(in super::super::super) const MISSING_ACCESS: u64 = 50_001;
    /// The message is somebody else's: an earlier application's, whose bot Steward no longer is.
    pub(in super::super::super) const NOT_OURS: u64 = 50_005;
    /// The interaction's token has expired.
    pub(in super::super::super) const INVALID_WEBHOOK_TOKEN: u64 = 50_027;
    /// The thread is archived.
    pub(in super::super::super) const THREAD_ARCHIVED: u64 = 50_083;
    /// The thread is locked.
    pub(in super::super::super) const THREAD_LOCKED: u64 = 160_005;
    /// The message has a thread already, or once had one.
    pub(in super::super::super) const THREAD_EXISTS: u64 = 160_004;
    /// The guild has as many open threads as it may.
    pub(in super::super::super) const TOO_MANY_THREADS: u64 = 160_006;
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Failure {
    /// Too much at once. It may not have been sent at all.
    Limited(Pause),
    /// No answer, or none that can be understood, or Discord has a fault of its own. It may have been done.
    Unreachable(String),
    /// The bot's token is refused.
    Token,
    /// Discord does not want to.
    Refused {
        /// The HTTP status.
        status: u16,
        /// See [`codes`]; 0 if there is none.
        code: u64,
        /// What Discord says about it.
        message: String,
    },
}

impl Failure {
    /// Discord can't be reached, and why.
    pub(in super::super) fn unreachable(why: &str) -> Self {
        Self::Unreachable(format!("Discord can't be reached: {why}"))
    }

    /// What an answer that is no success means.
    pub(super) fn of(status: u16, body: Option<&Value>) -> Self {
        let Some(body) = body.filter(|body| status < 500 && body.is_object()) else {
            return Self::Unreachable(format!("Discord answers with the status {status} and no reason"));
        };
        let code = body["code"].as_u64().unwrap_or(0);
        // With one exception, a 401 is about the bot's token, whatever code stands beside it.
        if status == 401 && code != codes::INVALID_WEBHOOK_TOKEN {
            return Self::Token;
        }
        let mut message = body["message"].as_str().unwrap_or_default().to_owned();
        if let Some(errors) = body.get("errors") {
            message.push_str(&format!(" {errors}"));
        }
        Self::Refused { status, code, message: cut(&one_line(&message), TOLD) }
    }

    /// Discord's code for the refusal.
    pub(in super::super) fn code(&self) -> Option<u64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether the channel of this name is gone: a thread that somebody deleted.
    pub(in super::super) fn is_unknown_channel(&self) -> bool {
        self.code() == Some(codes::UNKNOWN_CHANNEL)
    }

    /// Whether the message is gone.
    pub(in super::super) fn is_unknown_message(&self) -> bool {
        self.code() == Some(codes::UNKNOWN_MESSAGE)
    }

    /// Whether the interaction can no longer be answered.
    pub(in super::super) fn is_expired_interaction(&self) -> bool {
        use codes::{INVALID_WEBHOOK_TOKEN, UNKNOWN_INTERACTION, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK};
        let expired = [INVALID_WEBHOOK_TOKEN, UNKNOWN_INTERACTION, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK];
        self.code().is_some_and(|code| expired.contains(&code))
    }

    /// Whether the bot may not do this.
    pub(in super::super) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused { status: 403, .. })
    }

    /// Whether the thread is closed to what is to be written: archived, or locked.
    pub(in super::super) fn is_closed_thread(&self) -> bool {
        matches!(self.code(), Some(codes::THREAD_ARCHIVED | codes::THREAD_LOCKED))
    }

    /// Whether the message belongs to another application.
    pub(in super::super) fn is_not_ours(&self) -> bool {
        self.code() == Some(codes::NOT_OURS)
    }

    /// Whether the place itself is out of the bot's reach, and not only this message: it is gone or hidden.
    pub(in super::super) fn is_about_the_place(&self) -> bool {
        matches!(self.code(), Some(codes::UNKNOWN_CHANNEL | codes::MISSING_ACCESS))
    }

    /// What it means for a message that was to go to `asked`, where `channel` is the configured one. `rights` says
    /// what the bot needs there, for the person who can mend it; nothing is lost until then.
    ///
    /// Only what concerns everything holds everything: the token, and the configured channel itself. What is refused
    /// to one message says nothing about the others.
    pub(in super::super) fn delivery(self, asked: u64, channel: u64, rights: &str) -> DeliveryError {
        let hold = (asked == channel && self.is_about_the_place()).then_some(MEND);
        match self {
            Self::Limited(Pause { pause, everything }) => DeliveryError::Limited { pause, everything },
            Self::Unreachable(why) => DeliveryError::Transient { why, hold: None },
            Self::Token => DeliveryError::Transient { why: TOKEN_REFUSED.to_owned(), hold: Some(MEND) },
            Self::Refused { status: 403, code, message } => DeliveryError::Transient {
                why: format!(
                    "Discord forbids it ({message}, {code}): in the settings of the channel {channel}, under \
                     Permissions, give the bot's role {rights}; `steward doctor` says what is missing"
                ),
                hold,
            },
            Self::Refused { status: 404, code, message } if code != codes::UNKNOWN_MESSAGE => {
                DeliveryError::Transient {
                    why: format!(
                        "Discord does not know the channel {asked} ({message}, {code}): it was deleted, or the bot was \
                         removed from the server; correct `chat.discord` and restart Steward, or invite the bot again; \
                         `steward doctor` says more"
                    ),
                    hold,
                }
            }
            Self::Refused { status, code, message } => DeliveryError::Permanent {
                why: format!("Discord refuses it: {message} ({code}, status {status})"),
            },
        }
    }
}

/// The sentence for a token that is refused.
pub(in super::super) const TOKEN_REFUSED: &str = "Discord refuses the bot's token: in the Developer Portal open your \
     application, Bot, Reset Token, put the new one where `chat.discord.token` points, and restart Steward";

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Limited(pause) => write!(f, "Discord asks for a pause of {:?}", pause.pause),
            Self::Unreachable(why) => f.write_str(why),
            Self::Token => f.write_str(TOKEN_REFUSED),
            Self::Refused { code, message, .. } => write!(f, "Discord refuses it: {message} ({code})"),
        }
    }
}
