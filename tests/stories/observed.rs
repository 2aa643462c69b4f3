//! Steward as it is seen from outside: /healthz, /metrics, the dead man's switch, the digest.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use steward::domain::signal::SignalState::{Firing, Resolved};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::support::{Bot, Lab, min, secs};

/// Listens on a port that is free, and tests itself.
const LISTENING: &str = "[alerts]\nlisten = \"127.0.0.1:0\"\n[watchdog]\ncheck = \"15s\"\n";

async fn get(bot: &Bot<'_>, path: &str) -> (u16, String) {
    let at = bot.app.listens_at().unwrap();
    let answer = reqwest::get(format!("http://{at}{path}")).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The value of a series.
async fn metric(bot: &Bot<'_>, series: &str) -> Option<f64> {
    let (_, text) = get(bot, "/metrics").await;
    text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

async fn write_protect(bot: &Bot<'_>, on: bool) {
    let pragma = format!("PRAGMA query_only = {}", if on { "ON" } else { "OFF" });
    bot.app.store().read(move |conn| Ok(conn.execute_batch(&pragma)?)).await.unwrap();
}

#[tokio::test]
async fn a_store_that_can_not_be_written_is_seen_from_outside_and_so_is_its_recovery() {
    let lab = Lab::new(LISTENING);
    let bot = lab.start().await;
    bot.pass(secs(40)).await;
    let (status, text) = get(&bot, "/healthz").await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("pipeline: answered 10 s ago"), "{text}");
    write_protect(&bot, true).await;
    bot.pass(min(1)).await;
    let (status, text) = get(&bot, "/healthz").await;
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("FAIL pipeline: has not answered for"), "{text}");
    assert!(text.contains("FAIL store: can't be written"), "{text}");
    write_protect(&bot, false).await;
    bot.pass(min(1)).await;
    let (status, text) = get(&bot, "/healthz").await;
    assert_eq!(status, 200, "{text}");
    assert!(metric(&bot, "steward_store_errors_total").await.unwrap() >= 1.0);
    bot.forgive_log("can't be written");
    bot.end().await;
}

#[tokio::test]
async fn when_the_only_platform_is_down_nobody_would_hear_anything_so_it_is_seen_from_outside() {
    let lab = Lab::new(LISTENING);
    let bot = lab.start().await;
    lab.chat.go_down();
    bot.alert("nas", "down", Firing).await;
    bot.pass(min(3)).await;
    let (status, text) = get(&bot, "/healthz").await;
    assert!(status == 503 && text.contains("FAIL console: cut off for"), "{text}");
    assert_eq!(metric(&bot, "steward_platform_connected{platform=\"console\",way=\"out\"}").await, Some(0.0));
    lab.chat.come_back();
    bot.pass(min(3)).await;
    let (status, text) = get(&bot, "/healthz").await;
    assert!(status == 200 && text.contains("console: connected"), "{text}");
    bot.forgive_log("a message is put off");
    bot.end_quietly().await;
}

