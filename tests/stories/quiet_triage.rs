//! Triage: noise is held back, counted, and can be asked for; what turns out to be none is placed as always.

use steward::domain::signal::SignalState::{Firing, Resolved};

use super::quiet::without;
use super::shop::shop;
use super::support::min;

const CPU: [(&str, &str); 2] = [("alertname", "HighCpu"), ("instance", "web")];

#[tokio::test]
async fn the_watchdog_is_ignored_and_counted() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert_with("k8s", &[("alertname", "Watchdog")], Firing).await;
    bot.alert_with("k8s", &[("alertname", "Watchdog")], Firing).await;
    bot.pass(min(5)).await;
    assert!(bot.stored().await.is_empty(), "it is no incident");
    let told = bot.says("what did you ignore today?").await;
    assert!(told.starts_with("Held back once since 2026-11-21 00:00"), "{told}");
    assert!(told.contains("watchdog: once, 1 problem, 1 still firing (it always fires"), "{told}");
    assert!(told.contains("k8s watchdog (once"), "{told}");
    bot.pass(min(24 * 60)).await;
    bot.alert_with("k8s", &[("alertname", "Watchdog")], Firing).await;
    let told = bot.says("ignored").await;
    assert!(told.contains("watchdog: once"), "each day has its own count: {told}");
    assert!(bot.says("ignored since yesterday").await.contains("watchdog: 2 times"));
    bot.end().await;
}

const SLOW: &str =
    "[[triage]]\nname = \"slow\"\nmatch = ['alertname=\"HighCpu\"']\ndo = \"hold\"\nfor = \"10m\"\n";

#[tokio::test]
async fn what_has_to_last_is_told_when_it_has_and_never_if_it_ends_before() {
    let lab = shop(SLOW);
    let bot = lab.start().await;
    bot.alert_with("web", &CPU, Firing).await;
    bot.pass(min(9)).await;
    bot.alert_with("web", &CPU, Resolved).await;
    bot.pass(min(1)).await;
    assert!(bot.stored().await.is_empty());
    bot.alert_with("web", &CPU, Firing).await;
    bot.pass(min(4)).await;
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(5)).await;
    assert!(bot.stored().await.is_empty(), "a restart neither shortens nor ends the wait");
    bot.pass(min(1)).await;
    assert_eq!(bot.is(1).await, "open web");
    bot.pass(min(1)).await;
    assert_eq!(lab.chat.news(1).len(), 1);
    let told = bot.says("ignored").await;
    assert!(told.contains("slow: 2 times, 1 problem\n"), "none is held now: {told}");
    bot.end().await;
}

#[tokio::test]
async fn a_rule_that_is_edited_away_lets_go_of_what_it_held_at_the_next_start() {
    let lab = shop(SLOW);
    let bot = lab.start().await;
    bot.alert_with("web", &CPU, Firing).await;
    bot.stop().await;
    without(&lab, SLOW);
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    assert_eq!(bot.is(1).await, "open web");
    assert_eq!(lab.chat.news(1).len(), 1);
    bot.end().await;
}

#[tokio::test]
async fn what_comes_and_goes_is_held_back_until_it_has_come_to_rest() {
    let lab = shop(
        "[[triage]]\nname = \"flappy\"\nmatch = ['alertname=\"HighCpu\"']\ndo = \"hold\"\nflapping = { bounces = 3, within = \"1h\" }\n",
    );
    let bot = lab.start().await;
    for _ in 0..2 {
        bot.alert_with("web", &CPU, Firing).await;
        bot.pass(min(5)).await;
        bot.alert_with("web", &CPU, Resolved).await;
        bot.pass(min(5)).await;
    }
    let before = lab.chat.messages(1).len();
    bot.stop().await;
    let bot = lab.start().await;
    bot.alert_with("web", &CPU, Firing).await;
    bot.pass(min(30)).await;
    assert_eq!(lab.chat.messages(1).len(), before, "the third time is held back");
    assert!(!lab.chat.has_root(2));
    bot.pass(min(10)).await;
    assert_eq!(bot.is(2).await, "open web", "an hour after the first beginning it has come to rest");
    bot.pass(min(1)).await;
    assert!(lab.chat.has_root(2));
    lab.chat.thread(1);
    lab.chat.thread(2);
    bot.end_quietly().await;
}

#[tokio::test]
async fn in_its_hours_a_rule_ignores_and_after_them_what_still_fires_is_told() {
    let lab = shop(
        "[[triage]]\nname = \"early\"\nmatch = ['alertname=\"HighCpu\"']\ndo = \"ignore\"\nhours = [\"06:00-09:00\"]\n",
    );
    let bot = lab.start().await;
    bot.alert_with("web", &CPU, Firing).await;
    bot.pass(min(59)).await;
    assert!(bot.stored().await.is_empty());
    bot.pass(min(2)).await;
    assert_eq!(bot.is(1).await, "open web");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn a_skill_that_fails_while_all_it_looks_at_is_under_maintenance_is_no_problem_until_that_is_over() {
    let lab = shop("[skills]\njitter = \"0s\"\nfailures_before_incident = 2\n");
    lab.skill("backup", "* * * * *", &["tape"]);
    lab.host.skill_says("backup", 1, "");
    lab.host.skill_says("ping", 1, "");
    let bot = lab.start().await;
    assert!(
        bot.says("maintenance tape for 30m").await.starts_with("tape and all below it are under maintenance")
    );
    bot.pass(min(20)).await;
    let roots: Vec<String> = bot.stored().await.iter().map(|i| i.root.to_string()).collect();
    assert_eq!(roots, ["steward/skill/ping"], "only the skill that looks elsewhere too");
    lab.chat.thread(1);
    assert!(bot.says("ignored").await.contains("steward/skill/backup skill-failing"));
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(5)).await;
    assert_eq!(bot.stored().await.len(), 1, "nor after a restart");
    bot.pass(min(10)).await;
    assert!(lab.chat.take_notice().unwrap().starts_with("The maintenance of tape is over"));
    assert_eq!(bot.is(2).await, "open steward/skill/backup", "it still fails");
    lab.chat.thread(1);
    lab.chat.thread(2);
    bot.forgive_log("a skill did not do its job");
    bot.end_quietly().await;
}
