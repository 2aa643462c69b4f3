//! Messages on their way: kept while a platform is down, in order, never lost, never in the way of another platform.

use super::support::{Bot, Lab, min, secs};
use steward::domain::signal::{Origin, Severity, Signal, SignalState};
use steward::domain::target::{Signature, Target};

fn lab() -> Lab {
    lab_with("")
}

fn lab_with(settings: &str) -> Lab {
    let lab = Lab::new(settings);
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab
}

/// A fault that comes and goes, with everything that is told of it.
async fn eventful_hour(bot: &Bot<'_>) {
    let lab = bot.lab;
    for _ in 0..2 {
        lab.host.break_("vm/web", "unit-failed");
        bot.pass(min(15)).await;
        lab.host.mend("vm/web");
        bot.pass(min(15)).await;
    }
}

fn in_order(story: &str) {
    let times: Vec<&str> =
        story.lines().filter(|l| l.as_bytes().get(2) == Some(&b':')).map(|l| &l[..8]).collect();
    assert!(times.is_sorted(), "{story}");
}

#[tokio::test]
async fn a_platform_that_was_down_for_an_hour_gets_everything_in_order_when_it_is_back() {
    let reference = {
        let lab = lab();
        let bot = lab.start().await;
        eventful_hour(&bot).await;
        let told = (lab.chat.thread(1), lab.chat.root(1));
        bot.end().await;
        told
    };
    let lab = lab();
    let bot = lab.start().await;
    lab.chat.go_down();
    eventful_hour(&bot).await;
    assert!(!lab.chat.has_root(1));
    lab.chat.come_back();
    bot.pass(min(5)).await;
    assert_eq!(lab.chat.thread(1), reference.0, "the same story, late");
    in_order(&reference.0);
    assert_eq!(lab.chat.root(1), reference.1);
    let delivered = lab.chat.delivered();
    assert!(delivered.is_sorted_by(|a, b| a < b), "each once, in order: {delivered:?}");
    assert_eq!(lab.chat.root_edits(1), 1, "edits that nobody saw are one");
    bot.expect_log("a message is put off");
    bot.end().await;
}

#[tokio::test]
async fn what_waits_for_a_platform_outlives_restarts() {
    let lab = lab();
    let mut bot = lab.start().await;
    lab.chat.go_down();
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(6)).await;
    for _ in 0..3 {
        bot.stop().await;
        bot = lab.start().await;
        bot.pass(min(1)).await;
    }
    lab.host.mend("vm/web");
    bot.pass(min(6)).await;
    bot.crash().await;
    lab.chat.come_back();
    let bot = lab.start().await;
    bot.pass(min(10)).await;
    let story = lab.chat.thread(1);
    assert_eq!(story.matches("vm/web has unit-failed").count(), 1, "{story}");
    assert_eq!(story.matches("Resolved").count(), 1, "{story}");
    in_order(&story);
    bot.forgive_log("a message is put off");
    bot.end().await;
}

#[tokio::test]
async fn a_platform_that_asks_for_a_pause_gets_it_for_everything_and_no_try_too_many() {
    let lab = lab();
    let bot = lab.start().await;
    lab.chat.limit_rate(120);
    lab.host.break_("vm/web", "unit-failed");
    lab.host.break_("vm/db", "unit-failed");
    bot.pass(min(6)).await;
    assert_eq!(lab.chat.tries(), 1, "the others wait as well");
    lab.chat.come_back();
    bot.pass(secs(50)).await;
    assert_eq!(lab.chat.tries(), 1, "not before the time that it named");
    bot.pass(secs(30)).await;
    assert!(lab.chat.thread(1).contains("unit-failed") && lab.chat.thread(2).contains("unit-failed"));
    bot.end().await;
}

#[tokio::test]
async fn a_message_that_can_never_be_delivered_is_given_up_with_an_error_and_the_rest_goes_on() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(6)).await;
    lab.chat.thread(1);
    lab.chat.refuse("this is no text");
    bot.says_into_the_void("status").await;
    let tries = lab.chat.tries();
    bot.pass(min(1)).await;
    assert_eq!(lab.chat.tries(), tries, "it is not tried again");
    lab.chat.come_back();
    bot.expect_log("can't be delivered and is given up");
    assert!(bot.says("status").await.contains("1 open"));
    lab.host.mend("vm/web");
    bot.pass(min(5)).await;
    assert!(lab.chat.thread(1).contains("It went away by itself."));
    bot.end().await;
}

