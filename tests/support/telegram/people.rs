//! What people do.

use serde_json::json;

use super::chats::Kind;
use super::text::{Text, clean};
use super::topics::GENERAL;
use super::world::{Content, Message, Press, Sender, World};
use super::*;

impl FakeTelegram {
    /// Somebody writes in a chat; the id of the message.
    pub fn says(&self, user: i64, chat: i64, text: &str) -> i64 {
        self.act(|world| say(world, Sender::User(user), chat, None, None, text))
    }

    /// Somebody writes in a topic of the group.
    pub fn says_in_topic(&self, user: i64, topic: i64, text: &str) -> i64 {
        self.act(|world| say(world, Sender::User(user), GROUP, Some(topic), None, text))
    }

    /// Somebody answers a message.
    pub fn replies(&self, user: i64, chat: i64, message: i64, text: &str) -> i64 {
        self.act(|world| say(world, Sender::User(user), chat, None, Some(message), text))
    }

    /// Somebody writes to the bot alone.
    pub fn says_in_private(&self, user: i64, text: &str) -> i64 {
        self.act(|world| {
            world.chat_mut(user).started = true;
            say(world, Sender::User(user), user, None, None, text)
        })
    }

    /// An administrator writes as the group: nobody can tell who it was.
    pub fn says_anonymously(&self, text: &str) -> i64 {
        self.act(|world| say(world, Sender::Group, GROUP, None, None, text))
    }

    /// Somebody rewrites a message of theirs.
    pub fn rewrites(&self, chat: i64, message: i64, text: &str) {
        self.act(|world| {
            let now = world.now();
            let found =
                world.message_mut(chat, message).unwrap_or_else(|| panic!("there is no such message"));
            (found.text, found.edited) = (typed(text), Some(now));
            world.tell("edited_message", chat, message);
        });
    }

    /// Somebody reacts; what they reacted with before is replaced.
    pub fn react(&self, user: i64, chat: i64, message: i64, emoji: &[&str]) {
        self.act(|world| react(world, Some(user), chat, message, emoji));
    }

    /// An administrator reacts as the group.
    pub fn react_anonymously(&self, message: i64, emoji: &[&str]) {
        self.act(|world| react(world, None, GROUP, message, emoji));
    }

    /// Somebody presses a button, named by its label or its data; the id of the press.
    pub fn press(&self, user: i64, chat: i64, message: i64, button: &str) -> String {
        self.act(|world| {
            let found = world.message(chat, message).unwrap_or_else(|| panic!("there is no such message"));
            let keys: Vec<_> = found.keys.iter().flatten().collect();
            let key = keys.iter().find(|key| key.label() == button || key.data() == Some(button));
            let data = key.and_then(|key| key.data()).unwrap_or_else(|| {
                let labels: Vec<_> = keys.iter().map(|key| key.label()).collect();
                panic!("no button `{button}` to press, but {labels:?}")
            });
            let (data, shown) = (data.to_owned(), wire::message(world, found));
            press(world, user, chat, message, &data, shown)
        })
    }

    /// Somebody presses a button of a message that the bot no longer gets to see.
    pub fn press_on_inaccessible(&self, user: i64, chat: i64, message: i64, data: &str) -> String {
        self.act(|world| {
            let shown = json!({ "chat": wire::chat(world, chat), "message_id": message, "date": 0 });
            press(world, user, chat, message, data, shown)
        })
    }

    /// What was pressed and not answered by now never will be.
    pub fn expire_presses(&self) {
        self.act(|world| world.presses.values_mut().for_each(|press| press.expired = true));
    }

    /// Somebody deletes a message; the bot is not told.
    pub fn delete_message(&self, chat: i64, message: i64) {
        let gone = self.act(|world| world.chat_mut(chat).messages.remove(&message));
        assert!(gone.is_some(), "there was no such message");
    }

    /// Somebody opens a topic in the group; its id.
    pub fn open_topic(&self, user: i64, name: &str) -> i64 {
        self.act(|world| world.open_topic(user, GROUP, name, 7_322_096))
    }

