//! Telegram is down, answers nonsense or hangs: nothing is lost, and nothing else is held up.

use super::super::support::discord;
use super::super::support::telegram::Fault;
use super::super::support::transcript::same_as_kept;
use super::*;

/// An incident that is repaired, and five minutes later one that is asked about.
async fn trouble(bot: &Bot<'_>) {
    fail_web(bot.lab);
    bot.pass(min(6)).await;
    fill_disk(bot.lab);
}

fn fail_web(lab: &Lab) {
    lab.host.break_with("vm/web", "unit-failed", "unit: web.service\nsummary: web.service has failed");
}

#[tokio::test]
async fn with_telegram_down_for_an_hour_discord_goes_on_is_told_and_nothing_is_lost() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    discord.connected().await;
    listens(&telegram).await;
    telegram.go_down();
    trouble(&bot).await;
    for _ in 0..60 {
        bot.pass(min(1)).await;
    }
    telegram.come_back();
    pass_until(&bot, &telegram, "the story of the disk", |view| {
        view.find(GROUP, "expired without an answer")
    })
    .await;
    bot.pass(min(10)).await;
    assert_eq!(times(&telegram, "State: resolved"), 1);
    assert_eq!(times(&telegram, "State: open"), 1);
    assert_eq!(times(&telegram, "Resolved: quiet"), 1);
    assert_eq!(times(&telegram, "may I run vacuum?"), 1, "a question that is over is shown as such");
    assert!(card(&telegram).buttons.is_empty());
    let told = discord.transcript(discord::CHANNEL);
    assert!(
        told.contains("telegram is cut off since 08:0") && told.contains("telegram is back after 1 h"),
        "{told}"
    );
    same_as_kept("telegram-down-telegram", &telegram.transcript());
    bot.expect_log("a message is put off");
    bot.forgive_log("what is said there is not heard");
    bot.end().await;
}

#[tokio::test]
async fn with_discord_down_telegram_is_told() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    discord.connected().await;
    listens(&telegram).await;
    discord.go_down();
    trouble(&bot).await;
    bot.pass(min(10)).await;
    let told = said(&telegram, "discord is cut off");
    assert!(!told.loud && told.topic.is_none(), "{told:?}");
    discord.come_back();
    discord.connected().await;
    pass_until(&bot, &telegram, "it is back", |view| view.find(GROUP, "discord is back")).await;
    bot.forgive_log("a message is put off");
    bot.forgive_log("the slash commands could not be registered");
    bot.end().await;
}

#[tokio::test]
async fn whatever_goes_wrong_with_a_call_the_story_ends_whole() {
    for fault in [
        Fault::BadGateway,
        Fault::BrokenJson,
        Fault::CloseSocket,
        Fault::FloodWait(3),
        Fault::Refuse(500, "Internal Server Error"),
    ] {
        for method in
            ["sendMessage", "editMessageText", "createForumTopic", "closeForumTopic", "getUpdates", "getChat"]
        {
            let lab = lab("");
            let telegram = lab.on_telegram(true).await;
            telegram.fail_next(method, 3, fault.clone());
            let bot = lab.start().await;
            trouble(&bot).await;
            bot.pass(min(10)).await;
            telegram.says(OPERATOR, GROUP, "/approve 1");
            pass_until(&bot, &telegram, "the answer", |view| view.find(GROUP, "Approved by alex")).await;
            bot.pass(min(15)).await;
            let failed = format!("{method} {fault:?}: {}", telegram.transcript());
            assert_eq!(times(&telegram, "State: resolved"), 2, "{failed}");
            assert_eq!(times(&telegram, "Resolved: quiet"), 2, "{failed}");
            assert_eq!(times(&telegram, "may I run vacuum?"), 1, "{failed}");
            assert!(telegram.see(|view| view.topics()).iter().all(|topic| topic.closed), "{failed}");
            bot.forgive_log("a message is put off");
            bot.forgive_log("what is said there is not heard");
            bot.end().await;
        }
    }
}

/// Lets time pass though Telegram hangs: it is waited until nothing else moves.
async fn pass_around(bot: &Bot<'_>, time: Duration) {
    let end = bot.lab.clock.time() + time;
    loop {
        let activity = bot.app.handle().activity();
        let (mut still, mut before) = (0, activity.count());
        while still < 20 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            still = if activity.count() == before { still + 1 } else { 0 };
            before = activity.count();
        }
        if !bot.lab.clock.step(end) {
            return;
        }
    }
}

#[tokio::test]
async fn a_telegram_that_hangs_holds_up_neither_the_repairs_nor_the_other_platform_nor_the_end() {
    let lab = lab_with_console("[incidents]\nneighbours = 0\n");
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    telegram.until("Steward waits for updates", |view| (view.polls() > 1).then_some(())).await;
    telegram.fail_all("*", Fault::Hang);
    fail_web(&lab);
    for n in 0..8 {
        lab.host.break_(&format!("vm/h{n}"), "down");
    }
    pass_around(&bot, min(15)).await;
    telegram.until("it hangs", |view| (view.hanging() > 0).then_some(())).await;
    let web = (1..=10)
        .find(|n| lab.chat.has_root(*n) && lab.chat.root(*n).contains("vm/web"))
        .unwrap_or_else(|| panic!("{:?}", lab.chat.threads()));
    assert_eq!(lab.chat.field(web, "State"), "resolved", "{}", lab.chat.thread(web));
    let begun = std::time::Instant::now();
    bot.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(20), "it took {:?} to end", begun.elapsed());
    telegram.work_again();
    telegram.release();
    let bot = lab.start().await;
    bot.pass(min(30)).await;
    assert_eq!(times(&telegram, "State: "), 9, "{}", telegram.transcript());
    bot.forgive_log("a message is put off");
    bot.forgive_log("what is said there is not heard");
    bot.end_quietly().await;
}
