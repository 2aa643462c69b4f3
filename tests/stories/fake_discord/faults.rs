//! The fake misbehaves as it is told to, and only so.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::support::secs;
use super::{Raw, discord, messages, says};
use crate::support::discord::{BOT, CHANNEL, FOREIGN_CHANNEL, Fault, GUILD, OPERATOR, STRANGER, permission};

const POSTS: &str = "POST /channels/*/messages";

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_is_told_to_and_where_it_is_told_to() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    discord.next(2, POSTS, Fault::Status(503));
    assert_eq!(raw.ask("GET", "/users/@me", &Value::Null).await.0, 200, "another route");
    for expected in [503, 503, 200] {
        assert_eq!(raw.ask("POST", &messages(), &says("x")).await.0, expected);
    }
    assert_eq!(discord.messages(CHANNEL).len(), 1, "a refused request is not done");
    discord.always("* /channels/**", Fault::Garbage);
    let answer = raw.request("GET", &messages()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.json::<Value>().await.is_err(), "half a document");
    discord.well_behaved();
    assert_eq!(raw.ask("GET", &messages(), &Value::Null).await.0, 200);
    assert_eq!(discord.requests()[1], format!("POST {} → 503 (fault)", messages()));
    discord.nothing_wrong();
}

#[tokio::test]
async fn a_connection_closes_before_or_after_the_work_is_done() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let post = async || raw.request("POST", &messages()).json(&says("x")).send().await;
    discord.next(1, POSTS, Fault::Close);
    assert!(post().await.is_err());
    assert!(discord.messages(CHANNEL).is_empty());
    discord.next(1, POSTS, Fault::DoThenClose);
    assert!(post().await.is_err());
    assert_eq!(discord.messages(CHANNEL).len(), 1, "it is there, though nobody was told");
    assert!(post().await.is_ok());
}

#[tokio::test]
async fn a_request_hangs_until_all_is_well() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    discord.next(1, POSTS, Fault::Hang);
    let request = tokio::spawn(raw.request("POST", &messages()).json(&says("late")).send());
    discord.until("the request", |world| (world.hanging() == 1).then_some(())).await;
    assert!(discord.messages(CHANNEL).is_empty());
    discord.well_behaved();
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
    assert_eq!(discord.messages(CHANNEL).len(), 1);
    discord.next(1, POSTS, Fault::Hang);
    let request = tokio::spawn(raw.request("POST", &messages()).json(&says("never")).send());
    discord.until("the request", |world| (world.hanging() == 1).then_some(())).await;
    request.abort();
    discord.until("it to be given up", |world| (world.hanging() == 0).then_some(())).await;
    discord.well_behaved();
    assert_eq!(discord.messages(CHANNEL).len(), 1, "who is gone gets nothing done");
}

#[tokio::test]
async fn who_is_down_answers_nobody_until_it_is_back() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    raw.post(&says("before")).await;
    discord.go_down();
    assert!(raw.request("GET", "/users/@me").send().await.is_err(), "a connection that was open");
    assert!(Raw::to(&discord).request("GET", "/users/@me").send().await.is_err(), "a new one");
    discord.come_back();
    assert_eq!(raw.ask("GET", "/users/@me", &Value::Null).await.0, 200);
    let clone = discord.clone();
    drop(discord);
    assert_eq!(raw.ask("GET", "/users/@me", &Value::Null).await.0, 200, "a clone keeps it alive");
    drop(clone);
    assert!(raw.request("GET", "/users/@me").send().await.is_err(), "it ends with the last");
}

#[tokio::test]
async fn a_429_says_when_to_come_back() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let after = Duration::from_millis(1500);
    discord.next(1, POSTS, Fault::RateLimited { after, global: false });
    discord.next(1, POSTS, Fault::RateLimited { after, global: true });
    for (global, scope) in [(false, "user"), (true, "global")] {
        let answer = raw.request("POST", &messages()).json(&says("x")).send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(answer.status(), 429);
        assert_eq!(header("retry-after").unwrap(), "2", "whole seconds");
        assert_eq!(header("x-ratelimit-scope").unwrap(), scope);
        assert_eq!(header("x-ratelimit-global").is_some(), global);
        assert_eq!(header("x-ratelimit-bucket").is_some(), !global);
        let body: Value = answer.json().await.unwrap();
        assert_eq!((&body["retry_after"], &body["global"]), (&json!(1.5), &json!(global)));
    }
}

#[tokio::test]
async fn a_limit_counts_by_channel_and_by_the_clock_of_the_story() {
    let (discord, clock) = discord().await;
    let raw = Raw::to(&discord);
    discord.limit_channel_messages(2, secs(5));
    let post = async || raw.request("POST", &messages()).json(&says("x")).send().await.unwrap();
    for left in ["1", "0"] {
        let answer = post().await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["x-ratelimit-remaining"]),
            (200, &left.parse().unwrap())
        );
        assert_eq!(answer.headers()["x-ratelimit-limit"], "2");
    }
    clock.step(clock.time() + secs(2));
    let answer = post().await;
    assert_eq!(answer.headers()["x-ratelimit-reset-after"], "3.000");
    assert_eq!(
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["retry_after"].as_f64()),
        (429, Some(3.0))
    );
    let dm = raw.ask("POST", "/users/@me/channels", &json!({"recipient_id": OPERATOR.to_string()})).await.1;
    let elsewhere = format!("/channels/{}/messages", dm["id"].as_str().unwrap());
    assert_eq!(raw.ask("POST", &elsewhere, &says("x")).await.0, 200, "another channel has its own");
    clock.step(clock.time() + secs(3));
    assert_eq!(post().await.status(), 200);
    assert_eq!(discord.rate_limited(), 1);
}

