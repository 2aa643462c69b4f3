//! What is tried, in which order, how often, and what happens when it does not work.

use super::support::{Bot, Lab, min, secs};

/// A runbook of one step that restarts a unit of its own name.
fn runbook(lab: &Lab, name: &str, more: &str) {
    let text = format!(
        r#"
name: {name}
title: Restart {name}
match: {{ signature: unit-failed }}
steps:
  - name: restart
    run: [systemctl, restart, {name}.service]
    verify: check
{more}
"#
    );
    lab.write(&format!("runbooks/{name}.yaml"), &text);
}

fn lab() -> Lab {
    let lab = Lab::new("");
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab
}

fn fail_web(lab: &Lab) {
    lab.host.break_("vm/web", "unit-failed");
}

/// Restarting `name` mends the web server.
fn mends(lab: &Lab, name: &str) {
    lab.host.command(&format!("systemctl restart {name}.service"), &["vm/web"], 0);
}

/// Starts with a web server that has failed.
async fn failed(lab: &Lab) -> Bot<'_> {
    let bot = lab.start().await;
    fail_web(lab);
    bot.pass(min(6)).await;
    bot
}

#[tokio::test]
async fn when_a_runbook_does_not_help_the_next_one_that_fits_is_tried() {
    let lab = lab();
    runbook(&lab, "a-first", "");
    runbook(&lab, "b-second", "");
    mends(&lab, "b-second");
    let bot = failed(&lab).await;
    assert_eq!(lab.host.ran(), ["systemctl restart a-first.service", "systemctl restart b-second.service"]);
    assert_eq!(lab.chat.field(1, "Tried"), "a-first: did not help\nb-second: worked");
    let story = lab.chat.thread(1);
    assert!(story.contains("a-first did not help: "), "{story}");
    assert!(story.contains("b-second worked: the problem is gone."), "{story}");
    bot.pass(min(30)).await;
    assert_eq!(lab.chat.calls(), 0);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_runbook_that_ran_a_short_while_ago_waits_and_says_until_when() {
    let lab = lab();
    runbook(&lab, "web", "limits: { cooldown: 20m, max_attempts: 5 }");
    let bot = failed(&lab).await;
    assert_eq!(lab.host.ran().len(), 1);
    assert_eq!(lab.chat.field(1, "Next"), "web ran a short while ago; it may run again at 08:25:10.");
    mends(&lab, "web");
    bot.pass(min(18)).await;
    assert_eq!(lab.host.ran(), [""; 0], "not before its time");
    bot.pass(min(2)).await;
    assert_eq!(lab.host.ran(), ["systemctl restart web.service"]);
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    assert_eq!(lab.chat.calls(), 0);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_cooldown_goes_on_over_a_restart() {
    let lab = lab();
    runbook(&lab, "web", "limits: { cooldown: 20m, max_attempts: 5 }");
    let bot = failed(&lab).await;
    assert_eq!(lab.host.ran().len(), 1);
    bot.stop().await;
    mends(&lab, "web");
    let bot = lab.start().await;
    bot.pass(min(18)).await;
    assert_eq!(lab.host.ran(), [""; 0], "not before its time");
    bot.pass(min(2)).await;
    assert_eq!(lab.host.ran(), ["systemctl restart web.service"]);
    bot.end_quietly().await;
}

#[tokio::test]
async fn after_as_many_failures_as_it_may_have_people_are_called_once_and_nothing_runs_again() {
    let lab = lab();
    runbook(&lab, "web", "limits: { cooldown: 1m, max_attempts: 3 }");
    let bot = failed(&lab).await;
    bot.pass(min(20)).await;
    assert_eq!(lab.host.ran().len(), 3);
    let story = lab.chat.thread(1);
    assert_eq!(lab.chat.calls(), 1, "{story}");
    assert_eq!(story.matches("web did not fix it for good, and nothing else fits").count(), 1, "{story}");
    assert!(lab.chat.field(1, "Next").contains("This one needs a person."), "{}", lab.chat.root(1));
    bot.pass(min(30)).await;
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(8 * 60)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    assert!(lab.chat.calls() <= 9, "at most once an hour");
    assert_eq!(lab.chat.calls(), 1, "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_repair_that_does_not_last_is_not_repeated_within_its_watch_time() {
    let lab = lab();
    runbook(&lab, "a-first", "limits: { cooldown: 1m, watch: 1h }");
    mends(&lab, "a-first");
    let bot = failed(&lab).await;
    bot.pass(min(10)).await;
    assert_eq!(lab.chat.field(1, "State"), "resolved");
    assert_eq!(lab.host.ran().len(), 1);
    fail_web(&lab);
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    let story = lab.chat.thread(1);
    assert!(story.contains("a-first did not fix it for good."), "{story}");
    assert_eq!(lab.chat.calls(), 1, "nothing else fits: {story}");
    assert_eq!(lab.chat.field(1, "Tried"), "a-first: worked, but did not last");
    bot.end_quietly().await;
}

#[tokio::test]
async fn where_a_repair_did_not_last_the_next_one_that_fits_is_tried_also_after_a_restart() {
    let lab = lab();
    runbook(&lab, "a-first", "limits: { cooldown: 1m, watch: 1h }");
    runbook(&lab, "b-second", "limits: { cooldown: 1m, watch: 1h }");
    mends(&lab, "a-first");
    mends(&lab, "b-second");
    let bot = failed(&lab).await;
    assert_eq!(lab.host.ran(), ["systemctl restart a-first.service"]);
    bot.pass(min(10)).await;
    bot.stop().await;
    fail_web(&lab);
    let bot = lab.start().await;
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran(), ["systemctl restart b-second.service"], "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_repair_after_which_it_breaks_again_before_the_calm_has_lasted_did_not_last_either() {
    let lab = lab();
    lab.skill("fast", "* * * * *", &["nas"]);
    runbook(&lab, "web", "limits: { cooldown: 1m, watch: 1h }");
    lab.host.command("systemctl restart web.service", &["nas/web"], 0);
    let bot = lab.start().await;
    for _ in 0..20 {
        lab.host.break_("nas/web", "unit-failed");
        bot.pass(min(1)).await;
    }
    assert_eq!(lab.host.ran().len(), 1, "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.calls(), 1, "{}", lab.chat.thread(1));
    assert_eq!(lab.chat.field(1, "Tried"), "web: worked, but did not last");
    bot.end_quietly().await;
}

#[tokio::test]
async fn another_problem_on_the_same_target_says_nothing_about_a_repair_that_is_not_for_it() {
    let lab = lab();
    runbook(&lab, "web", "limits: { cooldown: 1m, watch: 1h }");
    mends(&lab, "web");
    let bot = failed(&lab).await;
    bot.pass(min(60)).await;
    lab.host.break_("vm/web", "certificate-expired");
    bot.pass(min(6)).await;
    assert!(!lab.chat.thread(2).contains("for good"), "{}", lab.chat.thread(2));
    assert_eq!(lab.chat.field(1, "Tried"), "web: worked");
    lab.host.mend("vm/web");
    bot.end_quietly().await;
}

const TWO_STEPS: &str = r#"
name: swap
title: Swap the workers
match: { signature: unit-failed }
steps:
  - name: stop-old
    run: [systemctl, stop, old.service]
    verify: [systemctl, is-failed, old.service]
    undo: [systemctl, start, old.service]
  - name: start-new
    run: [systemctl, start, new.service]
    verify: [systemctl, is-active, --quiet, new.service]
"#;

#[tokio::test]
async fn when_a_later_step_fails_the_earlier_ones_are_taken_back_and_it_is_told() {
    let lab = lab();
    lab.write("runbooks/swap.yaml", TWO_STEPS);
    lab.host.command("systemctl is-active --quiet new.service", &[], 3);
    let bot = failed(&lab).await;
    assert_eq!(
        lab.host.ran(),
        [
            "systemctl stop old.service",
            "systemctl is-failed old.service",
            "systemctl start new.service",
            "systemctl is-active --quiet new.service",
            "systemctl start old.service",
        ]
    );
    let story = lab.chat.thread(1);
    assert!(story.contains("took back with `systemctl start old.service`"), "{story}");
    assert!(story.contains("swap did not help: "), "{story}");
    assert_eq!(lab.chat.calls(), 0, "{story}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn when_taking_back_fails_people_are_called_and_nothing_more_runs_until_it_is_cleared() {
    let lab = lab();
    lab.write("runbooks/swap.yaml", TWO_STEPS);
    lab.host.command("systemctl is-active --quiet new.service", &[], 3);
    lab.host.command("systemctl start old.service", &[], 1);
    let bot = failed(&lab).await;
    lab.host.ran();
    assert_eq!(lab.chat.field(1, "State"), "stuck, people called");
    let story = lab.chat.thread(1);
    assert!(story.contains("@here"), "{story}");
    assert!(story.contains("swap is stuck:") && story.contains("taking it back failed"), "{story}");
    assert!(story.contains("Type `clear 1`"), "{story}");
    assert_eq!(lab.chat.calls(), 1);

    bot.pass(min(60)).await;
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(10)).await;
    assert_eq!(lab.host.ran(), [""; 0], "nothing is done behind anybody's back");
    assert_eq!(lab.chat.calls(), 1);

    lab.host.command("systemctl is-active --quiet new.service", &["vm/web"], 0);
    let answer = bot.says("clear 1").await;
    assert!(answer.contains("#1 is open again and no longer stuck."), "{answer}");
    bot.pass(min(10)).await;
    assert_eq!(lab.chat.field(1, "State"), "resolved, people called", "{}", lab.chat.thread(1));
    assert!(bot.says("clear 1").await.contains("not stuck"));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_stuck_incident_whose_check_passes_again_is_over_without_a_person() {
    let lab = lab();
    lab.write("runbooks/swap.yaml", TWO_STEPS);
    lab.host.command("systemctl is-active --quiet new.service", &[], 3);
    lab.host.command("systemctl start old.service", &[], 1);
    let bot = failed(&lab).await;
    assert!(lab.chat.field(1, "State").starts_with("stuck"));
    lab.host.mend("vm/web");
    bot.pass(min(10)).await;
    assert!(lab.chat.field(1, "State").starts_with("resolved"), "{}", lab.chat.root(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_a_step_changes_is_captured_first_and_read_back_after_it_was_taken_back() {
    let lab = lab();
    lab.write(
        "policy.yaml",
        r#"
rules:
  - name: limit-set
    why: sets a limit
    pattern: [limitctl, set]
    args: { min: 1, max: 1 }
    effect: reversible
    blast_radius: target
    undo: set it back
    match: [limitctl set 5]
    not_match: [limitctl drop 5]
  - name: limit-get
    why: reads a limit
    pattern: [limitctl, get]
    effect: read
    match: [limitctl get]
    not_match: [limitctl set 5]
"#,
    );
    lab.write(
        "runbooks/limit.yaml",
        r#"
name: limit
title: Raise the limit
match: { signature: unit-failed }
steps:
  - name: raise
    capture: { old: [limitctl, get] }
    run: [limitctl, set, "9"]
    verify: check
    undo: [limitctl, set, "{{ capture.old }}"]
"#,
    );
    lab.host.prints("limitctl get", "4\n");
    let bot = failed(&lab).await;
    let ran = lab.host.ran();
    assert_eq!(ran, ["limitctl get", "limitctl set 9", "limitctl set 4", "limitctl get"]);
    assert!(lab.chat.thread(1).contains("took back with `limitctl set 4`"), "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_playbook_is_one_command_for_what_a_skill_says() {
    let lab = lab();
    lab.write(
        "runbooks/kick.yaml",
        r#"
name: kick
title: Kick the worker
playbook:
  skill: look
  pattern: "queue is stuck"
  run: [systemctl, restart, worker.service]
"#,
    );
    lab.host.command("systemctl restart worker.service", &["vm/queue"], 0);
    let bot = lab.start().await;
    lab.host.break_with("vm/queue", "backlog", "summary: the queue is stuck at 12");
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran(), ["systemctl restart worker.service"]);
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    lab.host.break_with("vm/other", "backlog", "summary: the queue is fine");
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran(), [""; 0], "it is not for this");
    bot.end_quietly().await;
}

#[tokio::test]
async fn the_loop_of_a_repair_that_never_helps_is_never_silent() {
    let lab = lab();
    runbook(&lab, "a", "limits: { cooldown: 5m, max_attempts: 2, watch: 10m }");
    runbook(&lab, "b", "limits: { cooldown: 5m, max_attempts: 2, watch: 10m }");
    let bot = failed(&lab).await;
    bot.pass(min(24 * 60)).await;
    assert_eq!(lab.host.ran().len(), 4, "each as often as it may, and no more");
    assert!(lab.chat.calls() >= 1);
    bot.pass(secs(1)).await;
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_is_only_about_to_break_is_repaired_and_never_calls_anybody() {
    let lab = lab();
    runbook(&lab, "web", "limits: { cooldown: 1m, max_attempts: 2 }");
    let bot = lab.start().await;
    lab.host.warn("vm/web", "unit-failed");
    bot.pass(min(60)).await;
    assert_eq!(lab.host.ran().len(), 2);
    assert!(lab.chat.field(1, "Next").contains("This one needs a person."), "{}", lab.chat.root(1));
    assert_eq!(lab.chat.calls(), 0);
    bot.end_quietly().await;
}
