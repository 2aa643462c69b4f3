//! What people type in the group, in a topic, as a reply and in private.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::support::telegram::NAMELESS;
use super::super::support::transcript::same_as_kept;
use super::*;

/// A Steward with an incident, and where people talk about it.
async fn busy<'lab>(lab: &'lab Lab, telegram: &FakeTelegram) -> (Bot<'lab>, i64) {
    let bot = lab.start().await;
    listens(telegram).await;
    lab.host.break_("vm/db", "slow");
    bot.pass(min(6)).await;
    lab.host.break_("vm/web", "odd");
    bot.pass(min(5)).await;
    let root = said(telegram, "#1 vm/db").id;
    (bot, root)
}

/// Somebody says something about the first incident: in its topic, or as a reply to its root.
fn says_about_it(telegram: &FakeTelegram, user: i64, root: i64, text: &str) -> i64 {
    match topic(telegram) {
        Some(topic) => telegram.says_in_topic(user, topic, text),
        None => telegram.replies(user, GROUP, root, text),
    }
}

/// The topic of the first incident.
fn topic(telegram: &FakeTelegram) -> Option<i64> {
    let topics = telegram.see(|view| view.topics());
    topics.into_iter().find(|topic| topic.name.starts_with("#1 ")).map(|topic| topic.id)
}

/// The answers to a message.
fn answers(telegram: &FakeTelegram, chat: i64, to: i64) -> Vec<Seen> {
    telegram.messages(chat).into_iter().filter(|m| m.reply_to == Some(to)).collect()
}

#[tokio::test]
async fn the_commands_are_registered_with_what_they_do_for_the_group_and_for_private_chats() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    listens(&telegram).await;
    let registered = telegram.see(|view| view.commands());
    assert_eq!(registered.len(), 2, "{registered:?}");
    let here =
        registered.keys().any(|(scope, _)| scope.contains("\"chat\"") && scope.contains(&GROUP.to_string()));
    assert!(
        here && registered.keys().any(|(scope, _)| scope.contains("all_private_chats")),
        "{registered:?}"
    );
    for commands in registered.values() {
        let names: BTreeSet<_> =
            commands.as_array().unwrap().iter().map(|c| c["command"].as_str().unwrap()).collect();
        for command in steward::domain::command::COMMANDS {
            assert!(names.contains(command.name), "{}", command.name);
        }
        assert!(commands.as_array().unwrap().iter().all(|c| c["description"].as_str().unwrap().len() > 10));
    }
    bot.end().await;
}

#[tokio::test]
async fn in_an_incidents_place_its_number_can_be_left_out() {
    for forum in [true, false] {
        let lab = lab("");
        let telegram = lab.on_telegram(forum).await;
        let (bot, root) = busy(&lab, &telegram).await;
        for (text, expected) in [
            ("what changed?", "Before #1 (vm/db)"),
            ("/changes", "Before #1 (vm/db)"),
            ("show", "#1 vm/db"),
            ("ack", "#1 is yours, alex."),
            ("silence this for 2h", "vm/db and all below it are silent until 2026-11-21 10:11"),
        ] {
            let asked = says_about_it(&telegram, OPERATOR, root, text);
            heard(&bot, &telegram).await;
            let answers = answers(&telegram, GROUP, asked);
            assert_eq!(answers.len(), 1, "{text}: {}", telegram.transcript());
            assert!(answers[0].text.contains(expected), "{text}: {}", answers[0].text);
            assert_eq!(answers[0].topic, topic(&telegram), "{text}: answered where it was asked");
        }
        edited(&bot).await;
        same_as_kept(&format!("telegram-in-place-{}", kind(forum)), &telegram.transcript());
        bot.end().await;
    }
}

#[tokio::test]
async fn outside_of_an_incidents_place_the_number_is_asked_for() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let (bot, _) = busy(&lab, &telegram).await;
    let asked = telegram.says(OPERATOR, GROUP, "/ack");
    heard(&bot, &telegram).await;
    assert!(
        answers(&telegram, GROUP, asked)[0].text.contains("Several incidents are open. Name one: `ack 3`")
    );
    bot.end().await;
}

