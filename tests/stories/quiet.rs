//! Silences by matchers, maintenance windows and inhibition: what keeps quiet on purpose, and what is told of it.

use steward::domain::signal::SignalState::{Firing, Resolved};

use super::shop::shop;
use super::support::{Lab, min, secs};

const DISK: [(&str, &str); 3] =
    [("alertname", "DiskFull"), ("instance", "nas:9100"), ("severity", "warning")];

/// Strikes a part out of the configuration.
pub fn without(lab: &Lab, part: &str) {
    let file = lab.path().join("config.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(part.trim()));
    lab.write("config.toml", &text.replace(part.trim(), ""));
}

#[tokio::test]
async fn a_silence_by_matchers_hides_what_they_match_and_nothing_beside_it() {
    let lab = shop("");
    let bot = lab.start().await;
    let answer =
        bot.says(r#"silence {alertname="DiskFull", instance=~"nas.*"} for 1h because new disk"#).await;
    assert!(
        answer.starts_with(
            r#"Whatever matches {alertname="DiskFull", instance=~"nas.*"} is silent until 2026-11-21 09:00 (silence 1)"#
        ),
        "{answer}"
    );
    bot.alert_with("nas", &DISK, Firing).await;
    bot.alert_with("mail", &[("alertname", "DiskFull"), ("instance", "mail:9100")], Firing).await;
    bot.pass(min(5)).await;
    assert!(!lab.chat.has_root(1), "it is silenced");
    assert!(lab.chat.has_root(2), "another instance is not");
    lab.chat.thread(2);
    let list = bot.says("silences").await;
    assert!(list.contains("new disk") && list.contains("hides #1 nas"), "{list}");
    bot.pass(min(55)).await;
    assert_eq!(
        lab.chat.take_notice().unwrap(),
        "The silence on {alertname=\"DiskFull\", instance=~\"nas.*\"} is over\nStill broken: #1 nas."
    );
    assert!(lab.chat.thread(1).contains("DiskFull on nas"), "what is still broken is told");
    bot.end().await;
}

#[tokio::test]
async fn a_silence_says_at_once_what_it_hides() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert_with("nas", &DISK, Firing).await;
    bot.pass(min(1)).await;
    lab.chat.thread(1);
    let answer = bot.says(r#"silence {alertname="DiskFull"} for 1h"#).await;
    assert!(answer.ends_with("It hides 1 open incident now: #1 nas."), "{answer}");
    assert_eq!(lab.chat.field(1, "State"), "open, silenced");
    lab.chat.news(1);
    assert_eq!(bot.says("unsilence 1").await, "{alertname=\"DiskFull\"} is no longer silent.");
    assert!(lab.chat.news(1).join("").contains("It is still broken."));
    bot.end().await;
}

#[tokio::test]
async fn a_silence_by_matchers_survives_a_restart_and_nothing_is_told_again() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.says(r#"silence {alertname="DiskFull"} for 1h"#).await;
    bot.alert_with("nas", &DISK, Firing).await;
    bot.pass(min(5)).await;
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(5)).await;
    assert!(!lab.chat.has_root(1));
    assert_eq!(lab.chat.take_notice(), None);
    bot.alert_with("nas", &DISK, Resolved).await;
    bot.pass(min(55)).await;
    assert!(lab.chat.take_notice().unwrap().ends_with("Nothing that it hid is broken."));
    assert!(!lab.chat.has_root(1), "what came and went is never told");
    bot.end().await;
}

#[tokio::test]
async fn a_long_silence_is_brought_to_mind_before_its_end_if_it_hides_something_broken() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.says("silence mail for 4h").await;
    lab.host.break_("mail", "down");
    bot.pass(min(210)).await;
    assert_eq!(
        lab.chat.take_notice().unwrap(),
        "The silence on mail ends in 30 min\nIt hides what is still broken: #1 mail."
    );
    lab.host.mend("mail");
    bot.pass(min(30)).await;
    assert_eq!(lab.chat.take_notice().unwrap(), "The silence on mail is over\nNothing below it is broken.");
    bot.end().await;
}

#[tokio::test]
async fn a_silence_that_begins_later_is_told_when_it_begins() {
    let lab = shop("");
    let bot = lab.start().await;
    let answer = bot.says("silence mail from 10:00 for 1h because I reboot it").await;
    assert!(answer.contains("silent from 2026-11-21 10:00 until 2026-11-21 11:00"), "{answer}");
    bot.pass(min(60)).await;
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(60)).await;
    let told = lab.chat.take_notice().unwrap();
    assert!(told.starts_with("The silence on mail has begun\nUntil 2026-11-21 11:00"), "{told}");
    lab.host.break_("mail", "down");
    bot.pass(min(5)).await;
    assert!(!lab.chat.has_root(1));
    lab.host.mend("mail");
    bot.pass(min(55)).await;
    assert!(lab.chat.take_notice().unwrap().starts_with("The silence on mail is over"));
    bot.end().await;
}

const NIGHTLY: &str = "
[[maintenance]]
name = \"backup\"
target = \"mail\"
schedule = \"30 8 * * *\"
duration = \"1h\"
comment = \"it stops for its backup\"
";

