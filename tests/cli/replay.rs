//! `replay` and `export`.

use std::process::Stdio;

use chrono::TimeDelta;

use crate::past;
use crate::place::{Place, Said};
use crate::shape::{documented, shape};

const RECORDING: &str = r#"{"steward_replay": 1, "about": "The NAS goes down", "topology": {"targets": {"nas": {}, "k8s/media/jellyfin": {"depends_on": ["nas"]}}}}
{"at": "+0s", "source": "am", "target": "nas", "signature": "instance-down", "severity": "critical"}
{"at": "+5s", "source": "am", "target": "k8s/media/jellyfin", "signature": "kube-pod-not-ready"}
{"at": "+10m", "source": "am", "target": "nas", "signature": "instance-down", "state": "resolved"}
{"at": "+10m", "source": "am", "target": "k8s/media/jellyfin", "signature": "kube-pod-not-ready", "state": "resolved"}
"#;

#[test]
fn a_recording_is_told_as_people_would_have_read_it_and_summed_up() {
    let place = Place::configured();
    place.write("nas.jsonl", RECORDING);
    let said = place.run("replay nas.jsonl");
    said.told(
        0,
        &[
            "The NAS goes down\n\n2026-01-05 09:00:00  a new message: #1\n    #1 nas: nas instance-down\n",
            "2026-01-05 09:00:00  in the thread of #1\n    09:00:00 seen   nas instance-down (nas instance-down, found by am).",
            "#1 closed  nas  critical instance-down\n  opened  2026-01-05 09:00:00, resolved 2026-01-05 09:12:00 (after 12 min)\n  victims 1: k8s/media/jellyfin\n  why     k8s/media/jellyfin needs nas.\n",
            "4 signals in 42 min of the lab's time: 1 incident (0 still open), ",
            "signals/s).",
        ],
    );
}

#[test]
fn the_document_of_a_recording_is_the_documented_one_and_the_same_each_time() {
    let place = Place::configured();
    place.write("nas.jsonl", RECORDING);
    let document = place.json("replay nas.jsonl --json");
    assert_eq!(shape(&document), shape(&documented("replay FILE --json")));
    assert_eq!(place.run("replay nas.jsonl --json").out, place.run("replay nas.jsonl --json").out);
}

#[test]
fn what_is_not_as_expected_is_told_and_ends_with_one() {
    let place = Place::configured();
    let expect =
        r#"{"expect": {"incidents": [{"root": "switch", "state": "open"}], "messages": {"calls": 1}}}"#;
    place.write("nas.jsonl", &format!("{RECORDING}{expect}\n"));
    place.run("replay nas.jsonl").told(
        1,
        &[
            "Not as the recording expects:\n  #1: the root switch was expected; it is nas\n  #1: the state open was expected; it is closed\n  calls: 1 expected; there are 0\n",
        ],
    );
    assert_eq!(place.run("replay nas.jsonl --json").code, 1);
}

#[test]
fn the_faults_of_a_recording_and_of_its_settings_are_told_with_their_lines() {
    let place = Place::configured();
    place.write(
        "bad.jsonl",
        "{\"steward_replay\": 1, \"settings\": {\"incidents\": {\"setle\": \"1m\", \"hold\": 5}}}\n",
    );
    place.run("replay bad.jsonl").failed(
        1,
        &[
            "error: the recording can't be played: 2 problems\n",
            "bad.jsonl:1: settings.incidents.setle: no such key here; did you mean `settle`?\n",
            "bad.jsonl:1: settings.incidents.hold: 5 is no duration",
            "  it means: nothing was played\n",
        ],
    );
    place.write("bad.jsonl", "{\"steward_replay\": 1}\n{\"at\": \"+5s\", \"target\": \"nas\"}\n");
    place.run("replay bad.jsonl").failed(1, &["bad.jsonl:2: signature: is missing"]);
    place.run("replay gone.jsonl").failed(1, &["error: gone.jsonl can't be read", "or - for standard input"]);
}

#[test]
fn the_recordings_settings_go_before_those_of_the_configuration() {
    let place = Place::configured();
    place.write("config.toml", "host = \"pve4\"\ntimezone = \"Europe/Berlin\"\n[incidents]\nhold = \"5m\"\n");
    place.write("nas.jsonl", RECORDING);
    place.run("replay nas.jsonl").told(0, &["resolved 2026-01-05 09:15:00"]);
    let over = RECORDING.replacen(
        "\"steward_replay\": 1,",
        "\"steward_replay\": 1, \"timezone\": \"UTC\", \"settings\": {\"incidents\": {\"hold\": \"1m\"}},",
        1,
    );
    place.write("nas.jsonl", &over);
    place.run("replay nas.jsonl").told(0, &["resolved 2026-01-05 08:11:00"]);
}

#[tokio::test]
async fn what_is_exported_can_be_played() {
    let place = Place::configured();
    let _running = past::write(&place.state(), past::now() - TimeDelta::minutes(1)).await;
    drop(steward::store::Metrics::open(
        &place.state(),
        steward::store::metrics::Limits::days(9),
        past::now(),
    ));
    let exported = place.run("export --since 2h");
    assert_eq!((exported.code, exported.err.as_str()), (0, ""));
    let head = exported.out.lines().next().unwrap();
    assert!(head.contains("\"about\":\"What pve4 heard from "), "{head}");
    let mut replay = place.command("replay -");
    replay.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = replay.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), exported.out.as_bytes()).unwrap();
    let said = Said::of(&child.wait_with_output().unwrap());
    said.told(0, &["What pve4 heard from "]);
    place.run("export --since tomorrow").failed(2, &["--since \"tomorrow\" is no moment in the past"]);
}

const FOUND_LATE: &str = r#"{"steward_replay": 1, "start": "2026-01-05T08:00:00Z", "topology": {"targets": {"pdu": {}, "nas": {"depends_on": ["pdu"]}, "k8s/media/jellyfin": {"depends_on": ["nas"]}}}}
{"at": "+1h", "source": "am", "target": "k8s/media/jellyfin", "signature": "kube-pod-not-ready"}
{"at": "+61m", "source": "am", "target": "nas", "signature": "instance-down", "severity": "critical"}
{"at": "+70m", "end": true}
"#;

#[test]
fn the_summary_has_the_roots_own_problem_and_counts_time_from_the_first_signal() {
    let place = Place::configured();
    place.write("late.jsonl", FOUND_LATE);
    let said = place.run("replay late.jsonl --cards");
    said.told(0, &["  nas  critical instance-down\n", "  victims 1: k8s/media/jellyfin\n"]);
    said.told(0, &["2 signals in 10 min of the lab's time", "\n    #1 nas: nas instance-down\n"]);
    let document = place.json("replay late.jsonl --json");
    assert_eq!(document["incidents"][0]["signature"], "instance-down");
}

#[test]
fn what_a_window_hides_that_began_before_the_first_signal_is_marked() {
    let place = Place::configured();
    let head = r#"{"steward_replay": 1, "start": "2026-01-05T08:00:00Z", "timezone": "UTC", "settings": {"maintenance": [{"name": "backup", "target": "nas", "schedule": "30 8 * * *", "duration": "2h"}]}}"#;
    let first = r#"{"at": "+1h", "source": "am", "target": "nas", "signature": "io-slow"}"#;
    place.write("window.jsonl", &format!("{head}\n{first}\n{{\"at\": \"+70m\", \"end\": true}}\n"));
    let said = place.run("replay window.jsonl");
    said.told(0, &["never told: hidden\n", "\n  hidden  by the "]);
}
