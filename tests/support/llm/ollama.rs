//! An Ollama: `/api/chat` and `/api/tags`.

use std::ops::Deref;
use std::sync::Arc;

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::dialogue::{Belongs, messages, strangers, tools};
use super::server::{Provider, serve};
use super::{Guard, Said, Script, tokens};

/// The model that it has.
const MODEL: &str = "qwen3:8b";

/// An Ollama on loopback.
#[derive(Clone)]
pub struct FakeOllama {
    guard: Arc<Guard>,
    url: String,
}

impl FakeOllama {
    pub async fn start() -> Self {
        let script = Script::new();
        let url = serve(script.clone(), Ollama).await;
        Self { guard: Arc::new(Guard(script)), url }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// `[agent.models.NAME]` for it.
    pub fn section(&self, name: &str) -> String {
        format!("[agent.models.{name}]\nprovider = \"ollama\"\nurl = \"{}\"\nmodel = \"{MODEL}\"\n", self.url)
    }

    /// Settings of a lab whose agent has only this model.
    pub fn config(&self) -> String {
        format!("[agent]\ninvestigate = [\"local\"]\n{}", self.section("local"))
    }
}

impl Deref for FakeOllama {
    type Target = Script;

    fn deref(&self) -> &Script {
        &self.guard.0
    }
}

struct Ollama;

impl Provider for Ollama {
    fn path(&self) -> &'static str {
        "/api/chat"
    }

    fn list(&self) -> (&'static str, Value) {
        let model = json!({
            "name": MODEL, "model": MODEL, "modified_at": "2026-11-01T10:00:00.5+01:00", "size": 5_200_000_000_u64,
            "digest": "500a1f067a9f", "details": { "family": "qwen3", "parameter_size": "8.2B" },
        });
        ("/api/tags", json!({ "models": [model] }))
    }

    fn door(&self, _headers: &HeaderMap) -> Option<(u16, String)> {
        None
    }

    fn lacks(&self, model: &str) -> Option<String> {
        (model != MODEL).then(|| format!("model \"{model}\" not found, try pulling it first"))
    }

    fn no_tools(&self, model: &str) -> String {
        format!("registry.ollama.ai/library/{model} does not support tools")
    }

    fn check(&self, request: &Value) -> Vec<String> {
        let known =
            ["model", "messages", "tools", "options", "format", "stream", "truncate", "keep_alive", "think"];
        let mut faults = strangers(request, &known, "the request");
        if request["stream"] != false {
            faults.push("`stream` is not false: Ollama would stream".to_owned());
        }
        let options = &request["options"];
        for number in ["num_ctx", "num_predict"] {
            if options[number].as_u64().is_none_or(|number| number == 0) {
                faults.push(format!("options.{number} is {}", options[number]));
            }
        }
        faults.extend(strangers(
            options,
            &["num_ctx", "num_predict", "temperature", "seed", "stop", "top_p", "top_k"],
            "`options`",
        ));
        if request.get("tools").is_some() {
            faults.extend(tools(&request["tools"]));
        }
        if let Some(form) = request.get("format") {
            let is_schema = form["type"] == "object" && form["properties"].is_object();
            if form != "json" && !is_schema {
                faults.push(format!("`format` is neither \"json\" nor an object's schema: {form}"));
            }
        }
        faults.extend(messages(request, &Belongs::ByOrder));
        for message in request["messages"].as_array().into_iter().flatten() {
            let known = ["role", "content", "tool_calls", "images", "thinking", "tool_name"];
            faults.extend(strangers(message, &known, "a message"));
            if !message["content"].is_string() {
                faults.push(format!("a message's content is {}", message["content"]));
            }
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                if !call["function"]["arguments"].is_object() {
                    faults.push(format!("the arguments of a call are no object: {call}"));
                }
            }
        }
        faults
    }

    fn say(&self, request: &Value, said: &Said, cached: u64) -> Value {
        let calls: Vec<_> = said
            .calls
            .iter()
            .map(|(name, arguments)| json!({ "function": { "name": name, "arguments": arguments } }))
            .collect();
        let mut message = json!({ "role": "assistant", "content": said.text });
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
        }
        let mut answer = json!({
            "model": MODEL, "created_at": "2026-11-21T08:00:00.123456789Z", "message": message, "done": true,
            "done_reason": if said.cut_off { "length" } else { "stop" },
            "total_duration": 5_000_000, "load_duration": 1_000_000, "prompt_eval_duration": 2_000_000,
            "eval_count": tokens(&message.to_string()), "eval_duration": 2_000_000,
        });
        // What it has in its cache, it does not count; and leaves the number out when it is none.
        let prompt = tokens(&request["messages"].to_string()).saturating_sub(cached);
        if prompt > 0 {
            answer["prompt_eval_count"] = json!(prompt);
        }
        answer
    }

    fn error(&self, _status: u16, words: &str) -> Value {
        json!({ "error": words })
    }
}
