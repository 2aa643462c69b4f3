//! `steward skill list` and `steward skill run`.

use std::process::Stdio;

use serde_json::json;

use crate::place::{Place, Said};

const HEALTHY: &str =
    "#!/bin/sh\n#: schedule = \"*/5 * * * *\"\n#: targets = [\"nas\"]\n#: params = { POOL = \"tank\" }\n";

/// A skill that reports something of everything that a report can hold.
pub(crate) fn pool_health(place: &Place) {
    let report = "cat <<END\nSTATUS:PROBLEM\nsignature: pool-degraded\nsummary: the pool $POOL is degraded\nimpact: no redundancy\npool: $POOL\nmetric: zfs_bad_disks{pool=\"$POOL\"} 1\n\n  sda FAULTED\nEND\n";
    place.write("skills/pool-health", &format!("{HEALTHY}{report}"));
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
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &document["result"], &document["stderr"]), (1, &json!("failed"), &json!("oops")));
    assert!(document["why"].as_str().unwrap().starts_with("line 2 of the output: "), "{document}");
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
fn ctrl_c_ends_a_skill_with_all_that_it_started() {
    let place = Place::empty();
    let pipe = place.path().join("pids");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let script = format!("sleep 1000 & echo $$ $! > {}\nwait\n", pipe.display());
    place.write("slow", &format!("{HEALTHY}{script}"));
    let steward =
        place.command("skill run ./slow").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pids = std::fs::read_to_string(&pipe).unwrap();
    let pid = steward.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let said = Said::of(&steward.wait_with_output().unwrap());
    said.told(130, &["slow was called off"]);
    let is_alive = |pid: &str| {
        // A process that ended and was not fetched yet is a zombie, and does nothing any more.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
    };
    assert_eq!(pids.split_whitespace().filter(|pid| is_alive(pid)).count(), 0, "{pids}");
}

#[test]
fn a_shipped_skill_runs_before_steward_ever_has_and_leaves_nothing() {
    let place = Place::empty();
    place.run("skill run memory-pressure").told(0, &["memory-pressure kept its contract"]);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}
