//! What people do reaches the bot as Telegram tells it.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Raw;
use crate::support::telegram::{
    BOT, CHANNEL, GROUP, OPERATOR, OTHER_GROUP, Popup, STRANGER, SeenTopic, Standing,
};

#[tokio::test]
async fn updates_wait_a_day_and_come_again_until_they_are_confirmed() {
    let raw = Raw::start().await;
    raw.telegram.says(OPERATOR, GROUP, "one");
    raw.telegram.says(OPERATOR, GROUP, "two");
    let first = raw.updates(0).await;
    assert_eq!(first.len(), 2);
    assert_eq!(raw.updates(0).await, first);
    let id = first[1]["update_id"].as_i64().unwrap();
    assert_eq!(raw.updates(id).await, first[1..]);
    assert_eq!(raw.telegram.see(|view| view.waiting()), 1);
    let (left, ()) = tokio::join!(raw.updates(id + 1), raw.telegram.handled());
    assert!(left.is_empty());
    for text in ["three", "four", "five"] {
        raw.telegram.says(OPERATOR, GROUP, text);
    }
    assert_eq!(raw.updates(-1).await[0]["message"]["text"], "five", "those before are forgotten");
    assert_eq!(raw.telegram.see(|view| view.waiting()), 1);
    let end = raw.clock.time() + TimeDelta::hours(24);
    while raw.clock.step(end) {}
    assert!(raw.updates(0).await.is_empty());
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn a_poll_wakes_when_something_happens_and_ends_when_another_begins() {
    let raw = Raw::start().await;
    let poll = || raw.call("getUpdates", json!({ "timeout": 50 }));
    let polls = async |count: u64| {
        raw.telegram.until("a poll waits", |view| (view.polls() == count).then_some(())).await;
    };
    let speak = async {
        polls(1).await;
        raw.telegram.says(OPERATOR, GROUP, "hi");
    };
    let (woken, ()) = tokio::join!(poll(), speak);
    let id = woken.ok()[0]["update_id"].as_i64().unwrap();
    raw.updates(id + 1).await;
    let second = async {
        polls(3).await;
        raw.updates(0).await
    };
    let (first, second) = tokio::join!(poll(), second);
    first.is(409, "Conflict: terminated by other getUpdates request");
    assert!(second.is_empty());
    raw.telegram.set_webhook("https://example.org/hook");
    poll().await.is(409, "can't use getUpdates method while webhook is active");
    assert_eq!(raw.call("getWebhookInfo", json!({})).await.ok()["url"], "https://example.org/hook");
    raw.call("deleteWebhook", json!({ "drop_pending_updates": true })).await.ok();
    raw.updates(0).await;
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn commands_and_mentions_are_marked_in_utf_16() {
    let raw = Raw::start().await;
    raw.telegram.says(
        OPERATOR,
        GROUP,
        "🦀 /status@steward_bot for @steward_bot, a/b x@y.org #nas https://a.b/c.",
    );
    let message = raw.updates(0).await[0]["message"].clone();
    let found =
        message["entities"].as_array().unwrap().iter().map(|e| {
            (e["type"].as_str().unwrap(), e["offset"].as_u64().unwrap(), e["length"].as_u64().unwrap())
        });
    let found: Vec<_> = found.collect();
    let wanted =
        [("bot_command", 3, 19), ("mention", 27, 12), ("email", 45, 7), ("hashtag", 53, 4), ("url", 58, 13)];
    assert_eq!(found, wanted);
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn reactions_come_only_to_an_administrator_that_asked_for_them() {
    let raw = Raw::start().await;
    let id = raw.send("approve?").await;
    raw.telegram.react(OPERATOR, GROUP, id, &["👍"]);
    assert!(raw.updates(0).await.is_empty(), "nobody has asked for reactions before");
    raw.telegram.react(OPERATOR, GROUP, id, &["👎"]);
    raw.telegram.react_anonymously(id, &["👍"]);
    raw.telegram.bot_is(GROUP, Standing::Member);
    raw.telegram.react(STRANGER, GROUP, id, &["👍"]);
    let updates = raw.updates(0).await;
    assert_eq!(updates.len(), 2, "{updates:?}");
    let reaction = &updates[0]["message_reaction"];
    assert_eq!(reaction["user"]["id"], json!(OPERATOR));
    let emoji = |list: &Value| list[0]["emoji"].clone();
    assert_eq!(
        (emoji(&reaction["old_reaction"]), emoji(&reaction["new_reaction"])),
        (json!("👍"), json!("👎"))
    );
    assert_eq!(updates[1]["message_reaction"]["actor_chat"]["id"], json!(GROUP));
    assert!(updates[1]["message_reaction"]["user"].is_null());
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn a_press_is_answered_once_and_in_time() {
    let raw = Raw::start().await;
    let keys = json!({ "inline_keyboard": [[{ "text": "Approve", "callback_data": "y:1" }]] });
    let sent =
        raw.call("sendMessage", json!({ "chat_id": GROUP, "text": "?", "reply_markup": keys })).await.ok();
    let id = sent["message_id"].as_i64().unwrap();
    let press = raw.telegram.press(STRANGER, GROUP, id, "y:1");
    let query = raw.updates(0).await[0]["callback_query"].clone();
    assert_eq!((&query["id"], &query["data"]), (&json!(press), &json!("y:1")));
    assert_eq!((&query["from"]["id"], &query["message"]["message_id"]), (&json!(STRANGER), &json!(id)));
    let answer = |press: &str| json!({ "callback_query_id": press, "text": "Not you", "show_alert": true });
    raw.call("answerCallbackQuery", answer(&press)).await.ok();
    raw.forbidden("answerCallbackQuery", answer(&press), "it was answered before").await;
    let popup = Popup { user: STRANGER, chat: GROUP, message: id, text: "Not you".into(), alert: true };
    assert_eq!(raw.telegram.see(|view| view.popups()), [popup]);
    let late = raw.telegram.press(OPERATOR, GROUP, id, "Approve");
    let end = raw.clock.time() + TimeDelta::seconds(61);
    while raw.clock.step(end) {}
    raw.call("answerCallbackQuery", answer(&late)).await.is(400, "query is too old");
    let expired = raw.telegram.press(OPERATOR, GROUP, id, "Approve");
    raw.telegram.expire_presses();
    raw.call("answerCallbackQuery", answer(&expired)).await.is(400, "query is too old");
    raw.telegram.press_on_inaccessible(OPERATOR, GROUP, id, "y:1");
    let last = raw.updates(0).await.pop().unwrap();
    assert_eq!(last["callback_query"]["message"]["date"], 0);
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn the_group_with_topics_shows_who_said_what_where() {
    let raw = Raw::start().await;
    raw.telegram.forum(true);
    let topic = raw.telegram.open_topic(OPERATOR, "nas");
    raw.telegram.says(OPERATOR, GROUP, "in general");
    let asked = raw.telegram.says_in_topic(STRANGER, topic, "what changed?");
    let params = json!({
        "chat_id": GROUP, "text": "nothing", "message_thread_id": topic, "disable_notification": true,
        "reply_parameters": { "message_id": asked }
    });
    raw.call("sendMessage", params).await.ok();
    raw.telegram.replies(OPERATOR, GROUP, asked, "really?");
    raw.telegram.rewrites(GROUP, asked, "what changed then?");
    raw.telegram.close_topic(OPERATOR, topic);
    raw.telegram.says_in_private(OPERATOR, "/start");
    raw.telegram.says_anonymously("who am I?");
    let shown = "\
=== Homelab ===
Alex:
    in general
Homelab:
    who am I?

=== Homelab / nas (closed) ===
--- Alex opened the topic \"nas\"
Mallory (edited):
    what changed then?
Steward:
    ↩ what changed then?
    nothing
Alex:
    ↩ what changed then?
    really?
--- Alex closed the topic

=== Alex, alone with the bot ===
Alex:
    /start
";
    assert_eq!(raw.telegram.transcript(), shown);
    let topics = raw.telegram.see(|view| view.topics());
    assert_eq!(topics, [SeenTopic { id: topic, name: "nas".into(), closed: true }]);
    assert_eq!(raw.telegram.see(|view| view.in_topic(None).len()), 2);
    let found = raw.telegram.see(|view| view.find(GROUP, "nothing")).unwrap();
    assert_eq!(raw.telegram.see(|view| view.message(GROUP, found.id)).unwrap().reply_to, Some(asked));
    let updates = raw.updates(0).await;
    let in_topic = &updates[2]["message"];
    assert_eq!(
        (&in_topic["message_thread_id"], &in_topic["is_topic_message"]),
        (&json!(topic), &json!(true))
    );
    assert!(
        in_topic["reply_to_message"]["forum_topic_created"].is_object(),
        "all in a topic answers its opening"
    );
    assert_eq!(updates[4]["edited_message"]["text"], "what changed then?");
    assert_eq!(updates[7]["message"]["from"]["username"], "GroupAnonymousBot");
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn a_reply_chain_without_topics_is_a_thread_of_its_first_message() {
    let raw = Raw::start().await;
    let root = raw.send("root").await;
    let first = raw.telegram.replies(OPERATOR, GROUP, root, "a");
    raw.telegram.replies(OPERATOR, GROUP, first, "b");
    let updates = raw.updates(0).await;
    let last = &updates[1]["message"];
    assert_eq!(last["message_thread_id"], json!(root));
    assert_eq!(last["reply_to_message"]["message_id"], json!(first));
    assert!(last["is_topic_message"].is_null());
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn strange_chats_and_strange_updates_come_too() {
    let raw = Raw::start().await;
    raw.telegram.says(STRANGER, OTHER_GROUP, "nothing for a bot in privacy mode");
    raw.telegram.says(STRANGER, OTHER_GROUP, "/status");
    raw.telegram.privacy_mode(false);
    raw.telegram.says(STRANGER, OTHER_GROUP, "without privacy mode");
    raw.telegram.posts_in_channel("news");
    raw.telegram.update_of_unknown_kind();
    raw.telegram.update_without_fields();
    let updates = raw.updates(0).await;
    assert_eq!(updates.len(), 5);
    assert_eq!(updates[0]["message"]["text"], "/status");
    assert_eq!(updates[2]["channel_post"]["sender_chat"]["id"], json!(CHANNEL));
    assert!(updates[3]["telepathy"].is_object());
    assert_eq!(updates[4]["message"], json!({ "message_id": 1 }));
    let me = raw.call("getMe", json!({})).await.ok();
    assert_eq!((&me["id"], &me["can_read_all_group_messages"]), (&json!(BOT), &json!(true)));
    raw.telegram.nothing_wrong();
}
