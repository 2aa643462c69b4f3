//! Looks at what can only be told by comparing: clusters and container engines.
//!
//! The changes and the state that they were told from are written together, so that none is told twice and none is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;

use crate::domain::change::Seen;
use crate::domain::signal::Timestamp;
use crate::engine::ports::{Clock, StateSource};
use crate::store::{Store, changes};

/// How long an answer or an incident waits for a look. What hangs longer is told by the next one.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// A look that is younger than this is not repeated.
const FRESH: Duration = Duration::from_secs(5);

/// Looks at the sources of states, one look at a time. Cheap to clone.
#[derive(Clone)]
pub struct Watcher(Arc<Inner>);

struct Inner {
    sources: Vec<Arc<dyn StateSource>>,
    store: Store,
    clock: Arc<dyn Clock>,
    /// Held during a look: two at once would tell the same change twice.
    looking: tokio::sync::Mutex<Option<Timestamp>>,
    /// Sources that could not be read at the last look, and why.
    silent: Mutex<BTreeMap<String, String>>,
}

impl Watcher {
    /// Watches these.
    #[must_use]
    pub fn new(sources: Vec<Arc<dyn StateSource>>, store: Store, clock: Arc<dyn Clock>) -> Self {
        let (looking, silent) = (tokio::sync::Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { sources, store, clock, looking, silent }))
    }

    /// Whether there is nothing to watch.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.0.sources.is_empty()
    }

    /// Looks at every source, unless that was done a moment ago, and records what changed.
    pub async fn look(&self) {
        if self.is_idle() {
            return;
        }
        let mut looked = self.0.looking.lock().await;
        let now = self.0.clock.now();
        let fresh = chrono::TimeDelta::from_std(FRESH).unwrap_or_default();
        if looked.is_some_and(|at| (chrono::TimeDelta::zero()..fresh).contains(&(now - at))) {
            return;
        }
        join_all(self.0.sources.iter().map(|source| self.look_at(&**source))).await;
        *looked = Some(self.0.clock.now());
    }

    /// As [`Watcher::look`], but gives up waiting after [`PATIENCE`], and then says false; the look goes on beside.
    pub async fn look_briefly(&self) -> bool {
        if self.is_idle() {
            return true;
        }
        let watcher = self.clone();
        let look = tokio::spawn(async move { watcher.look().await });
        tokio::select! {
            _ = look => true,
            () = self.0.clock.sleep(PATIENCE) => {
                tracing::warn!("a source of changes is slow to answer; what it knows comes later");
                false
            }
        }
    }

    /// The sources that could not be read lately, a sentence each.
    #[must_use]
    pub fn silent(&self) -> Vec<String> {
        self.silences().values().cloned().collect()
    }

    fn silences(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.0.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look_at(&self, source: &dyn StateSource) {
        let name = source.name();
        match self.compare(source).await {
            Ok(()) => drop(self.silences().remove(&name)),
            Err(why) => {
                let new = self.silences().insert(name, why.clone()).is_none_or(|before| before != why);
                // A source that stays away is told once, not every time it is asked.
                if new {
                    tracing::warn!(why, "a source of changes could not be asked");
                }
            }
        }
    }

    async fn compare(&self, source: &dyn StateSource) -> Result<(), String> {
        let name = source.name();
        let unkept =
            |error: crate::store::StoreError| format!("{name}: what it said could not be kept: {error}");
        let key = name.clone();
        let before = self.0.store.read(move |conn| changes::state(conn, &key)).await.map_err(unkept)?;
        let now = self.0.clock.now();
        let look = source.look(before.as_ref(), now).await?;
        let (key, redactor) = (name.clone(), self.0.store.redaction().now());
        let keep = move |conn: &rusqlite::Connection| {
            look.changes.iter().try_for_each(|change| changes::insert(conn, change, &redactor))?;
            changes::keep_state(conn, &key, &Seen { at: now, snapshot: look.snapshot })
        };
        self.0.store.call(keep).await.map_err(unkept)
    }
}

#[cfg(test)]
mod tests;
