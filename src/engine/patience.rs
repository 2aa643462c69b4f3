//! Waiting for a store that can't be written: a full disk holds things up and loses nothing.

use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;

use super::activity::told;
use super::ports::Clock;
use crate::store::{Store, StoreError};

/// The first wait between two tries; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Writes, for as long as it takes. `what` completes the sentence "… waits, because it can't be recorded".
///
/// # Errors
/// Waiting is pointless, see [`is_pointless`], or Steward ends first.
pub(super) async fn write<T: Send + 'static>(
    store: &Store,
    clock: &dyn Clock,
    ending: &watch::Receiver<bool>,
    what: &str,
    work: impl Fn(&Connection) -> Result<T, StoreError> + Clone + Send + 'static,
) -> Result<T, StoreError> {
    let mut ending = ending.clone();
    let mut wait = FIRST_WAIT;
    loop {
        match store.call(work.clone()).await {
            Err(error) if !is_pointless(&error) && !*ending.borrow() => {
                tracing::error!(%error, retry_in = ?wait, "{what} waits, because it can't be recorded");
                tokio::select! {
                    () = clock.sleep(wait) => {}
                    () = told(&mut ending) => {}
                }
                wait = wait.saturating_mul(2).min(LONGEST_WAIT);
            }
            done => return done,
        }
    }
}

/// Whether waiting is pointless: what was to be written, or where, will not get better.
pub(super) fn is_pointless(error: &StoreError) -> bool {
    match error {
        StoreError::Full | StoreError::ReadOnly(_) | StoreError::Busy | StoreError::Sqlite(_) => false,
        StoreError::Corrupt(_)
        | StoreError::Gone
        | StoreError::Constraint(_)
        | StoreError::Unreadable(_)
        | StoreError::Panicked(_) => true,
    }
}
