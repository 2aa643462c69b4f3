//! When people are called, when they are not, and what no cooldown delays.

use steward::domain::signal::SignalState::{Firing, Resolved};

use super::shop::{restarting_mends, restarts, shop};
use super::support::{Bot, Lab, min, secs};

/// A lab in which a calm of a minute is enough.
fn quick() -> Lab {
    shop("[incidents]\nhold = \"1m\"\n")
}

/// Something breaks, is told, mends and is resolved: five minutes.
async fn breaks_and_mends(bot: &Bot<'_>, target: &str, signature: &str) {
    bot.lab.host.break_(target, signature);
    bot.pass(min(2)).await;
    bot.lab.host.mend(target);
    bot.pass(min(3)).await;
}

/// The lines of a thread that call people.
fn calls(lab: &Lab, number: u64) -> Vec<String> {
    let thread = lab.chat.thread(number);
    thread.lines().filter_map(|line| Some(line.split_once(" call   ")?.1.to_owned())).collect()
}

#[tokio::test]
async fn the_third_occurrence_within_the_hour_calls_whatever_the_signatures_and_the_fourth_is_quiet() {
    let lab = quick();
    let bot = lab.start().await;
    breaks_and_mends(&bot, "nas", "down").await;
    breaks_and_mends(&bot, "nas", "io-errors").await;
    assert_eq!(lab.chat.calls(), 0);
    breaks_and_mends(&bot, "nas", "slow").await;
    assert_eq!(lab.chat.calls(), 1);
    breaks_and_mends(&bot, "nas", "down").await;
    assert_eq!(lab.chat.calls(), 1, "within the cooldown");
    assert_eq!(
        calls(&lab, 3),
        ["nas has broken 3 times within 1 h. Repairing it again is not enough: please look for the cause."]
    );
    assert_eq!(
        (lab.chat.field(1, "State"), lab.chat.field(3, "State")),
        ("resolved, 2 occurrences".into(), "resolved, people called".into())
    );
    bot.pass(min(60)).await;
    for _ in 0..3 {
        breaks_and_mends(&bot, "nas", "down").await;
    }
    assert_eq!(lab.chat.calls(), 2, "an hour later it is news again");
    (1..=bot.stored().await.len() as u64).for_each(|n| drop(lab.chat.thread(n)));
    bot.end().await;
}

#[tokio::test]
async fn two_occurrences_on_each_of_two_roots_call_nobody() {
    let lab = quick();
    let bot = lab.start().await;
    for _ in 0..2 {
        breaks_and_mends(&bot, "nas", "down").await;
        breaks_and_mends(&bot, "mail", "down").await;
    }
    assert_eq!(lab.chat.calls(), 0);
    lab.chat.thread(1);
    lab.chat.thread(2);
    bot.end().await;
}

#[tokio::test]
async fn only_the_root_counts_and_not_what_fell_with_it() {
    let lab = quick();
    let bot = lab.start().await;
    for _ in 0..3 {
        bot.alert("store", "down", Firing).await;
        bot.alert("web", "down", Firing).await;
        bot.pass(min(1)).await;
        bot.alert("store", "down", Resolved).await;
        bot.alert("web", "down", Resolved).await;
        bot.pass(min(3)).await;
    }
    assert_eq!(calls(&lab, 1).len(), 1);
    bot.pass(min(31)).await;
    bot.alert("web", "down", Firing).await;
    bot.pass(min(1)).await;
    assert_eq!(bot.is(2).await, "open web");
    assert_eq!(lab.chat.calls(), 1, "this is the first time that web itself has broken");
    lab.chat.thread(2);
    bot.end().await;
}

#[tokio::test]
async fn a_victim_that_was_counted_before_its_cause_was_seen_is_taken_back() {
    let lab = quick();
    let mut bot = lab.start().await;
    for round in 0..3 {
        bot.alert("web", "down", Firing).await;
        bot.pass(min(1)).await;
        bot.alert("store", "down", Firing).await;
        bot.pass(min(1)).await;
        bot.alert("store", "down", Resolved).await;
        bot.alert("web", "down", Resolved).await;
        bot.pass(min(3)).await;
        if round == 1 {
            // What was taken back stays so over a restart.
            bot.stop().await;
            bot = lab.start().await;
        }
    }
    let called = calls(&lab, 1);
    assert_eq!(called.len(), 1, "{called:?}");
    assert!(called[0].starts_with("store has broken 3 times"), "{called:?}");
    bot.end().await;
}

