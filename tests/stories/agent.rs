//! What no runbook fits goes to the agent: what it may do it does like any repair, what it may not it asks for, and
//! what it can't solve goes to people.

use serde_json::json;

use super::support::llm::nobody;
use super::support::{Bot, FakeOllama, Lab, min, secs};

/// A lab with a model and one skill.
fn lab(ollama: &FakeOllama, more: &str) -> Lab {
    let lab = Lab::new(&format!("{}{more}", ollama.config()));
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab
}

/// Starts with a web server that has failed.
async fn failed(lab: &Lab) -> Bot<'_> {
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(6)).await;
    bot
}

fn concludes(ollama: &FakeOllama, diagnosis: &str, confidence: u8) {
    ollama.says_call(
        "conclude",
        json!({
            "diagnosis": diagnosis, "root": "vm/web", "evidence": ["its journal says so"], "confidence": confidence,
            "verification": "systemctl is-active web.service", "rollback": "nothing was changed"
        }),
    );
}

#[tokio::test]
async fn what_no_runbook_fits_the_agent_looks_into_and_people_hear_what_it_found() {
    let ollama = FakeOllama::start().await;
    concludes(&ollama, "web can't bind port 80: nginx holds it.", 80);
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    let story = lab.chat.thread(1);
    assert!(story.contains("web can't bind port 80: nginx holds it. Suspects vm/web. (80 % sure"), "{story}");
    assert!(story.contains("Evidence: its journal says so"), "{story}");
    assert!(lab.chat.field(1, "Agent").contains("80 % sure"), "{}", lab.chat.root(1));
    // Automation has come to its boundary, so people are called; and nothing is asked again while nothing changes.
    assert_eq!(lab.chat.calls(), 1);
    bot.pass(min(30)).await;
    assert_eq!((ollama.requests().len(), lab.chat.calls()), (1, 1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn without_a_model_that_answers_the_incident_is_told_as_it_stands_and_people_are_called() {
    let model = format!(
        "[agent]\ninvestigate = [\"local\"]\n[agent.models.local]\nprovider = \"ollama\"\nmodel = \"m\"\nurl = \"{}\"\n",
        nobody()
    );
    let lab = Lab::new(&model);
    lab.skill("look", "*/5 * * * *", &["vm"]);
    let bot = failed(&lab).await;
    let story = lab.chat.thread(1);
    assert!(story.contains("No model could be asked"), "{story}");
    assert_eq!(lab.chat.calls(), 1);
    bot.pass(min(30)).await;
    assert_eq!(lab.chat.calls(), 1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_inconclusive_verdict_calls_people_once_and_the_agent_does_not_loop() {
    let ollama = FakeOllama::start().await;
    concludes(&ollama, "Perhaps the disk.", 20);
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    assert!(lab.chat.field(1, "Next").contains("The agent is not sure"), "{}", lab.chat.root(1));
    bot.pass(min(60)).await;
    assert_eq!((ollama.requests().len(), lab.chat.calls()), (1, 1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_wish_in_plain_words_is_answered_in_a_thread_of_its_own_which_keeps_its_context() {
    let ollama = FakeOllama::start().await;
    ollama.says_call(
        "conclude",
        json!({ "diagnosis": "Jellyfin is there already.", "evidence": [], "confidence": 90,
                "verification": "", "rollback": "",
                "options": [{ "title": "Keep Jellyfin", "steps": [{ "what": "nothing", "risk": "none", "undo": "none" }] }] }),
    );
    let lab = lab(&ollama, "");
    let bot = lab.start().await;
    let answer = bot.says("I want to add Plex to the lab").await;
    assert!(answer.contains("see #1"), "{answer}");
    let story = lab.chat.thread(1);
    assert!(story.contains("Jellyfin is there already."), "{story}");
    assert!(lab.chat.field(1, "State").starts_with("answered"), "{}", lab.chat.root(1));
    assert!(!bot.says("status").await.contains("Incidents"));
    // It goes on in the thread, and the model hears what was said before.
    ollama.answers(|request| {
        let text = request.to_string();
        assert!(text.contains("I want to add Plex") && text.contains("Jellyfin is there already."), "{text}");
        super::support::llm::Said::call(
            "conclude",
            json!({ "diagnosis": "It needs a licence.", "evidence": [], "confidence": 90, "verification": "", "rollback": "" }),
        )
    });
    bot.says_in_thread(1, "and why not both of them?").await;
    assert!(lab.chat.thread(1).contains("It needs a licence."), "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.calls(), 0);
    bot.pass(secs(60)).await;
    bot.end_quietly().await;
}
