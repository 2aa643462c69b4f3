//! A Discord that takes everything: as much of its REST API as a bot needs that has one channel.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{State, WebSocketUpgrade};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::book::{Book, now};
use crate::gateway::Gateway;

pub(crate) const GUILD: u64 = 1_101_010_101_010_101_010;
pub(crate) const CHANNEL: u64 = 1_111_111_111_111_111_101;
pub(crate) const OPERATOR: u64 = 1_333_333_333_333_333_401;
const BOT: u64 = 1_424_242_424_242_424_242;
/// The ids of messages are as long as those of others.
const FIRST: u64 = 1_500_000_000_000_000_000;

#[derive(Clone)]
struct Discord {
    book: Book,
    gateway: Gateway,
    address: SocketAddr,
}

pub(crate) fn server(book: Book, address: SocketAddr) -> Router {
    let gateway = Gateway::new([("READY", ready()), ("GUILD_CREATE", guild())]);
    Router::new().route("/", get(talk)).fallback(answer).with_state(Discord { book, gateway, address })
}

async fn talk(State(discord): State<Discord>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| async move { discord.gateway.talk(socket, &discord.book).await })
}

async fn answer(State(discord): State<Discord>, method: Method, uri: Uri, body: Bytes) -> Response {
    let at = now();
    discord.book.request();
    let path: Vec<&str> = uri.path().trim_start_matches("/api/v10/").split('/').collect();
    let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
    let found = match (method.as_str(), &path[..]) {
        ("GET", ["gateway"]) => json!({ "url": format!("ws://{}", discord.address) }),
        ("GET", ["users", "@me"]) => bot(),
        ("GET", ["applications", "@me"]) => json!({ "id": BOT.to_string(), "flags": 1 << 19 }),
        ("GET", ["guilds", _]) => guild(),
        ("GET", ["guilds", _, "members", user]) => {
            json!({ "user": { "id": user, "username": "alex" }, "roles": [] })
        }
        ("GET", ["channels", _]) => channel(),
        ("PUT", ["applications", .., "commands"]) => sent,
        ("POST", ["channels", place, "messages"]) => discord.posted(place, &body, sent, at),
        ("PATCH", ["channels", place, "messages", id]) => message(place, id, sent),
        ("POST", ["channels", _, "messages", id, "threads"]) => {
            json!({ "id": id, "type": 11, "guild_id": GUILD.to_string(), "parent_id": CHANNEL.to_string(), "name": sent["name"] })
        }
        ("PATCH", ["channels", id]) => json!({ "id": id, "type": 11 }),
        _ => {
            return (StatusCode::NOT_FOUND, Json(json!({ "message": "404: Not Found", "code": 0 })))
                .into_response();
        }
    };
    discord.book.travel().await;
    Json(found).into_response()
}

impl Discord {
    fn posted(&self, place: &str, body: &[u8], sent: Value, at: u64) -> Value {
        let id = FIRST + self.book.new_id();
        match place.parse::<u64>() {
            Ok(CHANNEL) => self.book.root(id, body, at),
            Ok(thread) => self.book.in_thread(thread, at),
            Err(_) => {}
        }
        let message = message(place, &id.to_string(), sent);
        // Steward hears of its own messages too.
        let mut event = message.clone();
        event["guild_id"] = GUILD.to_string().into();
        self.gateway.tell("MESSAGE_CREATE", event);
        message
    }
}

fn message(channel: &str, id: &str, sent: Value) -> Value {
    let mut message = json!({
        "id": id, "channel_id": channel, "author": bot(), "content": "", "embeds": [], "components": [],
        "timestamp": "2026-11-21T08:00:00.000000+00:00", "edited_timestamp": null, "tts": false,
        "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [], "pinned": false,
        "type": 0, "flags": 0,
    });
    for field in ["content", "embeds", "components", "nonce"] {
        if let Some(value) = sent.get(field) {
            message[field] = value.clone();
        }
    }
    message
}

fn bot() -> Value {
    json!({
        "id": BOT.to_string(), "username": "Steward", "discriminator": "4242", "global_name": null, "avatar": null,
        "bot": true, "mfa_enabled": true, "verified": true, "email": null, "flags": 0, "public_flags": 0,
    })
}

fn ready() -> Value {
    json!({
        "v": 10, "user": bot(), "guilds": [{ "id": GUILD.to_string(), "unavailable": true }], "session_id": "0",
        "resume_gateway_url": "ws://127.0.0.1:9", "shard": [0, 1],
        "application": { "id": BOT.to_string(), "flags": 1 << 19 },
    })
}

fn channel() -> Value {
    json!({
        "id": CHANNEL.to_string(), "type": 0, "guild_id": GUILD.to_string(), "position": 0, "name": "ops",
        "topic": null, "nsfw": false, "last_message_id": null, "rate_limit_per_user": 0, "parent_id": null,
        "flags": 0, "permission_overwrites": [],
    })
}

fn guild() -> Value {
    let everyone = json!({
        "id": GUILD.to_string(), "name": "@everyone", "color": 0, "hoist": false, "icon": null,
        "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null },
        "unicode_emoji": null, "position": 0, "permissions": u64::MAX.to_string(), "managed": false,
        "mentionable": false, "flags": 0,
    });
    json!({
        "id": GUILD.to_string(), "name": "Homelab", "icon": null, "splash": null, "discovery_splash": null,
        "owner_id": OPERATOR.to_string(), "afk_channel_id": null, "afk_timeout": 300, "verification_level": 0,
        "default_message_notifications": 0, "explicit_content_filter": 0, "roles": [everyone], "emojis": [],
        "features": [], "mfa_level": 0, "application_id": null, "system_channel_id": null,
        "system_channel_flags": 0, "rules_channel_id": null, "vanity_url_code": null, "description": null,
        "banner": null, "premium_tier": 0, "preferred_locale": "en-US", "public_updates_channel_id": null,
        "nsfw_level": 0, "stickers": [], "premium_progress_bar_enabled": false, "safety_alerts_channel_id": null,
        "widget_enabled": false, "joined_at": "2025-01-01T00:00:00.000000+00:00", "large": false,
        "unavailable": false, "member_count": 2, "voice_states": [], "members": [], "channels": [channel()],
        "threads": [], "presences": [], "stage_instances": [], "guild_scheduled_events": [],
    })
}
