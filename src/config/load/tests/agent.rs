use super::*;
use crate::config::{Provider, ToolCalls};
use crate::domain::agent::Purpose;

/// What is wrong with these settings, a line each.
fn problems(config: &str) -> Vec<String> {
    Lab::new(&[("config.toml", config)]).load().unwrap_err()
}

const LOCAL: &str = "[agent.models.local]\nprovider = \"ollama\"\nmodel = \"qwen3:8b\"\n";

#[test]
fn a_model_is_read_with_what_is_usual_and_a_purpose_without_models_asks_none() {
    let text = format!(
        "[agent]\ninvestigate = [\"local\", \"remote\"]\nnarrate = [\"remote\"]\n{LOCAL}\
        [agent.models.remote]\nprovider = \"openai\"\nurl = \"https://llm.example.org/v1/\"\nmodel = \"m\"\nkey = \"env:TOKEN\"\n\
        price_in = 0.15\nprice_out = 0.6\nmask = true\n"
    );
    let agent = Lab::new(&[("config.toml", &text)]).load().unwrap().config.agent;
    let (local, remote) = (&agent.models["local"], &agent.models["remote"]);
    assert_eq!((local.provider, local.url.as_str()), (Provider::Ollama, "http://127.0.0.1:11434"));
    assert_eq!((local.tools, local.remote, local.mask, local.price_in), (ToolCalls::Auto, false, false, 0));
    assert_eq!(remote.url, "https://llm.example.org/v1");
    assert!(remote.remote && remote.mask && remote.key.is_some());
    assert_eq!((remote.price_in, remote.price_cached, remote.price_out), (150_000, 150_000, 600_000));
    assert_eq!(agent.chain(Purpose::Triage), [""; 0]);
    assert_eq!(agent.chain(Purpose::Narrate), ["remote"]);
}

#[test]
fn a_model_that_is_not_there_is_told_with_the_one_that_was_meant() {
    let text = format!("[agent]\ninvestigate = [\"locale\"]\ntriage = [\"local\", \"gpt\"]\n{LOCAL}");
    assert_eq!(
        problems(&text),
        [
            "config.toml:3: [agent] triage: there is no model `gpt`; there is `local`",
            "config.toml:2: [agent] investigate: there is no model `locale`; did you mean `local`?",
        ]
    );
    let told = problems("[agent]\ninvestigate = [\"local\"]\n");
    let expected =
        "config.toml:2: [agent] investigate: there is no model `local`; write a section [agent.models.local]";
    assert_eq!(told, [expected]);
}

#[test]
fn what_is_wrong_with_a_model_is_told_together_and_at_its_line() {
    let text = "[agent]\nconfidence = 140\n[agent.models.a]\nprovider = \"openai\"\nurl = \"localhost:8080\"\nmodel = \" \"\n\
        key = \"env:NO_SUCH_KEY\"\n[agent.models.b]\nprovider = \"openai\"\nmodel = \"m\"\nkey = \"sk-in-place\"\n";
    let told = problems(text);
    for expected in [
        "config.toml:2: [agent] confidence: is more than 100; write how sure it has to be in percent, from 0 to 100",
        "config.toml:5: [agent.models.a] url: \"localhost:8080\" is no address; write one that begins with http:// or https://",
        "config.toml:6: [agent.models.a] model: is empty; write what the provider calls it, such as \"qwen3:8b\"",
        "config.toml:7: [agent.models.a] key: the environment has no variable `NO_SUCH_KEY`; set it where Steward is started",
        "config.toml:11: [agent.models.b] key: a secret is written in place; write `env:NAME` or `file:PATH`, and keep the secret there",
    ] {
        assert!(told.iter().any(|told| told == expected), "{expected}\nis not in\n{}", told.join("\n"));
    }
    assert_eq!(told.len(), 5);
    assert!(!told.concat().contains("sk-in-place"), "{told:?}");
}

#[test]
fn a_key_that_no_model_has_and_a_provider_that_is_none_are_told() {
    let told = problems(&format!("{LOCAL}temprature = 1\n")).concat();
    assert!(told.contains("config.toml:4:") && told.contains("temprature"), "{told}");
    let told = problems("[agent.models.a]\nprovider = \"anthropic\"\nmodel = \"m\"\n").concat();
    assert!(
        told.contains("config.toml:2:") && told.contains("`ollama`") && told.contains("`openai`"),
        "{told}"
    );
}
