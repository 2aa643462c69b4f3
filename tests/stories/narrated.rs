//! Lessons in better words: what a model may say in another way, and what it may not.

use serde_json::json;
use steward::domain::agent::Subject;
use steward::store::runs::{self, RunRow};

use super::support::llm::Act;
use super::support::runbooks::usual;
use super::support::{Bot, FakeOllama, Lab, min, secs};

/// A lab whose lessons a model puts into words; nobody else asks one, because a runbook fits.
fn lab(ollama: &FakeOllama) -> Lab {
    usual(&format!(
        "[agent]\ninvestigate = [\"local\"]\nnarrate = [\"local\"]\n{}price_in = 1.0\n",
        ollama.section("local")
    ))
}

/// The disk fills up, somebody allows the repair, and it is over.
async fn a_full_disk(lab: &Lab, bot: &Bot<'_>) {
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    bot.says("approve 1").await;
    bot.pass(min(20)).await;
}

async fn recorded(bot: &Bot<'_>) -> Vec<RunRow> {
    bot.app.store().read(|conn| runs::list(conn, 10)).await.unwrap()
}

#[tokio::test]
async fn a_lesson_is_offered_in_better_words_and_is_about_the_same() {
    let ollama = FakeOllama::start().await;
    ollama.says(
        &json!({
            "title": "The journal fills the disk of vm",
            "why": "somebody forgot to limit it",
            "fix": "vacuum: shrink the journal with `journalctl --vacuum-size=200M`",
        })
        .to_string(),
    );
    let lab = lab(&ollama);
    let bot = lab.start().await;
    a_full_disk(&lab, &bot).await;
    let card = lab.chat.question(3);
    assert!(card.contains("The journal fills the disk of vm"), "{card}");
    assert!(card.contains("shrink the journal with `journalctl --vacuum-size=200M`"), "{card}");
    assert!(card.contains("Seen: disk-fill on vm/disk"), "{card}");
    assert!(!card.contains("somebody forgot"), "a cause that nobody knew is not made up: {card}");
    let asked = ollama.last_request();
    assert!(asked.get("tools").is_none() && asked.to_string().contains("disk-fill on vm/disk"), "{asked}");
    let [run] = &recorded(&bot).await[..] else { panic!("one run") };
    assert_eq!((run.number, &run.subject), (2, &Subject::Lesson));
    assert!(run.spent.micros > 0 && run.ended_at.is_some(), "{run:?}");

    assert!(bot.says("approve 3").await.contains("Accepted by alex"));
    let memory = std::fs::read_to_string(lab.path().join("memory/MEMORY.md")).unwrap();
    assert!(memory.contains("## The journal fills the disk of vm\nSeen: disk-fill on vm/disk\n"), "{memory}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_fix_whose_command_would_be_another_stays_as_the_record_has_it() {
    let ollama = FakeOllama::start().await;
    let fix = "delete the journal with `rm -rf /var/log/journal`";
    ollama.says(&json!({ "title": "A full disk", "why": "", "fix": fix }).to_string());
    let lab = lab(&ollama);
    let bot = lab.start().await;
    a_full_disk(&lab, &bot).await;
    let card = lab.chat.question(3);
    assert!(card.contains("A full disk"), "{card}");
    assert!(!card.contains("rm -rf") && card.contains("`journalctl --vacuum-size=200M`"), "{card}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn without_an_answer_of_use_the_lesson_is_offered_as_it_is() {
    for act in [
        Act::Refuse(500, "out of memory".into(), None),
        Act::Say(super::support::llm::Said::text("Gladly! The disk was full.")),
        Act::Raw("{".into()),
    ] {
        let ollama = FakeOllama::start().await;
        ollama.does(act);
        let lab = lab(&ollama);
        let bot = lab.start().await;
        a_full_disk(&lab, &bot).await;
        let card = lab.chat.question(3);
        assert!(card.contains("vm/disk: disk-fill") && card.contains("Seen: disk-fill on vm/disk"), "{card}");
        assert_eq!(recorded(&bot).await.len(), 1, "that it was tried is on record");
        bot.end_quietly().await;
    }
}

#[tokio::test]
async fn a_steward_that_dies_while_the_words_are_looked_for_offers_the_lesson_after_its_start() {
    let ollama = FakeOllama::start().await;
    ollama.does(Act::Hang);
    let lab = lab(&ollama);
    let bot = lab.start().await;
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    bot.says_while_busy("approve 1").await;
    // Nothing comes to rest any more once it is asked, and the run is on record before that.
    while recorded(&bot).await.is_empty() {
        lab.clock.step(lab.clock.time() + secs(2));
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    ollama.asked(1).await;
    bot.crash().await;
    ollama.says(&json!({ "title": "A full disk", "why": "", "fix": "" }).to_string());
    let bot = lab.start().await;
    bot.settle().await;
    lab.chat.take_answer("alex").unwrap();
    let waits = bot.says("approvals").await;
    assert!(waits.contains("lesson: A full disk (#1)"), "{waits}\n{:?}", bot.incident(1).await);
    bot.end_quietly().await;
}

#[tokio::test]
async fn nobody_is_asked_for_words_that_would_not_be_offered() {
    let ollama = FakeOllama::start().await;
    let lab = lab(&ollama);
    lab.write("memory/MEMORY.md", "## Disk\nSeen: disk-fill on vm/disk\nFix: vacuum\n");
    let bot = lab.start().await;
    a_full_disk(&lab, &bot).await;
    assert_eq!(ollama.requests().len(), 0);
    assert_eq!(bot.says("approvals").await, "Nothing waits for you");
    bot.end_quietly().await;
}
