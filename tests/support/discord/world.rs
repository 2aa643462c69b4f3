//! The state of the fake: one guild with its people, channels and messages.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::faults::Faults;
use super::limits::Limits;
use super::permissions::Rights;
use super::session::Gateway;
use super::{BOT, CHANNEL, FOREIGN_CHANNEL, GUILD, OPERATOR, OTHER_CHANNEL, OTHER_GUILD, STRANGER, TOKEN};

/// The first millisecond of Discord's snowflakes.
const EPOCH: i64 = 1_420_070_400_000;

/// Everything Discord knows.
pub struct World {
    pub(super) now: DateTime<Utc>,
    last_id: u64,
    /// The token that is accepted.
    pub(super) token: String,
    /// The privileged intents that are switched on in the developer portal.
    pub(super) privileged: u64,
    pub(super) people: BTreeMap<u64, Person>,
    pub(super) channels: BTreeMap<u64, Channel>,
    pub(super) interactions: BTreeMap<u64, Interaction>,
    /// Messages whose thread was deleted and that get no second one.
    pub(super) spent: BTreeSet<u64>,
    pub(super) threads_come_once: bool,
    /// The commands of the guild, and those for everywhere.
    pub(super) commands: BTreeMap<Option<u64>, Vec<Value>>,
    pub(super) rights: Rights,
    pub(super) gateway: Gateway,
    pub(super) faults: Faults,
    pub(super) limits: Limits,
    pub(super) violations: Vec<String>,
    pub(super) log: Vec<String>,
}

/// Somebody with an account.
pub(super) struct Person {
    pub(super) name: &'static str,
    /// Takes direct messages.
    pub(super) takes_dms: bool,
}

/// Where messages are.
#[derive(Clone)]
pub(super) struct Channel {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) kind: ChannelKind,
    pub(super) messages: Vec<Message>,
}

#[derive(Clone)]
pub(super) enum ChannelKind {
    Text { guild: u64 },
    Dm { with: u64 },
    Thread(ThreadFacts),
}

#[derive(Clone)]
pub(super) struct ThreadFacts {
    pub(super) guild: u64,
    pub(super) parent: u64,
    pub(super) archived: bool,
    pub(super) locked: bool,
    /// Minutes.
    pub(super) auto_archive: u64,
    pub(super) changed: DateTime<Utc>,
}

#[derive(Clone)]
pub(super) struct Message {
    pub(super) id: u64,
    pub(super) channel: u64,
    pub(super) author: u64,
    pub(super) content: String,
    pub(super) embeds: Vec<Value>,
    pub(super) components: Vec<Value>,
    pub(super) files: Vec<File>,
    pub(super) reactions: Vec<Reaction>,
    /// `mention_everyone`: it has @everyone or @here, and that was allowed.
    pub(super) everyone: bool,
    /// Whom it called when it was new; edits call nobody.
    pub(super) pinged: Vec<String>,
    pub(super) mentions: Vec<u64>,
    pub(super) nonce: Option<String>,
    pub(super) reference: Option<u64>,
    pub(super) flags: u64,
    pub(super) kind: u64,
    pub(super) at: DateTime<Utc>,
    pub(super) edited: Option<DateTime<Utc>>,
    pub(super) edits: usize,
    /// Only this person sees it.
    pub(super) only_for: Option<u64>,
    pub(super) interaction: Option<u64>,
}

