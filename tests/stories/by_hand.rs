//! What people put together and take apart.

use steward::domain::signal::SignalState::{Firing, Resolved};

use super::shop::shop;
use super::support::{min, secs};

#[tokio::test]
async fn a_person_merges_two_incidents_and_the_root_is_what_the_other_needs() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert("mail", "down", Firing).await;
    bot.alert("nas", "down", Firing).await;
    bot.pass(secs(10)).await;
    lab.chat.thread(1);
    lab.chat.thread(2);
    assert_eq!(bot.says("merge 2 into 1").await, "#2 is now part of #1.");
    bot.pass(min(1)).await;
    assert_eq!((bot.is(1).await, bot.is(2).await), ("open mail".into(), "merged nas".into()));
    assert_eq!(
        lab.chat.news(1),
        ["#1\n08:00:10 why    Took in incident #2: alex says that they are one fault."]
    );
    assert_eq!(
        lab.chat.news(2),
        ["#2\n08:00:10 why    Went on as part of incident #1: alex says that they are one fault."]
    );
    for wrong in ["merge 2 into 1", "merge 1 into 1", "merge 1 into 7"] {
        let answer = bot.says(wrong).await;
        assert!(answer.contains("no open incident") || answer.contains("same incident"), "{wrong}: {answer}");
    }
    bot.alert("nas", "down", Resolved).await;
    bot.alert("mail", "down", Resolved).await;
    bot.pass(min(3)).await;
    assert_eq!(bot.is(1).await, "resolved mail");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn a_merge_into_a_victim_moves_its_root_to_the_cause() {
    let lab = shop("[incidents]\ncorrelation_window = \"1s\"\n");
    let bot = lab.start().await;
    bot.alert("web", "down", Firing).await;
    bot.pass(min(1)).await;
    bot.alert("nas", "down", Firing).await;
    bot.pass(min(1)).await;
    assert_eq!(bot.is(2).await, "open nas", "too long after to be taken for one fault");
    bot.says("merge 2 into 1").await;
    assert_eq!(bot.is(1).await, "open nas");
    assert_eq!(lab.chat.field(1, "Root"), "nas (web needs nas)");
    bot.pass(min(1)).await;
    lab.chat.thread(1);
    lab.chat.thread(2);
    bot.end().await;
}

#[tokio::test]
async fn a_person_takes_out_what_does_not_belong_and_correlation_says_while_busy_so() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert("store", "down", Firing).await;
    bot.alert("web", "down", Firing).await;
    bot.alert("api", "down", Firing).await;
    bot.pass(secs(10)).await;
    lab.chat.thread(1);
    assert_eq!(bot.says("split web from 1").await, "web is now incident #2.");
    bot.pass(min(1)).await;
    assert_eq!((bot.is(1).await, bot.is(2).await), ("open store".into(), "open web".into()));
    assert_eq!(lab.chat.field(1, "Symptoms"), "api down");
    assert_eq!(lab.chat.news(1), ["#1\n08:00:10 person alex took out web down: now incident #2."]);
    assert_eq!(lab.chat.field(2, "Root"), "web (alex took it out of #1)");
    assert_eq!(lab.chat.news(2).len(), 1);
    // It comes back after it was gone, while the store is still down; and so does what the store needs.
    bot.alert("web", "down", Resolved).await;
    bot.alert("web", "down", Firing).await;
    bot.alert("nas", "down", Firing).await;
    bot.pass(min(1)).await;
    assert_eq!(bot.is(2).await, "open web");
    assert!(bot.stored().await.iter().all(|i| i.state.as_str() != "merged"));
    // Whatever else happens to it belongs to its own incident.
    bot.alert("web", "slow", Firing).await;
    assert_eq!(bot.incident(2).await.members.len(), 2);
    (1..=bot.stored().await.len() as u64).for_each(|n| drop(lab.chat.thread(n)));
    bot.pass(min(1)).await;
    (1..=bot.stored().await.len() as u64).for_each(|n| drop(lab.chat.thread(n)));
    let answer = bot.says("split mail from 2").await;
    assert_eq!(answer, "Nothing in #2 is at or below mail.");
    assert_eq!(bot.says("split store from 1").await, "store is now incident #4.");
    assert_eq!(bot.is(1).await, "open api");
    bot.pass(min(1)).await;
    (1..=bot.stored().await.len() as u64).for_each(|n| drop(lab.chat.thread(n)));
    bot.end().await;
}

#[tokio::test]
async fn what_is_split_is_not_counted_twice() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert("store", "down", Firing).await;
    bot.alert("api", "down", Firing).await;
    bot.pass(secs(10)).await;
    bot.says("split store from 1").await;
    bot.pass(min(1)).await;
    let read = |conn: &rusqlite::Connection| {
        let mut query = conn.prepare("SELECT root FROM occurrences ORDER BY root")?;
        let rows = query.query_map([], |row| row.get::<_, String>(0))?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    };
    assert_eq!(bot.app.store().read(read).await.unwrap(), ["api", "store"]);
    lab.chat.thread(1);
    lab.chat.thread(2);
    bot.end().await;
}
