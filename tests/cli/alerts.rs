//! `steward alerts`: templates, mappings, and what would become of a body.

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
    for name in list.out.lines() {
        place.run(&format!("alerts template {name}")).told(0, &[]);
    }
    place.run("alerts template prometheus").told(0, &["path_prefix: /alerts/prometheus"]);
    place.run("alerts mapping grafana").told(0, &["each = \"alerts\""]);
}
