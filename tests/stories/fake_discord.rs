//! The fake Discord itself: a real client can live with it, and what the documentation forbids is refused.

mod client;
mod faults;
mod gateway;
mod interactions;
mod rules;

use std::sync::Arc;

use serde_json::{Value, json};

use super::support::HandClock;
use super::support::discord::{CHANNEL, FakeDiscord, TOKEN};

async fn discord() -> (FakeDiscord, Arc<HandClock>) {
    let clock = Arc::new(HandClock::at("2026-11-21T08:00:00Z"));
    (FakeDiscord::start(clock.clone()).await, clock)
}

/// A client that sends what it is told to, right or wrong.
struct Raw {
    http: reqwest::Client,
    api: String,
}

impl Raw {
    fn to(discord: &FakeDiscord) -> Self {
        let http =
            reqwest::Client::builder().user_agent("DiscordBot (https://example.org, 1)").build().unwrap();
        Self { http, api: format!("{}/api/v10", discord.api()) }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.api);
        let request = self.http.request(method.parse().unwrap(), url);
        request.header("Authorization", format!("Bot {TOKEN}"))
    }

    /// Status and body of the answer; null when there is none.
    async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = self.request(method, path);
        let request = if body.is_null() { request } else { request.json(body) };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null))
    }

    /// A message that is fine; its id.
    async fn post(&self, body: &Value) -> u64 {
        let (status, message) = self.ask("POST", &messages(), body).await;
        assert_eq!(status, 200, "{message}");
        message["id"].as_str().unwrap().parse().unwrap()
    }
}

fn messages() -> String {
    format!("/channels/{CHANNEL}/messages")
}

fn says(text: &str) -> Value {
    json!({"content": text, "allowed_mentions": {"parse": []}})
}
