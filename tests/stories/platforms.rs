//! The same story on Discord and on Telegram, as people see it.

use super::support::discord::FakeDiscord;
use super::support::runbooks::usual;
use super::support::transcript::same_as_kept;
use super::support::{Bot, FakeTelegram, Lab, discord, min, secs, telegram};

fn lab() -> Lab {
    let lab = usual("");
    lab.without_console();
    lab
}

#[tokio::test]
async fn a_repaired_incident() {
    let lab = lab();
    let discord = lab.on_discord().await;
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    discord.connected().await;
    lab.host.break_with("vm/web", "unit-failed", "unit: web.service\nsummary: web.service has failed");
    bot.pass(min(20)).await;
    lab.host.break_with(
        "vm/disk",
        "disk-fill",
        "summary: /var is *97%* full @everyone\n\n  line one\n  `two`",
    );
    bot.pass(min(6)).await;
    same_as_kept("repaired-discord", &discord.transcript(discord::CHANNEL));
    same_as_kept("repaired-telegram-forum", &telegram.transcript());
    bot.end().await;
}

/// A Steward on both platforms that has asked about the journal.
async fn asked(lab: &Lab) -> (FakeDiscord, FakeTelegram, Bot<'_>) {
    let discord = lab.on_discord().await;
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    discord.connected().await;
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran(), [""; 0], "nothing runs without a yes");
    (discord, telegram, bot)
}

#[tokio::test]
async fn an_answer_on_one_platform_closes_the_question_on_the_other() {
    let lab = lab();
    let (discord, telegram, bot) = asked(&lab).await;
    let press = discord.press(discord::OPERATOR, discord.question(1).id, "Approve");
    let answer = discord.answer(press).await;
    assert!(answer.only_for == Some(discord::OPERATOR), "{answer:?}");
    bot.pass(secs(5)).await;
    assert_eq!(lab.host.ran(), ["journalctl --vacuum-size=200M"]);
    let there = telegram.question(1);
    assert!(there.text.contains("Answer: yes, by alex at"), "{}", there.text);
    assert!(there.text.contains("Result: it worked") && there.buttons.is_empty(), "{}", there.text);
    let late = telegram.press_on_inaccessible(telegram::OPERATOR, telegram::GROUP, there.id, "deny 1");
    let told = telegram
        .until("an answer to the late press", |view| {
            view.popups().into_iter().find(|p| p.user == telegram::OPERATOR)
        })
        .await;
    assert!(told.text.contains("No approval 1 waits"), "{late}: {told:?}");
    bot.settle().await;
    assert_eq!(lab.host.ran(), [""; 0], "the first answer wins");
    let here = discord.question(1);
    assert!(here.buttons.is_empty() && here.field("Result") == "it worked", "{here:?}");
    bot.end().await;
}

#[tokio::test]
async fn a_platform_that_is_down_for_an_hour_hears_everything_in_order_and_the_other_is_told() {
    let lab = lab();
    let discord = lab.on_discord().await;
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    discord.connected().await;
    discord.go_down();
    lab.host.break_with("vm/web", "unit-failed", "unit: web.service\nsummary: web.service has failed");
    bot.pass(min(20)).await;
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(40)).await;
    assert!(discord.messages(discord::CHANNEL).is_empty());
    let told = telegram.transcript();
    assert!(told.contains("discord is cut off since 08:05:10"), "{told}");
    assert!(told.contains("#1 vm/web") && told.contains("Resolved:"), "it goes on by itself:\n{told}");
    discord.come_back();
    discord.connected().await;
    bot.pass(min(6)).await;
    assert!(telegram.transcript().contains("discord is back after"), "{}", telegram.transcript());
    same_as_kept("an-hour-down-discord", &discord.transcript(discord::CHANNEL));
    let edits: usize = discord.messages(discord::CHANNEL).iter().map(|message| message.edits).sum();
    assert!(edits <= 1, "{edits} edits that nobody needs");
    bot.expect_log("platform=\"discord\"");
    bot.forgive_log("discord");
    bot.forgive_log("Discord");
    bot.end().await;
}
