//! A repair's log in the store. While the store can't be written, the repair waits where it is.

use async_trait::async_trait;
use tokio::sync::watch;

use super::Shop;
use crate::domain::ids::RemediationId;
use crate::domain::remediation::SagaEvent;
use crate::engine::activity::RestingClock;
use crate::engine::patience;
use crate::engine::ports::Clock;
use crate::engine::remediate::SagaLog;
use crate::store::sagas;

pub(super) struct Log<'a> {
    pub(super) shop: &'a Shop,
    pub(super) clock: &'a RestingClock,
    /// Whether a process is under way whose end is not on record yet.
    pub(super) in_flight: &'a watch::Sender<bool>,
}

#[async_trait]
impl SagaLog for Log<'_> {
    async fn append(&self, id: RemediationId, event: &SagaEvent) -> Result<(), String> {
        let mut writing = event.clone();
        self.shop.store.redaction().now().saga_event(&mut writing);
        let now = self.clock.now();
        let append = move |conn: &rusqlite::Connection| sagas::append(conn, id, &writing, now);
        patience::write(&self.shop.store, self.clock, &self.shop.stopping, "a repair", append)
            .await
            .map_err(|error| error.to_string())?;
        let goes_on = matches!(
            event,
            SagaEvent::Started { .. }
                | SagaEvent::UndoStarted { .. }
                | SagaEvent::Spawned { .. }
                | SagaEvent::Probed { .. }
        );
        if !goes_on {
            self.in_flight.send_replace(false);
            if *self.shop.stopping.borrow() {
                // Whoever waits for the repair to come to rest drops it here.
                std::future::pending::<()>().await;
            }
        }
        Ok(())
    }
}
