//! Users, channels, messages and the guild as Discord shows them in JSON.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::permissions::BOT_ROLE;
use super::world::{Channel, ChannelKind, HAS_THREAD, Message, SUPPRESS_EMBEDS, World};
use super::{BOT, GUILD, OPERATOR};

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, false)
}

pub(super) fn bot_user() -> Value {
    let mut user = user(BOT, "Steward");
    user["mfa_enabled"] = true.into();
    user["verified"] = true.into();
    user["email"] = Value::Null;
    user["flags"] = 0.into();
    user
}

fn user(id: u64, name: &str) -> Value {
    let mut user = json!({
        "id": id.to_string(), "username": name, "discriminator": "0", "global_name": null, "avatar": null,
        "avatar_decoration_data": null, "banner": null, "accent_color": null, "public_flags": 0,
    });
    if id == BOT {
        user["bot"] = true.into();
        user["discriminator"] = "4242".into();
    }
    user
}

impl World {
    pub(super) fn user_json(&self, id: u64) -> Value {
        user(id, self.name_of(id))
    }

    /// A member of the guild, without the user.
    pub(super) fn member_json(&self, id: u64) -> Value {
        let roles = if id == BOT { vec![BOT_ROLE.to_string()] } else { Vec::new() };
        json!({
            "roles": roles, "nick": null, "avatar": null, "banner": null, "premium_since": null,
            "joined_at": "2025-01-01T00:00:00.000000+00:00", "deaf": false, "mute": false, "flags": 0,
            "pending": false, "communication_disabled_until": null,
        })
    }

    pub(super) fn member_with_user(&self, id: u64) -> Value {
        let mut member = self.member_json(id);
        member["user"] = self.user_json(id);
        member
    }

    pub(super) fn application_flags(&self) -> u64 {
        // GATEWAY_MESSAGE_CONTENT_LIMITED: the switch of an application in fewer than 100 guilds.
        if self.privileged & super::session::intent::MESSAGE_CONTENT == 0 { 0 } else { 1 << 19 }
    }

    pub(super) fn application_json(&self) -> Value {
        json!({
            "id": BOT.to_string(), "name": "Steward", "icon": null, "description": "", "rpc_origins": [],
            "bot_public": false, "bot_require_code_grant": false, "bot": bot_user(),
            "owner": self.user_json(OPERATOR), "verify_key": "00".repeat(32), "team": null,
            "flags": self.application_flags(), "approximate_guild_count": 1,
            "approximate_user_install_count": 0, "integration_types_config": {"0": {}},
        })
    }

    pub(super) fn roles_json(&self) -> Value {
        let role = |(id, bits): (&u64, &u64)| {
            let bot = *id == BOT_ROLE;
            let mut role = json!({
                "id": id.to_string(), "name": if bot { "Steward" } else { "@everyone" }, "color": 0,
                "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
                "hoist": false, "icon": null, "unicode_emoji": null, "position": u8::from(bot),
                "permissions": bits.to_string(), "managed": bot, "mentionable": false, "flags": 0,
            });
            if bot {
                role["tags"] = json!({"bot_id": BOT.to_string()});
            }
            role
        };
        self.rights.roles.iter().map(role).collect()
    }

    pub(super) fn guild_json(&self) -> Value {
        json!({
            "id": GUILD.to_string(), "name": "Homelab", "icon": null, "splash": null,
            "discovery_splash": null, "owner_id": OPERATOR.to_string(), "afk_channel_id": null,
            "afk_timeout": 300, "verification_level": 0, "default_message_notifications": 0,
            "explicit_content_filter": 0, "roles": self.roles_json(), "emojis": [], "features": [],
            "mfa_level": 0, "application_id": null, "system_channel_id": null, "system_channel_flags": 0,
            "rules_channel_id": null, "vanity_url_code": null, "description": null, "banner": null,
            "premium_tier": 0, "preferred_locale": "en-US", "public_updates_channel_id": null,
            "nsfw_level": 0, "stickers": [], "premium_progress_bar_enabled": false,
            "safety_alerts_channel_id": null, "incidents_data": null, "widget_enabled": false,
        })
    }

    pub(super) fn guild_create(&self) -> Value {
        let mut guild = self.guild_json();
        let channels = self.channels_json(GUILD);
        let live = |c: &&Channel| c.thread().is_some_and(|t| t.guild == GUILD && !t.archived);
        let threads: Vec<_> = self.channels.values().filter(live).map(|c| self.channel_json(c)).collect();
        let extra = json!({
            "joined_at": "2025-01-01T00:00:00.000000+00:00", "large": false, "unavailable": false,
            "member_count": self.people.len(), "voice_states": [],
            "members": self.people.keys().map(|id| self.member_with_user(*id)).collect::<Vec<_>>(),
            "channels": channels, "threads": threads, "presences": [], "stage_instances": [],
            "guild_scheduled_events": [], "soundboard_sounds": [],
        });
        for (key, value) in extra.as_object().into_iter().flatten() {
            guild[key] = value.clone();
        }
        guild
    }

    /// The channels of a guild; threads are not among them.
    pub(super) fn channels_json(&self, of: u64) -> Vec<Value> {
        let here = |c: &&Channel| matches!(c.kind, ChannelKind::Text { guild } if guild == of);
        self.channels.values().filter(here).map(|channel| self.channel_json(channel)).collect()
    }

