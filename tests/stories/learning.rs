//! What Steward learns: lessons and runbooks that people are offered, and what it remembers of a problem.

use super::support::runbooks::usual;
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
