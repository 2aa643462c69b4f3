//! Edits of what the operator wrote: picked up, refused whole when broken, and remembered as changes.

use super::support::{Lab, min, secs};

const RUNBOOK: &str = "name: restart\ntitle: Restart it\nmatch: { signature: unit-failed }\nsteps:\n  - name: restart\n    run: [systemctl, restart, web.service]\n    verify: check\n";

fn lab() -> Lab {
    let lab = Lab::new("");
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab.host.command("systemctl restart web.service", &["vm/web"], 0);
    lab
}

#[tokio::test]
async fn a_new_skill_is_in_force_after_reload_and_is_tried_at_once() {
    let lab = lab();
    let bot = lab.start().await;
    lab.skill("nas", "0 * * * *", &["nas"]);
    let answer = bot.says("reload").await;
    assert!(
        answer.contains("Reloaded, because alex asked: 2 skills and 0 runbooks are in force"),
        "{answer}"
    );
    assert!(answer.contains("added nas"), "{answer}");
    bot.settle().await;
    assert_eq!(lab.host.runs("nas"), 1);
    lab.host.break_("nas/disk", "smart");
    bot.pass(min(61)).await;
    assert!(lab.chat.thread(1).contains("nas/disk has smart"));
    bot.end().await;
}

#[tokio::test]
async fn an_edit_is_seen_without_anybody_saying_so() {
    let lab = lab();
    lab.look_for_edits_every(secs(5));
    let bot = lab.start().await;
    lab.skill("nas", "0 * * * *", &["nas"]);
    bot.pass(secs(6)).await;
    let notice = lab.chat.take_notice().unwrap();
    assert!(notice.contains("Reloaded, because an edit was seen: 2 skills"), "{notice}");
    assert_eq!(lab.host.runs("nas"), 1);
    bot.pass(min(1)).await;
    assert!(lab.chat.take_notice().is_none(), "one edit, one notice");
    bot.end().await;
}

#[tokio::test]
async fn a_broken_version_is_refused_whole_and_told_and_the_old_one_stays_in_force() {
    let lab = lab();
    lab.look_for_edits_every(secs(5));
    lab.write("runbooks/restart.yaml", RUNBOOK);
    let bot = lab.start().await;
    lab.write("runbooks/restart.yaml", &RUNBOOK.replace("steps:", "stepps:"));
    lab.skill("nas", "0 * * * *", &["nas"]);
    bot.pass(secs(6)).await;
    let notice = lab.chat.take_notice().unwrap();
    assert!(notice.contains("Not reloaded"), "{notice}");
    assert!(notice.contains("restart.yaml:4") && notice.contains("stepps"), "{notice}");
    assert_eq!(lab.host.runs("nas"), 0, "whole: not the good half either");
    bot.pass(min(1)).await;
    assert!(lab.chat.take_notice().is_none(), "a refusal is told once");

    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(5)).await;
    assert_eq!(lab.host.ran(), ["systemctl restart web.service"], "the old one still works");
    lab.write("runbooks/restart.yaml", RUNBOOK);
    bot.pass(secs(6)).await;
    assert!(lab.chat.take_notice().unwrap().contains("Reloaded"));
    assert_eq!(lab.host.runs("nas"), 1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn every_kind_of_file_is_refused_with_its_place() {
    let broken = [
        ("skills/nas", "#!/bin/sh\n#: schedule = \"61 * * * *\"\n", "nas"),
        ("topology.yaml", "targets:\n  a: { depends_on: [b] }\n", "topology.yaml:2"),
        ("topology.yaml", "targets:\n  a: { depends_on: [b] }\n  b: { depends_on: [a] }\n", "topology.yaml"),
        ("policy.yaml", "rules:\n  - name: x\n", "policy.yaml"),
        ("config.toml", "autonomy = \"mad\"\n", "config.toml:1"),
    ];
    for (file, text, place) in broken {
        let lab = lab();
        let bot = lab.start().await;
        lab.write(file, text);
        let answer = bot.says("reload").await;
        assert!(answer.contains("Not reloaded"), "{file}: {answer}");
        assert!(answer.contains(place), "{file}: {answer}");
        bot.pass(min(6)).await;
        assert_eq!(lab.host.runs("look"), 2, "what was in force goes on");
        bot.end().await;
    }
}

#[tokio::test]
async fn a_runbook_that_comes_while_an_incident_waits_repairs_it() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(6)).await;
    assert!(lab.chat.field(1, "Next").contains("no runbook fits"));
    lab.write("runbooks/restart.yaml", RUNBOOK);
    bot.says("reload").await;
    bot.pass(secs(1)).await;
    assert_eq!(lab.host.ran(), ["systemctl restart web.service"]);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_rule_that_makes_a_question_needless_answers_it() {
    let lab = lab();
    lab.write(
        "runbooks/kick.yaml",
        &RUNBOOK
            .replace("name: restart\ntitle", "name: kick\ntitle")
            .replace("[systemctl, restart, web.service]", "[kickctl, web]"),
    );
    lab.host.command("kickctl web", &["vm/web"], 0);
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(6)).await;
    let story = lab.chat.thread(1);
    assert!(story.contains("Why I ask: no rule matches"), "{story}");
    lab.write(
        "policy.yaml",
        "rules:\n  - name: kick\n    why: kicks a worker that starts again by itself\n    pattern: [kickctl, web]\n    effect: restorative\n    blast_radius: target\n    match: [kickctl web]\n    not_match: [kickctl db]\n",
    );
    bot.says("reload").await;
    bot.pass(secs(1)).await;
    assert_eq!(lab.host.ran(), ["kickctl web"]);
    assert!(lab.chat.thread(1).contains("Approval 1 is withdrawn: it needs no yes any more."));
    bot.end_quietly().await;
}

