//! What people do must not be lost, whatever is slow, broken or in another place by then.

use std::time::Duration;

use serde_json::json;
use steward::domain::card::Card;
use steward::engine::ports::{Asked, Chat as _, Health};

use super::super::support::discord::{BOT, CHANNEL, Fault, GUILD, OPERATOR, OTHER_CHANNEL, OTHER_GUILD};
use super::{FakeEars, Listening, Wire, adapter_in, incident, question, told};

const CALLBACK: &str = "POST /interactions/*/*/callback";

/// An incident with a thread and a question.
async fn asked() -> (Wire, [String; 3]) {
    let mut wire = Wire::new().await;
    let root = wire.root(incident("open")).await.unwrap().own.unwrap();
    let thread = wire.update(told("08:00:10 seen   it is stale")).await.unwrap().thread.unwrap();
    let asked = wire.question(question(), None).await.unwrap().own.unwrap();
    (wire, [root, thread, asked])
}

async fn listening() -> (Wire, Listening) {
    let (wire, [root, thread, asked]) = asked().await;
    let listening = Listening::begin(&wire);
    listening.about(&root, 12, None);
    listening.about(&thread, 12, None);
    listening.about(&asked, 12, Some(7));
    listening.connected().await;
    wire.discord.until("the commands", |world| (!world.commands().is_empty()).then_some(())).await;
    (wire, listening)
}

fn question_of(wire: &Wire) -> u64 {
    wire.thread().1[1].id
}

async fn acknowledged(wire: &Wire, interaction: u64) {
    let there = |world: &super::super::support::discord::World| world.acknowledged(interaction).then_some(());
    wire.discord.until("the first sign", there).await;
}

