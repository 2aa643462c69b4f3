//! Scenarios: recordings in `tests/scenarios/`, each with what a good engineer on call would want to come of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use steward::app::replay_world;
use steward::config::recording::{self, Recording};
use steward::config::{LoadOptions, Setup};
use steward::domain::card::plain;
use steward::domain::topology::Topology;
use steward::engine::replay::{Outcome, play, unmet};

/// Scenarios that do not come out as they should yet, and what is missing. Each of them has to fail: one that begins
/// to pass is taken out of this list.
const PENDING: &[(&str, &str)] = &[];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

fn scenarios() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ext| ext == "jsonl")).collect();
    files.sort();
    files
}

fn name(file: &Path) -> String {
    file.file_stem().unwrap().to_str().unwrap().to_owned()
}

pub fn read(file: &Path, text: &str) -> Recording {
    recording::read(file, text).unwrap_or_else(|problems| {
        let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", list.join("\n"))
    })
}

/// Plays a recording under the default configuration.
pub fn played(recording: &Recording) -> Result<Outcome, String> {
    let env = |_: &str| None;
    let options = LoadOptions { file: None, state_dir: None, host: "vm", timezone: "UTC", env: &env };
    let mut setup = Setup::load_with_over(&options, recording.settings.as_ref())
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    if let Some(entries) = &recording.topology {
        setup.topology = Topology::new(entries.clone()).map_err(|problems| format!("{problems:?}"))?;
    }
    play(replay_world(&setup), recording).map_err(|error| error.to_string())
}

/// What is wrong with a scenario, if anything.
fn wrong(file: &Path) -> Option<String> {
    let recording = read(file, &std::fs::read_to_string(file).unwrap());
    assert!(!recording.about.is_empty(), "{}: `about` says what it is about", file.display());
    let expected = recording.expected.as_ref();
    let expected = expected.unwrap_or_else(|| panic!("{}: nothing is expected", file.display()));
    match played(&recording) {
        Err(why) => Some(why),
        Ok(outcome) => {
            let unmet = unmet(expected, &outcome);
            (!unmet.is_empty()).then(|| format!("{}\n{}", unmet.join("\n"), story(&outcome)))
        }
    }
}

/// The beginning of what was said, for whoever has to find out.
fn story(outcome: &Outcome) -> String {
    let told = outcome.messages.iter().take(40).map(|said| {
        let text = plain(&said.card).replace('\n', "\n      ");
        format!("   {} {}: {text}", said.at.format("%d %H:%M:%S"), said.kind.as_str())
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_scenario_comes_out_as_a_good_engineer_on_call_would_want_it() {
    let files = scenarios();
    assert!(files.len() >= 34, "{} scenarios", files.len());
    let names: BTreeSet<String> = files.iter().map(|file| name(file)).collect();
    for (pending, _) in PENDING {
        assert!(names.contains(*pending), "{pending} is pending, and there is no such scenario");
    }
    let mut failed = Vec::new();
    for file in &files {
        let name = name(file);
        let pending = PENDING.iter().find(|(pending, _)| *pending == name);
        match (wrong(file), pending) {
            (None, None) => {}
            (Some(_), Some((name, missing))) => println!("pending: {name}: {missing}"),
            (None, Some((name, _))) => failed.push(format!("{name} passes now: take it out of PENDING")),
            (Some(why), None) => failed.push(format!("{name}: {why}")),
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n\n"));
}

#[test]
fn a_scenario_played_twice_says_the_same_to_the_letter() {
    for file in scenarios() {
        let recording = read(&file, &std::fs::read_to_string(&file).unwrap());
        let told = || match played(&recording) {
            Ok(outcome) => outcome.messages.iter().map(|said| format!("{said:?}")).collect::<Vec<_>>(),
            Err(why) => vec![why],
        };
        // The ids in cards and places are random; what people read is not.
        let (one, other) = (told(), told());
        assert_eq!(one, other, "{}", file.display());
    }
}

#[test]
fn a_hundred_thousand_signals_are_played_in_moments() {
    let text = r#"{"steward_replay": 1}
{"at": "+0s", "times": 50000, "every": "1s", "source": "am", "target": "site-{n}/web", "signature": "down"}
{"at": "+10m", "times": 50000, "every": "1s", "source": "am", "target": "site-{n}/web", "signature": "down", "state": "resolved"}"#;
    let recording = read(Path::new("many.jsonl"), text);
    let begun = std::time::Instant::now();
    let outcome = played(&recording).unwrap();
    assert_eq!((outcome.signals, outcome.incidents.len()), (100_000, 50_000));
    // Generous, because this is a debug build on a busy machine; a release build takes a few seconds.
    assert!(begun.elapsed().as_secs() < 240, "{:?}", begun.elapsed());
}