#[tokio::test]
async fn people_who_talk_to_each_other_are_left_alone_and_so_are_other_bots() {
    for forum in [true, false] {
        let lab = lab("");
        let telegram = lab.on_telegram(forum).await;
        let (bot, root) = busy(&lab, &telegram).await;
        let before = telegram.messages(GROUP).len();
        let mut said = vec![
            telegram.says(OPERATOR, GROUP, "status"),
            telegram.says(OPERATOR, GROUP, "approve 1"),
            telegram.says(OPERATOR, GROUP, "/status@weather_bot"),
            telegram.says(OPERATOR, GROUP, "is the db slow for you too?"),
            telegram.says(OPERATOR, GROUP, "@alex status"),
            telegram.says(OPERATOR, GROUP, "look at root@steward_bot"),
            telegram.says(OPERATOR, GROUP, "/"),
            says_about_it(&telegram, OPERATOR, root, "is the db slow for you too?"),
            says_about_it(&telegram, NAMELESS, root, "yes, since this morning, I think it is the disk"),
            says_about_it(&telegram, OPERATOR, root, "/status@weather_bot"),
        ];
        let human = telegram.says(NAMELESS, GROUP, "what do you think, alex?");
        said.push(human);
        said.push(telegram.replies(OPERATOR, GROUP, human, "status"));
        heard(&bot, &telegram).await;
        assert_eq!(telegram.messages(GROUP).len(), before + said.len(), "{}", telegram.transcript());
        bot.end().await;
    }
}

#[tokio::test]
async fn pasted_output_approves_nothing() {
    for forum in [true, false] {
        let lab = lab("");
        let telegram = lab.on_telegram(forum).await;
        let (bot, card) = asked(&lab, &telegram).await;
        for text in [
            "`approve 1`",
            "@steward_bot `approve 1`",
            "> approve 1",
            "this says: approve 1",
            "```\napprove 1\n```",
        ] {
            telegram.replies(OPERATOR, GROUP, card, text);
            telegram.says_in_private(OPERATOR, text);
        }
        // As a phone sends it: the marks are beside the text. And what was only passed on.
        let from = json!({ "id": OPERATOR, "is_bot": false, "first_name": "Alex" });
        let chat = json!({ "id": OPERATOR, "type": "private", "first_name": "Alex" });
        for (key, value) in [
            ("entities", json!([{ "type": "code", "offset": 0, "length": 9 }])),
            ("entities", json!([{ "type": "pre", "offset": 0, "length": 9 }])),
            ("entities", json!([{ "type": "blockquote", "offset": 0, "length": 9 }])),
            ("forward_origin", json!({ "type": "user", "date": 1, "sender_user": from })),
        ] {
            let id = telegram.says_in_private(OPERATOR, "look:");
            telegram
                .queue_update(json!({ "message": { "message_id": id, "date": 1, "chat": chat, "from": from,
                "text": "approve 1", key: value } }));
        }
        heard(&bot, &telegram).await;
        assert_eq!(lab.host.ran(), [""; 0], "{}", telegram.transcript());
        assert_eq!(labels(&super::card(&telegram)), ["Approve", "Deny"]);
        bot.end().await;
    }
}

#[tokio::test]
async fn a_rewritten_message_is_no_second_command() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let (bot, _) = asked(&lab, &telegram).await;
    let message = telegram.says(OPERATOR, GROUP, "/status");
    heard(&bot, &telegram).await;
    telegram.rewrites(GROUP, message, "/approve 1");
    heard(&bot, &telegram).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    bot.end().await;
}

