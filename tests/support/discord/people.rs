//! What people do: they type, react, press buttons, and delete things.

use serde_json::{Value, json};

use super::world::{ChannelKind, Interaction, Message, World};
use super::{BOT, FakeDiscord};

impl FakeDiscord {
    /// Somebody types into a channel or a thread; the id of the message.
    pub fn says(&self, user: u64, channel: u64, text: &str) -> u64 {
        self.inner.change(|world| world.say(user, channel, text, None))
    }

    /// Somebody answers to a message.
    pub fn replies(&self, user: u64, to: u64, text: &str) -> u64 {
        self.inner.change(|world| {
            let channel = world.message(to).unwrap_or_else(|| panic!("no such message to reply to")).channel;
            world.say(user, channel, text, Some(to))
        })
    }

    /// Somebody writes to the bot directly.
    pub fn says_in_dm(&self, user: u64, text: &str) -> u64 {
        self.inner.change(|world| {
            let channel = world.dm_with(user);
            world.say(user, channel, text, None)
        })
    }

    /// Somebody reacts to a message.
    pub fn react(&self, user: u64, message: u64, emoji: &str) {
        self.inner.change(|world| world.react(user, message, emoji));
    }

    /// Somebody takes a reaction back.
    pub fn unreact(&self, user: u64, message: u64, emoji: &str) {
        self.inner.change(|world| world.unreact(user, message, emoji));
    }

    /// Somebody presses a button, named by its label or its custom id; the interaction.
    ///
    /// Panics where a person could not: no such button, or it is disabled.
    pub fn press(&self, user: u64, message: u64, button: &str) -> u64 {
        self.inner.change(|world| {
            let found = world.message(message).unwrap_or_else(|| panic!("no such message to press {button}"));
            assert!(found.only_for.is_none_or(|only| only == user), "{button} is not for this person");
            let (channel, shown) = (found.channel, world.message_json(found));
            let all = found.components.iter().filter_map(|row| row["components"].as_array()).flatten();
            let named = |b: &&Value| b["label"] == button || b["custom_id"] == button;
            let cell = all.into_iter().find(named).unwrap_or_else(|| panic!("there is no button {button}"));
            assert!(cell["disabled"] != true, "the button {button} is disabled");
            let data = json!({"component_type": 2, "custom_id": cell["custom_id"], "id": 1});
            world.interact(user, channel, 3, &data, Some((message, shown)))
        })
    }

    /// Somebody uses a slash command: `"incident show"`, `{"number": 7}`; the interaction.
    ///
    /// Panics where Discord would not offer it: not registered, unknown or missing options.
    pub fn slash(&self, user: u64, channel: u64, command: &str, options: &Value) -> u64 {
        self.inner.change(|world| {
            let data = world.command_data(channel, command, options, None);
            world.interact(user, channel, 2, &data, None)
        })
    }

    /// Somebody types into an option of a slash command; the names and values that are offered.
    pub async fn autocomplete(
        &self,
        user: u64,
        channel: u64,
        command: &str,
        option: &str,
        typed: &str,
    ) -> Vec<(String, Value)> {
        let interaction = self.inner.change(|world| {
            let data = world.command_data(channel, command, &json!({option: typed}), Some(option));
            world.interact(user, channel, 4, &data, None)
        });
        let what = format!("choices for {option} of /{command}");
        let choices = self.until(&what, |world| world.interactions.get(&interaction)?.choices.clone()).await;
        let pair =
            |choice: Value| (choice["name"].as_str().unwrap_or_default().into(), choice["value"].clone());
        choices.into_iter().map(pair).collect()
    }

    /// Somebody deletes a message; a thread of it stays.
    pub fn delete_message(&self, message: u64) {
        self.inner.change(|world| world.delete(message));
    }

    /// Somebody deletes a thread.
    pub fn delete_thread(&self, thread: u64) {
        self.inner.change(|world| {
            let Some(channel) = world.channels.remove(&thread) else { panic!("there is no such thread") };
            let Some(facts) = channel.thread() else { panic!("#{} is no thread", channel.name) };
            if world.threads_come_once {
                world.spent.insert(thread);
            }
            let gone = json!({
                "id": thread.to_string(), "guild_id": facts.guild.to_string(),
                "parent_id": facts.parent.to_string(), "type": 11,
            });
            world.tell_guild("THREAD_DELETE", &gone);
        });
    }

    /// Somebody deletes a channel with its threads.
    pub fn delete_channel(&self, channel: u64) {
        self.inner.change(|world| {
            let Some(gone) = world.channels.get(&channel).map(|found| world.channel_json(found)) else {
                return;
            };
            let below = |c: &super::world::Channel| c.thread().is_some_and(|thread| thread.parent == channel);
            world.channels.retain(|id, found| *id != channel && !below(found));
            world.tell_guild("CHANNEL_DELETE", &gone);
        });
    }

    /// A message whose thread is deleted gets no second one (160004).
    pub fn threads_come_once(&self) {
        self.inner.change(|world| world.threads_come_once = true);
    }

    /// Somebody archives a thread, or opens it again.
    pub fn archive(&self, thread: u64, archived: bool) {
        self.set_thread(thread, archived, false);
    }

    /// A moderator archives and locks a thread.
    pub fn lock(&self, thread: u64) {
        self.set_thread(thread, true, true);
    }

    fn set_thread(&self, thread: u64, archived: bool, locked: bool) {
        self.inner.change(|world| {
            let now = world.now;
            let found = world.channels.get_mut(&thread).and_then(|channel| channel.thread_mut());
            let facts = found.unwrap_or_else(|| panic!("there is no such thread"));
            (facts.archived, facts.locked, facts.changed) = (archived, locked, now);
            world.tell_of_thread(thread);
        });
    }
}

