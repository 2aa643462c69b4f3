//! What the bot may do where: roles, and what channels change of them.

use std::collections::BTreeMap;

use super::wire::{Refusal, refuse};
use super::world::World;
use super::{BOT, FakeDiscord, GUILD};

/// Bits of permissions, as documented.
pub mod permission {
    pub const ADMINISTRATOR: u64 = 1 << 3;
    pub const ADD_REACTIONS: u64 = 1 << 6;
    pub const VIEW_CHANNEL: u64 = 1 << 10;
    pub const SEND_MESSAGES: u64 = 1 << 11;
    pub const MANAGE_MESSAGES: u64 = 1 << 13;
    pub const EMBED_LINKS: u64 = 1 << 14;
    pub const ATTACH_FILES: u64 = 1 << 15;
    pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
    pub const MENTION_EVERYONE: u64 = 1 << 17;
    pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
    pub const MANAGE_THREADS: u64 = 1 << 34;
    pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
    pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
}

use permission::*;

/// The role that came with the bot.
pub(super) const BOT_ROLE: u64 = 1_101_010_101_010_101_999;

/// What an administrator has: every documented bit.
const EVERYTHING: u64 = (1 << 51) - 1;

/// What roles and channels allow.
pub(super) struct Rights {
    /// By role.
    pub(super) roles: BTreeMap<u64, u64>,
    /// By channel: for which role or member, what is allowed, what is denied.
    pub(super) overwrites: BTreeMap<u64, Vec<Overwrite>>,
}

#[derive(Clone, Copy)]
pub(super) struct Overwrite {
    pub(super) of: u64,
    pub(super) member: bool,
    pub(super) allow: u64,
    pub(super) deny: u64,
}

impl Default for Rights {
    fn default() -> Self {
        let everyone = VIEW_CHANNEL
            | SEND_MESSAGES
            | SEND_MESSAGES_IN_THREADS
            | READ_MESSAGE_HISTORY
            | ADD_REACTIONS
            | USE_APPLICATION_COMMANDS;
        let bot = CREATE_PUBLIC_THREADS | EMBED_LINKS | ATTACH_FILES | MANAGE_THREADS | MENTION_EVERYONE;
        Self { roles: [(GUILD, everyone), (BOT_ROLE, everyone | bot)].into(), overwrites: BTreeMap::new() }
    }
}

impl Rights {
    /// The permissions of roles in a channel, in the order the documentation gives.
    fn effective(&self, roles: &[u64], member: u64, channel: u64) -> u64 {
        let base = roles.iter().filter_map(|role| self.roles.get(role)).fold(0, |all, bits| all | bits);
        if base & ADMINISTRATOR != 0 {
            return EVERYTHING;
        }
        let none = Vec::new();
        let overwrites = self.overwrites.get(&channel).unwrap_or(&none);
        let apply = |bits: u64, these: &dyn Fn(&Overwrite) -> bool| {
            let these = overwrites.iter().filter(|o| these(o));
            let (allow, deny) = these.fold((0, 0), |(allow, deny), o| (allow | o.allow, deny | o.deny));
            (bits & !deny) | allow
        };
        let bits = apply(base, &|o| o.of == GUILD);
        let bits = apply(bits, &|o| !o.member && o.of != GUILD && roles.contains(&o.of));
        let bits = apply(bits, &|o| o.member && o.of == member);
        if bits & VIEW_CHANNEL == 0 { 0 } else { bits }
    }
}

impl World {
    /// What somebody may do in a channel of the guild; a thread has the permissions of its parent.
    pub(super) fn permissions(&self, user: u64, channel: u64) -> u64 {
        let parent = self.channels.get(&channel).and_then(|c| c.thread()).map_or(channel, |t| t.parent);
        let roles: &[u64] = if user == BOT { &[GUILD, BOT_ROLE] } else { &[GUILD] };
        self.rights.effective(roles, user, parent)
    }

    /// The bot may do that in the channel; without a sight of it, it is `Missing Access`.
    pub(super) fn allowed(&self, channel: u64, needed: u64) -> Result<(), Refusal> {
        match self.guild_of(channel) {
            None => return Ok(()),
            Some(GUILD) => {}
            Some(_) => return Err(refuse(50_001)),
        }
        let has = self.permissions(BOT, channel);
        if has & VIEW_CHANNEL == 0 {
            Err(refuse(50_001))
        } else if has & needed != needed {
            Err(refuse(50_013))
        } else {
            Ok(())
        }
    }
}

impl FakeDiscord {
    /// Takes permissions from the bot: from its role and from @everyone.
    pub fn take_permission(&self, bits: u64) {
        self.inner.change(|world| world.rights.roles.values_mut().for_each(|has| *has &= !bits));
    }

    /// Gives permissions to the role of the bot.
    pub fn give_permission(&self, bits: u64) {
        self.inner.change(|world| *world.rights.roles.entry(BOT_ROLE).or_default() |= bits);
    }

    /// Allows and denies in one channel: for a person or the bot, or for @everyone ([`GUILD`]).
    pub fn overwrite(&self, channel: u64, of: u64, allow: u64, deny: u64) {
        self.inner.change(|world| {
            let overwrites = world.rights.overwrites.entry(channel).or_default();
            overwrites.retain(|overwrite| overwrite.of != of);
            overwrites.push(Overwrite { of, member: world.people.contains_key(&of), allow, deny });
        });
    }
}
