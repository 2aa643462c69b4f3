//! `steward alerts`: templates, mappings, and what would become of a body.

use steward::domain::alert::Template;

use crate::place::Place;
use crate::shape::{documented, shape};

const CAPTURED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/alerts/alertmanager");

#[test]
fn a_body_is_shown_as_what_it_would_become_and_where_each_part_comes_from() {
    let place = Place::empty();
    let said = place.run(&format!("alerts try alertmanager {CAPTURED}/01_firing_single.json"));
    said.told(
        0,
        &[
            "firing    nas.lan is down",
            "target     nas.lan  (from the labels {instance})",
            "signature  instance-down  (from the alert's name)",
            "severity   critical  (from the label `severity`)",
            "identity   alert:alertmanager#0ba3e3841637a07e  (as the source says)",
            "1 alert. Nothing was done.",
        ],
    );
    let hidden = place.run(&format!("alerts try alertmanager {CAPTURED}/06_firing_truncated.json"));
    hidden.told(0, &["3 alerts, 22 more that the source did not send. Nothing was done."]);
    let unknown = place.run(&format!("alerts try alertmanager {CAPTURED}/08_firing_minimal.json"));
    unknown.told(0, &["unknown/c83608bf8377f3f3", "never repaired automatically"]);
    assert!(!place.state().exists(), "trying made a state folder");
}

#[test]
fn the_json_of_a_body_has_the_documented_shape() {
    let place = Place::empty();
    let line = format!("alerts try alertmanager {CAPTURED}/01_firing_single.json --json");
    assert_eq!(shape(&place.json(&line)), shape(&documented("alerts try SOURCE FILE --json")));
}

#[test]
fn what_would_be_rejected_and_who_is_not_known_is_a_failure() {
    let place = Place::empty();
    place.write("odd.json", "{\"version\":\"1\",\"alerts\":[]}");
    let path = place.path().join("odd.json");
    place
        .run(&format!("alerts try alertmanager {}", path.display()))
        .failed(1, &["format = \"grafana\"", "400"]);
    place
        .run(&format!("alerts try alertmanagr {}", path.display()))
        .failed(1, &["did you mean `alertmanager`?"]);
}

#[test]
fn each_template_is_printed_and_the_list_names_them() {
    let place = Place::empty();
    let list = place.run("alerts template");
    let (names, without) = list.out.split_once("\n\n").unwrap();
    assert!(
        without.contains("notify-failure --unit-template") && without.contains("alerts mapping"),
        "{without}"
    );
    place.run("alerts template systemd").failed(1, &["notify-failure --unit-template"]);
    for name in names.lines() {
        let said = place.run(&format!("alerts template {name}"));
        said.told(0, &["127.0.0.1:9877"]);
        let whole = Template::named(name).unwrap();
        let lines = whole.about.lines().chain(whole.text.trim_end().lines());
        assert_eq!(said.out.lines().collect::<Vec<_>>(), lines.collect::<Vec<_>>(), "{name}");
        let body: String =
            said.out.lines().filter(|line| !line.starts_with('#')).map(|l| format!("{l}\n")).collect();
        match name {
            "healthchecks" | "openobserve" => {
                assert!(said.out.contains(&format!("http://127.0.0.1:9877/alerts/{name}")), "{name}");
                assert!(serde_json::from_str::<serde_json::Value>(&body).unwrap().is_object());
            }
            "alertmanager" | "alertmanager-api" | "gatus" | "grafana" => {
                assert!(serde_yaml::from_str::<serde_json::Value>(&body).unwrap().is_object(), "{name}");
            }
            _ => {}
        }
    }
    for name in ["gatus", "grafana", "healthchecks", "openobserve", "uptime-kuma"] {
        let said = place.run(&format!("alerts mapping {name}"));
        assert!(
            said.out.lines().count() > 3 && toml::from_str::<toml::Table>(&said.out).is_ok(),
            "{}",
            said.out
        );
    }
    place.run("alerts template prometheus").told(0, &["path_prefix: /alerts/prometheus"]);
    place.run("alerts mapping grafana").told(0, &["each = \"alerts\""]);
}

#[test]
fn a_target_that_is_called_by_another_name_is_tried_as_what_it_is() {
    let place = Place::configured();
    place.write("topology.yaml", "targets:\n  nas: { aliases: [nas.lan] }\n");
    let line = format!("alerts try alertmanager {CAPTURED}/01_firing_single.json");
    place
        .run(&line)
        .told(0, &["target     nas  (another name of it is nas.lan, from the labels {instance})"]);
    let derived = place.json(&format!("{line} --json"));
    assert_eq!(derived["alerts"][0]["target"], "nas");
}
