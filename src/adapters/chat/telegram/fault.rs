//! Why Telegram did not do what it was asked, and what that means for a message.

use std::fmt;
use std::time::Duration;

use crate::engine::ports::DeliveryError;

/// How long there is no point in trying anything while a person has to mend something.
const HOLD: Duration = Duration::from_secs(5 * 60);
/// How long nothing else is tried after a call that was not answered: each one would wait as long again, and what
/// waits for what is under way, such as an end, would wait for all of them.
const HANGS: Duration = Duration::from_secs(30);

/// Why a call came to nothing. Shown, it is half a sentence without an end mark; it never holds the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The Bot API was not reached.
    Unreachable(String),
    /// It did not answer in time.
    Silent,
    /// It failed, with this HTTP status.
    Failing(u16),
    /// What it answered makes no sense.
    Garbled,
    /// It wants a pause.
    Slow(Duration),
    /// The group is a supergroup now, and has another id.
    Moved(i64),
    /// It refused.
    Refused(Reason, String),
}

/// Why the Bot API refused a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The token is none, or was revoked.
    Token,
    /// The chat does not exist for the bot: unknown, left, blocked.
    Chat,
    /// The bot lacks a right there.
    Rights,
    /// The message says that already.
    Unchanged,
    /// The message is gone, or too old to be changed.
    MessageGone,
    /// The topic is gone.
    TopicGone,
    /// The topic is closed.
    TopicClosed,
    /// The chat has no topics.
    NoForum,
    /// The press is too old to be answered.
    TooLate,
    /// Somebody else reads what is said to the bot, or a webhook is set.
    Conflict,
    /// This server has no such method. What it says is the method's name.
    NotOffered,
    /// Something about the call itself.
    Other,
}

/// What the Bot API's descriptions say, in lower case. The first that fits counts.
const DESCRIPTIONS: &[(&str, Reason)] = &[
    ("message is not modified", Reason::Unchanged),
    ("topic_not_modified", Reason::Unchanged),
    ("message to edit not found", Reason::MessageGone),
    ("message not found", Reason::MessageGone),
    ("message can't be edited", Reason::MessageGone),
    ("message_id_invalid", Reason::MessageGone),
    ("thread not found", Reason::TopicGone),
    ("topic not found", Reason::TopicGone),
    ("topic_deleted", Reason::TopicGone),
    ("topic_id_invalid", Reason::TopicGone),
    ("topic_closed", Reason::TopicClosed),
    ("is not a forum", Reason::NoForum),
    ("channel_forum_missing", Reason::NoForum),
    ("query is too old", Reason::TooLate),
    ("query id is invalid", Reason::TooLate),
    ("query_id_invalid", Reason::TooLate),
    ("not enough rights", Reason::Rights),
    ("have no rights", Reason::Rights),
    ("need administrator rights", Reason::Rights),
    ("chat_admin_required", Reason::Rights),
    ("chat_write_forbidden", Reason::Rights),
    ("chat_restricted", Reason::Rights),
    ("chat_send_", Reason::Rights),
    ("chat not found", Reason::Chat),
    ("chat was deleted", Reason::Chat),
    ("group is deactivated", Reason::Chat),
    ("upgraded to a supergroup", Reason::Chat),
    ("peer_id_invalid", Reason::Chat),
    ("user not found", Reason::Chat),
    ("participant_id_invalid", Reason::Chat),
    ("bot was kicked", Reason::Chat),
    ("not a member", Reason::Chat),
];

/// What a refusal is about, from its error code and its description.
pub(super) fn reason(code: u16, description: &str) -> Reason {
    let description = description.to_lowercase();
    let described = DESCRIPTIONS.iter().find(|(words, _)| description.contains(words));
    match (described, code) {
        (Some((_, reason)), _) => *reason,
        (None, 401) => Reason::Token,
        (None, 404) => Reason::NotOffered,
        (None, 403) => Reason::Chat,
        (None, 409) => Reason::Conflict,
        (None, _) => Reason::Other,
    }
}

impl Fault {
    /// Whether the Bot API refused for this reason.
    pub(super) fn is(&self, reason: Reason) -> bool {
        matches!(self, Self::Refused(why, _) if *why == reason)
    }

    /// What it means for a message that goes to the configured chat: what a person can mend loses nothing.
    pub(super) fn of_delivery(&self) -> DeliveryError {
        let why = self.to_string();
        match self {
            Self::Slow(pause) => DeliveryError::Limited { pause: *pause, everything: true },
            Self::Unreachable(_) | Self::Failing(_) | Self::Garbled => {
                DeliveryError::Transient { why, hold: None }
            }
            Self::Silent => DeliveryError::Transient { why, hold: Some(HANGS) },
            Self::Moved(_) => DeliveryError::Transient { why, hold: Some(HOLD) },
            Self::Refused(reason, _) => match reason {
                Reason::Token | Reason::Chat | Reason::Rights => {
                    DeliveryError::Transient { why, hold: Some(HOLD) }
                }
                Reason::TopicClosed
                | Reason::TopicGone
                | Reason::NoForum
                | Reason::Conflict
                | Reason::NotOffered => DeliveryError::Transient { why, hold: None },
                Reason::Unchanged | Reason::MessageGone | Reason::TooLate | Reason::Other => {
                    DeliveryError::Permanent { why }
                }
            },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "Telegram can't be reached ({why})"),
            Self::Silent => f.write_str("Telegram does not answer in time"),
            Self::Failing(status) => write!(f, "Telegram fails (HTTP {status})"),
            Self::Garbled => f.write_str("Telegram's answer makes no sense"),
            Self::Slow(pause) => write!(f, "Telegram wants a pause of {} s", pause.as_secs()),
            Self::Moved(to) => write!(
                f,
                "the group has become a supergroup and has a new id; set `chat.telegram.chat` to {to} and start Steward again"
            ),
            Self::Refused(Reason::NotOffered, method) => {
                write!(
                    f,
                    "the server that stands for Telegram does not offer {method}; look what `chat.telegram.api` names"
                )
            }
            Self::Refused(reason, why) => match reason.meaning() {
                Some(meaning) => write!(f, "{meaning} (Telegram says: {why})"),
                None => write!(f, "Telegram refuses: {why}"),
            },
        }
    }
}

