//! What Steward learns: lessons and runbooks that people are offered, and what it remembers of a problem.

use steward::adapters::exec::{Environment, LocalRunner};
use steward::adapters::memory::Files;
use steward::domain::action::Action;
use steward::domain::agent::{Keepsake, Lesson};
use steward::domain::card::Card;
use steward::domain::target::{Signature, Target};
use steward::engine::answers::Reload;
use steward::engine::ports::{Clock, Keeper};
use steward::engine::told::Told;
use steward::policy::{Decision, Facts};
use steward::store::signatures;

use super::support::llm::Said;
use super::support::runbooks::{VACUUM, usual};
use super::support::{Bot, FakeOllama, Lab, min};

/// The disk fills up, somebody allows the repair, and it is over.
async fn a_full_disk(lab: &Lab, bot: &Bot<'_>, approval: u64) {
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    let answer = bot.says(&format!("approve {approval}")).await;
    assert!(answer.contains("Approved by alex"), "{answer}");
    bot.pass(min(20)).await;
}

/// A lab in which people are called for everything, so that everything is worth a lesson.
fn called() -> Lab {
    usual("[escalation]\noccurrences = 1\ncooldown = \"1s\"\n")
}

fn memory(lab: &Lab) -> String {
    std::fs::read_to_string(lab.path().join("memory/MEMORY.md")).unwrap_or_default()
}

#[tokio::test]
async fn what_took_a_person_is_offered_as_a_lesson_and_kept_with_a_yes() {
    let lab = called();
    let bot = lab.start().await;
    a_full_disk(&lab, &bot, 1).await;
    let card = lab.chat.question(2);
    assert!(card.contains("Offer 2: shall I remember this?"), "{card}");
    assert!(card.contains("Seen: disk-fill on vm/disk"), "{card}");
    assert!(card.contains("vacuum (Shrink the journal: `journalctl --vacuum-size=200M`)"), "{card}");
    assert!(bot.says("approvals").await.contains("2  lesson: vm/disk: disk-fill (#1)"));
    assert!(bot.says("status").await.contains("approve 2: lesson: vm/disk: disk-fill"));
    assert_eq!(memory(&lab), "", "nothing is kept without a yes");

    let answer = bot.presses("alex", true, 1, "approve 2").await;
    assert!(answer.contains("Accepted by alex"), "{answer}");
    let text = memory(&lab);
    assert!(text.contains("## vm/disk: disk-fill\nSeen: disk-fill on vm/disk\n"), "{text}");
    let card = lab.chat.question(2);
    assert!(card.contains("Answer: yes, by alex") && card.contains("MEMORY.md"), "{card}");
    assert!(lab.chat.buttons(2).is_empty());
    assert!(lab.chat.thread(1).contains("was accepted by alex: written to"), "{}", lab.chat.thread(1));
    assert_eq!(bot.says("approvals").await, "Nothing waits for you");
    bot.end_quietly().await;
}

