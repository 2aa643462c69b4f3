//! The chats as plain text, for snapshots: what people see, in order, without ids and times.

use std::fmt::Write as _;

use super::chats::{Chat, Kind};
use super::text::{Entity, Text};
use super::view::View;
use super::world::{Content, Message, World};
use super::*;

/// Every chat that has messages: those of the group first, topic by topic.
pub(super) fn of(world: &World) -> String {
    let mut text = String::new();
    let mut chats: Vec<&Chat> = world.chats.values().filter(|chat| !chat.messages.is_empty()).collect();
    chats.sort_by_key(|chat| (chat.id != GROUP, chat.kind == Kind::Private, chat.id));
    for chat in chats {
        let title = match chat.kind {
            Kind::Private => format!("{}, alone with the bot", View(world).person(chat.id)),
            _ => chat.title.clone(),
        };
        // Each topic is a section of its own, in the order in which they were opened.
        section(world, chat, &title, None, &mut text);
        for (id, topic) in &chat.topics {
            let closed = if topic.closed { " (closed)" } else { "" };
            section(world, chat, &format!("{title} / {}{closed}", topic.name), Some(*id), &mut text);
        }
    }
    text
}

fn section(world: &World, chat: &Chat, title: &str, topic: Option<i64>, text: &mut String) {
    let known = |message: &Message| message.topic.filter(|id| chat.topics.contains_key(id));
    let messages: Vec<_> = chat.messages.values().filter(|message| known(message) == topic).collect();
    if messages.is_empty() {
        return;
    }
    let gap = if text.is_empty() { "" } else { "\n" };
    let _ = writeln!(text, "{gap}=== {title} ===");
    for message in messages {
        write(world, chat, message, text);
    }
}

fn write(world: &World, chat: &Chat, message: &Message, text: &mut String) {
    let view = View(world);
    let who = view.name(message);
    if message.content.is_service() {
        let bell =
            if matches!(message.content, Content::Pinned(_)) && !message.silent { " 🔔" } else { "" };
        let _ = writeln!(text, "--- {who} {}{bell}", event(chat, &message.content));
        return;
    }
    let by_bot = who == view.person(BOT);
    let bell = if by_bot && !message.silent { " 🔔" } else { "" };
    let edited = if message.edited.is_some() { " (edited)" } else { "" };
    let pinned = if message.pinned { " 📌" } else { "" };
    let _ = writeln!(text, "{who}{bell}{edited}{pinned}:");
    let mut line = |content: String| {
        let _ = writeln!(text, "{}", format!("    {content}").trim_end());
    };
    if let Some(id) = message.reply_to {
        let answered = chat.messages.get(&id);
        line(format!("↩ {}", answered.map_or_else(|| "(deleted message)".into(), first_words)));
    }
    match &message.content {
        Content::Document(file) => line(format!("📎 {}", file.name)),
        Content::Photo(file) => line(format!("🖼 {}", file.name)),
        _ => {}
    }
    if !message.text.text.is_empty() {
        marked(world, &message.text).lines().for_each(|content| line(content.to_owned()));
    }
    for row in &message.keys {
        let labels: Vec<_> = row.iter().map(|key| format!("[{}]", key.label())).collect();
        line(labels.join(" "));
    }
    for (user, emoji) in message.reactions.iter().filter(|(_, emoji)| !emoji.is_empty()) {
        line(format!("{} {}", emoji.join(""), view.person(*user)));
    }
    let here = world.popups.iter().filter(|p| p.message == message.id && p.chat == message.chat);
    for popup in here.filter(|popup| !popup.text.is_empty()) {
        let how = if popup.alert { "is alerted" } else { "sees" };
        line(format!("» {} {how}: {}", view.person(popup.user), popup.text));
    }
}

fn event(chat: &Chat, content: &Content) -> String {
    match content {
        Content::TopicCreated(name) => format!("opened the topic \"{name}\""),
        Content::TopicClosed => "closed the topic".into(),
        Content::TopicReopened => "reopened the topic".into(),
        Content::TopicEdited(name) => format!("renamed the topic to \"{name}\""),
        Content::Pinned(id) => {
            let what = chat.messages.get(id).map_or_else(|| "a deleted message".into(), first_words);
            format!("pinned: {what}")
        }
        Content::MigratedTo(_) => "made this a supergroup".into(),
        Content::MigratedFrom(_) => "was a basic group until here".into(),
        Content::Text | Content::Document(_) | Content::Photo(_) => String::new(),
    }
}

/// How a message is quoted where it is answered.
fn first_words(message: &Message) -> String {
    let name = match &message.content {
        Content::Document(file) | Content::Photo(file) => file.name.clone(),
        Content::TopicCreated(name) => name.clone(),
        _ => String::new(),
    };
    let line = message.text.text.lines().next().unwrap_or(&name);
    let short: String = line.chars().take(32).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

/// The text with its entities shown in a plain way.
fn marked(world: &World, text: &Text) -> String {
    let mut shown = String::new();
    let mut at = 0;
    // At one place inner ends come before outer ends, and ends before starts; the entities are sorted that way.
    let ends = |at: usize| text.entities.iter().rev().filter(move |entity| entity.end() == at);
    let starts = |at: usize| text.entities.iter().filter(move |entity| entity.offset == at);
    for character in text.text.chars() {
        ends(at).for_each(|entity| shown.push_str(&mark(world, entity).1));
        starts(at).for_each(|entity| shown.push_str(&mark(world, entity).0));
        shown.push(character);
        at += character.len_utf16();
    }
    ends(at).for_each(|entity| shown.push_str(&mark(world, entity).1));
    shown
}

/// What stands before and after an entity.
fn mark(world: &World, entity: &Entity) -> (String, String) {
    let both = |mark: &str| (mark.to_owned(), mark.to_owned());
    match entity.kind.as_str() {
        "bold" => both("**"),
        "italic" => both("_"),
        "underline" => both("__"),
        "strikethrough" => both("~~"),
        "spoiler" => both("||"),
        "code" => both("`"),
        "pre" => (format!("```{}\n", entity.language.as_deref().unwrap_or_default()), "\n```".into()),
        "blockquote" | "expandable_blockquote" => ("“".into(), "”".into()),
        "text_link" => ("[".into(), format!("]({})", entity.url.as_deref().unwrap_or_default())),
        "text_mention" => {
            let who = entity.user.map(|id| View(world).person(id)).unwrap_or_default();
            ("[".into(), format!("](to {who})"))
        }
        _ => both(""),
    }
}
