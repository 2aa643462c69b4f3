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

#[test]
fn a_section_that_is_wrong_is_told_once_and_not_as_one_that_is_not_there() {
    let told = problems(
        "[agent]\ninvestigate = [\"local\"]\n[agent.models.local]\nprovider = \"ollama\"\nmodel = \"m\"\nprice_in = \"much\"\ncontxt = 3\n",
    );
    assert_eq!(
        told,
        [
            "config.toml:7: [agent.models.local] contxt: no such key here; did you mean `context`?",
            "config.toml:6: [agent.models.local] price_in: expected a number, found the text \"much\"",
        ]
    );
    let told = problems("[agent]\ninvestigate = [\"local\"]\n[agent.models.local]\nprovider = \"ollama\"\n");
    assert_eq!(told, ["config.toml:3: [agent.models] local: `model` is missing"]);
}

#[test]
fn what_has_no_effect_is_told_as_odd_and_refuses_nothing() {
    let config = format!(
        "[agent]\ninvestigate = [\"local\", \"local\"]\ntokens = 5000\n{LOCAL}answer = 16384\n\
        [agent.models.spare]\nprovider = \"ollama\"\nmodel = \"m\"\n"
    );
    let soul = "# Me\n\n```yaml\nnever:\n  - name: no-reboot\n```\n";
    let files = [
        ("config.toml", config.as_str()),
        ("memory/SOUL.md", soul),
        ("prompts/investigat.md", "x\n"),
        ("prompts/request.md", "x\n"),
        ("prompts/notes.txt", "x\n"),
        ("prompts/goals/mine.md", "---\ntitle: Mine\n---\nLook.\n"),
    ];
    let lab = Lab::new(&files);
    let told = lab.shown(&lab.load().unwrap().warnings);
    let expected = [
        "config.toml:2: [agent] investigate: `local` is there twice; the second is never asked: take it out",
        "config.toml:7: [agent.models.local] answer: is 16384, and no more than 16384 fit into the model (`context`); write less, so that room is left for the question",
        "config.toml:8: [agent.models] spare: no purpose asks the model `spare`; put it into `investigate`, `triage` or `narrate` of [agent]",
        "config.toml:3: [agent] tokens: is 5000, and a typical incident alone takes up to 4000; a run of a few steps takes some 20000; write more, or it mostly ends at the limit",
        "prompts/investigat.md: nothing reads a file of this name; did you mean `investigate.md`?",
        "memory/SOUL.md:3: these rules are words to the model only; the policy does not hold to them; write ```yaml policy in this line, and they are enforced",
    ];
    for wanted in expected {
        assert!(told.iter().any(|told| told == wanted), "{wanted}\nis not in\n{}", told.join("\n"));
    }
    assert!(told.iter().any(|told| told.starts_with("prompts/notes.txt: nothing reads")), "{told:#?}");
    assert_eq!(told.len(), expected.len() + 1, "{told:#?}");
}
