//! What needs a person's yes: how it is asked, answered, withdrawn, and used up.

use super::support::runbooks::{RESTART, VACUUM, usual as lab};
use super::support::{Bot, Lab, min, secs};

const VACUUMED: [&str; 1] = ["journalctl --vacuum-size=200M"];
const RESTARTED: [&str; 2] = ["systemctl restart web.service", "systemctl is-active --quiet web.service"];

fn fill_disk(lab: &Lab) {
    lab.host.break_("vm/disk", "disk-fill");
}

fn fail_web(lab: &Lab) {
    lab.host.break_with("vm/web", "unit-failed", "unit: web.service\nsummary: web.service has failed");
}

/// A Steward that waits for an answer about the journal.
async fn asked(lab: &Lab) -> Bot<'_> {
    let bot = lab.start().await;
    fill_disk(lab);
    bot.pass(min(6)).await;
    assert!(lab.chat.thread(1).contains("waits for you"), "{}", lab.chat.thread(1));
    assert!(lab.host.ran().is_empty(), "nothing runs without a yes");
    bot
}

fn news(lab: &Lab, number: u64) -> String {
    lab.chat.news(number).join("\n")
}

#[tokio::test]
async fn what_cannot_be_taken_back_is_asked_with_the_command_the_reason_and_the_time_left() {
    let lab = lab("");
    let bot = asked(&lab).await;
    let thread = lab.chat.thread(1);
    assert!(
        thread.contains("May I run vacuum? Approval 1 waits for you: it can't be taken back."),
        "{thread}"
    );
    assert!(thread.contains("Would run: vm: `journalctl --vacuum-size=200M`"), "{thread}");
    assert!(thread.contains("Why I ask: it can't be taken back"), "{thread}");
    assert!(thread.contains("Risk: can't be taken back"), "{thread}");
    assert!(thread.contains("Expires: 08:35:10, in 30 min; no answer is a no"), "{thread}");
    assert!(thread.contains("<Approve: approve 1> <Deny: deny 1>"), "{thread}");
    assert_eq!(lab.chat.field(1, "Next"), "waiting for you: `approve 1` or `deny 1`");
    assert!(bot.says("status").await.contains("Waits for you: approve 1: vacuum"));
    let waiting = bot.says("approvals").await;
    assert!(waiting.contains("1  vacuum for #1, 29 min left"), "{waiting}");
    assert!(waiting.contains("journalctl --vacuum-size=200M"), "{waiting}");
    bot.end().await;
}

#[tokio::test]
async fn a_yes_runs_exactly_what_was_shown_once() {
    let lab = lab("");
    let bot = asked(&lab).await;
    let answer = bot.says("approve 1").await;
    assert_eq!(answer, "Approved by alex: vacuum runs now, exactly as shown.");
    assert_eq!(lab.host.ran(), VACUUMED);
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    let story = news(&lab, 1);
    assert!(story.contains("repair Shrink the journal (runbook vacuum, approved by alex)."), "{story}");
    let card = lab.chat.question(1);
    assert!(card.contains("Answer: yes, by alex at 08:06:00\nResult: it worked"), "{card}");
    assert!(!card.contains("<Approve") && !card.contains("Expires"), "{card}");

    let again = bot.says("approve 1").await;
    assert!(again.contains("it was answered, expired or withdrawn"), "{again}");
    assert!(bot.says("deny 1").await.contains("No approval 1 waits"));
    assert!(bot.says("approve 7").await.contains("there never was one"));
    bot.pass(min(60)).await;
    assert_eq!(lab.host.ran(), [""; 0], "an approval is used once");
    assert!(news(&lab, 1).contains("Resolved"));
    bot.end().await;
}

