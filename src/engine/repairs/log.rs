//! A repair's log in the store. While the store can't be written, the repair waits where it is.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::Shop;
use crate::domain::ids::RemediationId;
use crate::domain::remediation::SagaEvent;
use crate::engine::activity::{RestingClock, told};
use crate::engine::ports::Clock;
use crate::engine::remediate::SagaLog;
use crate::store::{StoreError, sagas};

/// The wait between two tries.
const WAIT: Duration = Duration::from_secs(5);

pub(super) struct Log<'a> {
    pub(super) shop: &'a Shop,
    pub(super) clock: &'a RestingClock,
    /// Whether a process is under way whose end is not on record yet.
    pub(super) in_flight: &'a watch::Sender<bool>,
}

#[async_trait]
impl SagaLog for Log<'_> {
    async fn append(&self, id: RemediationId, event: &SagaEvent) -> Result<(), String> {
        loop {
            let (writing, now) = (event.clone(), self.clock.now());
            match self.shop.store.call(move |conn| sagas::append(conn, id, &writing, now)).await {
                Ok(()) => break,
                Err(error @ (StoreError::Corrupt(_) | StoreError::Gone)) => return Err(error.to_string()),
                Err(error) if *self.shop.stopping.borrow() => return Err(error.to_string()),
                Err(error) => {
                    tracing::error!(%id, %error, "a repair's log can't be written; it waits until it can");
                    let mut stopping = self.shop.stopping.clone();
                    tokio::select! {
                        () = self.clock.sleep(WAIT) => {}
                        () = told(&mut stopping) => {}
                    }
                }
            }
        }
        let goes_on = matches!(
            event,
            SagaEvent::Started { .. }
                | SagaEvent::UndoStarted { .. }
                | SagaEvent::Spawned { .. }
                | SagaEvent::Probed { .. }
        );
        if !goes_on {
            self.in_flight.send_replace(false);
        }
        Ok(())
    }
}
