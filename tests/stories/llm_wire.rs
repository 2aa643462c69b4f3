//! Language models at the wire: both adapters, and the dialogue above them, against servers that are strict and
//! misbehave.

mod dialogue;
mod doctor;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use steward::agent::dialogue::Member;
use steward::agent::model::{Answer, Call, Model, ModelError, Question, ToolSpec, Turn};
use steward::app::models;
use steward::config::{AgentSettings, LoadOptions, Setup};

use crate::support::llm::{Act, KEY, Said, nobody};
use crate::support::{FakeOllama, FakeOpenAi};

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

#[tokio::test]
async fn the_key_is_sent_and_never_shown() {
    let openai = FakeOpenAi::start().await;
    let section = openai.section("remote").replace("MODEL_KEY", "ANOTHER_KEY");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), section).unwrap();
    let env = |name: &str| (name == "ANOTHER_KEY").then(|| "sk-very-secret".to_owned());
    let file = Some(dir.path().join("config.toml"));
    let options = LoadOptions { file, state_dir: None, host: "vm", timezone: "UTC", env: &env };
    let agent = Setup::load_with(&options).unwrap().loaded.config.agent;
    let member = models::each(&agent).unwrap().remove("remote").unwrap();
    // The server repeats the key in its refusal.
    let error = asked(&member.model).await.unwrap_err();
    assert!(matches!(error, ModelError::Refused { .. }), "{error:?}");
    for shown in [error.to_string(), format!("{error:?}"), format!("{:?}", member.settings)] {
        assert!(!shown.contains("sk-very-secret"), "{shown}");
    }
    assert!(error.to_string().contains("look at `key` under [agent.models.remote]"), "{error}");
    assert!(openai.requests().is_empty());
}

/// Both providers' only model, with the script of its server.
macro_rules! both {
    ($server:ident, $model:ident, $body:block) => {{
        let $server = FakeOllama::start().await;
        let $model = only(&$server.config()).model;
        $body
    }
    {
        let $server = FakeOpenAi::start().await;
        let $model = only(&$server.config()).model;
        $body
    }};
}

#[tokio::test]
async fn each_refusal_is_told_for_what_it_is_and_what_to_do() {
    both!(server, model, {
        for (status, words, kind, told) in [
            (401, "bad key", "Refused", "key"),
            (403, "not for you", "Refused", "look at what its owner allows"),
            (404, "no such model", "Refused", "look at `model` and `url`"),
            (418, "I am\na teapot\u{1b}[2J", "Refused", "418: I am a teapot"),
            (402, "pay", "Limited", "pause"),
            (429, "You exceeded your current quota", "Limited", "pause"),
            (400, "This model's maximum context length is 8192 tokens", "TooLong", "too long"),
            (500, "the input length exceeds the context length", "TooLong", "too long"),
            (400, "qwen does not support tools", "NoTools", "no tools"),
            (400, "\"auto\" tool choice requires --enable-auto-tool-choice", "NoTools", "no tools"),
            (500, "CUDA out of memory", "Unreachable", "500: CUDA out of memory"),
            (302, "moved", "Refused", "sends elsewhere"),
        ] {
            server.refuses(status, words);
            let error = asked(&model).await.unwrap_err();
            assert!(format!("{error:?}").starts_with(kind), "{status} {words}: {error:?}");
            assert!(error.to_string().contains(told) && !error.to_string().contains('\u{1b}'), "{error}");
        }
        server.does(Act::Page(502, format!("<html>{}</html>", "x".repeat(9_000))));
        let error = asked(&model).await.unwrap_err().to_string();
        assert!(error.contains("502") && error.chars().count() < 300, "{error}");
    });
}

