//! What reads the past: incidents and changes.

use crate::past;
use crate::place::{Place, Said};

#[test]
fn without_a_database_the_past_is_said_to_be_missing_and_where() {
    let place = Place::configured();
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
    let there = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(there.collect::<Vec<_>>(), ["config.toml"], "looking made something");
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
        "23:59:30 seen   store does not answer (lab/store down",
        "Saturday, 2026-11-21",
        "api answers 503 (lab/api down)",
        "00:00:30 change Suspect change: \"move the store's data\" by ann (git:homelab 3f1c0ffee012)",
        "00:01:00 repair Restart the store",
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
        "host = \"pve4\"\n[changes]\ndetect = false\n[[changes.git]]\nname = \"homelab\"\npath = \"repo\"\ntargets = [{ pattern = \"{name}.toml\", targets = [\"lab/{name}\"] }]\n",
    );
    let said = place.run("changes --target lab/store");
    assert!(!said.out.contains('\u{1b}'), "a commit's subject reached the terminal as it was");
    said.told(
        0,
        &[
            "1 change since",
            "data  by Ann, ",
            "git:homelab",
            "touched lab/store itself",
            "Steward's own record: it has not run",
        ],
    );
}

#[tokio::test]
async fn times_in_documents_are_utc_with_milliseconds() {
    let place = Place::configured();
    let _running = past::write(&place.state(), past::now()).await;
    let incident = &place.json("incident list --json")["incidents"][0];
    assert_eq!(incident["opened_at"], "2026-11-20T22:59:30.000Z");
}
