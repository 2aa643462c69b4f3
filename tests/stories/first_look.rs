//! A first, cheap look at a wish in plain words: a command that only reads answers it, or it is looked into.

use serde_json::json;
use steward::agent::context::tokens::estimate;
use steward::domain::agent::Ending;
use steward::store::runs::{self, RunRow};

use super::support::llm::Act;
use super::support::{Bot, FakeOllama, Lab, min};

/// A lab with a small model for a first look, and a large one to investigate.
fn lab(small: &FakeOllama, large: &FakeOllama) -> Lab {
    let lab = Lab::new(&format!(
        "[agent]\ninvestigate = [\"large\"]\ntriage = [\"small\"]\n{}price_in = 2.0\n{}price_in = 1.0\n",
        large.section("large"),
        small.section("small"),
    ));
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab
}

fn concludes(large: &FakeOllama, diagnosis: &str) {
    large.says_call(
        "conclude",
        json!({ "diagnosis": diagnosis, "evidence": [], "confidence": 90, "verification": "", "rollback": "" }),
    );
}

async fn recorded(bot: &Bot<'_>) -> Vec<RunRow> {
    bot.app.store().read(|conn| runs::list(conn, 10)).await.unwrap()
}

#[tokio::test]
async fn what_a_command_answers_is_answered_with_it_and_looked_into_if_that_was_not_meant() {
    let (small, large) = (FakeOllama::start().await, FakeOllama::start().await);
    let lab = lab(&small, &large);
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    concludes(&large, "nginx holds port 80.");
    bot.pass(min(6)).await;
    assert_eq!(small.requests().len(), 0, "an incident gets no first look");

    small.says(r#"{"command": "status"}"#);
    let answer = bot.says("what's broken right now?").await;
    assert!(answer.contains("see #2"), "{answer}");
    let story = lab.chat.thread(2);
    assert!(story.contains("I understood: `status`"), "{story}");
    assert!(story.contains("Incidents: 1 open") && story.contains("vm/web unit-failed"), "{story}");
    assert!(
        story.contains("I took that for `status` (run 2). If you meant something else, say so here"),
        "{story}"
    );
    assert!(!story.contains("% sure"), "{story}");
    assert!(lab.chat.field(2, "State").starts_with("answered"), "{}", lab.chat.root(2));
    assert_eq!(large.requests().len(), 1, "nobody else is asked");
    // It is a question without tools, and a short one.
    let asked = small.last_request();
    assert!(asked.get("tools").is_none(), "{asked}");
    let texts =
        asked["messages"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap());
    let size: usize = texts.map(estimate).sum();
    assert!(size < 700, "{size} tokens:\n{asked}");
    // It is on record, and paid for.
    let run = recorded(&bot).await.into_iter().find(|run| run.number == 2).unwrap();
    assert_eq!(run.models, ["small"]);
    assert!(run.spent.tokens_in > 0 && run.spent.micros > 0, "{run:?}");
    assert_eq!(run.conclusion.unwrap().ending, Ending::Understood { command: "status".into() });

    // The thread goes on, and what was answered is known.
    large.answers(|request| {
        let text = request.to_string();
        assert!(text.contains("what's broken right now") && text.contains("Incidents: 1 open"), "{text}");
        super::support::llm::Said::call(
            "conclude",
            json!({ "diagnosis": "The web server is.", "evidence": [], "confidence": 90, "verification": "", "rollback": "" }),
        )
    });
    bot.says_in_thread(2, "no, look into it").await;
    assert!(lab.chat.thread(2).contains("The web server is."), "{}", lab.chat.thread(2));
    assert_eq!(small.requests().len(), 1, "what is said later gets no first look");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_has_to_be_looked_up_is_answered_too_also_while_the_agent_is_busy_with_something_else() {
    let (small, large) = (FakeOllama::start().await, FakeOllama::start().await);
    let lab = lab(&small, &large);
    let bot = lab.start().await;
    small.says(r#"{"investigate": true}"#);
    large.does(Act::Hang);
    bot.says_while_busy("why is the blog so slow since yesterday?").await;
    large.asked(1).await;
    small.says(r#"{"command": "what changed on vm since today?"}"#);
    bot.says_while_busy("did anybody touch the vm today").await;
    small.asked(2).await;
    // The first run hangs, so nothing comes to rest.
    for _ in 0..2_000 {
        if lab.chat.has_root(2) && lab.chat.thread(2).contains("I took that for") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let story = lab.chat.thread(2);
    assert!(story.contains("I understood: `what changed on vm since today?`"), "{story}");
    assert!(story.contains("changed"), "{story}");
    bot.says_while_busy("stop 1").await;
    bot.settle().await;
    assert!(lab.chat.thread(1).contains("alex stopped the agent (run 1)."), "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_changes_anything_is_no_command_or_is_no_answer_is_looked_into() {
    let (small, large) = (FakeOllama::start().await, FakeOllama::start().await);
    let lab = lab(&small, &large);
    let bot = lab.start().await;
    let scripted: Vec<Act> = vec![
        say(r#"{"investigate": true}"#),
        say(r#"{"command": "pause"}"#),
        say(r#"{"command": "silence vm for 2h"}"#),
        say(r#"{"command": "make it so"}"#),
        // A command, and one that has no answer.
        say(r#"{"command": "show 4711"}"#),
        say("I think that `status` would do."),
        Act::Refuse(500, "out of memory".into(), None),
        Act::Raw("{".into()),
    ];
    let times = scripted.len();
    for (nth, act) in scripted.into_iter().enumerate() {
        small.does(act);
        concludes(&large, &format!("It is looked into, time {nth}."));
        bot.says("could you please make the lab a bit quieter tonight?").await;
        let number = u64::try_from(nth).unwrap() + 1;
        let story = lab.chat.thread(number);
        assert!(story.contains(&format!("It is looked into, time {nth}.")), "{story}");
        assert!(!story.contains("I understood"), "{story}");
    }
    assert_eq!((small.requests().len(), large.requests().len()), (times, times));
    assert!(bot.says("status").await.contains("Autonomy: "), "nothing was paused or silenced");
    assert!(bot.says("silences").await.contains("Nothing is silenced"));
    bot.end_quietly().await;
}

fn say(text: &str) -> Act {
    Act::Say(super::support::llm::Said::text(text))
}

#[tokio::test]
async fn a_stop_while_it_looks_ends_the_run_and_nobody_else_is_asked() {
    let (small, large) = (FakeOllama::start().await, FakeOllama::start().await);
    let lab = lab(&small, &large);
    let bot = lab.start().await;
    small.does(Act::Hang);
    bot.says_while_busy("what is broken in the lab right now?").await;
    small.asked(1).await;
    bot.says_while_busy("stop 1").await;
    bot.settle().await;
    let story = lab.chat.thread(1);
    assert!(story.contains("alex stopped the agent (run 1)."), "{story}");
    assert_eq!(large.requests().len(), 0);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_long_wish_gets_no_first_look() {
    let (small, large) = (FakeOllama::start().await, FakeOllama::start().await);
    let lab = lab(&small, &large);
    let bot = lab.start().await;
    concludes(&large, "That is a lot.");
    bot.says(&format!("I want {}", "a server for photos and one for films and ".repeat(12))).await;
    assert!(lab.chat.thread(1).contains("That is a lot."), "{}", lab.chat.thread(1));
    assert_eq!(small.requests().len(), 0);
    bot.end_quietly().await;
}
