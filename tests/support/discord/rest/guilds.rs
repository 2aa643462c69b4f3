//! What is asked of a guild and of people.

use serde_json::{Value, json};

use super::no_route;
use crate::support::discord::GUILD;
use crate::support::discord::wire::{Outcome, Request, id, refuse};
use crate::support::discord::world::{Channel, World};

pub(super) fn route(world: &World, request: &Request, guild: u64, rest: &[&str]) -> Outcome {
    if guild != GUILD {
        return Err(refuse(10_004));
    }
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            request.only_parameters(&["with_counts"])?;
            Ok(Some(world.guild_json()))
        }
        ("GET", ["channels"]) => Ok(Some(world.channels_json(guild).into())),
        ("GET", ["roles"]) => Ok(Some(world.roles_json())),
        ("GET", ["members", user]) => {
            let user = id(user)?;
            if world.people.contains_key(&user) {
                Ok(Some(world.member_with_user(user)))
            } else {
                Err(refuse(10_007))
            }
        }
        ("GET", ["threads", "active"]) => Ok(Some(threads(world, None, false))),
        _ => no_route(),
    }
}

/// Threads of the guild or of one channel, the newest first.
pub(super) fn threads(world: &World, of: Option<u64>, archived: bool) -> Value {
    let fits = |channel: &&Channel| {
        let facts = channel.thread();
        facts
            .is_some_and(|t| t.guild == GUILD && t.archived == archived && of.is_none_or(|of| of == t.parent))
    };
    let mut list: Vec<_> = world.channels.values().filter(fits).collect();
    list.sort_by_key(|channel| std::cmp::Reverse(channel.id));
    let list: Vec<_> = list.into_iter().map(|channel| world.channel_json(channel)).collect();
    let mut answer = json!({"threads": list, "members": []});
    if archived {
        answer["has_more"] = false.into();
    }
    answer
}

pub(super) fn user(world: &World, user: u64) -> Outcome {
    if world.people.contains_key(&user) { Ok(Some(world.user_json(user))) } else { Err(refuse(10_013)) }
}
