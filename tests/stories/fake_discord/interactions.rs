//! Answers to buttons and commands, one request at a time.

use serde_json::{Value, json};

use super::super::support::{min, secs};
use super::{Raw, discord};
use crate::support::discord::{BOT, CHANNEL, FakeDiscord, GUILD, OPERATOR, STRANGER};

/// A message with a button, which alex pressed: message and interaction with the path of its token.
async fn pressed(discord: &FakeDiscord, raw: &Raw) -> (u64, u64, String) {
    let button = json!({"type": 2, "style": 3, "label": "Yes", "custom_id": "yes:1"});
    let rows = json!([{"type": 1, "components": [button]}]);
    let message = raw.post(&json!({"content": "Shall I?", "components": rows})).await;
    let interaction = discord.press(OPERATOR, message, "Yes");
    let token = discord.look(|world| world.token_of(interaction));
    (message, interaction, token)
}

fn private(text: &str) -> Value {
    json!({"type": 4, "data": {"content": text, "flags": 64}})
}

#[tokio::test]
async fn a_press_is_answered_once_and_followed_up_after_that() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let (message, id, token) = pressed(&discord, &raw).await;
    let (callback, webhook) =
        (format!("/interactions/{id}/{token}/callback"), format!("/webhooks/{BOT}/{token}"));
    let follow = json!({"content": "later", "flags": 64});
    assert_eq!(raw.ask("POST", &webhook, &follow).await.1["code"], 10_015);
    discord.expect_violation("before the interaction's callback");
    assert_eq!(raw.ask("POST", &callback, &json!({"type": 8, "data": {"choices": []}})).await.0, 400);
    discord.expect_violation("not an answer to this type of interaction");
    assert_eq!(raw.ask("POST", &callback, &private("only for you")).await.0, 204);
    assert!(discord.look(|world| world.acknowledged(id)));
    assert_eq!(raw.ask("POST", &callback, &private("again")).await.1["code"], 40_060);
    discord.expect_violation("answered twice");
    assert_eq!(raw.ask("POST", &webhook, &follow).await.0, 200);
    let (_, original) = raw.ask("GET", &format!("{webhook}/messages/@original"), &Value::Null).await;
    assert_eq!(original["content"], "only for you");
    let edit = json!({"content": "edited"});
    assert_eq!(raw.ask("PATCH", &format!("{webhook}/messages/@original"), &edit).await.0, 200);
    let told = discord.look(|world| world.private_answers(OPERATOR));
    assert_eq!(told.iter().map(|seen| seen.content.as_str()).collect::<Vec<_>>(), ["edited", "later"]);
    let transcript = discord.transcript(CHANNEL);
    assert_eq!(
        transcript,
        "#ops\nSteward:\n  Shall I?\n  [Yes]\nSteward (only alex sees this):\n  edited\n\
         Steward (only alex sees this):\n  later\n"
    );
    let public = raw.ask("GET", &format!("/channels/{CHANNEL}/messages"), &Value::Null).await.1;
    assert_eq!(public.as_array().unwrap().len(), 1, "nobody else is shown them");
    assert_eq!(discord.look(|world| world.message_seen(message)).unwrap().edits, 0);
    discord.nothing_wrong();
}

#[tokio::test]
async fn an_update_changes_the_message_whose_button_was_pressed() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let (message, id, token) = pressed(&discord, &raw).await;
    let update = json!({"type": 7, "data": {"content": "Done", "components": []}});
    let with = format!("/interactions/{id}/{token}/callback?with_response=true");
    let (status, answer) = raw.ask("POST", &with, &update).await;
    assert_eq!((status, &answer["resource"]["message"]["content"]), (200, &json!("Done")));
    let seen = discord.look(|world| world.message_seen(message)).unwrap();
    assert_eq!((seen.content.as_str(), seen.buttons.len()), ("Done", 0));
    discord.nothing_wrong();
}

#[tokio::test]
async fn a_deferred_answer_thinks_until_it_is_there() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let (_, id, token) = pressed(&discord, &raw).await;
    let (callback, webhook) =
        (format!("/interactions/{id}/{token}/callback"), format!("/webhooks/{BOT}/{token}"));
    assert_eq!(raw.ask("POST", &callback, &json!({"type": 5, "data": {"flags": 64}})).await.0, 204);
    assert!(discord.transcript(CHANNEL).contains("Steward (only alex sees this) is thinking…"));
    assert_eq!(raw.ask("POST", &webhook, &json!({"content": "here it is"})).await.0, 200);
    let answer = discord.answer(id).await;
    assert_eq!((answer.content.as_str(), answer.only_for, answer.edits), ("here it is", Some(OPERATOR), 0));
    discord.nothing_wrong();
}

