//! What is done to messages after they were sent.

use chrono::TimeDelta;
use serde_json::json;

use super::call::{Answer, Call, Fail};
use super::text::{self, Text};
use super::world::{Content, Message, Sender, World};
use super::{BOT, keyboard, wire};

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly \
                            the same as a current content and reply markup of the message";

/// The bot's own message that a call wants to edit.
fn editable(world: &World, call: &Call) -> Result<(i64, i64), Fail> {
    if call.text("inline_message_id").is_some() {
        return Err(Fail::wrong("MESSAGE_ID_INVALID"));
    }
    let (Some(_), Some(id)) = (call.chat(), call.int("message_id")) else {
        return Err(Fail::wrong("message identifier is not specified"));
    };
    let chat = world.reachable(call)?;
    let message = world.message(chat, id).ok_or(Fail::bad("message to edit not found"))?;
    let ours = matches!(message.from, Sender::User(BOT) | Sender::Channel) && !message.content.is_service();
    if ours { Ok((chat, id)) } else { Err(Fail::bad("message can't be edited")) }
}

pub(super) fn text(world: &mut World, call: &Call) -> Answer {
    let text = text::read(world, call, &text::TEXT)?;
    if text.text.is_empty() {
        return Err(Fail::wrong("message text is empty"));
    }
    let plain = |message: &Message| matches!(message.content, Content::Text);
    edit(world, call, Some(text), "there is no text in the message to edit", plain)
}

pub(super) fn caption(world: &mut World, call: &Call) -> Answer {
    let text = text::read(world, call, &text::CAPTION)?;
    let with_file = |message: &Message| matches!(message.content, Content::Document(_) | Content::Photo(_));
    edit(world, call, Some(text), "there is no caption in the message to edit", with_file)
}

pub(super) fn reply_markup(world: &mut World, call: &Call) -> Answer {
    edit(world, call, None, "", |_| true)
}

/// Buttons that an edit leaves out are gone.
fn edit(
    world: &mut World,
    call: &Call,
    text: Option<Text>,
    unfit: &str,
    fits: fn(&Message) -> bool,
) -> Answer {
    let keys = keyboard::read(world, call)?.unwrap_or_default();
    let (chat, id) = editable(world, call)?;
    let now = world.now();
    let Some(message) = world.message_mut(chat, id) else {
        return Err(Fail::bad("message to edit not found"));
    };
    if !fits(message) {
        return Err(Fail::bad(unfit));
    }
    let text = text.unwrap_or_else(|| message.text.clone());
    if message.text == text && message.keys == keys {
        return Err(Fail::bad(NOT_MODIFIED));
    }
    (message.text, message.keys, message.edited) = (text, keys, Some(now));
    let message = message.clone();
    Ok(wire::message(world, &message))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let chat = world.reachable(call)?;
    let id = call.int("message_id").unwrap_or_default();
    let message = world.message(chat, id).ok_or(Fail::bad("message to delete not found"))?;
    let old = world.now() - message.date > TimeDelta::hours(48);
    let ours = message.from == Sender::User(BOT);
    let lasting = matches!(message.content, Content::TopicCreated(_) | Content::MigratedFrom(_));
    let may = world.chat(chat).bot_may("can_delete_messages") || (ours && !old);
    if lasting || !may {
        return Err(Fail::bad("message can't be deleted"));
    }
    world.chat_mut(chat).messages.remove(&id);
    Ok(json!(true))
}

pub(super) fn pin(world: &mut World, call: &Call) -> Answer {
    let chat = pinnable(world, call)?;
    let id = call.int("message_id").unwrap_or_default();
    let message = world.message_mut(chat, id).ok_or(Fail::bad("message to pin not found"))?;
    if message.content.is_service() {
        return Err(Fail::bad("message can't be pinned"));
    }
    message.pinned = true;
    let topic = message.topic;
    let mut notice = world.draft(chat, Sender::User(BOT), Content::Pinned(id));
    (notice.topic, notice.silent) = (topic, call.flag("disable_notification"));
    let notice = world.post(notice);
    world.tell("message", chat, notice);
    Ok(json!(true))
}

pub(super) fn unpin(world: &mut World, call: &Call) -> Answer {
    let chat = pinnable(world, call)?;
    let wanted = call.int("message_id");
    let messages = &mut world.chat_mut(chat).messages;
    let pinned = messages.values_mut().rev().find(|m| m.pinned && wanted.is_none_or(|id| id == m.id));
    pinned.ok_or(Fail::bad("message to unpin not found"))?.pinned = false;
    Ok(json!(true))
}

fn pinnable(world: &World, call: &Call) -> Result<i64, Fail> {
    world.entitled(call, "can_pin_messages", "not enough rights to manage pinned messages in the chat")
}