    /// Somebody closes a topic of the group.
    pub fn close_topic(&self, user: i64, topic: i64) {
        self.act(|world| {
            let found = world.topic_mut(GROUP, topic).unwrap_or_else(|| panic!("there is no such topic"));
            found.closed = true;
            world.topic_event(user, GROUP, topic, Content::TopicClosed);
        });
    }

    /// Somebody deletes a topic of the group with all that is in it; the bot is not told.
    pub fn delete_topic(&self, topic: i64) {
        self.act(|world| world.drop_topic(GROUP, topic));
    }
}

/// A text as somebody types it: nothing is marked up but what Telegram finds.
fn typed(text: &str) -> Text {
    let mut text = clean(&Text { text: text.into(), entities: Vec::new() });
    detect::add(&mut text);
    text
}

fn say(
    world: &mut World,
    from: Sender,
    chat: i64,
    topic: Option<i64>,
    reply_to: Option<i64>,
    text: &str,
) -> i64 {
    let topic = topic.filter(|id| *id != GENERAL);
    let known = topic.is_none_or(|id| world.chat(chat).topics.contains_key(&id));
    assert!(known, "people cannot write in a topic that is not there");
    let answered =
        reply_to.map(|id| world.message(chat, id).unwrap_or_else(|| panic!("no message to answer")));
    let (in_topic, chain) = (answered.and_then(|m| m.topic), answered.map(|m| m.thread.unwrap_or(m.id)));
    let home = world.chat(chat);
    let thread = chain.filter(|_| home.kind == Kind::Supergroup && !home.forum);
    let mut message = world.draft(chat, from, Content::Text);
    message.text = typed(text);
    (message.topic, message.thread, message.reply_to) = (topic.or(in_topic), thread, reply_to);
    let heard = hears(world, &message);
    let id = world.post(message);
    if heard {
        world.tell("message", chat, id);
    }
    id
}

/// Whether the bot gets this message of somebody: in privacy mode it gets commands and answers to itself, unless it
/// is an administrator.
fn hears(world: &World, message: &Message) -> bool {
    let chat = world.chat(message.chat);
    match chat.bot {
        Standing::Left | Standing::Kicked => return false,
        _ if chat.kind == Kind::Private && chat.blocked => return false,
        _ if chat.kind == Kind::Private || chat.bot_is_administrator() || !world.privacy_mode => return true,
        _ => {}
    }
    let command = message.text.entities.iter().any(|e| e.kind == "bot_command" && e.offset == 0);
    let answered = message.reply_to.and_then(|id| chat.messages.get(&id));
    command || answered.is_some_and(|answered| answered.from == Sender::User(BOT))
}

fn react(world: &mut World, user: Option<i64>, chat: i64, id: i64, emoji: &[&str]) {
    let strange = emoji.iter().find(|emoji| !reactions::is_allowed(emoji));
    assert!(strange.is_none(), "people cannot react with {strange:?}");
    let new: Vec<String> = emoji.iter().map(|emoji| (*emoji).to_owned()).collect();
    let message = world.message_mut(chat, id).unwrap_or_else(|| panic!("there is no such message"));
    let old = message.reactions.insert(user.unwrap_or(chat), new.clone()).unwrap_or_default();
    let home = world.chat(chat);
    if !home.bot_is_administrator() && home.kind != Kind::Private {
        return;
    }
    let mut body = json!({
        "chat": wire::chat(world, chat), "message_id": id, "date": world.now().timestamp(),
        "old_reaction": reactions::list(&old), "new_reaction": reactions::list(&new)
    });
    match user {
        Some(user) => body["user"] = wire::user(world, user),
        None => body["actor_chat"] = wire::chat(world, chat),
    }
    world.update("message_reaction", body);
}

fn press(
    world: &mut World,
    user: i64,
    chat: i64,
    message: i64,
    data: &str,
    shown: serde_json::Value,
) -> String {
    let id = format!("43828{:014}", world.presses.len() + 1);
    let at = world.now();
    world.presses.insert(id.clone(), Press { user, chat, message, at, answered: false, expired: false });
    let instance = (chat.unsigned_abs() * 7).to_string();
    let from = wire::user(world, user);
    let body = json!({ "id": id, "from": from, "message": shown, "chat_instance": instance, "data": data });
    world.update("callback_query", body);
    id
}
