//! Questions: every way to answer them, and who may.

use super::super::support::telegram::{NAMELESS, Popup};
use super::super::support::transcript::same_as_kept;
use super::*;

/// The card says that it was answered like this, and can't be pressed any more.
fn is_answered(telegram: &FakeTelegram, answer: &str) {
    let card = card(telegram);
    assert!(card.text.contains(answer), "not {answer:?}:\n{}", card.text);
    assert!(card.buttons.is_empty() && !card.text.contains("reaction"), "{card:?}");
}

/// Nothing was decided.
fn still_waits(lab: &Lab, telegram: &FakeTelegram) {
    let card = card(telegram);
    assert_eq!(labels(&card), ["Approve", "Deny"], "{}", card.text);
    assert!(!card.text.contains("Answer"), "{}", card.text);
    assert_eq!(lab.host.ran(), [""; 0]);
}

#[tokio::test]
async fn a_button_answers_and_the_card_then_says_who_it_was_and_what_became_of_it() {
    for forum in [true, false] {
        let lab = lab("");
        let telegram = lab.on_telegram(forum).await;
        let (bot, card) = asked(&lab, &telegram).await;
        telegram.press(OPERATOR, GROUP, card, "Approve");
        heard(&bot, &telegram).await;
        assert_eq!(lab.host.ran(), VACUUMED);
        let popup = telegram.see(|view| view.popups()).pop().unwrap();
        assert_eq!((popup.user, popup.alert), (OPERATOR, false), "{popup:?}");
        assert_eq!(popup.text, "Approved by alex: vacuum runs now, exactly as shown.");
        edited(&bot).await;
        is_answered(&telegram, "Answer: yes, by alex at 08:06:00\nResult: it worked");
        bot.pass(min(10)).await;
        same_as_kept(&format!("telegram-approved-by-button-{}", kind(forum)), &telegram.transcript());
        bot.end().await;
    }
}

#[tokio::test]
async fn a_reaction_on_the_card_is_an_answer() {
    for (emoji, answer, ran) in [("👍", "Answer: yes, by alex", 1), ("👎", "Answer: no, by alex", 0)] {
        for forum in [true, false] {
            let lab = lab("");
            let telegram = lab.on_telegram(forum).await;
            let (bot, card) = asked(&lab, &telegram).await;
            // What is no answer.
            telegram.react(OPERATOR, GROUP, card, &["👀"]);
            telegram.react(OPERATOR, GROUP, said(&telegram, "State: open").id, &[emoji]);
            heard(&bot, &telegram).await;
            still_waits(&lab, &telegram);
            telegram.react(OPERATOR, GROUP, card, &[emoji]);
            heard(&bot, &telegram).await;
            assert_eq!(lab.host.ran().len(), ran, "{emoji}");
            edited(&bot).await;
            is_answered(&telegram, answer);
            // Taking it back takes nothing back, and a second one is none.
            telegram.react(OPERATOR, GROUP, card, &["👎"]);
            telegram.react(OPERATOR, GROUP, card, &["👍"]);
            heard(&bot, &telegram).await;
            edited(&bot).await;
            is_answered(&telegram, answer);
            assert_eq!(lab.host.ran(), [""; 0]);
            bot.end().await;
        }
    }
}

