//! Skills: when they run, and what a run that went wrong does and does not mean.

use super::support::{Bot, Lab, min, secs};

fn lab_with(settings: &str) -> Lab {
    let lab = Lab::new(settings);
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab
}

fn lab() -> Lab {
    lab_with("")
}

async fn hours(bot: &Bot<'_>, hours: u64) {
    bot.pass(min(60 * hours)).await;
}

/// With a broken web server that is known.
async fn known_problem(lab: &Lab) -> Bot<'_> {
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(6)).await;
    assert!(lab.chat.thread(1).contains("vm/web has unit-failed"));
    bot
}

#[tokio::test]
async fn a_run_that_goes_wrong_says_nothing_about_its_targets() {
    let wrong: [(&str, i32, &str); 7] = [
        ("empty", 0, ""),
        ("chatter", 0, "all fine here\n"),
        ("half written", 0, "STATUS:OK\ntarget: vm/web\n\nlog\nSTATUS:"),
        ("a target that is not its own", 0, "STATUS:PROBLEM\ntarget: nas/disk\nsummary: x\n"),
        ("a crash", 1, ""),
        ("a crash after OK", 139, "STATUS:OK\n"),
        ("an unknown status", 0, "STATUS:FINE\n"),
    ];
    for (what, exit, output) in wrong {
        let lab = lab();
        let bot = known_problem(&lab).await;
        lab.host.skill_says("look", exit, output);
        bot.pass(min(5)).await;
        assert!(bot.says("status").await.contains("Broken now: vm/web unit-failed"), "{what} is no recovery");
        assert_eq!(lab.chat.field(1, "State"), "open", "{what}");
        assert_eq!(lab.chat.news(1), [""; 0], "{what}");
        assert!(!lab.chat.has_root(2), "{what} once is no incident of the skill");
        bot.forgive_log("a skill did not do its job");
        bot.end().await;
    }
}

#[tokio::test]
async fn a_skill_that_runs_out_of_time_says_nothing_about_its_targets() {
    let lab = lab();
    let bot = known_problem(&lab).await;
    lab.host.mend("vm/web");
    lab.host.times_out("look");
    bot.pass(min(5)).await;
    assert_eq!(lab.chat.field(1, "State"), "open");
    bot.expect_log("a skill did not do its job");
    bot.end().await;
}

