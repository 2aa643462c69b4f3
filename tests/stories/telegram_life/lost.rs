//! What people do to the places where Steward writes, and to its rights there: nothing is lost.

use super::super::support::telegram::{BASIC_GROUP, Standing};
use super::super::support::transcript::same_as_kept;
use super::*;

fn topics(telegram: &FakeTelegram) -> Vec<(String, bool)> {
    telegram.see(|view| view.topics()).into_iter().map(|topic| (topic.name, topic.closed)).collect()
}

/// The disk is emptied by itself, and the incident is over.
async fn mends(bot: &Bot<'_>) {
    bot.lab.host.mend("vm/disk");
    bot.pass(min(15)).await;
}

#[tokio::test]
async fn a_deleted_topic_comes_back_with_its_root_and_the_question_that_still_waits_can_be_answered() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let (bot, _) = asked(&lab, &telegram).await;
    let first = telegram.see(|view| view.topics())[0].id;
    telegram.delete_topic(first);
    lab.host.break_with("vm/disk", "disk-slow", "summary: and slow");
    bot.pass(min(6)).await;
    let now = telegram.see(|view| view.topics());
    assert!(now.iter().all(|topic| topic.id != first) && !now.is_empty(), "{}", telegram.transcript());
    telegram.says(OPERATOR, GROUP, "/approve 1");
    heard(&bot, &telegram).await;
    assert_eq!(lab.host.ran(), VACUUMED);
    bot.pass(min(20)).await;
    assert!(times(&telegram, "State: ") >= 1, "{}", telegram.transcript());
    same_as_kept("telegram-topic-deleted", &telegram.transcript());
    bot.end().await;
}

#[tokio::test]
async fn a_topic_that_was_deleted_while_steward_was_down_comes_back_too() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let (bot, _) = asked(&lab, &telegram).await;
    bot.stop().await;
    telegram.delete_topic(telegram.see(|view| view.topics())[0].id);
    let bot = lab.start().await;
    telegram.says(OPERATOR, GROUP, "/approve 1");
    heard(&bot, &telegram).await;
    bot.pass(min(20)).await;
    assert_eq!(topics(&telegram).len(), 1, "{}", telegram.transcript());
    assert_eq!(times(&telegram, "State: resolved"), 1, "{}", telegram.transcript());
    assert!(times(&telegram, "Resolved: quiet") == 1, "{}", telegram.transcript());
    bot.end().await;
}

#[tokio::test]
async fn a_topic_that_a_person_closed_is_opened_for_news_and_closed_at_the_end() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let (bot, _) = asked(&lab, &telegram).await;
    telegram.close_topic(OPERATOR, telegram.see(|view| view.topics())[0].id);
    telegram.says(OPERATOR, GROUP, "/approve 1");
    heard(&bot, &telegram).await;
    bot.pass(min(1)).await;
    assert!(!topics(&telegram)[0].1, "there is news in it: {}", telegram.transcript());
    assert_eq!(times(&telegram, "vacuum worked"), 1, "{}", telegram.transcript());
    bot.pass(min(10)).await;
    assert!(topics(&telegram)[0].1, "it is over");
    bot.end().await;
}

#[tokio::test]
async fn a_topic_that_was_closed_at_the_end_is_opened_when_the_problem_returns() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    for _ in 0..2 {
        lab.host.break_with("vm/web", "unit-failed", "unit: web.service\nsummary: web.service has failed");
        bot.pass(min(15)).await;
    }
    assert_eq!(topics(&telegram).len(), 1, "{}", telegram.transcript());
    same_as_kept("telegram-returned", &telegram.transcript());
    bot.end().await;
}

#[tokio::test]
async fn a_deleted_root_is_made_anew_and_a_deleted_question_only_while_it_waits() {
    for forum in [true, false] {
        let lab = lab("");
        let telegram = lab.on_telegram(forum).await;
        let (bot, card) = asked(&lab, &telegram).await;
        let root = said(&telegram, "State: open").id;
        telegram.delete_message(GROUP, root);
        telegram.delete_message(GROUP, card);
        telegram.says(OPERATOR, GROUP, "/approve 1");
        heard(&bot, &telegram).await;
        bot.pass(min(15)).await;
        assert_eq!(times(&telegram, "State: resolved"), 1, "{}", telegram.transcript());
        assert_eq!(
            times(&telegram, "may I run vacuum?"),
            0,
            "nobody waits for it: {}",
            telegram.transcript()
        );
        assert_eq!(times(&telegram, "Resolved: quiet"), 1);
        same_as_kept(&format!("telegram-root-deleted-{}", kind(forum)), &telegram.transcript());
        bot.end().await;
    }
}