#[tokio::test]
async fn a_server_that_asks_for_a_pause_is_not_asked_again_behind_our_back() {
    both!(server, model, {
        server.limits(Some(7));
        let error = asked(&model).await.unwrap_err();
        let pause = Some(Duration::from_secs(7));
        assert!(matches!(&error, ModelError::Limited { pause: said, .. } if *said == pause), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    });
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_told_and_never_repeated() {
    both!(server, model, {
        for (body, told) in [
            ("<html>secret page</html>".to_owned(), "no JSON"),
            ("{\"message\": {\"role\": \"assist".to_owned(), "breaks off"),
            (json!({ "message": "secret", "choices": "secret" }).to_string(), "another shape"),
            (json!({ "choices": [{ "message": { "content": 7 } }] }).to_string(), "another shape"),
            (String::new(), "breaks off"),
        ] {
            server.does(Act::Raw(body));
            let error = asked(&model).await.unwrap_err();
            assert!(matches!(error, ModelError::Malformed { .. }), "{error:?}");
            assert!(error.to_string().contains(told) && !error.to_string().contains("secret"), "{error}");
        }
        server.does(Act::BreakOff(Said::text("The disk is full.")));
        let error = asked(&model).await.unwrap_err();
        assert!(
            matches!(&error, ModelError::Malformed { why, .. } if why.contains("breaks off")),
            "{error:?}"
        );
        server.does(Act::Raw(format!("\"{}\"", "x".repeat(5 * 1024 * 1024))));
        let error = asked(&model).await.unwrap_err();
        assert!(error.to_string().contains("larger than 4 MiB"), "{error}");
    });
}

#[tokio::test]
async fn whoever_does_not_answer_in_time_is_left_and_whoever_is_not_there_is_told_with_the_place() {
    both!(server, model, {
        server.does(Act::Hang);
        let hurried = Question { timeout: Duration::from_millis(150), ..question(vec![user("?")]) };
        let error = model.ask(&hurried).await.unwrap_err();
        assert!(matches!(error, ModelError::TimedOut { .. }), "{error:?}");
    });
    for provider in ["ollama", "openai"] {
        let (url, at) = (nobody(), "user:password@");
        let with_password = url.replace("http://", &format!("http://{at}"));
        let member = only(&format!(
            "[agent.models.m]\nprovider = \"{provider}\"\nmodel = \"m\"\nurl = \"{with_password}\"\n"
        ));
        let error = asked(&member.model).await.unwrap_err();
        assert!(matches!(error, ModelError::Unreachable { .. }), "{error:?}");
        let told = error.to_string();
        assert!(told.contains("refused") && told.contains(&url) && !told.contains("password"), "{told}");
    }
}

#[tokio::test]
async fn an_answer_that_was_cut_off_says_so() {
    both!(server, model, {
        server.does(Act::Say(Said { text: "The disk".to_owned(), cut_off: true, ..Said::default() }));
        assert!(asked(&model).await.unwrap().cut_off);
    });
}

#[tokio::test]
async fn calls_of_every_kind_reach_whoever_judges_them() {
    let openai = FakeOpenAi::start().await;
    let model = only(&openai.config()).model;
    // An unknown tool, arguments that are no JSON, and arguments that are an object instead of text.
    openai.says_calls([("format_disk", json!({})), ("run_command", json!("{\"argv\": [\"df\""))]);
    let answer = asked(&model).await.unwrap();
    assert_eq!(
        (answer.calls[0].name.as_str(), answer.calls[1].arguments.as_str()),
        ("format_disk", "{\"argv\": [\"df\"")
    );
    // Told back as they came, so that the model sees what it did.
    openai.says("Sorry.");
    model.ask(&second(&answer)).await.unwrap();
    let told = openai.last_request()["messages"][2]["tool_calls"][1]["function"]["arguments"].clone();
    assert_eq!(told, json!("{\"argv\": [\"df\""));
    let call = json!({ "function": { "name": "run_command", "arguments": { "argv": ["df"] } } });
    let message = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
    openai.does(Act::Raw(json!({ "choices": [{ "message": message }] }).to_string()));
    let answer = asked(&model).await.unwrap();
    assert_eq!(arguments(&answer.calls[0]), json!({ "argv": ["df"] }));
    assert!(!answer.calls[0].id.is_empty());

    let ollama = FakeOllama::start().await;
    let model = only(&ollama.config()).model;
    ollama.says_call("run_command", json!("df"));
    let answer = asked(&model).await.unwrap();
    assert_eq!(answer.calls[0].arguments, "\"df\"");
    ollama.says("Sorry.");
    model.ask(&second(&answer)).await.unwrap();
}

#[tokio::test]
async fn a_look_at_a_model_asks_it_nothing() {
    both!(server, model, {
        let found = model.examine().await.unwrap();
        assert!(found.contains("is there, at http://127.0.0.1:"), "{found}");
        assert!(server.requests().is_empty());
    });
    let ollama = FakeOllama::start().await;
    let member = only(&ollama.config().replace("qwen3:8b", "qwen3:80b"));
    let told = member.model.examine().await.unwrap_err().to_string();
    assert!(told.contains("`ollama pull qwen3:80b`") && told.ends_with("qwen3:8b"), "{told}");
    let openai = FakeOpenAi::start().await;
    let member = only(&openai.config().replace("gpt-fake-mini", "gpt-fake-mimi"));
    let told = member.model.examine().await.unwrap_err().to_string();
    assert!(told.contains("did you mean `gpt-fake-mini`?"), "{told}");
}

#[tokio::test]
async fn the_fakes_find_what_no_server_would_take() {
    let ollama = FakeOllama::start().await;
    ollama.always(|_| Act::Say(Said::text("hm")));
    let model = only(&ollama.config()).model;
    let result = |id: &str| Turn::Result { id: id.into(), name: "run_command".into(), text: "x".into() };
    model.ask(&question(vec![user("?"), result("1")])).await.unwrap();
    assert!(ollama.take_faults().concat().contains("which was not called"));
    let call = Call { id: "1".into(), name: "run_command".into(), arguments: "{}".into() };
    let calls = Turn::Assistant { text: String::new(), calls: vec![call] };
    model.ask(&question(vec![user("?"), calls.clone(), user("and?")])).await.unwrap();
    assert!(ollama.take_faults().concat().contains("no result for"));
    model
        .ask(&question(vec![user("?"), Turn::Assistant { text: "hm".into(), calls: vec![] }]))
        .await
        .unwrap();
    assert!(ollama.take_faults().concat().contains("the last to speak is Some(\"assistant\")"));

    let openai = FakeOpenAi::start().await;
    let model = only(&openai.config()).model;
    model.ask(&question(vec![user("?"), calls, result("2")])).await.unwrap_err();
    let faults = openai.take_faults().concat();
    assert!(faults.contains("which was not called") && faults.contains("nothing is scripted"), "{faults}");
    let client = reqwest::Client::new();
    let bare = client.post(format!("{}/chat/completions", openai.url())).bearer_auth(KEY);
    let body =
        json!({ "model": "gpt-fake-mini", "messages": [{ "role": "user", "content": "?" }], "best_of": 3 });
    openai.says("hm");
    bare.json(&body).send().await.unwrap();
    assert!(openai.take_faults().concat().contains("unknown field `best_of`"));
}
