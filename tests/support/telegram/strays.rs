//! Changes around the bot, and updates that no bot hopes for.

use serde_json::{Value, json};

use super::chats::{Chat, Kind, member};
use super::text::Text;
use super::world::{Content, Sender};
use super::*;

impl FakeTelegram {
    /// Whether the group has topics.
    pub fn forum(&self, forum: bool) {
        self.act(|world| world.chat_mut(GROUP).forum = forum);
    }

    /// What the bot is in a chat from now on; it is told.
    pub fn bot_is(&self, chat: i64, standing: Standing) {
        self.act(|world| {
            let old = member(world, world.chat(chat), BOT);
            world.chat_mut(chat).bot = standing;
            let new = member(world, world.chat(chat), BOT);
            let body = json!({
                "chat": wire::chat(world, chat), "from": wire::user(world, OPERATOR),
                "date": world.now().timestamp(), "old_chat_member": old, "new_chat_member": new
            });
            world.update("my_chat_member", body);
        });
    }

    /// Somebody blocks the bot, or no longer does.
    pub fn blocks(&self, user: i64, blocked: bool) {
        self.act(|world| world.chat_mut(user).blocked = blocked);
    }

    /// In privacy mode, which is on at first, a bot that is no administrator hears little.
    pub fn privacy_mode(&self, on: bool) {
        self.act(|world| world.privacy_mode = on);
    }

    /// Somebody posts in the channel.
    pub fn posts_in_channel(&self, text: &str) -> i64 {
        self.act(|world| {
            let mut post = world.draft(CHANNEL, Sender::Channel, Content::Text);
            post.text = Text { text: text.into(), entities: Vec::new() };
            let id = world.post(post);
            world.tell("channel_post", CHANNEL, id);
            id
        })
    }

    /// The basic group becomes a supergroup; the id of that. The old one refuses everything from now on.
    pub fn upgrade_basic_group(&self) -> i64 {
        self.act(|world| {
            let new = -1_007_777_777_777;
            let title = world.chat(BASIC_GROUP).title.clone();
            let mut chat = Chat::new(new, Kind::Supergroup, &title, 0, &[OPERATOR, STRANGER]);
            chat.bot = world.chat(BASIC_GROUP).bot;
            world.chats.insert(new, chat);
            let told = world.draft(BASIC_GROUP, Sender::User(OPERATOR), Content::MigratedTo(new));
            let told = world.post(told);
            world.tell("message", BASIC_GROUP, told);
            world.chat_mut(BASIC_GROUP).upgraded_to = Some(new);
            let told = world.draft(new, Sender::Group, Content::MigratedFrom(BASIC_GROUP));
            let told = world.post(told);
            world.tell("message", new, told);
            new
        })
    }

    /// An update of a kind that nobody knows yet.
    pub fn update_of_unknown_kind(&self) {
        self.queue_update(json!({ "telepathy": { "from": { "id": OPERATOR }, "thought": "hm" } }));
    }

    /// A message that lacks most of what a message has.
    pub fn update_without_fields(&self) {
        self.queue_update(json!({ "message": { "message_id": 1 } }));
    }

    /// Any update; it gets its id here.
    pub fn queue_update(&self, update: Value) {
        self.act(|world| world.raw_update(update));
    }
}
