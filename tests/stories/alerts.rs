//! Alerts: only their source can say that they are over.

use steward::domain::signal::SignalState::{Firing, Resolved};

use super::shop::{restarts, shop};
use super::support::{min, secs};

#[tokio::test]
async fn a_repair_for_an_alert_is_mitigated_at_once_and_resolved_when_its_source_agrees() {
    let lab = shop("");
    restarts(&lab, "down");
    let bot = lab.start().await;
    bot.alert("mail", "down", Firing).await;
    bot.pass(secs(10)).await;
    assert_eq!(bot.is(1).await, "mitigated mail");
    bot.pass(min(10)).await;
    assert_eq!(bot.is(1).await, "mitigated mail", "its source has not agreed");
    bot.alert("mail", "down", Resolved).await;
    bot.pass(secs(119)).await;
    assert_eq!(bot.is(1).await, "mitigated mail", "the calm begins when its source agrees");
    bot.pass(secs(1)).await;
    assert_eq!(bot.is(1).await, "resolved mail");
    assert_eq!(
        lab.chat.thread(1),
        "#1
08:00:00 seen   mail has down (mail down, found by alertmanager).
08:00:10 repair Restart it (runbook restart, safe to do without asking).
#1
08:00:10 repair ran `systemctl restart mail.service`
08:00:10 good   restart is done and verified; the alert's source has yet to confirm.
#1
08:10:10 calm   mail down has recovered.
#1
08:12:10 good   Resolved: quiet for 2 min, says the source that reported it."
    );
    bot.end().await;
}

#[tokio::test]
async fn a_repair_that_the_source_does_not_confirm_in_time_counts_as_failed_and_is_not_repeated_for_ever() {
    let lab = shop("");
    restarts(&lab, "down");
    let bot = lab.start().await;
    bot.alert("mail", "down", Firing).await;
    bot.pass(min(20)).await;
    let thread = lab.chat.thread(1);
    assert!(thread.contains("08:15:10 bad    restart did not fix it for good."), "{thread}");
    assert!(thread.contains("its source still reports it 15 min after the repair"), "{thread}");
    bot.pass(min(120)).await;
    let restarts = lab.host.ran().iter().filter(|line| line.contains("restart")).count();
    assert_eq!(restarts, 1, "the ladder goes on to a person");
    assert_eq!(lab.chat.calls(), 1);
    assert_eq!(bot.is(1).await, "open mail");
    assert!(!bot.incident(1).await.flapping, "that is no flapping");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn what_an_alert_does_not_name_is_never_repaired_automatically() {
    let lab = shop("");
    restarts(&lab, "down");
    let bot = lab.start().await;
    bot.alert("unknown/15ecb9b662e353b0", "down", Firing).await;
    bot.pass(min(5)).await;
    let thread = lab.chat.thread(1);
    assert!(thread.contains("does not say what is broken, so nothing is repaired by itself"), "{thread}");
    assert_eq!(lab.host.ran().iter().filter(|line| line.contains("restart")).count(), 0);
    bot.end().await;
}

#[tokio::test]
async fn an_alert_that_fires_again_and_again_is_one_line() {
    let lab = shop("");
    let bot = lab.start().await;
    for _ in 0..20 {
        bot.alert("mail", "down", Firing).await;
        bot.pass(min(1)).await;
    }
    assert_eq!(lab.chat.news(1).len(), 1);
    bot.end().await;
}

#[tokio::test]
async fn what_is_stuck_half_way_calls_through_a_silence() {
    let lab = shop("");
    let ask = r#"
name: ask
title: Do what nobody can judge
match: { signature: down }
steps:
  - name: one
    run: [fix-it, "{{ target.name }}"]
    verify: [systemctl, is-active, --quiet, "{{ target.name }}.service"]
"#;
    lab.write("runbooks/ask.yaml", ask);
    lab.host.command("systemctl is-active --quiet mail.service", &[], 3);
    let bot = lab.start().await;
    bot.alert("mail", "down", Firing).await;
    bot.pass(secs(10)).await;
    bot.says("silence mail for 1h").await;
    lab.chat.thread(1);
    bot.says("approve 1").await;
    assert_eq!(bot.is(1).await, "stuck mail");
    assert_eq!(lab.chat.calls(), 1);
    let told = lab.chat.news(1).join("\n");
    assert!(told.contains("call   ask is stuck"), "{told}");
    assert_eq!(lab.chat.field(1, "State"), "stuck, silenced, people called");
    bot.pass(min(10)).await;
    assert!(lab.chat.news(1).is_empty(), "and then it is silent again");
    bot.end().await;
}
