//! Reactions of the bot.

use serde_json::{Value, json};

use super::BOT;
use super::call::{Answer, Call, Fail};
use super::world::World;

/// The emoji that a reaction can be, as `ReactionTypeEmoji` lists them.
const ALLOWED: &str = "\
    ❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 \
    🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 \
    🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡";

/// Whether people and bots can react with this.
pub(super) fn is_allowed(emoji: &str) -> bool {
    ALLOWED.split(' ').any(|allowed| allowed == emoji)
}

/// `setMessageReaction`.
pub(super) fn set(world: &mut World, call: &Call) -> Answer {
    let chat = world.reachable(call)?;
    let wanted = call.list("reaction").unwrap_or_default();
    if wanted.len() > 1 {
        return Err(Fail::wrong("REACTIONS_TOO_MANY"));
    }
    let mut reactions = Vec::new();
    for reaction in wanted {
        let emoji = reaction["emoji"].as_str().filter(|emoji| is_allowed(emoji));
        match (reaction["type"].as_str(), emoji) {
            (Some("emoji"), Some(emoji)) => reactions.push(emoji.to_owned()),
            _ => return Err(Fail::wrong("REACTION_INVALID")),
        }
    }
    let id = call.int("message_id").unwrap_or_default();
    let message = world.message_mut(chat, id).ok_or(Fail::bad("message to react not found"))?;
    if message.content.is_service() {
        return Err(Fail::bad("message can't be reacted"));
    }
    message.reactions.insert(BOT, reactions);
    Ok(json!(true))
}

/// Reactions as JSON.
pub(super) fn list(emoji: &[String]) -> Value {
    emoji.iter().map(|emoji| json!({ "type": "emoji", "emoji": emoji })).collect()
}
