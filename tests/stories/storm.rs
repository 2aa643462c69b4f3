//! Storms: hundreds of faults that nothing explains are one thread, with a count, that ends with what is still broken.

use steward::domain::signal::SignalState::{Firing, Resolved};
use steward::domain::signal::{Origin, Severity, Signal, SignalState};
use steward::domain::target::{Signature, Target};

use super::support::{Bot, Lab, min, secs};

/// One of many hosts, and how it fails.
fn host(bot: &Bot<'_>, n: usize, state: SignalState) -> Signal {
    let now = bot.lab.clock.time();
    Signal {
        origin: Origin::alert("prometheus", &n.to_string()),
        target: Target::parse(&format!("host{n}")).unwrap(),
        signature: Signature::parse(if n.is_multiple_of(4) { "probe-failed" } else { "instance-down" })
            .unwrap(),
        severity: Severity::Error,
        state,
        summary: format!("host{n} does not answer"),
        impact: None,
        evidence: String::new(),
        labels: std::collections::BTreeMap::new(),
        at: now,
        received_at: now,
    }
}

async fn send(bot: &Bot<'_>, hosts: std::ops::Range<usize>, state: SignalState) {
    let signals = hosts.map(|n| host(bot, n, state)).collect();
    bot.app.handle().signals(signals).await.unwrap();
    bot.settle().await;
}

#[tokio::test]
async fn hundreds_of_faults_within_minutes_are_one_thread_that_ends_with_what_is_still_broken() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    for tens in 0..30 {
        send(&bot, tens * 10..tens * 10 + 10, Firing).await;
        bot.pass(secs(5)).await;
    }
    let told: Vec<u64> = (1..400).filter(|n| lab.chat.has_root(*n)).collect();
    assert_eq!(told, [1], "one thread");
    assert_eq!(lab.chat.calls(), 1, "people are called once");
    send(&bot, 0..297, Resolved).await;
    bot.pass(min(6)).await;
    let thread = lab.chat.thread(1);
    assert!(thread.contains("This is a storm: 10 things began to fail within"), "{thread}");
    assert!(
        thread.contains(
            "Nothing new fails any more. Still broken: host297 instance-down, host298 instance-down, host299 instance-down."
        ),
        "{thread}"
    );
    assert!(lab.chat.root(1).contains("a storm of 300 faults, 3 still there"), "{}", lab.chat.root(1));
    assert_eq!(bot.is(1).await, "open storm");
    send(&bot, 297..300, Resolved).await;
    bot.pass(min(3)).await;
    assert_eq!(bot.is(1).await, "resolved storm");
    // What fails after that is a fault of its own.
    send(&bot, 500..501, Firing).await;
    bot.pass(secs(10)).await;
    let last = bot.stored().await.pop().unwrap();
    assert_eq!((last.root.to_string().as_str(), last.storm.is_some()), ("host500", false));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_storm_goes_on_after_a_restart_and_is_announced_once() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    send(&bot, 0..60, Firing).await;
    bot.pass(min(1)).await;
    bot.crash().await;
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    send(&bot, 60..80, Firing).await;
    bot.pass(min(1)).await;
    assert!(lab.chat.root(1).contains("a storm of 80 faults"), "{}", lab.chat.root(1));
    assert_eq!(lab.chat.calls(), 1);
    send(&bot, 0..80, Resolved).await;
    bot.pass(min(3)).await;
    assert_eq!(bot.is(1).await, "resolved storm");
    let thread = lab.chat.thread(1);
    assert_eq!(thread.matches("This is a storm").count(), 1, "{thread}");
    bot.end().await;
}

#[tokio::test]
async fn forty_faults_over_a_day_are_no_storm() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    for n in 0..40 {
        send(&bot, n..n + 1, Firing).await;
        bot.pass(min(30)).await;
    }
    assert_eq!(bot.stored().await.iter().filter(|incident| incident.storm.is_some()).count(), 0);
    assert_eq!(bot.stored().await.len(), 40);
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_is_known_to_share_a_cause_is_that_fault_and_no_storm() {
    let lab = Lab::new("");
    let mut topology = "targets:\n  switch: {}\n".to_owned();
    (0..60).for_each(|n| topology += &format!("  host{n}: {{ depends_on: [switch] }}\n"));
    lab.write("topology.yaml", &topology);
    let bot = lab.start().await;
    send(&bot, 0..60, Firing).await;
    bot.pass(secs(15)).await;
    let open: Vec<String> = bot
        .stored()
        .await
        .iter()
        .filter(|incident| incident.state.is_live())
        .map(|incident| incident.root.to_string())
        .collect();
    assert_eq!(open, ["switch"]);
    bot.end_quietly().await;
}
