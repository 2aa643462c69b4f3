//! Reactions to a message.

use serde_json::json;

use super::no_route;
use crate::support::discord::BOT;
use crate::support::discord::permissions::permission;
use crate::support::discord::session::intent;
use crate::support::discord::wire::{Outcome, Request, id, refuse};
use crate::support::discord::world::{Channel, Message, Reaction, World};

pub(super) fn route(
    world: &mut World,
    request: &Request,
    channel: u64,
    message: u64,
    rest: &[&str],
) -> Outcome {
    world.allowed(channel, permission::READ_MESSAGE_HISTORY)?;
    let found = world.public_message(channel, message)?.clone();
    match (request.method.as_str(), rest) {
        ("GET", [emoji]) => list(world, request, &found, emoji),
        ("PUT", [emoji, "@me"]) => add(world, channel, &found, emoji),
        ("DELETE", [emoji, "@me"]) => {
            world.unreact(BOT, message, emoji);
            Ok(None)
        }
        ("DELETE", []) => {
            world.allowed(channel, permission::MANAGE_MESSAGES)?;
            if let Some(message) = world.message_mut(message) {
                message.reactions.clear();
            }
            Ok(None)
        }
        ("DELETE", [emoji, user]) => {
            world.allowed(channel, permission::MANAGE_MESSAGES)?;
            world.unreact(id(user)?, message, emoji);
            Ok(None)
        }
        _ => no_route(),
    }
}

/// An emoji of Unicode; the fake's guild has none of its own.
fn is_emoji(text: &str) -> bool {
    let odd = |c: char| c.is_alphabetic() && c as u32 <= 0x2FFF;
    !text.is_empty() && !text.is_ascii() && text.chars().count() <= 12 && !text.chars().any(odd)
}

fn add(world: &mut World, channel: u64, message: &Message, emoji: &str) -> Outcome {
    if !is_emoji(emoji) {
        return Err(refuse(10_014).breach(format!("{emoji:?} is no emoji")));
    }
    if world.channels.get(&channel).and_then(Channel::thread).is_some_and(|thread| thread.archived) {
        return Err(refuse(50_083));
    }
    let known = message.reactions.iter().any(|reaction| reaction.emoji == emoji);
    // Whoever joins a reaction that is there does not need the permission.
    world.allowed(channel, if known { 0 } else { permission::ADD_REACTIONS })?;
    if !known && message.reactions.len() >= 20 {
        return Err(refuse(30_010).breach("more than 20 reactions"));
    }
    world.react(BOT, message.id, emoji);
    Ok(None)
}

fn list(world: &World, request: &Request, message: &Message, emoji: &str) -> Outcome {
    request.only_parameters(&["limit", "after", "type"])?;
    let limit = request.number("limit")?.unwrap_or(25);
    if !(1..=100).contains(&limit) {
        return Err(refuse(50_035).breach("limit: int value should be between 1 and 100."));
    }
    let after = request.number("after")?.unwrap_or(0);
    let reaction = message.reactions.iter().find(|reaction| reaction.emoji == emoji);
    let mut users: Vec<u64> = reaction.map(|reaction| reaction.users.clone()).unwrap_or_default();
    users.sort_unstable();
    let users = users.into_iter().filter(|user| *user > after).take(limit as usize);
    Ok(Some(users.map(|user| world.user_json(user)).collect()))
}

impl World {
    /// Somebody reacts; a second time changes nothing.
    pub(in crate::support::discord) fn react(&mut self, user: u64, id: u64, emoji: &str) {
        let Some(message) = self.message_mut(id) else { panic!("there is no such message to react to") };
        let at = message.reactions.iter().position(|reaction| reaction.emoji == emoji);
        let at = at.unwrap_or_else(|| {
            message.reactions.push(Reaction { emoji: emoji.into(), users: Vec::new() });
            message.reactions.len() - 1
        });
        let users = &mut message.reactions[at].users;
        if !users.contains(&user) {
            users.push(user);
            self.tell_of_reaction("MESSAGE_REACTION_ADD", user, id, emoji);
        }
    }

    /// Somebody takes a reaction back.
    pub(in crate::support::discord) fn unreact(&mut self, user: u64, id: u64, emoji: &str) {
        let Some(message) = self.message_mut(id) else { return };
        let before = message.reactions.clone();
        for reaction in message.reactions.iter_mut().filter(|reaction| reaction.emoji == emoji) {
            reaction.users.retain(|other| *other != user);
        }
        message.reactions.retain(|reaction| !reaction.users.is_empty());
        let had = before.iter().any(|reaction| reaction.emoji == emoji && reaction.users.contains(&user));
        if had {
            self.tell_of_reaction("MESSAGE_REACTION_REMOVE", user, id, emoji);
        }
    }

    fn tell_of_reaction(&mut self, event: &str, user: u64, id: u64, emoji: &str) {
        let Some(message) = self.message(id) else { return };
        let (channel, author) = (message.channel, message.author);
        let mut data = json!({
            "user_id": user.to_string(), "channel_id": channel.to_string(), "message_id": id.to_string(),
            "emoji": {"id": null, "name": emoji}, "burst": false, "type": 0,
        });
        let added = event.ends_with("ADD");
        if added {
            data["message_author_id"] = author.to_string().into();
        }
        if let Some(guild) = self.guild_of(channel) {
            data["guild_id"] = guild.to_string().into();
            if added {
                data["member"] = self.member_with_user(user);
            }
        }
        self.tell(channel, intent::GUILD_REACTIONS, intent::DIRECT_REACTIONS, event, &data);
    }
}
