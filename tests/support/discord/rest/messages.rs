//! Messages of a channel.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{channels, no_route};
use crate::support::discord::BOT;
use crate::support::discord::permissions::permission;
use crate::support::discord::rules::Form;
use crate::support::discord::schema::Problems;
use crate::support::discord::session::intent;
use crate::support::discord::wire::{Outcome, Refusal, Request, id, json_id, refuse};
use crate::support::discord::world::{Channel, ChannelKind, Message, World};

/// How long a nonce counts: the documentation says "a few minutes".
const NONCE_MINUTES: i64 = 3;

pub(super) fn route(world: &mut World, request: &Request, channel: u64, rest: &[&str]) -> Outcome {
    world.allowed(channel, 0)?;
    if !world.channels.contains_key(&channel) {
        return Err(refuse(10_003));
    }
    match (request.method.as_str(), rest) {
        ("POST", []) => create(world, request, channel),
        ("GET", []) => list(world, request, channel),
        ("GET", [message]) => {
            world.allowed(channel, permission::READ_MESSAGE_HISTORY)?;
            let message = world.public_message(channel, id(message)?)?;
            Ok(Some(world.message_json(message)))
        }
        ("PATCH", [message]) => edit(world, request, channel, id(message)?),
        ("DELETE", [message]) => {
            let message = world.public_message(channel, id(message)?)?;
            let (gone, own) = (message.id, message.author == BOT);
            world.allowed(channel, if own { 0 } else { permission::MANAGE_MESSAGES })?;
            world.delete(gone);
            Ok(None)
        }
        ("POST", [message, "threads"]) => channels::start_thread(world, request, channel, message),
        _ => no_route(),
    }
}

fn create(world: &mut World, request: &Request, channel: u64) -> Outcome {
    let body = &request.body;
    let thread = world.channels.get(&channel).is_some_and(|c| c.thread().is_some());
    let filled = |field: &str| body[field].as_array().is_some_and(|list| !list.is_empty());
    let mut needed = if thread { permission::SEND_MESSAGES_IN_THREADS } else { permission::SEND_MESSAGES };
    for (is, also) in [
        (filled("embeds"), permission::EMBED_LINKS),
        (!request.files.is_empty(), permission::ATTACH_FILES),
        (body.get("message_reference").is_some(), permission::READ_MESSAGE_HISTORY),
    ] {
        needed |= if is { also } else { 0 };
    }
    world.allowed(channel, needed)?;
    let mut message = world.compose_new(Form::Create, channel, body, &request.files)?;
    message.nonce = match &body["nonce"] {
        Value::Null => None,
        Value::String(nonce) => Some(nonce.clone()),
        other => Some(other.to_string()),
    };
    if let Some(known) = world.same_nonce(&message, body["enforce_nonce"] == true)? {
        return Ok(Some(known));
    }
    if let Some(ChannelKind::Dm { with }) = world.channels.get(&channel).map(|c| &c.kind)
        && !world.people.get(with).is_some_and(|person| person.takes_dms)
    {
        return Err(refuse(50_007));
    }
    message.reference = refer(world, channel, &body["message_reference"])?;
    message.kind = if message.reference.is_some() { 19 } else { 0 };
    world.unarchive(channel)?;
    let (id, nonce) = (message.id, body["nonce"].clone());
    world.post(message);
    let mut shown = world.message(id).map(|message| world.message_json(message));
    if let Some(shown) = shown.as_mut().filter(|_| !nonce.is_null()) {
        shown["nonce"] = nonce;
    }
    Ok(shown)
}

/// The message that a reply is to.
fn refer(world: &World, channel: u64, reference: &Value) -> Result<Option<u64>, Refusal> {
    let Some(to) = json_id(&reference["message_id"]) else { return Ok(None) };
    if world.public_message(channel, to).is_ok() {
        return Ok(Some(to));
    }
    if reference["fail_if_not_exists"] == false {
        return Ok(None);
    }
    let mut problems = Problems::default();
    problems.add("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message");
    problems.refuse().map_err(|mut refusal| {
        // A person may have deleted it in the meantime: that is no fault of the bot.
        refusal.breach = None;
        refusal
    })?;
    Ok(None)
}

fn edit(world: &mut World, request: &Request, channel: u64, message: u64) -> Outcome {
    let old = world.public_message(channel, message)?.clone();
    if old.author != BOT {
        return Err(refuse(50_005).breach("an edit of somebody else's message"));
    }
    if world.channels.get(&channel).and_then(Channel::thread).is_some_and(|thread| thread.archived) {
        return Err(refuse(50_083));
    }
    if !request.files.is_empty() {
        world.allowed(channel, permission::ATTACH_FILES)?;
    }
    let new = world.compose_edit(Form::Edit, &old, &request.body, &request.files)?;
    world.replace(new);
    Ok(world.message(message).map(|message| world.message_json(message)))
}