#[tokio::test]
async fn one_of_two_platforms_that_is_down_is_told_and_steward_is_well() {
    let lab = Lab::new(LISTENING);
    let other = lab.also_on("other");
    let bot = lab.start().await;
    other.go_down();
    bot.alert("nas", "down", Firing).await;
    bot.pass(min(3)).await;
    let (status, text) = get(&bot, "/healthz").await;
    assert!(status == 200 && text.contains("other: cut off for"), "{text}");
    bot.forgive_log("a message is put off");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_a_story_brought_can_be_scraped() {
    let lab = Lab::new(LISTENING);
    lab.skill("disk", "*/5 * * * *", &["vm"]);
    let bot = lab.start().await;
    bot.alert("nas", "down", Firing).await;
    bot.alert("web", "slow", Firing).await;
    bot.alert("web", "slow", Resolved).await;
    bot.pass(min(6)).await;
    for (series, value) in [
        ("steward_incidents{state=\"open\",severity=\"error\"}", 1.0),
        ("steward_incidents{state=\"resolved\",severity=\"error\"}", 1.0),
        ("steward_incidents_opened_total", 2.0),
        ("steward_incidents_resolved_total", 1.0),
        ("steward_signals_firing", 1.0),
        ("steward_signals_total{kind=\"alert\",source=\"alertmanager\"}", 3.0),
        ("steward_skill_runs_total{skill=\"disk\",outcome=\"complete\"}", 2.0),
        ("steward_outbox_pending{platform=\"console\"}", 0.0),
    ] {
        let (_, text) = get(&bot, "/metrics").await;
        assert_eq!(metric(&bot, series).await, Some(value), "{series} in\n{text}");
    }
    assert!(
        metric(&bot, "steward_messages_total{platform=\"console\",outcome=\"sent\"}").await.unwrap() >= 1.0
    );
    bot.end_quietly().await;
}

/// Answers every request with this status, and counts them.
async fn fake_switch(status: u16) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ping/s3cr3t-uuid", listener.local_addr().unwrap());
    let pings = Arc::new(AtomicUsize::new(0));
    let count = pings.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            let mut chunk = [0; 1024];
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                let read = stream.read(&mut chunk).await.unwrap();
                head.extend_from_slice(&chunk[..read]);
                assert!(read > 0);
            }
            assert!(head.starts_with(b"GET /ping/s3cr3t-uuid HTTP/1.1\r\n"));
            count.fetch_add(1, Ordering::SeqCst);
            let answer = format!("HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, pings)
}

fn lab_with_switch(url: &str) -> Lab {
    let lab = Lab::new("[watchdog]\ncheck = \"15s\"\nurl = \"file:ping-url\"\nevery = \"1m\"\n");
    lab.write("ping-url", &format!("{url}\n"));
    lab
}

#[tokio::test]
async fn the_dead_mans_switch_is_pinged_while_steward_is_well_and_only_then() {
    let (url, pings) = fake_switch(200).await;
    let lab = lab_with_switch(&url);
    let bot = lab.start().await;
    bot.pass(min(3)).await;
    let well = pings.load(Ordering::SeqCst);
    assert!((3..=4).contains(&well), "{well}");
    write_protect(&bot, true).await;
    bot.pass(min(2)).await;
    let stuck = pings.load(Ordering::SeqCst);
    bot.pass(min(5)).await;
    assert_eq!(pings.load(Ordering::SeqCst), stuck, "it was pinged though nothing could be decided");
    write_protect(&bot, false).await;
    bot.pass(min(3)).await;
    assert!(pings.load(Ordering::SeqCst) > stuck);
    bot.forgive_log("can't be written");
    bot.end().await;
}

#[tokio::test]
async fn a_switch_that_does_not_take_its_pings_is_told_once_and_without_its_address() {
    let (url, pings) = fake_switch(404).await;
    let lab = lab_with_switch(&url);
    let bot = lab.start().await;
    bot.pass(min(9)).await;
    assert!(pings.load(Ordering::SeqCst) >= 9);
    assert_eq!(lab.chat.take_notice(), None, "it may be a short trouble over there");
    bot.pass(min(30)).await;
    let told = lab.chat.take_notice().unwrap();
    assert!(told.contains("has not answered for 10 min") && told.contains("it answered 404"), "{told}");
    assert!(!told.contains("s3cr3t"), "{told}");
    bot.expect_log("the dead man's switch could not be pinged");
    bot.end().await;
}

/// The digest in Berlin, at eight.
fn berlin(more: &str) -> String {
    format!("timezone = \"Europe/Berlin\"\n[digest]\nat = \"08:00\"\n{more}")
}

