//! Steward ends, in good order or not, and starts again: nothing is told twice, nothing is lost, time goes on.

use super::support::{Bot, Lab, min, nothing_twice, secs};

const RESTART: &str = "systemctl restart web.service";
const IS_ACTIVE: &str = "systemctl is-active --quiet web.service";

fn lab_with(settings: &str) -> Lab {
    let lab = Lab::new(settings);
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab
}

fn lab() -> Lab {
    lab_with("")
}

fn runbook(lab: &Lab, more: &str) {
    lab.write(
        "runbooks/restart.yaml",
        &format!(
            "name: restart\ntitle: Restart it\nmatch: {{ signature: unit-failed }}\nsteps:\n  - name: restart\n    run: [systemctl, restart, web.service]\n    verify: [systemctl, is-active, --quiet, web.service]\n{more}\n"
        ),
    );
}

fn fail_web(lab: &Lab) {
    lab.host.break_("vm/web", "unit-failed");
}

async fn again(bot: Bot<'_>) -> Bot<'_> {
    let lab = bot.lab;
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(secs(1)).await;
    bot
}

#[tokio::test]
async fn an_incident_that_had_not_settled_is_told_after_the_start() {
    let lab = lab();
    let bot = lab.start().await;
    fail_web(&lab);
    bot.pass(min(5)).await;
    assert!(!lab.chat.has_root(1), "it has not settled yet");
    let bot = again(bot).await;
    assert!(!lab.chat.has_root(1), "nor has it now");
    bot.pass(secs(10)).await;
    assert!(lab.chat.thread(1).contains("vm/web has unit-failed"));
    assert_eq!(lab.chat.root_edits(1), 1);
    bot.end().await;
}

#[tokio::test]
async fn what_was_told_is_not_told_again() {
    let lab = lab();
    let mut bot = lab.start().await;
    fail_web(&lab);
    bot.pass(min(6)).await;
    let story = lab.chat.thread(1);
    let edits = lab.chat.root_edits(1);
    for _ in 0..3 {
        bot = again(bot).await;
    }
    bot.pass(min(5)).await;
    assert_eq!(lab.chat.news(1), [""; 0], "after {story}");
    assert_eq!(lab.chat.root_edits(1), edits);
    bot.end().await;
}

#[tokio::test]
async fn a_calm_goes_on_lasting_and_is_resolved_at_its_time() {
    let lab = lab();
    runbook(&lab, "");
    lab.host.command(RESTART, &["vm/web"], 0);
    let bot = lab.start().await;
    fail_web(&lab);
    bot.pass(min(6)).await;
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    let bot = again(bot).await;
    assert_eq!(lab.chat.field(1, "State"), "mitigated", "not earlier because of the restart");
    bot.pass(min(2)).await;
    assert_eq!(lab.chat.field(1, "State"), "resolved");
    assert_eq!(lab.host.ran(), [RESTART, IS_ACTIVE]);
    nothing_twice(&lab.chat.thread(1));
    bot.end().await;
}

#[tokio::test]
async fn a_resolved_incident_still_comes_back_as_itself_and_is_closed_at_its_time() {
    let lab = lab();
    let bot = lab.start().await;
    fail_web(&lab);
    bot.pass(min(6)).await;
    lab.host.mend("vm/web");
    bot.pass(min(10)).await;
    assert_eq!(lab.chat.field(1, "State"), "resolved");
    let bot = again(bot).await;
    fail_web(&lab);
    bot.pass(min(6)).await;
    assert_eq!(lab.chat.field(1, "State"), "open, 2 occurrences");
    lab.host.mend("vm/web");
    bot.pass(min(10)).await;
    let bot = again(bot).await;
    bot.pass(min(40)).await;
    assert_eq!(bot.incident(1).await.state.as_str(), "closed");
    assert_eq!(lab.chat.field(1, "State"), "resolved, 2 occurrences", "closing is no news");
    fail_web(&lab);
    bot.pass(min(6)).await;
    assert!(lab.chat.has_root(2), "it was closed, so this is another");
    nothing_twice(&lab.chat.thread(1));
    lab.chat.thread(2);
    bot.end().await;
}

#[tokio::test]
async fn a_silence_goes_on_and_its_end_is_told_once() {
    let lab = lab();
    let bot = lab.start().await;
    bot.says("silence vm for 1h").await;
    fail_web(&lab);
    bot.pass(min(10)).await;
    let bot = again(bot).await;
    bot.pass(min(10)).await;
    assert!(!lab.chat.has_root(1), "it is silenced");
    bot.stop().await;
    // It ends while nobody is there.
    lab.clock.jump("2026-11-21T09:30:00Z");
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    let bot = again(bot).await;
    bot.pass(min(1)).await;
    let mut notices: Vec<String> = std::iter::from_fn(|| lab.chat.take_notice()).collect();
    notices.retain(|notice| !notice.contains("Nothing was watched"));
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].contains("The silence on vm is over"), "{notices:?}");
    assert!(lab.chat.thread(1).contains("vm/web has unit-failed"));
    bot.end().await;
}

