//! Where an answer goes, as the one word that the engine keeps and hands back; and what Telegram calls messages and
//! topics, in the form in which the engine keeps it.

use std::fmt;
use std::str::FromStr;

/// Where something was said, so that the answer finds the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Conversation {
    /// In a chat, perhaps in one of its topics: the answer is a reply.
    Chat {
        chat: i64,
        topic: Option<i32>,
        message: i32,
        /// Whether somebody who hides behind the group asked for what only operators may.
        hidden: bool,
    },
    /// With a button: the answer is shown to whoever pressed it.
    Press { query: String },
    /// With a reaction of this user: the answer goes to their private chat.
    Private { user: u64 },
    /// By somebody who can't be answered.
    Nowhere,
}

impl fmt::Display for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chat { chat, topic, message, hidden } => {
                let kind = if *hidden { "hidden" } else { "chat" };
                write!(f, "{kind}:{chat}:{message}")?;
                topic.map_or(Ok(()), |topic| write!(f, ":{topic}"))
            }
            Self::Press { query } => write!(f, "press:{query}"),
            Self::Private { user } => write!(f, "private:{user}"),
            Self::Nowhere => f.write_str("nowhere"),
        }
    }
}

impl FromStr for Conversation {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "chat" | "hidden" => {
                let mut parts = rest.split(':');
                let chat = number(parts.next())?;
                let message = number(parts.next())?;
                let topic = parts.next().map(|topic| number(Some(topic))).transpose()?;
                let is_whole = parts.next().is_none();
                is_whole.then_some(Self::Chat { chat, topic, message, hidden: kind == "hidden" }).ok_or(())
            }
            "press" if !rest.is_empty() => Ok(Self::Press { query: rest.to_owned() }),
            "private" => Ok(Self::Private { user: number(Some(rest))? }),
            "nowhere" => Ok(Self::Nowhere),
            _ => Err(()),
        }
    }
}

fn number<T: FromStr>(text: Option<&str>) -> Result<T, ()> {
    text.ok_or(())?.parse().map_err(|_| ())
}

/// What the engine calls a message.
pub(super) fn message_ref(chat: i64, message: i32) -> String {
    format!("{chat}/{message}")
}

/// What the engine calls a topic. The same whether it is open or closed.
pub(super) fn topic_ref(chat: i64, topic: i32) -> String {
    format!("{chat}/topic:{topic}")
}

/// The message that the engine means, if it is in this chat.
pub(super) fn message_in(chat: i64, reference: Option<&str>) -> Option<i32> {
    let (of, message) = reference?.split_once('/')?;
    if of.parse() == Ok(chat) { message.parse().ok() } else { None }
}

/// The topic that the engine means, if it is in this chat.
pub(super) fn topic_in(chat: i64, reference: Option<&str>) -> Option<i32> {
    let (of, topic) = reference?.split_once('/')?;
    if of.parse() == Ok(chat) { topic.strip_prefix("topic:")?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_conversation_comes_back_as_it_was(
            chat in any::<i64>(), topic in any::<Option<i32>>(), message in any::<i32>(),
            query in "[!-~]{1,30}", user in any::<u64>(), hidden in any::<bool>(),
        ) {
            let all = [
                Conversation::Chat { chat, topic, message, hidden },
                Conversation::Press { query },
                Conversation::Private { user },
                Conversation::Nowhere,
            ];
            for conversation in all {
                prop_assert_eq!(conversation.to_string().parse(), Ok(conversation));
            }
        }
    }

    #[test]
    fn what_is_no_conversation_is_refused() {
        for text in [
            "",
            "chat",
            "chat:1",
            "chat:1:2:3:4",
            "chat:x:2",
            "press:",
            "private:",
            "console",
            "nowhere-else",
        ] {
            assert_eq!(text.parse::<Conversation>(), Err(()), "{text}");
        }
    }

    #[test]
    fn a_message_of_another_chat_is_not_taken_for_one_of_this() {
        assert_eq!(message_in(-5, Some(&message_ref(-5, 7))), Some(7));
        assert_eq!(message_in(-6, Some(&message_ref(-5, 7))), None);
        assert_eq!(topic_in(-5, Some(&topic_ref(-5, 7))), Some(7));
        assert_eq!(topic_in(-6, Some(&topic_ref(-5, 7))), None);
        assert_eq!(message_in(-5, Some(&topic_ref(-5, 7))), None);
        assert_eq!(topic_in(-5, Some(&message_ref(-5, 7))), None);
    }
}
