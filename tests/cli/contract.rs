//! What holds for every command: exit codes, streams, names, and the shapes that `docs/cli.md` promises.

use std::fs::File;
use std::process::Stdio;

use chrono::TimeDelta;
use steward::store::inbox::Inbox;

use crate::past;
use crate::place::{Place, Said};
use crate::shape::{documented, shape};
use crate::skills::pool_health;

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

#[tokio::test]
async fn every_document_has_the_keys_that_the_documentation_shows() {
    let place = Place::configured();
    pool_health(&place);
    place.write("config.toml", "host = \"pve4\"\n[paths]\nshipped_skills = false\n[changes]\ndetect = false\n[[changes.git]]\nname = \"other\"\npath = \"absent\"\n");
    let _running = past::write(&place.state(), past::now() - TimeDelta::minutes(1)).await;
    let inbox = Inbox::open(&place.state(), 0).unwrap();
    inbox.reject("grafana".into(), past::now(), "it is not JSON".into(), "nonsense".into()).await.unwrap();
    for (line, documented_as) in [
        ("alerts rejected --json", "alerts rejected --json"),
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
