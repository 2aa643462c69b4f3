//! How the setup is looked at, and what becomes of a line that can't stand.

use std::time::Duration;

use steward::engine::ports::{Chat as _, Health};

use super::super::support::discord::{BOT, CHANNEL, OPERATOR, TOKEN, permission};
use super::{Listening, Wire, adapter, pass};

/// The checks that are not good: name, health, and what to do.
async fn wrong(wire: &Wire) -> Vec<(String, Health, String)> {
    let checks = wire.chat.examine().await;
    checks.into_iter().filter(|c| c.health != Health::Good).map(|c| (c.name, c.health, c.fix)).collect()
}

#[tokio::test]
async fn a_good_setup_is_found_good_in_every_respect() {
    let wire = Wire::new().await;
    let checks = wire.chat.examine().await;
    let names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["token", "message content", "server", "channel", "permissions in #ops", "operators"]);
    assert!(checks.iter().all(|check| check.health == Health::Good && check.fix.is_empty()), "{checks:#?}");
    assert!(wire.in_channel().is_empty(), "nothing is said");
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn what_is_missing_is_named_with_what_to_click() {
    let wire = Wire::new().await;
    wire.discord.take_permission(permission::CREATE_PUBLIC_THREADS | permission::MENTION_EVERYONE);
    let found = wrong(&wire).await;
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].1 == Health::Bad && found[0].2.contains("Create Public Threads"));
    assert!(found[1].1 == Health::Poor && found[1].2.contains("Mention @everyone"));
    wire.discord.overwrite(CHANNEL, BOT, permission::CREATE_PUBLIC_THREADS | permission::MENTION_EVERYONE, 0);
    assert_eq!(wrong(&wire).await, []);
    wire.discord.delete_channel(CHANNEL);
    let found = wrong(&wire).await;
    assert!(found.len() == 1 && found[0].0 == "channel" && found[0].1 == Health::Bad, "{found:#?}");
    wire.discord.change_token("another");
    let found = wrong(&wire).await;
    assert!(found.len() == 1 && found[0].0 == "token" && found[0].2.contains("Reset Token"), "{found:#?}");
    wire.discord.go_down();
    let found = wrong(&wire).await;
    assert!(found.len() == 1 && found[0].1 == Health::Unknown, "{found:#?}");
}

#[tokio::test]
async fn without_message_content_commands_and_mentions_are_still_heard() {
    let wire = Wire::new().await;
    wire.discord.forbid_message_content();
    assert_eq!(wrong(&wire).await[0].0, "message content");
    let listening = Listening::begin(&wire);
    listening.connected().await;
    wire.discord.says(OPERATOR, CHANNEL, &format!("<@{BOT}> status"));
    assert_eq!(listening.said().await.text, "status");
    listening.end().await;
}

#[tokio::test]
async fn a_token_that_is_refused_cuts_the_line_until_it_is_right() {
    let mut wire = Wire::new().await;
    wire.chat = adapter(&wire.discord, &wire.clock, "wrong");
    let listening = Listening::begin(&wire);
    let why = listening.until("the cut", |heard| heard.lines.first().cloned()).await.unwrap_err();
    assert!(why.contains("Reset Token") && !why.contains("wrong"), "{why}");
    wire.discord.change_token("wrong");
    tokio::task::yield_now().await;
    pass(&wire, Duration::from_secs(300));
    listening.connected().await;
    listening.end().await;
    wire.discord.change_token(TOKEN);
}

#[tokio::test]
async fn a_discord_that_was_away_is_called_again_and_nothing_is_heard_twice() {
    let wire = Wire::new().await;
    let listening = Listening::begin(&wire);
    listening.connected().await;
    wire.discord.go_down();
    listening.until("the cut", |heard| heard.lines.iter().any(Result::is_err).then_some(())).await;
    wire.discord.come_back();
    let back = async {
        loop {
            pass(&wire, Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(50)).await;
            if wire.discord.look(|world| world.connected()) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), back).await.unwrap();
    wire.discord.says(OPERATOR, CHANNEL, &format!("<@{BOT}> status"));
    assert_eq!(listening.said().await.text, "status");
    assert!(listening.ears.heard.lock().unwrap().said.is_empty());
    listening.end().await;
}
