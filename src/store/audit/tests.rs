use serde_json::json;
use ulid::Ulid;

use super::*;
use crate::store::batch::Batch;
use crate::store::migrations::STATE_SCHEMA;

fn database() -> Connection {
    let mut conn = Connection::open_in_memory().unwrap();
    STATE_SCHEMA.migrations.to_latest(&mut conn).unwrap();
    conn
}

fn entry(number: i64) -> AuditEntry {
    AuditEntry::new(AuditKind::Execution, "started", from_ms(1_000 * number))
        .of_incident(IncidentId(Ulid::from_parts(7, 7)))
        .of_remediation(RemediationId(Ulid::from_parts(8, 8)))
        .by("ada")
        .with(json!({ "argv": ["systemctl", "restart", format!("unit{number}")] }))
}

/// A trail of four lines, one of them as bare as can be.
fn trail() -> Connection {
    let conn = database();
    for line in [entry(1), entry(2), AuditEntry::new(AuditKind::Decision, "evaluated", from_ms(3)), entry(4)]
    {
        append(&conn, &line, &Redactor::shapes()).unwrap();
    }
    conn
}

/// Changes what can't be changed, as somebody with a shell and the file would.
fn tamper(conn: &Connection, sql: &str) {
    conn.execute_batch("DROP TRIGGER audit_keeps_its_rows; DROP TRIGGER audit_loses_no_row;").unwrap();
    conn.execute_batch(sql).unwrap();
}

fn broken(conn: &Connection) -> Broken {
    verify(conn, None).unwrap().unwrap_err()
}

#[test]
fn a_trail_that_nobody_touched_is_whole_and_says_how_far_it_goes() {
    let conn = database();
    let empty = verify(&conn, Some(Link::START)).unwrap().unwrap();
    assert_eq!((empty.count, empty.first, empty.head, empty.expected), (0, None, Link::START, Some(0)));
    let whole = verify(&trail(), None).unwrap().unwrap();
    assert_eq!((whole.count, whole.first, whole.last), (4, Some(from_ms(1_000)), Some(from_ms(4_000))));
    assert_eq!(whole.head, verify(&trail(), None).unwrap().unwrap().head, "the same lines, the same chain");
}

#[test]
fn a_column_that_is_changed_is_found_out_whichever_it_is() {
    let other = "01BX5ZZKBKACTAV9WEVGEMMVRZ";
    for change in [
        "at = at + 1".to_owned(),
        "kind = 'undo'".into(),
        "what = 'ended'".into(),
        format!("incident = '{other}'"),
        "incident = NULL".into(),
        format!("remediation = '{other}'"),
        "who = 'mallory'".into(),
        "who = NULL".into(),
        "who = ''".into(),
        "body = replace(body, 'unit2', 'unit3')".into(),
        "body = 'no json'".into(),
        "what = what || kind, kind = ''".into(),
        "prev = zeroblob(32)".into(),
        "hash = zeroblob(32)".into(),
    ] {
        let conn = trail();
        tamper(&conn, &format!("UPDATE audit SET {change} WHERE seq = 2"));
        assert_eq!(broken(&conn), Broken::Changed { seq: 2 }, "{change}");
    }
}

