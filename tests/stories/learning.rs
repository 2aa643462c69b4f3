//! What Steward learns: lessons and runbooks that people are offered, and what it remembers of a problem.

use steward::adapters::memory::Files;
use steward::domain::agent::{Keepsake, Lesson, Proposal, Proposed};
use steward::domain::card::Card;
use steward::domain::ids::RunId;
use steward::domain::target::{Signature, Target};
use steward::engine::answers::Reload;
use steward::engine::message::Message;
use steward::engine::ports::Keeper;
use steward::engine::told::Told;
use steward::store::signatures;

use super::support::runbooks::{VACUUM, usual};
use super::support::{Bot, Lab, min};

/// The disk fills up, somebody allows the repair, and it is over.
async fn a_full_disk(lab: &Lab, bot: &Bot<'_>, approval: u64) {
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    let answer = bot.says(&format!("approve {approval}")).await;
    assert!(answer.contains("Approved by alex"), "{answer}");
    bot.pass(min(20)).await;
}

fn memory(lab: &Lab) -> String {
    std::fs::read_to_string(lab.path().join("memory/MEMORY.md")).unwrap_or_default()
}

#[tokio::test]
async fn what_took_a_person_is_offered_as_a_lesson_and_kept_with_a_yes() {
    let lab = usual("");
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
async fn a_declined_lesson_is_not_offered_again_and_a_stranger_can_not_decide() {
    let lab = usual("");
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
    let lab = usual("");
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
    let lab = usual("");
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
    let lab = usual("");
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
    let lab = usual("");
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
    let lab = usual("");
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
    let lab = usual("");
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
    let lab = usual("");
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
    let lab = usual("");
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

/// The agent proposes a lesson while it looks into an incident.
async fn proposes(bot: &Bot<'_>, number: u64, lesson: Lesson) -> Proposed {
    let incident = bot.incident(number).await.id;
    let (reply, told) = tokio::sync::oneshot::channel();
    let run = RunId(ulid::Ulid::generate());
    let proposal = Box::new(Proposal::Lesson(lesson));
    bot.app.handle().send(Message::Proposed { incident, run, proposal, reply });
    let proposed = told.await.unwrap();
    bot.settle().await;
    proposed
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

#[tokio::test]
async fn a_lesson_of_the_agent_with_a_rule_is_shown_whole_and_enters_both_files() {
    let lab = usual("");
    lab.write("memory/SOUL.md", "# I am Steward\n");
    let bot = lab.start().await;
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    let proposed = proposes(&bot, 1, never_vacuum()).await;
    assert!(matches!(proposed, Proposed::Asked { number: 2, .. }), "{proposed:?}");
    let card = lab.chat.question(2);
    assert!(card.contains("The log of the last crash") && card.contains("decision: forbid"), "{card}");
    let again = proposes(&bot, 1, never_vacuum()).await;
    assert!(matches!(again, Proposed::Refused(_)), "the same is offered once: {again:?}");
    bot.says("approve 2").await;
    let soul = std::fs::read_to_string(lab.path().join("memory/SOUL.md")).unwrap();
    assert!(soul.starts_with("# I am Steward\n\n```yaml policy\nrules:\n  - name: keep-journal\n"), "{soul}");
    assert!(memory(&lab).contains("## Never vacuum the journal"));
    assert!(lab.chat.question(2).contains("its rule is in force"), "{}", lab.chat.question(2));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_rule_that_does_not_load_is_not_even_offered() {
    let lab = usual("");
    let bot = lab.start().await;
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    let lesson = Lesson { rule: Some("name: x\nwhy: y\n".to_owned()), ..never_vacuum() };
    let refused = proposes(&bot, 1, lesson).await;
    assert!(matches!(&refused, Proposed::Refused(why) if why.contains("its rule is refused")), "{refused:?}");
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
    let lab = usual("");
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
    let lab = usual("");
    let before = std::fs::read_to_string(lab.path().join("runbooks/restart.yaml")).unwrap();
    let error = keeper(&lab).keep(&a_runbook("restart"), "alex").await.unwrap_err();
    assert!(error.contains("says something else"), "{error}");
    assert_eq!(std::fs::read_to_string(lab.path().join("runbooks/restart.yaml")).unwrap(), before);
}

#[tokio::test]
async fn what_the_loader_refuses_leaves_no_file_behind() {
    let lab = usual("");
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
