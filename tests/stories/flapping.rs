//! What comes and goes: marked, called for once, told no more, and told again when it has come to rest.

use steward::domain::signal::SignalState::{Firing, Resolved};

use super::shop::{restarts, shop};
use super::support::{Bot, min, secs};

/// It goes and comes back half a minute later, this many times.
async fn bounce(bot: &Bot<'_>, target: &str, times: usize) {
    for _ in 0..times {
        bot.alert(target, "down", Resolved).await;
        bot.pass(secs(30)).await;
        bot.alert(target, "down", Firing).await;
        bot.pass(secs(30)).await;
    }
}

#[tokio::test]
async fn five_bounces_within_half_an_hour_call_once_and_end_the_telling_of_bounces() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert("mail", "down", Firing).await;
    bot.pass(secs(30)).await;
    bounce(&bot, "mail", 4).await;
    assert_eq!((lab.chat.field(1, "State").as_str(), lab.chat.calls()), ("open", 0));
    bounce(&bot, "mail", 1).await;
    assert_eq!(lab.chat.field(1, "State"), "open, flapping, people called");
    assert_eq!(lab.chat.calls(), 1);
    let told = lab.chat.news(1);
    assert_eq!(
        told.last().unwrap(),
        "@here
#1
08:05:00 seen   Bounced back: mail has down (mail down).
08:05:00 bad    Flapping: single bounces are no longer told, and nothing is repaired.
08:05:00 call   mail comes and goes (5 times in 30 min) without anyone repairing it. I leave it alone until it comes to rest."
    );
    let (events, edits) = (bot.timeline(1).await.len(), lab.chat.root_edits(1));
    bounce(&bot, "mail", 100).await;
    assert_eq!(bot.timeline(1).await.len(), events, "the story does not grow");
    assert_eq!(lab.chat.root_edits(1), edits);
    assert!(lab.chat.news(1).is_empty());
    assert_eq!(lab.chat.calls(), 1);
    // At last it stays away.
    bot.alert("mail", "down", Resolved).await;
    bot.pass(min(2)).await;
    assert_eq!(lab.chat.field(1, "State"), "mitigated, people called");
    bot.pass(min(2)).await;
    assert_eq!(
        lab.chat.news(1).join("\n"),
        "#1
09:47:30 calm   It no longer comes and goes.
09:47:30 calm   It went away by itself. Watching whether it stays away.
#1
09:49:30 good   Resolved: quiet for 2 min, says the source that reported it."
    );
    assert_eq!(bot.is(1).await, "resolved mail");
    bot.end().await;
}

#[tokio::test]
async fn what_flapped_and_then_stays_broken_is_repaired_after_all() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert("mail", "down", Firing).await;
    bot.pass(secs(30)).await;
    bounce(&bot, "mail", 5).await;
    assert!(bot.incident(1).await.flapping);
    restarts(&lab, "down");
    bot.says("reload").await;
    bot.pass(min(28)).await;
    assert!(lab.host.ran().is_empty(), "while it flaps it is left alone");
    bot.pass(min(2)).await;
    assert!(!bot.incident(1).await.flapping);
    assert_eq!(lab.host.ran()[0], "systemctl restart mail.service");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn a_symptom_that_comes_and_goes_does_not_grow_the_story_of_its_root() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert("store", "down", Firing).await;
    bot.alert("web", "down", Firing).await;
    bot.pass(secs(30)).await;
    bounce(&bot, "web", 10).await;
    let events = bot.timeline(1).await.len();
    bounce(&bot, "web", 50).await;
    assert_eq!(bot.timeline(1).await.len(), events, "the story does not grow");
    let incident = bot.incident(1).await;
    assert!(!incident.flapping, "the root does not flap");
    assert_eq!(lab.chat.calls(), 0);
    bot.alert("web", "down", Resolved).await;
    bot.pass(min(10)).await;
    assert_eq!(lab.chat.field(1, "Symptoms"), "web down (recovered)");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn a_restart_forgets_neither_that_something_flaps_nor_to_let_it_come_to_rest() {
    let lab = shop("");
    let bot = lab.start().await;
    bot.alert("mail", "down", Firing).await;
    bot.pass(secs(30)).await;
    bounce(&bot, "mail", 5).await;
    bot.alert("mail", "down", Resolved).await;
    bot.stop().await;
    let bot = lab.start().await;
    assert!(bot.incident(1).await.flapping);
    bot.pass(min(4)).await;
    assert_eq!(bot.is(1).await, "resolved mail");
    assert_eq!(lab.chat.calls(), 1);
    lab.chat.thread(1);
    bot.end().await;
}
