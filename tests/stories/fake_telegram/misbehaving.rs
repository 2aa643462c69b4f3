//! What goes wrong when a story wants it to, and what the state of a chat does not allow.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Raw, Reply};
use crate::support::telegram::{
    BASIC_GROUP, CHANNEL, Fault, GROUP, Limits, Logged, NAMELESS, OPERATOR, STRANGER, Standing, TOKEN,
};

fn hello() -> Value {
    json!({ "chat_id": GROUP, "text": "hello" })
}

fn pass(raw: &Raw, seconds: i64) {
    let end = raw.clock.time() + TimeDelta::seconds(seconds);
    while raw.clock.step(end) {}
}

#[tokio::test]
async fn calls_go_wrong_as_often_as_the_story_says() {
    let raw = Raw::start().await;
    raw.telegram.fail_next("sendMessage", 2, Fault::Refuse(500, "Internal Server Error"));
    raw.call("getMe", json!({})).await.ok();
    raw.call("sendMessage", hello()).await.is(500, "Internal Server Error");
    raw.call("sendMessage", hello()).await.is(500, "Internal Server Error");
    raw.call("sendMessage", hello()).await.ok();
    raw.telegram.fail_all("*", Fault::FloodWait(7));
    let Reply(code, body) = raw.call("getMe", json!({})).await;
    assert_eq!((code, &body["parameters"]), (429, &json!({ "retry_after": 7 })));
    raw.telegram.work_again();
    raw.call("getMe", json!({})).await.ok();
    assert_eq!(raw.telegram.messages(GROUP).len(), 1);
    let calls: Vec<Logged> = raw.telegram.see(|view| view.calls("sendMessage"));
    assert_eq!(calls.iter().map(|call| call.ok).collect::<Vec<_>>(), [false, false, true]);
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn an_answer_can_be_lost_broken_or_late() {
    let raw = Raw::start().await;
    raw.telegram.fail_next("sendMessage", 1, Fault::CloseSocket);
    assert!(raw.try_call("sendMessage", hello()).await.is_err());
    assert_eq!(raw.telegram.messages(GROUP).len(), 0);
    raw.telegram.fail_next("sendMessage", 1, Fault::DropAnswer);
    assert!(raw.try_call("sendMessage", hello()).await.is_err());
    assert_eq!(raw.telegram.messages(GROUP).len(), 1);
    raw.telegram.fail_next("sendMessage", 1, Fault::BrokenJson);
    assert!(raw.try_call("sendMessage", hello()).await.is_err_and(|error| error.is_decode()));
    raw.telegram.fail_next("sendMessage", 1, Fault::BadGateway);
    let answer = raw.http.post(raw.url("sendMessage")).json(&hello()).send().await.unwrap();
    assert_eq!(answer.status(), 502);
    assert!(answer.text().await.unwrap().contains("<html>"));
    assert_eq!(raw.telegram.messages(GROUP).len(), 1);
    for (fault, done) in [(Fault::Hang, 1), (Fault::HoldAnswer, 3)] {
        raw.telegram.fail_next("sendMessage", 1, fault);
        let (telegram, look) = (raw.telegram.clone(), raw.telegram.clone());
        let release = async move {
            telegram.until("a call hangs", |view| (view.hanging() == 1).then_some(())).await;
            assert_eq!(look.messages(GROUP).len(), done);
            telegram.release();
        };
        let (reply, ()) = tokio::join!(raw.call("sendMessage", hello()), release);
        reply.ok();
    }
    assert_eq!(raw.telegram.messages(GROUP).len(), 3);
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn a_telegram_that_is_down_closes_every_connection_until_it_is_back() {
    let raw = Raw::start().await;
    raw.send("before").await;
    let telegram = raw.telegram.clone();
    let down = async move {
        telegram.until("a poll waits", |view| (view.polls() == 1).then_some(())).await;
        telegram.go_down();
    };
    let (poll, ()) = tokio::join!(raw.try_call("getUpdates", json!({ "timeout": 50 })), down);
    assert!(poll.is_err());
    assert!(raw.try_call("getMe", json!({})).await.is_err());
    raw.telegram.come_back();
    raw.send("after").await;
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn the_server_ends_with_its_last_handle() {
    let raw = Raw::start().await;
    let url = raw.url("getMe");
    let Raw { telegram, http, .. } = raw;
    let other = telegram.clone();
    drop(telegram);
    assert!(http.get(&url).send().await.is_ok());
    drop(other);
    assert!(http.get(&url).send().await.is_err());
}

#[tokio::test]
async fn too_many_messages_meet_flood_control_by_the_clock_of_the_story() {
    let raw = Raw::start().await;
    raw.telegram.limit(Limits { group_per_minute: 3, ..Limits::documented() });
    let id = raw.send("one").await;
    pass(&raw, 20);
    raw.send("two").await;
    let edit = |text: &str| json!({ "chat_id": GROUP, "message_id": id, "text": text });
    raw.call("editMessageText", edit("three")).await.ok();
    let Reply(code, body) = raw.call("sendMessage", hello()).await;
    assert_eq!((code, &body["parameters"]["retry_after"]), (429, &json!(40)));
    assert_eq!(body["description"], "Too Many Requests: retry after 40");
    pass(&raw, 39);
    raw.call("editMessageText", edit("four")).await.is(429, "retry after 1");
    assert_eq!(raw.telegram.see(|view| view.impatient()), 1);
    // The private chat is not the group.
    raw.telegram.says_in_private(OPERATOR, "/start");
    raw.call("sendMessage", json!({ "chat_id": OPERATOR, "text": "hi" })).await.ok();
    pass(&raw, 1);
    raw.call("editMessageText", edit("four")).await.ok();
    raw.telegram.limit(Limits { group_per_minute: 100, overall_per_second: 2 });
    pass(&raw, 1);
    raw.send("a").await;
    raw.call("sendMessage", json!({ "chat_id": OPERATOR, "text": "b" })).await.ok();
    raw.call("sendMessage", hello()).await.is(429, "retry after 1");
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn a_token_is_known_unknown_or_none_at_all() {
    let raw = Raw::start().await;
    let get = async |token: &str| {
        let answer = raw.http.get(format!("{}/bot{token}/getMe", raw.telegram.api())).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["description"].clone())
    };
    assert_eq!(get(TOKEN).await.0, 200);
    assert_eq!(get(&TOKEN.replace("Test", "Best")).await, (401, json!("Unauthorized")));
    assert_eq!(get("123:short").await, (404, json!("Not Found")));
    raw.telegram.revoke_token();
    assert_eq!(get(TOKEN).await, (401, json!("Unauthorized")));
    assert!(!raw.telegram.see(|view| view.log()).contains("NotASecret"));
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn a_bot_writes_only_where_it_may() {
    let raw = Raw::start().await;
    let to = |chat: i64| json!({ "chat_id": chat, "text": "hello" });
    raw.call("sendMessage", to(-1_001)).await.is(400, "Bad Request: chat not found");
    raw.call("sendMessage", to(NAMELESS)).await.is(403, "bot can't initiate conversation with a user");
    raw.telegram.says_in_private(STRANGER, "/start");
    raw.call("sendMessage", to(STRANGER)).await.ok();
    raw.telegram.blocks(STRANGER, true);
    raw.call("sendMessage", to(STRANGER)).await.is(403, "Forbidden: bot was blocked by the user");
    raw.telegram.bot_is(GROUP, Standing::Left);
    raw.call("sendMessage", to(GROUP)).await.is(403, "bot is not a member of the supergroup chat");
    raw.telegram.bot_is(GROUP, Standing::Kicked);
    raw.call("getChat", json!({ "chat_id": GROUP })).await.is(403, "bot was kicked from the supergroup chat");
    raw.call("sendMessage", to(CHANNEL)).await.ok();
    let new = raw.telegram.upgrade_basic_group();
    let Reply(code, body) = raw.call("sendMessage", to(BASIC_GROUP)).await;
    assert_eq!((code, &body["parameters"]["migrate_to_chat_id"]), (400, &json!(new)));
    raw.call("sendMessage", to(new)).await.ok();
    let kinds: Vec<_> = raw.updates(0).await.iter().map(|u| u.as_object().unwrap().len()).collect();
    assert_eq!(kinds.len(), 5, "a start, two changes of the bot's standing, and an upgrade in both chats");
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn topics_need_a_forum_and_rights() {
    let raw = Raw::start().await;
    let create = json!({ "chat_id": GROUP, "name": "nas" });
    raw.call("createForumTopic", create.clone()).await.is(400, "the chat is not a forum");
    raw.telegram.forum(true);
    raw.telegram.bot_is(GROUP, Standing::AdministratorWithout(&["can_manage_topics"]));
    raw.call("createForumTopic", create.clone()).await.is(400, "not enough rights to create a topic");
    let theirs = raw.telegram.open_topic(OPERATOR, "theirs");
    let topic = |id: i64| json!({ "chat_id": GROUP, "message_thread_id": id });
    let into = |id: i64| json!({ "chat_id": GROUP, "message_thread_id": id, "text": "hello" });
    raw.call("closeForumTopic", topic(theirs)).await.is(400, "not enough rights to close or open the topic");
    raw.telegram.close_topic(OPERATOR, theirs);
    raw.call("sendMessage", into(theirs)).await.is(400, "TOPIC_CLOSED");
    raw.telegram.bot_is(GROUP, Standing::Administrator);
    raw.call("sendMessage", into(theirs)).await.ok();
    raw.call("closeForumTopic", topic(theirs)).await.is(400, "TOPIC_NOT_MODIFIED");
    let rename = json!({ "chat_id": GROUP, "message_thread_id": theirs, "name": "theirs" });
    raw.call("editForumTopic", rename).await.is(400, "TOPIC_NOT_MODIFIED");
    raw.call("sendMessage", into(1)).await.is(400, "message thread not found");
    raw.telegram.delete_topic(theirs);
    raw.call("sendMessage", into(theirs)).await.is(400, "message thread not found");
    raw.call("closeForumTopic", topic(theirs)).await.is(400, "TOPIC_ID_INVALID");
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn messages_that_are_gone_foreign_or_the_same_are_not_edited_answered_or_deleted() {
    let raw = Raw::start().await;
    let theirs = raw.telegram.says(OPERATOR, GROUP, "mine");
    let ours = raw.send("ours").await;
    let edit = |id: i64, text: &str| json!({ "chat_id": GROUP, "message_id": id, "text": text });
    raw.call("editMessageText", edit(theirs, "x")).await.is(400, "message can't be edited");
    raw.call("editMessageText", edit(ours, "ours ")).await.is(400, "message is not modified");
    let answer = |extra: Value| {
        let mut reply = json!({ "message_id": 4711 });
        reply.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "chat_id": GROUP, "text": "re", "reply_parameters": reply })
    };
    raw.call("sendMessage", answer(json!({}))).await.is(400, "message to be replied not found");
    raw.call("sendMessage", answer(json!({ "allow_sending_without_reply": true }))).await.ok();
    let at = |id: i64| json!({ "chat_id": GROUP, "message_id": id });
    let keys = json!({ "inline_keyboard": [[{ "text": "Yes", "callback_data": "y" }]] });
    let markup = json!({ "chat_id": GROUP, "message_id": ours, "reply_markup": keys });
    raw.call("editMessageReplyMarkup", markup).await.ok();
    raw.call("pinChatMessage", at(ours)).await.ok();
    let seen = raw.telegram.see(|view| view.message(GROUP, ours)).unwrap();
    assert_eq!(seen.buttons, [[("Yes".to_owned(), "y".to_owned())]]);
    assert!(seen.edited && seen.pinned);
    raw.call("unpinChatMessage", at(ours)).await.ok();
    assert!(!raw.telegram.see(|view| view.message(GROUP, ours)).unwrap().pinned);
    raw.call("sendChatAction", json!({ "chat_id": GROUP, "action": "typing" })).await.ok();
    raw.telegram.bot_is(GROUP, Standing::Member);
    raw.call("pinChatMessage", at(ours)).await.is(400, "not enough rights to manage pinned messages");
    raw.call("deleteMessage", at(theirs)).await.is(400, "message can't be deleted");
    pass(&raw, 49 * 3600);
    raw.call("deleteMessage", at(ours)).await.is(400, "message can't be deleted");
    raw.telegram.bot_is(GROUP, Standing::Administrator);
    raw.call("deleteMessage", at(theirs)).await.ok();
    raw.telegram.delete_message(GROUP, ours);
    raw.call("editMessageText", edit(ours, "x")).await.is(400, "message to edit not found");
    raw.call("deleteMessage", at(ours)).await.is(400, "message to delete not found");
    raw.telegram.nothing_wrong();
}