#[tokio::test]
async fn a_token_counts_for_three_seconds_and_then_for_fifteen_minutes() {
    let (discord, clock) = discord().await;
    let raw = Raw::to(&discord);
    let (_, late, late_token) = pressed(&discord, &raw).await;
    clock.step(clock.time() + secs(4));
    let (_, id, token) = pressed(&discord, &raw).await;
    let answer =
        raw.ask("POST", &format!("/interactions/{late}/{late_token}/callback"), &private("late")).await;
    assert_eq!(answer.1["code"], 10_062);
    assert_eq!(
        raw.ask("POST", &format!("/interactions/{id}/{token}/callback"), &json!({"type": 6})).await.0,
        204
    );
    clock.step(clock.time() + min(16));
    let follow = json!({"content": "too late"});
    assert_eq!(raw.ask("POST", &format!("/webhooks/{BOT}/{token}"), &follow).await.1["code"], 50_027);
    discord.nothing_wrong();
}

#[tokio::test]
#[should_panic(expected = "is disabled")]
async fn nobody_can_press_a_disabled_button() {
    let (discord, _) = discord().await;
    let button = json!({"type": 2, "style": 3, "label": "Yes", "custom_id": "yes:1", "disabled": true});
    let rows = json!([{"type": 1, "components": [button]}]);
    let message = Raw::to(&discord).post(&json!({"content": "Shall I?", "components": rows})).await;
    discord.press(STRANGER, message, "yes:1");
}

#[tokio::test]
async fn a_transcript_reads_like_the_channel_and_has_no_ids() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let link = format!("https://discord.com/channels/{GUILD}/{CHANNEL}/{BOT}");
    let button = |label: &str, more: Value| {
        let mut button = json!({"type": 2, "style": 5, "label": label});
        more.as_object().unwrap().iter().for_each(|(key, value)| button[key] = value.clone());
        button
    };
    let buttons = [
        button("Docs", json!({"url": "https://example.org"})),
        button("Gone", json!({"style": 2, "custom_id": "x", "disabled": true})),
    ];
    let embed = json!({
        "title": "**web** is down", "description": format!("since <t:1795248000:R>\nsee {link}"), "color": 255,
        "fields": [{"name": "Tried", "value": "one\ntwo"}, {"name": "Where", "value": format!("<#{CHANNEL}>")}],
        "footer": {"text": "#1"},
    });
    let rows = json!([{"type": 1, "components": buttons}]);
    let root = raw.post(&json!({"content": "@here", "embeds": [embed], "components": rows})).await;
    raw.ask("POST", &format!("/channels/{CHANNEL}/messages/{root}/threads"), &json!({"name": "#1 web"}))
        .await;
    let said = discord.says(OPERATOR, root, r"what is \*this\*?");
    let reply = json!({"content": "nothing", "message_reference": {"message_id": said.to_string()}});
    raw.ask("POST", &format!("/channels/{root}/messages"), &reply).await;
    discord.react(STRANGER, root, "👀");
    let thread = "🧵 #1 web\n  alex:\n    what is *this*?\n  Steward to alex:\n    nothing\n";
    let shown = format!(
        "#ops\nSteward → @here:\n  @here\n  ┃ web is down (#0000ff)\n  ┃ since 2026-11-21 08:00\n  \
         ┃ see https://discord/ops/message\n  ┃ Tried:\n  ┃   one\n  ┃   two\n  ┃ Where: #ops\n  ┃ — #1\n  \
         [Docs ↗] (Gone)\n  👀 mallory\n{}",
        thread.lines().map(|line| format!("  {line}\n")).collect::<String>()
    );
    assert_eq!(discord.transcript(CHANNEL), shown);
    discord.delete_message(root);
    assert_eq!(discord.transcript(CHANNEL), format!("#ops\n{thread}"), "the thread outlives its message");
    assert!(discord.look(|world| world.thread_of(root)).is_some_and(|thread| !thread.locked));
    discord.nothing_wrong();
}