impl Reason {
    /// What it means and what to do, where a person can do something.
    fn meaning(self) -> Option<&'static str> {
        Some(match self {
            Self::Token => {
                "Telegram refuses the bot's token; get the right one from @BotFather (/mybots, the bot, API Token), put it where `chat.telegram.token` points, and start Steward again"
            }
            Self::Chat => {
                "the bot can't see the chat; add the bot to it (the group's page, Add members), and look whether `chat.telegram.chat` is the chat's id"
            }
            Self::Rights => {
                "the bot lacks a right in the chat; make it an administrator (the group's page, Edit, Administrators, Add admin)"
            }
            Self::TopicClosed => {
                "the topic is closed and the bot may not open it; let it manage topics (the group's page, Edit, Administrators, the bot, Manage topics)"
            }
            Self::Conflict => {
                "another program reads with this bot's token, so neither hears everything; end that one, or get a bot of its own for it from @BotFather"
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u16, description: &str) -> Fault {
        Fault::Refused(reason(code, description), description.to_owned())
    }

    fn hold(fault: &Fault) -> Option<Duration> {
        match fault.of_delivery() {
            DeliveryError::Transient { hold, .. } => hold,
            other => panic!("{fault}: {other}"),
        }
    }

    #[test]
    fn what_the_bot_api_says_is_understood() {
        for (code, description, expected) in [
            (401, "Unauthorized", Reason::Token),
            (404, "Not Found", Reason::NotOffered),
            (400, "Bad Request: chat not found", Reason::Chat),
            (403, "Forbidden: bot was kicked from the supergroup chat", Reason::Chat),
            (403, "Forbidden: bot was blocked by the user", Reason::Chat),
            (403, "Forbidden: bot can't initiate conversation with a user", Reason::Chat),
            (400, "Bad Request: not enough rights to create a topic", Reason::Rights),
            (400, "Bad Request: not enough rights to send text messages to the chat", Reason::Rights),
            (400, "Bad Request: message is not modified: specified new message content", Reason::Unchanged),
            (400, "Bad Request: TOPIC_NOT_MODIFIED", Reason::Unchanged),
            (400, "Bad Request: message to edit not found", Reason::MessageGone),
            (400, "Bad Request: message can't be edited", Reason::MessageGone),
            (400, "Bad Request: message not found", Reason::MessageGone),
            (400, "Bad Request: message thread not found", Reason::TopicGone),
            (400, "Bad Request: thread not found", Reason::TopicGone),
            (400, "Bad Request: forum topic not found", Reason::TopicGone),
            (400, "Bad Request: TOPIC_CLOSED", Reason::TopicClosed),
            (400, "Bad Request: the chat is not a forum", Reason::NoForum),
            (
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
                Reason::TooLate,
            ),
            (409, "Conflict: terminated by other getUpdates request", Reason::Conflict),
            (400, "Bad Request: message is too long", Reason::Other),
        ] {
            assert_eq!(reason(code, description), expected, "{code} {description}");
        }
    }

    #[test]
    fn what_a_person_can_mend_waits_for_them_and_says_what_to_do() {
        for (fault, advice) in [
            (refused(401, "Unauthorized"), "@BotFather"),
            (refused(400, "Bad Request: chat not found"), "add the bot"),
            (refused(403, "Forbidden: bot was kicked from the group chat"), "add the bot"),
            (
                refused(400, "Bad Request: not enough rights to send text messages to the chat"),
                "administrator",
            ),
            (Fault::Moved(-100_123), "-100123"),
        ] {
            assert_eq!(hold(&fault), Some(HOLD), "{fault}");
            assert!(fault.to_string().contains(advice), "{fault}");
        }
    }

    #[test]
    fn what_goes_by_itself_is_tried_again_and_what_never_will_is_given_up() {
        for fault in [Fault::Unreachable("refused".into()), Fault::Failing(502), Fault::Garbled] {
            assert_eq!(hold(&fault), None, "{fault}");
        }
        let pause = Duration::from_secs(7);
        assert_eq!(Fault::Slow(pause).of_delivery(), DeliveryError::Limited { pause, everything: true });
        let too_long = refused(400, "Bad Request: message is too long").of_delivery();
        assert!(matches!(too_long, DeliveryError::Permanent { .. }), "{too_long}");
    }
}
