//! What runs by itself: one repair at a time per host, within the hours for it, as far as trust goes; and taken back
//! when a person wants that.

use super::support::runbooks::{RESTART, STOP};
use super::support::{Bot, Lab, min};

fn lab(settings: &str) -> Lab {
    let lab = Lab::new(settings);
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab.write("runbooks/restart.yaml", RESTART);
    lab.write("runbooks/stop.yaml", STOP);
    for unit in ["web", "db"] {
        lab.host.command(&format!("systemctl restart {unit}.service"), &[&format!("vm/{unit}")], 0);
        lab.host.command(&format!("systemctl is-active --quiet {unit}.service"), &[], 0);
    }
    lab.host.command("docker stop miner", &["vm/miner"], 0);
    lab.host.command("docker start miner", &[], 0);
    lab
}

fn fail(lab: &Lab, unit: &str) {
    let headers = format!("unit: {unit}.service\nsummary: {unit}.service has failed");
    lab.host.break_with(&format!("vm/{unit}"), "unit-failed", &headers);
}

/// A Steward that has stopped a container by itself.
async fn stopped(lab: &Lab) -> Bot<'_> {
    let bot = lab.start().await;
    lab.host.break_("vm/miner", "runaway");
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran()[0], "docker stop miner");
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    bot
}

#[tokio::test]
async fn two_faults_on_one_host_are_repaired_one_after_the_other() {
    let lab = lab("");
    let bot = lab.start().await;
    fail(&lab, "web");
    fail(&lab, "db");
    ["web", "db"].iter().for_each(|unit| lab.host.hang(&format!("systemctl restart {unit}.service")));
    bot.pass(min(6)).await;
    assert_eq!(lab.host.hung(), 1, "only one of them is under way");
    let threads = format!("{}\n{}", lab.chat.thread(1), lab.chat.thread(2));
    assert!(threads.contains("restart waits until the repair of #"), "{threads}");
    lab.host.release();
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran().iter().filter(|line| line.contains("restart")).count(), 2);
    for number in [1, 2] {
        assert!(["mitigated", "resolved"].contains(&&*lab.chat.field(number, "State")));
    }
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_a_person_approves_waits_for_its_turn_and_a_crash_leaves_no_lock() {
    let lab = lab("autonomy = \"propose\"");
    let bot = lab.start().await;
    fail(&lab, "web");
    fail(&lab, "db");
    bot.pass(min(6)).await;
    ["web", "db"].iter().for_each(|unit| lab.host.hang(&format!("systemctl restart {unit}.service")));
    bot.says("approve 1").await;
    bot.says("approve 2").await;
    bot.settle().await;
    assert_eq!(lab.host.hung(), 1);
    bot.crash().await;
    lab.host.release();

    let bot = lab.start().await;
    bot.pass(min(10)).await;
    let ran = lab.host.ran();
    assert!(
        ran.iter().any(|line| line.contains("web")) && ran.iter().any(|line| line.contains("db")),
        "{ran:?}"
    );
    bot.end_quietly().await;
}

