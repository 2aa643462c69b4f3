//! Topics of a forum.

use serde_json::json;

use super::call::{Answer, Call, Fail};
use super::world::{Content, Sender, World};
use super::*;

/// The General topic, which every forum has. Nothing is sent to it by its id.
pub(super) const GENERAL: i64 = 1;

/// The colours that a topic's icon can have.
const COLOURS: &[i64] = &[7_322_096, 16_766_590, 13_338_331, 9_367_192, 16_749_490, 16_478_047];

#[derive(Clone)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) closed: bool,
    pub(super) creator: i64,
    pub(super) colour: i64,
}

impl World {
    /// Opens a topic: its id is the id of the message that tells of it.
    pub(super) fn open_topic(&mut self, user: i64, chat: i64, name: &str, colour: i64) -> i64 {
        let mut message = self.draft(chat, Sender::User(user), Content::TopicCreated(name.into()));
        let id = message.id;
        message.topic = Some(id);
        let topic = Topic { name: name.into(), closed: false, creator: user, colour };
        self.chat_mut(chat).topics.insert(id, topic);
        self.post(message);
        self.tell("message", chat, id);
        id
    }

    /// Tells of something that happened to a topic. The bot hears of what it did itself, too.
    pub(super) fn topic_event(&mut self, user: i64, chat: i64, topic: i64, content: Content) {
        let mut message = self.draft(chat, Sender::User(user), content);
        message.topic = (topic != GENERAL).then_some(topic);
        let id = self.post(message);
        self.tell("message", chat, id);
    }

    pub(super) fn topic_mut(&mut self, chat: i64, topic: i64) -> Option<&mut Topic> {
        self.chats.get_mut(&chat)?.topics.get_mut(&topic)
    }

    /// Deletes a topic with all its messages; nobody is told.
    pub(super) fn drop_topic(&mut self, chat: i64, topic: i64) {
        let chat = self.chat_mut(chat);
        chat.topics.remove(&topic);
        chat.messages.retain(|_, message| message.topic != Some(topic));
    }
}

/// The name as a topic takes it.
fn name(call: &Call) -> Result<Option<String>, Fail> {
    let Some(name) = call.text("name") else { return Ok(None) };
    let name = name.trim();
    if name.chars().count() > 128 {
        return Err(Fail::wrong("a topic name is 1-128 characters"));
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}

pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let chat = world.reachable(call)?;
    let name = name(call)?.ok_or(Fail::wrong("topic name must be non-empty"))?;
    let colour = call.int("icon_color").unwrap_or(COLOURS[0]);
    if !COLOURS.contains(&colour) {
        return Err(Fail::wrong("TOPIC_ICON_COLOR_INVALID"));
    }
    let home = world.chat(chat);
    if !home.forum {
        return Err(Fail::bad("the chat is not a forum"));
    }
    if !home.bot_may("can_manage_topics") {
        return Err(Fail::bad("not enough rights to create a topic"));
    }
    let id = world.open_topic(BOT, chat, &name, colour);
    Ok(json!({ "message_thread_id": id, "name": name, "icon_color": colour }))
}

/// The topic of a call, which the bot may manage.
fn managed(world: &World, call: &Call, lacking: &str) -> Result<(i64, i64), Fail> {
    let id = world.reachable(call)?;
    let chat = world.chat(id);
    if !chat.forum {
        return Err(Fail::bad("the chat is not a forum"));
    }
    let topic = call.int("message_thread_id").unwrap_or_default();
    if topic <= 0 {
        return Err(Fail::wrong("invalid forum topic identifier specified"));
    }
    let known = chat.topics.get(&topic).ok_or(Fail::bad("TOPIC_ID_INVALID"))?;
    let may = chat.bot_may("can_manage_topics") || known.creator == BOT;
    if may { Ok((id, topic)) } else { Err(Fail::bad(lacking)) }
}

pub(super) fn rename(world: &mut World, call: &Call) -> Answer {
    let (chat, id) = managed(world, call, "not enough rights to edit the topic")?;
    let Some(name) = name(call)? else { return Ok(json!(true)) };
    let Some(topic) = world.topic_mut(chat, id) else { return Err(Fail::bad("TOPIC_ID_INVALID")) };
    if topic.name == name {
        return Err(Fail::bad("TOPIC_NOT_MODIFIED"));
    }
    topic.name.clone_from(&name);
    world.topic_event(BOT, chat, id, Content::TopicEdited(name));
    Ok(json!(true))
}

pub(super) fn close(world: &mut World, call: &Call, closed: bool) -> Answer {
    let (chat, id) = managed(world, call, "not enough rights to close or open the topic")?;
    let Some(topic) = world.topic_mut(chat, id) else { return Err(Fail::bad("TOPIC_ID_INVALID")) };
    if topic.closed == closed {
        return Err(Fail::bad("TOPIC_NOT_MODIFIED"));
    }
    topic.closed = closed;
    let content = if closed { Content::TopicClosed } else { Content::TopicReopened };
    world.topic_event(BOT, chat, id, content);
    Ok(json!(true))
}

/// Unlike the others this needs the right to delete messages, even for a topic of the bot's own.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let chat = world.entitled(call, "can_delete_messages", "not enough rights to delete the topic")?;
    let id = call.int("message_thread_id").unwrap_or_default();
    if !world.chat(chat).topics.contains_key(&id) {
        return Err(Fail::bad("TOPIC_ID_INVALID"));
    }
    world.drop_topic(chat, id);
    Ok(json!(true))
}
