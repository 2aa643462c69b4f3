//! What the bot gets to see of users, chats and messages, as JSON.

use serde_json::{Value, json};

use super::chats::Kind;
use super::text::{Entity, Text};
use super::world::{Content, File, Message, Sender, World};

/// The user that Telegram shows for an administrator who writes as the group.
const GROUP_ANONYMOUS_BOT: i64 = 1_087_968_824;

pub(super) fn user(world: &World, id: i64) -> Value {
    if id == GROUP_ANONYMOUS_BOT {
        return json!({ "id": id, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot" });
    }
    let person = world.people.get(&id).unwrap_or_else(|| panic!("there is no user {id}"));
    let mut user = json!({ "id": id, "is_bot": person.is_bot, "first_name": person.first_name });
    if let Some(name) = person.username {
        user["username"] = json!(name);
    }
    user
}

pub(super) fn chat(world: &World, id: i64) -> Value {
    let chat = world.chat(id);
    let mut value = json!({ "id": id, "type": chat.kind.name() });
    if chat.kind == Kind::Private {
        let person = user(world, id);
        value["first_name"] = person["first_name"].clone();
        if person["username"].is_string() {
            value["username"] = person["username"].clone();
        }
        return value;
    }
    value["title"] = json!(chat.title);
    if chat.forum {
        value["is_forum"] = json!(true);
    }
    value
}

/// A message with what it replies to.
pub(super) fn message(world: &World, message: &Message) -> Value {
    let mut value = bare(world, message);
    let chat = world.chat(message.chat);
    // In a topic all that answers nothing else answers the message that opened the topic.
    let implicit = message.topic.filter(|topic| chat.forum && *topic != message.id);
    let answers = message.reply_to.or(implicit).and_then(|id| chat.messages.get(&id));
    if let Some(answered) = answers {
        value["reply_to_message"] = bare(world, answered);
    }
    if let Content::Pinned(id) = message.content
        && let Some(pinned) = chat.messages.get(&id)
    {
        value["pinned_message"] = bare(world, pinned);
    }
    value
}

fn bare(world: &World, message: &Message) -> Value {
    let mut value = json!({
        "message_id": message.id, "date": message.date.timestamp(), "chat": chat(world, message.chat)
    });
    match message.from {
        Sender::User(id) => value["from"] = user(world, id),
        Sender::Channel => value["sender_chat"] = chat(world, message.chat),
        Sender::Group => {
            value["from"] = user(world, GROUP_ANONYMOUS_BOT);
            value["sender_chat"] = chat(world, message.chat);
        }
    }
    if let Some(edited) = message.edited {
        value["edit_date"] = json!(edited.timestamp());
    }
    let forum = world.chat(message.chat).forum;
    if let Some(thread) = message.topic.filter(|_| forum).or(message.thread) {
        value["message_thread_id"] = json!(thread);
    }
    if forum && message.topic.is_some() {
        value["is_topic_message"] = json!(true);
    }
    content(world, message, &mut value);
    if !message.keys.is_empty() {
        let rows: Vec<Vec<_>> =
            message.keys.iter().map(|row| row.iter().map(|key| &key.0).collect()).collect();
        value["reply_markup"] = json!({ "inline_keyboard": rows });
    }
    value
}

fn content(world: &World, message: &Message, value: &mut Value) {
    match &message.content {
        Content::Text => write_text(world, &message.text, value, "text", "entities"),
        Content::Document(file) => {
            value["document"] = document(file);
            write_text(world, &message.text, value, "caption", "caption_entities");
        }
        Content::Photo(file) => {
            let mut photo = document(file);
            (photo["width"], photo["height"]) = (json!(640), json!(360));
            value["photo"] = json!([photo]);
            write_text(world, &message.text, value, "caption", "caption_entities");
        }
        Content::TopicCreated(name) => {
            let colour = world.chat(message.chat).topics.get(&message.id).map_or(7_322_096, |t| t.colour);
            value["forum_topic_created"] = json!({ "name": name, "icon_color": colour });
        }
        Content::TopicClosed => value["forum_topic_closed"] = json!({}),
        Content::TopicReopened => value["forum_topic_reopened"] = json!({}),
        Content::TopicEdited(name) => value["forum_topic_edited"] = json!({ "name": name }),
        Content::MigratedTo(id) => value["migrate_to_chat_id"] = json!(id),
        Content::MigratedFrom(id) => value["migrate_from_chat_id"] = json!(id),
        Content::Pinned(_) => {}
    }
}

fn write_text(world: &World, text: &Text, value: &mut Value, name: &str, entities: &str) {
    if !text.text.is_empty() {
        value[name] = json!(text.text);
    }
    if !text.entities.is_empty() {
        value[entities] = text.entities.iter().map(|one| entity(world, one)).collect();
    }
}

fn entity(world: &World, entity: &Entity) -> Value {
    let mut value = json!({ "type": entity.kind, "offset": entity.offset, "length": entity.length });
    if let Some(url) = &entity.url {
        value["url"] = json!(url);
    }
    if let Some(id) = entity.user {
        value["user"] = user(world, id);
    }
    if let Some(language) = &entity.language {
        value["language"] = json!(language);
    }
    value
}

/// The id by which a file can be sent again.
pub(super) fn file_id(file: &File) -> String {
    format!("BQACAgIAAx-{}-{}", file.content.len(), file.name)
}

fn document(file: &File) -> Value {
    json!({
        "file_id": file_id(file), "file_unique_id": format!("AgAD{}", file.content.len()),
        "file_name": file.name, "mime_type": "application/octet-stream", "file_size": file.content.len()
    })
}