#[tokio::test]
async fn every_way_to_say_it_in_words_is_an_answer() {
    type Say = fn(&FakeTelegram, i64) -> i64;
    let ways: [(&str, Say); 7] = [
        ("a command", |t, _| t.says(OPERATOR, GROUP, "/approve 1")),
        ("a command with the name of the bot", |t, _| t.says(OPERATOR, GROUP, "/approve@steward_bot 1")),
        ("a mention", |t, _| t.says(OPERATOR, GROUP, "@steward_bot approve 1")),
        ("a reply", |t, card| t.replies(OPERATOR, GROUP, card, "approve 1")),
        ("a mention in capitals", |t, card| t.replies(OPERATOR, GROUP, card, "@Steward_bot, Approve 1")),
        ("a private chat", |t, _| t.says_in_private(OPERATOR, "approve 1")),
        ("plain words in the topic", |t, _| match t.see(|view| view.topics()).first() {
            Some(topic) => t.says_in_topic(OPERATOR, topic.id, "approve 1"),
            None => t.says(OPERATOR, GROUP, "/approve 1"),
        }),
    ];
    for (way, say) in ways {
        for forum in [true, false] {
            let lab = lab("");
            let telegram = lab.on_telegram(forum).await;
            let (bot, card) = asked(&lab, &telegram).await;
            let message = say(&telegram, card);
            heard(&bot, &telegram).await;
            assert_eq!(lab.host.ran(), VACUUMED, "{way}, {}", kind(forum));
            let place = if way == "a private chat" { OPERATOR } else { GROUP };
            let answers: Vec<_> = telegram
                .messages(place)
                .into_iter()
                .filter(|m| m.text.contains("Approved by alex"))
                .collect();
            assert_eq!(answers.len(), 1, "{way}: {}", telegram.transcript());
            assert_eq!(answers[0].reply_to, Some(message), "{way}: it is an answer to whoever said it");
            edited(&bot).await;
            is_answered(&telegram, "Answer: yes, by alex");
            bot.end().await;
        }
    }
}

#[tokio::test]
async fn a_stranger_changes_nothing_is_told_so_alone_and_is_on_the_audit_trail() {
    for forum in [true, false] {
        let lab = lab("");
        let telegram = lab.on_telegram(forum).await;
        let (bot, card) = asked(&lab, &telegram).await;
        let messages = telegram.messages(GROUP).len();
        telegram.press(STRANGER, GROUP, card, "Approve");
        heard(&bot, &telegram).await;
        let Popup { user, text, alert, .. } = telegram.see(|view| view.popups()).pop().unwrap();
        assert_eq!((user, alert), (STRANGER, true), "{text}");
        assert!(text.contains("That is for operators") && text.contains("5000000002"), "{text}");
        // Somebody who never wrote to the bot can't be written to; somebody who did can.
        telegram.react(STRANGER, GROUP, card, &["👎"]);
        telegram.says_in_private(NAMELESS, "hello");
        telegram.react(NAMELESS, GROUP, card, &["👍"]);
        heard(&bot, &telegram).await;
        assert!(telegram.messages(STRANGER).is_empty());
        let private = telegram.messages(NAMELESS).pop().unwrap();
        assert!(private.text.contains("That is for operators"), "{private:?}");
        assert_eq!(telegram.messages(GROUP).len(), messages, "nobody else hears of it");
        telegram.says(STRANGER, GROUP, "/approve 1");
        heard(&bot, &telegram).await;
        let refused = bot.audited("refused").await;
        let who: Vec<_> =
            refused.iter().map(|(who, data)| format!("{who} {} {}", data["user_id"], data["text"])).collect();
        assert_eq!(
            who,
            [
                "mallory \"5000000002\" \"approve 1\"",
                "mallory \"5000000002\" \"deny 1\"",
                "Sam \"5000000003\" \"approve 1\"",
                "mallory \"5000000002\" \"approve 1\"",
            ]
        );
        still_waits(&lab, &telegram);
        same_as_kept(&format!("telegram-strangers-{}", kind(forum)), &telegram.transcript());
        bot.end().await;
    }
}

#[tokio::test]
async fn an_administrator_who_hides_behind_the_group_decides_nothing_and_is_told_why() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let (bot, card) = asked(&lab, &telegram).await;
    telegram.react_anonymously(card, &["👍"]);
    telegram.says_anonymously("/approve 1");
    telegram.says_anonymously("has anybody looked at the disk?");
    heard(&bot, &telegram).await;
    still_waits(&lab, &telegram);
    let (refused, group) = (bot.audited("refused").await, GROUP.to_string());
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused.iter().all(|(_, data)| data["user_id"].as_str() == Some(&group)), "{refused:?}");
    let answer = said(&telegram, "That is for operators");
    assert!(answer.reply_to.is_some(), "{answer:?}");
    assert_eq!(times(&telegram, "That is for operators"), 1, "{}", telegram.transcript());
    bot.end().await;
}