#[tokio::test]
async fn what_the_bot_may_not_do_is_refused_by_code() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let root = raw.post(&says("root")).await;
    let code =
        async |method: &str, path: String, body: Value| raw.ask(method, &path, &body).await.1["code"].clone();
    let post = || says("x");
    assert_eq!(code("POST", "/channels/7/messages".into(), post()).await, 10_003);
    assert_eq!(code("POST", format!("/channels/{FOREIGN_CHANNEL}/messages"), post()).await, 50_001);
    assert_eq!(code("PATCH", format!("{}/7", messages()), post()).await, 10_008);
    assert_eq!(code("GET", "/guilds/7".into(), Value::Null).await, 10_004);
    assert_eq!(code("GET", format!("/guilds/{GUILD}/members/7"), Value::Null).await, 10_007);
    assert_eq!(code("POST", "/users/@me/channels".into(), json!({"recipient_id": "7"})).await, 10_013);
    discord.take_permission(permission::ADD_REACTIONS | permission::CREATE_PUBLIC_THREADS);
    let reaction = format!("{}/{root}/reactions/%E2%9C%85/@me", messages());
    assert_eq!(code("PUT", reaction, Value::Null).await, 50_013);
    assert_eq!(code("POST", format!("{}/{root}/threads", messages()), json!({"name": "x"})).await, 50_013);
    discord.overwrite(CHANNEL, BOT, 0, permission::SEND_MESSAGES);
    assert_eq!(code("POST", messages(), post()).await, 50_013);
    discord.overwrite(CHANNEL, GUILD, 0, permission::VIEW_CHANNEL);
    assert_eq!(code("GET", format!("/channels/{CHANNEL}"), Value::Null).await, 50_001);
    discord.give_permission(permission::ADMINISTRATOR);
    assert_eq!(raw.ask("POST", &messages(), &post()).await.0, 200, "an administrator may");
    let dm = raw.ask("POST", "/users/@me/channels", &json!({"recipient_id": STRANGER.to_string()})).await.1;
    discord.refuse_dms(STRANGER);
    let direct = format!("/channels/{}/messages", dm["id"].as_str().unwrap());
    assert_eq!(code("POST", direct, post()).await, 50_007);
    discord.delete_channel(CHANNEL);
    assert_eq!(code("POST", messages(), post()).await, 10_003);
    discord.nothing_wrong();
}

#[tokio::test]
async fn a_nonce_makes_one_message_for_a_few_minutes() {
    let (discord, clock) = discord().await;
    let raw = Raw::to(&discord);
    let body = json!({"content": "x", "nonce": "n-1", "enforce_nonce": true});
    discord.next(1, POSTS, Fault::DoThenClose);
    assert!(raw.request("POST", &messages()).json(&body).send().await.is_err());
    let id = discord.messages(CHANNEL)[0].id;
    assert_eq!(raw.post(&body).await, id, "the repetition finds what is there");
    let plain = json!({"content": "x", "nonce": "n-1"});
    assert_ne!(raw.post(&plain).await, id, "a nonce that is not enforced makes a double");
    clock.step(clock.time() + secs(181));
    assert_ne!(raw.post(&body).await, id, "later it is forgotten");
    assert_eq!(discord.messages(CHANNEL).len(), 3);
    discord.nothing_wrong();
    let other = format!("/channels/{}/messages", crate::support::discord::OTHER_CHANNEL);
    assert_eq!(raw.ask("POST", &other, &body).await.0, 400);
    discord.expect_violation("the nonce of a message in another channel");
}

#[tokio::test]
async fn messages_and_reactions_are_listed_in_pages() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let mut ids = Vec::new();
    for text in ["a", "b", "c"] {
        ids.push(raw.post(&says(text)).await);
    }
    let texts = async |query: &str| {
        let page = raw.ask("GET", &format!("{}?{query}", messages()), &Value::Null).await.1;
        page.as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap().to_owned()).collect::<String>()
    };
    assert_eq!(texts("limit=2").await, "cb", "the newest first");
    assert_eq!(texts(&format!("after={}&limit=1", ids[0])).await, "b", "what comes next");
    assert_eq!(texts(&format!("before={}", ids[2])).await, "ba");
    discord.react(OPERATOR, ids[0], "✅");
    discord.react(STRANGER, ids[0], "✅");
    let reaction = format!("{}/{}/reactions/%E2%9C%85", messages(), ids[0]);
    let (_, first) = raw.ask("GET", &format!("{reaction}?limit=1"), &Value::Null).await;
    assert_eq!(first[0]["username"], "alex");
    let (_, next) = raw.ask("GET", &format!("{reaction}?after={OPERATOR}"), &Value::Null).await;
    assert_eq!(next[0]["username"], "mallory");
    assert_eq!(raw.ask("PUT", &format!("{reaction}/@me"), &Value::Null).await.0, 204);
    assert_eq!(raw.ask("DELETE", &format!("{reaction}/@me"), &Value::Null).await.0, 204);
    assert_eq!(discord.messages(CHANNEL)[0].reactions, [("✅".to_owned(), vec![OPERATOR, STRANGER])]);
    let word = format!("{}/{}/reactions/ok/@me", messages(), ids[0]);
    assert_eq!(raw.ask("PUT", &word, &Value::Null).await.1["code"], 10_014);
    discord.expect_violation("is no emoji");
    assert_eq!(raw.ask("DELETE", &format!("{}/{}", messages(), ids[0]), &Value::Null).await.0, 204);
    assert_eq!(discord.messages(CHANNEL).len(), 2);
    assert_eq!(
        raw.ask("DELETE", &format!("{}/{}", messages(), ids[0]), &Value::Null).await.1["code"],
        10_008
    );
    discord.nothing_wrong();
}