#[test]
fn a_line_taken_out_put_in_or_written_anew_is_found_out() {
    let conn = trail();
    tamper(&conn, "DELETE FROM audit WHERE seq = 2");
    assert_eq!(broken(&conn), Broken::Missing { wanted: 2, found: 3 });

    let conn = trail();
    tamper(&conn, "DELETE FROM audit WHERE seq = 1; UPDATE audit SET seq = seq - 1");
    assert_eq!(broken(&conn), Broken::Changed { seq: 1 });

    // Written anew with a hash that fits: the line behind it still names the old one.
    let (conn, other) = (trail(), database());
    append(&other, &entry(1), &Redactor::shapes()).unwrap();
    append(&other, &entry(9), &Redactor::shapes()).unwrap();
    let (body, hash): (String, [u8; 32]) = other
        .query_row("SELECT body, hash FROM audit WHERE seq = 2", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    tamper(&conn, "");
    conn.execute("UPDATE audit SET at = 9000, body = ?1, hash = ?2 WHERE seq = 2", params![body, hash])
        .unwrap();
    assert_eq!(broken(&conn), Broken::Unlinked { seq: 3 });
}

#[test]
fn an_end_that_was_cut_off_is_found_out_and_against_an_expected_hash_even_if_all_was_made_to_fit() {
    let conn = trail();
    let head = verify(&conn, None).unwrap().unwrap().head;
    tamper(&conn, "DELETE FROM audit WHERE seq = 4");
    assert_eq!(broken(&conn), Broken::End { head: 4, found: 3 });
    conn.execute_batch("UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit WHERE seq = 3)")
        .unwrap();
    assert!(verify(&conn, None).unwrap().is_ok(), "by itself it is whole now");
    assert_eq!(verify(&conn, Some(head)).unwrap().unwrap_err(), Broken::Unexpected(head));
}

#[test]
fn an_expected_hash_is_found_also_after_the_trail_went_on() {
    let conn = trail();
    let head = verify(&conn, None).unwrap().unwrap().head;
    append(&conn, &entry(5), &Redactor::shapes()).unwrap();
    let whole = verify(&conn, Some(head.to_string().parse().unwrap())).unwrap().unwrap();
    assert_eq!((whole.expected, whole.count), (Some(4), 5));
    assert_ne!(whole.head, head);
}

#[test]
fn no_statement_changes_removes_or_replaces_a_line() {
    let conn = trail();
    for sql in [
        "UPDATE audit SET who = 'mallory' WHERE seq = 1",
        "UPDATE audit SET seq = 9 WHERE seq = 4",
        "DELETE FROM audit",
        "REPLACE INTO audit SELECT seq, at, kind, what, incident, remediation, 'mallory', body, prev, hash FROM audit",
        "INSERT OR IGNORE INTO audit SELECT 9, at, kind, what, incident, remediation, who, body, prev, hash FROM audit",
    ] {
        assert!(conn.execute(sql, []).unwrap_err().to_string().contains("only ever appended"), "{sql}");
    }
    assert_eq!(verify(&conn, None).unwrap().unwrap().count, 4);
}

#[test]
fn a_batch_that_fails_takes_its_lines_back_and_the_chain_goes_on_as_if_they_had_never_been() {
    let mut conn = trail();
    let batch = Batch { audit: vec![entry(5)], ..Batch::default() };
    let transaction = conn.transaction().unwrap();
    batch.write(&transaction, &Redactor::shapes()).unwrap();
    transaction.rollback().unwrap();
    batch.write(&conn, &Redactor::shapes()).unwrap();
    assert_eq!(verify(&conn, None).unwrap().unwrap().count, 5);
}

#[test]
fn the_lines_of_an_older_trail_are_taken_into_the_chain() {
    let mut conn = Connection::open_in_memory().unwrap();
    STATE_SCHEMA.migrations.to_version(&mut conn, 2).unwrap();
    conn.execute_batch(
        r#"INSERT INTO audit (at, who, what, data) VALUES
           (1000, 'ada', 'approve', '{"approval":1}'), (2000, 'mallory', 'refused', '{"text":"approve 2"}')"#,
    )
    .unwrap();
    STATE_SCHEMA.migrations.to_latest(&mut conn).unwrap();
    assert_eq!(verify(&conn, None).unwrap().unwrap().count, 2);
    let lines = rows(&conn, &Filter::default(), 10).unwrap();
    let kinds: Vec<_> =
        lines.iter().map(|line| (line.kind.as_str(), line.what.as_str(), line.who.as_deref())).collect();
    assert_eq!(kinds, [("approval", "approve", Some("ada")), ("command", "refused", Some("mallory"))]);
    assert_eq!((lines[0].at, &lines[0].body), (from_ms(1_000), &json!({ "approval": 1 })));
}

#[test]
fn a_database_of_any_older_version_is_brought_up_to_date() {
    for version in [1, 2] {
        let mut conn = Connection::open_in_memory().unwrap();
        STATE_SCHEMA.migrations.to_version(&mut conn, version).unwrap();
        STATE_SCHEMA.migrations.to_latest(&mut conn).unwrap();
        append(&conn, &entry(1), &Redactor::shapes()).unwrap();
        assert_eq!(verify(&conn, None).unwrap().unwrap().count, 1);
    }
}

#[test]
fn lines_are_found_by_time_and_by_incident_the_newest_last() {
    let conn = trail();
    append(
        &conn,
        &AuditEntry::asked("ada", "ack", json!({ "incident": 3 }), from_ms(5_000)),
        &Redactor::shapes(),
    )
    .unwrap();
    let seqs = |filter: Filter, limit| {
        rows(&conn, &filter, limit).unwrap().into_iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    assert_eq!(seqs(Filter::default(), 3), [3, 4, 5]);
    let from = Filter { since: Some(from_ms(2_000)), until: Some(from_ms(4_000)), ..Filter::default() };
    assert_eq!(seqs(from, 9), [2, 4]);
    let of = |which| Filter { incident: Some(which), ..Filter::default() };
    assert_eq!(seqs(of(Which::Id(IncidentId(Ulid::from_parts(7, 7)))), 9), [1, 2, 4]);
    assert_eq!(seqs(of(Which::Number(3)), 9), [5]);
}

#[test]
fn a_hash_is_read_back_and_nothing_else_is() {
    let link = Link::from([0xa7; 32]);
    assert_eq!(link.to_string().parse(), Ok(link));
    for bad in ["", "zz", &"g".repeat(64), &"a".repeat(63), &"é".repeat(32)] {
        assert!(bad.parse::<Link>().is_err(), "{bad:?}");
    }
}
