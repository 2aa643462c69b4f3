//! Channels and threads.

use serde_json::Value;

use super::{guilds, no_route};
use crate::support::discord::permissions::permission::{MANAGE_THREADS, SEND_MESSAGES_IN_THREADS};
use crate::support::discord::schema::{Field, Kind, Problems, may, must, null};
use crate::support::discord::wire::{Outcome, Refusal, Request, id, json_id, refuse};
use crate::support::discord::world::{Channel, ChannelKind, Message, ThreadFacts, World};
use crate::support::discord::{BOT, permissions::permission};

const NEW_THREAD: &[Field] = &[
    must("name", Kind::Text(1, 100)),
    may("auto_archive_duration", Kind::Choice(&[60, 1440, 4320, 10080])),
    null("rate_limit_per_user", Kind::Int(0, 21_600)),
];

const EDIT_THREAD: &[Field] = &[
    may("name", Kind::Text(1, 100)),
    may("archived", Kind::Bool),
    may("auto_archive_duration", Kind::Choice(&[60, 1440, 4320, 10080])),
    may("locked", Kind::Bool),
    may("invitable", Kind::Bool),
    null("rate_limit_per_user", Kind::Int(0, 21_600)),
    may("flags", Kind::Int(0, 2)),
    may("applied_tags", Kind::List(5, &Kind::Snowflake)),
];

pub(super) fn route(world: &mut World, request: &Request, channel: u64, rest: &[&str]) -> Outcome {
    world.allowed(channel, 0)?;
    let found = world.channels.get(&channel).ok_or_else(|| refuse(10_003))?;
    match (request.method.as_str(), rest) {
        ("GET", []) => Ok(Some(world.channel_json(found))),
        ("PATCH", []) => edit_thread(world, request, channel),
        ("POST", ["typing"]) => Ok(None),
        ("PUT" | "DELETE", ["thread-members", "@me"]) if found.thread().is_some() => Ok(None),
        ("GET", ["threads", "archived", "public"]) => {
            request.only_parameters(&["before", "limit"])?;
            Ok(Some(guilds::threads(world, Some(channel), true)))
        }
        _ => no_route(),
    }
}

/// Makes the thread of a message; it has the message's id.
pub(super) fn start_thread(world: &mut World, request: &Request, parent: u64, message: &str) -> Outcome {
    let message = id(message)?;
    world.allowed(parent, permission::CREATE_PUBLIC_THREADS | permission::READ_MESSAGE_HISTORY)?;
    let channel = world.channels.get(&parent).ok_or_else(|| refuse(10_003))?;
    let ChannelKind::Text { guild } = channel.kind else {
        return Err(refuse(50_024).breach("threads start from messages of text channels"));
    };
    if !channel.messages.iter().any(|m| m.id == message && m.only_for.is_none()) {
        return Err(refuse(10_008));
    }
    let mut problems = Problems::default();
    problems.object("", NEW_THREAD, &request.body);
    problems.refuse()?;
    if world.channels.contains_key(&message) || world.spent.contains(&message) {
        return Err(refuse(160_004));
    }
    let auto_archive = request.body["auto_archive_duration"].as_u64().unwrap_or(4320);
    let facts =
        ThreadFacts { guild, parent, archived: false, locked: false, auto_archive, changed: world.now };
    // Its first message shows the one it started from.
    let mut first = Message::new(world.new_id(), message, BOT, world.now);
    (first.kind, first.reference) = (21, Some(message));
    let name = request.text("name").unwrap_or_default().to_owned();
    let thread = Channel { id: message, name, kind: ChannelKind::Thread(facts), messages: vec![first] };
    let shown = world.channel_json(&thread);
    world.channels.insert(message, thread);
    let mut created = shown.clone();
    created["newly_created"] = true.into();
    world.tell_guild("THREAD_CREATE", &created);
    world.tell_of_message("MESSAGE_UPDATE", message);
    Ok(Some(shown))
}

fn edit_thread(world: &mut World, request: &Request, channel: u64) -> Outcome {
    let Some(facts) = world.channels.get(&channel).and_then(Channel::thread) else {
        return Err(refuse(50_013).breach("only threads are edited"));
    };
    let mut problems = Problems::default();
    problems.object("", EDIT_THREAD, &request.body);
    problems.refuse()?;
    let body = &request.body;
    let opens = body["archived"] == false;
    if facts.archived && !opens {
        return Err(refuse(50_083));
    }
    // Its creator may do all but what locking is about.
    let moderates = body.get("locked").is_some() || facts.locked;
    let needed = if moderates { MANAGE_THREADS } else { SEND_MESSAGES_IN_THREADS };
    world.allowed(channel, needed)?;
    let now = world.now;
    if let Some(found) = world.channels.get_mut(&channel) {
        if let Some(name) = request.text("name") {
            found.name = name.to_owned();
        }
        if let Some(facts) = found.thread_mut() {
            facts.archived = body["archived"].as_bool().unwrap_or(facts.archived);
            facts.locked = body["locked"].as_bool().unwrap_or(facts.locked);
            facts.auto_archive = body["auto_archive_duration"].as_u64().unwrap_or(facts.auto_archive);
            facts.changed = now;
        }
    }
    Ok(world.tell_of_thread(channel))
}

impl World {
    /// Tells of a thread that changed.
    pub(in crate::support::discord) fn tell_of_thread(&mut self, channel: u64) -> Option<Value> {
        let shown = self.channel_json(self.channels.get(&channel)?);
        self.tell_guild("THREAD_UPDATE", &shown);
        Some(shown)
    }

    /// Writing to an archived thread opens it, unless it is locked.
    pub(in crate::support::discord) fn unarchive(&mut self, channel: u64) -> Result<(), Refusal> {
        let now = self.now;
        let facts = self.channels.get_mut(&channel).and_then(Channel::thread_mut);
        let Some(facts) = facts.filter(|facts| facts.archived) else { return Ok(()) };
        if facts.locked {
            return Err(refuse(50_083));
        }
        (facts.archived, facts.changed) = (false, now);
        self.tell_of_thread(channel);
        Ok(())
    }
}

/// Opens the direct channel with a person.
pub(super) fn open_dm(world: &mut World, request: &Request) -> Outcome {
    let mut problems = Problems::default();
    problems.object("", &[must("recipient_id", Kind::Snowflake)], &request.body);
    problems.refuse()?;
    let user = json_id(&request.body["recipient_id"]).unwrap_or(0);
    if user == BOT || !world.people.contains_key(&user) {
        return Err(refuse(10_013));
    }
    let channel = world.dm_with(user);
    Ok(world.channels.get(&channel).map(|channel| world.channel_json(channel)))
}
