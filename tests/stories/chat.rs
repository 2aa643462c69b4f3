//! What people type, and what they are told.

use super::support::{Bot, Lab, min, secs};

fn lab() -> Lab {
    let lab = Lab::new("");
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab.write(
        "runbooks/restart.yaml",
        "name: restart\ntitle: Restart it\nmatch: { signature: unit-failed }\nsteps:\n  - name: restart\n    run: [systemctl, restart, web.service]\n    verify: check\n",
    );
    lab.host.command("systemctl restart web.service", &["vm/web"], 0);
    lab
}

/// A Steward with one incident that waits for a person (#1), and one that was repaired (#2).
async fn busy(lab: &Lab) -> Bot<'_> {
    let bot = lab.start().await;
    let headers = "summary: web has failed\nimpact: nobody can read the news\n\n  a line of its log";
    lab.host.break_with("vm/web", "unit-failed", headers);
    lab.host.break_("vm/db", "slow");
    bot.pass(min(6)).await;
    bot
}

/// Each of these is in the answer.
async fn answers(bot: &Bot<'_>, text: &str, parts: &[&str]) {
    let answer = bot.says(text).await;
    for part in parts {
        assert!(answer.contains(part), "{text:?} is answered without {part:?}:\n{answer}");
    }
}

#[tokio::test]
async fn help_lists_every_command_and_explains_each() {
    let lab = lab();
    let bot = lab.start().await;
    let help = bot.says("help").await;
    for command in steward::domain::command::COMMANDS {
        assert!(help.contains(command.usage), "{} is missing", command.name);
        answers(&bot, &format!("help {}", command.name), &[command.what, command.example]).await;
        let understood = bot.says(command.example).await;
        assert!(!understood.contains("I don't know"), "{}: {understood}", command.example);
    }
    answers(&bot, "help silense", &["Did you mean `help silence`?"]).await;
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_quiet_lab_is_called_well_and_a_busy_one_is_summed_up() {
    let lab = lab();
    let bot = lab.start().await;
    answers(&bot, "status", &["All is well", "Watching: 1 skill, 1 runbook", "Autonomy: full"]).await;
    answers(&bot, "incidents", &["No incident is open"]).await;
    answers(&bot, "incidents all", &["There has been no incident yet"]).await;
    answers(&bot, "approvals", &["Nothing waits for you"]).await;
    answers(&bot, "silences", &["Nothing is silenced"]).await;
    answers(&bot, "what changed?", &["Nothing that I know of changed since 2026-11-20 08:00"]).await;
    answers(&bot, "show", &["There is no open incident"]).await;
    bot.stop().await;
    let bot = busy(&lab).await;
    answers(&bot, "status", &["Incidents: 1 open, 1 mitigated", "Broken now: vm/db slow"]).await;
    answers(&bot, "incidents", &["#1    open        11-21 08:05  vm/db: vm/db has slow", "#2    mitigated"])
        .await;
    bot.end_quietly().await;
}

#[tokio::test]
async fn where_something_cannot_be_seen_the_lab_is_not_called_well() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.skill_says("look", 0, "STATUS:UNKNOWN\nsummary: no right to look\n");
    bot.pass(min(6)).await;
    let status = bot.says("status").await;
    assert!(!status.contains("All is well"), "{status}");
    assert!(status.contains("no right to look"), "{status}");
    bot.end().await;
}