#[tokio::test]
async fn nobody_is_asked_to_remember_what_was_repaired_without_them() {
    let lab = usual("");
    let bot = lab.start().await;
    lab.host.break_with("vm/web", "unit-failed", "label: unit=web.service");
    bot.pass(min(40)).await;
    assert_eq!(bot.says("approvals").await, "Nothing waits for you");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_mere_yes_to_a_known_runbook_teaches_nothing_and_neither_does_taking_it_on() {
    let lab = usual("");
    let bot = lab.start().await;
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    bot.says("ack 1").await;
    bot.says("approve 1").await;
    bot.pass(min(20)).await;
    assert!(lab.chat.field(1, "State").starts_with("resolved"), "{}", lab.chat.root(1));
    assert_eq!(bot.says("approvals").await, "Nothing waits for you");
    assert!(bot.incident(1).await.offered.is_empty());
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_declined_lesson_is_not_offered_again_and_a_stranger_can_not_decide() {
    let lab = called();
    let bot = lab.start().await;
    a_full_disk(&lab, &bot, 1).await;
    let refused = bot.says_as("mallory", false, "approve 2").await;
    assert!(refused.contains("operators"), "{refused}");
    let answer = bot.says("deny 2 because I know").await;
    assert!(answer.contains("won't offer it again"), "{answer}");
    let again = bot.says("approve 2").await;
    assert!(again.contains("No approval 2 waits"), "{again}");
    bot.pass(min(300)).await;
    a_full_disk(&lab, &bot, 3).await;
    assert_eq!(bot.says("approvals").await, "Nothing waits for you");
    assert_eq!(memory(&lab), "");
    bot.end_quietly().await;
}

#[tokio::test]
async fn the_next_thread_of_a_problem_quotes_what_worked_also_after_a_restart() {
    let lab = called();
    let bot = lab.start().await;
    a_full_disk(&lab, &bot, 1).await;
    bot.says("deny 2").await;
    bot.pass(min(300)).await;
    bot.stop().await;
    let bot = lab.start().await;
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    let thread = lab.chat.thread(2);
    assert!(thread.contains("Second time on vm/disk in 5 hours; what worked: vacuum (1 of 1, "), "{thread}");
    assert_eq!(thread.matches("Second time").count(), 1, "it is said once:\n{thread}");
    // The agent's context has the same from the store, in which the incident that goes on counts, too.
    let now = lab.clock.time();
    let (signature, target) = (Signature::parse("disk-fill").unwrap(), Target::parse("vm/disk").unwrap());
    let record = move |conn: &rusqlite::Connection| signatures::record(conn, &signature, &target, now);
    let record = bot.app.store().read(record).await.unwrap().unwrap();
    assert!(record.to_string().starts_with("third time on vm/disk"), "{record}");
    assert!(record.to_string().contains("what worked: vacuum (1 of 1, "), "{record}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_answer_counts_when_the_case_is_long_over() {
    let lab = called();
    let bot = lab.start().await;
    a_full_disk(&lab, &bot, 1).await;
    bot.pass(min(60 * 24)).await;
    assert_eq!(bot.incident(1).await.state.as_str(), "closed");
    let answer = bot.presses("alex", true, 1, "approve 2").await;
    assert!(answer.contains("Accepted by alex"), "{answer}");
    assert!(memory(&lab).contains("vm/disk"));
    assert!(lab.chat.question(2).contains("Answer: yes, by alex"), "{}", lab.chat.question(2));
    assert!(lab.chat.thread(1).contains("was accepted by alex"), "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn nobody_answers_for_a_week_and_it_is_over() {
    let lab = called();
    let bot = lab.start().await;
    a_full_disk(&lab, &bot, 1).await;
    bot.stop().await;
    let bot = lab.start().await;
    assert!(bot.says("approvals").await.contains("2  lesson"), "a restart forgets no offer");
    bot.pass(min(60 * 24 * 7)).await;
    assert_eq!(bot.says("approvals").await, "Nothing waits for you");
    assert!(lab.chat.question(2).contains("so nothing was kept"), "{}", lab.chat.question(2));
    assert!(lab.chat.buttons(2).is_empty());
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_steward_that_dies_on_a_yes_keeps_it_at_the_next_start() {
    let lab = called();
    let bot = lab.start().await;
    a_full_disk(&lab, &bot, 1).await;
    bot.dies_when_it_hears("approve 2").await;
    let bot = lab.start().await;
    bot.settle().await;
    assert!(lab.chat.take_answer("alex").unwrap().contains("Accepted by alex"));
    assert_eq!(memory(&lab).matches("## vm/disk").count(), 1, "{}", memory(&lab));
    assert_eq!(bot.says("approvals").await, "Nothing waits for you");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_can_not_be_kept_waits_again_and_says_why() {
    let lab = called();
    lab.write("memory", "a file where the folder should be");
    let bot = lab.start().await;
    a_full_disk(&lab, &bot, 1).await;
    bot.says("approve 2").await;
    bot.settle().await;
    let card = lab.chat.question(2);
    assert!(card.contains("it could not be kept") && card.contains("<Keep: approve 2>"), "{card}");
    assert!(lab.chat.thread(1).contains("could not be kept"), "{}", lab.chat.thread(1));
    std::fs::remove_file(lab.path().join("memory")).unwrap();
    bot.says("approve 2").await;
    assert!(memory(&lab).contains("## vm/disk"), "{}", memory(&lab));
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_people_wrote_stays_and_what_they_know_is_not_offered() {
    let lab = called();
    lab.write(
        "memory/MEMORY.md",
        "# Mine\n\n## The journal grows\nSeen: disk-fill on vm/disk\nFix: vacuum\n",
    );
    let bot = lab.start().await;
    a_full_disk(&lab, &bot, 1).await;
    assert_eq!(bot.says("approvals").await, "Nothing waits for you");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_was_kept_is_committed_alone_where_the_folder_is_a_repository() {
    let lab = called();
    lab.write(".git/HEAD", "");
    let bot = lab.start().await;
    a_full_disk(&lab, &bot, 1).await;
    bot.says("approve 2").await;
    bot.settle().await;
    let ran = lab.host.ran();
    let git: Vec<&String> = ran.iter().filter(|line| line.starts_with("git -C")).collect();
    assert_eq!(git.len(), 2, "{ran:?}");
    assert!(git[0].ends_with("add -- MEMORY.md"), "{git:?}");
    assert!(
        git[1].contains("user.name=Steward") && git[1].ends_with("Accepted by alex. -- MEMORY.md"),
        "{git:?}"
    );
    assert!(lab.chat.question(2).contains("and committed"), "{}", lab.chat.question(2));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_commit_that_fails_leaves_the_file_and_is_said() {
    let lab = called();
    lab.write(".git/HEAD", "");
    let add = format!(
        "git -C {} -c user.name=Steward -c user.email=steward@localhost -c commit.gpgsign=false add -- MEMORY.md",
        lab.path().join("memory").display()
    );
    lab.host.command(&add, &[], 1);
    lab.host.complains(&add, "fatal: index.lock exists");
    let bot = lab.start().await;
    a_full_disk(&lab, &bot, 1).await;
    bot.says("approve 2").await;
    bot.settle().await;
    let card = lab.chat.question(2);
    assert!(card.contains("but not committed: git says: fatal: index.lock exists"), "{card}");
    assert!(memory(&lab).contains("## vm/disk"));
    bot.end_quietly().await;
}

fn never_vacuum() -> Lesson {
    Lesson {
        title: "Never vacuum the journal".to_owned(),
        signature: None,
        target: None,
        why: "The log of the last crash was in it.".to_owned(),
        fix: "Move /var/log to the larger disk.".to_owned(),
        rule: Some(
            "name: keep-journal\nwhy: the journal is evidence\npattern: [journalctl, --vacuum-size=200M]\neffect: irreversible\nblast_radius: host\ndecision: forbid\nmatch: [journalctl --vacuum-size=200M]\nnot_match: [journalctl -u ssh]\n"
                .to_owned(),
        ),
    }
}

/// A lesson as the agent proposes it.
fn remember(lesson: &Lesson) -> serde_json::Value {
    let Lesson { title, why, fix, rule, .. } = lesson;
    serde_json::json!({ "title": title, "why": why, "fix": fix, "rule": rule })
}

/// A lab in which the agent looks into what is broken.
fn with_agent(ollama: &FakeOllama) -> Lab {
    let lab = Lab::new(&ollama.config());
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab.host.break_("vm/disk", "disk-fill");
    lab
}

/// What the last tool told the model.
fn last(request: &serde_json::Value) -> String {
    request["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned()
}

fn concluded() -> Said {
    let conclusion = serde_json::json!({
        "diagnosis": "The journal is too large.", "evidence": [], "confidence": 90, "verification": "", "rollback": ""
    });
    Said::call("conclude", conclusion)
}

#[tokio::test]
async fn a_lesson_of_the_agent_with_a_rule_is_shown_whole_and_enters_both_files() {
    let ollama = FakeOllama::start().await;
    let lab = with_agent(&ollama);
    lab.write("memory/SOUL.md", "# I am Steward\n");
    ollama.says_call("remember", remember(&never_vacuum()));
    ollama.answers(|request| {
        assert!(last(request).contains("A person is asked (question 2)"), "{request}");
        Said::call("remember", remember(&never_vacuum()))
    });
    ollama.answers(|request| {
        assert!(last(request).contains("waits for an answer already"), "the same is offered once: {request}");
        concluded()
    });
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    let card = lab.chat.question(2);
    assert!(card.contains("The log of the last crash") && card.contains("decision: forbid"), "{card}");
    bot.says("approve 2").await;
    let soul = std::fs::read_to_string(lab.path().join("memory/SOUL.md")).unwrap();
    assert!(soul.starts_with("# I am Steward\n\n```yaml policy\nrules:\n  - name: keep-journal\n"), "{soul}");
    assert!(memory(&lab).contains("## Never vacuum the journal"));
    assert!(lab.chat.question(2).contains("its rule is in force"), "{}", lab.chat.question(2));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_rule_that_does_not_load_is_not_even_offered() {
    let ollama = FakeOllama::start().await;
    let lab = with_agent(&ollama);
    let lesson = Lesson { rule: Some("name: x\nwhy: y\n".to_owned()), ..never_vacuum() };
    ollama.says_call("remember", remember(&lesson));
    ollama.answers(|request| {
        assert!(last(request).contains("the lesson's rule"), "{request}");
        concluded()
    });
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    assert_eq!((bot.says("approvals").await.as_str(), ollama.unused()), ("Nothing waits for you", 0));
    bot.end_quietly().await;
}

/// Puts in force what can be loaded, as `reload` does.
struct Reads(steward::app::Read);

#[async_trait::async_trait]
impl Reload for Reads {
    async fn reload(&self, _: &str) -> Told {
        match (self.0)() {
            Ok(_) => Told::yes(Card::titled("Reloaded")),
            Err(problems) => Told::no(Card::titled(problems[0].to_string())),
        }
    }
}

#[tokio::test]
async fn git_itself_takes_what_was_kept_although_no_command_may_touch_the_folder() {
    let lab = usual("");
    lab.write("memory/MEMORY.md", "# Mine\n");
    lab.write("memory/else.txt", "not ours");
    let git = |words: &[&str]| {
        let mut git = std::process::Command::new("git");
        let done = git.arg("-C").arg(lab.path()).args(words).env("HOME", lab.path()).output().unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["add", "memory/else.txt"]);
    let clock: std::sync::Arc<dyn Clock> = lab.clock.clone();
    let environment = Environment { home: lab.path().to_owned(), ..Environment::default() };
    let keeper = Files { runner: std::sync::Arc::new(LocalRunner::new(clock, environment)), ..keeper(&lab) };
    let lesson = Lesson { rule: None, ..never_vacuum() };
    let told = keeper.keep(&Keepsake::Lesson(lesson), "alex").await.unwrap();
    assert!(told.ends_with("MEMORY.md, and committed"), "{told}");
    let log = git(&["log", "--format=%an: %s%n%b", "--name-only"]);
    assert!(log.starts_with("Steward: Lesson: Never vacuum the journal\nAccepted by alex.\n"), "{log}");
    assert!(log.contains("memory/MEMORY.md") && !log.contains("else.txt"), "only that file: {log}");
    let told = keeper.keep(&Keepsake::Lesson(never_vacuum()), "alex").await.unwrap();
    assert!(told.contains("SOUL.md, and committed"), "{told}");
    // The same by any other way is forbidden.
    let folder = lab.path().join("memory").display().to_string();
    let add = Action::local(["git", "-C", &folder, "add", "--", "MEMORY.md"].map(str::to_owned).to_vec());
    let setup = (lab.parts().read)().unwrap();
    assert_eq!(setup.policy.evaluate(&add, &Facts::plain()).decision, Decision::Forbid);
}

fn keeper(lab: &Lab) -> Files {
    let parts = lab.parts();
    let reload = std::sync::Arc::new(Reads(parts.read.clone()));
    Files { read: parts.read, runner: parts.runner, clock: parts.clock, reload }
}

fn a_runbook(name: &str) -> Keepsake {
    let yaml = VACUUM.replace("name: vacuum\ntitle", &format!("name: {name}\ntitle"));
    Keepsake::Runbook { name: name.to_owned(), yaml }
}

#[tokio::test]
async fn a_runbook_that_is_kept_is_loaded_and_keeping_it_twice_is_keeping_it_once() {
    let lab = called();
    let keeper = keeper(&lab);
    let told = keeper.keep(&a_runbook("fix-disk"), "alex").await.unwrap();
    assert!(told.contains("in force") && told.contains("runbooks/fix-disk.yaml"), "{told}");
    let loaded = (lab.parts().read)().unwrap().loaded;
    assert!(loaded.runbooks.contains_key("fix-disk"));
    let again = keeper.keep(&a_runbook("fix-disk"), "alex").await.unwrap();
    assert!(again.contains("is there already"), "{again}");
}

#[tokio::test]
async fn a_runbook_of_the_operator_is_never_overwritten() {
    let lab = called();
    let before = std::fs::read_to_string(lab.path().join("runbooks/restart.yaml")).unwrap();
    let error = keeper(&lab).keep(&a_runbook("restart"), "alex").await.unwrap_err();
    assert!(error.contains("says something else"), "{error}");
    assert_eq!(std::fs::read_to_string(lab.path().join("runbooks/restart.yaml")).unwrap(), before);
}

#[tokio::test]
async fn what_the_loader_refuses_leaves_no_file_behind() {
    let lab = called();
    let Keepsake::Runbook { name, yaml } = a_runbook("fix-disk") else { unreachable!() };
    // Good by itself; that there is no such machine only the whole configuration knows.
    let yaml = yaml.replace(
        "run: [journalctl, --vacuum-size=200M]",
        "run: { host: nowhere, argv: [journalctl, --vacuum-size=200M] }",
    );
    let error = keeper(&lab).keep(&Keepsake::Runbook { name, yaml }, "alex").await.unwrap_err();
    assert!(error.contains("nowhere"), "{error}");
    assert!(!lab.path().join("runbooks/fix-disk.yaml").exists());
    assert!((lab.parts().read)().is_ok(), "what was in force still loads");
}
