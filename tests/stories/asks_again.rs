//! A step that builds upon what an earlier step found: judged when that is known, and asked for with it.

use super::support::{Bot, Lab, min, secs};

const POLICY: &str = r#"
rules:
  - name: pool-look
    why: reads about a pool
    pattern: [poolctl, [spare, held], tank]
    effect: read
    match: [poolctl spare tank]
    not_match: [poolctl hold tank]
  - name: pool-hold
    why: keeps others from the pool
    pattern: [poolctl, [hold, release], tank]
    effect: reversible
    blast_radius: target
    undo: the other of the two
    match: [poolctl hold tank]
    not_match: [poolctl spare tank]
  - name: pool-detach
    why: takes a disk out again
    pattern: [poolctl, detach, tank]
    args: { min: 1, max: 1 }
    effect: reversible
    blast_radius: target
    undo: put it in again
    match: [poolctl detach tank sdq]
    not_match: [poolctl hold tank]
  - name: pool-attach-own
    why: puts a disk of the pool back where it belongs
    pattern: [poolctl, attach, tank, own1]
    effect: restorative
    blast_radius: target
    match: [poolctl attach tank own1]
    not_match: [poolctl attach tank sdq]
"#;

const GROW: &str = r#"
name: grow
title: Grow the pool
match: { signature: pool-limit }
steps:
  - name: hold
    capture: { spare: [poolctl, spare, tank] }
    run: [poolctl, hold, tank]
    verify: [poolctl, held, tank]
    undo: [poolctl, release, tank]
  - name: attach
    run: [poolctl, attach, tank, "{{ capture.spare }}"]
    verify: check
    undo: [poolctl, detach, tank, "{{ capture.spare }}"]
"#;

const HELD: [&str; 3] = ["poolctl spare tank", "poolctl hold tank", "poolctl held tank"];
const ATTACH: &str = "poolctl attach tank sdq";

/// A pool whose spare disk is this one.
fn lab(settings: &str, spare: &str) -> Lab {
    let lab = Lab::new(settings);
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab.write("policy.yaml", POLICY);
    lab.write("runbooks/grow.yaml", GROW);
    lab.host.prints(HELD[0], &format!("{spare}\n"));
    lab.host.command(&format!("poolctl attach tank {spare}"), &["vm/pool"], 0);
    lab
}

async fn filled_up(lab: &Lab) -> Bot<'_> {
    let bot = lab.start().await;
    lab.host.break_("vm/pool", "pool-limit");
    bot.pass(min(6)).await;
    bot
}

/// A Steward that has done the first step, and waits for an answer about the second.
async fn asked(lab: &Lab) -> Bot<'_> {
    let bot = filled_up(lab).await;
    assert_eq!(lab.host.ran(), HELD, "{}", lab.chat.thread(1));
    assert!(lab.chat.thread(1).contains("Approval 1 waits for you"), "{}", lab.chat.thread(1));
    bot
}

