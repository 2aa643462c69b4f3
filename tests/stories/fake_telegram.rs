//! The fake Telegram keeps the rules of the documentation, and a real client can live with it.

mod client;
mod misbehaving;
mod people;
mod rules;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::HandClock;
use crate::support::telegram::{FakeTelegram, GROUP, TOKEN};

/// A Telegram, and a client that sends what it is told.
struct Raw {
    telegram: FakeTelegram,
    clock: Arc<HandClock>,
    http: reqwest::Client,
}

/// A status and a body.
struct Reply(u16, Value);

impl Reply {
    /// The result of a call that worked.
    fn ok(self) -> Value {
        assert_eq!(self.1["ok"], true, "{}", self.1);
        self.1["result"].clone()
    }

    /// The call was refused like this.
    fn is(&self, code: u16, description: &str) {
        assert_eq!(self.1["ok"], false, "{}", self.1);
        assert_eq!((self.0, &self.1["error_code"]), (code, &json!(code)));
        let found = self.1["description"].as_str().unwrap();
        assert!(found.contains(description), "{found}");
    }
}

impl Raw {
    async fn start() -> Self {
        let clock = Arc::new(HandClock::at("2026-11-21T08:00:00Z"));
        let telegram = FakeTelegram::start(clock.clone()).await;
        Self { telegram, clock, http: reqwest::Client::new() }
    }

    fn url(&self, method: &str) -> String {
        format!("{}/bot{TOKEN}/{method}", self.telegram.api())
    }

    async fn call(&self, method: &str, params: Value) -> Reply {
        self.try_call(method, params).await.unwrap()
    }

    async fn try_call(&self, method: &str, params: Value) -> reqwest::Result<Reply> {
        let answer = self.http.post(self.url(method)).json(&params).send().await?;
        let code = answer.status().as_u16();
        Ok(Reply(code, answer.json().await?))
    }

    /// A multipart call.
    async fn upload(&self, method: &str, form: reqwest::multipart::Form) -> Reply {
        let answer = self.http.post(self.url(method)).multipart(form).send().await.unwrap();
        let code = answer.status().as_u16();
        Reply(code, answer.json().await.unwrap())
    }

    /// Sends a text to the group; its id.
    async fn send(&self, text: &str) -> i64 {
        let sent = self.call("sendMessage", json!({ "chat_id": GROUP, "text": text })).await.ok();
        sent["message_id"].as_i64().unwrap()
    }

    /// The updates there are, from `offset` on.
    async fn updates(&self, offset: i64) -> Vec<Value> {
        let kinds = ["message", "edited_message", "channel_post", "callback_query", "message_reaction"];
        let params = json!({ "offset": offset, "allowed_updates": kinds });
        self.call("getUpdates", params).await.ok().as_array().unwrap().clone()
    }

    /// A call that the documentation forbids: refused like this, and remembered.
    async fn forbidden(&self, method: &str, params: Value, description: &str) {
        self.telegram.expect_violation(description);
        self.call(method, params).await.is(400, description);
    }
}
