//! The life of one incident: settle, hold, resolve, return.

use steward::domain::signal::SignalState::{Firing, Resolved};

use super::shop::{restarting_mends, restarts, shop};
use super::support::{Lab, min, secs};

#[tokio::test]
async fn people_hear_of_an_incident_once_it_has_settled_and_again_when_it_is_gone() {
    let lab = shop("");
    let bot = lab.start().await;
    lab.host.break_("mail", "down");
    bot.pass(secs(69)).await;
    assert!(!lab.chat.has_root(1), "causes may be reported last");
    assert_eq!(bot.is(1).await, "open mail", "it is recorded all the same");
    bot.pass(secs(1)).await;
    assert_eq!(
        lab.chat.root(1),
        "#1 mail: mail has down\nState: open\nRoot: mail\nSince: 2026-11-21 08:01:00\nNext: Nothing is repaired by itself: no runbook fits. This one is yours.\n<Acknowledge: ack 1>"
    );
    bot.pass(min(3)).await;
    lab.host.mend("mail");
    bot.pass(min(10)).await;
    println!("{}\n{}", lab.chat.root(1), lab.chat.thread(1));
    bot.end().await;
}

#[tokio::test]
async fn what_is_critical_waits_for_nothing() {
    let lab = shop("");
    lab.host.break_with("nas", "down", "severity: critical\nsummary: nas is gone");
    let bot = lab.start().await;
    assert!(lab.chat.root(1).starts_with("#1 nas: nas is gone"), "{}", lab.chat.root(1));
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn what_is_over_before_anybody_was_told_is_only_recorded() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert("mail", "down", Firing).await;
    bot.pass(secs(5)).await;
    bot.alert("mail", "down", Resolved).await;
    bot.pass(min(60)).await;
    assert_eq!(bot.is(1).await, "closed mail");
    assert!(!lab.chat.has_root(1));
    let kinds: Vec<_> = bot.timeline(1).await.iter().map(|r| r.event.kind()).collect();
    assert_eq!(kinds, ["opened", "recovered", "mitigated", "resolved", "closed"]);
    bot.end().await;
}