    pub(super) fn channel_json(&self, channel: &Channel) -> Value {
        let last = channel.messages.last().map(|message| message.id.to_string());
        match &channel.kind {
            ChannelKind::Text { guild } => json!({
                "id": channel.id.to_string(), "type": 0, "guild_id": guild.to_string(), "position": 0,
                "name": channel.name, "topic": null, "nsfw": false, "last_message_id": last,
                "rate_limit_per_user": 0, "parent_id": null, "flags": 0,
                "permission_overwrites": self.overwrites_json(channel.id),
            }),
            ChannelKind::Dm { with } => json!({
                "id": channel.id.to_string(), "type": 1, "last_message_id": last, "flags": 0,
                "recipients": [self.user_json(*with)],
            }),
            ChannelKind::Thread(facts) => json!({
                "id": channel.id.to_string(), "type": 11, "guild_id": facts.guild.to_string(),
                "parent_id": facts.parent.to_string(), "owner_id": BOT.to_string(), "name": channel.name,
                "last_message_id": last, "rate_limit_per_user": 0, "flags": 0,
                "message_count": channel.messages.len(), "member_count": 1,
                "total_message_sent": channel.messages.len(),
                "thread_metadata": {
                    "archived": facts.archived, "auto_archive_duration": facts.auto_archive,
                    "archive_timestamp": time(facts.changed), "locked": facts.locked,
                    "create_timestamp": time(facts.changed),
                },
            }),
        }
    }

    fn overwrites_json(&self, channel: u64) -> Vec<Value> {
        let one = |o: &super::permissions::Overwrite| {
            json!({
                "id": o.of.to_string(), "type": u8::from(o.member),
                "allow": o.allow.to_string(), "deny": o.deny.to_string(),
            })
        };
        self.rights.overwrites.get(&channel).into_iter().flatten().map(one).collect()
    }

    /// A message as the REST API shows it.
    pub(super) fn message_json(&self, message: &Message) -> Value {
        let embeds = if message.flags & SUPPRESS_EMBEDS == 0 { message.embeds.clone() } else { Vec::new() };
        let thread = self.channels.get(&message.id).filter(|channel| channel.thread().is_some());
        let flags = message.flags | if thread.is_some() { HAS_THREAD } else { 0 };
        let mut value = json!({
            "id": message.id.to_string(), "channel_id": message.channel.to_string(),
            "author": self.user_json(message.author), "content": message.content,
            "timestamp": time(message.at), "edited_timestamp": message.edited.map(time), "tts": false,
            "mention_everyone": message.everyone,
            "mentions": message.mentions.iter().map(|id| self.user_json(*id)).collect::<Vec<_>>(),
            "mention_roles": [], "attachments": self.attachments_json(message), "embeds": embeds,
            "pinned": false, "type": message.kind, "flags": flags, "components": message.components,
        });
        if !message.reactions.is_empty() {
            value["reactions"] = message.reactions.iter().map(reaction_json).collect();
        }
        if let Some(thread) = thread {
            value["thread"] = self.channel_json(thread);
        }
        if message.interaction.is_some() {
            value["application_id"] = BOT.to_string().into();
            value["webhook_id"] = BOT.to_string().into();
        }
        if let Some(to) = message.reference {
            let channel = self.message(to).map_or(message.channel, |m| m.channel);
            value["message_reference"] =
                json!({"type": 0, "message_id": to.to_string(), "channel_id": channel.to_string()});
            if let Some(guild) = self.guild_of(channel) {
                value["message_reference"]["guild_id"] = guild.to_string().into();
            }
            // One level deep, as documented.
            let shallow = self.message(to).map(|m| Message { reference: None, ..m.clone() });
            value["referenced_message"] = shallow.map_or(Value::Null, |m| self.message_json(&m));
        }
        value
    }

    fn attachments_json(&self, message: &Message) -> Vec<Value> {
        let one = |file: &super::world::File| {
            let url = format!(
                "https://cdn.discordapp.com/attachments/{}/{}/{}",
                message.channel, file.id, file.name
            );
            json!({
                "id": file.id.to_string(), "filename": file.name, "size": file.bytes.len(), "url": url,
                "proxy_url": url, "content_type": "application/octet-stream",
            })
        };
        message.files.iter().map(one).collect()
    }

    /// A message as the gateway tells it: without its content where the intent for that is missing.
    pub(super) fn message_event(&self, message: &Message) -> Value {
        let mut value = self.message_json(message);
        let guild = self.guild_of(message.channel);
        if let Some(guild) = guild {
            value["guild_id"] = guild.to_string().into();
            value["member"] = self.member_json(message.author);
        }
        if let Some(nonce) = &message.nonce {
            value["nonce"] = nonce.as_str().into();
        }
        let exempt = guild.is_none() || message.author == BOT || message.mentions.contains(&BOT);
        if !exempt && self.gateway.intents() & super::session::intent::MESSAGE_CONTENT == 0 {
            for (field, nothing) in [
                ("content", json!("")),
                ("embeds", json!([])),
                ("attachments", json!([])),
                ("components", json!([])),
            ] {
                value[field] = nothing;
            }
        }
        value
    }

    /// The permissions of somebody in a channel, as interactions tell them.
    pub(super) fn permissions_text(&self, user: u64, channel: u64) -> String {
        self.permissions(user, channel).to_string()
    }
}

fn reaction_json(reaction: &super::world::Reaction) -> Value {
    let count = reaction.users.len();
    json!({
        "emoji": {"id": null, "name": reaction.emoji}, "count": count, "me": reaction.users.contains(&BOT),
        "count_details": {"burst": 0, "normal": count}, "me_burst": false, "burst_colors": [],
    })
}
