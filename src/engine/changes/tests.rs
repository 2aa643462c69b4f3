use std::collections::VecDeque;

use async_trait::async_trait;

use super::*;
use crate::domain::change::{Change, ChangeKind, Facts, Snapshot};
use crate::engine::ports::Look;

/// A source whose looks are written beforehand.
struct Written(Mutex<VecDeque<Result<u8, String>>>);

#[async_trait]
impl StateSource for Written {
    fn name(&self) -> String {
        "docker".to_owned()
    }

    async fn look(&self, before: Option<&Seen>, now: Timestamp) -> Result<Look, String> {
        let value = self.0.lock().unwrap().pop_front().unwrap()?;
        let facts: Facts = [("image".to_owned(), value.to_string())].into();
        let snapshot = Snapshot([("web".to_owned(), facts)].into());
        let changed = before.is_some_and(|before| before.snapshot != snapshot);
        let change = Change::new(ChangeKind::Image, "docker", format!("web@{value}"), now, "another image");
        Ok(Look { snapshot, changes: changed.then_some(change).into_iter().collect() })
    }
}

/// A clock that moves a minute with every look at it, and never wakes anybody.
struct Ticking(Mutex<i64>);

#[async_trait]
impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let mut minutes = self.0.lock().unwrap();
        *minutes += 1;
        Timestamp::from_timestamp(*minutes * 60, 0).unwrap()
    }

    async fn sleep_until(&self, _: Timestamp) {
        std::future::pending().await
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }
}

async fn recorded(store: &Store) -> Vec<String> {
    let all =
        |conn: &rusqlite::Connection| changes::recent(conn, Timestamp::UNIX_EPOCH, Timestamp::MAX_UTC, 99);
    store.read(all).await.unwrap().into_iter().map(|change| change.id).collect()
}

fn watcher(store: &Store, minutes: i64, looks: &[Result<u8, String>]) -> Watcher {
    let source = Written(Mutex::new(looks.iter().cloned().collect()));
    Watcher::new(vec![Arc::new(source)], store.clone(), Arc::new(Ticking(Mutex::new(minutes))))
}

#[tokio::test]
async fn the_first_look_tells_nothing_and_each_difference_is_told_once_over_a_restart_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let first = watcher(&store, 0, &[Ok(1), Ok(1), Ok(2)]);
    first.look().await;
    first.look().await;
    assert!(recorded(&store).await.is_empty());
    first.look_briefly().await;
    assert_eq!(recorded(&store).await, ["web@2"]);
    let second = watcher(&store, 100, &[Ok(2), Ok(3)]);
    second.look().await;
    assert_eq!(recorded(&store).await, ["web@2"], "a restart told it again");
    second.look().await;
    assert_eq!(recorded(&store).await, ["web@3", "web@2"]);
}

#[tokio::test]
async fn a_source_that_cannot_be_read_loses_nothing_and_is_told_until_it_can() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let watcher = watcher(&store, 0, &[Ok(1), Err("docker: it is down".into()), Ok(2)]);
    watcher.look().await;
    watcher.look().await;
    assert_eq!(watcher.silent(), ["docker: it is down"]);
    watcher.look().await;
    assert!(watcher.silent().is_empty());
    assert_eq!(recorded(&store).await, ["web@2"]);
}
