//! What must hold around a repair: before it, after it, and all along.

use super::support::runbooks::remount::{
    ALWAYS, ATTACH, BEFORE, DETACH, DETACHED, QUORUM, RESTART, RESTARTED, two_steps,
};
use super::support::{Bot, Lab, min, secs};

fn lab() -> Lab {
    let lab = Lab::new("");
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab
}

/// Starts with a mount that is stale.
async fn stale(lab: &Lab) -> Bot<'_> {
    let bot = lab.start().await;
    lab.host.break_("vm/media", "mount-stale");
    bot.pass(min(6)).await;
    bot
}

#[tokio::test]
async fn invariants_that_hold_are_asked_around_each_step_and_not_told() {
    let lab = lab();
    two_steps(&lab, ALWAYS);
    lab.host.command(RESTART, &["vm/media"], 0);
    let bot = stale(&lab).await;
    assert_eq!(
        lab.host.ran(),
        [QUORUM, DETACH, DETACHED, QUORUM, QUORUM, RESTART, RESTARTED, QUORUM],
        "{}",
        lab.chat.thread(1)
    );
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    assert!(!lab.chat.thread(1).contains("quorum-intact"), "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_invariant_that_breaks_half_way_stops_the_repair_and_takes_it_back() {
    let lab = lab();
    two_steps(&lab, ALWAYS);
    lab.host.hang(DETACH);
    let bot = stale(&lab).await;
    assert_eq!(lab.host.ran(), [QUORUM, DETACH]);
    // While the first step runs, a node goes away.
    lab.host.command(QUORUM, &[], 3);
    lab.host.complains(QUORUM, "corosync has lost its quorum\n");
    lab.host.release();
    bot.pass(secs(1)).await;
    assert_eq!(lab.host.ran(), [DETACHED, QUORUM, ATTACH, QUORUM], "{}", lab.chat.thread(1));
    let story = lab.chat.thread(1);
    assert!(
        story.contains(
            "check quorum-intact does not hold after step detach: it ended with exit code 3: corosync has lost its quorum"
        ),
        "{story}"
    );
    assert!(story.contains("took back with `mount /mnt/media`"), "{story}");
    assert_eq!(lab.chat.field(1, "Tried"), "remount: did not help");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_check_that_does_not_hold_beforehand_lets_nothing_begin_and_is_no_failed_attempt() {
    let lab = lab();
    two_steps(&lab, BEFORE);
    lab.host.command(QUORUM, &[], 3);
    lab.host.command(RESTART, &["vm/media"], 0);
    let bot = stale(&lab).await;
    assert_eq!(lab.host.ran(), [QUORUM], "{}", lab.chat.thread(1));
    let story = lab.chat.thread(1);
    assert!(story.contains("check quorum-intact does not hold before the first step"), "{story}");
    assert!(story.contains("remount was called off: nothing was begun"), "{story}");
    assert_eq!(lab.chat.field(1, "State"), "open");

    bot.pass(min(25)).await;
    assert_eq!(lab.host.ran(), [QUORUM, QUORUM], "it asks again after its cooldown, and not more often");
    assert_eq!(lab.chat.calls(), 0, "max_attempts counts what was tried");
    lab.host.command(QUORUM, &[], 0);
    bot.pass(min(11)).await;
    assert_eq!(lab.host.ran(), [QUORUM, DETACH, DETACHED, RESTART, RESTARTED], "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.field(1, "State"), "resolved");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_check_that_takes_too_long_counts_as_one_that_does_not_hold() {
    let lab = lab();
    two_steps(&lab, BEFORE);
    lab.host.times_out(QUORUM);
    let bot = stale(&lab).await;
    assert_eq!(lab.host.ran(), [QUORUM]);
    let story = lab.chat.thread(1);
    assert!(
        story.contains("check quorum-intact can't be read before the first step: its time was up"),
        "{story}"
    );
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_check_after_the_last_step_decides_before_the_skill_is_asked() {
    let lab = lab();
    two_steps(&lab, "  after:\n    - { name: served, run: [own-served, media] }");
    lab.write(
        "policy.yaml",
"rules:\n  - name: own-served\n    why: it asks whether a service answers\n    pattern: [own-served, media]\n    effect: read\n    match: [own-served media]\n    not_match: [own-served]\n",
    );
    lab.host.command(RESTART, &["vm/media"], 0);
    lab.host.command("own-served media", &[], 22);
    let bot = stale(&lab).await;
    let looked = lab.host.runs("look");
    assert_eq!(
        lab.host.ran(),
        [DETACH, DETACHED, RESTART, RESTARTED, "own-served media", ATTACH],
        "{}",
        lab.chat.thread(1)
    );
    assert!(lab.chat.thread(1).contains("check served does not hold after the last step"));
    assert_eq!(lab.chat.field(1, "Tried"), "remount: did not help");
    assert!(looked > 0);
    bot.end_quietly().await;
}

#[tokio::test]
async fn checks_that_need_a_yes_are_shown_and_asked_for_with_the_plan() {
    let lab = lab();
    two_steps(&lab, "  always:\n    - { name: quorum-intact, run: [own-quorum, --quiet] }");
    lab.host.command(RESTART, &["vm/media"], 0);
    let bot = stale(&lab).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    let shown = lab.chat.thread(1);
    assert!(
        shown.contains("`own-quorum --quiet` as the check `quorum-intact` before and after each step"),
        "{shown}"
    );
    bot.says("approve 1").await;
    bot.pass(secs(1)).await;
    let ran = lab.host.ran();
    assert_eq!(ran.iter().filter(|line| *line == "own-quorum --quiet").count(), 4, "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_crash_while_a_check_is_asked_asks_it_again_and_starts_nothing_unasked() {
    let lab = lab();
    two_steps(&lab, ALWAYS);
    lab.host.command(RESTART, &["vm/media"], 0);
    lab.host.hang(QUORUM);
    let bot = stale(&lab).await;
    assert_eq!(lab.host.hung(), 1);
    bot.crash().await;
    lab.host.release();
    assert_eq!(lab.host.ran(), [QUORUM]);
    let bot = lab.start().await;
    bot.pass(secs(2)).await;
    assert_eq!(lab.host.ran(), [QUORUM, DETACH, DETACHED, QUORUM, QUORUM, RESTART, RESTARTED, QUORUM]);
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    bot.end_quietly().await;
}

const WIPE: &str = r#"
name: drop-snapshots
title: Drop old snapshots
match: { signature: pool-full }
steps:
  - name: drop
    run: [zfs, destroy, "tank/media@old"]
    verify: check
"#;
const BACKUP: &str = "checks:\n  before:\n    - { name: backup-is-fresh, run: [systemctl, is-active, --quiet, backup.service], safety: true }\n";
const DROP: &str = "zfs destroy tank/media@old";
const FRESH: &str = "systemctl is-active --quiet backup.service";

/// Starts with a pool that is full and a runbook that drops snapshots.
async fn full<'l>(lab: &'l Lab, checks: &str) -> Bot<'l> {
    lab.write("runbooks/drop-snapshots.yaml", &format!("{WIPE}{checks}"));
    lab.host.command(DROP, &["vm/pool"], 0);
    let bot = lab.start().await;
    lab.host.break_("vm/pool", "pool-full");
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    bot
}

#[tokio::test]
async fn what_destroys_is_forbidden_without_a_safety_check_and_with_one_that_is_none() {
    for checks in ["", &BACKUP.replace(", safety: true", "")] {
        let lab = lab();
        let bot = full(&lab, checks).await;
        let story = lab.chat.thread(1);
        assert!(story.contains("drop-snapshots fits, and the policy forbids it"), "{story}");
        assert!(!story.contains("Waiting for you"), "{story}");
        bot.end_quietly().await;
    }
}

#[tokio::test]
async fn what_destroys_is_asked_for_with_a_safety_check_which_passes_right_before_it() {
    let lab = lab();
    let bot = full(&lab, BACKUP).await;
    let shown = lab.chat.thread(1);
    assert!(shown.contains("as the safety check `backup-is-fresh`"), "{shown}");
    bot.says("approve 1").await;
    bot.pass(secs(1)).await;
    assert_eq!(lab.host.ran(), [FRESH, FRESH, DROP], "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_destroys_does_not_run_when_its_safety_check_fails_right_before_it() {
    let lab = lab();
    let bot = full(&lab, &format!("{BACKUP}{ALWAYS}\n")).await;
    lab.host.hang(QUORUM);
    bot.says("approve 1").await;
    assert_eq!(lab.host.ran(), [FRESH, QUORUM], "{}", lab.chat.thread(1));
    // It has passed before the first step, and does so no longer.
    lab.host.command(FRESH, &[], 3);
    lab.host.release();
    bot.pass(secs(1)).await;
    assert_eq!(lab.host.ran(), [FRESH], "{}", lab.chat.thread(1));
    let story = lab.chat.thread(1);
    assert!(story.contains("check backup-is-fresh does not hold before step drop"), "{story}");
    assert!(story.contains("drop-snapshots was called off: nothing was begun"), "{story}");
    bot.end_quietly().await;
}