#[tokio::test]
async fn the_step_is_asked_for_with_the_value_that_was_found_while_the_repair_waits() {
    let lab = lab("", "sdq");
    let bot = asked(&lab).await;
    let card = lab.chat.question(1);
    assert!(card.contains("Approval 1: may I run step attach of grow?"), "{card}");
    assert!(card.contains("Would run: vm: `poolctl attach tank sdq`"), "{card}");
    assert!(card.contains("vm: `poolctl detach tank sdq` to take it back if it fails"), "{card}");
    assert!(!card.contains("poolctl hold"), "what ran already is not asked for: {card}");
    assert!(card.contains("Step: 2; the steps before it ran"), "{card}");
    assert_eq!(lab.chat.field(1, "State"), "remediating");
    assert_eq!(lab.chat.field(1, "Next"), "waiting for you: `approve 1` or `deny 1`");
    let waiting = bot.says("approvals").await;
    assert!(waiting.contains(ATTACH), "{waiting}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_yes_runs_exactly_that_once_and_it_can_be_taken_back_with_its_value() {
    let lab = lab("", "sdq");
    let bot = asked(&lab).await;
    let answer = bot.says("approve 1").await;
    assert_eq!(answer, "Approved by alex: step attach of grow runs now, exactly as shown.");
    assert_eq!(lab.host.ran(), [ATTACH], "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    let card = lab.chat.question(1);
    assert!(card.contains("Answer: yes, by alex at 08:06:00\nResult: it worked"), "{card}");
    assert!(bot.says("approve 1").await.contains("No approval 1 waits"));
    bot.pass(min(1)).await;
    let shown = bot.says("undo 1").await;
    assert!(shown.contains("poolctl detach tank sdq"), "{shown}");
    bot.says("approve 2").await;
    assert_eq!(lab.host.ran(), ["poolctl detach tank sdq", "poolctl release tank"]);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_no_takes_back_what_was_done_before_and_is_not_asked_again() {
    let lab = lab("", "sdq");
    let bot = asked(&lab).await;
    assert_eq!(bot.says("deny 1 not that disk").await, "Denied by alex. Nothing was run.");
    assert_eq!(lab.host.ran(), ["poolctl release tank"], "{}", lab.chat.thread(1));
    let story = lab.chat.thread(1);
    assert!(
        story.contains("step attach could not begin: alex said no to approval 1: not that disk"),
        "{story}"
    );
    bot.pass(min(120)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    assert!(lab.chat.thread(1).contains("grow fits, and the answer was no"), "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn no_answer_in_time_takes_back_what_was_done_before() {
    let lab = lab("", "sdq");
    let bot = asked(&lab).await;
    bot.pass(min(30)).await;
    let ran = lab.host.ran();
    assert_eq!(ran[0], "poolctl release tank", "{ran:?}");
    assert!(!ran.contains(&ATTACH.to_owned()), "{ran:?}");
    assert!(lab.chat.question(1).contains("it expired at"), "{}", lab.chat.question(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_step_that_only_restores_with_the_value_that_was_found_runs_without_asking() {
    let lab = lab("", "own1");
    let bot = filled_up(&lab).await;
    assert_eq!(
        lab.host.ran(),
        [HELD[0], HELD[1], HELD[2], "poolctl attach tank own1"],
        "{}",
        lab.chat.thread(1)
    );
    assert!(bot.says("approvals").await.contains("Nothing waits for you"));
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_yes_to_the_plan_is_none_to_the_step_whose_values_it_did_not_know() {
    let lab = lab("autonomy = \"propose\"", "own1");
    let bot = filled_up(&lab).await;
    let card = lab.chat.question(1);
    let told = "`poolctl attach tank '{{ capture.spare }}'` (judged when its values are known, and asked for again if it has to be)";
    assert!(card.contains(told), "{card}");
    bot.says("approve 1").await;
    assert_eq!(lab.host.ran(), HELD, "{}", lab.chat.thread(1));
    assert!(lab.chat.question(2).contains("`poolctl attach tank own1`"), "{}", lab.chat.question(2));
    bot.says("approve 2").await;
    assert_eq!(lab.host.ran(), ["poolctl attach tank own1"], "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    bot.end_quietly().await;
}

#[tokio::test]
async fn the_question_survives_a_crash_and_a_stop_and_its_answer_is_used_once() {
    for crash in [true, false] {
        let lab = lab("", "sdq");
        let bot = asked(&lab).await;
        if crash {
            bot.crash().await
        } else {
            bot.stop().await
        }
        let bot = lab.start().await;
        bot.pass(min(2)).await;
        assert_eq!(lab.host.ran(), [""; 0], "what was done is not done again");
        let waiting = bot.says("approvals").await;
        assert!(waiting.contains("1  step attach of grow for #1") && !waiting.contains("2  "), "{waiting}");
        bot.says("approve 1").await;
        assert_eq!(lab.host.ran(), [ATTACH], "{}", lab.chat.thread(1));
        assert_eq!(lab.chat.field(1, "State"), "mitigated");
        bot.end_quietly().await;
    }
}

#[tokio::test]
async fn a_crash_after_the_step_began_neither_asks_nor_runs_it_again() {
    let lab = lab("", "sdq");
    let bot = asked(&lab).await;
    lab.host.hang(ATTACH);
    bot.says("approve 1").await;
    assert_eq!(lab.host.hung(), 1);
    bot.crash().await;
    lab.host.release();
    assert_eq!(lab.host.ran(), [ATTACH]);
    let bot = lab.start().await;
    bot.pass(secs(1)).await;
    assert_eq!(lab.host.ran(), [""; 0], "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.field(1, "State"), "mitigated", "{}", lab.chat.thread(1));
    assert!(bot.says("approvals").await.contains("Nothing waits for you"));
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_answer_that_steward_died_upon_is_used_after_the_restart_and_not_asked_for_again() {
    for (answer, ran) in [("approve 1", ATTACH), ("deny 1", "poolctl release tank")] {
        let lab = lab("", "sdq");
        asked(&lab).await.dies_when_it_hears(answer).await;
        assert_eq!(lab.host.ran(), [""; 0], "nothing came of it yet");
        let bot = lab.start().await;
        bot.pass(secs(1)).await;
        assert_eq!(lab.host.ran(), [ran], "{}", lab.chat.thread(1));
        assert!(!lab.chat.thread(1).contains("Approval 2"), "{}", lab.chat.thread(1));
        bot.end_quietly().await;
    }
}

#[tokio::test]
async fn a_question_whose_problem_goes_away_is_withdrawn_and_the_repair_taken_back() {
    let lab = lab("", "sdq");
    let bot = asked(&lab).await;
    lab.host.mend("vm/pool");
    bot.pass(min(5)).await;
    assert_eq!(lab.host.ran(), ["poolctl release tank"], "{}", lab.chat.thread(1));
    assert!(
        lab.chat.thread(1).contains("Approval 1 is withdrawn: its problem is gone"),
        "{}",
        lab.chat.thread(1)
    );
    bot.pass(min(15)).await;
    assert!(lab.chat.field(1, "State").starts_with("resolved"), "{}", lab.chat.root(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_edit_of_the_runbook_does_not_touch_the_question_of_a_repair_that_runs() {
    let lab = lab("", "sdq");
    let bot = asked(&lab).await;
    lab.write(
        "runbooks/grow.yaml",
        &GROW.replace("Grow the pool", "Enlarge the pool").replace("attach, tank", "attach, pond"),
    );
    bot.says("reload").await;
    bot.says("approve 1").await;
    assert_eq!(lab.host.ran(), [ATTACH], "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_value_that_would_be_read_as_a_flag_is_refused_and_a_command_that_becomes_forbidden_is_not_asked_for()
 {
    let lab = lab("", "-f");
    let bot = filled_up(&lab).await;
    assert_eq!(lab.host.ran(), [HELD[0], HELD[1], HELD[2], "poolctl release tank"], "{}", lab.chat.thread(1));
    assert!(lab.chat.thread(1).contains("which a program would read as a flag"), "{}", lab.chat.thread(1));
    bot.end_quietly().await;

    let lab = self::lab("", "destroy");
    lab.write(
        "runbooks/grow.yaml",
        &GROW.replace(
            "[poolctl, attach, tank, \"{{ capture.spare }}\"]",
            "[zpool, \"{{ capture.spare }}\", tank]",
        ),
    );
    let bot = filled_up(&lab).await;
    assert_eq!(lab.host.ran(), [HELD[0], HELD[1], HELD[2], "poolctl release tank"], "{}", lab.chat.thread(1));
    bot.pass(secs(1)).await;
    assert!(!lab.chat.thread(1).contains("waits for you"), "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}
