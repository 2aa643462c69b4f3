//! Silences: nothing is said, called or repaired, everything is recorded, and the end is told once.

use super::shop::{restarting_mends, restarts, shop};
use super::support::{min, secs};

#[tokio::test]
async fn under_a_silence_nothing_is_said_or_repaired_and_its_end_tells_what_is_still_broken() {
    let lab = shop("");
    restarts(&lab, "down");
    restarting_mends(&lab, &["mail"]);
    let bot = lab.start().await;
    let answer = bot.says("silence mail for 1h").await;
    assert!(
        answer.starts_with("mail and all below it are silent until 2026-11-21 09:00 (silence 1)"),
        "{answer}"
    );
    lab.host.break_("mail", "down");
    bot.pass(min(59)).await;
    assert_eq!(bot.is(1).await, "open mail", "it is recorded");
    assert!(!lab.chat.has_root(1));
    assert!(lab.host.ran().is_empty(), "it is left alone");
    bot.pass(min(1)).await;
    assert_eq!(
        lab.chat.take_notice().unwrap(),
        "The silence on mail is over\nOne incident below it is still open."
    );
    assert_eq!(lab.chat.news(1).len(), 2, "told once, and repaired");
    assert_eq!(lab.host.ran().len(), 2);
    assert_eq!(bot.is(1).await, "mitigated mail");
    bot.pass(min(3)).await;
    assert!(lab.chat.thread(1).contains("Resolved"));
    assert_eq!(lab.chat.calls(), 0);
    bot.end().await;
}

#[tokio::test]
async fn what_came_and_went_under_a_silence_is_never_told() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.says("silence mail for 1h").await;
    lab.host.break_("mail", "down");
    bot.pass(min(10)).await;
    lab.host.mend("mail");
    bot.pass(min(60)).await;
    assert_eq!(lab.chat.take_notice().unwrap(), "The silence on mail is over\nNothing below it is broken.");
    assert_eq!(bot.is(1).await, "closed mail");
    assert!(!lab.chat.has_root(1));
    bot.end().await;
}

#[tokio::test]
async fn a_known_incident_says_that_it_is_silenced_and_how_it_stands_afterwards() {
    let lab = shop("");
    lab.host.break_("mail", "down");
    lab.host.break_("nas", "down");
    let bot = lab.start().await;
    bot.pass(secs(10)).await;
    lab.chat.thread(1);
    lab.chat.thread(2);
    bot.says("silence mail for 10m").await;
    bot.says("silence nas for 10m").await;
    let mail = lab.chat.field(1, "State").contains("silenced");
    assert!(mail && lab.chat.field(2, "State") == "open, silenced");
    assert_eq!(
        lab.chat.news(1),
        ["#1\n08:00:10 person Silenced by alex: no messages, no calls and no repairs until that ends."]
    );
    assert_eq!(lab.chat.news(2).len(), 1);
    let (mends, stays) = if lab.chat.root(1).contains("mail") { (1, 2) } else { (2, 1) };
    lab.host.mend("mail");
    bot.pass(min(4)).await;
    assert_eq!(lab.chat.field(mends, "State"), "resolved, silenced", "the root message shows the present");
    bot.pass(min(7)).await;
    lab.chat.take_notice().unwrap();
    lab.chat.take_notice().unwrap();
    assert_eq!(
        lab.chat.news(mends),
        [format!("#{mends}\n08:10:10 person The silence is over.\n                It got well meanwhile.")]
    );
    assert_eq!(
        lab.chat.news(stays),
        [format!("#{stays}\n08:10:10 person The silence is over.\n                It is still broken.")]
    );
    assert_eq!(lab.chat.field(stays, "State"), "open");
    bot.end().await;
}

#[tokio::test]
async fn a_silence_for_a_symptom_hides_the_symptom_and_not_its_cause() {
    let lab = shop("");
    restarts(&lab, "down");
    let bot = lab.start().await;
    bot.says("silence web for 1h").await;
    lab.host.break_("store", "down");
    lab.host.break_("web", "down");
    bot.pass(min(2)).await;
    assert_eq!(bot.is(1).await, "open store");
    let told = lab.chat.thread(1);
    assert!(told.contains("store has down"), "{told}");
    assert!(!told.contains("web"), "{told}");
    assert!(lab.host.ran().iter().any(|line| line == "systemctl restart store.service"), "it is repaired");
    assert_eq!(lab.chat.calls(), 1, "and people are called for it");
    lab.host.mend("web");
    bot.pass(min(2)).await;
    assert!(lab.chat.news(1).is_empty());
    bot.end().await;
}

#[tokio::test]
async fn a_silence_of_the_cause_covers_what_needs_it() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.says("silence store for 1h").await;
    lab.host.break_("store", "down");
    bot.pass(min(1)).await;
    lab.host.break_("web", "down");
    lab.host.break_("api", "down");
    bot.pass(min(5)).await;
    assert_eq!(bot.stored().await.len(), 1);
    assert!(!lab.chat.has_root(1));
    bot.end().await;
}

#[tokio::test]
async fn unsilence_ends_it_at_once_and_only_operators_may() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.says("silence mail for 1h").await;
    lab.host.break_("mail", "down");
    bot.pass(min(2)).await;
    assert!(bot.says_as("guest", false, "unsilence 1").await.starts_with("That is for operators"));
    assert!(!lab.chat.has_root(1));
    assert_eq!(bot.says("unsilence 1").await, "mail is no longer silent.");
    assert_eq!(lab.chat.news(1).len(), 1, "what is broken is told");
    assert!(bot.says("unsilence 1").await.starts_with("There is no silence 1."));
    bot.pass(min(60)).await;
    assert_eq!(lab.chat.take_notice(), None);
    bot.end().await;
}

#[tokio::test]
async fn occurrences_under_a_silence_call_nobody_then_or_later() {
    let lab = shop("[incidents]\nhold = \"1m\"\n");
    let bot = lab.start().await;
    bot.says("silence mail for 50m").await;
    for _ in 0..4 {
        lab.host.break_("mail", "down");
        bot.pass(min(2)).await;
        lab.host.mend("mail");
        bot.pass(min(3)).await;
    }
    assert_eq!(bot.incident(1).await.occurrences, 4);
    bot.says("unsilence 1").await;
    lab.host.break_("mail", "down");
    bot.pass(min(2)).await;
    assert_eq!(lab.chat.calls(), 0, "this is the first that counts");
    lab.chat.thread(1);
    bot.end().await;
}