#[tokio::test]
async fn one_platform_that_is_down_delays_only_its_own_messages() {
    let lab = lab();
    let telegram = lab.also_on("telegram");
    let bot = lab.start().await;
    telegram.go_down();
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(6)).await;
    let here = lab.chat.thread(1);
    assert!(here.contains("vm/web has unit-failed"), "{here}");
    assert!(!telegram.has_root(1));
    assert_eq!(lab.chat.take_notice(), None, "most cuts are over before anybody needs to know");
    bot.pass(secs(20)).await;
    let notice = lab.chat.take_notice().unwrap();
    assert!(notice.contains("telegram is cut off since 08:05:10"), "{notice}");
    assert!(notice.contains("waits and is not lost: down."), "{notice}");
    assert!(bot.says("status").await.contains("Chat: telegram is cut off since 08:05:10: down"));
    telegram.come_back();
    bot.pass(min(5)).await;
    assert!(lab.chat.take_notice().unwrap().contains("telegram is back after "));
    assert_eq!(telegram.take_notice(), None, "it need not be told about itself");
    assert_eq!(telegram.thread(1), here);
    assert_eq!(telegram.root(1), lab.chat.root(1));
    bot.expect_log("telegram");
    bot.end().await;
}

#[tokio::test]
async fn the_first_message_that_gets_through_lets_the_others_go_at_once() {
    let lab = lab();
    let bot = lab.start().await;
    lab.chat.go_down();
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(8)).await;
    bot.alert("vm/db", "slow", SignalState::Firing).await;
    bot.pass(min(54)).await;
    lab.chat.come_back();
    while !lab.chat.has_root(1) && !lab.chat.has_root(2) {
        bot.pass(secs(1)).await;
    }
    assert!(lab.chat.has_root(1) && lab.chat.has_root(2));
    bot.expect_log("a message is put off");
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_answer_on_one_platform_updates_the_others() {
    let lab = lab();
    lab.write(
        "runbooks/vacuum.yaml",
        "name: vacuum\ntitle: Vacuum\nmatch: { signature: disk-fill }\nsteps:\n  - name: vacuum\n    run: [journalctl, --vacuum-size=200M]\n    verify: check\n",
    );
    lab.host.command("journalctl --vacuum-size=200M", &["vm/disk"], 0);
    let telegram = lab.also_on("telegram");
    let bot = lab.start().await;
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    assert!(telegram.root(1).contains("<Approve: approve 1>"));
    bot.says("approve 1").await;
    for chat in [&lab.chat, &telegram] {
        assert!(chat.thread(1).contains("approved by alex"));
        assert!(!chat.root(1).contains("approve 1"), "{}", chat.root(1));
    }
    bot.end().await;
}

fn alert(target: &str, number: usize) -> Signal {
    let now = "2026-11-21T08:00:00Z".parse().unwrap();
    Signal {
        origin: Origin::alert("am", &format!("{target} {number}")),
        target: Target::parse(target).unwrap(),
        signature: Signature::parse(&format!("kind-{number}")).unwrap(),
        severity: Severity::Error,
        state: SignalState::Firing,
        summary: format!("update {number}"),
        impact: None,
        evidence: String::new(),
        labels: std::collections::BTreeMap::new(),
        at: now,
        received_at: now,
    }
}

#[tokio::test]
async fn five_hundred_updates_in_a_minute_end_with_the_right_root_and_few_edits() {
    let lab = lab();
    lab.write("topology.yaml", "targets:\n  nas: {}\n  nas/media: { depends_on: [nas] }\n");
    let bot = lab.start().await;
    bot.app.handle().signals(vec![alert("nas", 0)]).await.unwrap();
    bot.pass(secs(20)).await;
    lab.chat.limit_rate(1);
    for number in 1..=500 {
        bot.app.handle().signals(vec![alert("nas/media", number)]).await.unwrap();
        bot.pass(std::time::Duration::from_millis(120)).await;
    }
    assert_eq!(lab.chat.root_edits(1), 1);
    lab.chat.come_back();
    bot.pass(min(2)).await;
    assert!(
        lab.chat.field(1, "Symptoms").contains("and 492 more; 500 of 500 still active"),
        "{}",
        lab.chat.root(1)
    );
    assert!(lab.chat.root_edits(1) <= 3, "{}", lab.chat.root_edits(1));
    let story = lab.chat.thread(1);
    let counted = story
        .lines()
        .filter_map(|line| line.trim().strip_prefix("and ")?.split(' ').next()?.parse::<usize>().ok());
    let told = story.matches("Also update").count() + counted.sum::<usize>();
    assert_eq!(told, 500, "each is named or counted in the story");
    assert!(lab.chat.threads()[&1] <= 6, "and the story is in few messages: {:?}", lab.chat.threads());
    bot.forgive_log("a message is put off");
    bot.end().await;
}

#[tokio::test]
async fn one_thread_that_is_put_off_holds_up_no_other() {
    let lab = lab_with("[incidents]\nstorm = 0\nneighbours = 0\n");
    let bot = lab.start().await;
    for number in 0..250 {
        lab.host.break_(&format!("vm/unit{number}"), "unit-failed");
    }
    lab.chat.refuse_threads_for_now();
    bot.pass(min(6)).await;
    assert_eq!((1..=250).filter(|n| lab.chat.has_root(*n)).count(), 250, "every root message is there");
    assert!(bot.says("status").await.contains("250 open"), "and a person gets an answer");
    lab.chat.come_back();
    bot.pass(min(6)).await;
    assert_eq!(lab.chat.threads().len(), 250);
    bot.forgive_log("a message is put off");
    bot.end_quietly().await;
}
