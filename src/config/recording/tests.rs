use std::path::Path;

use super::*;
use crate::domain::signal::{Origin, Severity, SignalState};
use crate::domain::target::Target;

fn read(lines: &[&str]) -> Result<Recording, Vec<String>> {
    super::read(Path::new("r.jsonl"), &lines.join("\n"))
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

const HEAD: &str = r#"{"steward_replay": 1}"#;

#[test]
fn times_are_absolute_or_after_the_start_and_comments_are_passed_over() {
    let recording = read(&[
        "# a comment",
        r#"{"steward_replay": 1, "about": "x", "start": "2026-03-01T10:00:00+01:00"}"#,
        "",
        r#"{"at": "+1h2m", "source": "am", "fingerprint": "f", "target": "nas", "signature": "down", "severity": "critical", "labels": {"job": "node"}}"#,
        "// another",
        r#"{"at": "2026-03-01T11:00:00Z", "skill": "ping", "target": "nas", "signature": "down", "state": "resolved"}"#,
    ])
    .unwrap();
    let [first, second] = recording.lines.as_slice() else { panic!("{:?}", recording.lines) };
    assert_eq!((first.at.to_rfc3339().as_str(), first.number), ("2026-03-01T10:02:00+00:00", 4));
    let Word::Signal(signal) = &first.word else { panic!("{first:?}") };
    assert_eq!((&signal.origin, signal.severity), (&Origin::alert("am", "f"), Severity::Critical));
    assert_eq!((signal.summary.as_str(), signal.labels["job"].as_str()), ("nas down", "node"));
    let Word::Signal(signal) = &second.word else { panic!("{second:?}") };
    assert_eq!((&signal.origin, signal.state), (&Origin::Skill("ping".into()), SignalState::Resolved));
}

#[test]
fn one_line_stands_for_many_and_they_take_their_places_among_the_others() {
    let recording = read(&[
        HEAD,
        r#"{"at": "+0s", "times": 3, "every": "10s", "source": "am", "target": "k8s/web-{n}", "signature": "down", "labels": {"pod": "web-{n}"}}"#,
        r#"{"at": "+15s", "source": "am", "target": "nas", "signature": "down"}"#,
    ])
    .unwrap();
    let targets = recording.lines.iter().map(|line| match &line.word {
        Word::Signal(signal) => signal.target.to_string(),
        other => panic!("{other:?}"),
    });
    assert_eq!(targets.collect::<Vec<_>>(), ["k8s/web-1", "k8s/web-2", "nas", "k8s/web-3"]);
}

#[test]
fn a_report_is_the_whole_truth_and_a_note_that_something_is_fine_is_not() {
    let recording = read(&[
        HEAD,
        r#"{"at": "+0s", "skill": "nfs", "report": [{"target": "nas", "signature": "slow", "severity": "warning"}], "fine": ["pve1"]}"#,
        r#"{"at": "+1s", "skill": "nfs", "fine": ["pve2"]}"#,
    ])
    .unwrap();
    let reports: Vec<_> = recording
        .lines
        .iter()
        .map(|line| match &line.word {
            Word::Report { report, .. } => {
                (report.complete, report.findings.iter().map(|f| f.status.as_str()).collect::<Vec<_>>())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(reports, [(true, vec!["ACTION", "OK"]), (false, vec!["OK"])]);
}

#[test]
fn the_topology_and_the_settings_stand_in_the_head() {
    let recording = read(&[
        r#"{"steward_replay": 1, "timezone": "Europe/Berlin", "settings": {"incidents": {"settle": "1m"}}, "topology": {"targets": {"nas": {}, "lab/wiki": {"depends_on": ["nas"]}}}}"#,
    ])
    .unwrap();
    let entries = recording.topology.unwrap();
    let wiki = entries.iter().find(|entry| entry.target.as_str() == "lab/wiki").unwrap();
    assert_eq!(wiki.depends_on, [Target::parse("nas").unwrap()]);
    let settings = recording.settings.unwrap().settings;
    assert_eq!(settings["timezone"], "Europe/Berlin");
    assert_eq!(settings["incidents"]["settle"], "1m");
}

#[test]
fn every_fault_is_told_with_its_line_and_its_field() {
    let faults = read(&[
        r#"{"steward_replay": 2, "topology": {"targets": {"a": {"depends_on": ["b"]}}}, "start": "monday"}"#,
        r#"{"at": "+5s", "source": "am", "target": "a//b", "severty": "error", "signature": "x"}"#,
        r#"{"at": "soon", "source": "am", "target": "a", "signature": "x"}"#,
        r#"{"at": "+9s", "source": "am", "skill": "x", "target": "a", "signature": "x"}"#,
        r#"{"at": "+4s", "source": "am", "target": "a", "signature": "x"}"#,
        r#"{"at": "+9s", "source": "am", "target": "a"}"#,
        r#"{"at": "+9s"}"#,
        r#"{"at": "+9s", "says": "pause", "restart": true}"#,
        r#"{"at": "+9s", "#,
        r#"{"expect": {"messages": {"roots": "many"}, "incidents": [{"root": "nas", "state": "gone"}]}}"#,
    ])
    .unwrap_err();
    for start in [
        "r.jsonl:1: steward_replay: this is version 2",
        "r.jsonl:1: topology.targets.a.depends_on[0]: `b` is not among the targets",
        "r.jsonl:1: start: \"monday\" is no moment",
        "r.jsonl:2: target: \"a//b\"",
        "r.jsonl:2: severty: no such key here; did you mean `severity`?",
        "r.jsonl:3: at: \"soon\" is no moment",
        "r.jsonl:4: has both `source` and `skill`",
        "r.jsonl:5: at: is earlier than the line before",
        "r.jsonl:6: signature: is missing",
        "r.jsonl:7: says nothing; add `target`",
        "r.jsonl:8: says 2 things at once: says, restart",
        "r.jsonl:9: is not JSON (column",
        "r.jsonl:10: expect.messages.roots: \"many\" is no amount",
        "r.jsonl:10: expect.incidents[0].state: \"gone\" is no choice here",
    ] {
        assert!(faults.iter().any(|fault| fault.starts_with(start)), "{start:?} is not in {faults:#?}");
    }
    assert_eq!(faults.len(), 14, "{faults:#?}");
    let faults = read(&[r#"{"at": "+0s", "end": true}"#]).unwrap_err();
    assert!(faults[0].starts_with("r.jsonl:1: the first line is no head line; begin with"), "{faults:?}");
}
