//! `sendMessage`, `sendDocument` and `sendPhoto`.

use serde_json::Value;

use super::call::{Answer, Call, Fail};
use super::chats::Kind;
use super::topics::GENERAL;
use super::world::{Content, File, Message, Sender, World};
use super::{BOT, keyboard, text, wire};

/// The largest file that a bot can send, in bytes.
pub(super) const MAX_FILE: usize = 50 * 1024 * 1024;
/// The largest photo, in bytes.
const MAX_PHOTO: usize = 10 * 1024 * 1024;

pub(super) fn message(world: &mut World, call: &Call) -> Answer {
    let body = text::read(world, call, &text::TEXT)?;
    if body.text.is_empty() {
        return Err(Fail::wrong("message text is empty"));
    }
    let mut message = draft(world, call, Content::Text)?;
    message.text = body;
    Ok(posted(world, message))
}

pub(super) fn file(world: &mut World, call: &Call) -> Answer {
    let photo = call.method == "sendPhoto";
    let name = if photo { "photo" } else { "document" };
    let file = match (call.file(name), call.text(name)) {
        (Some(file), _) => file.clone(),
        (None, Some(id)) => {
            let why = "wrong file identifier/HTTP URL specified";
            world.files.get(id).cloned().ok_or(Fail::wrong(why))?
        }
        (None, None) => return Err(Fail::wrong(&format!("there is no {name} in the request"))),
    };
    check_file(&file, photo)?;
    let caption = text::read(world, call, &text::CAPTION)?;
    world.files.insert(wire::file_id(&file), file.clone());
    let content = if photo { Content::Photo(file) } else { Content::Document(file) };
    let mut message = draft(world, call, content)?;
    message.text = caption;
    Ok(posted(world, message))
}

fn check_file(file: &File, photo: bool) -> Result<(), Fail> {
    if file.content.is_empty() {
        return Err(Fail::wrong("file must be non-empty"));
    }
    if !photo {
        return Ok(());
    }
    if file.content.len() > MAX_PHOTO {
        return Err(Fail::wrong("file is too big for a photo"));
    }
    let known: [&[u8]; 3] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"];
    let image = known.iter().any(|magic| file.content.starts_with(magic));
    if image { Ok(()) } else { Err(Fail::wrong("IMAGE_PROCESS_FAILED")) }
}

fn posted(world: &mut World, message: Message) -> Value {
    let answer = wire::message(world, &message);
    world.post(message);
    answer
}

/// A message of the bot in its place, without its text.
fn draft(world: &mut World, call: &Call, content: Content) -> Result<Message, Fail> {
    let keys = keyboard::read(world, call)?.unwrap_or_default();
    let chat = world.reachable(call)?;
    let thread = topic(world, call, chat)?;
    let reply_to = reply(world, call, chat)?;
    let answered = reply_to.and_then(|id| world.message(chat, id));
    // An answer goes to the topic of what it answers.
    let topic = thread.or(answered.and_then(|message| message.topic));
    let chain = answered.map(|message| message.thread.unwrap_or(message.id));
    let home = world.chat(chat);
    let closed = topic.and_then(|id| home.topics.get(&id)).is_some_and(|t| t.closed && t.creator != BOT);
    if closed && !home.bot_may("can_manage_topics") {
        return Err(Fail::bad("TOPIC_CLOSED"));
    }
    let thread = chain.filter(|_| home.kind == Kind::Supergroup && !home.forum);
    let from = if home.kind == Kind::Channel { Sender::Channel } else { Sender::User(BOT) };
    let mut message = world.draft(chat, from, content);
    message.silent = call.flag("disable_notification");
    (message.topic, message.thread, message.reply_to, message.keys) = (topic, thread, reply_to, keys);
    Ok(message)
}

/// The topic that a call names. The General topic has no name of its own: its id is not found.
fn topic(world: &World, call: &Call, chat: i64) -> Result<Option<i64>, Fail> {
    let Some(id) = call.int("message_thread_id").filter(|id| *id != 0) else { return Ok(None) };
    let home = world.chat(chat);
    let known = home.forum && id != GENERAL && home.topics.contains_key(&id);
    if known { Ok(Some(id)) } else { Err(Fail::bad("message thread not found")) }
}

/// The message that a call answers.
fn reply(world: &mut World, call: &Call, chat: i64) -> Result<Option<i64>, Fail> {
    const FIELDS: [&str; 8] = [
        "message_id",
        "chat_id",
        "allow_sending_without_reply",
        "quote",
        "quote_parse_mode",
        "quote_entities",
        "quote_position",
        "checklist_task_id",
    ];
    let Some(reply) = call.object("reply_parameters") else { return Ok(None) };
    if let Some(strange) = reply.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        world.violation(format!("{}: ReplyParameters have no `{strange}`", call.method));
    }
    let id = reply.get("message_id").and_then(Value::as_i64);
    let id = id.ok_or(Fail::wrong("can't parse reply parameters: there is no message_id"))?;
    let from = reply.get("chat_id").and_then(Value::as_i64).unwrap_or(chat);
    if from == chat && world.message(chat, id).is_some() {
        return Ok(Some(id));
    }
    let anyway = reply.get("allow_sending_without_reply").and_then(Value::as_bool);
    if anyway == Some(true) { Ok(None) } else { Err(Fail::bad("message to be replied not found")) }
}
