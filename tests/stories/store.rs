//! A disk that is full, and records that are old.

use super::support::{Bot, Lab, min, secs};

fn lab_with(settings: &str) -> Lab {
    let lab = Lab::new(settings);
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab.write(
        "runbooks/restart.yaml",
        "name: restart\ntitle: Restart it\nmatch: { signature: unit-failed }\nsteps:\n  - name: restart\n    run: [systemctl, restart, web.service]\n    verify: check\n",
    );
    lab.host.command("systemctl restart web.service", &["vm/web"], 0);
    lab
}

/// From now on the database can't grow.
async fn fill(bot: &Bot<'_>) {
    let limit = |conn: &rusqlite::Connection| {
        let pages: i64 = conn.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let _: i64 = conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get(0))?;
        Ok(())
    };
    bot.app.store().read(limit).await.unwrap();
}

/// There is room again.
async fn free(bot: &Bot<'_>) {
    let limit = |conn: &rusqlite::Connection| {
        let _: i64 = conn.query_row("PRAGMA max_page_count = 1000000", [], |row| row.get(0))?;
        Ok(())
    };
    bot.app.store().read(limit).await.unwrap();
}

/// The database can't be written at all, or can again.
async fn write_protect(bot: &Bot<'_>, on: bool) {
    let pragma = format!("PRAGMA query_only = {}", if on { "ON" } else { "OFF" });
    bot.app.store().read(move |conn| Ok(conn.execute_batch(&pragma)?)).await.unwrap();
}

/// A problem whose evidence takes more room than a page has.
fn break_at_length(lab: &Lab, target: &str) {
    let evidence = "x".repeat(30_000);
    lab.host.break_with(target, "slow", &format!("summary: {target} is slow\n\n  {evidence}"));
}

#[tokio::test]
async fn while_the_disk_is_full_nothing_is_told_that_is_not_stored_and_then_everything_is() {
    let lab = lab_with("");
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    fill(&bot).await;
    break_at_length(&lab, "vm/db");
    bot.pass(min(10)).await;
    assert!(!lab.chat.has_root(1), "what is not stored is not told");
    bot.expect_log("the disk that holds Steward's state is full");
    free(&bot).await;
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(10)).await;
    assert!(lab.chat.thread(1).contains("vm/db is slow"));
    assert_eq!(lab.host.ran(), ["systemctl restart web.service"]);
    assert_eq!(lab.chat.field(2, "State"), "resolved");
    assert_eq!(lab.chat.thread(1).matches("vm/db is slow").count(), 1);
    bot.forgive_log("waits, because it can't be recorded");
    bot.forgive_log("can't be written");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_repair_waits_for_a_full_disk_and_then_goes_on_without_repeating_anything() {
    let lab = lab_with("");
    lab.host.hang("systemctl restart web.service");
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(6)).await;
    assert_eq!(lab.host.hung(), 1);
    write_protect(&bot, true).await;
    lab.host.release();
    bot.pass(min(2)).await;
    assert_eq!(lab.chat.field(1, "State"), "remediating");
    bot.expect_log("a repair waits, because it can't be recorded");
    write_protect(&bot, false).await;
    bot.pass(min(1)).await;
    assert_eq!(lab.chat.field(1, "State"), "mitigated", "{}", lab.chat.thread(1));
    assert_eq!(lab.host.ran(), ["systemctl restart web.service"]);
    bot.forgive_log("can't be recorded");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_message_that_was_delivered_while_the_disk_was_full_is_not_delivered_again() {
    let lab = lab_with("");
    let bot = lab.start().await;
    lab.chat.go_down();
    lab.host.break_("vm/db", "slow");
    bot.pass(min(6)).await;
    lab.chat.come_back();
    write_protect(&bot, true).await;
    bot.pass(min(10)).await;
    bot.expect_log("what goes to console waits, because it can't be recorded");
    assert_eq!(lab.chat.root_edits(1), 1, "delivered, and not again and again");
    write_protect(&bot, false).await;
    bot.pass(min(2)).await;
    assert_eq!(lab.chat.root_edits(1), 1);
    assert_eq!(lab.chat.thread(1).matches("vm/db has slow").count(), 1);
    bot.forgive_log("can't be recorded");
    bot.forgive_log("a message is put off");
    bot.forgive_log("old records could not be removed");
    bot.end_quietly().await;
}

#[tokio::test]
async fn stopping_with_a_full_disk_ends_with_an_error_and_the_next_start_finds_what_was_stored() {
    let lab = lab_with("");
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    fill(&bot).await;
    break_at_length(&lab, "vm/db");
    bot.pass(min(5)).await;
    assert!(bot.app.stop().await.is_err());
    let bot = lab.start().await;
    bot.pass(min(6)).await;
    assert!(lab.chat.thread(1).contains("vm/db is slow"));
    bot.forgive_log("can't be");
    bot.forgive_log("is not on record");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_was_over_for_long_enough_goes_and_the_audit_trail_stays() {
    let lab = lab_with("[incidents]\nkeep = \"7d\"\n");
    let bot = lab.start().await;
    lab.host.break_("vm/db", "slow");
    bot.pass(min(6)).await;
    bot.says("ack 1").await;
    lab.host.mend("vm/db");
    bot.pass(min(60)).await;
    lab.chat.thread(1);
    assert!(bot.says("incidents all").await.contains("#1"));
    bot.stop().await;
    lab.clock.jump("2026-11-27T09:00:00Z");
    let bot = lab.start().await;
    bot.pass(min(60)).await;
    assert!(bot.says("incidents all").await.contains("#1"), "not yet");
    lab.clock.jump("2026-11-28T10:00:00Z");
    bot.pass(min(25 * 60)).await;
    assert!(bot.says("incidents all").await.contains("There has been no incident yet"));
    let acks = bot.app.store().read(|conn| {
        Ok(conn.query_row("SELECT count(*) FROM audit WHERE what = 'ack'", [], |r| r.get::<_, i64>(0))?)
    });
    assert_eq!(acks.await.unwrap(), 1);
    lab.host.break_("vm/db", "slow");
    bot.pass(min(6)).await;
    assert!(lab.chat.has_root(2), "numbers are not used again");
    while lab.chat.take_notice().is_some() {}
    lab.chat.thread(2);
    bot.pass(secs(1)).await;
    bot.end().await;
}