#[derive(Clone)]
pub(super) struct File {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

#[derive(Clone)]
pub(super) struct Reaction {
    pub(super) emoji: String,
    pub(super) users: Vec<u64>,
}

/// A slash command, a press of a button, or the completion of an option.
pub(super) struct Interaction {
    pub(super) token: String,
    pub(super) user: u64,
    pub(super) channel: u64,
    /// As documented: 2 command, 3 component, 4 autocompletion.
    pub(super) kind: u64,
    /// The message whose button was pressed.
    pub(super) pressed: Option<u64>,
    pub(super) at: DateTime<Utc>,
    /// The type of the callback that answered it.
    pub(super) answered: Option<u64>,
    /// What `@original` is.
    pub(super) original: Option<u64>,
    pub(super) choices: Option<Vec<Value>>,
}

pub(super) const SUPPRESS_EMBEDS: u64 = 1 << 2;
pub(super) const HAS_THREAD: u64 = 1 << 5;
pub(super) const EPHEMERAL: u64 = 1 << 6;
pub(super) const LOADING: u64 = 1 << 7;
pub(super) const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;

impl World {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        let person = |id, name| (id, Person { name, takes_dms: true });
        let text = |id, name: &str, guild| {
            (id, Channel { id, name: name.into(), kind: ChannelKind::Text { guild }, messages: Vec::new() })
        };
        Self {
            now,
            last_id: 0,
            token: TOKEN.into(),
            privileged: super::session::intent::MESSAGE_CONTENT,
            people: [person(BOT, "Steward"), person(OPERATOR, "alex"), person(STRANGER, "mallory")].into(),
            channels: [
                text(CHANNEL, "ops", GUILD),
                text(OTHER_CHANNEL, "random", GUILD),
                text(FOREIGN_CHANNEL, "elsewhere", OTHER_GUILD),
            ]
            .into(),
            interactions: BTreeMap::new(),
            spent: BTreeSet::new(),
            threads_come_once: false,
            commands: BTreeMap::new(),
            rights: Rights::default(),
            gateway: Gateway::default(),
            faults: Faults::default(),
            limits: Limits::default(),
            violations: Vec::new(),
            log: Vec::new(),
        }
    }

    /// A new snowflake: later ones are greater.
    pub(super) fn new_id(&mut self) -> u64 {
        let time = (self.now.timestamp_millis() - EPOCH).cast_unsigned() << 22;
        self.last_id = (self.last_id + 1).max(time);
        self.last_id
    }

    pub(super) fn name_of(&self, user: u64) -> &'static str {
        self.people.get(&user).map_or("somebody", |person| person.name)
    }

    /// A message, wherever it is.
    pub(super) fn message(&self, id: u64) -> Option<&Message> {
        self.channels.values().flat_map(|channel| &channel.messages).find(|message| message.id == id)
    }

    pub(super) fn message_mut(&mut self, id: u64) -> Option<&mut Message> {
        self.channels.values_mut().flat_map(|channel| &mut channel.messages).find(|message| message.id == id)
    }

    pub(super) fn guild_of(&self, channel: u64) -> Option<u64> {
        match &self.channels.get(&channel)?.kind {
            ChannelKind::Text { guild } => Some(*guild),
            ChannelKind::Thread(facts) => Some(facts.guild),
            ChannelKind::Dm { .. } => None,
        }
    }

    /// The direct channel between the bot and a person; opened when there is none.
    pub(super) fn dm_with(&mut self, user: u64) -> u64 {
        let open = |c: &&Channel| matches!(c.kind, ChannelKind::Dm { with } if with == user);
        if let Some(channel) = self.channels.values().find(open) {
            return channel.id;
        }
        let id = self.new_id();
        let (name, kind) = (self.name_of(user).to_owned(), ChannelKind::Dm { with: user });
        self.channels.insert(id, Channel { id, name, kind, messages: Vec::new() });
        id
    }
}

impl Channel {
    pub(super) fn thread(&self) -> Option<&ThreadFacts> {
        match &self.kind {
            ChannelKind::Thread(facts) => Some(facts),
            _ => None,
        }
    }

    pub(super) fn thread_mut(&mut self) -> Option<&mut ThreadFacts> {
        match &mut self.kind {
            ChannelKind::Thread(facts) => Some(facts),
            _ => None,
        }
    }
}

impl Message {
    /// An empty message of now.
    pub(super) fn new(id: u64, channel: u64, author: u64, at: DateTime<Utc>) -> Self {
        Self {
            id,
            channel,
            author,
            at,
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            files: Vec::new(),
            reactions: Vec::new(),
            everyone: false,
            pinged: Vec::new(),
            mentions: Vec::new(),
            nonce: None,
            reference: None,
            flags: 0,
            kind: 0,
            edited: None,
            edits: 0,
            only_for: None,
            interaction: None,
        }
    }
}
