//! The line to Discord: set up wrongly, broken, ended, and silent. Steward goes on watching and repairing meanwhile.

use steward::engine::ports::Health;

use super::super::support::discord::{BOT, CHANNEL, OPERATOR, TOKEN, permission};
use super::super::support::{min, secs};
use super::*;

/// Lets time pass until the bot is connected (its attempts wait for the clock).
async fn connects(bot: &Bot<'_>, discord: &FakeDiscord) {
    let connected = async {
        while !discord.look(World::connected) {
            bot.pass(secs(30)).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), connected).await;
    assert!(waited.is_ok(), "it never connected\n{}", discord.everything());
}

/// An hour, in steps that leave the listener time for its real requests.
async fn an_hour(bot: &Bot<'_>) {
    for _ in 0..120 {
        bot.pass(secs(30)).await;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// What the adapter finds of its setup: name, health, what to do.
async fn findings(lab: &Lab) -> Vec<(String, Health, String)> {
    let chats = lab.parts().chats;
    let discord = chats.iter().find(|chat| chat.platform() == "discord").unwrap();
    let checks = discord.examine().await;
    checks.into_iter().filter(|c| c.health != Health::Good).map(|c| (c.name, c.health, c.fix)).collect()
}

fn fail_web(lab: &Lab) {
    lab.host.break_with("vm/web", "unit-failed", "unit: web.service\nsummary: web.service has failed");
}

#[tokio::test]
async fn a_wrong_token_is_told_once_tried_rarely_and_stops_no_repair() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    discord.change_token("another");
    let found = findings(&lab).await;
    assert!(found.len() == 1 && found[0].2.contains("Reset Token"), "{found:?}");
    let bot = lab.start().await;
    requested(&discord, "gateway disconnected: closed with 4004", "", 1).await;
    fail_web(&lab);
    an_hour(&bot).await;
    let (calls, posts) = (discord.sessions().0, requests(&discord, "POST", "/messages → 401"));
    assert!((3..=14).contains(&calls), "{calls} calls in an hour\n{}", discord.everything());
    assert!((3..=14).contains(&posts), "{posts} posts in an hour\n{}", discord.everything());
    assert_eq!(lab.host.ran().len(), 2, "it was repaired all the same");
    bot.expect_log("ERROR message=Discord refuses the bot's token");
    bot.forgive_log("a message is put off");
    discord.change_token(TOKEN);
    connects(&bot, &discord).await;
    bot.pass(min(6)).await;
    assert_eq!(root(&discord, 1).field("State"), "resolved");
    assert!(status(&bot, &discord).await.contains("All is well"));
    bot.forgive_log("a message is put off");
    bot.end().await;
}

#[tokio::test]
async fn without_the_message_content_intent_commands_mentions_and_buttons_work_and_the_log_says_what_to_click()
 {
    let lab = lab("");
    let discord = lab.on_discord().await;
    discord.forbid_message_content();
    let found = findings(&lab).await;
    assert!(found.len() == 1 && found[0].2.contains("Message Content Intent on"), "{found:?}");
    let (bot, card, _) = asked(&lab, &discord).await;
    bot.expect_log("switch Message Content Intent on");
    assert!(says(&bot, &discord, CHANNEL, &mention("status")).await.contains("1 open"));
    discord.press(OPERATOR, card.id, "Approve");
    decided(&bot, &discord, card.id).await;
    assert_eq!(lab.host.ran(), VACUUMED);
    assert_eq!(discord.sessions().0, 2, "refused once, it asks for what it may have");
    bot.end().await;
}

#[tokio::test]
async fn what_is_missing_at_the_start_is_an_error_that_says_what_to_click() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    discord.overwrite(CHANNEL, BOT, 0, permission::CREATE_PUBLIC_THREADS);
    let found = findings(&lab).await;
    assert!(found.len() == 1 && found[0].2.contains("Edit Channel, Permissions"), "{found:?}");
    let bot = start(&lab, &discord).await;
    requested(&discord, "GET /guilds", "members", 2).await;
    fail_web(&lab);
    an_hour(&bot).await;
    assert_eq!(lab.host.ran().len(), 2);
    bot.expect_log("The bot lacks Create Public Threads");
    bot.forgive_log("a message is put off");
    bot.end().await;
}

#[tokio::test]
async fn a_wrong_channel_is_an_error_at_the_start_and_no_crash_loop() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    discord.delete_channel(CHANNEL);
    let found = findings(&lab).await;
    assert!(found.len() == 1 && found[0].0 == "channel", "{found:?}");
    let bot = start(&lab, &discord).await;
    fail_web(&lab);
    an_hour(&bot).await;
    assert_eq!(lab.host.ran().len(), 2);
    assert!(discord.requests().len() < 80, "{}", discord.everything());
    bot.expect_log("There is no channel");
    bot.forgive_log("a message is put off");
    bot.end().await;
}

#[tokio::test]
async fn whatever_the_gateway_does_people_are_heard_afterwards() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let bot = start(&lab, &discord).await;
    let mut resumes = 0;
    for what in ["garbage", "unknown", "socket", "op 7", "4000", "op 9, resumable", "op 9"] {
        let (identifies, _) = discord.sessions();
        let resumed = match what {
            "garbage" => {
                discord.send_garbage();
                false
            }
            "unknown" => {
                discord.send_unknown_event();
                false
            }
            "socket" => {
                discord.drop_socket();
                true
            }
            "op 7" => {
                discord.ask_to_reconnect();
                true
            }
            "4000" => {
                discord.close_gateway(4000);
                true
            }
            "op 9, resumable" => {
                discord.invalidate_session(true);
                true
            }
            _ => {
                discord.invalidate_session(false);
                let again = async {
                    while discord.sessions().0 == identifies {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                };
                tokio::time::timeout(Duration::from_secs(15), again).await.unwrap();
                false
            }
        };
        if resumed {
            resumes += 1;
            requested(&discord, "gateway RESUME", "", resumes).await;
        }
        discord.connected().await;
        assert!(status(&bot, &discord).await.contains("All is well"), "after {what}");
        let reply = says(&bot, &discord, CHANNEL, &mention("status")).await;
        assert!(reply.contains("All is well"), "after {what}: {reply}");
    }
    bot.forgive_log("Discord's gateway");
    bot.end().await;
}

#[tokio::test]
async fn a_token_that_is_taken_back_while_steward_runs_is_told_and_a_new_line_stands_when_it_counts_again() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let bot = start(&lab, &discord).await;
    discord.change_token("another");
    discord.close_gateway(4004);
    requested(&discord, "gateway disconnected", "", 1).await;
    fail_web(&lab);
    an_hour(&bot).await;
    assert_eq!(lab.host.ran().len(), 2);
    bot.expect_log("ERROR message=Discord refuses the bot's token");
    discord.change_token(TOKEN);
    connects(&bot, &discord).await;
    bot.pass(min(6)).await;
    assert!(status(&bot, &discord).await.contains("All is well"));
    assert_eq!(root(&discord, 1).field("State"), "resolved");
    bot.forgive_log("a message is put off");
    bot.end().await;
}

/// The platforms are built from the configuration, and nothing is asked of them before they are used.
#[tokio::test]
async fn nothing_is_sent_before_steward_runs() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let parts = lab.parts();
    assert_eq!(parts.chats.len(), 1);
    assert_eq!(discord.requests(), [""; 0]);
}
