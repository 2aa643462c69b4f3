//! The command line, by the real binary in folders of its own.

#[path = "cli/past.rs"]
mod past;
#[path = "cli/place.rs"]
mod place;
#[path = "cli/shape.rs"]
mod shape;

use std::fs::File;
use std::process::Stdio;

use chrono::TimeDelta;
use place::{Place, Said};
use serde_json::json;
use shape::{documented, shape};

const HEALTHY: &str =
    "#!/bin/sh\n#: schedule = \"*/5 * * * *\"\n#: targets = [\"nas\"]\n#: params = { POOL = \"tank\" }\n";

/// A skill that reports something of everything that a report can hold.
fn pool_health(place: &Place) {
    let report = "cat <<END\nSTATUS:PROBLEM\nsignature: pool-degraded\nsummary: the pool $POOL is degraded\nimpact: no redundancy\npool: $POOL\nmetric: zfs_bad_disks{pool=\"$POOL\"} 1\n\n  sda FAULTED\nEND\n";
    place.write("skills/pool-health", &format!("{HEALTHY}{report}"));
}

/// A runbook of an operator's own, with every part that a step can have but an undo.
fn restart_unit(place: &Place) {
    place.write(
        "runbooks/restart-unit.yaml",
        "name: restart-unit
title: Restart it
match: { skill: systemd-units, labels: { unit: \"*.service\", kind: daemon } }
steps:
  - name: restart
    capture: { restarts: [systemctl, show, -p, NRestarts, \"{{ labels.unit }}\"] }
    run: [systemctl, restart, \"{{ labels.unit }}\"]
    verify: [systemctl, is-active, --quiet, \"{{ labels.unit }}\"]
",
    );
}

#[test]
fn a_folder_with_nothing_in_it_checks_out_and_says_what_was_looked_at_and_what_would_ask() {
    let place = Place::empty();
    let said = place.run("check");
    said.told(0, &["No problems.", "the defaults; there is no file", "all shipped"]);
    said.told(0, &["vacuum-journal, step `vacuum`, run: journalctl --vacuum-size=200M\n    asks first: it can't be taken back"]);
    assert!(!place.state().exists(), "looking made a state folder");
}

#[test]
fn every_problem_of_every_file_is_told_at_once_with_its_line_and_what_to_do() {
    let place = Place::configured();
    place.write("config.toml", "host = \"pve4\"\n[incidents]\nsettle = \"30\"\n[skills]\ndisbled = []\n");
    place.write(
        "skills/odd",
        "#!/bin/sh\n#: schedule = \"61 * * * *\"\n#: targets = [\"nas\"]\n#: timout = \"1s\"\n",
    );
    place.write(
        "runbooks/fix.yaml",
        "name: fix\ntitle: Fix it\nmatch: { signature: broken }\nsteps:\n  - name: go\n    run: [systemctl, restart, \"{{ lables.unit }}\"]\n",
    );
    place.write("topology.yaml", "targets:\n  a: { depends_on: [bb] }\n");
    place.write(
        "policy.yaml",
        "rules:\n  - name: own-x\n    why: because\n    pattern: [x]\n    effect: reed\n    match: [[x]]\n    not_match: [[y]]\n",
    );
    let said = place.run("check");
    said.told(1, &["7 problems"]);
    for (line, hint) in [
        ("config.toml:3: [incidents] settle: \"30\" is no duration", "write \"30s\""),
        ("config.toml:5: [skills] disbled: no such key here", "did you mean `disabled`?"),
        ("skills/odd:2: schedule: minute: \"61\" is not a minute", "allowed are 0 to 59"),
        ("skills/odd:4: timout: there is no such key", "did you mean `timeout`?"),
        ("runbooks/fix.yaml:6: steps[0].run: nothing is called `{{ lables.unit }}` here", "there is target"),
        ("topology.yaml:2: targets.a.depends_on[0]: `bb` is not among the targets", "add `bb: {}`"),
        ("policy.yaml:5: rule own-x: effect: ", "docs/policy.md"),
    ] {
        let at = said.out.lines().position(|told| told.contains(line));
        let below =
            said.out.lines().nth(at.unwrap_or_else(|| panic!("{line:?} is not in\n{}", said.out)) + 1);
        assert!(below.unwrap().trim().starts_with(hint), "{line:?} has the hint {below:?}");
    }
}

#[test]
fn a_topology_that_goes_in_a_circle_is_told_with_its_path() {
    let place = Place::configured();
    place.write("topology.yaml", "targets:\n  a: { depends_on: [b] }\n  b: { depends_on: [a] }\n");
    place.run("check").told(1, &["topology.yaml:2: targets.a: a depends on itself: a → b → a"]);
}

#[test]
fn a_step_that_nobody_verifies_and_one_that_nobody_can_take_back_are_problems() {
    let place = Place::configured();
    place.write(
        "runbooks/fix.yaml",
        "name: fix\ntitle: Fix it\nmatch: { signature: broken }\nsteps:\n  - name: go\n    run: [systemctl, restart, nginx.service]\n  - name: halt\n    run: [systemctl, stop, nginx.service]\n    verify: check\n",
    );
    place.run("check").told(
        1,
        &[
            "runbooks/fix.yaml:5: steps[0]: step `go` changes something and has no `verify`\n    say how",
            "runbooks/fix.yaml:7: steps[1]: step `halt` is judged reversible and has no `undo`\n    add `undo:`",
        ],
    );
}

#[test]
fn the_rule_that_a_runbook_lacks_is_printed_and_taken_as_it_was_printed() {
    let place = Place::configured();
    place.write(
        "runbooks/fix.yaml",
        "name: fix\ntitle: Fix it\nmatch: { signature: broken }\nsteps:\n  - name: go\n    run: [/opt/lab/bin/fix, --all, \"{{ target.name }}\"]\n    verify: check\n",
    );
    let said = place.run("check");
    said.told(
        0,
        &["fix, step `go`, run: /opt/lab/bin/fix --all example\n    asks first: no rule matches; add one:\n"],
    );
    let (_, rest) = said.out.split_once("/opt/lab/bin/fix --all example\n").unwrap();
    let rule: String =
        rest.lines().skip(1).take_while(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect();
    place.write("policy.yaml", &rule.replace("      rules:", "rules:").replace("\n      ", "\n"));
    let said = place.run("check");
    said.told(
        0,
        &[
            "1 of your own",
            "fix, step `go`, run: /opt/lab/bin/fix --all example\n    asks first: it can't be taken back",
        ],
    );
}

#[test]
fn a_configuration_that_was_named_and_is_not_there_is_a_problem_and_not_the_defaults() {
    let place = Place::empty();
    place.run("--config nope.toml check").told(1, &["nope.toml: can't be read"]);
    place.run("--config nope.toml skill list").failed(
        1,
        &[
            "error: the configuration has a problem\n    nope.toml: can't be read",
            "  do: mend that; `steward check`",
        ],
    );
}

#[test]
fn skills_are_listed_and_their_secrets_are_not() {
    let place = Place::configured();
    pool_health(&place);
    place.write("config.toml", "host = \"pve4\"\n[paths]\nshipped_skills = false\n[skills.params]\npool-health = { POOL = \"env:POOL_NAME\" }\n");
    let with_secret =
        |line: &str| Said::of(&place.command(line).env("POOL_NAME", "hunter2").output().unwrap());
    let said = with_secret("skill list");
    said.told(0, &["pool-health", "own", "*/5 * * * *", "nas"]);
    let said = with_secret("skill list --json");
    said.told(0, &["\"POOL\": \"env:POOL_NAME\""]);
    assert!(!said.out.contains("hunter2"));
}

#[test]
fn a_skill_that_keeps_its_contract_succeeds_whatever_it_found() {
    let place = Place::configured();
    pool_health(&place);
    place.run("skill run pool-health").told(
        0,
        &[
            "pool-health kept its contract",
            "PROBLEM  nas pool-degraded (error)\n  the pool tank is degraded\n  impact: no redundancy\n  pool: tank\n    sda FAULTED",
            "zfs_bad_disks{pool=\"tank\"} 1",
        ],
    );
    let document = place.json("skill run ./skills/pool-health --json");
    assert_eq!(
        (&document["result"], &document["complete"], &document["exit"]),
        (&json!("report"), &json!(true), &json!(0))
    );
    assert!(!place.state().exists(), "a run by hand left something in the state folder");
}

#[test]
fn a_skill_that_breaks_its_contract_fails_with_the_line_of_its_output_and_what_to_do() {
    let place = Place::configured();
    place.write("skills/odd", &format!("{HEALTHY}echo STATUS:OK\necho oops >&2\necho not a header\n"));
    let said = place.run("skill run odd");
    said.told(
        1,
        &[
            "odd did not keep its contract",
            "line 2 of the output: \"not a header\" is not a header\n    write `key: value`",
            "It wrote to standard error:\n  oops",
        ],
    );
    let said = place.run("skill run odd --json");
    said.told(1, &["\"result\": \"failed\"", "\"findings\": []"]);
}

#[test]
fn a_skill_that_somebody_is_writing_can_be_run_from_anywhere_and_its_head_is_checked() {
    let place = Place::configured();
    place.write("elsewhere/mine", &format!("{HEALTHY}echo STATUS:OK\n"));
    place.run("skill run elsewhere/mine").told(0, &["mine kept its contract", "OK  nas"]);
    place.write("elsewhere/mine", &format!("{HEALTHY}#: timout = 3\necho STATUS:OK\n"));
    place
        .run("skill run elsewhere/mine")
        .failed(1, &["elsewhere/mine:5: timout: there is no such key; did you mean `timeout`?"]);
    place.write("elsewhere/plain", "echo STATUS:OK\n");
    place.run("skill run elsewhere/plain").failed(1, &["does not say what runs it", "#!/usr/bin/env bash"]);
    place.run("skill run elsewhere/none").failed(1, &["elsewhere/none can't be read"]);
}

#[test]
fn a_shipped_skill_runs_before_steward_ever_has_and_leaves_nothing() {
    let place = Place::empty();
    place.run("skill run memory-pressure").told(0, &["memory-pressure kept its contract"]);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_name_that_is_nearly_right_is_answered_with_the_right_one() {
    let place = Place::empty();
    place
        .run("skill run disk-sapce")
        .failed(1, &["error: there is no skill `disk-sapce`\n  do: did you mean `disk-space`?"]);
    place
        .run("runbook plan vacuum-jurnal --target a")
        .failed(1, &["error: there is no runbook `vacuum-jurnal`\n  do: did you mean `vacuum-journal`?"]);
    place
        .run("--log-level debgu skill list")
        .failed(2, &["\"debgu\" is no log level\n  do: did you mean `debug`?"]);
}

#[test]
fn a_plan_shows_each_command_with_its_decision_and_what_would_be_asked() {
    let place = Place::configured();
    restart_unit(&place);
    place.run("runbook plan restart-unit --target pve4/unit/nginx.service --label unit=nginx.service").told(
        0,
        &[
            "capture  restarts = systemctl show -p NRestarts nginx.service\n            allow: ",
            "run      systemctl restart nginx.service\n            allow: ",
            "verify   systemctl is-active --quiet nginx.service\n            allow: ",
            "Altogether: it would run by itself",
            "Nothing was run.",
        ],
    );
    place.run("runbook plan vacuum-journal --target pve4/disk/root").told(
        0,
        &[
            "run      journalctl --vacuum-size=200M\n            approve: it can't be taken back",
            "Altogether: it would ask first",
            "  - journalctl --vacuum-size=200M: it can't be taken back",
        ],
    );
}

#[test]
fn a_plan_under_the_autonomy_to_propose_asks_for_what_it_would_do_by_itself_otherwise() {
    let place = Place::configured();
    restart_unit(&place);
    place.write("config.toml", "host = \"pve4\"\nautonomy = \"propose\"\n");
    let line = "runbook plan restart-unit --target a --label unit=nginx.service --json";
    let document = place.json(line);
    assert_eq!(document["decision"], "approve");
    let decisions: Vec<_> = document["steps"][0]["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (&c["part"], &c["decision"]))
        .collect();
    assert_eq!(
        decisions
            .iter()
            .map(|(part, decision)| (part.as_str().unwrap(), decision.as_str().unwrap()))
            .collect::<Vec<_>>(),
        [("capture", "allow"), ("run", "approve"), ("verify", "allow")]
    );
}

#[test]
fn a_value_that_nobody_knows_is_asked_for_by_its_flag() {
    let place = Place::configured();
    restart_unit(&place);
    place
        .run("runbook plan restart-unit --target a")
        .failed(1, &["needs a value for `{{ labels.unit }}`", "  do: add --label unit=NAME.service"]);
    place.run("runbook plan restart-unit --target a --label unit=--now").failed(1, &["would read as a flag"]);
    place.run("runbook plan restart-unit --target a --label unit").failed(2, &["write KEY=VALUE"]);
}

#[tokio::test]
async fn a_plan_takes_its_values_from_what_was_last_reported_of_the_target() {
    let place = Place::configured();
    restart_unit(&place);
    let _running = past::write(&place.state(), past::now()).await;
    let line = "runbook plan restart-unit --target pve4/unit/nginx.service";
    place.run(line).told(0, &["as skill:systemd-units reported it", "systemctl restart nginx.service"]);
    let document = place.json(&format!("{line} --json"));
    assert_eq!((&document["values_from"], &document["fits"]), (&json!("stored_signal"), &json!(true)));
    assert_eq!(shape(&document), shape(&documented("runbook plan NAME --target T --json")));
    let document = place.json(&format!("{line} --label unit=caddy.service --json"));
    assert_eq!(document["steps"][0]["commands"][1]["argv"], json!(["systemctl", "restart", "caddy.service"]));
}

#[test]
fn without_a_database_the_past_is_said_to_be_missing_and_where() {
    let place = Place::empty();
    for line in ["incident list", "incident list --json", "incident show 3", "changes"] {
        place.run(line).failed(
            1,
            &[
                "error: there is no ",
                "state/steward.db\n",
                "  it means: Steward has not run with this state directory yet\n  do: ",
            ],
        );
    }
    place.run("--state-dir elsewhere incident list").failed(1, &["elsewhere/steward.db"]);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "looking made something");
}

#[test]
fn a_database_that_is_none_is_told_and_left_as_it_is() {
    let place = Place::empty();
    let path = place.write("state/steward.db", &"not a database ".repeat(1000));
    let before = std::fs::read(&path).unwrap();
    place
        .run("incident list")
        .failed(1, &["steward.db is damaged or no SQLite database", "nothing was overwritten", "  do: "]);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn incidents_are_listed_while_steward_runs_and_the_closed_ones_only_when_asked_for() {
    let place = Place::configured();
    let _running = past::write(&place.state(), past::now()).await;
    let said = place.run("incident list");
    said.told(0, &["#3", "mitigated, taken on", "2026-11-20 23:59", "lab/store", "store does not answer"]);
    assert!(!said.out.contains("#2"));
    place.run("incident list --all").told(0, &["#3", "#2", "closed"]);
    let numbers = |line: &str| {
        let document = place.json(line);
        let list = document["incidents"].as_array().unwrap();
        list.iter().map(|incident| incident["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("incident list --json"), [3]);
    assert_eq!(numbers("incident list --all --json"), [3, 2]);
}

#[tokio::test]
async fn an_incident_reads_as_a_story_in_the_labs_time_with_its_evidence_at_the_end() {
    let place = Place::configured();
    let _running = past::write(&place.state(), past::now()).await;
    let by_number = place.run("incident show 3");
    by_number.told(0, &["#3 lab/store: store does not answer", "Impact", "Tried", "restart-store: worked"]);
    let story = [
        "Friday, 2026-11-20",
        "23:59:30 seen   store does not answer (lab/store down, reported by skill:lab-services)",
        "Saturday, 2026-11-21",
        "00:00:00 seen   Also: api answers 503 (lab/api down). lab/api needs lab/store",
        "00:00:30 change Suspect change: \"move the store's data\" by ann (git:homelab 3f1c0ffee012)",
        "00:01:00 repair Repairing: Restart the store",
        "00:02:30 good   restart-store worked",
        "Evidence of lab/store down, 23:59:30\n  connect: connection refused\n  after 2 s",
        "Evidence of lab/api down, 00:00:00\n  HTTP 503",
    ];
    let mut rest = by_number.out.as_str();
    for part in story {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("{part:?} is missing or out of order in\n{}", by_number.out));
        rest = &rest[at + part.len()..];
    }
    for id in ["#3", past::THIRD] {
        assert_eq!(place.run(&format!("incident show {id}")).out, by_number.out, "{id}");
    }
    place.run("incident show 2").told(0, &["calm   Closed."]);
    place
        .run("incident show 9")
        .failed(1, &["error: there is no incident #9", "  do: `steward incident list --all`"]);
    place.run("incident show nas").failed(2, &["\"nas\" is no incident"]);
}

#[tokio::test]
async fn changes_are_told_newest_first_and_for_a_target_the_likeliest_first() {
    let place = Place::configured();
    place.write(
        "topology.yaml",
        "targets:\n  lab/api: { depends_on: [lab/store] }\n  lab/store:\n  lab/web:\n",
    );
    let _running = past::write(&place.state(), past::now()).await;
    let ids = |line: &str| {
        let document = place.json(line);
        let list = document["changes"].as_array().unwrap();
        list.iter().map(|change| change["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("changes --json"), ["x1", "x2"]);
    assert_eq!(ids("changes --since 10m --json"), ["x1"]);
    assert_eq!(ids("changes --since 3d --json"), ["x1", "x2", "x3"]);
    assert_eq!(ids("changes --target lab/api --since 3d --json"), ["x2", "x3"]);
    place.run("changes --target lab/api").told(
        0,
        &[
            "1 change since",
            "that may have touched lab/api",
            "restarted lab/store",
            "files   a, b, c, and 1 more",
            "1 more touched something else",
        ],
    );
    let nonsense =
        Said::of(&place.command("changes --since").arg("the day after tomorrow").output().unwrap());
    nonsense.failed(2, &["is no moment in the past", "yesterday 14:00"]);
}

#[test]
#[ignore = "the binary hands over no sources of changes yet"]
fn commits_of_a_configured_repository_are_changes_before_steward_ever_ran() {
    let place = Place::configured();
    let git = |line: &[&str]| {
        let settings = ["-c", "user.name=Ann", "-c", "user.email=ann@lab", "-c", "commit.gpgsign=false"];
        let mut command = std::process::Command::new("git");
        let output =
            command.args(settings).args(line).current_dir(place.path().join("repo")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    place.write("repo/store.toml", "data = 1\n");
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "move the \u{1b}[31mdata"]);
    place.write(
        "config.toml",
        "host = \"pve4\"\n[[changes.git]]\nname = \"homelab\"\npath = \"repo\"\ntargets = [{ pattern = \"{name}.toml\", targets = [\"lab/{name}\"] }]\n",
    );
    place.run("changes --target lab/store").told(
        0,
        &[
            "1 change since",
            "move the data  by Ann",
            "git:homelab",
            "touches lab/store",
            "Steward's own record: it has not run",
        ],
    );
}

#[tokio::test]
async fn every_document_has_the_keys_that_the_documentation_shows() {
    let place = Place::configured();
    pool_health(&place);
    place.write("config.toml", "host = \"pve4\"\n[paths]\nshipped_skills = false\n[[changes.git]]\nname = \"other\"\npath = \"absent\"\n");
    let _running = past::write(&place.state(), past::now() - TimeDelta::minutes(1)).await;
    for (line, documented_as) in [
        ("skill list --json", "skill list --json"),
        ("skill run pool-health --json", "skill run NAME --json"),
        ("runbook list --json", "runbook list --json"),
        ("incident list --json", "incident list --json"),
        ("incident show 3 --json", "incident show ID --json"),
        ("changes --target lab/store --json", "changes --json"),
    ] {
        let document = place.json(line);
        assert_eq!(shape(&document), shape(&documented(documented_as)), "{line}");
        assert!(place.run(line).out.ends_with("}\n"), "{line}: one document and a line end");
    }
}

#[tokio::test]
async fn times_in_documents_are_utc_with_milliseconds() {
    let place = Place::configured();
    let _running = past::write(&place.state(), past::now()).await;
    let incident = &place.json("incident list --json")["incidents"][0];
    assert_eq!(incident["opened_at"], "2026-11-20T22:59:30.000Z");
}

#[test]
fn a_reader_that_stops_early_is_no_failure_and_a_full_disk_is_one() {
    let place = Place::empty();
    for line in ["skill list", "skill list --json", "check"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = place.command(line).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{line}");
    }
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = place.command("skill list").stdout(full).stderr(Stdio::piped()).output().unwrap();
    let said = Said::of(&output);
    said.failed(1, &["error: the output could not be written: No space left on device"]);
}

#[test]
fn what_is_typed_wrongly_ends_with_two() {
    let place = Place::empty();
    for line in
        ["frobnicate", "skill", "runbook plan x", "runbook plan x --target a//b", "--log-format xml check"]
    {
        let said = place.run(line);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{line}");
        assert!(!said.err.is_empty(), "{line}");
    }
}