#[tokio::test]
async fn what_cannot_be_checked_leaves_what_is_known_and_is_named_in_status() {
    let lab = lab();
    let bot = known_problem(&lab).await;
    lab.host.skill_says("look", 0, "STATUS:UNKNOWN\ntarget: vm\nsummary: systemctl is not installed\n");
    bot.pass(min(30)).await;
    assert_eq!(lab.chat.field(1, "State"), "open", "unknown is not fine");
    let status = bot.says("status").await;
    assert!(
        status.contains("Could not check: look (since 11-21 08:10): vm: systemctl is not installed"),
        "{status}"
    );
    assert!(!lab.chat.has_root(2), "a tool that is missing is no incident");
    lab.host.skill_works("look");
    bot.pass(min(5)).await;
    assert!(!bot.says("status").await.contains("Could not check"));
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_incomplete_report_recovers_only_what_it_calls_fine_by_name() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    lab.host.break_("vm/db", "unit-failed");
    bot.pass(min(6)).await;
    let both = "STATUS:OK\ntarget: vm/web\n\nSTATUS:UNKNOWN\ntarget: vm/db\nsummary: no right to look\n";
    lab.host.skill_says("look", 0, both);
    bot.pass(min(5)).await;
    let broken = bot.says("status").await;
    assert!(broken.contains("Broken now: vm/db unit-failed"), "{broken}");
    assert!(!broken.contains("vm/web unit-failed"), "{broken}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_skill_that_keeps_failing_is_an_incident_of_its_own_and_one_good_run_ends_it() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.skill_says("look", 1, "");
    bot.pass(min(10)).await;
    assert!(!lab.chat.has_root(1), "twice is not often enough");
    bot.pass(min(6)).await;
    assert!(lab.chat.root(1).contains("steward/skill/look"), "{}", lab.chat.root(1));
    let story = lab.chat.thread(1);
    assert!(
        story.contains("the skill look has failed 3 times in a row; what it watches is unwatched"),
        "{story}"
    );
    bot.pass(min(60)).await;
    assert_eq!(lab.chat.calls(), 0, "nobody is called for it");
    lab.host.skill_works("look");
    bot.pass(min(10)).await;
    assert_eq!(lab.chat.field(1, "State"), "resolved", "{}", lab.chat.thread(1));
    bot.expect_log("a skill did not do its job");
    bot.end_quietly().await;
}

#[tokio::test]
async fn the_count_of_failures_goes_on_over_a_restart_and_a_good_run_ends_it() {
    let lab = lab();
    lab.host.skill_says("look", 1, "");
    for _ in 0..3 {
        let bot = lab.start().await;
        bot.pass(min(5)).await;
        bot.forgive_log("a skill did not do its job");
        bot.stop().await;
    }
    assert!(lab.chat.has_root(1));
    let lab = self::lab();
    let bot = lab.start().await;
    for _ in 0..3 {
        lab.host.skill_says("look", 1, "");
        bot.pass(min(10)).await;
        lab.host.skill_works("look");
        bot.pass(min(5)).await;
    }
    assert!(!lab.chat.has_root(1), "never three in a row");
    bot.forgive_log("a skill did not do its job");
    bot.end().await;
}

#[tokio::test]
async fn a_failing_skill_that_is_removed_is_nobodys_problem_any_more() {
    let lab = lab();
    lab.skill("other", "*/5 * * * *", &["nas"]);
    let bot = lab.start().await;
    lab.host.skill_says("other", 1, "");
    bot.pass(min(16)).await;
    assert!(lab.chat.root(1).contains("steward/skill/other"));
    std::fs::remove_file(lab.path().join("skills/other")).unwrap();
    bot.says("reload").await;
    bot.pass(min(5)).await;
    assert_eq!(lab.chat.field(1, "State"), "resolved", "{}", lab.chat.thread(1));
    bot.forgive_log("a skill did not do its job");
    bot.end_quietly().await;
}

#[tokio::test]
async fn runs_that_were_missed_are_told_once_and_made_up_for_once() {
    let lab = lab();
    let bot = lab.start().await;
    bot.pass(min(11)).await;
    let before = lab.host.runs("look");
    bot.stop().await;
    lab.clock.jump("2026-11-21T11:12:00Z");
    let bot = lab.start().await;
    bot.pass(secs(30)).await;
    assert_eq!(lab.host.runs("look"), before + 1, "once, and not for every time that was missed");
    let notice = lab.chat.take_notice().unwrap();
    assert!(
        notice.contains("Nothing was watched from about 2026-11-21 08:15 to 2026-11-21 11:12"),
        "{notice}"
    );
    assert!(notice.contains("36 runs of 1 skill were missed"), "{notice}");
    bot.pass(min(10)).await;
    assert_eq!(lab.host.runs("look"), before + 3, "and then as ever");
    bot.end().await;
}

#[tokio::test]
async fn a_machine_that_slept_is_noticed_the_same_way() {
    let lab = lab();
    lab.skill("hourly", "30 * * * *", &["nas"]);
    let bot = lab.start().await;
    bot.pass(min(11)).await;
    let before = lab.host.runs("look");
    lab.clock.jump("2026-11-21T11:12:00Z");
    bot.pass(secs(30)).await;
    assert_eq!(lab.host.runs("look"), before + 1);
    assert_eq!(lab.host.runs("hourly"), 2, "at the start, and now");
    let notice = lab.chat.take_notice().unwrap();
    assert!(notice.contains("of 2 skills were missed"), "{notice}");
    bot.pass(min(30)).await;
    assert_eq!(lab.host.runs("look"), before + 7);
    assert_eq!(lab.host.runs("hourly"), 3);
    bot.end().await;
}

#[tokio::test]
async fn a_short_stop_is_no_gap_and_doubles_no_run() {
    let lab = lab();
    let mut bot = lab.start().await;
    bot.pass(min(5)).await;
    assert_eq!(lab.host.runs("look"), 2);
    for _ in 0..3 {
        bot.stop().await;
        bot = lab.start().await;
        bot.pass(secs(20)).await;
    }
    assert_eq!(lab.host.runs("look"), 2, "it is not due yet");
    bot.pass(min(4)).await;
    assert_eq!(lab.host.runs("look"), 3);
    bot.end().await;
}

#[tokio::test]
async fn a_run_that_a_crash_cut_short_is_made_up_for_at_once() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.hang("look");
    bot.pass(min(5)).await;
    assert_eq!(lab.host.hung(), 1);
    let before = lab.host.runs("look");
    bot.crash().await;
    lab.host.release();
    let bot = lab.start().await;
    bot.pass(secs(1)).await;
    assert_eq!(lab.host.runs("look"), before + 1);
    bot.end().await;
}

#[tokio::test]
async fn no_skill_runs_twice_at_once_and_a_run_that_was_asked_for_meanwhile_comes_after() {
    let lab = lab_with("[skills]\njitter = \"0s\"\n");
    let bot = lab.start().await;
    lab.host.hang("look");
    bot.pass(min(21)).await;
    let before = lab.host.runs("look");
    assert_eq!(lab.host.hung(), 1, "those that were due meanwhile are skipped");
    bot.says_into_the_void("run look").await;
    bot.says_into_the_void("run look").await;
    assert_eq!(lab.host.runs("look"), before);
    lab.host.release();
    bot.settle().await;
    assert_eq!(lab.host.runs("look"), before + 1, "one run answers both");
    for _ in 0..2 {
        assert!(lab.chat.take_answer("alex").unwrap().contains("look reports"));
    }
    bot.end().await;
}

