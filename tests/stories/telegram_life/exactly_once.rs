//! What is said is taken in once, whatever happens meanwhile.

use super::super::support::telegram::{Fault, TOKEN};
use super::*;

/// How many silences were made, which is how many commands ran.
async fn silences(bot: &Bot<'_>) -> usize {
    bot.audited("silence").await.len()
}

#[tokio::test]
async fn a_command_runs_once_though_steward_dies_before_telegram_knows_that_it_was_heard() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    telegram.until("Steward waits for updates", |view| (view.polls() > 1).then_some(())).await;
    // The fetch after the one that brings the command never gets through, so it is never confirmed.
    telegram.fail_all("getUpdates", Fault::BadGateway);
    telegram.says(OPERATOR, GROUP, "/silence nas for 1h");
    telegram.until("it is done", |view| view.find(GROUP, "nas and all below it are silent")).await;
    bot.settle().await;
    assert_eq!(telegram.see(|view| view.waiting()), 1, "Telegram does not know");
    bot.crash().await;
    telegram.work_again();
    for _ in 0..3 {
        let bot = lab.start().await;
        telegram.handled().await;
        bot.pass(secs(5)).await;
        assert_eq!(silences(&bot).await, 1, "{}", telegram.transcript());
        bot.crash().await;
    }
    assert_eq!(times(&telegram, "are silent until"), 1, "{}", telegram.transcript());
    let bot = lab.start().await;
    bot.forgive_log("what is said there is not heard");
    bot.end().await;
}

#[tokio::test]
async fn a_command_runs_once_when_steward_dies_anywhere_around_it() {
    for turns in 0..16 {
        let lab = lab("");
        let telegram = lab.on_telegram(false).await;
        let bot = lab.start().await;
        listens(&telegram).await;
        telegram.says(OPERATOR, GROUP, "/silence nas for 1h");
        telegram.says(OPERATOR, GROUP, "/silence mail for 1h");
        for _ in 0..turns * 20 {
            tokio::task::yield_now().await;
        }
        bot.crash().await;
        let bot = lab.start().await;
        heard(&bot, &telegram).await;
        bot.pass(secs(5)).await;
        assert_eq!(silences(&bot).await, 2, "after {turns} turns: {}", telegram.transcript());
        // An answer may come twice: Telegram can't tell a double.
        for target in ["nas and all", "mail and all"] {
            assert!((1..=2).contains(&times(&telegram, target)), "{target}: {}", telegram.transcript());
        }
        bot.forgive_log("was not closed");
        bot.end().await;
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_skipped_and_what_is_around_it_is_not() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    listens(&telegram).await;
    telegram.says(OPERATOR, GROUP, "/silence nas for 1h");
    telegram.update_of_unknown_kind();
    telegram.update_without_fields();
    telegram.queue_update(serde_json::json!({ "message": 7 }));
    telegram.queue_update(serde_json::json!({ "callback_query": { "id": "1" } }));
    telegram.queue_update(serde_json::json!({}));
    telegram.says(OPERATOR, GROUP, "/silence mail for 1h");
    telegram.update_of_unknown_kind();
    heard(&bot, &telegram).await;
    assert_eq!(silences(&bot).await, 2, "{}", telegram.transcript());
    bot.end().await;
}

#[tokio::test]
async fn another_reader_of_the_bot_is_named_and_nothing_is_lost_once_it_has_gone() {
    let lab = lab_with_console("");
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    listens(&telegram).await;
    // It polls once, and takes over from Steward's fetch. It confirms nothing.
    let url = format!("{}/bot{TOKEN}/GetUpdates", telegram.api());
    let polls = telegram.see(|view| view.polls());
    telegram.until("Steward waits for updates", |view| (view.polls() >= polls).then_some(())).await;
    reqwest::Client::new().post(url).json(&serde_json::json!({ "timeout": 0 })).send().await.unwrap();
    telegram.says(OPERATOR, GROUP, "/silence nas for 1h");
    pass_until(&bot, &telegram, "it is done", |view| view.find(GROUP, "nas and all below it are silent"))
        .await;
    assert_eq!(silences(&bot).await, 1);
    bot.expect_log("another program reads with this bot's token");
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_hour_without_fetches_loses_nothing_and_the_other_platform_is_told() {
    let lab = lab_with_console("");
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    listens(&telegram).await;
    telegram.fail_all("getUpdates", Fault::BadGateway);
    let failing = |view: &View| view.calls("getUpdates").iter().any(|call| !call.ok).then_some(());
    telegram.until("fetches fail", failing).await;
    telegram.says(OPERATOR, GROUP, "/silence nas for 1d");
    for _ in 0..60 {
        bot.pass(min(1)).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let told = lab.chat.take_notice().expect("the console is told");
    assert!(told.contains("telegram is cut off") && told.contains("does not reach me"), "{told}");
    let tries = telegram.see(|view| view.calls("getUpdates").len());
    assert!(tries < 150, "one in half a minute, and not {tries} in an hour");
    telegram.work_again();
    pass_until(&bot, &telegram, "it is done", |view| view.find(GROUP, "nas and all below it are silent"))
        .await;
    bot.pass(secs(1)).await;
    let status = bot.says("status").await;
    assert!(lab.chat.take_notice().expect(&status).contains("telegram is back"));
    assert_eq!(silences(&bot).await, 1);
    bot.expect_log("what is said there is not heard");
    bot.end_quietly().await;
}