#[tokio::test]
async fn the_digest_comes_at_eight_by_the_labs_clock_also_when_that_changes() {
    let lab = Lab::new(&berlin("always = true\n"));
    // The night of the 25th of October is an hour longer.
    lab.clock.jump("2026-10-24T05:00:00Z");
    let bot = lab.start().await;
    bot.pass(min(59)).await;
    assert_eq!(lab.chat.take_notice(), None, "too early");
    bot.pass(min(2)).await;
    assert!(lab.chat.take_notice().unwrap().starts_with("Quiet since today 07:00"));
    bot.pass(min(23 * 60 + 50)).await;
    assert_eq!(lab.chat.take_notice(), None, "it is not eight yet: the clocks went back");
    bot.pass(min(70)).await;
    assert!(lab.chat.take_notice().unwrap().starts_with("Quiet since yesterday 08:00"));
    assert_eq!(lab.chat.take_notice(), None);
    bot.end().await;
}

#[tokio::test]
async fn the_digest_tells_the_day_once_over_restarts_and_late_if_steward_was_away() {
    let lab = Lab::new(&berlin(""));
    let bot = lab.start().await;
    bot.alert("nas", "down", Firing).await;
    bot.alert("web", "slow", Firing).await;
    bot.pass(min(2)).await;
    bot.alert("web", "slow", Resolved).await;
    bot.pass(min(10)).await;
    bot.stop().await;
    // Eight o'clock passes while Steward is away.
    lab.clock.jump("2026-11-22T09:30:00Z");
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    let told = lab.chat.take_notice().unwrap();
    assert!(told.starts_with("Since yesterday 09:00: 2 new incidents, 1 over, 1 open now"), "{told}");
    assert!(told.contains("Waits for you: #1 nas: nas has down"), "{told}");
    assert!(told.contains("Over: #2 web: web has slow") && told.contains("by itself after 2 min"), "{told}");
    bot.crash().await;
    let bot = lab.start().await;
    bot.pass(min(30)).await;
    assert_eq!(lab.chat.take_notice(), None, "it was told");
    let asked = bot.says("digest").await;
    assert!(asked.contains("Waits for you: #1 nas: nas has down"), "{asked}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn the_digest_says_what_was_fixed_without_anybody_and_what_a_silence_hides() {
    let lab = Lab::new(&berlin(""));
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab.write(
        "runbooks/restart.yaml",
        "name: restart\ntitle: Restart it\nmatch: { signature: unit-failed }\nsteps:\n  - name: restart\n    run: [systemctl, restart, web.service]\n    verify: check\n",
    );
    lab.host.command("systemctl restart web.service", &["vm/web"], 0);
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(20)).await;
    assert_eq!(lab.host.ran(), ["systemctl restart web.service"]);
    bot.alert("nas", "down", Firing).await;
    bot.pass(min(1)).await;
    bot.says("silence nas for 2d because new disks").await;
    bot.pass(min(24 * 60)).await;
    let mut notices = std::iter::from_fn(|| lab.chat.take_notice());
    let told = notices.find(|notice| notice.starts_with("Since yesterday")).unwrap();
    assert!(told.contains("Fixed without you: restart on vm/web"), "{told}");
    assert!(told.contains("Over: #1 vm/web: ") && told.contains("repaired after"), "{told}");
    assert!(told.contains("Hidden on purpose: the silence on nas hides #2 nas, until 2026-11-23"), "{told}");
    assert!(!told.contains("Waits for you"), "who silenced it knows: {told}");
    assert!(!notices.any(|notice| notice.starts_with("Since")), "it came twice");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_digest_that_is_too_late_is_left_out_and_a_day_without_anything_is_not_told() {
    let lab = Lab::new(&berlin(""));
    let bot = lab.start().await;
    bot.pass(min(3 * 24 * 60)).await;
    assert_eq!(lab.chat.take_notice(), None, "nothing happened");
    bot.alert("nas", "down", Firing).await;
    bot.pass(min(1)).await;
    bot.stop().await;
    lab.clock.jump("2026-11-25T20:30:00Z");
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    assert_eq!(lab.chat.take_notice(), None, "that of this morning is older than 12 hours");
    let start = lab.clock.time();
    bot.pass(min(11 * 60)).await;
    assert!(lab.clock.time() - start > TimeDelta::hours(10));
    assert!(lab.chat.take_notice().unwrap().contains("#1 nas"), "the next one tells it");
    bot.end_quietly().await;
}