impl World {
    fn say(&mut self, user: u64, channel: u64, text: &str, to: Option<u64>) -> u64 {
        assert!(self.channels.contains_key(&channel), "there is no such channel to type into");
        assert!(self.unarchive(channel).is_ok(), "the thread is locked");
        let mut message = Message::new(self.new_id(), channel, user, self.now);
        message.content = text.into();
        self.mention_all(&mut message);
        self.ping(&mut message);
        // A reply mentions whom it answers.
        if let Some(author) = to.and_then(|to| self.message(to)).map(|answered| answered.author)
            && !message.mentions.contains(&author)
        {
            message.mentions.push(author);
        }
        (message.reference, message.kind) = (to, if to.is_some() { 19 } else { 0 });
        let id = message.id;
        self.post(message);
        id
    }

    /// Tells the bot of an interaction.
    fn interact(
        &mut self,
        user: u64,
        channel: u64,
        kind: u64,
        data: &Value,
        message: Option<(u64, Value)>,
    ) -> u64 {
        let id = self.new_id();
        let token = format!("aW50ZXJhY3Rpb246{id:x}");
        let guild = self.guild_of(channel);
        let mut event = json!({
            "id": id.to_string(), "application_id": BOT.to_string(), "type": kind, "data": data,
            "channel_id": channel.to_string(), "token": token, "version": 1, "locale": "en-US",
            "entitlements": [], "attachment_size_limit": 10_485_760,
            "app_permissions": self.permissions_text(BOT, channel),
        });
        if let Some(found) = self.channels.get(&channel) {
            event["channel"] = self.channel_json(found);
            event["channel"]["permissions"] = self.permissions_text(user, channel).into();
        }
        if let Some(guild) = guild {
            event["guild_id"] = guild.to_string().into();
            event["guild_locale"] = "en-US".into();
            event["member"] = self.member_with_user(user);
            event["member"]["permissions"] = self.permissions_text(user, channel).into();
            event["authorizing_integration_owners"] = json!({"0": guild.to_string()});
            event["context"] = 0.into();
        } else {
            event["user"] = self.user_json(user);
            event["authorizing_integration_owners"] = json!({"0": "0"});
            event["context"] = 1.into();
        }
        let pressed = message.map(|(id, shown)| {
            event["message"] = shown;
            id
        });
        let at = self.now;
        let interaction = Interaction {
            token,
            user,
            channel,
            kind,
            pressed,
            at,
            answered: None,
            original: None,
            choices: None,
        };
        self.interactions.insert(id, interaction);
        self.gateway.dispatch("INTERACTION_CREATE", &event);
        id
    }

    /// The `data` of a command as Discord makes it of what was registered and what a person filled in.
    fn command_data(&self, channel: u64, command: &str, filled: &Value, focused: Option<&str>) -> Value {
        let mut words = command.split(' ');
        let name = words.next().unwrap_or_default();
        let scopes = [self.guild_of(channel), None];
        let registered = scopes.iter().filter_map(|scope| self.commands.get(scope)).flatten();
        let found = registered.into_iter().find(|registered| registered["name"] == name);
        let found = found.unwrap_or_else(|| panic!("/{name} is not registered"));
        let mut path = Vec::new();
        let mut level = found;
        for word in words {
            let options = level["options"].as_array().map_or(&[][..], Vec::as_slice);
            let next = options.iter().find(|o| o["name"] == word && o["type"].as_u64() <= Some(2));
            level = next.unwrap_or_else(|| panic!("/{command}: there is no {word}"));
            path.push(level);
        }
        let mut options = fill(command, level, filled, focused);
        for level in path.into_iter().rev() {
            options = vec![json!({"name": level["name"], "type": level["type"], "options": options})];
        }
        let mut data = json!({"id": found["id"], "name": name, "type": 1, "options": options});
        if let Some(guild) = found.get("guild_id") {
            data["guild_id"] = guild.clone();
        }
        data
    }

    /// The channel is one that people write into directly.
    pub(super) fn is_dm(&self, channel: u64) -> Option<u64> {
        match self.channels.get(&channel)?.kind {
            ChannelKind::Dm { with } => Some(with),
            _ => None,
        }
    }
}

/// Options with their types; a command takes none that it did not register, and all that it requires.
fn fill(command: &str, level: &Value, filled: &Value, focused: Option<&str>) -> Vec<Value> {
    let known = level["options"].as_array().map_or(&[][..], Vec::as_slice);
    let filled = filled.as_object().cloned().unwrap_or_default();
    for key in filled.keys() {
        assert!(known.iter().any(|o| o["name"] == key.as_str()), "/{command} has no option {key}");
    }
    let mut list = Vec::new();
    for option in known {
        let name = option["name"].as_str().unwrap_or_default();
        let Some(value) = filled.get(name) else {
            let missing = option["required"] == true && focused.is_none();
            assert!(!missing, "/{command} requires {name}");
            continue;
        };
        let mut one = json!({"name": name, "type": option["type"], "value": value});
        if focused == Some(name) {
            assert!(option["autocomplete"] == true, "{name} of /{command} does not complete");
            one["focused"] = true.into();
        } else {
            let choices = option["choices"].as_array().filter(|choices| !choices.is_empty());
            let offered =
                choices.is_none_or(|choices| choices.iter().any(|choice| choice["value"] == *value));
            assert!(offered, "/{command}: {value} is not a choice of {name}");
        }
        list.push(one);
    }
    list
}