#[tokio::test]
async fn a_no_runs_nothing_and_is_not_asked_again() {
    let lab = lab("");
    let bot = asked(&lab).await;
    assert_eq!(bot.says("deny 1 too many logs needed").await, "Denied by alex. Nothing was run.");
    bot.pass(min(60)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    let story = news(&lab, 1);
    assert!(story.contains("alex said no: too many logs needed."), "{story}");
    assert!(lab.chat.question(1).contains("Answer: no, by alex at 08:06:00: too many logs needed"));
    assert!(story.contains("vacuum fits, and the answer was no"), "{story}");
    assert_eq!(story.matches("waits for you").count(), 0, "{story}");
    assert_eq!(lab.chat.calls(), 0, "a no is an answer, and nobody is called for it");
    bot.end().await;
}

#[tokio::test]
async fn no_answer_in_time_is_told_as_a_no_and_calls_nobody_for_what_is_not_critical() {
    let lab = lab("");
    let bot = asked(&lab).await;
    bot.pass(min(30)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    let story = news(&lab, 1);
    assert!(
        story.contains("08:35:10 ask    Approval 1 expired without an answer: nothing was run."),
        "{story}"
    );
    assert!(story.contains("vacuum fits, and nobody answered when I asked"), "{story}");
    assert_eq!(lab.chat.calls(), 0);
    let card = lab.chat.question(1);
    assert!(card.contains("Answer: none; it expired at 08:35:10, and nothing was run"), "{card}");
    assert!(bot.says("approve 1").await.contains("No approval 1 waits"));
    bot.end().await;
}

#[tokio::test]
async fn no_answer_on_a_critical_incident_calls_people_once() {
    let lab = lab("");
    let bot = lab.start().await;
    lab.host.break_with("vm/disk", "disk-fill", "severity: critical\nsummary: the disk is full");
    bot.pass(min(40)).await;
    let story = lab.chat.thread(1);
    assert!(story.contains("nobody answered approval 1, and the incident is critical."), "{story}");
    assert_eq!(lab.chat.calls(), 1, "{story}");
    bot.pass(min(40)).await;
    assert_eq!(lab.chat.calls(), 1, "{story}");
    bot.end().await;
}

#[tokio::test]
async fn the_first_answer_wins() {
    let lab = lab("");
    let bot = asked(&lab).await;
    let sam = bot.says_as("sam", true, "deny 1").await;
    let alex = bot.says_as("alex", true, "approve 1").await;
    assert!(sam.contains("Denied by sam"), "{sam}");
    assert!(alex.contains("No approval 1 waits"), "{alex}");
    bot.pass(min(5)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    assert!(news(&lab, 1).contains("sam said no"));
    bot.end().await;
}

#[tokio::test]
async fn a_stranger_changes_nothing_and_is_on_the_audit_trail() {
    let lab = lab("");
    let bot = asked(&lab).await;
    for text in
        ["approve 1", "deny 1", "pause", "ack 1", "silence vm for 1h", "clear 1", "run look", "reload"]
    {
        let answer = bot.says_as("mallory", false, text).await;
        assert!(answer.contains("That is for operators"), "{text}: {answer}");
    }
    assert_eq!(lab.host.ran(), [""; 0]);
    assert_eq!(lab.chat.news(1), [""; 0], "the thread does not hear of it");
    assert!(
        bot.says_as("mallory", false, "status").await.contains("Waits for you: approve 1"),
        "asking is free"
    );
    let sql =
        "SELECT count(*) FROM audit WHERE who = 'mallory' AND what = 'refused' AND body LIKE '%approve 1%'";
    let lines: i64 =
        bot.app.store().read(move |db| Ok(db.query_row(sql, [], |row| row.get(0))?)).await.unwrap();
    assert_eq!(lines, 1);
    bot.says("approve 1").await;
    assert_eq!(lab.host.ran(), VACUUMED, "the question still waited for somebody who may answer");
    news(&lab, 1);
    bot.end().await;
}

#[tokio::test]
async fn a_question_is_withdrawn_when_the_problem_goes_away_by_itself() {
    let lab = lab("");
    let bot = asked(&lab).await;
    lab.host.mend("vm/disk");
    bot.pass(min(5)).await;
    let story = news(&lab, 1);
    assert!(story.contains("Approval 1 is withdrawn"), "{story}");
    assert!(bot.says("approve 1").await.contains("No approval 1 waits"));
    assert!(bot.says("approvals").await.contains("Nothing waits for you"));
    bot.pass(min(5)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    news(&lab, 1);
    bot.end().await;
}

#[tokio::test]
async fn a_question_is_withdrawn_when_its_problem_goes_while_another_of_the_incident_stays() {
    let lab = lab("");
    let bot = lab.start().await;
    lab.write("topology.yaml", "targets:\n  vm/disk: {}\n  vm/app: { depends_on: [vm/disk] }\n");
    bot.says("reload").await;
    lab.host.break_("vm/app", "down");
    fill_disk(&lab);
    bot.pass(min(6)).await;
    assert_eq!(lab.chat.field(1, "Next"), "waiting for you: `approve 1` or `deny 1`");
    lab.host.mend("vm/disk");
    bot.pass(min(5)).await;
    assert!(bot.says("approvals").await.contains("Nothing waits for you"));
    assert!(news(&lab, 1).contains("Approval 1 is withdrawn: its problem is gone."));
    bot.pass(min(10)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    news(&lab, 1);
    bot.end().await;
}

#[tokio::test]
async fn a_question_is_withdrawn_when_the_suspected_root_moves_away() {
    let lab = lab("");
    lab.write("topology.yaml", "targets:\n  vm/raid: {}\n  vm/disk: { depends_on: [vm/raid] }\n");
    let bot = asked(&lab).await;
    lab.host.break_("vm/raid", "degraded");
    bot.says("run look").await;
    let story = news(&lab, 1);
    assert!(story.contains("Approval 1 is withdrawn: the suspected root is now vm/raid."), "{story}");
    assert!(bot.says("approve 1").await.contains("No approval 1 waits"));
    assert_eq!(lab.host.ran(), [""; 0]);
    bot.end().await;
}

#[tokio::test]
async fn a_question_outlives_a_restart_and_its_time_goes_on() {
    let lab = lab("");
    asked(&lab).await.stop().await;
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    assert_eq!(lab.chat.news(1), [""; 0], "nothing is told twice");
    assert!(bot.says("approvals").await.contains("1  vacuum for #1, 28 min left"));
    bot.says("approve 1").await;
    assert_eq!(lab.host.ran(), VACUUMED);
    news(&lab, 1);
    bot.end().await;
}

#[tokio::test]
async fn a_question_that_expired_while_steward_was_down_is_told_at_the_next_start() {
    let lab = lab("");
    asked(&lab).await.stop().await;
    lab.clock.jump("2026-11-21T09:30:00Z");
    let bot = lab.start().await;
    assert!(news(&lab, 1).contains("Approval 1 expired without an answer"));
    assert!(bot.says("approve 1").await.contains("No approval 1 waits"));
    bot.pass(min(1)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_pause_asks_for_what_would_run_by_itself_and_shows_where_people_look() {
    let lab = lab("");
    let bot = lab.start().await;
    assert!(bot.says("pause").await.contains("ask before every change"));
    assert!(bot.says("pause").await.contains("paused already"));
    fail_web(&lab);
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    let story = lab.chat.thread(1);
    assert!(story.contains("Would run: vm: `systemctl restart web.service`; vm: `systemctl is-active --quiet web.service` to verify"), "{story}");
    assert!(story.contains("changes are paused; `resume` lifts that"), "{story}");
    assert!(bot.says("status").await.contains("Autonomy: paused by alex: I ask before every one"));
    assert!(lab.chat.field(1, "Next").starts_with("Paused by alex"), "{}", lab.chat.root(1));
    bot.says("approve 1").await;
    assert_eq!(lab.host.ran(), RESTARTED, "a yes is enough during a pause");
    news(&lab, 1);
    bot.end().await;
}

#[tokio::test]
async fn a_pause_holds_over_a_restart_and_its_end_lets_what_waited_be_repaired() {
    let lab = lab("");
    let bot = lab.start().await;
    bot.says("pause").await;
    fail_web(&lab);
    bot.pass(min(6)).await;
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    assert!(bot.says("status").await.contains("paused by alex"));
    assert_eq!(lab.host.ran(), [""; 0]);
    assert!(bot.says("resume").await.contains("Resumed"));
    bot.pass(secs(1)).await;
    assert_eq!(lab.host.ran(), RESTARTED, "what only waited for the pause to end is repaired");
    let story = lab.chat.thread(1);
    assert!(story.contains("Approval 1 is withdrawn: it needs no yes any more."), "{story}");
    assert!(!lab.chat.root(1).contains("Paused"), "{}", lab.chat.root(1));
    assert!(bot.says("resume").await.contains("not paused"));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_question_that_nobody_answered_during_a_pause_is_no_refusal_once_it_ends() {
    let lab = lab("");
    let bot = lab.start().await;
    bot.says("pause").await;
    fail_web(&lab);
    bot.pass(min(60)).await;
    assert!(lab.chat.thread(1).contains("expired without an answer"));
    bot.says("resume").await;
    bot.pass(secs(1)).await;
    assert_eq!(lab.host.ran(), RESTARTED);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_pause_does_not_hold_back_a_repair_that_has_begun_not_even_over_a_crash() {
    let lab = lab("");
    let second = "  - name: proxy\n    run: [systemctl, restart, proxy.service]\n    verify: check\n";
    lab.write("runbooks/restart.yaml", &format!("{RESTART}{second}"));
    lab.host.hang(RESTARTED[0]);
    let bot = lab.start().await;
    fail_web(&lab);
    bot.pass(min(6)).await;
    assert_eq!(lab.host.hung(), 1);
    bot.says("pause").await;
    bot.crash().await;
    lab.host.release();
    lab.host.ran();
    let bot = lab.start().await;
    bot.pass(secs(1)).await;
    assert_eq!(lab.host.ran(), [RESTARTED[1], "systemctl restart proxy.service"], "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.field(1, "State"), "mitigated", "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.calls(), 0);
    bot.end_quietly().await;
}

#[tokio::test]
async fn with_autonomy_propose_everything_is_asked_and_an_undo_with_captured_values_is_covered() {
    let lab = lab("autonomy = \"propose\"\n");
    lab.write(
        "policy.yaml",
        r#"
rules:
  - name: set-limit
    why: sets the limit of a pool
    pattern: [poolctl, set]
    args: { min: 2, max: 2 }
    effect: reversible
    blast_radius: target
    undo: set it back
    match: [poolctl set tank 5]
    not_match: [poolctl destroy tank]
  - name: get-limit
    why: reads the limit of a pool
    pattern: [poolctl, get]
    args: { min: 1, max: 1 }
    effect: read
    match: [poolctl get tank]
    not_match: [poolctl set tank 5]
"#,
    );
    lab.write(
        "runbooks/limit.yaml",
        r#"
name: limit
title: Raise the limit
match: { signature: pool-limit }
steps:
  - name: raise
    capture: { old: [poolctl, get, tank] }
    run: [poolctl, set, tank, "9"]
    verify: [systemctl, is-active, --quiet, pool.service]
    undo: [poolctl, set, tank, "{{ capture.old }}"]
"#,
    );
    lab.host.prints("poolctl get tank", "5\n");
    lab.host.command("systemctl is-active --quiet pool.service", &[], 3);
    let bot = lab.start().await;
    lab.host.break_("vm/pool", "pool-limit");
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    assert!(
        lab.chat.thread(1).contains("autonomy is `propose`: every change is asked for"),
        "{}",
        lab.chat.thread(1)
    );
    bot.says("approve 1").await;
    bot.pass(secs(1)).await;
    assert_eq!(
        lab.host.ran(),
        [
            "poolctl get tank",
            "poolctl set tank 9",
            "systemctl is-active --quiet pool.service",
            "poolctl set tank 5",
            "poolctl get tank"
        ],
        "{}",
        lab.chat.thread(1)
    );
    let story = lab.chat.thread(1);
    assert!(story.contains("limit did not help: "), "{story}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_the_policy_forbids_is_neither_run_nor_asked_for() {
    let lab = lab("");
    lab.write(
        "runbooks/wipe.yaml",
        r#"
name: wipe
title: Wipe the pool
match: { signature: pool-broken }
steps:
  - name: wipe
    run: [zpool, destroy, tank]
    verify: check
"#,
    );
    let bot = lab.start().await;
    lab.host.break_("vm/pool", "pool-broken");
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    let story = lab.chat.thread(1);
    assert!(story.contains("wipe fits, and the policy forbids it: `zpool destroy tank`"), "{story}");
    assert!(!story.contains("Waiting for you"), "{story}");
    bot.end().await;
}

#[tokio::test]
async fn where_nothing_fits_or_a_value_is_missing_the_incident_is_handed_over_with_the_reason() {
    let lab = lab("");
    let bot = lab.start().await;
    lab.host.break_("vm/oven", "too-hot");
    bot.pass(min(6)).await;
    assert!(
        lab.chat.field(1, "Next").contains("no runbook fits. This one is yours."),
        "{}",
        lab.chat.root(1)
    );
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(6)).await;
    let next = lab.chat.field(2, "Next");
    assert!(next.contains("restart fits, and can't be filled: step `restart`"), "{next}");
    assert!(next.contains("labels.unit"), "{next}");
    assert_eq!(lab.host.ran(), [""; 0]);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_question_for_a_runbook_that_was_edited_is_withdrawn_and_the_new_commands_are_asked_for() {
    let lab = lab("");
    let bot = asked(&lab).await;
    lab.write("runbooks/vacuum.yaml", &VACUUM.replace("200M", "500M"));
    bot.says("reload").await;
    let story = lab.chat.thread(1);
    assert!(story.contains("Approval 1 is withdrawn: the runbook was edited"), "{story}");
    assert!(story.contains("Would run: vm: `journalctl --vacuum-size=500M`"), "{story}");
    assert!(bot.says("approve 1").await.contains("No approval 1 waits"));
    assert!(lab.host.ran().is_empty(), "the old question opens nothing");
    bot.says("approve 2").await;
    assert_eq!(lab.host.ran(), ["journalctl --vacuum-size=500M"]);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_question_shows_every_command_that_a_yes_covers() {
    let lab = lab("");
    let runbook = VACUUM.replace(
        "verify: check",
        "verify: [own-verify, disk]\n    capture: { before: [own-look, disk] }\n    undo: [own-undo, \"{{ capture.before }}\"]",
    );
    lab.write("runbooks/vacuum.yaml", &runbook);
    let bot = asked(&lab).await;
    let waiting = bot.says("approvals").await;
    let shown = lab.chat.thread(1);
    for command in [
        "`own-look disk` to note `before` beforehand",
        "`own-verify disk` to verify",
        "to take it back if it fails",
    ] {
        assert!(shown.contains(command), "{command} is not in {shown}");
        assert!(waiting.contains(command), "{command} is not in {waiting}");
    }
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_program_that_was_rewritten_after_the_question_does_not_run_on_the_old_yes() {
    let lab = lab("");
    lab.write("fix.sh", "#!/bin/sh\necho what was shown\n");
    let fix = lab.path().join("fix.sh").display().to_string();
    lab.write(
        "runbooks/vacuum.yaml",
        &VACUUM.replace("[journalctl, --vacuum-size=200M]", &format!("[{fix}]")),
    );
    let bot = asked(&lab).await;
    lab.write("fix.sh", "#!/bin/sh\necho something else\n");
    bot.says("approve 1").await;
    assert!(lab.host.ran().is_empty(), "what was not shown does not run");
    assert!(
        lab.chat.thread(1).contains("is not what it was when approval 1 was asked for"),
        "{}",
        lab.chat.thread(1)
    );
    bot.end_quietly().await;
}