#[tokio::test]
async fn an_incident_is_shown_as_the_story_of_what_was_seen_done_and_found() {
    let lab = lab();
    let bot = busy(&lab).await;
    let story = [
        "#2 vm/web: web has failed",
        "State: mitigated",
        "Impact: nobody can read the news",
        "08:05:00 seen   web has failed (vm/web unit-failed, found by the skill look).",
        "ran `systemctl restart web.service`",
        "restart worked: the problem is gone.",
        "a line of its log",
    ];
    answers(&bot, "show 2", &story).await;
    answers(&bot, "show 9", &["There is no incident #9."]).await;
    answers(&bot, "show", &["Several incidents are open. Name one: `show 3`."]).await;
    answers(&bot, "ack", &["Several incidents are open. Name one: `ack 3`."]).await;
    let in_thread = bot.says_in_thread(2, "show").await;
    assert!(in_thread.starts_with("#2 vm/web"), "in a thread its number can be left out: {in_thread}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_changed_is_answered_for_a_time_a_target_and_an_incident() {
    let lab = lab();
    let bot = busy(&lab).await;
    let own = "systemctl restart web.service (runbook restart)";
    answers(&bot, "what changed?", &["newest first", own, "by steward", "[vm/web]"]).await;
    answers(&bot, "What changed since 1h on vm/web?", &["since 2026-11-21 07:06", own]).await;
    answers(&bot, "what changed on vm/db?", &["Nothing that I know of changed on vm/db"]).await;
    answers(&bot, "what changed? for 1", &["Before #1 (vm/db)"]).await;
    answers(&bot, "what changed? for 77", &["There is no incident #77."]).await;
    bot.end_quietly().await;
}

#[tokio::test]
async fn skills_and_runbooks_are_listed_with_how_they_do() {
    let lab = lab();
    lab.skill("nas", "0 * * * *", &["nas"]);
    lab.host.skill_says("nas", 1, "");
    let bot = busy(&lab).await;
    answers(&bot, "skills", &["look                 last ran 11-21 08:05", "nas", "failed 1 time in a row"])
        .await;
    answers(&bot, "runbooks", &["restart", "own", "Restart it"]).await;
    bot.expect_log("a skill did not do its job");
    bot.end_quietly().await;
}

#[tokio::test]
async fn people_take_on_silence_merge_split_and_undo_what_they_did() {
    let lab = lab();
    let bot = busy(&lab).await;
    answers(&bot, "ack 1", &["#1 is yours, alex."]).await;
    answers(&bot, "ack 1", &["taken on by alex already"]).await;
    answers(&bot, "silence vm/db for 2h because new disk", &["silent until 2026-11-21 10:06 (silence 1)"])
        .await;
    answers(&bot, "silences", &["1  vm/db until 2026-11-21 10:06, by alex: new disk"]).await;
    answers(&bot, "status", &["Silences: vm/db"]).await;
    answers(&bot, "unsilence 1", &["vm/db is no longer silent."]).await;
    answers(&bot, "unsilence 1", &["There is no silence 1."]).await;
    answers(&bot, "merge 2 into 1", &["#2 is now part of #1."]).await;
    answers(&bot, "merge 1 into 1", &["1 and 1 are the same incident."]).await;
    answers(&bot, "split vm/web from 1", &["vm/web is now incident #3."]).await;
    answers(&bot, "split vm/x from 1", &["Nothing in #1 is at or below vm/x."]).await;
    answers(&bot, "clear 1", &["#1 is not stuck"]).await;
    answers(&bot, "silence for 1h", &["Name a target"]).await;
    let quiet = bot.says_in_thread(1, "silence for 1h").await;
    assert!(quiet.contains("vm/db and all below it are silent"), "in a thread it is the thread's: {quiet}");
    bot.pass(secs(1)).await;
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_is_not_understood_gets_the_nearest_command_or_the_way_to_help() {
    let lab = lab();
    let bot = lab.start().await;
    answers(&bot, "statsu", &["I don't know `statsu`.", "Did you mean `status`?"]).await;
    answers(&bot, "incidents foo", &["Usage: incidents [all]"]).await;
    answers(&bot, "approve", &["Usage: approve N"]).await;
    answers(&bot, "silence nas for ever", &["Usage: silence [TARGET] for DURATION"]).await;
    answers(&bot, "why is the web so slow today", &["`help` lists"]).await;
    answers(&bot, "`approve 1`", &["Text in quotes and backticks doesn't count."]).await;
    bot.end().await;
}

#[tokio::test]
async fn an_answer_goes_to_whoever_asked_and_not_to_the_others() {
    let lab = lab();
    let telegram = lab.also_on("telegram");
    let bot = lab.start().await;
    assert!(bot.says_as("sam", false, "status").await.contains("All is well"));
    assert!(lab.chat.take_answer("alex").is_none());
    assert!(telegram.take_answer("sam").is_none());
    bot.end().await;
}