#[tokio::test]
async fn a_skill_runs_when_somebody_asks_and_its_report_counts() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    let answer = bot.says("run look").await;
    assert!(answer.contains("look reports"), "{answer}");
    assert!(answer.contains("PROBLEM") && answer.contains("vm/web has unit-failed"), "{answer}");
    bot.pass(secs(11)).await;
    assert!(lab.chat.thread(1).contains("vm/web has unit-failed"));
    assert!(bot.says("run loook").await.contains("Did you mean `run look`?"));
    lab.host.skill_says("look", 3, "");
    assert!(bot.says("run look").await.contains("look did not do its job"));
    bot.expect_log("a skill did not do its job");
    bot.end().await;
}

#[tokio::test]
async fn in_the_labs_time_zone_a_fixed_hour_runs_once_on_the_days_on_which_the_clocks_change() {
    // The hour from two to three is missing on 29 March 2026 and there twice on 25 October.
    for (start, days, expected) in [("2026-03-27T12:00:00Z", 3, 3), ("2026-10-23T12:00:00Z", 3, 3)] {
        let lab = lab_with("timezone = \"Europe/Berlin\"\n");
        lab.skill("nightly", "30 2 * * *", &["nas"]);
        lab.clock.jump(start);
        let bot = lab.start().await;
        let first = lab.host.runs("nightly");
        for _ in 0..days {
            hours(&bot, 24).await;
        }
        assert_eq!(lab.host.runs("nightly") - first, expected, "from {start}");
        assert!(lab.chat.take_notice().is_none(), "and nothing was missed");
        bot.end().await;
    }
}

#[tokio::test]
async fn a_schedule_of_every_few_minutes_keeps_its_pace_when_the_clocks_change() {
    for start in ["2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z"] {
        let lab = lab_with("timezone = \"Europe/Berlin\"\n");
        lab.clock.jump(start);
        let bot = lab.start().await;
        let first = lab.host.runs("look");
        hours(&bot, 4).await;
        assert_eq!(lab.host.runs("look") - first, 48, "from {start}");
        bot.end().await;
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_an_hour_stops_neither_skills_nor_messages_nor_repairs() {
    let lab = lab();
    lab.write(
        "runbooks/restart.yaml",
        "name: restart\ntitle: Restart it\nmatch: { signature: unit-failed }\nsteps:\n  - name: restart\n    run: [systemctl, restart, web.service]\n    verify: check\n",
    );
    lab.host.command("systemctl restart web.service", &["vm/web"], 0);
    let bot = lab.start().await;
    lab.host.break_("vm/db", "slow");
    bot.pass(min(31)).await;
    lab.clock.jump("2026-11-21T07:31:00Z");
    let before = lab.host.runs("look");
    bot.pass(min(10)).await;
    assert!((2..=3).contains(&(lab.host.runs("look") - before)), "skills go on, and don't storm");
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(10)).await;
    assert_eq!(lab.host.ran(), ["systemctl restart web.service"]);
    assert_eq!(lab.chat.field(2, "State"), "resolved", "{}", lab.chat.thread(2));
    lab.host.mend("vm/db");
    hours(&bot, 2).await;
    assert_eq!(bot.incident(1).await.state.as_str(), "closed", "{}", lab.chat.root(1));
    assert_eq!(lab.chat.calls(), 0);
    assert!(lab.chat.threads()[&1] < 6, "{}", lab.chat.thread(1));
    bot.expect_log("the clock went back");
    bot.end_quietly().await;
}

#[tokio::test]
async fn after_a_start_with_a_clock_that_is_behind_skills_run_as_ever() {
    let lab = lab();
    let bot = lab.start().await;
    bot.pass(min(31)).await;
    bot.stop().await;
    lab.clock.jump("2026-11-20T08:00:00Z");
    let bot = lab.start().await;
    let before = lab.host.runs("look");
    bot.pass(min(30)).await;
    assert!((6..=7).contains(&(lab.host.runs("look") - before)), "{}", lab.host.runs("look") - before);
    bot.end().await;
}

#[tokio::test]
async fn a_secret_that_a_skill_writes_reaches_neither_chat_nor_store() {
    let lab = Lab::new("[skills.params.look]\nTOKEN = \"file:token\"\n");
    lab.write("token", "correct-horse-battery\n");
    lab.skill("look", "*/5 * * * *", &["vm"]);
    let bot = lab.start().await;
    lab.host.break_with(
        "vm/web",
        "http-down",
        "summary: GET /?t=correct-horse-battery failed\n\n  token correct-horse-battery",
    );
    bot.pass(min(6)).await;
    let (root, thread) = (lab.chat.root(1), lab.chat.thread(1));
    assert!(root.contains("GET /?t=‹TOKEN› failed"), "{root}");
    assert!(!thread.contains("correct-horse"), "{thread}");
    bot.end_quietly().await;
    for file in ["steward.db", "steward.db-wal", "metrics.db"] {
        let bytes = std::fs::read(lab.path().join("state").join(file)).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains("correct-horse"), "{file} has the secret");
    }
}
