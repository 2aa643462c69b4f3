//! Too much at once: Telegram's limits are kept, people are answered meanwhile, and everything ends right.

use super::super::support::telegram::Limits;
use super::*;

/// The newest text of the root message of an incident.
fn root(telegram: &FakeTelegram, number: u64) -> Option<String> {
    let title = format!("#{number} ");
    let is_root = |m: &Seen| m.from == "Steward" && m.text.contains("State: ") && m.text.contains(&title);
    telegram.messages(GROUP).into_iter().find(is_root).map(|m| m.text)
}

#[tokio::test]
async fn thirty_incidents_at_once_keep_to_the_limits_answer_people_and_end_right() {
    for forum in [true, false] {
        let lab = lab("[incidents]\nstorm = 0\nneighbours = 0\n");
        let telegram = lab.on_telegram(forum).await;
        telegram.limit(Limits::documented());
        let bot = lab.start().await;
        listens(&telegram).await;
        for n in 1..=30 {
            lab.host.break_(&format!("vm/h{n}"), "down");
        }
        bot.pass(min(6)).await;
        assert!(times(&telegram, "State: ") < 30, "so much takes longer");
        let asked = telegram.says(OPERATOR, GROUP, "/status");
        telegram.handled().await;
        bot.pass(min(1)).await;
        let answer = telegram.messages(GROUP).into_iter().find(|m| m.reply_to == Some(asked));
        assert!(answer.is_some(), "the answer does not stand behind the storm: {}", telegram.transcript());
        for n in 1..=30 {
            lab.host.mend(&format!("vm/h{n}"));
        }
        bot.pass(min(60)).await;
        for n in 1..=30 {
            let root = root(&telegram, n).unwrap_or_else(|| panic!("no root of #{n}"));
            assert!(root.contains("State: resolved"), "{root}");
        }
        assert_eq!(times(&telegram, "State: "), 30, "one root each");
        assert_eq!(times(&telegram, "Resolved: quiet"), 30, "and one end each");
        assert_eq!(telegram.see(|view| view.impatient()), 0, "never before Telegram allows it");
        bot.end().await;
    }
}

#[tokio::test]
async fn an_incident_that_changes_all_the_time_is_edited_seldom_and_ends_with_the_right_state() {
    let lab = lab_with_console("");
    let telegram = lab.on_telegram(true).await;
    telegram.limit(Limits::documented());
    let bot = lab.start().await;
    lab.host.break_("vm/db", "slow");
    bot.pass(min(6)).await;
    let edits = || telegram.see(|view| view.calls("editMessageText").iter().filter(|call| call.ok).count());
    let before = edits();
    for n in 0..500 {
        bot.says(if n % 2 == 0 { "pause" } else { "resume" }).await;
        bot.pass(Duration::from_millis(120)).await;
    }
    let made = edits() - before;
    assert!((5..=21).contains(&made), "{made} edits in a minute");
    bot.says("pause").await;
    bot.pass(min(2)).await;
    assert!(root(&telegram, 1).unwrap().contains("Paused by alex"), "{}", telegram.transcript());
    bot.says("resume").await;
    lab.host.mend("vm/db");
    bot.pass(min(60)).await;
    let root = root(&telegram, 1).unwrap();
    assert!(root.contains("State: resolved") && !root.contains("Paused"), "{root}");
    assert_eq!(telegram.see(|view| view.impatient()), 0);
    bot.end_quietly().await;
}
