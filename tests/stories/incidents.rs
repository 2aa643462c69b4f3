//! The life of one incident: settle, hold, resolve, return.

use steward::domain::signal::SignalState::{Firing, Resolved};

use super::shop::shop;
use super::support::{Bot, Lab, min, secs};

/// The kinds of the events of an incident, as they are stored.
async fn kinds(bot: &Bot<'_>, number: u64) -> Vec<&'static str> {
    bot.timeline(number).await.iter().map(|record| record.event.kind()).collect()
}

/// How often each origin's word on an incident's problems came.
async fn counts(bot: &Bot<'_>) -> Vec<(String, u64)> {
    let read = |conn: &rusqlite::Connection| {
        let mut query =
            conn.prepare("SELECT origin, count FROM signals ORDER BY origin, target, signature")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    };
    bot.app.store().read(read).await.unwrap()
}

/// A lab in which mail has just been told to be down.
async fn mail_is_down(lab: &Lab) -> Bot<'_> {
    lab.host.break_("mail", "down");
    let bot = lab.start().await;
    bot.pass(secs(10)).await;
    assert_eq!(lab.chat.news(1).len(), 1);
    bot
}

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
        "#1 mail: mail has down
State: open
Severity: error
Root: mail
Since: 2026-11-21 08:01:00
Next: Nothing is repaired by itself: no runbook fits. This one is yours.
<Acknowledge: ack 1>"
    );
    bot.pass(min(3)).await;
    lab.host.mend("mail");
    bot.pass(min(5)).await;
    assert_eq!(
        lab.chat.root(1),
        "#1 mail: mail has down\nState: resolved\nSeverity: error\nRoot: mail\nSince: 2026-11-21 08:01:00, for 4 min"
    );
    assert_eq!(
        lab.chat.thread(1),
        "#1
08:01:00 seen   mail has down (mail down, found by the skill ping).
08:01:10 next   Nothing is repaired by itself: no runbook fits. This one is yours.
#1
08:05:00 calm   It went away by itself. Watching whether it stays away.
#1
08:07:00 good   Resolved: quiet for 2 min, and ping has looked again."
    );
    assert_eq!(lab.chat.calls(), 0);
    bot.end().await;
}

#[tokio::test]
async fn what_is_critical_waits_for_nothing() {
    let lab = shop("");
    lab.host.break_with("nas", "down", "severity: critical\nsummary: nas is gone");
    let bot = lab.start().await;
    assert!(lab.chat.root(1).starts_with("#1 nas: nas is gone"), "{}", lab.chat.root(1));
    assert_eq!(lab.chat.news(1).len(), 1);
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
    assert_eq!(kinds(&bot, 1).await, ["opened", "recovered", "mitigated", "resolved", "closed"]);
    bot.end().await;
}

#[tokio::test]
async fn a_repeat_is_counted_and_neither_told_nor_added_to_the_story() {
    let lab = shop("");
    let bot = mail_is_down(&lab).await;
    let before = kinds(&bot, 1).await;
    bot.pass(min(60)).await;
    assert_eq!(kinds(&bot, 1).await, before);
    assert_eq!(counts(&bot).await, [("skill:ping".to_owned(), 61)]);
    assert!(lab.chat.news(1).is_empty());
    bot.end().await;
}

#[tokio::test]
async fn nothing_is_resolved_until_whoever_found_it_has_looked_again() {
    let lab = Lab::new("");
    lab.skill("ping", "0 * * * *", &["mail"]);
    let bot = mail_is_down(&lab).await;
    bot.says("run ping").await;
    lab.host.mend("mail");
    bot.says("run ping").await;
    assert_eq!(bot.is(1).await, "mitigated mail");
    let runs = lab.host.runs("ping");
    bot.pass(secs(119)).await;
    assert_eq!((bot.is(1).await.as_str(), lab.host.runs("ping")), ("mitigated mail", runs));
    bot.pass(secs(1)).await;
    assert_eq!((bot.is(1).await.as_str(), lab.host.runs("ping")), ("resolved mail", runs + 1));
    assert_eq!(lab.chat.news(1).len(), 2);
    bot.end().await;
}

#[tokio::test]
async fn a_look_that_tells_nothing_leaves_an_incident_mitigated_until_one_does() {
    let lab = Lab::new("[skills]\njitter = \"0s\"\nfailures_before_incident = 99\n");
    lab.skill("ping", "0 * * * *", &["mail"]);
    let bot = mail_is_down(&lab).await;
    lab.host.mend("mail");
    bot.says("run ping").await;
    lab.host.skill_says("ping", 0, "STATUS:UNKNOWN\nsummary: no route\n");
    bot.pass(min(5)).await;
    assert_eq!(bot.is(1).await, "mitigated mail", "UNKNOWN is not OK");
    lab.host.skill_says("ping", 1, "");
    bot.pass(min(10)).await;
    assert_eq!(bot.is(1).await, "mitigated mail", "a crash is not OK");
    lab.host.skill_works("ping");
    bot.pass(min(12)).await;
    assert_eq!(bot.is(1).await, "resolved mail", "it is asked again without waiting for its schedule");
    lab.chat.thread(1);
    bot.expect_log("a skill did not do its job");
    bot.end().await;
}

