//! Language models at the wire: both adapters, and the dialogue above them, against servers that are strict and
//! misbehave.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use steward::agent::dialogue::Member;
use steward::agent::model::{Answer, Call, Model, ModelError, Question, ToolSpec, Turn};
use steward::app::models;
use steward::config::{AgentSettings, LoadOptions, Setup};

use crate::support::llm::{Act, FakeOllama, FakeOpenAi, KEY, Said, nobody};

/// The agent's settings as the configuration gives them.
fn settings(toml: &str) -> AgentSettings {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(&file, toml).unwrap();
    let env = |name: &str| (name == "MODEL_KEY").then(|| KEY.to_owned());
    let options = LoadOptions {
        file: Some(file),
        state_dir: Some(dir.path().join("state")),
        host: "vm",
        timezone: "UTC",
        env: &env,
    };
    Setup::load_with(&options).unwrap().loaded.config.agent
}

/// The only model of a configuration.
fn only(toml: &str) -> Member {
    let members = models::each(&settings(toml)).unwrap();
    let [member] = members.into_values().collect::<Vec<_>>().try_into().ok().unwrap();
    member
}

fn user(text: &str) -> Turn {
    Turn::User { text: text.to_owned() }
}

fn tool() -> ToolSpec {
    ToolSpec {
        name: "run_command",
        description: "Runs a command that only reads.".to_owned(),
        parameters: json!({
            "type": "object", "properties": { "argv": { "type": "array", "items": { "type": "string" } } },
            "required": ["argv"],
        }),
    }
}

fn question(turns: Vec<Turn>) -> Question {
    Question {
        system: "You look after a lab.".to_owned(),
        turns,
        tools: vec![tool()],
        max_tokens: 500,
        timeout: Duration::from_secs(20),
    }
}

/// A question whose dialogue has come to a result already.
fn second(answer: &Answer) -> Question {
    let mut turns = vec![user("the blog is slow")];
    turns.push(Turn::Assistant { text: answer.text.clone(), calls: answer.calls.clone() });
    for call in &answer.calls {
        let text = "97% full".to_owned();
        turns.push(Turn::Result { id: call.id.clone(), name: call.name.clone(), text });
    }
    question(turns)
}

fn arguments(call: &Call) -> Value {
    serde_json::from_str(&call.arguments).unwrap()
}

async fn asked(model: &Arc<dyn Model>) -> Result<Answer, ModelError> {
    model.ask(&question(vec![user("the blog is slow")])).await
}

#[tokio::test]
async fn ollama_calls_tools_hears_what_they_came_to_and_answers() {
    let ollama = FakeOllama::start().await;
    let model = only(&ollama.config()).model;
    ollama.says_calls([
        ("run_command", json!({ "argv": ["df"] })),
        ("run_command", json!({ "argv": ["uptime"] })),
    ]);
    ollama.says("<think>97% is much</think>The disk is full.");
    let first = asked(&model).await.unwrap();
    assert_eq!(first.calls.len(), 2);
    assert_eq!(arguments(&first.calls[1]), json!({ "argv": ["uptime"] }));
    assert_ne!(first.calls[0].id, first.calls[1].id);
    let last = model.ask(&second(&first)).await.unwrap();
    assert_eq!((last.text.as_str(), last.calls.len(), last.cut_off), ("The disk is full.", 0, false));
    assert!(last.spent.tokens_in > 20 && last.spent.tokens_out > 0, "{:?}", last.spent);
    let request = ollama.last_request();
    assert_eq!(request["options"]["num_ctx"], 16_384);
    assert_eq!(request["options"]["num_predict"], 500);
    assert_eq!(request["messages"][3]["content"], "97% full");
}

#[tokio::test]
async fn an_openai_api_calls_tools_hears_what_they_came_to_and_answers() {
    let openai = FakeOpenAi::start().await;
    let model = only(&openai.config()).model;
    openai.cached(7);
    openai.says_calls([
        ("run_command", json!({ "argv": ["df"] })),
        ("run_command", json!({ "argv": ["uptime"] })),
    ]);
    openai.says("The disk is full.");
    let first = asked(&model).await.unwrap();
    assert_eq!(first.calls.len(), 2);
    assert_eq!(arguments(&first.calls[1]), json!({ "argv": ["uptime"] }));
    let last = model.ask(&second(&first)).await.unwrap();
    assert_eq!((last.text.as_str(), last.calls.len(), last.cut_off), ("The disk is full.", 0, false));
    assert!(last.spent.tokens_in > 20 && last.spent.tokens_out > 0, "{:?}", last.spent);
    assert_eq!(last.spent.tokens_cached, 7);
    assert_eq!(openai.last_request()["max_tokens"], 500);
}