#[tokio::test]
async fn a_merge_counts_once() {
    let lab = quick();
    let bot = lab.start().await;
    // Twice an hour mail and nas break each on their own, and somebody says that they are one fault.
    for round in 0..2_u64 {
        bot.alert("mail", "down", Firing).await;
        bot.alert("nas", "down", Firing).await;
        bot.pass(min(1)).await;
        if round == 0 {
            bot.says("merge 2 into 1").await;
        }
        bot.alert("mail", "down", Resolved).await;
        bot.alert("nas", "down", Resolved).await;
        bot.pass(min(3)).await;
    }
    assert_eq!(bot.is(1).await, "resolved mail");
    let read = |conn: &rusqlite::Connection| {
        let mut query = conn.prepare("SELECT root FROM occurrences ORDER BY id")?;
        let rows = query.query_map([], |row| row.get::<_, String>(0))?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    };
    assert_eq!(bot.app.store().read(read).await.unwrap(), ["mail", "mail"]);
    assert_eq!(lab.chat.calls(), 0);
    lab.chat.thread(1);
    lab.chat.thread(2);
    bot.end().await;
}

#[tokio::test]
async fn joins_wait_for_the_cooldown_and_recoveries_and_calls_do_not() {
    let lab = shop("[incidents]\nhold = \"1m\"\ncooldown = \"10m\"\n");
    let bot = lab.start().await;
    bot.alert("store", "down", Firing).await;
    bot.pass(secs(10)).await;
    assert_eq!(lab.chat.news(1).len(), 1, "the first notice waits for nothing but settle");
    bot.alert("web", "down", Firing).await;
    bot.pass(min(1)).await;
    bot.alert("api", "down", Firing).await;
    bot.pass(min(8)).await;
    assert!(lab.chat.news(1).is_empty(), "what joins waits");
    assert_eq!(lab.chat.field(1, "Symptoms"), "web down\napi down", "the root message does not");
    bot.pass(min(1)).await;
    let joined = lab.chat.news(1);
    assert!(
        joined.len() == 1 && joined[0].contains("Also web") && joined[0].contains("Also api"),
        "{joined:#?}"
    );
    for target in ["web", "api", "store"] {
        bot.alert(target, "down", Resolved).await;
    }
    let gone = lab.chat.news(1);
    assert!(gone.len() == 1 && gone[0].contains("It went away by itself"), "told at once: {gone:#?}");
    for _ in 0..2 {
        bot.pass(min(2)).await;
        bot.alert("store", "down", Firing).await;
        bot.alert("store", "down", Resolved).await;
    }
    assert_eq!(lab.chat.calls(), 1, "a call waits for nothing either");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn what_was_called_for_is_not_called_for_again_after_a_restart() {
    let lab = quick();
    let bot = lab.start().await;
    for _ in 0..3 {
        breaks_and_mends(&bot, "nas", "down").await;
    }
    assert_eq!(lab.chat.calls(), 1);
    bot.stop().await;
    let bot = lab.start().await;
    breaks_and_mends(&bot, "nas", "down").await;
    assert_eq!(lab.chat.calls(), 1);
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn repairs_that_are_needed_again_and_again_call_at_the_third() {
    let lab = quick();
    restarts(&lab, "down");
    restarting_mends(&lab, &["mail"]);
    let bot = lab.start().await;
    for _ in 0..3 {
        lab.host.break_("mail", "down");
        bot.pass(min(5)).await;
    }
    assert_eq!(lab.host.ran().iter().filter(|line| line.contains("restart")).count(), 3);
    assert_eq!(calls(&lab, 1).len(), 1);
    assert_eq!(lab.chat.field(1, "State"), "resolved, people called, 3 occurrences");
    bot.end().await;
}