#[tokio::test]
async fn edits_are_changes_that_may_have_been_the_cause() {
    let lab = lab();
    let bot = lab.start().await;
    bot.pass(min(10)).await;
    lab.write("runbooks/restart.yaml", RUNBOOK);
    lab.skill("nas", "0 * * * *", &["nas"]);
    bot.says("reload").await;
    std::fs::remove_file(lab.path().join("skills/nas")).unwrap();
    bot.pass(min(1)).await;
    bot.says("reload").await;
    let changes = bot.says("what changed?").await;
    for line in ["added restart.yaml", "added nas", "removed nas"] {
        assert!(changes.contains(line), "{line}: {changes}");
    }
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(5)).await;
    let after = bot.says("what changed since 08:12?").await;
    assert!(
        after.contains("systemctl restart web.service (runbook restart)"),
        "its own actions too: {after}"
    );
    assert!(!after.contains("added nas"), "{after}");
    assert!(bot.says("what changed? on nas").await.contains("Nothing that I know of changed on nas"));
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_edit_made_while_steward_was_down_is_a_change_too() {
    let lab = lab();
    lab.start().await.stop().await;
    lab.write("runbooks/restart.yaml", RUNBOOK);
    let bot = lab.start().await;
    bot.pass(secs(1)).await;
    let changes = bot.says("what changed?").await;
    assert!(changes.contains("added restart.yaml"), "{changes}");
    bot.end().await;
}

#[tokio::test]
async fn settings_that_wait_for_the_next_start_are_said_to() {
    let lab = lab();
    let bot = lab.start().await;
    lab.append("config.toml", "\n[incidents]\nhold = \"9m\"\n");
    let answer = bot.says("reload").await;
    assert!(answer.contains("the rest waits for the next start"), "{answer}");
    bot.end().await;
}

#[tokio::test]
async fn a_skill_that_is_removed_runs_no_more_even_if_it_was_running() {
    let lab = lab();
    lab.skill("nas", "*/5 * * * *", &["nas"]);
    let bot = lab.start().await;
    lab.host.hang("nas");
    bot.pass(min(5)).await;
    let before = lab.host.runs("nas");
    std::fs::remove_file(lab.path().join("skills/nas")).unwrap();
    bot.says_into_the_void("reload").await;
    lab.host.release();
    bot.pass(min(20)).await;
    assert_eq!(lab.host.runs("nas"), before);
    assert!(lab.chat.take_answer("alex").unwrap().contains("1 skill"));
    assert!(bot.says("run nas").await.contains("There is no skill nas"));
    bot.end().await;
}