#[tokio::test]
async fn a_call_that_was_made_is_not_made_again_after_a_restart() {
    let lab = lab();
    let mut bot = lab.start().await;
    for _ in 0..3 {
        fail_web(&lab);
        bot.pass(min(6)).await;
        lab.host.mend("vm/web");
        bot.pass(min(9)).await;
    }
    assert_eq!(lab.chat.calls(), 1, "{}", lab.chat.thread(1));
    bot = again(bot).await;
    fail_web(&lab);
    bot.pass(min(6)).await;
    bot = again(bot).await;
    bot.pass(min(2)).await;
    assert_eq!(lab.chat.calls(), 1, "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn two_occurrences_before_a_restart_and_one_after_it_are_three() {
    let lab = lab();
    let mut bot = lab.start().await;
    for _ in 0..3 {
        fail_web(&lab);
        bot.pass(min(6)).await;
        lab.host.mend("vm/web");
        bot.pass(min(9)).await;
        bot = again(bot).await;
    }
    assert_eq!(lab.chat.calls(), 1, "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn messages_that_were_not_delivered_are_delivered_by_the_next_steward() {
    let lab = lab();
    let bot = lab.start().await;
    lab.chat.go_down();
    fail_web(&lab);
    bot.pass(min(6)).await;
    bot.stop().await;
    lab.chat.come_back();
    let bot = lab.start().await;
    bot.pass(min(6)).await;
    assert!(lab.chat.thread(1).contains("vm/web has unit-failed"));
    bot.forgive_log("a message is put off");
    bot.end().await;
}

/// Crashes while the command of a repair runs, and starts again.
async fn crash_in_mid_step<'l>(lab: &'l Lab) -> Bot<'l> {
    lab.host.hang(RESTART);
    let bot = lab.start().await;
    fail_web(lab);
    bot.pass(min(6)).await;
    assert_eq!(lab.host.hung(), 1);
    assert_eq!(lab.chat.field(1, "State"), "remediating");
    bot.crash().await;
    lab.host.release();
    assert_eq!(lab.host.ran(), [RESTART]);
    let bot = lab.start().await;
    bot.pass(secs(2)).await;
    bot
}

#[tokio::test]
async fn a_step_that_had_its_effect_before_a_crash_is_checked_and_not_repeated() {
    let lab = lab();
    runbook(&lab, "");
    lab.host.command(RESTART, &["vm/web"], 0);
    let bot = crash_in_mid_step(&lab).await;
    assert_eq!(lab.host.ran(), [IS_ACTIVE], "only looked at");
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    bot.pass(min(5)).await;
    assert_eq!(lab.chat.field(1, "State"), "resolved");
    assert_eq!(lab.host.ran(), [""; 0]);
    let story = lab.chat.thread(1);
    assert!(
        story.contains("Steward or the connection ended before it did, so nobody saw how it ended"),
        "{story}"
    );
    nothing_twice(&story);
    assert_eq!(lab.chat.calls(), 0);
    bot.end().await;
}

#[tokio::test]
async fn a_step_that_had_no_effect_before_a_crash_is_repeated_only_where_its_author_says_that_it_may() {
    for (may, ran) in [("", vec![IS_ACTIVE]), ("    idempotent: true", vec![IS_ACTIVE, RESTART, IS_ACTIVE])] {
        let lab = lab();
        runbook(&lab, may);
        lab.host.command(IS_ACTIVE, &[], 3);
        let bot = crash_in_mid_step(&lab).await;
        bot.pass(min(1)).await;
        assert_eq!(lab.host.ran(), ran, "{}", lab.chat.thread(1));
        assert!(lab.chat.thread(1).contains("restart did not help"), "{}", lab.chat.thread(1));
        assert_eq!(lab.chat.field(1, "Tried"), "restart: did not help");
        bot.end_quietly().await;
    }
}

