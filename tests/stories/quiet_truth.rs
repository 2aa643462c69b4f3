//! What a thread says of what hides it is so: of silences that go on, of what joined, and of what became worse.

use steward::domain::signal::SignalState::{Firing, Resolved};

use super::shop::shop;
use super::support::{Bot, Lab, min, secs};

const SLOW: [(&str, &str); 3] = [("alertname", "Slow"), ("instance", "nas:9100"), ("severity", "warning")];
const FULL: [(&str, &str); 3] =
    [("alertname", "DiskFull"), ("instance", "nas:9200"), ("severity", "critical")];

/// The thread of an incident that is known and silenced, and what was said of the silence.
async fn silenced(lab: &Lab) -> Bot<'_> {
    let bot = lab.start().await;
    bot.alert_with("nas", &SLOW, Firing).await;
    bot.pass(min(1)).await;
    lab.chat.thread(1);
    bot.says(r#"silence {instance="nas:9100"} for 10m"#).await;
    lab.chat.news(1);
    bot
}

#[tokio::test]
async fn what_a_silence_does_not_cover_brings_its_incident_up_and_is_told_with_its_reason() {
    let lab = shop("");
    let bot = silenced(&lab).await;
    bot.alert_with("nas", &FULL, Firing).await;
    bot.pass(secs(1)).await;
    let told = lab.chat.news(1).join("\n");
    assert!(
        told.contains("No longer silenced: nas diskfull joined, which silence 1 does not cover."),
        "{told}"
    );
    assert!(told.contains("Also DiskFull on nas (nas diskfull):"), "what is not covered is told: {told}");
    assert!(!told.contains("The silence is over") && !told.contains("person"), "{told}");
    bot.alert_with("nas", &FULL, Resolved).await;
    bot.pass(min(10)).await;
    lab.chat.thread(1);
    lab.chat.take_notice().unwrap();
    bot.end_quietly().await;
}

#[tokio::test]
async fn the_end_of_a_silence_names_what_it_covered_in_an_incident_that_is_shown_for_other_reasons() {
    let lab = shop("");
    let bot = silenced(&lab).await;
    bot.alert_with("nas", &FULL, Firing).await;
    bot.alert_with("nas", &[("alertname", "Hot"), ("instance", "nas:9300")], Firing).await;
    bot.pass(min(10)).await;
    lab.chat.thread(1);
    assert_eq!(
        lab.chat.take_notice().unwrap(),
        "The silence on {instance=\"nas:9100\"} is over\nStill broken: #1 nas (told already)."
    );
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_silence_on_nothing_that_is_known_says_so_and_holds_all_the_same() {
    let lab = shop("");
    let bot = lab.start().await;
    let answer = bot.says("silence nass for 1h").await;
    assert!(answer.ends_with("But I know nothing called nass. Did you mean nas?"), "{answer}");
    assert!(bot.says("silences").await.contains("nass"), "it is in force");
    let answer = bot.says(r#"silence {alertname="Nothing"} for 1h"#).await;
    assert!(answer.ends_with("It matches nothing that is broken now."), "{answer}");
    let answer = bot.says("silence nas for 1h").await;
    assert!(!answer.contains("I know nothing"), "{answer}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn of_a_victim_that_comes_and_goes_single_bounces_are_told_no_more_until_it_has_kept_still() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert("store", "down", Firing).await;
    bot.alert("web", "down", Firing).await;
    bot.pass(min(1)).await;
    lab.chat.thread(1);
    for _ in 0..4 {
        bot.alert("web", "down", Resolved).await;
        bot.pass(min(6)).await;
        bot.alert("web", "down", Firing).await;
        bot.pass(min(6)).await;
    }
    let told = lab.chat.news(1).join("\n");
    assert_eq!(told.matches("web down is back").count(), 1, "{told}");
    assert_eq!(
        told.matches("web comes and goes; its single bounces are no longer told.").count(),
        1,
        "{told}"
    );
    bot.pass(min(35)).await;
    bot.alert("web", "down", Resolved).await;
    bot.pass(min(6)).await;
    assert!(lab.chat.news(1).join("").contains("web down has recovered"), "it had kept still");
    assert_eq!(lab.chat.field(1, "Symptoms"), "web down (recovered)");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_makes_an_incident_critical_says_so_at_once() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert_with("nas", &SLOW, Firing).await;
    bot.pass(min(1)).await;
    lab.chat.thread(1);
    bot.alert_with("nas", &[("alertname", "Hot"), ("severity", "warning")], Firing).await;
    bot.pass(min(6)).await;
    lab.chat.news(1);
    bot.alert_with("nas", &FULL, Firing).await;
    let told = lab.chat.news(1).join("\n");
    assert!(told.contains("(now critical)."), "{told}");
    assert_eq!(lab.chat.field(1, "Severity"), "critical");
    bot.end_quietly().await;
}

const INHIBIT: &str = "
[[inhibit]]
name = \"worse-first\"
source = ['alertname=\"HostDown\"']
target = ['alertname=\"DiskFull\"']
";

#[tokio::test]
async fn what_inhibits_and_comes_and_goes_is_told_once() {
    let lab = shop(INHIBIT);
    let bot = lab.start().await;
    bot.alert_with("mail", &FULL, Firing).await;
    bot.pass(min(1)).await;
    lab.chat.thread(1);
    let mut told = Vec::new();
    for _ in 0..5 {
        bot.alert_with("nas", &[("alertname", "HostDown")], Firing).await;
        bot.pass(secs(30)).await;
        assert_eq!(lab.chat.field(1, "State"), "open, inhibited");
        bot.alert_with("nas", &[("alertname", "HostDown")], Resolved).await;
        bot.pass(secs(30)).await;
        told.extend(lab.chat.news(1));
    }
    let told = told.join("\n");
    assert_eq!(told.matches("Inhibited while").count(), 1, "{told}");
    assert_eq!(told.matches("What inhibited it is over").count(), 1, "{told}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_becomes_worse_is_told_in_its_new_words_and_the_card_has_them_too() {
    let lab = shop("");
    lab.host.warn("mail", "disk-fill");
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    lab.chat.thread(1);
    lab.host.break_with("mail", "disk-fill", "summary: 99 % full");
    bot.pass(min(2)).await;
    assert_eq!(lab.chat.news(1), ["#1\n08:02:00 seen   mail disk-fill is now error: 99 % full."]);
    assert!(lab.chat.root(1).contains("99 % full"), "{}", lab.chat.root(1));
    bot.end_quietly().await;
}