#[tokio::test]
async fn a_window_begins_and_ends_by_the_clock_and_a_restart_announces_nothing_again() {
    let lab = shop(NIGHTLY);
    let bot = lab.start().await;
    bot.pass(min(30)).await;
    assert_eq!(
        lab.chat.take_notice().unwrap(),
        "The maintenance backup has begun\nUntil 2026-11-21 09:30, mail and all below it (it stops for its backup): no messages, no calls, no repairs. I keep recording."
    );
    lab.host.break_("mail", "down");
    bot.pass(min(5)).await;
    assert!(!lab.chat.has_root(1));
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(20)).await;
    assert_eq!(lab.chat.take_notice(), None, "it is not announced twice");
    assert!(!lab.chat.has_root(1));
    bot.pass(min(5)).await;
    bot.crash().await;
    let bot = lab.start().await;
    bot.pass(min(30)).await;
    assert_eq!(lab.chat.take_notice().unwrap(), "The maintenance backup is over\nStill broken: #1 mail.");
    assert_eq!(lab.chat.take_notice(), None);
    assert!(lab.chat.thread(1).contains("mail has down"), "told once, now");
    bot.end().await;
}

#[tokio::test]
async fn a_window_that_was_ended_early_stays_ended_and_one_that_was_struck_out_ends_at_the_next_start() {
    let lab = shop(NIGHTLY);
    let bot = lab.start().await;
    bot.pass(min(31)).await;
    lab.chat.take_notice().unwrap();
    assert_eq!(bot.says("unsilence 1").await, "The maintenance backup is over.");
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(10)).await;
    assert_eq!(lab.chat.take_notice(), None, "it does not begin again");
    bot.pass(min(24 * 60)).await;
    assert!(lab.chat.take_notice().unwrap().contains("has begun"), "the next day it does");
    bot.stop().await;
    without(&lab, NIGHTLY);
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    assert_eq!(
        lab.chat.take_notice().unwrap(),
        "The maintenance backup is over\nNothing below it is broken."
    );
    bot.end().await;
}

#[tokio::test]
async fn windows_keep_to_local_time_when_the_clocks_change() {
    // On 29 March 2026 Berlin goes from 02:00 to 03:00 at 01:00 UTC.
    let window = NIGHTLY.replace("30 8", "30 2");
    let lab = Lab::new(&format!("timezone = \"Europe/Berlin\"\n{window}"));
    lab.clock.jump("2026-03-28T22:00:00Z");
    let bot = lab.start().await;
    bot.pass(min(179)).await;
    assert_eq!(lab.chat.take_notice(), None);
    bot.pass(min(1)).await;
    let told = lab.chat.take_notice().unwrap();
    assert!(told.contains("Until 2026-03-29 04:00"), "02:30 is skipped; an hour stays an hour: {told}");
    bot.pass(min(60)).await;
    assert!(lab.chat.take_notice().unwrap().starts_with("The maintenance backup is over"));
    bot.pass(min(22 * 60 + 29)).await;
    assert_eq!(lab.chat.take_notice(), None);
    bot.pass(min(1)).await;
    let told = lab.chat.take_notice().unwrap();
    assert!(told.contains("Until 2026-03-30 03:30"), "{told}");
    bot.end().await;
}

const INHIBIT: &str = "
[[inhibit]]
name = \"worse-first\"
source = ['severity=\"critical\"']
target = ['severity=\"warning\"']
equal = [\"instance\"]
";
const DOWN: [(&str, &str); 3] =
    [("alertname", "HostDown"), ("instance", "nas:9100"), ("severity", "critical")];

#[tokio::test]
async fn an_inhibited_warning_appears_once_the_critical_one_is_over() {
    let lab = shop(INHIBIT);
    let bot = lab.start().await;
    bot.alert_with("nas", &DOWN, Firing).await;
    bot.alert_with("mail", &DISK, Firing).await;
    bot.pass(min(2)).await;
    assert!(lab.chat.has_root(1), "the critical one is told");
    assert!(!lab.chat.has_root(2), "the warning of the same instance is not");
    let shown = bot.says("show 2").await;
    assert!(shown.contains("nas hostdown (rule worse-first)"), "it says why: {shown}");
    bot.stop().await;
    let bot = lab.start().await;
    bot.pass(min(2)).await;
    assert!(!lab.chat.has_root(2), "nor after a restart");
    bot.alert_with("nas", &DOWN, Resolved).await;
    bot.pass(min(5)).await;
    let told = lab.chat.thread(2);
    assert!(told.contains("DiskFull on mail"), "what still fires is told: {told}");
    assert_eq!(told.matches("DiskFull on mail").count(), 1, "once");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_was_told_before_it_is_inhibited_says_so_in_its_thread_and_on_its_card() {
    let lab = shop(INHIBIT);
    let bot = lab.start().await;
    bot.alert_with("mail", &DISK, Firing).await;
    bot.pass(min(6)).await;
    lab.chat.thread(1);
    bot.alert_with("nas", &DOWN, Firing).await;
    bot.pass(secs(1)).await;
    assert_eq!(lab.chat.field(1, "State"), "open, inhibited");
    assert_eq!(lab.chat.field(1, "Hidden by"), "nas hostdown (rule worse-first)");
    assert!(lab.chat.news(1).join("").contains("Inhibited while nas hostdown (rule worse-first) fires"));
    bot.alert_with("nas", &DOWN, Resolved).await;
    assert!(lab.chat.news(1).join("").contains("It is still broken."));
    assert_eq!(lab.chat.field(1, "Hidden by"), "");
    lab.chat.thread(2);
    bot.end_quietly().await;
}
