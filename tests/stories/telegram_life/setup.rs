//! What is not set up as it has to be: said clearly at the start, not tried all the time, and nothing else waits for it.

use super::super::support::telegram::{BASIC_GROUP, Standing};
use super::*;

/// Something breaks and is repaired, which needs no Telegram.
async fn a_repair_goes_on(bot: &Bot<'_>) {
    let lab = bot.lab;
    lab.host.break_with("vm/web", "unit-failed", "unit: web.service\nsummary: web.service has failed");
    bot.pass(min(15)).await;
    assert_eq!(lab.chat.field(1, "State"), "resolved");
    lab.chat.thread(1);
}

#[tokio::test]
async fn a_wrong_token_is_said_with_what_to_do_and_tried_seldom_and_all_else_works() {
    let lab = lab_with_console("");
    let telegram = lab.on_telegram(true).await;
    telegram.revoke_token();
    let bot = lab.start().await;
    a_repair_goes_on(&bot).await;
    let told = lab.chat.take_notice().expect("the console is told");
    assert!(told.contains("telegram is cut off") && told.contains("@BotFather"), "{told}");
    assert!(
        bot.says("status")
            .await
            .contains("telegram is cut off since 08:00:00: Telegram refuses the bot's token")
    );
    bot.expect_log("Telegram refuses the bot's token; get the right one from @BotFather");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_chat_that_the_bot_is_not_in_is_said_with_what_to_do_and_all_else_works() {
    let lab = lab_with_console("");
    let telegram = lab.on_telegram(true).await;
    let config = std::fs::read_to_string(lab.path().join("config.toml")).unwrap();
    lab.write("config.toml", &config.replace(&GROUP.to_string(), "-1009999"));
    let bot = lab.start().await;
    telegram
        .until("the settings are looked at", |view| (!view.calls("getChat").is_empty()).then_some(()))
        .await;
    a_repair_goes_on(&bot).await;
    for _ in 0..12 {
        bot.pass(min(5)).await;
    }
    let tries = telegram.see(|view| view.calls("getChat").len() + view.calls("sendMessage").len());
    assert!(tries < 40, "{}", telegram.see(|view| view.log()));
    let told = lab.chat.take_notice().expect("the console is told");
    assert!(told.contains("telegram is cut off") && told.contains("`chat.telegram.chat`"), "{told}");
    bot.expect_log("The bot knows no chat -1009999");
    bot.forgive_log("the commands can't be registered");
    bot.forgive_log("a message is put off");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_bot_that_is_no_administrator_works_by_buttons_and_commands() {
    for privacy in [true, false] {
        let lab = lab("");
        let telegram = lab.on_telegram(false).await;
        telegram.bot_is(GROUP, Standing::Member);
        telegram.privacy_mode(privacy);
        let (bot, card) = asked(&lab, &telegram).await;
        // In privacy mode it hears nothing but what is said to it.
        telegram.says(OPERATOR, GROUP, "has anybody looked at the disk?");
        telegram.react(OPERATOR, GROUP, card, &["👍"]);
        heard(&bot, &telegram).await;
        assert_eq!(lab.host.ran(), [""; 0], "a member sees no reactions");
        telegram.replies(OPERATOR, GROUP, card, "approve 1");
        heard(&bot, &telegram).await;
        assert_eq!(lab.host.ran(), VACUUMED);
        bot.end().await;
    }
}

#[tokio::test]
async fn a_webhook_of_another_program_is_removed_at_the_start_and_later() {
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    telegram.set_webhook("https://example.org/hook");
    let bot = lab.start().await;
    listens(&telegram).await;
    bot.expect_log("a webhook was set for the bot, and is removed");
    telegram.set_webhook("https://example.org/hook");
    telegram.says(OPERATOR, GROUP, "/status");
    pass_until(&bot, &telegram, "an answer", |view| view.find(GROUP, "All is well")).await;
    bot.expect_log("a webhook was set for the bot, and is removed");
    bot.forgive_log("what is said there is not heard");
    bot.end().await;
}

#[tokio::test]
async fn examining_says_what_to_click_where() {
    type Spoil = fn(&FakeTelegram);
    let cases: [(Spoil, &str, &str); 6] = [
        (FakeTelegram::revoke_token, "Telegram refuses the token", "/mybots to @BotFather"),
        (|t| t.bot_is(GROUP, Standing::Kicked), "The bot knows no chat", "Add Members"),
        (|t| t.bot_is(GROUP, Standing::Member), "sees no reactions and can't make topics", "Add Admin"),
        (|t| t.bot_is(GROUP, Standing::Member), "does not see plain words", "/setprivacy to @BotFather"),
        (
            |t| t.bot_is(GROUP, Standing::AdministratorWithout(&["can_manage_topics"])),
            "may not manage topics",
            "Manage Topics",
        ),
        (|t| t.set_webhook("https://example.org"), "Another program has set a webhook", "/newbot"),
    ];
    for (spoil, what, fix) in cases {
        let lab = lab("");
        let telegram = lab.on_telegram(true).await;
        spoil(&telegram);
        let parts = lab.parts();
        let checks = parts.chats[0].examine().await;
        let found = checks.iter().find(|check| check.what.contains(what));
        let found = found.unwrap_or_else(|| panic!("not {what:?} but {checks:#?}"));
        assert!(found.fix.contains(fix), "{found:?}");
        let wrote = telegram.see(|view| view.calls("sendMessage").len() + view.calls("deleteWebhook").len());
        assert_eq!(wrote, 0, "looking changes nothing");
    }
    let lab = lab("");
    let telegram = lab.on_telegram(true).await;
    let checks = lab.parts().chats[0].examine().await;
    assert!(checks.iter().all(|check| check.fix.is_empty()), "{checks:#?}");
    let config = std::fs::read_to_string(lab.path().join("config.toml")).unwrap();
    lab.write("config.toml", &config.replace(&GROUP.to_string(), &BASIC_GROUP.to_string()));
    let new = telegram.upgrade_basic_group();
    let checks = lab.parts().chats[0].examine().await;
    assert!(checks.iter().any(|check| check.fix.contains(&new.to_string())), "{checks:#?}");
    telegram.nothing_wrong();
}