fn list(world: &World, request: &Request, channel: u64) -> Outcome {
    request.only_parameters(&["limit", "before", "after", "around"])?;
    let limit = request.number("limit")?.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(refuse(50_035).breach("limit: int value should be between 1 and 100."));
    }
    let limit = limit as usize;
    let has = world.allowed(channel, permission::READ_MESSAGE_HISTORY);
    if has.is_err() {
        // The documentation: without this permission no messages are returned.
        return Ok(Some(json!([])));
    }
    let (before, after) = (request.number("before")?, request.number("after")?);
    if request.query.contains_key("around") || (before.is_some() && after.is_some()) {
        return Err(
            refuse(50_035).breach("before, after and around exclude each other (no around in the fake)")
        );
    }
    let all = world.channels.get(&channel).map(|c| c.messages.as_slice()).unwrap_or_default();
    let fits = |m: &&Message| {
        m.only_for.is_none() && before.is_none_or(|id| m.id < id) && after.is_none_or(|id| m.id > id)
    };
    let fitting: Vec<_> = all.iter().filter(fits).collect();
    let skip = if after.is_some() { 0 } else { fitting.len().saturating_sub(limit) };
    let page = fitting.into_iter().skip(skip).take(limit).rev();
    Ok(Some(page.map(|message| world.message_json(message)).collect()))
}

impl World {
    /// A message of a channel that everybody there sees.
    pub(super) fn public_message(&self, channel: u64, message: u64) -> Result<&Message, Refusal> {
        let channel = self.channels.get(&channel).ok_or_else(|| refuse(10_003))?;
        let found = channel.messages.iter().find(|m| m.id == message && m.only_for.is_none());
        found.ok_or_else(|| refuse(10_008))
    }

    /// The message that was already made with this nonce.
    fn same_nonce(&self, new: &Message, enforced: bool) -> Result<Option<Value>, Refusal> {
        let Some(nonce) = new.nonce.as_ref().filter(|_| enforced) else { return Ok(None) };
        let since = self.now - TimeDelta::minutes(NONCE_MINUTES);
        let all = self.channels.values().flat_map(|channel| &channel.messages);
        let same = |m: &&Message| m.author == BOT && m.nonce.as_ref() == Some(nonce) && m.at > since;
        match all.into_iter().find(same) {
            Some(known) if known.channel == new.channel => {
                let mut shown = self.message_json(known);
                shown["nonce"] = nonce.as_str().into();
                Ok(Some(shown))
            }
            Some(_) => Err(refuse(50_035).breach("the nonce of a message in another channel")),
            None => Ok(None),
        }
    }

    /// Puts a message into its channel, and tells of it; one for a single person is told to nobody else.
    pub(in crate::support::discord) fn post(&mut self, message: Message) {
        let id = message.id;
        if let Some(channel) = self.channels.get_mut(&message.channel) {
            channel.messages.push(message);
        }
        self.tell_of_message("MESSAGE_CREATE", id);
    }

    /// Puts an edited message into the place of the old one, and tells of it.
    pub(super) fn replace(&mut self, new: Message) {
        let id = new.id;
        if let Some(old) = self.message_mut(id) {
            *old = new;
        }
        self.tell_of_message("MESSAGE_UPDATE", id);
    }

    /// Tells the session of a message, if it asked for such.
    pub(in crate::support::discord) fn tell_of_message(&mut self, event: &str, id: u64) {
        let Some(message) = self.message(id).filter(|message| message.only_for.is_none()) else { return };
        let (channel, shown) = (message.channel, self.message_event(message));
        self.tell(channel, intent::GUILD_MESSAGES, intent::DIRECT_MESSAGES, event, &shown);
    }

    /// Tells of something in a channel if the intent for guilds, or for direct messages, was asked for.
    pub(in crate::support::discord) fn tell(
        &mut self,
        channel: u64,
        in_guild: u64,
        in_dm: u64,
        event: &str,
        data: &Value,
    ) {
        let intent = if self.guild_of(channel).is_some() { in_guild } else { in_dm };
        if self.gateway.intents() & intent != 0 {
            self.gateway.dispatch(event, data);
        }
    }

    /// Tells of the guild's channels and threads, if that was asked for.
    pub(in crate::support::discord) fn tell_guild(&mut self, event: &str, data: &Value) {
        if self.gateway.intents() & intent::GUILDS != 0 {
            self.gateway.dispatch(event, data);
        }
    }

    /// Takes a message away; its thread stays, as on Discord.
    pub(in crate::support::discord) fn delete(&mut self, id: u64) {
        let Some(message) = self.message(id) else { return };
        let (channel, private) = (message.channel, message.only_for.is_some());
        let mut gone = json!({"id": id.to_string(), "channel_id": channel.to_string()});
        if let Some(guild) = self.guild_of(channel) {
            gone["guild_id"] = guild.to_string().into();
        }
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.messages.retain(|message| message.id != id);
        }
        if !private {
            self.tell(channel, intent::GUILD_MESSAGES, intent::DIRECT_MESSAGES, "MESSAGE_DELETE", &gone);
        }
    }
}