#[tokio::test]
async fn without_the_right_to_make_topics_incidents_are_told_as_replies_and_that_is_said_once() {
    for standing in [Standing::Member, Standing::AdministratorWithout(&["can_manage_topics"])] {
        let lab = lab("");
        let telegram = lab.on_telegram(true).await;
        telegram.bot_is(GROUP, standing);
        let (bot, card) = asked(&lab, &telegram).await;
        lab.host.break_("vm/db", "slow");
        bot.pass(min(6)).await;
        assert_eq!(topics(&telegram), []);
        bot.expect_log("incidents are told as replies");
        let root = said(&telegram, "State: open").id;
        let chain: Vec<_> =
            telegram.messages(GROUP).into_iter().filter(|m| m.reply_to == Some(root)).collect();
        assert!(chain.len() >= 2, "{}", telegram.transcript());
        telegram.press(OPERATOR, GROUP, card, "Approve");
        heard(&bot, &telegram).await;
        assert_eq!(lab.host.ran(), VACUUMED);
        bot.pass(min(15)).await;
        assert_eq!(times(&telegram, "Resolved: quiet"), 1, "{}", telegram.transcript());
        bot.end().await;
    }
}

#[tokio::test]
async fn a_bot_that_loses_its_rights_in_the_middle_goes_on_where_it_can() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let (bot, card) = asked(&lab, &telegram).await;
    telegram.bot_is(GROUP, Standing::Member);
    // Topics of its own it may still write to, open and close. Only new ones it can't make.
    lab.host.break_("vm/db", "slow");
    telegram.press(OPERATOR, GROUP, card, "Approve");
    heard(&bot, &telegram).await;
    bot.pass(min(15)).await;
    assert_eq!(topics(&telegram).len(), 1);
    assert_eq!(times(&telegram, "Resolved: quiet"), 1, "{}", telegram.transcript());
    assert_eq!(times(&telegram, "#2 vm/db"), 1, "{}", telegram.transcript());
    bot.expect_log("incidents are told as replies");
    telegram.bot_is(GROUP, Standing::Administrator);
    lab.host.break_("vm/mail", "slow");
    bot.pass(min(6)).await;
    assert_eq!(topics(&telegram).len(), 2, "with the right back the next incident has a topic");
    bot.end().await;
}

#[tokio::test]
async fn a_bot_that_was_thrown_out_and_taken_back_has_lost_nothing_and_the_others_were_told() {
    for forum in [true, false] {
        let lab = lab_with_console("");
        let telegram = lab.on_telegram(forum).await;
        let (bot, _) = asked(&lab, &telegram).await;
        telegram.bot_is(GROUP, Standing::Kicked);
        lab.host.break_with("vm/web", "unit-failed", "unit: web.service\nsummary: web.service has failed");
        bot.pass(min(10)).await;
        let told = lab.chat.take_notice().expect("the console is told");
        assert!(told.contains("telegram is cut off") && told.contains("add the bot to it"), "{told}");
        assert_eq!(lab.chat.field(2, "State"), "resolved", "and everything goes on");
        let tries =
            telegram.see(|view| view.calls("sendMessage").len() + view.calls("createForumTopic").len());
        bot.pass(min(30)).await;
        let later =
            telegram.see(|view| view.calls("sendMessage").len() + view.calls("createForumTopic").len());
        assert!(later - tries <= 10, "it is not tried all the time: {}", later - tries);
        telegram.bot_is(GROUP, Standing::Administrator);
        bot.pass(min(10)).await;
        assert!(lab.chat.take_notice().expect("it is back").contains("telegram is back"));
        assert_eq!(times(&telegram, "State: resolved"), 1, "{}", telegram.transcript());
        assert_eq!(times(&telegram, "Resolved: quiet"), 1, "{}", telegram.transcript());
        bot.expect_log("add the bot to it");
        bot.end_quietly().await;
    }
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_is_said_with_its_new_id_and_nothing_is_lost() {
    let lab = lab_with_console("");
    let telegram = lab.on_telegram(false).await;
    let config = std::fs::read_to_string(lab.path().join("config.toml")).unwrap();
    let of = |chat: i64| config.replace(&GROUP.to_string(), &chat.to_string());
    lab.write("config.toml", &of(BASIC_GROUP));
    let bot = lab.start().await;
    fill_disk(&lab);
    bot.pass(min(6)).await;
    assert!(
        telegram.see(|view| view.find(BASIC_GROUP, "State: open")).is_some(),
        "{}",
        telegram.transcript()
    );
    let new = telegram.upgrade_basic_group();
    mends(&bot).await;
    let told = lab.chat.take_notice().expect("the console is told");
    assert!(told.contains(&format!("set `chat.telegram.chat` to {new}")), "{told}");
    bot.expect_log(&format!("set `chat.telegram.chat` to {new}"));
    bot.stop().await;
    lab.write("config.toml", &of(new));
    let bot = lab.start().await;
    bot.pass(min(10)).await;
    assert!(telegram.see(|view| view.find(new, "State: resolved")).is_some(), "{}", telegram.transcript());
    assert!(
        telegram.see(|view| view.find(new, "went away by itself")).is_some(),
        "{}",
        telegram.transcript()
    );
    bot.end_quietly().await;
}
