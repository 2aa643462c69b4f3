//! Alerts come in: over HTTP on a real port, and as files.

use serde_json::json;

use super::support::{Bot, Lab, min, secs};

/// Listens on a port that is free.
const LISTENING: &str = "[alerts]\nlisten = \"127.0.0.1:0\"\n";
/// Looks at every unit of the machine.
const UNITS: &str = "systemd-units";

async fn post(bot: &Bot<'_>, path: &str, body: &serde_json::Value) -> u16 {
    let at = bot.app.listens_at().unwrap();
    let request = reqwest::Client::new().post(format!("http://{at}{path}")).body(body.to_string());
    let status = request.send().await.unwrap().status().as_u16();
    bot.settle().await;
    status
}

fn leave(lab: &Lab, name: &str, body: &serde_json::Value) {
    let path = lab.path().join("state/spool").join(name);
    let writing = path.with_extension("tmp");
    std::fs::write(&writing, body.to_string()).unwrap();
    std::fs::rename(writing, path).unwrap();
}

/// What `steward notify-failure` leaves.
fn failed(lab: &Lab, n: u32) {
    leave(
        lab,
        &format!("systemd/{n}.json"),
        &json!({"unit": "nginx.service", "host": "vm", "state": "failed"}),
    );
}

fn fine(lab: &Lab) {
    lab.host.skill_says(UNITS, 0, "STATUS:OK\ntarget: vm/unit\nsummary: no unit has failed\n");
}

#[tokio::test]
async fn without_a_configured_source_prometheus_of_this_machine_is_heard() {
    let lab = Lab::new(LISTENING);
    let bot = lab.start().await;
    let alert = |ends: Option<&str>| {
        let labels = json!({"alertname": "DiskFull", "instance": "nas:9100", "severity": "critical"});
        json!([{"labels": labels, "startsAt": "2026-11-21T07:59:00Z", "endsAt": ends.unwrap_or("0001-01-01T00:00:00Z")}])
    };
    assert_eq!(post(&bot, "/api/v2/alerts", &alert(None)).await, 200);
    bot.pass(secs(10)).await;
    assert_eq!(bot.is(1).await, "open nas");
    assert_eq!(post(&bot, "/api/v2/alerts", &alert(Some("2026-11-21T08:00:00Z"))).await, 200);
    bot.pass(min(5)).await;
    assert_eq!(bot.is(1).await, "resolved nas");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn a_file_that_was_left_while_steward_was_away_is_told_at_its_start() {
    let lab = Lab::new("");
    std::fs::create_dir_all(lab.path().join("state/spool")).unwrap();
    leave(
        &lab,
        "1.json",
        &json!({"target": "nas/media", "signature": "scrub-errors", "summary": "3 errors"}),
    );
    let bot = lab.start().await;
    bot.pass(secs(10)).await;
    assert_eq!(bot.is(1).await, "open nas/media");
    assert!(lab.chat.root(1).contains("3 errors"), "{}", lab.chat.root(1));
    assert!(!lab.path().join("state/spool/1.json").exists());
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn what_systemd_told_of_a_unit_and_what_the_skill_finds_is_one_incident_that_ends_with_the_skills_word()
{
    let lab = Lab::new("");
    lab.skill(UNITS, "*/2 * * * *", &["vm/unit"]);
    fine(&lab);
    lab.look_for_edits_every(secs(2));
    let bot = lab.start().await;
    failed(&lab, 1);
    bot.pass(secs(20)).await;
    assert_eq!(bot.is(1).await, "open vm/unit/nginx.service");
    let found = "STATUS:PROBLEM\ntarget: vm/unit/nginx.service\nsignature: unit-failed\nsummary: nginx.service has failed\n";
    lab.host.skill_says(UNITS, 0, found);
    bot.pass(min(4)).await;
    assert_eq!(bot.stored().await.len(), 1, "one problem, whoever tells of it");
    fine(&lab);
    bot.pass(min(8)).await;
    assert_eq!(bot.is(1).await, "resolved vm/unit/nginx.service");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn a_look_that_may_have_begun_before_the_unit_failed_says_nothing_of_it() {
    let lab = Lab::new("");
    lab.skill(UNITS, "*/2 * * * *", &["vm/unit"]);
    fine(&lab);
    lab.look_for_edits_every(secs(2));
    let bot = lab.start().await;
    bot.pass(secs(100)).await;
    failed(&lab, 1);
    // The next look is 20 seconds later, and may have taken longer than that.
    bot.pass(secs(30)).await;
    assert_eq!(bot.is(1).await, "open vm/unit/nginx.service");
    bot.pass(min(6)).await;
    assert_eq!(bot.is(1).await, "resolved vm/unit/nginx.service");
    lab.chat.thread(1);
    bot.end().await;
}