#[tokio::test]
async fn what_a_command_that_could_not_be_acknowledged_did_is_told_all_the_same() {
    let (mut wire, listening) = listening().await;
    let mut done = Card::titled("Steward is paused");
    done.done = true;
    wire.discord.next(2, CALLBACK, Fault::Close);
    wire.discord.slash(OPERATOR, CHANNEL, "pause", &json!({}));
    let said = listening.said().await;
    wire.answer(&said.conversation, done.clone()).await.unwrap();
    assert_eq!(wire.discord.look(|world| world.dm(OPERATOR))[0].title(), "Steward is paused");
    wire.discord.refuse_dms(OPERATOR);
    wire.discord.next(2, CALLBACK, Fault::Close);
    wire.discord.slash(OPERATOR, CHANNEL, "pause", &json!({}));
    let said = listening.said().await;
    wire.answer(&said.conversation, done).await.unwrap();
    assert_eq!(wire.in_channel().pop().unwrap().title(), "Steward is paused");
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_press_that_was_acknowledged_outlives_the_line_it_came_over() {
    let (wire, listening) = listening().await;
    listening.ears.busy.send_replace(true);
    let interaction = wire.discord.press(OPERATOR, question_of(&wire), "Approve");
    acknowledged(&wire, interaction).await;
    wire.discord.close_gateway(4014);
    let again =
        |heard: &super::Heard| (heard.lines.iter().filter(|line| line.is_ok()).count() > 1).then_some(());
    listening.until("another line", again).await;
    listening.ears.busy.send_replace(false);
    assert_eq!(listening.said().await.text, "approve 7");
    listening.end().await;
}

#[tokio::test]
async fn a_press_that_was_acknowledged_is_taken_in_although_steward_ends() {
    let (wire, listening) = listening().await;
    listening.ears.busy.send_replace(true);
    let interaction = wire.discord.press(OPERATOR, question_of(&wire), "Approve");
    acknowledged(&wire, interaction).await;
    listening.ending.send_replace(true);
    let gone = |world: &super::super::support::discord::World| (!world.connected()).then_some(());
    wire.discord.until("the end of the line", gone).await;
    listening.ears.busy.send_replace(false);
    assert_eq!(listening.said().await.text, "approve 7");
    listening.end().await;
}

#[tokio::test]
async fn what_is_never_taken_in_does_not_keep_steward_from_ending() {
    let (wire, listening) = listening().await;
    listening.ears.busy.send_replace(true);
    let interaction = wire.discord.press(OPERATOR, question_of(&wire), "Approve");
    acknowledged(&wire, interaction).await;
    listening.end().await;
}

#[tokio::test]
async fn after_a_change_of_the_channel_presses_on_what_stands_in_the_old_one_still_count() {
    let (mut wire, [root, _, asked]) = asked().await;
    wire.chat = adapter_in(&wire.discord, &wire.clock, OTHER_CHANNEL);
    let listening = Listening::begin(&wire);
    listening.about(&root, 12, None);
    listening.about(&asked, 12, Some(7));
    listening.connected().await;
    for (message, button, text) in
        [(wire.in_channel()[0].id, "Acknowledge", "ack 12"), (question_of(&wire), "Approve", "approve 7")]
    {
        let interaction = wire.discord.press(OPERATOR, message, button);
        let said = listening.said().await;
        assert_eq!((said.text.as_str(), said.incident), (text, Some(12)));
        assert!(wire.discord.look(|world| world.acknowledged(interaction)));
    }
    assert_eq!(listening.ears.heard.lock().unwrap().ignored, 0);
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn presses_and_commands_are_acknowledged_before_anything_is_looked_up() {
    let (wire, listening) = listening().await;
    listening.ears.slow.send_replace(true);
    let press = wire.discord.press(OPERATOR, question_of(&wire), "Approve");
    acknowledged(&wire, press).await;
    let command = wire.discord.slash(OPERATOR, wire.thread().0.id, "ack", &json!({}));
    acknowledged(&wire, command).await;
    listening.ears.slow.send_replace(false);
    let both = [listening.said().await, listening.said().await];
    assert!(both.iter().all(|said| said.incident == Some(12)), "{both:?}");
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_command_is_acknowledged_while_everything_else_has_to_pause() {
    let (mut wire, listening) = listening().await;
    let after = Duration::from_secs(3600);
    wire.discord.next(1, "PATCH /channels/*/messages/*", Fault::RateLimited { after, global: true });
    assert!(wire.root(incident("stuck")).await.is_err());
    wire.discord.slash(OPERATOR, CHANNEL, "status", &json!({}));
    let said = listening.said().await;
    assert!(said.conversation.starts_with("command/"), "it was acknowledged");
    wire.answer(&said.conversation, Card::titled("All is well")).await.unwrap();
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_reaction_without_a_guild_counts_and_one_of_another_guild_does_not() {
    let (wire, listening) = listening().await;
    let (thread, question) = (wire.thread().0.id, question_of(&wire));
    let reaction = |emoji: &str| {
        json!({
            "user_id": OPERATOR.to_string(), "channel_id": thread.to_string(), "message_id": question.to_string(),
            "emoji": { "id": null, "name": emoji }, "burst": false, "type": 0,
        })
    };
    let mut foreign = reaction("✅");
    foreign["guild_id"] = OTHER_GUILD.to_string().into();
    wire.discord.tells("MESSAGE_REACTION_ADD", &foreign);
    wire.discord.tells("MESSAGE_REACTION_ADD", &reaction("❌"));
    assert_eq!(listening.said().await.text, "deny 7");
    listening.until("one that is ignored", |heard| (heard.ignored == 1).then_some(())).await;
    listening.end().await;
}

#[tokio::test]
async fn a_no_beats_a_yes_when_nobody_knows_which_came_first() {
    let (wire, [_, _, own]) = asked().await;
    for emoji in ["✅", "❌"] {
        wire.discord.react(OPERATOR, question_of(&wire), emoji);
    }
    let ears = FakeEars::default();
    ears.asked.lock().unwrap().push(Asked { approval: 7, incident: 12, own, thread: None });
    let listening = Listening::with(&wire, ears);
    assert_eq!(listening.said().await.text, "deny 7");
    assert_eq!(listening.said().await.text, "approve 7");
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_flood_ends_the_line_instead_of_filling_the_memory_and_another_is_made() {
    let (wire, listening) = listening().await;
    listening.ears.busy.send_replace(true);
    for _ in 0..500 {
        wire.discord.says(OPERATOR, CHANNEL, &format!("<@{BOT}> status"));
    }
    let gone = |world: &super::super::support::discord::World| (!world.connected()).then_some(());
    wire.discord.until("the end of the line", gone).await;
    listening.ears.busy.send_replace(false);
    let flooded = |heard: &super::Heard| {
        heard
            .lines
            .iter()
            .any(|line| line.as_ref().is_err_and(|why| why.contains("more was said")))
            .then_some(())
    };
    listening.until("why the line is cut", flooded).await;
    listening.end().await;
}

#[tokio::test]
async fn what_discord_does_not_say_about_the_setup_is_not_known() {
    let wire = Wire::new().await;
    let members = format!("GET /guilds/*/members/{OPERATOR}");
    for (route, name) in [
        (format!("GET /guilds/{GUILD}"), "server"),
        (format!("GET /channels/{CHANNEL}"), "channel"),
        (members, "operators"),
    ] {
        wire.discord.next(1, &route, Fault::Refused(404, 0));
        let checks = wire.chat.examine().await;
        let check = checks.iter().find(|check| check.name == name).unwrap();
        assert_eq!(check.health, Health::Unknown, "{check:?}");
    }
}

#[tokio::test]
async fn what_takes_longer_to_place_is_not_overtaken_by_what_was_said_later() {
    let (wire, listening) = listening().await;
    listening.ears.slow.send_replace(true);
    // Where a thread belongs has to be looked up, and what is said elsewhere comes to nothing.
    wire.discord.says(OPERATOR, wire.thread().0.id, "first");
    wire.discord.says(OPERATOR, OTHER_CHANNEL, "nothing");
    wire.discord.says(OPERATOR, CHANNEL, &format!("<@{BOT}> second"));
    let command = wire.discord.slash(OPERATOR, CHANNEL, "status", &json!({}));
    acknowledged(&wire, command).await;
    listening.ears.slow.send_replace(false);
    let heard = [listening.said().await, listening.said().await, listening.said().await];
    assert_eq!(heard.map(|said| said.text), ["first", "second", "status"]);
    listening.end().await;
    wire.discord.nothing_wrong();
}
