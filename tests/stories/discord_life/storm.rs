//! Much at once, within Discord's limits.

use serde_json::json;
use steward::domain::signal::SignalState;

use super::super::support::discord::CHANNEL;
use super::super::support::{min, secs};
use super::*;

/// Discord's documented usual limits.
fn usual_limits(discord: &FakeDiscord) {
    discord.limit_channel_messages(5, secs(5));
    discord.limit("PATCH /channels/*/messages/*", 5, secs(5));
    discord.limit("POST /channels/*/messages/*/threads", 50, secs(300));
}

/// 429s by what was asked for.
fn refused(discord: &FakeDiscord) -> Vec<String> {
    discord.requests().into_iter().filter(|line| line.contains("→ 429")).collect()
}

#[tokio::test]
async fn forty_incidents_at_once_keep_within_the_limits_all_end_right_and_hold_up_no_answer() {
    let lab = lab("[incidents]\nstorm = 0\nneighbours = 0\n");
    let discord = lab.on_discord().await;
    let bot = start(&lab, &discord).await;
    usual_limits(&discord);
    for number in 0..40 {
        lab.host.break_(&format!("vm/unit{number}"), "slow");
    }
    bot.pass(min(5)).await;
    bot.pass(secs(12)).await;
    let roots = || discord.look(|world| world.posts(CHANNEL)).len();
    assert!(roots() < 40, "the storm has not passed yet: {}", roots());
    let before = lab.clock.time();
    let answer = status(&bot, &discord).await;
    assert!(answer.contains("40 open"), "{answer}");
    assert_eq!(lab.clock.time(), before, "who asks does not wait for the storm to pass");
    // What is said in the channel counts with all that is posted there.
    discord.says(OPERATOR, CHANNEL, &mention("incidents"));
    discord
        .until("the mention", |world| world.messages(CHANNEL).iter().any(|m| !m.by_bot).then_some(()))
        .await;
    bot.pass(secs(20)).await;
    let replied = discord.look(|world| world.posts(CHANNEL)).iter().any(|m| m.reply_to.is_some());
    let soon = roots();
    bot.pass(min(3)).await;
    assert!(discord.look(|world| world.posts(CHANNEL)).iter().any(|m| m.reply_to.is_some()));
    assert!(replied, "the reply came after all of the storm; {soon} messages were there");
    for number in 0..40 {
        lab.host.mend(&format!("vm/unit{number}"));
    }
    bot.pass(min(10)).await;
    for number in 1..=40 {
        assert_eq!(root(&discord, number).field("State"), "resolved", "#{number}");
        let story = story(&discord, number);
        assert_eq!(story.matches("has slow").count(), 1, "{story}");
        assert_eq!(story.matches("Resolved").count(), 1, "{story}");
    }
    assert!(discord.threads(CHANNEL).iter().all(|thread| thread.archived));
    let refused = refused(&discord);
    assert!(refused.len() <= 4, "not beyond what is learnt by the first: {refused:#?}");
    bot.end().await;
}

#[tokio::test]
async fn five_hundred_updates_in_a_minute_are_few_edits_and_end_with_the_right_root() {
    let lab = lab("");
    lab.write("topology.yaml", "targets:\n  nas: {}\n  nas/media: { depends_on: [nas] }\n");
    let discord = lab.on_discord().await;
    let bot = start(&lab, &discord).await;
    usual_limits(&discord);
    bot.alert("nas", "down", SignalState::Firing).await;
    bot.pass(secs(20)).await;
    for number in 1..=500 {
        bot.alert("nas/media", &format!("kind-{number}"), SignalState::Firing).await;
        bot.pass(Duration::from_millis(120)).await;
    }
    let edits = seen(&discord, root(&discord, 1).id).edits;
    assert!(edits <= 62, "{edits} edits in a minute");
    bot.pass(min(2)).await;
    let end = root(&discord, 1);
    assert!(end.field("Symptoms").contains("500 of 500 still active"), "{end:?}");
    assert!(refused(&discord).len() <= 3, "{:#?}", refused(&discord));
    let thread = discord.look(|world| world.posts(end.id));
    assert!(thread.len() <= 12, "{} messages in the thread", thread.len());
    let answer = slash(&bot, &discord, end.id, "show", json!({})).await;
    assert!(answer.contains("nas"), "{answer}");
    bot.end().await;
}

#[tokio::test]
async fn a_discord_that_is_slow_down_or_makes_no_sense_for_an_hour_loses_nothing_and_stops_no_repair() {
    for what in ["down", "500", "garbage", "closed"] {
        let lab = lab("");
        let discord = lab.on_discord().await;
        let bot = start(&lab, &discord).await;
        match what {
            "down" => discord.go_down(),
            "500" => discord.always("* /**", Fault::Status(502)),
            "garbage" => discord.always("* /**", Fault::Garbage),
            _ => discord.always("* /**", Fault::Close),
        }
        lab.host.break_with("vm/web", "unit-failed", "unit: web.service\nsummary: web.service has failed");
        bot.pass(min(30)).await;
        lab.host.break_("vm/db", "slow");
        bot.pass(min(10)).await;
        lab.host.mend("vm/db");
        bot.pass(min(20)).await;
        assert_eq!(lab.host.ran().len(), 2, "{what}: it was repaired");
        discord.come_back();
        discord.well_behaved();
        bot.pass(min(10)).await;
        for (number, line) in [(1, "ran `systemctl restart web.service`"), (2, "It went away by itself")] {
            assert_eq!(root(&discord, number).field("State"), "resolved", "{what}");
            let story = story(&discord, number);
            for line in ["seen", line, "Resolved"] {
                assert_eq!(story.matches(line).count(), 1, "{what}: {line} in\n{story}");
            }
        }
        bot.expect_log("a message is put off");
        bot.forgive_log("Discord");
        bot.end().await;
    }
}
