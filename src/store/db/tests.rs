use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::mpsc;

use rusqlite::config::DbConfig;
use tempfile::TempDir;

use super::*;

fn put(key: &'static str) -> impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static {
    move |conn| {
        conn.execute("INSERT INTO settings VALUES (?1, '')", [key])?;
        Ok(())
    }
}

fn keys(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut select = conn.prepare("SELECT key FROM settings ORDER BY key")?;
    let keys = select.query_map([], |row| row.get(0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// What another process sees.
fn keys_outside(dir: &Path) -> Vec<String> {
    keys(&Connection::open(dir.join(FILE)).unwrap()).unwrap()
}

struct Lab {
    dir: TempDir,
    store: Store,
}

impl Lab {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        Self { dir, store }
    }

    /// Keeps the owner thread busy, so that all that is queued until `release` is one group.
    async fn hold(&self) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel();
        let (entered, inside) = tokio::sync::oneshot::channel();
        let store = self.store.clone();
        tokio::spawn(async move {
            store
                .read(move |_| {
                    entered.send(()).unwrap();
                    released.recv().unwrap();
                    Ok(())
                })
                .await
        });
        inside.await.unwrap();
        release
    }
}

/// Joins the calls of one group: queued in this order, all before the first runs.
macro_rules! group {
    ($lab:ident, $($call:expr),+ $(,)?) => {{
        let release = $lab.hold().await;
        tokio::join!(biased; $($call,)+ async { release.send(()).unwrap() })
    }};
}

#[tokio::test]
async fn a_reply_means_that_it_is_committed() {
    let lab = Lab::new();
    lab.store.call(put("a")).await.unwrap();
    assert_eq!(keys_outside(lab.dir.path()), ["a"]);
}

#[tokio::test]
async fn calls_that_wait_are_committed_together() {
    let lab = Lab::new();
    let path = lab.dir.path().to_owned();
    let (first, seen_between, last, ()) = group!(
        lab,
        lab.store.call(put("first")),
        lab.store.read(move |conn| Ok((keys(conn)?, keys_outside(&path)))),
        lab.store.call(put("last")),
    );
    first.unwrap();
    last.unwrap();
    assert_eq!(seen_between.unwrap(), (vec!["first".to_owned()], vec![]));
    assert_eq!(keys_outside(lab.dir.path()), ["first", "last"]);
}

#[tokio::test]
async fn a_call_that_fails_takes_back_its_own_work_and_not_its_neighbours() {
    let lab = Lab::new();
    let (before, failing, panicking, after, ()) = group!(
        lab,
        lab.store.call(put("before")),
        lab.store.call(|conn| {
            put("failing")(conn)?;
            put("failing")(conn)
        }),
        lab.store.call(|conn| {
            put("panicking")(conn)?;
            if conn.is_autocommit() { Ok(()) } else { panic!("of all things") }
        }),
        lab.store.call(put("after")),
    );
    before.unwrap();
    after.unwrap();
    assert!(matches!(failing, Err(StoreError::Constraint(_))));
    assert_eq!(panicking, Err(StoreError::Panicked("of all things".into())));
    assert_eq!(keys_outside(lab.dir.path()), ["after", "before"]);
}

#[tokio::test]
async fn when_the_whole_transaction_is_lost_those_in_it_hear_so_and_those_behind_go_on() {
    let lab = Lab::new();
    let (before, culprit, after, ()) = group!(
        lab,
        lab.store.call(put("before")),
        // What SQLite does by itself after some I/O errors.
        lab.store.call(|conn| Ok(conn.execute_batch("ROLLBACK")?)),
        lab.store.call(put("after")),
    );
    assert!(before.is_err() && culprit.is_err());
    after.unwrap();
    assert_eq!(keys_outside(lab.dir.path()), ["after"]);
}

#[tokio::test]
async fn a_commit_that_fails_is_everybodys_error_and_the_store_goes_on() {
    let lab = Lab::new();
    lab.store
        .call(|conn| {
            Ok(conn.execute_batch(
                "CREATE TABLE parent (id INTEGER PRIMARY KEY);
                 CREATE TABLE child (id REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);",
            )?)
        })
        .await
        .unwrap();
    let (good, bad, ()) = group!(
        lab,
        lab.store.call(put("good")),
        lab.store.call(|conn| Ok(conn.execute_batch("INSERT INTO child VALUES (1)")?)),
    );
    assert!(matches!(good, Err(StoreError::Constraint(_))));
    assert!(matches!(bad, Err(StoreError::Constraint(_))));
    lab.store.call(put("later")).await.unwrap();
    assert_eq!(keys_outside(lab.dir.path()), ["later"]);
}

#[tokio::test]
async fn a_read_that_writes_is_refused_and_undone() {
    let lab = Lab::new();
    assert!(matches!(lab.store.read(put("a")).await, Err(StoreError::ReadOnly(_))));
    assert!(keys_outside(lab.dir.path()).is_empty());
}

#[tokio::test]
async fn a_full_disk_is_told_as_such_and_the_store_works_again_once_there_is_room() {
    let lab = Lab::new();
    let limit = |pages: i64| {
        move |conn: &Connection| {
            let pages = format!("PRAGMA max_page_count = {pages}");
            Ok(conn.query_row(&pages, [], |row| row.get::<_, i64>(0))?)
        }
    };
    let fill = |conn: &Connection| {
        conn.execute("INSERT INTO settings VALUES ('big', zeroblob(1000000) || '')", [])?;
        Ok(())
    };
    lab.store.call(limit(1)).await.unwrap(); // As low as it goes: what there is.
    assert_eq!(lab.store.call(fill).await, Err(StoreError::Full));
    lab.store.call(limit(1_000_000)).await.unwrap();
    lab.store.call(fill).await.unwrap();
    assert_eq!(keys_outside(lab.dir.path()), ["big"]);
}

#[tokio::test]
async fn closing_drains_what_waits_folds_the_log_in_and_frees_the_lock() {
    let lab = Lab::new();
    let other = lab.store.clone();
    let (waiting, closed, ()) = group!(lab, lab.store.call(put("a")), other.close());
    waiting.unwrap();
    closed.unwrap();
    assert!(!lab.dir.path().join("steward.db-wal").exists());
    assert_eq!(lab.store.call(put("b")).await, Err(StoreError::Gone));
    let again = Store::open(lab.dir.path()).unwrap();
    assert_eq!(again.read(keys).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn state_is_for_its_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("new/state");
    let store = Store::open(&dir).unwrap();
    store.call(put("a")).await.unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o077;
    assert_eq!(mode(dir.clone()), 0);
    for file in ["steward.db", "steward.db-wal", "steward.db-shm", "steward.lock"] {
        assert_eq!(mode(dir.join(file)), 0, "{file}");
    }
}

#[tokio::test]
async fn reading_beside_a_running_steward_sees_its_commits_and_can_not_write() {
    let lab = Lab::new();
    let reader = Store::open_read_only(lab.dir.path()).unwrap();
    lab.store.call(put("a")).await.unwrap();
    assert_eq!(reader.read(keys).await.unwrap(), ["a"]);
    assert!(matches!(reader.call(put("b")).await, Err(StoreError::ReadOnly(_))));
    lab.store.call(put("c")).await.unwrap();
    assert_eq!(reader.read(keys).await.unwrap(), ["a", "c"]);
}

#[tokio::test]
async fn after_a_killed_steward_what_is_only_in_the_log_is_read_and_taken_over() {
    let lab = Lab::new();
    lab.store.call(put("a")).await.unwrap();
    let copy = tempfile::tempdir().unwrap();
    for file in ["steward.db", "steward.db-wal"] {
        fs::copy(lab.dir.path().join(file), copy.path().join(file)).unwrap();
    }
    let reader = Store::open_read_only(copy.path()).unwrap();
    assert_eq!(reader.read(keys).await.unwrap(), ["a"]);
    let next = Store::open(copy.path()).unwrap();
    next.call(put("b")).await.unwrap();
    assert_eq!(reader.read(keys).await.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn a_second_steward_is_refused_while_the_first_runs() {
    let lab = Lab::new();
    let pid = Some(std::process::id());
    let refused = Store::open(lab.dir.path()).unwrap_err();
    assert_eq!(refused, OpenError::Locked { dir: lab.dir.path().to_owned(), pid });
}

#[test]
fn there_is_nothing_to_read_before_the_first_run() {
    let dir = tempfile::tempdir().unwrap();
    let refused = Store::open_read_only(dir.path()).unwrap_err();
    assert_eq!(refused, OpenError::Missing { path: dir.path().join(FILE) });
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_path_that_is_no_directory_or_can_not_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(Store::open(&file).unwrap_err(), OpenError::NotADirectory { path: file.clone() });
    assert!(matches!(Store::open(&file.join("state")), Err(OpenError::NotADirectory { .. })));
    // sysfs lets nobody make a directory, not even root, who is above permission bits.
    assert!(matches!(Store::open(Path::new("/sys/steward")), Err(OpenError::ReadOnly { .. })));
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_both_versions_and_not_a_byte_changes() {
    let lab = Lab::new();
    lab.store.call(put("a")).await.unwrap();
    let dir = lab.dir.path().to_owned();
    lab.store.close().await.unwrap();
    let path = dir.join(FILE);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 9).unwrap();
    refuses_untouched(&dir, |error| {
        let versions = matches!(error, OpenError::NewerSchema { found: 9, supported: 8, .. });
        versions && error.to_string().contains("schema version 9") && error.to_string().contains("up to 8")
    });
}

#[tokio::test]
async fn a_newer_schema_that_is_only_in_the_log_is_refused_too() {
    let lab = Lab::new();
    let dir = lab.dir.path().to_owned();
    lab.store.close().await.unwrap();
    let newer = Connection::open(dir.join(FILE)).unwrap();
    newer.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    newer.pragma_update(None, "user_version", 9).unwrap();
    drop(newer);
    assert!(dir.join("steward.db-wal").exists());
    refuses_untouched(&dir, |error| matches!(error, OpenError::NewerSchema { found: 9, .. }));
}

#[test]
fn garbage_is_refused_and_left_as_it_is() {
    let garbage: [&[u8]; 4] =
        [b"SQLite", b"not a database, but somebody's thesis", b"SQLite format 3\0 cut", &[0; 8192]];
    for content in garbage {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), content).unwrap();
        refuses_untouched(dir.path(), |error| matches!(error, OpenError::Corrupt { .. }));
    }
}

#[tokio::test]
async fn a_database_that_was_cut_off_or_overwritten_is_refused_and_left_as_it_is() {
    let lab = Lab::new();
    let dir = lab.dir.path().to_owned();
    lab.store.close().await.unwrap();
    let whole = fs::read(dir.join(FILE)).unwrap();
    fs::write(dir.join(FILE), &whole[..whole.len() / 2]).unwrap();
    refuses_untouched(&dir, |error| matches!(error, OpenError::Corrupt { .. }));
    let mut overwritten = whole;
    overwritten[100..4096].fill(0xAA);
    fs::write(dir.join(FILE), overwritten).unwrap();
    refuses_untouched(&dir, |error| matches!(error, OpenError::Corrupt { .. }));
}

#[test]
fn another_programs_database_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    Connection::open(dir.path().join(FILE)).unwrap().execute_batch("CREATE TABLE recipes (name)").unwrap();
    refuses_untouched(dir.path(), |error| matches!(error, OpenError::Foreign { .. }));
}

#[tokio::test]
async fn a_steward_killed_while_it_made_the_file_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(FILE), "").unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.call(put("a")).await.unwrap();
}

/// Opens for writing and for reading; both must refuse, and the database and its log stay byte for byte.
fn refuses_untouched(dir: &Path, expected: impl Fn(&OpenError) -> bool) {
    let content = || ["steward.db", "steward.db-wal"].map(|file| fs::read(dir.join(file)).ok());
    let before = content();
    let refused = Store::open(dir).unwrap_err();
    assert!(expected(&refused), "{refused:?}");
    let refused = Store::open_read_only(dir).unwrap_err();
    assert!(expected(&refused), "read-only: {refused:?}");
    let after = content();
    assert_eq!(after[0], before[0], "the database changed");
    assert_eq!(
        after[1].clone().unwrap_or_default(),
        before[1].clone().unwrap_or_default(),
        "its log changed"
    );
}
