//! Standing goals in a running Steward: begun by their schedule or by hand, silent when there is nothing, and never doing
//! anything themselves.

use serde_json::{Value, json};

use super::support::llm::Said;
use super::support::{Bot, FakeOllama, Lab, min};

/// A lab in which one goal has a schedule: Saturdays at ten. Its clock says eight, on a Saturday.
fn lab(ollama: &FakeOllama) -> Lab {
    let lab = Lab::new(&format!("{}[approvals]\nexpire = \"30h\"\n", ollama.config()));
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab
}

fn nothing() -> Said {
    let conclusion = json!({ "diagnosis": "nothing", "evidence": [], "confidence": 90, "verification": "", "rollback": "" });
    Said::call("conclude", conclusion)
}

/// A plan that the policy lets run by itself: a runbook of this kind does.
fn restart() -> Value {
    json!({
        "title": "Restart the web server once a week", "why": "it leaks memory", "confidence": 95,
        "steps": [{
            "name": "restart", "run": ["systemctl", "restart", "web.service"],
            "verify": ["systemctl", "is-active", "--quiet", "web.service"]
        }]
    })
}

/// A week passes while no Steward runs.
fn a_week_goes_by(lab: &Lab) {
    let end = lab.clock.time() + min(7 * 24 * 60);
    while lab.clock.step(end) {}
}

async fn week(bot: &Bot<'_>) {
    bot.pass(min(7 * 24 * 60)).await;
}

#[tokio::test]
async fn a_goal_runs_when_it_is_due_and_a_restart_neither_doubles_nor_forgets_it() {
    let ollama = FakeOllama::start().await;
    ollama.always(|_| super::support::llm::Act::Say(nothing()));
    let lab = lab(&ollama);
    let bot = lab.start().await;
    bot.pass(min(119)).await;
    assert_eq!(ollama.requests().len(), 0);
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(2)).await;
    assert_eq!(ollama.requests().len(), 1, "it is due at ten, whoever was started when");
    bot.crash().await;
    let bot = lab.start().await;
    bot.pass(min(120)).await;
    assert_eq!(ollama.requests().len(), 1, "once is enough");
    assert_eq!(lab.chat.threads().len(), 0, "that there is nothing is told nobody");
    assert_eq!(lab.chat.take_notice(), None);

    bot.stop().await;
    a_week_goes_by(&lab);
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    assert_eq!(ollama.requests().len(), 2, "what was missed runs once");
    let notice = lab.chat.take_notice().unwrap_or_default();
    assert!(notice.contains("The goal proactive was missed, and runs now"), "{notice}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_goal_that_somebody_wants_runs_now_and_says_also_that_there_is_nothing() {
    let ollama = FakeOllama::start().await;
    ollama.answers(|request| {
        assert!(request.to_string().contains("the ONE thing that is worth a person's minute"), "{request}");
        nothing()
    });
    let lab = lab(&ollama);
    let bot = lab.start().await;
    let list = bot.says("goal").await;
    assert!(list.contains("proactive") && list.contains("next 2026-11-21 10:00"), "{list}");
    let answer = bot.says("goal proactive").await;
    assert!(answer.contains("The goal proactive runs as case #1"), "{answer}");
    assert!(
        lab.chat.thread(1).contains("The agent found nothing worth telling (run 1)."),
        "{}",
        lab.chat.thread(1)
    );
    let typo = bot.says("goal proaktive").await;
    assert!(typo.contains("Did you mean `goal proactive`?"), "{typo}");
    let refused = bot.says_as("mallory", false, "goal proactive").await;
    assert!(refused.contains("operators"), "{refused}");
    assert_eq!(ollama.requests().len(), 1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_a_goal_wants_to_change_is_a_card_and_what_was_declined_is_not_asked_again() {
    let ollama = FakeOllama::start().await;
    ollama.says_call("propose", restart());
    ollama.says_call(
        "conclude",
        json!({ "diagnosis": "The web server leaks.", "evidence": [], "confidence": 95, "verification": "", "rollback": "" }),
    );
    let lab = lab(&ollama);
    let bot = lab.start().await;
    bot.pass(min(121)).await;
    let card = lab.chat.question(2);
    assert!(card.contains("systemctl restart web.service"), "{card}");
    let ran = lab.host.ran();
    assert!(!ran.iter().any(|command| command.contains("restart")), "nothing happens without a yes: {ran:?}");
    assert!(lab.chat.thread(1).contains("The web server leaks."), "{}", lab.chat.thread(1));
    assert!(bot.says("deny 2 it does not leak").await.contains("Denied"), "{}", lab.chat.question(2));

    // The very same a week later: the model hears that it was declined, and nobody else hears anything.
    ollama.says_call("propose", restart());
    ollama.answers(|request| {
        assert!(request.to_string().contains("a person said no to exactly this"), "{request}");
        nothing()
    });
    week(&bot).await;
    assert_eq!((ollama.requests().len(), ollama.unused()), (4, 0));
    assert_eq!(bot.says("approvals").await, "Nothing waits for you");
    assert_eq!(lab.chat.threads().len(), 1, "{:?}", lab.chat.threads());
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_goal_of_ones_own_runs_and_waits_while_what_it_proposed_is_not_answered() {
    let ollama = FakeOllama::start().await;
    let lab = lab(&ollama);
    lab.write(
        "prompts/goals/proactive.md",
        "---\ntitle: Off\nschedule: \"0 10 * * 6\"\nenabled: false\n---\nRest.\n",
    );
    lab.write(
        "prompts/goals/leaks.md",
        "---\ntitle: Does anything leak?\nschedule: \"0 9 * * *\"\n---\nLook for what leaks.\n",
    );
    ollama.answers(|request| {
        assert!(request.to_string().contains("Look for what leaks."), "{request}");
        Said::call("propose", restart())
    });
    ollama.says_call(
        "conclude",
        json!({ "diagnosis": "It leaks.", "evidence": [], "confidence": 95, "verification": "", "rollback": "" }),
    );
    let bot = lab.start().await;
    bot.pass(min(3 * 60)).await;
    assert_eq!(ollama.requests().len(), 2);
    // The next morning the card still waits: more would be a nag.
    bot.pass(min(24 * 60)).await;
    let waits = bot.says("approvals").await;
    assert!(waits.contains("systemctl restart web.service"), "{waits}");
    assert!(bot.says("goal").await.contains("next 2026-11-23 09:00"));
    assert_eq!(ollama.requests().len(), 2);
    // Nobody has answered by then, so it looks again.
    ollama.answers(|_| nothing());
    bot.pass(min(24 * 60)).await;
    assert_eq!(ollama.requests().len(), 3);
    bot.end_quietly().await;
}
