use super::super::columns::from_ms;
use super::super::migrations::STATE_SCHEMA;
use super::*;

fn database() -> Connection {
    let mut conn = Connection::open_in_memory().unwrap();
    STATE_SCHEMA.migrations.to_latest(&mut conn).unwrap();
    conn
}

fn target(text: &str) -> Target {
    Target::parse(text).unwrap()
}

fn put(conn: &Connection, id: &str, at: i64, targets: &[&str]) -> Change {
    let change = Change::new(ChangeKind::Image, "docker", id, from_ms(at), "web runs nginx:1.27")
        .by("somebody")
        .on(targets.iter().map(|name| target(name)))
        .with_gist(["image nginx:1.26 → nginx:1.27".to_owned()]);
    let change = Change { url: Some("https://github.com/a/b/commit/1".into()), ..change };
    insert(conn, &change, &Redactor::shapes()).unwrap();
    change
}

fn ids(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|change| change.id.as_str()).collect()
}

fn on(conn: &Connection, name: &str) -> Vec<String> {
    let found = on_target(conn, &target(name), from_ms(0), from_ms(1000), 10).unwrap();
    found.into_iter().map(|change| change.id).collect()
}

#[test]
fn a_change_comes_back_as_it_was_recorded() {
    let conn = database();
    let change = put(&conn, "1", 5, &["nas/web"]);
    assert_eq!(recent(&conn, from_ms(5), from_ms(5), 10).unwrap(), [change]);
    assert!(recent(&conn, from_ms(6), from_ms(9), 10).unwrap().is_empty());
}

#[test]
fn a_targets_changes_are_its_own_those_of_its_parts_and_of_what_contains_it_but_not_its_neighbours() {
    let conn = database();
    put(&conn, "part", 1, &["nas/media/films"]);
    put(&conn, "own", 2, &["nas/media", "nas/media/films"]);
    put(&conn, "above", 3, &["nas"]);
    put(&conn, "neighbour", 4, &["nas/backup"]);
    put(&conn, "alike", 5, &["nas2", "nas/media2"]);
    put(&conn, "nothing", 6, &[]);
    assert_eq!(on(&conn, "nas/media"), ["above", "own", "part"]);
    assert_eq!(on(&conn, "nas"), ["alike", "neighbour", "above", "own", "part"]);
    assert_eq!(on(&conn, "nas/media/films/new"), ["above", "own", "part"]);
    assert!(on(&conn, "dns").is_empty());
    let latest = on_target(&conn, &target("nas/media"), from_ms(0), from_ms(2), 1).unwrap();
    assert_eq!(ids(&latest), ["own"]);
}

#[test]
fn a_change_that_is_recorded_again_is_found_by_its_new_targets_alone() {
    let conn = database();
    put(&conn, "1", 1, &["nas"]);
    put(&conn, "1", 2, &["dns"]);
    assert!(on(&conn, "nas").is_empty());
    assert_eq!(on(&conn, "dns"), ["1"]);
}

#[test]
fn old_changes_go_in_steps_with_all_that_belongs_to_them() {
    let conn = database();
    (0..5).for_each(|at| drop(put(&conn, &at.to_string(), at, &["nas/media"])));
    let step = || prune(&conn, from_ms(4), 3).unwrap();
    assert_eq!((step(), step(), step()), (3, 1, 0));
    assert_eq!(ids(&recent(&conn, from_ms(0), from_ms(9), 9).unwrap()), ["4"]);
    let left: i64 = conn.query_row("SELECT count(*) FROM change_targets", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 2);
}

#[test]
fn what_an_earlier_version_recorded_is_found_by_its_targets() {
    let mut conn = Connection::open_in_memory().unwrap();
    STATE_SCHEMA.migrations.to_version(&mut conn, 5).unwrap();
    let old = "INSERT INTO changes VALUES ('steward', 'x', 7, 'steward', 'restarted it', '[]', 0, '[\"nas/a/b\",\"dns\"]')";
    conn.execute(old, []).unwrap();
    STATE_SCHEMA.migrations.to_latest(&mut conn).unwrap();
    for name in ["nas/a/b", "nas/a", "nas", "dns"] {
        assert_eq!(on(&conn, name), ["x"], "{name}");
    }
    let found = recent(&conn, from_ms(0), from_ms(9), 9).unwrap();
    assert_eq!((found[0].kind, found[0].baseline), (ChangeKind::Action, false));
    put(&conn, "y", 8, &["nas/a"]);
    assert_eq!(on(&conn, "nas/a"), ["y", "x"]);
}

#[test]
fn a_state_is_kept_until_the_next_look_and_one_that_cannot_be_read_counts_as_none() {
    let conn = database();
    assert_eq!(state(&conn, "docker").unwrap(), None);
    let facts = [("image".to_owned(), "nginx".to_owned())].into();
    let seen = Seen { at: from_ms(5), snapshot: Snapshot([("web".to_owned(), facts)].into()) };
    keep_state(&conn, "docker", &seen).unwrap();
    assert_eq!(state(&conn, "docker").unwrap(), Some(seen));
    assert_eq!(state(&conn, "flux").unwrap(), None);
    conn.execute("UPDATE change_states SET data = '[1]'", []).unwrap();
    assert_eq!(state(&conn, "docker").unwrap(), None);
}

/// The plan of a query over many rows: it must not read what it does not answer with.
#[test]
fn both_questions_are_answered_from_an_index() {
    let conn = database();
    let plan = |sql: &str| -> String {
        let mut query = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = query.query_map([], |row| row.get::<_, String>(3)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    };
    let recent = plan("SELECT * FROM changes AS c WHERE at BETWEEN 1 AND 2 ORDER BY at DESC, id LIMIT 3");
    assert!(recent.contains("USING INDEX changes_at"), "{recent}");
    let touched = plan(
        "SELECT * FROM change_targets AS t JOIN changes AS c ON c.source = t.source AND c.id = t.id
          WHERE t.target = 'a' AND t.exact = 1 AND t.at BETWEEN 1 AND 2 ORDER BY t.at DESC LIMIT 3",
    );
    assert!(touched.contains("SEARCH t USING PRIMARY KEY"), "{touched}");
    assert!(!touched.contains("SCAN") && !touched.contains("TEMP B-TREE"), "{touched}");
}
