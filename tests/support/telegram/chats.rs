//! Chats, who is what in them, and the methods about the bot and its chats.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Fail};
use super::topics::Topic;
use super::wire;
use super::world::{Message, World};
use super::*;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Private,
    Group,
    Supergroup,
    Channel,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
            Self::Channel => "channel",
        }
    }
}

/// What the bot is in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Administrator,
    /// An administrator who lacks these rights (`can_manage_topics`, …).
    AdministratorWithout(&'static [&'static str]),
    Member,
    Left,
    Kicked,
}

/// Every right of an administrator of a group.
const RIGHTS: &[&str] = &[
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
];

pub(super) struct Chat {
    pub(super) id: i64,
    pub(super) kind: Kind,
    pub(super) title: String,
    pub(super) forum: bool,
    /// What the bot is here.
    pub(super) bot: Standing,
    /// The people; the first one owns the chat.
    pub(super) members: Vec<i64>,
    pub(super) messages: BTreeMap<i64, Message>,
    pub(super) topics: BTreeMap<i64, Topic>,
    pub(super) next_message: i64,
    /// A person has started the private chat, without which the bot cannot write to them.
    pub(super) started: bool,
    pub(super) blocked: bool,
    pub(super) upgraded_to: Option<i64>,
}

impl Chat {
    pub(super) fn new(id: i64, kind: Kind, title: &str, next_message: i64, members: &[i64]) -> Self {
        Self {
            id,
            kind,
            title: title.into(),
            forum: false,
            bot: Standing::Administrator,
            members: members.to_vec(),
            messages: BTreeMap::new(),
            topics: BTreeMap::new(),
            next_message,
            started: false,
            blocked: false,
            upgraded_to: None,
        }
    }

    /// Whether the bot is an administrator with this right.
    pub(super) fn bot_may(&self, right: &str) -> bool {
        match self.bot {
            Standing::Administrator => true,
            Standing::AdministratorWithout(lacking) => !lacking.contains(&right),
            _ => false,
        }
    }

    /// Whether the bot is an administrator, whatever its rights.
    pub(super) fn bot_is_administrator(&self) -> bool {
        matches!(self.bot, Standing::Administrator | Standing::AdministratorWithout(_))
    }

    /// What a message of the bot meets here before anything else.
    fn refuses(&self) -> Option<Fail> {
        let kind = self.kind.name();
        if let Some(id) = self.upgraded_to {
            let fail = Fail::bad("group chat was upgraded to a supergroup chat");
            return Some(fail.with("migrate_to_chat_id", json!(id)));
        }
        match self.bot {
            Standing::Kicked => Some(Fail::forbidden(&format!("bot was kicked from the {kind} chat"))),
            Standing::Left => Some(Fail::forbidden(&format!("bot is not a member of the {kind} chat"))),
            _ if self.kind != Kind::Private => None,
            _ if self.blocked => Some(Fail::forbidden("bot was blocked by the user")),
            _ if !self.started => Some(Fail::forbidden("bot can't initiate conversation with a user")),
            _ => None,
        }
    }
}

impl World {
    /// The chat of a call, which the bot must be able to use.
    pub(super) fn reachable(&self, call: &Call) -> Result<i64, Fail> {
        let chat = call.chat().and_then(|id| self.chats.get(&id)).ok_or(Fail::bad("chat not found"))?;
        chat.refuses().map_or(Ok(chat.id), Err)
    }

    /// The chat of a call, with this right of the bot in it.
    pub(super) fn entitled(&self, call: &Call, right: &str, lacking: &str) -> Result<i64, Fail> {
        let id = self.reachable(call)?;
        let chat = self.chat(id);
        let private = chat.kind == Kind::Private;
        if private || chat.bot_may(right) { Ok(id) } else { Err(Fail::bad(lacking)) }
    }
}

pub(super) fn get_me(world: &World) -> Answer {
    let mut me = wire::user(world, BOT);
    for flag in ["can_join_groups", "can_read_all_group_messages", "supports_inline_queries"] {
        me[flag] = json!(match flag {
            "can_join_groups" => true,
            "can_read_all_group_messages" => !world.privacy_mode,
            _ => false,
        });
    }
    for flag in ["can_connect_to_business", "has_main_web_app", "has_topics_enabled"] {
        me[flag] = json!(false);
    }
    Ok(me)
}

