use super::super::audit::{self, AuditEntry};
use super::super::columns::from_ms;
use super::super::migrations::STATE_SCHEMA;
use super::*;
use crate::domain::redact::Redactor;

const KEEP: Duration = Duration::from_millis(1000);
const NOW: i64 = 10_000;

fn database() -> Connection {
    let mut conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    STATE_SCHEMA.migrations.to_latest(&mut conn).unwrap();
    conn
}

/// An incident with a row in every table that can belong to one.
fn incident(conn: &Connection, id: &str, state: &str, changed_at: i64) {
    let live = !["closed", "merged"].contains(&state);
    conn.execute(
        "INSERT INTO incidents VALUES
             (?1, (SELECT count(*) FROM incidents), ?2, 'nas', 'down', 'error', 0, ?3, NULL, ?4, 1, 1, '{}')",
        params![id, state, changed_at, live],
    )
    .unwrap();
    let children = [
        "INSERT INTO events VALUES (?1, 1, 0, 'opened', '{}')",
        "INSERT INTO occurrences VALUES (NULL, 'nas', 0, ?1, 1)",
        "INSERT INTO escalations VALUES (NULL, ?1, 'stuck', 0)",
        "INSERT INTO remediations VALUES
             ('r-' || ?1, ?1, 'book', 'nas', 'down', 'succeeded', 0, 0, 0, NULL, '{}')",
        "INSERT INTO remediation_log VALUES ('r-' || ?1, 1, 0, '{}')",
        "INSERT INTO approvals VALUES
             ('a-' || ?1, (SELECT count(*) FROM approvals), ?1, 'used', 0, 0, 0, 'ada', '{}')",
        "INSERT INTO chat_messages VALUES ('console', ?1, 'root', 'r')",
        "INSERT INTO agent_runs (id, number, incident, subject, begun_at, ended_at)
             VALUES ('u-' || ?1, (SELECT count(*) FROM agent_runs), ?1, '{}', 0, 1)",
        "INSERT INTO agent_steps VALUES ('u-' || ?1, 1, 0, 'told', '{}')",
        "INSERT INTO agent_plans VALUES ('p-' || ?1, ?1, '', 0)",
        "INSERT INTO offers VALUES ((SELECT count(*) FROM offers), ?1, 'declined', 0, 0, 0, '{}')",
        "INSERT INTO signals VALUES
             ('skill:x', ?1, 'down', 'resolved', 'error', '', ?1, 1, 0, 9999, '{}')",
    ];
    for sql in children {
        conn.execute(sql, [id]).unwrap();
    }
}

fn step(conn: &Connection, batch: usize) -> Pruned {
    prune(conn, from_ms(NOW), KEEP, batch).unwrap()
}

