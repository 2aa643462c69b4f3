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
    assert!(lab.chat.root(1).contains("<Undo: undo 1 repair 1>"), "{}", lab.chat.root(1));
    assert!(bot.says_as("eve", false, "undo 1").await.contains("That is for operators"));
    assert_eq!(lab.host.ran(), [""; 0]);
    assert_eq!(bot.says("undo 1").await, "undo of stop of #1 begins.");
    bot.settle().await;
    assert_eq!(lab.host.ran()[0], "docker start miner");
    let thread = lab.chat.thread(1);
    assert!(thread.contains("alex has what stop did taken back"), "{thread}");
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
async fn while_changes_are_paused_taking_back_is_asked_and_a_yes_begins_exactly_what_was_shown() {
    let lab = lab("");
    let bot = stopped(&lab).await;
    bot.says("pause").await;
    let shown = bot.says("undo 1").await;
    assert!(shown.contains("approval 1") && shown.contains("docker start miner"), "{shown}");
    let card = lab.chat.question(1);
    assert!(card.contains("May I run undo of stop") || card.contains("may I run undo of stop"), "{card}");
    assert!(card.contains("Would run: vm: `docker start miner`"), "{card}");
    assert!(card.contains("To: take back what was done about vm/miner runaway (#1)"), "{card}");
    assert!(card.contains("<Approve: approve 1> <Deny: deny 1>"), "{card}");
    assert!(lab.chat.root(1).contains("<Approve: approve 1>"), "{}", lab.chat.root(1));
    assert!(!lab.chat.root(1).contains("<Undo"), "it is asked once: {}", lab.chat.root(1));
    assert!(bot.says("undo 1").await.contains("It waits for an answer already: `approve 1`"));
    bot.says("undo 1 now").await;
    assert!(lab.host.ran().is_empty(), "there is no way around the question");

    assert_eq!(bot.says("approve 1").await, "Approved by alex: undo of stop runs now, exactly as shown.");
    assert_eq!(lab.host.ran(), ["docker start miner"]);
    assert!(lab.chat.question(1).contains("Result: it worked"), "{}", lab.chat.question(1));
    assert!(lab.chat.field(1, "Tried").contains("stop: taken back"));
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

#[tokio::test]
async fn a_no_to_taking_back_says_while_busy_as_it_is_and_it_may_be_asked_again_after_a_restart_too() {
    let lab = lab("");
    let bot = stopped(&lab).await;
    bot.says("pause").await;
    bot.says("undo 1").await;
    bot.says("deny 1").await;
    assert!(lab.host.ran().is_empty() && lab.chat.root(1).contains("<Undo: undo 1 repair 1>"));
    bot.says("undo 1").await;
    bot.stop().await;
    let bot = lab.start().await;
    bot.says("approve 2").await;
    assert_eq!(lab.host.ran(), ["docker start miner"]);
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_several_have_to_say_yes_to_is_taken_back_when_several_have() {
    let lab = lab("");
    lab.write(
        "policy.yaml",
        "rules:\n  - name: miner-up\n    why: two of us look at that\n    pattern: [docker, start, miner]\n    effect: irreversible\n    blast_radius: target\n    approvers: 2\n    match: [docker start miner]\n    not_match: [docker start web]\n",
    );
    let bot = lab.start().await;
    lab.host.break_("vm/miner", "runaway");
    bot.pass(min(6)).await;
    for who in ["alex", "beth"] {
        bot.says_as(who, true, "approve 1").await;
    }
    assert_eq!(lab.host.ran(), ["docker stop miner"]);
    bot.says("undo 1").await;
    assert!(lab.chat.question(2).contains("Approvers: 2 people have to say yes"), "{}", lab.chat.question(2));
    assert_eq!(bot.says("approve 2").await, "Noted, alex: one more person has to say yes.");
    assert!(lab.host.ran().is_empty());
    bot.says_as("beth", true, "approve 2").await;
    assert_eq!(lab.host.ran(), ["docker start miner"]);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_button_takes_back_the_repair_that_it_was_shown_for_and_no_other() {
    let lab = lab("");
    let bot = stopped(&lab).await;
    let answer = bot.says("undo 1 repair 2").await;
    assert!(answer.contains("Another repair ran since that was shown"), "{answer}");
    assert!(lab.host.ran().is_empty());
    bot.says("undo 1 repair 1").await;
    assert_eq!(lab.host.ran(), ["docker start miner"]);
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_was_taken_back_half_way_is_not_begun_a_second_time() {
    let lab = lab("");
    lab.host.command("docker start miner", &[], 1);
    let bot = stopped(&lab).await;
    bot.says("undo 1").await;
    assert_eq!(lab.host.ran(), ["docker start miner"]);
    assert!(lab.chat.field(1, "Tried").contains("stop: taken back half way"), "{}", lab.chat.root(1));
    let answer = bot.says("undo 1").await;
    assert!(answer.contains("alex had stop taken back, and that came half way"), "{answer}");
    assert!(lab.host.ran().is_empty());
    bot.end_quietly().await;
}

#[tokio::test]
async fn while_something_is_taken_back_nothing_is_repaired_and_the_incident_goes_nowhere() {
    let lab = lab("");
    let bot = stopped(&lab).await;
    fail(&lab, "web");
    lab.host.hang("systemctl restart web.service");
    lab.host.hang("docker start miner");
    bot.says("undo 1").await;
    lab.host.break_("vm/miner", "runaway");
    bot.pass(min(6)).await;
    assert!(lab.chat.field(1, "State").starts_with("open"));
    let answer = bot.says("merge 1 into 2").await;
    assert!(answer.contains("A repair of #1 is being taken back"), "{answer}");
    lab.host.release();
    bot.settle().await;
    assert!(!lab.host.ran().contains(&"docker stop miner".to_owned()));
    assert!(lab.chat.field(1, "Tried").contains("stop: taken back"));

    bot.says("merge 1 into 2").await;
    let carried: Vec<_> = bot.incident(2).await.all_taken_back().map(|taken| taken.runbook).collect();
    assert_eq!(carried, ["stop"], "the survivor knows what was not wanted");
    bot.end_quietly().await;
}

#[tokio::test]
async fn the_audit_trail_says_from_which_account_something_was_taken_back() {
    let lab = lab("");
    let bot = stopped(&lab).await;
    bot.says("undo 1").await;
    let [(who, body)] = &bot.audited("undo").await[..] else { panic!("one line") };
    assert_eq!(
        (who.as_str(), &body["platform"], &body["user_id"]),
        ("alex", &"console".into(), &"alex".into())
    );
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_was_taken_back_while_it_was_watched_earns_nothing_and_neither_does_the_way_back() {
    let lab = lab("[repairs]\nclean_runs = 1");
    let bot = stopped(&lab).await;
    bot.says("undo 1").await;
    bot.pass(min(240)).await;
    let trust = bot.says("trust").await;
    assert!(trust.contains("stop on vm/*: not yet trusted (alex had the last run taken back)"), "{trust}");
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(240)).await;
    let trust = bot.says("trust").await;
    assert!(trust.contains("(alex had the last run taken back)") && !trust.contains("undo of"), "{trust}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_was_taken_back_after_it_was_resolved_earns_nothing_after_a_restart_either() {
    let lab = lab("[repairs]\nclean_runs = 1");
    let bot = stopped(&lab).await;
    bot.pass(min(20)).await;
    assert_eq!(lab.chat.field(1, "State"), "resolved");
    bot.says("undo 1").await;
    assert_eq!(lab.host.ran(), ["docker start miner"]);
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(240)).await;
    let trust = bot.says("trust").await;
    assert!(trust.contains("stop on vm/*: not yet trusted (alex had the last run taken back)"), "{trust}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_runbook_that_does_something_else_under_the_same_name_asks_again() {
    let lab = lab("autonomy = \"earned\"\n[repairs]\nclean_runs = 1");
    let bot = lab.start().await;
    proves_itself(&lab, &bot, Some(1)).await;
    assert!(bot.says("trust").await.contains("restart on vm/*: trusted since"));
    lab.write("runbooks/restart.yaml", &RESTART.replace("title: Restart the unit", "title: Start it again"));
    bot.says("reload").await;
    assert!(bot.says("trust").await.contains("restart on vm/*: trusted since"), "words are only words");

    let rewritten =
        RESTART.replace("verify: [systemctl, is-active, --quiet, \"{{ labels.unit }}\"]", "verify: check");
    assert_ne!(rewritten, RESTART);
    lab.write("runbooks/restart.yaml", &rewritten);
    bot.says("reload").await;
    let trust = bot.says("trust").await;
    assert!(
        trust.contains("restart on vm/*: not yet trusted, because it does something else since"),
        "{trust}"
    );
    fail(&lab, "web");
    bot.pass(min(6)).await;
    assert!(lab.host.ran().is_empty(), "it asks first");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_run_of_which_nobody_could_see_whether_it_lasted_earns_nothing() {
    let lab = lab("[repairs]\nclean_runs = 1");
    let bot = stopped(&lab).await;
    std::fs::remove_file(lab.path().join("skills/look")).unwrap();
    bot.says("reload").await;
    bot.pass(min(60)).await;
    assert!(lab.chat.thread(1).contains("Resolved, unverified"), "{}", lab.chat.thread(1));
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(240)).await;
    assert!(bot.says("trust").await.contains("No repair has proved itself or failed yet"));
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_is_watched_for_longer_than_a_day_is_still_watched_after_a_restart() {
    let lab = lab("[repairs]\nclean_runs = 1");
    lab.write("runbooks/stop.yaml", &format!("{STOP}limits: {{ watch: 40h }}\n"));
    let bot = stopped(&lab).await;
    bot.pass(min(30 * 60)).await;
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(12 * 60)).await;
    assert!(bot.says("trust").await.contains("stop on vm/*: trusted since"));
    bot.end_quietly().await;
}
