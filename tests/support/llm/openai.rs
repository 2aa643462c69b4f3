//! An OpenAI-compatible API: `/v1/chat/completions` and `/v1/models`, behind a key.

use std::ops::Deref;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use serde_json::{Value, json};

use super::dialogue::{Belongs, messages, strangers, tools};
use super::server::{Provider, serve};
use super::{Guard, Said, Script, tokens};

/// The key that it wants: `env:MODEL_KEY` in a lab.
pub const KEY: &str = "sk-fake-4f1c9e77a1b2";
/// The model that it has.
const MODEL: &str = "gpt-fake-mini";

/// An OpenAI-compatible API on loopback.
#[derive(Clone)]
pub struct FakeOpenAi {
    guard: Arc<Guard>,
    url: String,
}

impl FakeOpenAi {
    pub async fn start() -> Self {
        let script = Script::new();
        let url = serve(script.clone(), OpenAi).await;
        Self { guard: Arc::new(Guard(script)), url: format!("{url}/v1") }
    }

    /// Its address, below which `chat/completions` is.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// `[agent.models.NAME]` for it.
    pub fn section(&self, name: &str) -> String {
        format!(
            "[agent.models.{name}]\nprovider = \"openai\"\nurl = \"{}\"\nmodel = \"{MODEL}\"\nkey = \"env:MODEL_KEY\"\n",
            self.url
        )
    }

    /// Settings of a lab whose agent has only this model.
    pub fn config(&self) -> String {
        format!("[agent]\ninvestigate = [\"remote\"]\n{}", self.section("remote"))
    }
}

impl Deref for FakeOpenAi {
    type Target = Script;

    fn deref(&self) -> &Script {
        &self.guard.0
    }
}

struct OpenAi;

impl Provider for OpenAi {
    fn path(&self) -> &'static str {
        "/v1/chat/completions"
    }

    fn list(&self) -> (&'static str, Value) {
        let model =
            |id: &str| json!({ "id": id, "object": "model", "created": 1_700_000_000, "owned_by": "fake" });
        ("/v1/models", json!({ "object": "list", "data": [model(MODEL), model("gpt-fake-large")] }))
    }

    fn door(&self, headers: &HeaderMap) -> Option<(u16, String)> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = given.and_then(|given| given.strip_prefix("Bearer "));
        // As the real one does, it repeats a part of the key; this one all of it.
        (key != Some(KEY)).then(|| (401, format!("Incorrect API key provided: {}.", key.unwrap_or_default())))
    }

    fn lacks(&self, model: &str) -> Option<String> {
        (model != MODEL)
            .then(|| format!("The model `{model}` does not exist or you do not have access to it."))
    }

    fn no_tools(&self, _model: &str) -> String {
        "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set".to_owned()
    }

    fn check(&self, request: &Value) -> Vec<String> {
        let known = ["model", "messages", "tools", "max_tokens", "temperature", "response_format", "stream"];
        let mut faults = strangers(request, &known, "the request");
        if !matches!(request.get("stream"), None | Some(Value::Bool(false))) {
            faults.push("`stream` is set: it would stream".to_owned());
        }
        if request["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
            faults.push(format!("max_tokens is {}", request["max_tokens"]));
        }
        if request.get("tools").is_some() {
            faults.extend(tools(&request["tools"]));
        }
        if let Some(form) = request.get("response_format") {
            if *form != json!({ "type": "json_object" }) {
                faults.push(format!("response_format is {form}"));
            }
            if !request["messages"].to_string().contains("JSON") {
                faults.push("json_object is wanted, and no message says JSON".to_owned());
            }
        }
        faults.extend(messages(request, &Belongs::ById));
        for message in request["messages"].as_array().into_iter().flatten() {
            let known: &[&str] = match message["role"].as_str() {
                Some("assistant") => &["role", "content", "tool_calls"],
                Some("tool") => &["role", "content", "tool_call_id"],
                _ => &["role", "content"],
            };
            faults.extend(strangers(message, known, "a message"));
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                if call["type"] != "function" || !call["function"]["arguments"].is_string() {
                    faults.push(format!("this is no call: {call}"));
                }
            }
        }
        faults
    }

    fn say(&self, request: &Value, said: &Said, cached: u64) -> Value {
        let turn = request["messages"].as_array().map_or(0, Vec::len);
        let call = |(index, (name, arguments)): (usize, &(String, Value))| {
            // Arguments that are a string are sent as they are: they may be no JSON at all.
            let arguments = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
            json!({
                "id": format!("call_{turn}_{index}"), "type": "function",
                "function": { "name": name, "arguments": arguments },
            })
        };
        let calls: Vec<_> = said.calls.iter().enumerate().map(call).collect();
        let mut message = json!({ "role": "assistant", "content": said.text, "refusal": null });
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
            if said.text.is_empty() {
                message["content"] = Value::Null;
            }
        }
        let reason = match (said.cut_off, calls.is_empty()) {
            (true, _) => "length",
            (false, true) => "stop",
            (false, false) => "tool_calls",
        };
        let (sent, came) = (tokens(&request["messages"].to_string()), tokens(&message.to_string()));
        json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_763_712_000, "model": MODEL,
            // Nothing that OpenAI has: compatible servers make up words of their own.
            "service_tier": "on_demand",
            "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": reason }],
            "usage": {
                "prompt_tokens": sent, "completion_tokens": came, "total_tokens": sent + came,
                "prompt_tokens_details": { "cached_tokens": cached.min(sent) },
            },
        })
    }

    fn error(&self, status: u16, words: &str) -> Value {
        let code = match status {
            401 => json!("invalid_api_key"),
            429 => json!("rate_limit_exceeded"),
            _ => Value::Null,
        };
        json!({ "error": { "message": words, "type": "invalid_request_error", "param": null, "code": code } })
    }
}