#[tokio::test]
async fn what_a_removed_skill_saw_is_over_unverified_and_said_to_be() {
    let lab = shop("");
    let bot = mail_is_down(&lab).await;
    std::fs::remove_file(lab.path().join("skills/ping")).unwrap();
    bot.says("reload").await;
    assert_eq!(bot.is(1).await, "mitigated mail");
    bot.pass(min(2)).await;
    assert_eq!(
        lab.chat.news(1).join("\n"),
        "#1
08:00:10 calm   Nobody looks at mail down any more: the skill ping is gone. It counts as over.
#1
08:02:10 good   Resolved, unverified: quiet for 2 min, but ping is no longer there to look again."
    );
    bot.end().await;
}

#[tokio::test]
async fn a_skill_that_is_removed_while_steward_is_down_leaves_no_incident_behind_either() {
    let lab = shop("");
    mail_is_down(&lab).await.stop().await;
    std::fs::remove_file(lab.path().join("skills/ping")).unwrap();
    let bot = lab.start().await;
    bot.pass(min(40)).await;
    assert_eq!(bot.is(1).await, "closed mail");
    assert!(lab.chat.thread(1).contains("Resolved, unverified"));
    bot.end().await;
}

#[tokio::test]
async fn a_return_within_the_reopen_window_is_the_same_incident_and_later_a_new_one() {
    let lab = shop("");
    let bot = mail_is_down(&lab).await;
    lab.host.mend("mail");
    bot.pass(min(10)).await;
    assert_eq!(bot.is(1).await, "resolved mail");
    lab.chat.thread(1);
    lab.host.break_("mail", "down");
    bot.pass(min(1)).await;
    assert_eq!(bot.is(1).await, "open mail");
    assert_eq!(lab.chat.field(1, "State"), "open, 2 occurrences");
    assert!(lab.chat.thread(1).contains("seen   Came back: mail has down (mail down)."), "told at once");
    lab.host.mend("mail");
    bot.pass(min(40)).await;
    assert_eq!(bot.is(1).await, "closed mail");
    lab.host.break_("mail", "down");
    bot.pass(min(2)).await;
    assert_eq!(bot.is(2).await, "open mail");
    assert_eq!(bot.stored().await.len(), 2);
    lab.chat.thread(1);
    lab.chat.thread(2);
    bot.end().await;
}

#[tokio::test]
async fn one_problem_that_two_skills_see_is_one_incident_and_over_when_both_say_so() {
    let lab = shop("");
    lab.skill("smtp", "* * * * *", &["mail"]);
    let bot = mail_is_down(&lab).await;
    bot.pass(min(1)).await;
    assert_eq!(bot.stored().await.len(), 1);
    assert_eq!(counts(&bot).await.len(), 2, "each word is kept");
    lab.host.skill_says("smtp", 0, "STATUS:OK\n");
    bot.pass(min(5)).await;
    assert_eq!(bot.is(1).await, "open mail", "ping still sees it");
    assert!(lab.chat.news(1).is_empty());
    lab.host.skill_works("smtp");
    lab.host.mend("mail");
    bot.pass(min(4)).await;
    assert_eq!(bot.is(1).await, "resolved mail");
    assert!(lab.chat.thread(1).contains("ping and smtp have looked again"), "{}", lab.chat.thread(1));
    bot.end().await;
}

#[tokio::test]
async fn a_warning_opens_an_incident_that_never_calls_anyone() {
    let lab = shop("[incidents]\nhold = \"1m\"\n");
    let bot = lab.start().await;
    for _ in 0..4 {
        lab.host.warn("mail", "disk-fill");
        bot.pass(min(2)).await;
        lab.host.mend("mail");
        bot.pass(min(3)).await;
    }
    assert_eq!(lab.chat.field(1, "State"), "resolved, 4 occurrences");
    assert_eq!(lab.chat.calls(), 0);
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn a_warning_that_becomes_an_error_counts_from_then_on() {
    let lab = shop("");
    lab.host.warn("mail", "disk-fill");
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    assert!(lab.chat.thread(1).contains("mail has disk-fill"));
    lab.host.break_("mail", "disk-fill");
    bot.pass(min(2)).await;
    assert_eq!(lab.chat.news(1), ["#1\n08:02:00 seen   mail disk-fill is now error."]);
    let read = |conn: &rusqlite::Connection| {
        Ok(conn.query_row("SELECT count(*) FROM occurrences", [], |row| row.get::<_, i64>(0))?)
    };
    assert_eq!(bot.app.store().read(read).await.unwrap(), 1);
    bot.end().await;
}

#[tokio::test]
async fn whoever_takes_an_incident_on_stops_the_reminders_until_it_returns() {
    let lab = shop("[incidents]\nremind = \"1h\"\n");
    let bot = mail_is_down(&lab).await;
    bot.pass(min(60)).await;
    assert_eq!(
        lab.chat.news(1),
        ["#1\n09:00:00 next   Not fixed for 1 h, and nobody has taken it on: `ack 1` stops this."]
    );
    bot.says("ack 1").await;
    assert!(!lab.chat.root(1).contains("<Acknowledge"));
    assert_eq!(lab.chat.field(1, "State"), "open, taken on by alex");
    bot.pass(min(180)).await;
    assert_eq!(lab.chat.news(1), ["#1\n09:00:10 person alex is on it. Reminders are off; repairs go on."]);
    lab.host.mend("mail");
    bot.pass(min(10)).await;
    lab.host.break_("mail", "down");
    bot.pass(min(1)).await;
    assert_eq!(lab.chat.field(1, "State"), "open, 2 occurrences", "whoever had it on is done with it");
    lab.chat.thread(1);
    bot.pass(min(60)).await;
    assert_eq!(lab.chat.news(1).len(), 1, "and it is brought to mind again");
    bot.end().await;
}
