//! Secrets that come by: none of them stays anywhere.

use super::support::runbooks::RESTART;
use super::support::{Lab, min};

/// What the configuration names, and so is known by its value.
const CONFIGURED: &str = "correct-horse-battery";
const RESTARTED: &str = "systemctl restart web.service";

/// What is known by its shape. Put together here, so that no scanner takes it for a real one.
fn token(part: &str) -> String {
    format!("ghp_{}{part}", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9a")
}

/// Every file that Steward left behind, with what it holds.
fn files(lab: &Lab) -> Vec<(String, Vec<u8>)> {
    let state = std::fs::read_dir(lab.path().join("state")).unwrap().map(|entry| entry.unwrap().path());
    let files = state.filter(|path| path.is_file());
    files.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

#[track_caller]
fn is_free(of: &[String], place: &str, text: &[u8]) {
    for secret in of {
        let found = text.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found, "{secret:?} is in {place}");
    }
}

#[tokio::test]
async fn what_a_skill_a_repair_a_person_or_a_platform_lets_slip_is_in_no_file_no_message_and_no_log() {
    let lab = Lab::new("[skills.params.other]\nTOKEN = \"file:token\"\n");
    lab.write("token", CONFIGURED);
    for skill in ["look", "other"] {
        lab.skill(skill, "*/5 * * * *", &["vm"]);
    }
    lab.write("runbooks/restart.yaml", RESTART);
    let [by_skill, by_repair, by_person, by_platform] =
        ["Skill000", "Repair00", "Person00", "Platform"].map(token);
    let secrets = [&by_skill, &by_repair, &by_person, &by_platform, CONFIGURED].map(str::to_owned).to_vec();

    // The skill that writes it is not the one whose parameter it is.
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\n  b3BlbnNzaC1rZXktdjEBAAAABG5vbmUA\n  -----END OPENSSH PRIVATE KEY-----";
    lab.host.break_with(
        "vm/web",
        "unit-failed",
        &format!("unit: web.service\ntoken: hunter2x\nsummary: GET /?t={by_skill} failed\n\n  {CONFIGURED}\n  {key}\n  the end"),
    );
    lab.host.command(RESTARTED, &[], 1);
    lab.host.complains(
        RESTARTED,
        &format!("dial https://ada:{CONFIGURED}@web, sent {by_repair}\nsent {by_repair}"),
    );
    let bot = lab.start().await;
    bot.pass(min(6)).await;
    let (root, thread) = (lab.chat.root(1), lab.chat.thread(1));
    assert!(root.contains("GET /?t=[redacted: github token] failed"), "{root}");
    let evidence = bot.timeline(1).await;
    let evidence = serde_json::to_string(&evidence).unwrap();
    assert!(
        evidence.contains(r"[redacted: configured secret]\n[redacted: private key]\nthe end"),
        "{evidence}"
    );
    assert!(evidence.contains("sent [redacted: github token]"), "{evidence}");

    bot.says(&format!("silence nas 2h because {by_person} leaked, as did {CONFIGURED}")).await;
    let silences = bot.says("silences").await;
    assert!(silences.contains("[redacted: github token]"), "{silences}");
    bot.says_as("mallory", false, &format!("silence nas 2h {by_person}")).await;

    lab.chat.refuse(&format!("401 for {by_platform} and {CONFIGURED}"));
    bot.says_into_the_void("status").await;
    lab.chat.come_back();
    bot.expect_log("401 for [redacted: github token] and [redacted: configured secret]");

    let shown = [root, thread, silences, lab.chat.root(1), lab.chat.thread(1)].join("\n");
    bot.end_quietly().await;
    let secrets =
        [secrets, vec!["hunter2x".to_owned(), "b3BlbnNzaC1rZXktdjEBAAAABG5vbmUA".to_owned()]].concat();
    is_free(&secrets, "the chat", shown.as_bytes());
    let files = files(&lab);
    assert!(files.iter().any(|(name, _)| name.ends_with("steward.db")), "there is something to look at");
    for (name, content) in files {
        is_free(&secrets, &name, &content);
    }
}

#[tokio::test]
async fn a_secret_that_is_new_in_the_configuration_is_known_after_a_reload() {
    let lab = Lab::new("");
    lab.skill("look", "*/5 * * * *", &["vm"]);
    let bot = lab.start().await;
    lab.write("token", CONFIGURED);
    lab.append("config.toml", "\n[skills.params.look]\nTOKEN = \"file:token\"\n");
    bot.says("reload").await;
    bot.says(&format!("silence nas 2h because {CONFIGURED} leaked")).await;
    let silences = bot.says("silences").await;
    assert!(silences.contains("[redacted: configured secret]"), "{silences}");
    assert!(!silences.contains(CONFIGURED), "{silences}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_a_person_did_is_a_line_of_a_chain_that_is_whole_over_a_restart() {
    let lab = Lab::new("");
    lab.skill("look", "*/5 * * * *", &["vm"]);
    let bot = lab.start().await;
    bot.says("pause").await;
    bot.says_as("mallory", false, "resume").await;
    bot.stop().await;
    let bot = lab.start().await;
    bot.says("resume").await;
    let verified = |conn: &rusqlite::Connection| steward::store::audit::verify(conn, None);
    let whole = bot.app.store().read(verified).await.unwrap().unwrap();
    assert_eq!(whole.count, 3);
    bot.end_quietly().await;
}
