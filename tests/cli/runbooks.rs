//! `steward runbook plan`.

use serde_json::json;

use crate::past;
use crate::place::Place;
use crate::shape::{documented, shape};

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
checks:
  before: [{ name: network-is-up, run: [systemctl, is-active, --quiet, network-online.target] }]
  always: [{ name: quorum, run: [systemctl, is-active, --quiet, corosync.service] }]
  after: [{ name: told, run: [systemctl, is-active, --quiet, caddy.service] }]
",
    );
}

#[test]
fn a_plan_shows_each_command_with_its_decision_and_what_would_be_asked() {
    let place = Place::configured();
    restart_unit(&place);
    place.run("runbook plan restart-unit --target pve4/unit/nginx.service --label unit=nginx.service").told(
        0,
        &[
            "Before anything begins, these must hold:\n   check    network-is-up = systemctl is-active --quiet network-online.target\n            allow: ",
            "Before and after each step, these must hold:\n   check    quorum = ",
            "After the last step, these must hold:\n   check    told = ",
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
fn a_plan_says_which_check_makes_a_destructive_step_one_to_ask_for() {
    let place = Place::configured();
    place.write(
        "runbooks/drop.yaml",
        "name: drop
title: Drop it
match: { signature: pool-full }
steps: [{ name: drop, run: [journalctl, --vacuum-size=200M], verify: check }]
checks: { before: [{ name: replica, run: [/opt/lab/replica-age], safety: true }] }
",
    );
    place
        .run("runbook plan drop --target tank")
        .told(0, &["safety   replica (asked again right before what destroys) = /opt/lab/replica-age\n            approve: "]);
    let check = place.json("runbook plan drop --target tank --json")["checks"][0].clone();
    assert_eq!((&check["when"], &check["safety"]), (&json!("before"), &json!(true)));
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
