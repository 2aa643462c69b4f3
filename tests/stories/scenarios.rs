//! Scenarios: recordings in `tests/scenarios/`, each with what a good engineer on call would want to come of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use steward::app::replay_world;
use steward::config::recording::{self, Recording};
use steward::config::{LoadOptions, Setup};
use steward::domain::card::plain;
use steward::domain::signal::SignalState::{Firing, Resolved};
use steward::domain::topology::Topology;
use steward::engine::replay::{Outcome, line, play, unmet};
use steward::store::metrics::{Metrics, heard::Heard};

use super::support::{Lab, min, secs};

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
            (Some(why), Some((name, missing))) => {
                let instead = why.split("\n   ").next().unwrap_or_default().replace('\n', "; ");
                println!("pending: {name}: {missing} ({instead})");
            }
            (None, Some((name, _))) => failed.push(format!("{name} passes now: take it out of PENDING")),
            (Some(why), None) => failed.push(format!("{name}: {why}")),
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n\n"));
}

#[test]
fn a_scenario_played_twice_says_the_same_to_the_letter() {
    for name in ["restart-in-a-storm", "merged-twice", "two-nas", "over-before-the-first-notice"] {
        let file = folder().join(format!("{name}.jsonl"));
        let recording = read(&file, &std::fs::read_to_string(&file).unwrap());
        let told = || format!("{:?}", played(&recording).unwrap().messages);
        assert_eq!(told(), told(), "{name}");
    }
}

#[test]
fn a_hundred_thousand_signals_are_played_in_moments() {
    let text = r#"{"steward_replay": 1}
{"at": "+0s", "times": 50000, "every": "15s", "source": "am", "target": "site-{n}/web", "signature": "down"}
{"at": "+10m", "times": 50000, "every": "15s", "source": "am", "target": "site-{n}/web", "signature": "down", "state": "resolved"}"#;
    let recording = read(Path::new("many.jsonl"), text);
    let begun = std::time::Instant::now();
    let outcome = played(&recording).unwrap();
    assert_eq!((outcome.signals, outcome.incidents.len()), (100_000, 50_000));
    // Generous, because this is a debug build on a busy machine; a release build takes a few seconds.
    assert!(begun.elapsed().as_secs() < 240, "{:?}", begun.elapsed());
}

/// What a Steward heard, as `steward export` writes it.
async fn exported(lab: &Lab) -> (Vec<Heard>, Recording) {
    let metrics = Metrics::open_read_only(&lab.path().join("state")).unwrap();
    let (begin, end) = ("2020-01-01T00:00:00Z".parse().unwrap(), "2030-01-01T00:00:00Z".parse().unwrap());
    let (heard, _) = metrics.heard(begin, end, 0, 1000).await.unwrap();
    let topology = [("nas", ""), ("lab/wiki", "nas"), ("lab/git", "nas")].map(|(target, needs)| {
        steward::domain::topology::TopologyEntry {
            target: steward::domain::target::Target::parse(target).unwrap(),
            kind: None,
            depends_on: steward::domain::target::Target::parse(needs).into_iter().collect(),
            labels: std::collections::BTreeMap::new(),
        }
    });
    let head = line::head("what was heard", "UTC", &Topology::new(topology.to_vec()).unwrap());
    let lines: Vec<String> =
        std::iter::once(head).chain(heard.iter().map(line::heard)).map(|line| line.to_string()).collect();
    (heard, read(Path::new("export.jsonl"), &lines.join("\n")))
}

#[tokio::test]
async fn what_a_steward_heard_plays_as_it_was() {
    let lab = Lab::new("");
    lab.write(
        "topology.yaml",
        "targets:\n  nas:\n  lab/wiki: { depends_on: [nas] }\n  lab/git: { depends_on: [nas] }\n",
    );
    lab.skill("pings", "*/5 * * * *", &["lab"]);
    let bot = lab.start().await;
    lab.host.break_("lab/wiki", "http-timeout");
    bot.pass(min(5)).await;
    lab.host.break_("lab/git", "http-timeout");
    bot.pass(min(5)).await;
    bot.alert("nas", "down", Firing).await;
    bot.pass(secs(30)).await;
    bot.alert("nas", "down", Firing).await;
    bot.alert("nas", "down", Resolved).await;
    lab.host.mend("lab/wiki");
    lab.host.mend("lab/git");
    bot.pass(min(90)).await;
    let lived = bot.stored().await;
    lab.chat.thread(1);
    bot.end_quietly().await;
    let (heard, recording) = exported(&lab).await;
    assert_eq!(heard.len(), 6, "each began and ended, and the repeats are not kept: {heard:#?}");
    let replayed = played(&recording).unwrap();
    let shape = |incident: &steward::domain::incident::Incident| {
        let members: Vec<String> =
            incident.members.iter().map(|m| format!("{} {}", m.problem, m.why)).collect();
        (incident.number, incident.state, incident.root.clone(), incident.opened_at, members)
    };
    assert_eq!(
        replayed.incidents.values().map(shape).collect::<Vec<_>>(),
        lived.iter().map(shape).collect::<Vec<_>>()
    );
}