pub(super) fn get_chat(world: &World, call: &Call) -> Answer {
    let chat = world.chat(world.reachable(call)?);
    let mut info = wire::chat(world, chat.id);
    info["accent_color_id"] = json!(3);
    info["max_reaction_count"] = json!(11);
    info["accepted_gift_types"] = json!({
        "unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
        "premium_subscription": false, "gifts_from_channels": false
    });
    if matches!(chat.kind, Kind::Group | Kind::Supergroup) {
        info["permissions"] = json!({ "can_send_messages": true, "can_manage_topics": false });
    }
    Ok(info)
}

pub(super) fn get_chat_member(world: &World, call: &Call) -> Answer {
    let chat = world.chat(world.reachable(call)?);
    let user = call.int("user_id").unwrap_or_default();
    if !world.people.contains_key(&user) {
        return Err(Fail::bad("invalid user_id specified"));
    }
    Ok(member(world, chat, user))
}

pub(super) fn get_chat_administrators(world: &World, call: &Call) -> Answer {
    let chat = world.chat(world.reachable(call)?);
    if chat.kind == Kind::Private {
        return Err(Fail::bad("there are no administrators in the private chat"));
    }
    let owner = chat.members.first().copied();
    let bot = chat.bot_is_administrator().then_some(BOT);
    Ok(owner.into_iter().chain(bot).map(|user| member(world, chat, user)).collect())
}

/// A `ChatMember`.
pub(super) fn member(world: &World, chat: &Chat, user: i64) -> Value {
    let person = wire::user(world, user);
    if user == BOT {
        return match chat.bot {
            Standing::Member => json!({ "status": "member", "user": person }),
            Standing::Left => json!({ "status": "left", "user": person }),
            Standing::Kicked => json!({ "status": "kicked", "user": person, "until_date": 0 }),
            Standing::Administrator | Standing::AdministratorWithout(_) => {
                let mut rights: Map<_, _> =
                    RIGHTS.iter().map(|right| ((*right).to_owned(), json!(chat.bot_may(right)))).collect();
                rights.insert("status".into(), json!("administrator"));
                rights.insert("user".into(), person);
                rights.insert("can_be_edited".into(), json!(false));
                rights.insert("is_anonymous".into(), json!(false));
                Value::Object(rights)
            }
        };
    }
    if chat.members.first() == Some(&user) && chat.kind != Kind::Private {
        return json!({ "status": "creator", "user": person, "is_anonymous": false });
    }
    let status = if chat.members.contains(&user) { "member" } else { "left" };
    json!({ "status": status, "user": person })
}

/// `setMyCommands`: what the menu of the bot lists.
pub(super) fn set_my_commands(world: &mut World, call: &Call) -> Answer {
    let commands = call.list("commands").unwrap_or_default();
    if commands.len() > 100 {
        return Err(Fail::wrong("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in commands {
        let name = command["command"].as_str().unwrap_or_default();
        let description = command["description"].as_str().unwrap_or_default();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !(1..=32).contains(&name.len()) || !name.chars().all(fits) {
            return Err(Fail::wrong("BOT_COMMAND_INVALID"));
        }
        if !(1..=256).contains(&description.chars().count()) {
            return Err(Fail::wrong("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
        let strange =
            command.as_object().and_then(|c| c.keys().find(|k| *k != "command" && *k != "description"));
        if let Some(key) = strange {
            world.violation(format!("setMyCommands: a BotCommand has no `{key}`"));
        }
    }
    let key = scope(call)?;
    world.commands.insert(key, json!(commands));
    Ok(json!(true))
}

pub(super) fn get_my_commands(world: &World, call: &Call) -> Answer {
    Ok(world.commands.get(&scope(call)?).cloned().unwrap_or_else(|| json!([])))
}

pub(super) fn delete_my_commands(world: &mut World, call: &Call) -> Answer {
    world.commands.remove(&scope(call)?);
    Ok(json!(true))
}

/// Which list of commands is meant: one for each scope and language.
fn scope(call: &Call) -> Result<(String, String), Fail> {
    const SCOPES: [&str; 7] = [
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    ];
    let language = call.text("language_code").unwrap_or_default();
    if !language.is_empty() && (language.len() != 2 || !language.chars().all(|c| c.is_ascii_lowercase())) {
        return Err(Fail::wrong("invalid language code specified"));
    }
    let scope = call.object("scope").map_or_else(|| json!({ "type": "default" }), |scope| json!(scope));
    if !SCOPES.contains(&scope["type"].as_str().unwrap_or_default()) {
        return Err(Fail::wrong("can't parse BotCommandScope: Unsupported type specified"));
    }
    Ok((scope.to_string(), language.to_owned()))
}
