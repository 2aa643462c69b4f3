//! The same story on Discord and on Telegram, as people see it.

use super::support::discord::FakeDiscord;
use super::support::runbooks::{RESTART, VACUUM};
use super::support::transcript::same_as_kept;
use super::support::{Bot, FakeTelegram, Lab, discord, min, secs, telegram};

fn lab() -> Lab {
    let lab = Lab::new("");
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab.write("runbooks/vacuum.yaml", VACUUM);
    lab.write("runbooks/restart.yaml", RESTART);
    lab.host.command("journalctl --vacuum-size=200M", &["vm/disk"], 0);
    lab.host.command("systemctl restart web.service", &["vm/web"], 0);
    lab.host.command("systemctl is-active --quiet web.service", &[], 0);
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

/// The card of the first question on Discord.
fn question_on_discord(discord: &FakeDiscord) -> discord::view::Seen {
    let thread = discord.threads(discord::CHANNEL).remove(0);
    let asked = discord.messages(thread.id).into_iter().find(|m| m.title().starts_with("Approval 1"));
    asked.unwrap()
}

fn question_on_telegram(telegram: &FakeTelegram) -> telegram::Seen {
    telegram.see(|view| view.find(telegram::GROUP, "Approval 1: may I run vacuum?")).unwrap()
}

#[tokio::test]
async fn an_answer_on_one_platform_closes_the_question_on_the_other() {
    let lab = lab();
    let (discord, telegram, bot) = asked(&lab).await;
    let press = discord.press(discord::OPERATOR, question_on_discord(&discord).id, "Approve");
    let answer = discord.answer(press).await;
    assert!(answer.only_for == Some(discord::OPERATOR), "{answer:?}");
    bot.pass(secs(5)).await;
    assert_eq!(lab.host.ran(), ["journalctl --vacuum-size=200M"]);
    let there = question_on_telegram(&telegram);
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
    let here = question_on_discord(&discord);
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
