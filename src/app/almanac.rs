//! Sends the daily digest: once for each day, also over restarts and where clocks skip an hour.

use std::sync::Arc;

use chrono::{TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use tokio::sync::watch;

use crate::domain::schedule::Schedule;
use crate::domain::signal::Timestamp;
use crate::engine::activity::{Activity, told};
use crate::engine::changes::Watcher;
use crate::engine::digest::{Lately, TOLD};
use crate::engine::message::{Handle, Message};
use crate::engine::ports::Clock;
use crate::store::{Store, StoreError, query};

/// A digest that is later than this is left out: the next one tells what it would have told.
const LATEST: TimeDelta = TimeDelta::hours(12);
/// A digest looks back no further than this, however long Steward was away.
const FURTHEST: TimeDelta = TimeDelta::days(7);
/// The time between two tries when the store can't be read.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(60);

/// Sends the digest when it is due.
pub(super) struct Almanac {
    pub(super) daily: Schedule,
    pub(super) always: bool,
    pub(super) tz: Tz,
    pub(super) store: Store,
    pub(super) engine: Handle,
    pub(super) watcher: Watcher,
    pub(super) clock: Arc<dyn Clock>,
}

impl Almanac {
    /// Works until Steward ends.
    pub(super) async fn run(self, mut ending: watch::Receiver<bool>) {
        loop {
            let tried = self.catch_up().await;
            let next = self.daily.next_after(self.clock.now(), self.tz);
            let waiting = async {
                match (&tried, next) {
                    (Ok(()), Some(next)) => self.clock.sleep_until(next).await,
                    (Ok(()), None) => std::future::pending().await,
                    (Err(error), _) => {
                        tracing::warn!(%error, "the digest could not be made; it is tried again");
                        self.clock.sleep(AGAIN).await;
                    }
                }
            };
            tokio::select! {
                () = waiting => {}
                () = told(&mut ending) => return,
            }
        }
    }

    /// Sends the digest that was due last, if it was not sent.
    async fn catch_up(&self) -> Result<(), StoreError> {
        let activity: &Activity = self.engine.activity();
        let _busy = activity.begin();
        let now = self.clock.now();
        let last = self.store.read(|conn| query::setting(conn, TOLD)).await?;
        let last = last.and_then(|ms| Utc.timestamp_millis_opt(ms.parse().ok()?).single());
        let Some(last) = last else {
            // There was no day yet to tell of.
            let begun = now.timestamp_millis().to_string();
            return self.store.call(move |conn| query::replace_setting(conn, TOLD, &begun)).await.map(drop);
        };
        let Some(due) = self.latest_due(now).filter(|due| *due > last) else { return Ok(()) };
        if now - due > LATEST {
            return Ok(());
        }
        let mut lately = Lately::read(&self.store, last.max(now - FURTHEST), due).await?;
        lately.always = self.always;
        lately.unread = self.watcher.silent();
        // If Steward ends before that is written, the next one sends it.
        let _ = self.engine.submit(Message::Digest(Box::new(lately))).await;
        Ok(())
    }

    /// When a digest was due last.
    fn latest_due(&self, now: Timestamp) -> Option<Timestamp> {
        let from = now - TimeDelta::hours(50);
        let times = std::iter::successors(self.daily.next_after(from, self.tz), |at| {
            self.daily.next_after(*at, self.tz)
        });
        times.take_while(|at| *at <= now).last()
    }
}