#[tokio::test]
async fn outside_of_its_hours_steward_asks() {
    // The story begins at eight in the morning.
    let lab = lab("[repairs]\nhours = [\"22:00-06:00\"]");
    let bot = lab.start().await;
    fail(&lab, "web");
    bot.pass(min(6)).await;
    assert!(lab.host.ran().is_empty());
    let thread = lab.chat.thread(1);
    assert!(thread.contains("waits for you: it is outside of the window for changes."), "{thread}");
    bot.says("approve 1").await;
    assert_eq!(lab.host.ran()[0], "systemctl restart web.service");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_repair_is_taken_back_by_a_person_and_not_done_again() {
    let lab = lab("");
    let bot = stopped(&lab).await;
    assert!(lab.chat.root(1).contains("<Undo: undo 1>"), "{}", lab.chat.root(1));
    assert!(bot.says_as("eve", false, "undo 1").await.contains("That is for operators"));
    assert_eq!(lab.host.ran(), [""; 0]);
    assert_eq!(bot.says("undo 1").await, "undo of stop of #1 begins.");
    bot.settle().await;
    assert_eq!(lab.host.ran()[0], "docker start miner");
    let thread = lab.chat.thread(1);
    assert!(thread.contains("alex has what undo of stop did taken back"), "{thread}");
    assert!(lab.chat.field(1, "Tried").contains("stop: taken back"));
    assert!(!lab.chat.root(1).contains("<Undo"), "once is enough");
    assert!(bot.says("undo 1").await.contains("alex had stop taken back already"));

    lab.host.break_("vm/miner", "runaway");
    bot.pass(min(12)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    let thread = lab.chat.thread(1);
    assert!(thread.contains("stop fits, and alex took back what it did"), "{thread}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn while_changes_are_paused_taking_back_is_shown_before_it_is_done() {
    let lab = lab("");
    let bot = stopped(&lab).await;
    bot.says("pause").await;
    let shown = bot.says("undo 1").await;
    assert!(shown.contains("needs your word") && shown.contains("docker start miner"), "{shown}");
    assert!(shown.contains("<Take it back: undo 1 now>"), "{shown}");
    assert_eq!(lab.host.ran(), [""; 0]);
    bot.says("undo 1 now").await;
    bot.settle().await;
    assert_eq!(lab.host.ran()[0], "docker start miner");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_restores_the_declared_state_has_nothing_to_take_back_and_what_is_closed_stands() {
    let lab = lab("");
    let bot = lab.start().await;
    fail(&lab, "web");
    bot.pass(min(6)).await;
    assert!(!lab.chat.root(1).contains("<Undo"));
    let answer = bot.says("undo 1").await;
    assert!(answer.contains("restart restores what is declared: there is nothing to take back"), "{answer}");
    assert!(bot.says("undo 7").await.contains("what it changed stands as it is"));
    bot.end_quietly().await;
}

/// Breaks the unit, lets the repair be done (with a yes where that is asked), and waits until it has proved itself.
async fn proves_itself(lab: &Lab, bot: &Bot<'_>, approval: Option<u64>) {
    fail(lab, "web");
    bot.pass(min(6)).await;
    if let Some(number) = approval {
        assert!(lab.host.ran().is_empty(), "it asks first");
        bot.says(&format!("approve {number}")).await;
    }
    bot.pass(min(240)).await;
    lab.host.ran();
}

#[tokio::test]
async fn trust_is_earned_by_clean_runs_shown_in_chat_and_lost_at_once() {
    let lab = lab("autonomy = \"earned\"\n[repairs]\nclean_runs = 2");
    let bot = lab.start().await;
    assert!(bot.says("trust").await.contains("No repair has proved itself or failed yet"));
    proves_itself(&lab, &bot, Some(1)).await;
    let trust = bot.says("trust").await;
    assert!(
        trust.contains("restart on vm/*: not yet trusted (1 clean run in a row; 2 are needed"),
        "{trust}"
    );
    proves_itself(&lab, &bot, Some(2)).await;
    let notice = lab.chat.take_notice().unwrap();
    assert!(notice.contains("restart acts by itself from now on on vm/*"), "{notice}");
    proves_itself(&lab, &bot, None).await;
    assert!(bot.says("trust").await.contains("restart on vm/*: trusted since"));

    // It comes back within the watch time: from then on it asks again.
    fail(&lab, "web");
    bot.pass(min(8)).await;
    assert_eq!(lab.host.ran()[0], "systemctl restart web.service", "it acts by itself");
    fail(&lab, "web");
    bot.pass(min(8)).await;
    let notice = lab.chat.take_notice().unwrap();
    assert!(notice.contains("restart asks from now on on vm/*"), "{notice}");
    assert!(bot.says("trust").await.contains("not yet trusted (the problem came back after the last run)"));
    bot.end_quietly().await;
}

#[tokio::test]
async fn trust_survives_a_restart_and_a_trial_that_was_under_way_goes_on() {
    let lab = lab("autonomy = \"earned\"\n[repairs]\nclean_runs = 1");
    let bot = lab.start().await;
    fail(&lab, "web");
    bot.pass(min(6)).await;
    bot.says("approve 1").await;
    bot.pass(min(25)).await;
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(120)).await;
    assert!(lab.chat.take_notice().unwrap().contains("restart acts by itself from now on"));
    bot.stop().await;
    let bot = lab.start().await;
    assert!(bot.says("trust").await.contains("trusted since"));
    bot.end_quietly().await;
}
