//! A whole day: skills each five minutes, several incidents, and in the evening nothing is left.

use super::shop::{ALL, restarting_mends, restarts, shop};
use super::support::{Bot, min};

/// Lets time pass until this time of the day, or of the next.
async fn until(bot: &Bot<'_>, hour: u32, minute: u32) {
    let now = bot.lab.clock.time();
    let today = now.date_naive().and_hms_opt(hour, minute, 0).unwrap().and_utc();
    let at = if today > now { today } else { today + chrono::TimeDelta::days(1) };
    bot.pass((at - now).to_std().unwrap()).await;
}

#[tokio::test]
async fn a_day_of_faults_is_a_handful_of_threads_one_call_and_a_quiet_evening() {
    let lab = shop("");
    std::fs::remove_file(lab.path().join("skills/ping")).unwrap();
    for target in ALL {
        lab.skill(&format!("see-{target}"), "*/5 * * * *", &[target]);
    }
    restarts(&lab, "down");
    restarting_mends(&lab, &["web", "store"]);
    let bot = lab.start().await;

    until(&bot, 9, 1).await;
    lab.host.break_("web", "down");
    until(&bot, 10, 1).await;
    assert_eq!(bot.is(1).await, "closed web", "repaired, verified and over without anybody");

    for target in ["nas", "store", "web", "api", "proxy"] {
        lab.host.break_(target, "io-errors");
    }
    until(&bot, 10, 20).await;
    assert_eq!(bot.is(2).await, "open nas");
    bot.says("ack 2").await;
    for target in ["proxy", "api", "web", "store", "nas"] {
        lab.host.mend(target);
        bot.pass(min(5)).await;
    }
    until(&bot, 12, 1).await;
    assert_eq!(bot.is(2).await, "closed nas");

    for minute in [11, 31, 51] {
        lab.host.break_("store", "down");
        until(&bot, 12, minute).await;
    }
    assert_eq!(lab.chat.calls(), 1);
    assert_eq!(lab.chat.field(3, "State"), "resolved, people called, 3 occurrences");

    until(&bot, 17, 1).await;
    lab.host.warn("mail", "disk-fill");
    until(&bot, 18, 1).await;
    lab.host.mend("mail");
    until(&bot, 20, 1).await;
    bot.says("silence nas for 1h because of new disks").await;
    lab.host.break_("nas", "down");
    lab.host.break_("api", "down");
    until(&bot, 20, 41).await;
    lab.host.mend("nas");
    lab.host.mend("api");
    until(&bot, 8, 0).await;

    let stored = bot.stored().await;
    let ended: Vec<String> = stored.iter().map(|i| format!("{} {} {}", i.number, i.state, i.root)).collect();
    assert_eq!(ended, ["1 closed web", "2 closed nas", "3 closed store", "4 closed mail", "5 closed nas"]);
    assert_eq!(lab.chat.calls(), 1);
    assert!(!lab.chat.has_root(5), "what the silence covered was never told");
    assert_eq!(lab.chat.take_notice().unwrap(), "The silence on nas is over\nNothing below it is broken.");
    let messages: usize = lab.chat.threads().values().sum();
    assert!(messages <= 24, "{:?}", lab.chat.threads());
    (1..=4).for_each(|n| drop(lab.chat.thread(n)));
    assert!(lab.host.runs("see-mail") >= 288);
    bot.end().await;
}
