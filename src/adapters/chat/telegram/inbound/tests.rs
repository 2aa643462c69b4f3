use serde_json::{Value, json};

use super::*;
use crate::config::Secret;

const CHAT: i64 = -100_200;

fn noticed(update: Value) -> Noticed {
    let settings = TelegramSettings {
        token: Secret::known("env:TOKEN", "x"),
        chat: CHAT,
        operators: [11].into(),
        on_call: [11].into(),
        api: None,
    };
    let me =
        Person { id: 99, is_bot: true, first_name: "Steward".into(), username: Some("steward_bot".into()) };
    let update = Read::new(update).unwrap().update.unwrap();
    Reader { settings: &settings, me: &me, now: Timestamp::UNIX_EPOCH }.notice(update)
}

fn message(chat: i64, more: Value) -> Value {
    let mut message = json!({ "message_id": 7, "date": 1, "chat": { "id": chat, "type": "x" },
        "from": { "id": 11, "is_bot": false, "first_name": "Alex", "username": "alex" } });
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "update_id": 1, "message": message })
}

fn said(update: Value) -> Saying {
    match noticed(update) {
        Noticed::Said(saying) => saying,
        other => panic!("{other:?}"),
    }
}

#[test]
fn plain_words_count_only_where_they_refer_to_an_incident() {
    let in_topic = json!({ "text": "what changed?", "is_topic_message": true, "message_thread_id": 5,
        "reply_to_message": { "message_id": 5, "from": { "id": 99, "is_bot": true, "first_name": "S" } } });
    let saying = said(message(CHAT, in_topic));
    assert!(saying.only_there && !saying.inbound.addressed, "{saying:?}");
    assert_eq!(saying.refers_to, [format!("{CHAT}/topic:5")]);
    assert_eq!(saying.inbound.conversation, format!("chat:{CHAT}:7:5"));

    let reply = json!({ "text": "what changed?", "message_thread_id": 4,
        "reply_to_message": { "message_id": 4, "from": { "id": 99, "is_bot": true, "first_name": "S" } } });
    let saying = said(message(CHAT, reply));
    assert_eq!(saying.refers_to, [format!("{CHAT}/4"), format!("{CHAT}/topic:4")]);
    assert!(!saying.only_there && !saying.inbound.addressed && saying.to_mine);
    assert_eq!(saying.inbound.conversation, format!("chat:{CHAT}:7"), "a thread of replies is no topic");

    let general = said(message(CHAT, json!({ "text": "lunch?" })));
    assert!(general.only_there && general.refers_to.is_empty());
}

#[test]
fn who_said_it_is_known_by_name_and_number_and_cleaned() {
    let alex = said(message(CHAT, json!({ "text": "/status" }))).inbound;
    assert_eq!((alex.user.as_str(), alex.user_id.as_str(), alex.operator), ("alex", "11", true));
    let odd =
        json!({ "text": "/status", "from": { "id": 12, "is_bot": false, "first_name": "Eve\u{202e}\nx" } });
    let odd = said(message(CHAT, odd)).inbound;
    assert_eq!((odd.user.as_str(), odd.operator), ("Eve x", false));
}

#[test]
fn only_the_configured_chat_and_the_private_chats_of_operators_count() {
    assert!(said(message(11, json!({ "text": "status" }))).inbound.addressed);
    assert_eq!(noticed(message(12, json!({ "text": "status" }))), Noticed::Foreign(Some(12)));
    assert_eq!(noticed(message(-5, json!({ "text": "/status" }))), Noticed::Foreign(Some(-5)));
    let press = json!({ "id": "1", "from": { "id": 11, "is_bot": false, "first_name": "A" }, "data": "approve 7",
        "chat_instance": "1", "message": { "message_id": 3, "date": 0, "chat": { "id": -5, "type": "x" } } });
    assert_eq!(noticed(json!({ "update_id": 1, "callback_query": press })), Noticed::Foreign(None));
}

#[test]
fn bots_services_and_what_the_group_itself_says_are_nothing() {
    for more in [
        json!({ "text": "/approve 7", "from": { "id": 9, "is_bot": true, "first_name": "B" } }),
        json!({ "text": "all is fine", "sender_chat": { "id": CHAT, "type": "supergroup" } }),
        json!({ "text": "/approve 7", "from": null }),
        json!({ "forum_topic_created": { "name": "x", "icon_color": 1 } }),
        json!({ "text": "/approve 7", "forward_origin": { "type": "hidden_user", "date": 1, "sender_user_name": "E" } }),
    ] {
        assert_eq!(noticed(message(CHAT, more.clone())), Noticed::Nothing, "{more}");
    }
}

#[test]
fn who_commands_as_the_group_is_nobody_in_particular_and_is_answered() {
    let group = json!({ "id": CHAT, "type": "supergroup", "title": "Lab" });
    let from = json!({ "id": 1_087_968_824, "is_bot": true, "first_name": "Group" });
    let saying = said(message(CHAT, json!({ "text": "/approve 7", "sender_chat": &group, "from": &from })));
    let Inbound { user, user_id, operator, conversation, .. } = saying.inbound;
    assert_eq!((user.as_str(), user_id, operator), ("somebody anonymous from Lab", CHAT.to_string(), false));
    assert!(conversation.starts_with("hidden:"), "{conversation}");
    let saying = said(message(CHAT, json!({ "text": "/status", "sender_chat": group, "from": from })));
    assert!(saying.inbound.conversation.starts_with("chat:"), "everybody may ask that");
}

#[test]
fn a_press_is_the_command_of_its_button_also_on_a_message_that_is_too_old_to_be_seen() {
    let press = json!({ "id": "77", "from": { "id": 12, "is_bot": false, "first_name": "Eve" }, "data": "approve 7",
        "chat_instance": "1", "message": { "message_id": 3, "date": 0, "chat": { "id": CHAT, "type": "x" } } });
    let saying = said(json!({ "update_id": 1, "callback_query": press }));
    assert_eq!(saying.refers_to, [format!("{CHAT}/3")]);
    assert_eq!((saying.inbound.text.as_str(), saying.inbound.operator), ("approve 7", false));
    assert_eq!(saying.inbound.conversation, "press:77");
}

#[test]
fn a_topic_is_recognized_also_if_nothing_says_that_it_is_one() {
    let saying = said(message(CHAT, json!({ "text": "what changed?", "message_thread_id": 5 })));
    assert_eq!(saying.refers_to, [format!("{CHAT}/topic:5")]);
    assert!(saying.only_there && !saying.to_mine);
    let closed = message(CHAT, json!({ "message_thread_id": 5, "forum_topic_closed": {} }));
    assert_eq!(noticed(closed), Noticed::Closed(5));
}

#[test]
fn a_command_of_another_bot_without_its_name_is_not_said_to_steward() {
    let saying = said(message(CHAT, json!({ "text": "/weather london" })));
    assert!(!saying.inbound.addressed && !saying.only_there, "a mistyped one is still helped: {saying:?}");
    assert!(said(message(CHAT, json!({ "text": "/status" }))).inbound.addressed);
    assert!(said(message(11, json!({ "text": "/weather" }))).inbound.addressed);
}
