//! A Telegram that takes everything: as much of its Bot API as a bot needs in a group with topics.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::book::{Book, now};

pub(crate) const GROUP: i64 = -1_001_234_567_890;
pub(crate) const OPERATOR: u64 = 777_000_001;
const BOT: u64 = 424_242_424;

pub(crate) fn server(book: Book) -> Router {
    Router::new().fallback(answer).with_state(book)
}

async fn answer(State(book): State<Book>, uri: Uri, body: Bytes) -> Json<Value> {
    let at = now();
    let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
    // `/bot<token>/<method>`; the case of the method does not matter.
    let method = uri.path().rsplit('/').next().unwrap_or_default().to_lowercase();
    if method == "getupdates" {
        book.connected();
        let patience = sent["timeout"].as_u64().unwrap_or_default();
        tokio::time::sleep(Duration::from_secs(patience)).await;
        return Json(json!({ "ok": true, "result": [] }));
    }
    book.request();
    let result = match method.as_str() {
        "getme" => bot(),
        "getwebhookinfo" => {
            json!({ "url": "", "has_custom_certificate": false, "pending_update_count": 0 })
        }
        "getchat" => {
            json!({ "id": GROUP, "type": "supergroup", "title": "Homelab", "is_forum": true, "accent_color_id": 1, "max_reaction_count": 11 })
        }
        "getchatmember" => member(&sent["user_id"]),
        "getchatadministrators" => json!([member(&BOT.into())]),
        "createforumtopic" => {
            json!({ "message_thread_id": book.new_id(), "name": sent["name"], "icon_color": 7_322_096 })
        }
        "sendmessage" => posted(&book, &body, &sent, at),
        _ => json!(true),
    };
    book.travel().await;
    Json(json!({ "ok": true, "result": result }))
}

/// What is first said in a topic is the root message.
fn posted(book: &Book, body: &[u8], sent: &Value, at: u64) -> Value {
    let id = book.new_id();
    match sent["message_thread_id"].as_u64() {
        Some(topic) if book.has_thread(topic) => book.in_thread(topic, at),
        Some(topic) => book.root(topic, body, at),
        None => {}
    }
    json!({
        "message_id": id, "message_thread_id": sent["message_thread_id"], "date": 1_795_248_000, "from": bot(),
        "chat": { "id": GROUP, "type": "supergroup", "title": "Homelab", "is_forum": true }, "text": sent["text"],
    })
}

fn bot() -> Value {
    json!({
        "id": BOT, "is_bot": true, "first_name": "Steward", "username": "steward_bot", "can_join_groups": true,
        "can_read_all_group_messages": true, "supports_inline_queries": false,
    })
}

fn member(user: &Value) -> Value {
    let user = if *user == json!(BOT) {
        bot()
    } else {
        json!({ "id": user, "is_bot": false, "first_name": "Alex" })
    };
    json!({
        "status": "administrator", "user": user, "can_be_edited": false, "is_anonymous": false,
        "can_manage_chat": true, "can_delete_messages": true, "can_manage_video_chats": true,
        "can_restrict_members": true, "can_promote_members": false, "can_change_info": true,
        "can_invite_users": true, "can_pin_messages": true, "can_manage_topics": true,
    })
}