#[tokio::test]
async fn what_is_nearly_a_command_gets_the_nearest_one_and_a_bare_call_gets_help() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let (bot, root) = busy(&lab, &telegram).await;
    for (asked, expected) in [
        (telegram.says(OPERATOR, GROUP, "/statsu"), "Did you mean `status`?"),
        (telegram.says(OPERATOR, GROUP, "@steward_bot statsu"), "Did you mean `status`?"),
        (says_about_it(&telegram, OPERATOR, root, "silnce this for 2h"), "Did you mean"),
        (telegram.says(OPERATOR, GROUP, "@steward_bot"), "silence [TARGET] for DURATION"),
        (telegram.says(OPERATOR, GROUP, "/help@steward_bot silence"), "silence nas/media for 2h"),
    ] {
        heard(&bot, &telegram).await;
        let answers = answers(&telegram, GROUP, asked);
        let text: String = answers.iter().map(|m| m.text.as_str()).collect();
        assert!(!answers.is_empty() && text.contains(expected), "{expected}: {}", telegram.transcript());
    }
    let start = telegram.says_in_private(OPERATOR, "/start");
    heard(&bot, &telegram).await;
    same_as_kept("telegram-asked", &telegram.transcript());
    let (here, status) =
        (telegram.says(NAMELESS, GROUP, "/status"), telegram.says_in_private(OPERATOR, "status"));
    heard(&bot, &telegram).await;
    assert!(answers(&telegram, GROUP, here)[0].text.contains("Incidents: 2 open"), "asking is free");
    assert!(answers(&telegram, OPERATOR, start)[0].text.contains("silence [TARGET] for DURATION"));
    assert!(answers(&telegram, OPERATOR, status)[0].text.contains("Incidents: 2 open"));
    bot.end().await;
}

#[tokio::test]
async fn a_long_answer_comes_in_several_messages_and_an_endless_one_as_a_file() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    for (count, expected) in [(90, "messages"), (400, "a file")] {
        for n in 0..count {
            let text = VACUUM
                .replace("vacuum\n", &format!("vacuum-{n}\n"))
                .replace("Shrink", &format!("Shrink, {n} times over and with a long title for it,"));
            lab.write(&format!("runbooks/vacuum-{n}.yaml"), &text);
        }
        telegram.says(OPERATOR, GROUP, "/reload");
        heard(&bot, &telegram).await;
        let asked = telegram.says(OPERATOR, GROUP, "/runbooks");
        heard(&bot, &telegram).await;
        let parts = answers(&telegram, GROUP, asked);
        let texts: String =
            parts.iter().map(|m| if m.file.is_some() { "" } else { m.text.as_str() }).collect();
        let files: String = parts.iter().filter_map(|m| m.file.as_ref()).map(|file| file.text()).collect();
        let whole = if expected == "a file" { &files } else { &texts };
        assert!(
            (0..count).all(|n| whole.contains(&format!("Shrink, {n} times"))),
            "{expected}: {}",
            telegram.transcript()
        );
        assert!((2..=5).contains(&parts.len()), "{expected}: {}", parts.len());
    }
    bot.end().await;
}

#[tokio::test]
async fn what_happens_elsewhere_is_ignored_counted_and_not_answered() {
    use super::super::support::telegram::{BASIC_GROUP, CHANNEL, OTHER_GROUP};
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let (bot, card) = asked(&lab, &telegram).await;
    telegram.bot_is(OTHER_GROUP, super::super::support::telegram::Standing::Administrator);
    telegram.says(OPERATOR, OTHER_GROUP, "/approve 1");
    telegram.says(STRANGER, BASIC_GROUP, "/status");
    telegram.posts_in_channel("/approve 1");
    telegram.says_in_private(STRANGER, "/status");
    telegram.press_on_inaccessible(STRANGER, OTHER_GROUP, card, "approve 1");
    // The same number as the card, in another chat.
    let theirs = telegram.says(STRANGER, OTHER_GROUP, "hi");
    telegram.react(OPERATOR, OTHER_GROUP, theirs, &["👍"]);
    heard(&bot, &telegram).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    for chat in [OTHER_GROUP, BASIC_GROUP, CHANNEL, STRANGER] {
        assert!(telegram.messages(chat).iter().all(|m| m.from != "Steward"), "{chat}");
    }
    let status = telegram.says(OPERATOR, GROUP, "/status");
    heard(&bot, &telegram).await;
    let answer = &answers(&telegram, GROUP, status)[0].text;
    assert!(answer.contains("telegram: 6 events from elsewhere ignored"), "{answer}");
    bot.end().await;
}
