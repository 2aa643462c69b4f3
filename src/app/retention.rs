//! Housekeeping: once a day, what has been over for long enough goes.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;

use crate::domain::signal::Timestamp;
use crate::engine::activity::{Activity, told};
use crate::engine::ports::Clock;
use crate::store::metrics::Metrics;
use crate::store::retention::{Pruned, prune};
use crate::store::{Store, StoreError, changes};

/// The first time is so long after the start, when everything else has come to rest.
const FIRST: Duration = Duration::from_secs(10 * 60);
/// The time between two times.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// Incidents, signals and messages removed in one step, so that nothing else waits long.
const STEP: usize = 200;

/// What housekeeping works on.
pub(super) struct Housekeeping {
    pub(super) store: Store,
    pub(super) metrics: Metrics,
    pub(super) activity: Activity,
    /// How long what is over is kept.
    pub(super) keep: Duration,
    /// How long recorded changes are kept.
    pub(super) keep_changes: Duration,
}

impl Housekeeping {
    /// Works until Steward ends.
    pub(super) async fn run(self, clock: std::sync::Arc<dyn Clock>, mut ending: watch::Receiver<bool>) {
        let mut wait = FIRST;
        loop {
            tokio::select! {
                () = clock.sleep(wait) => {}
                () = told(&mut ending) => return,
            }
            wait = EVERY;
            let _busy = self.activity.begin();
            match self.prune(clock.now()).await {
                Ok(removed) => tracing::info!(?removed, "what was over for long enough is gone"),
                Err(error) => tracing::warn!(%error, "old records could not be removed; next try in a day"),
            }
        }
    }

    async fn prune(&self, now: Timestamp) -> Result<Pruned, StoreError> {
        let keep = self.keep;
        let mut removed = Pruned::default();
        loop {
            let step = self.store.call(move |conn| prune(conn, now, keep, STEP)).await?;
            removed.incidents += step.incidents;
            removed.signals += step.signals;
            removed.messages += step.messages;
            if !step.more {
                break;
            }
        }
        self.prune_changes(now).await?;
        self.metrics.prune(now).await?;
        Ok(removed)
    }

    async fn prune_changes(&self, now: Timestamp) -> Result<(), StoreError> {
        let keep = TimeDelta::from_std(self.keep_changes).unwrap_or(TimeDelta::MAX);
        let Some(before) = now.checked_sub_signed(keep) else { return Ok(()) };
        while self.store.call(move |conn| changes::prune(conn, before, STEP)).await? == STEP {}
        Ok(())
    }
}
