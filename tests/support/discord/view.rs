//! What people see, as plain values.

use serde_json::Value;

use super::world::{Channel, EPHEMERAL, LOADING, Message, SUPPRESS_EMBEDS, World};
use super::{BOT, CHANNEL, FakeDiscord};

/// A message as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub id: u64,
    pub channel: u64,
    /// The name of its author.
    pub author: String,
    pub by_bot: bool,
    pub content: String,
    pub embeds: Vec<Embed>,
    pub buttons: Vec<Button>,
    pub files: Vec<SeenFile>,
    /// Emoji and who reacted, in order.
    pub reactions: Vec<(String, Vec<u64>)>,
    /// It has @here or @everyone, and was allowed to call them.
    pub mentions_everyone: bool,
    /// Whom it called when it was new: `@here`, `@alex`.
    pub pinged: Vec<String>,
    /// Only this person sees it.
    pub only_for: Option<u64>,
    /// It still "is thinking".
    pub thinking: bool,
    pub reply_to: Option<u64>,
    /// How often it was edited.
    pub edits: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embed {
    pub title: String,
    pub description: String,
    /// Name and value.
    pub fields: Vec<(String, String)>,
    pub footer: String,
    pub color: Option<u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Button {
    pub label: String,
    pub custom_id: String,
    /// As documented: 1 primary, 2 secondary, 3 success, 4 danger, 5 link.
    pub style: u64,
    pub disabled: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SeenFile {
    pub name: String,
    /// Its content; what is no UTF-8 is replaced.
    pub text: String,
    /// Bytes.
    pub size: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    pub id: u64,
    pub parent: u64,
    pub name: String,
    pub archived: bool,
    pub locked: bool,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl Seen {
    /// A button by its label.
    pub fn button(&self, label: &str) -> Option<&Button> {
        self.buttons.iter().find(|button| button.label == label)
    }

    /// A field of an embed; empty when it is not there.
    pub fn field(&self, name: &str) -> String {
        let mut fields = self.embeds.iter().flat_map(|embed| &embed.fields);
        fields.find(|(field, _)| field == name).map_or_else(String::new, |(_, value)| value.clone())
    }

    /// The title of the first embed.
    pub fn title(&self) -> String {
        self.embeds.first().map_or_else(String::new, |embed| embed.title.clone())
    }
}

fn embed(value: &Value) -> Embed {
    let field = |field: &Value| (text(&field["name"]), text(&field["value"]));
    Embed {
        title: text(&value["title"]),
        description: text(&value["description"]),
        fields: list(&value["fields"]).iter().map(field).collect(),
        footer: text(&value["footer"]["text"]),
        color: value["color"].as_u64().and_then(|color| color.try_into().ok()),
    }
}

fn button(value: &Value) -> Button {
    Button {
        label: format!("{}{}", text(&value["emoji"]["name"]), text(&value["label"])),
        custom_id: text(&value["custom_id"]),
        style: value["style"].as_u64().unwrap_or(0),
        disabled: value["disabled"] == true,
    }
}

impl World {
    pub(super) fn seen(&self, message: &Message) -> Seen {
        let shown = if message.flags & SUPPRESS_EMBEDS == 0 { &message.embeds[..] } else { &[] };
        let cells = message.components.iter().flat_map(|row| list(&row["components"]));
        let file = |file: &super::world::File| SeenFile {
            name: file.name.clone(),
            text: String::from_utf8_lossy(&file.bytes).into_owned(),
            size: file.bytes.len(),
        };
        let reactions = message.reactions.iter().map(|r| (r.emoji.clone(), r.users.clone()));
        Seen {
            id: message.id,
            channel: message.channel,
            author: self.name_of(message.author).into(),
            by_bot: message.author == BOT,
            content: message.content.clone(),
            embeds: shown.iter().map(embed).collect(),
            buttons: cells.map(button).collect(),
            files: message.files.iter().map(file).collect(),
            reactions: reactions.collect(),
            mentions_everyone: message.everyone,
            pinged: message.pinged.clone(),
            only_for: message.only_for.filter(|_| message.flags & EPHEMERAL != 0),
            thinking: message.flags & LOADING != 0,
            reply_to: message.reference.filter(|_| message.kind == 19),
            edits: message.edits,
        }
    }

    /// The messages of a channel or thread in order; what only one person sees is among them.
    pub fn messages(&self, channel: u64) -> Vec<Seen> {
        let messages = self.channels.get(&channel).map(|channel| &channel.messages[..]).unwrap_or_default();
        // 21 is the copy of the message that a thread started from.
        messages.iter().filter(|message| message.kind != 21).map(|message| self.seen(message)).collect()
    }

    /// The bot's messages in a channel that everybody sees.
    pub fn posts(&self, channel: u64) -> Vec<Seen> {
        let mut messages = self.messages(channel);
        messages.retain(|message| message.by_bot && message.only_for.is_none());
        messages
    }

    /// All words of a message as they are read.
    pub fn words(&self, message: &Seen) -> String {
        let mut parts = vec![message.content.clone()];
        for embed in &message.embeds {
            parts.extend([embed.title.clone(), embed.description.clone()]);
            parts.extend(embed.fields.iter().map(|(name, value)| format!("{name}: {value}")));
        }
        parts.retain(|part| !part.is_empty());
        self.shown(&parts.join("\n"))
    }

    /// The card that asks for an approval.
    pub fn question(&self, approval: u64) -> Option<Seen> {
        let title = format!("Approval {approval}: ");
        let posts = self.threads(CHANNEL).into_iter().flat_map(|thread| self.posts(thread.id));
        posts.into_iter().find(|post| post.title().starts_with(&title))
    }

    /// A message, wherever it is.
    pub fn message_seen(&self, message: u64) -> Option<Seen> {
        self.message(message).map(|message| self.seen(message))
    }

    /// The threads of a channel, in order.
    pub fn threads(&self, channel: u64) -> Vec<Thread> {
        let of = |c: &Channel| {
            let facts = c.thread()?;
            let (archived, locked, parent) = (facts.archived, facts.locked, facts.parent);
            (parent == channel).then(|| Thread { id: c.id, parent, name: c.name.clone(), archived, locked })
        };
        self.channels.values().filter_map(of).collect()
    }

    /// The thread that started from a message.
    pub fn thread_of(&self, message: u64) -> Option<Thread> {
        let parent = self.channels.get(&message)?.thread()?.parent;
        self.threads(parent).into_iter().find(|thread| thread.id == message)
    }

    /// The direct messages with a person.
    pub fn dm(&self, user: u64) -> Vec<Seen> {
        let channel = self.channels.keys().copied().find(|id| self.is_dm(*id) == Some(user));
        channel.map_or_else(Vec::new, |channel| self.messages(channel))
    }

    /// The answers to an interaction that are done: the first and what followed it.
    pub fn answers(&self, interaction: u64) -> Vec<Seen> {
        let all = self.channels.values().flat_map(|channel| &channel.messages);
        let of = all.filter(|m| m.interaction == Some(interaction) && m.flags & LOADING == 0);
        of.map(|message| self.seen(message)).collect()
    }

    /// The interaction got its callback.
    pub fn acknowledged(&self, interaction: u64) -> bool {
        self.interactions.get(&interaction).is_some_and(|found| found.answered.is_some())
    }

    /// What only this person was shown.
    pub fn private_answers(&self, user: u64) -> Vec<Seen> {
        let all = self.channels.values().flat_map(|channel| &channel.messages);
        all.filter(|m| m.only_for == Some(user)).map(|message| self.seen(message)).collect()
    }

    /// The token of an interaction, for who answers by hand.
    pub fn token_of(&self, interaction: u64) -> String {
        self.interactions[&interaction].token.clone()
    }

    /// The names of the registered slash commands: of the guild, then those for everywhere.
    pub fn commands(&self) -> Vec<String> {
        self.commands.values().rev().flatten().map(|command| text(&command["name"])).collect()
    }

    /// What was done against the documentation.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// How many requests are kept waiting by a fault.
    pub fn hanging(&self) -> usize {
        self.faults.hanging
    }
}

impl FakeDiscord {
    /// See [`World::messages`].
    pub fn messages(&self, channel: u64) -> Vec<Seen> {
        self.inner.look(|world| world.messages(channel))
    }

    /// See [`World::threads`].
    pub fn threads(&self, channel: u64) -> Vec<Thread> {
        self.inner.look(|world| world.threads(channel))
    }

    /// The card that asks for an approval, as it stands.
    pub fn question(&self, approval: u64) -> Seen {
        let found = self.inner.look(|world| world.question(approval));
        found.unwrap_or_else(|| panic!("approval {approval} is not asked for\n{}", self.everything()))
    }

    /// See [`World::dm`].
    pub fn dm(&self, user: u64) -> Vec<Seen> {
        self.inner.look(|world| world.dm(user))
    }

    /// See [`World::transcript`].
    pub fn transcript(&self, channel: u64) -> String {
        self.inner.look(|world| world.transcript(channel))
    }

    /// Waits for the finished answer to an interaction.
    pub async fn answer(&self, interaction: u64) -> Seen {
        self.until("an answer", |world| world.answers(interaction).into_iter().next()).await
    }
}