#[tokio::test]
async fn stopping_in_mid_step_lets_the_step_finish_and_keeps_how_it_ended() {
    let lab = lab();
    runbook(&lab, "");
    lab.host.command(RESTART, &["vm/web"], 0);
    lab.host.hang(RESTART);
    let bot = lab.start().await;
    fail_web(&lab);
    bot.pass(min(6)).await;
    assert_eq!(lab.host.hung(), 1);
    let ends = async {
        tokio::task::yield_now().await;
        assert_eq!(lab.host.hung(), 1, "stopping does not end it");
        lab.host.release();
    };
    tokio::join!(bot.stop(), ends);
    assert_eq!(lab.host.ran(), [RESTART], "what comes after it is for the next Steward");
    let bot = lab.start().await;
    bot.pass(secs(2)).await;
    assert_eq!(lab.host.ran(), [IS_ACTIVE]);
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    let story = lab.chat.thread(1);
    assert!(story.contains("ran `systemctl restart web.service`"), "{story}");
    assert!(!story.contains("nobody saw how it ended"), "{story}");
    nothing_twice(&story);
    bot.end().await;
}

#[tokio::test]
async fn stopping_between_two_tries_does_not_wait_and_the_next_steward_tries_at_the_same_time() {
    let lab = lab();
    runbook(&lab, "    idempotent: true\n    retry: { attempts: 3, backoff: 10m }");
    lab.host.command(IS_ACTIVE, &[], 3);
    let bot = lab.start().await;
    fail_web(&lab);
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran(), [RESTART, IS_ACTIVE], "it waits to try again");
    let bot = again(bot).await;
    assert_eq!(lab.host.ran(), [""; 0], "a restart does not shorten that");
    lab.host.command(IS_ACTIVE, &["vm/web"], 0);
    bot.pass(min(13)).await;
    assert_eq!(lab.host.ran(), [RESTART, IS_ACTIVE]);
    assert_eq!(lab.chat.field(1, "State"), "resolved");
    nothing_twice(&lab.chat.thread(1));
    bot.end().await;
}

#[tokio::test]
async fn stopping_while_the_check_of_a_repair_runs_decides_nothing() {
    let lab = lab();
    runbook(&lab, "");
    lab.host.command(RESTART, &["vm/web"], 0);
    let bot = lab.start().await;
    fail_web(&lab);
    bot.pass(min(5)).await;
    lab.host.hang("look");
    bot.pass(min(1)).await;
    assert_eq!(lab.host.ran(), [RESTART, IS_ACTIVE]);
    assert_eq!(lab.host.hung(), 1, "the check hangs");
    bot.stop().await;
    lab.host.release();
    let bot = lab.start().await;
    bot.pass(secs(2)).await;
    assert_eq!(lab.chat.field(1, "State"), "mitigated", "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.calls(), 0);
    assert_eq!(lab.host.ran(), [""; 0]);
    nothing_twice(&lab.chat.thread(1));
    bot.end().await;
}

#[tokio::test]
async fn an_approved_step_that_ran_before_a_crash_does_not_run_on_the_same_approval() {
    let lab = lab();
    lab.write(
        "runbooks/vacuum.yaml",
        "name: vacuum\ntitle: Vacuum\nmatch: { signature: disk-fill }\nsteps:\n  - name: vacuum\n    run: [journalctl, --vacuum-size=200M]\n    verify: check\n    idempotent: true\n",
    );
    let bot = lab.start().await;
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    lab.host.hang("journalctl --vacuum-size=200M");
    bot.says("approve 1").await;
    assert_eq!(lab.host.hung(), 1);
    bot.crash().await;
    lab.host.release();
    lab.host.ran();
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    assert_eq!(lab.host.ran(), [""; 0], "{}", lab.chat.thread(1));
    let story = lab.chat.thread(1);
    assert!(
        story.contains("vacuum is stuck: step `vacuum`: it has run, and nothing takes it back"),
        "{story}"
    );
    bot.end_quietly().await;
}

#[tokio::test]
async fn dying_at_any_moment_changes_neither_the_end_nor_what_ran() {
    for moment in 0..30 {
        let lab = lab();
        runbook(&lab, "");
        lab.host.command(RESTART, &["vm/web"], 0);
        let bot = lab.start().await;
        fail_web(&lab);
        let end = lab.clock.time() + min(8);
        for _ in 0..moment {
            lab.clock.step(end);
            // Not to rest: it dies in the middle of whatever this set off.
            for _ in 0..moment {
                tokio::task::yield_now().await;
            }
        }
        bot.crash().await;
        let bot = lab.start().await;
        bot.pass(min(15)).await;
        let story = lab.chat.thread(1);
        assert_eq!(lab.chat.field(1, "State"), "resolved", "after dying at moment {moment}: {story}");
        assert_eq!(lab.host.ran().iter().filter(|line| *line == RESTART).count(), 1, "at {moment}: {story}");
        nothing_twice(&story);
        assert_eq!(lab.chat.calls(), 0, "at {moment}: {story}");
        bot.end_quietly().await;
    }
}
