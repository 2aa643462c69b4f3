//! What is acknowledged is worked off once, whatever happens; and a source that goes wrong is told.

use steward::domain::signal::SignalState::{Firing, Resolved};
use steward::domain::signal::{Origin, Severity, Signal, SignalState};
use steward::domain::target::{Signature, Target};
use steward::engine::ports::{Delivery, Intake, Rejected};

use steward::store::inbox::{self, Inbox};

use super::support::{Bot, Lab, min, secs};

/// No decision can be written any more; what comes in can.
async fn write_protect(bot: &Bot<'_>) {
    bot.app.store().read(|conn| Ok(conn.execute_batch("PRAGMA query_only = ON")?)).await.unwrap();
}

/// An alert as its source sends it.
fn alert(bot: &Bot<'_>, fingerprint: &str, target: &str, state: SignalState) -> Signal {
    let now = bot.lab.clock.time();
    Signal {
        origin: Origin::alert("prometheus", fingerprint),
        target: Target::parse(target).unwrap(),
        signature: Signature::parse("disk-fill").unwrap(),
        severity: Severity::Error,
        state,
        summary: format!("{target} fills up"),
        impact: None,
        evidence: String::new(),
        labels: std::collections::BTreeMap::new(),
        at: now,
        received_at: now,
    }
}

fn delivery(bot: &Bot<'_>, signals: Vec<Signal>) -> Delivery {
    let (source, received_at) = ("prometheus".to_owned(), bot.lab.clock.time());
    Delivery { source, received_at, signals, changes: Vec::new(), hidden: 0 }
}

async fn hand_in(bot: &Bot<'_>, signals: Vec<Signal>) {
    bot.app.gateway().accept(delivery(bot, signals)).await.unwrap();
}

#[tokio::test]
async fn two_alerts_of_one_problem_are_over_only_when_both_are() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    hand_in(&bot, vec![alert(&bot, "sda", "nas", Firing), alert(&bot, "sdb", "nas", Firing)]).await;
    bot.pass(secs(10)).await;
    hand_in(&bot, vec![alert(&bot, "sda", "nas", Resolved)]).await;
    bot.pass(min(10)).await;
    assert_eq!(bot.is(1).await, "open nas", "the other disk still fills up");
    hand_in(&bot, vec![alert(&bot, "sdb", "nas", Resolved)]).await;
    bot.pass(min(2)).await;
    assert_eq!(bot.is(1).await, "resolved nas");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn an_alert_that_means_something_else_now_no_longer_means_what_it_did() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    hand_in(&bot, vec![alert(&bot, "sda", "nas", Firing)]).await;
    bot.pass(secs(10)).await;
    // The reading of its labels was edited in between: the same alert, another target.
    hand_in(&bot, vec![alert(&bot, "sda", "nas2", Firing)]).await;
    hand_in(&bot, vec![alert(&bot, "sda", "nas2", Resolved)]).await;
    bot.pass(min(3)).await;
    assert_eq!(bot.is(1).await, "resolved nas");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn what_was_acknowledged_just_before_a_crash_is_worked_off_after_it_and_once() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    write_protect(&bot).await;
    hand_in(&bot, vec![alert(&bot, "a", "nas", Firing)]).await;
    bot.settle().await;
    bot.forgive_log("decisions can't be written");
    bot.crash().await;
    let bot = lab.start().await;
    bot.pass(secs(10)).await;
    assert_eq!(bot.is(1).await, "open nas");
    bot.crash().await;
    let bot = lab.start().await;
    bot.pass(secs(60)).await;
    assert!(lab.chat.thread(1).matches("fills up").count() == 1, "it was worked off once");
    bot.end().await;
}

#[tokio::test]
async fn a_delivery_that_no_start_gets_past_is_put_aside_and_the_next_is_worked_off() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    write_protect(&bot).await;
    hand_in(&bot, vec![alert(&bot, "a", "poison", Firing)]).await;
    hand_in(&bot, vec![alert(&bot, "b", "nas", Firing)]).await;
    bot.settle().await;
    bot.forgive_log("decisions can't be written");
    bot.crash().await;
    // As three starts would note it that the first one ends.
    let waiting = Inbox::open(&lab.path().join("state"), 0).unwrap();
    let oldest = waiting.after(0).await.unwrap()[0].0;
    for start in 1..=3 {
        assert_eq!(waiting.taken_up(oldest).await.unwrap(), start);
    }
    waiting.close().await.unwrap();
    let bot = lab.start().await;
    bot.pass(secs(10)).await;
    assert_eq!(bot.is(1).await, "open nas");
    let kept = inbox::rejected(&lab.path().join("state"), 10).unwrap();
    let [aside] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!(aside.source, "prometheus");
    assert!(aside.why.contains("started 3 times") && aside.body.contains("poison"), "{aside:?}");
    bot.forgive_log("put aside");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_notice_that_was_cut_short_says_how_much_it_hides() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    let cut = Delivery { hidden: 22, ..delivery(&bot, vec![alert(&bot, "a", "nas", Firing)]) };
    bot.app.gateway().accept(cut.clone()).await.unwrap();
    bot.app.gateway().accept(cut).await.unwrap();
    bot.pass(min(1)).await;
    let thread = lab.chat.thread(1);
    assert_eq!(thread.matches("it has 22 more alerts of this group that it did not send").count(), 1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_source_of_which_nothing_is_understood_is_itself_an_incident_until_it_makes_sense_again() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    let rubbish = || Rejected {
        source: "grafana".into(),
        at: lab.clock.time(),
        why: "`alerts` is missing".into(),
        body: "{}".into(),
    };
    for _ in 0..4 {
        bot.app.gateway().reject(rubbish());
    }
    bot.pass(min(1)).await;
    assert!(bot.stored().await.is_empty(), "a slip is no incident");
    bot.app.gateway().reject(rubbish());
    bot.pass(min(1)).await;
    assert_eq!(bot.is(1).await, "open steward/source/grafana");
    assert!(lab.chat.thread(1).contains("nothing of what grafana sends is understood: 5 deliveries"));
    let good = Delivery { source: "grafana".into(), ..delivery(&bot, Vec::new()) };
    bot.app.gateway().accept(good).await.unwrap();
    bot.pass(min(3)).await;
    assert_eq!(bot.is(1).await, "resolved steward/source/grafana");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn what_a_source_never_takes_back_a_person_says_is_over() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    hand_in(&bot, vec![alert(&bot, "sda", "nas", Firing)]).await;
    bot.pass(min(1)).await;
    let answer = bot.says("clear 1").await;
    assert!(answer.contains("#1 counts as over. If an alert of it fires again, it is back."), "{answer}");
    bot.pass(min(3)).await;
    assert_eq!(bot.is(1).await, "resolved nas");
    assert!(lab.chat.thread(1).contains("alex says that it is over."));
    hand_in(&bot, vec![alert(&bot, "sda", "nas", Firing)]).await;
    bot.pass(min(1)).await;
    assert_eq!(bot.is(1).await, "open nas");
    lab.chat.thread(1);
    bot.end().await;
}