#[tokio::test]
async fn after_its_time_a_question_takes_no_answer() {
    for forum in [true, false] {
        let lab = lab("");
        let telegram = lab.on_telegram(forum).await;
        let (bot, id) = asked(&lab, &telegram).await;
        bot.pass(min(31)).await;
        is_answered(&telegram, "Answer: none; it expired at 08:35:10, and nothing was run");
        // A phone that was offline still shows the button.
        telegram.press_on_inaccessible(OPERATOR, GROUP, id, "approve 1");
        telegram.react(OPERATOR, GROUP, id, &["👍"]);
        telegram.says(OPERATOR, GROUP, "/approve 1");
        heard(&bot, &telegram).await;
        let popup = telegram.see(|view| view.popups()).pop().unwrap();
        assert!(popup.text.contains("No approval 1 waits"), "{popup:?}");
        assert_eq!(lab.host.ran(), [""; 0]);
        edited(&bot).await;
        same_as_kept(&format!("telegram-expired-{}", kind(forum)), &telegram.transcript());
        bot.end().await;
    }
}

#[tokio::test]
async fn an_old_card_still_works_after_a_restart() {
    for forum in [true, false] {
        let lab = lab("");
        let telegram = lab.on_telegram(forum).await;
        let (bot, card) = asked(&lab, &telegram).await;
        bot.stop().await;
        let bot = lab.start().await;
        telegram.press(OPERATOR, GROUP, card, "Approve");
        heard(&bot, &telegram).await;
        assert_eq!(lab.host.ran(), VACUUMED);
        edited(&bot).await;
        is_answered(&telegram, "Answer: yes, by alex");
        bot.pass(min(10)).await;
        assert_eq!(times(&telegram, "may I run vacuum?"), 1, "{}", telegram.transcript());
        assert_eq!(times(&telegram, "State: "), 1, "one root");
        bot.end().await;
    }
}

#[tokio::test]
async fn what_was_pressed_or_reacted_while_steward_was_down_is_found_afterwards() {
    type Answer = fn(&FakeTelegram, i64);
    let ways: [Answer; 3] = [
        |telegram, card| telegram.react(OPERATOR, GROUP, card, &["👍"]),
        |telegram, card| {
            telegram.press(OPERATOR, GROUP, card, "Approve");
            // Hours later there is nobody to show a pop-up to.
            telegram.expire_presses();
        },
        |telegram, card| {
            telegram.replies(OPERATOR, GROUP, card, "approve 1");
        },
    ];
    for answer in ways {
        for crashes in [false, true] {
            let lab = lab("");
            let telegram = lab.on_telegram(true).await;
            let (bot, card) = asked(&lab, &telegram).await;
            if crashes {
                bot.crash().await
            } else {
                bot.stop().await
            }
            answer(&telegram, card);
            let bot = lab.start().await;
            heard(&bot, &telegram).await;
            assert_eq!(lab.host.ran(), VACUUMED);
            edited(&bot).await;
            is_answered(&telegram, "Answer: yes, by alex");
            bot.end().await;
        }
    }
}

#[tokio::test]
async fn of_two_answers_at_once_the_first_wins() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let (bot, card) = asked(&lab, &telegram).await;
    telegram.react(OPERATOR, GROUP, card, &["👎"]);
    telegram.press(OPERATOR, GROUP, card, "Approve");
    heard(&bot, &telegram).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    let popup = telegram.see(|view| view.popups()).pop().unwrap();
    assert!(popup.text.contains("No approval 1 waits"), "{popup:?}");
    edited(&bot).await;
    is_answered(&telegram, "Answer: no, by alex");
    bot.end().await;
}