fn all(conn: &Connection, sql: &str) -> Vec<String> {
    conn.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Whose rows are left, table by table.
fn assert_left(conn: &Connection, expected: &[&str]) {
    let owners = [
        "SELECT id FROM incidents ORDER BY id",
        "SELECT incident FROM events ORDER BY 1",
        "SELECT incident FROM occurrences ORDER BY 1",
        "SELECT incident FROM escalations ORDER BY 1",
        "SELECT incident FROM remediations ORDER BY 1",
        "SELECT substr(remediation, 3) FROM remediation_log ORDER BY 1",
        "SELECT incident FROM approvals ORDER BY 1",
        "SELECT incident FROM chat_messages ORDER BY 1",
        "SELECT incident FROM agent_runs ORDER BY 1",
        "SELECT substr(run, 3) FROM agent_steps ORDER BY 1",
        "SELECT incident FROM agent_plans ORDER BY 1",
        "SELECT incident FROM offers ORDER BY 1",
        "SELECT incident FROM signals WHERE incident IS NOT NULL ORDER BY 1",
    ];
    for sql in owners {
        assert_eq!(all(conn, sql), expected, "{sql}");
    }
}

#[test]
fn what_is_over_for_long_enough_goes_with_all_that_belongs_to_it_and_nothing_else_does() {
    let conn = database();
    incident(&conn, "closed-long-ago", "closed", 8_999);
    incident(&conn, "merged-long-ago", "merged", 1);
    incident(&conn, "just-closed", "closed", 9_000);
    incident(&conn, "live", "stuck", 1);
    audit::append(
        &conn,
        &AuditEntry::asked("ada", "approve", serde_json::json!({}), from_ms(0)),
        &Redactor::shapes(),
    )
    .unwrap();
    assert_eq!(step(&conn, 10).incidents, 2);
    assert_left(&conn, &["just-closed", "live"]);
    assert_eq!(all(&conn, "SELECT who FROM audit"), ["ada"]);
    assert_eq!(step(&conn, 10), Pruned::default());
}

#[test]
fn an_incident_that_something_still_waits_for_stays_with_its_whole_log() {
    let conn = database();
    incident(&conn, "asked", "closed", 1);
    incident(&conn, "looked-into", "closed", 1);
    incident(&conn, "offered", "closed", 1);
    incident(&conn, "stuck-saga", "closed", 1);
    conn.execute("UPDATE agent_runs SET ended_at = NULL WHERE incident = 'looked-into'", []).unwrap();
    conn.execute("UPDATE offers SET state = 'pending' WHERE incident = 'offered'", []).unwrap();
    conn.execute("UPDATE remediations SET live = 1 WHERE incident = 'stuck-saga'", []).unwrap();
    conn.execute("UPDATE approvals SET state = 'pending' WHERE incident = 'asked'", []).unwrap();
    assert_eq!(step(&conn, 10), Pruned::default());
    assert_left(&conn, &["asked", "looked-into", "offered", "stuck-saga"]);
}

#[test]
fn a_step_is_small_and_says_when_there_is_more() {
    let conn = database();
    for n in 0..5 {
        incident(&conn, &n.to_string(), "closed", n);
    }
    assert_eq!(step(&conn, 2), Pruned { incidents: 2, more: true, ..Pruned::default() });
    assert_left(&conn, &["2", "3", "4"]);
    assert!(step(&conn, 2).more);
    assert_eq!(step(&conn, 2), Pruned { incidents: 1, ..Pruned::default() });
}

#[test]
fn signals_go_once_they_are_resolved_and_old_unless_a_live_incident_has_them() {
    let conn = database();
    incident(&conn, "live", "open", 1);
    conn.execute("DELETE FROM signals", []).unwrap();
    let signals = [
        ("old", "resolved", None, 1),
        ("recent", "resolved", None, 9_500),
        ("firing", "firing", None, 1),
        ("of-live", "resolved", Some("live"), 1),
    ];
    for (target, state, incident, seen) in signals {
        conn.execute(
            "INSERT INTO signals VALUES ('skill:x', ?1, 'down', ?2, 'error', '', ?3, 1, 0, ?4, '{}')",
            params![target, state, incident, seen],
        )
        .unwrap();
    }
    assert_eq!(step(&conn, 10), Pruned { signals: 1, ..Pruned::default() });
    assert_eq!(all(&conn, "SELECT target FROM signals ORDER BY 1"), ["firing", "of-live", "recent"]);
}

#[test]
fn messages_go_once_they_are_done_and_old_and_never_while_they_wait() {
    let conn = database();
    for (place, state, done_at) in [
        ("old", "sent", Some(1)),
        ("given-up", "failed", Some(1)),
        ("new", "sent", Some(9_500)),
        ("waits", "pending", None),
    ] {
        conn.execute(
            "INSERT INTO outbox (platform, thread, place, card, state, next_at, created_at, done_at)
             VALUES ('console', 't', ?1, '{}', ?2, 0, 0, ?3)",
            params![place, state, done_at],
        )
        .unwrap();
    }
    assert_eq!(step(&conn, 10), Pruned { messages: 2, ..Pruned::default() });
    assert_eq!(all(&conn, "SELECT place FROM outbox ORDER BY 1"), ["new", "waits"]);
}

#[test]
fn no_step_scans_a_table_that_grows_with_history() {
    let conn = database();
    let queries =
        OF_INCIDENT.iter().copied().chain(["DELETE FROM incidents WHERE id = ?1", OVER, SIGNALS, MESSAGES]);
    for sql in queries {
        let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let given = vec![1; explain.parameter_count()];
        let plan: Vec<String> = explain
            .query_map(rusqlite::params_from_iter(given), |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(!plan.iter().any(|line| line.starts_with("SCAN")), "{sql}: {plan:?}");
    }
}
