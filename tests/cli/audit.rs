//! What reads the audit trail.

use steward::domain::ids::IncidentId;
use steward::store::Store;
use steward::store::audit::{AuditEntry, AuditKind};

use crate::past;
use crate::place::Place;
use crate::shape::{documented, shape};

/// Leaves a trail of three lines, and a Steward that runs.
async fn trail(place: &Place) -> Store {
    let store = past::write(&place.state(), past::now()).await;
    let third: IncidentId = past::THIRD.parse().unwrap();
    let at = |text: &str| text.parse().unwrap();
    for entry in [
        AuditEntry::new(AuditKind::Decision, "evaluated", at("2026-11-20T22:59:00Z"))
            .of_incident(third)
            .with(serde_json::json!({ "decision": "approve", "reasons": ["it can't be taken back"] })),
        AuditEntry::asked("ann", "approve", serde_json::json!({ "approval": 7 }), at("2026-11-20T23:01:00Z"))
            .of_incident(third),
        AuditEntry::asked("ann", "pause", serde_json::json!({}), at("2026-11-20T23:30:00Z")),
    ] {
        store.append_audit(entry).await.unwrap();
    }
    store
}

#[tokio::test]
async fn the_trail_is_read_and_verified_while_steward_runs() {
    let place = Place::configured();
    let _running = trail(&place).await;
    let said = place.run("audit show");
    said.told(
        0,
        &["2026-11-20 23:59:00", "decision", "decision: approve; reasons: it can't be taken back", "#3"],
    );
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines.len() == 4 && lines[3].contains("pause"), "the newest is not the last:\n{}", said.out);
    assert!(lines[1].contains("steward") && lines[2].contains("ann"), "{}", said.out);
    place
        .run("audit verify")
        .told(0, &["is whole: 3 lines, from 2026-11-20 23:59:00 to 2026-11-21 00:30:00", "Head: "]);

    let of = |line: &str| place.json(line)["lines"].as_array().unwrap().len();
    assert_eq!(of("audit show --json --incident 3"), 2);
    assert_eq!(of("audit show --json --since 2026-11-21"), 2);
    assert_eq!(of("audit show --json --until 2026-11-21"), 1);
    assert_eq!(of("audit show --json --incident 9"), 0);
    for (line, command) in [
        ("audit verify --json", "audit verify --json"),
        ("audit show --json --incident 3", "audit show --json"),
    ] {
        let (mut document, mut example) = (place.json(line), documented(command));
        for document in [&mut document, &mut example] {
            // Its keys depend on what happened.
            document["lines"]
                .as_array_mut()
                .into_iter()
                .flatten()
                .for_each(|line| line["body"] = true.into());
        }
        assert_eq!(shape(&document), shape(&example), "{line}");
    }
}

#[tokio::test]
async fn a_line_that_was_changed_or_cut_off_makes_it_fail_and_says_where() {
    let place = Place::configured();
    trail(&place).await.close().await.unwrap();
    let head = place.json("audit verify --json")["head"].as_str().unwrap().to_owned();
    let tamper = |sql: &str| {
        let conn = rusqlite::Connection::open(place.state().join("steward.db")).unwrap();
        assert!(conn.execute("UPDATE audit SET who = 'bob'", []).is_err(), "it lets itself be changed");
        conn.execute_batch(sql).unwrap();
    };
    tamper(
        "DROP TRIGGER audit_loses_no_row; DELETE FROM audit WHERE seq = 3;
         UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit WHERE seq = 2)",
    );
    place.run("audit verify").told(0, &["2 lines"]);
    place.run(&format!("audit verify --expect {head}")).told(1, &["is broken: no line has the hash", &head]);
    tamper("DROP TRIGGER audit_keeps_its_rows; UPDATE audit SET who = 'bob' WHERE seq = 2");
    place.run("audit verify").told(1, &["is broken: line 2 is not what was written"]);
    let document = place.run("audit verify --json");
    document.told(1, &["\"whole\": false", "line 2 is not what was written"]);
}

#[tokio::test]
async fn faults_in_the_configuration_keep_nobody_from_the_trail() {
    let place = Place::configured();
    let _running = trail(&place).await;
    place.write("config.toml", "timezone = \"Europe/Berlin\"\nautonomy = \"whatever\"\nhst = 3\n");
    place.run("incident list").failed(1, &["autonomy"]);
    place.run("audit show").told(0, &["2026-11-21 00:30:00"]);
    place.write("config.toml", "state_dir = \n");
    place.run("audit verify").failed(1, &["is no TOML", "--state-dir"]);
    place.run("audit verify --state-dir state").told(0, &["3 lines"]);
    place.run("audit verify --expect 12").failed(2, &["is no hash"]);
    place.run("audit show --since soon").failed(1, &["is no TOML"]);
    place.run("--state-dir state audit show --since soon").failed(2, &["is no moment in the past"]);
}

#[test]
fn an_error_shows_no_secret_that_it_came_across() {
    let place = Place::empty();
    let token = format!("ghp_{}", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9aB3dE5gH7");
    place.write("config.toml", &format!("autonomy = \"{token}\"\n"));
    let said = place.run("incident list");
    said.failed(1, &["[redacted: github token]"]);
    assert!(!said.err.contains(&token), "{}", said.err);
}
