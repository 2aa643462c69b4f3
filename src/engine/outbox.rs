//! Delivers the outbox of one platform: in order within a thread, retried with patience, never lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::activity::Activity;
use super::ports::{Chat, Clock, DeliveryError, Outbound, Place};
use super::schedule::until;
use crate::domain::signal::Timestamp;
use crate::store::outbox::{self, Refs, Waiting};
use crate::store::{Store, StoreError};

/// Messages looked at in one go.
const BATCH: u32 = 200;
/// The first wait after a failure; it doubles with each one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Delivers what waits for one platform.
pub struct Courier {
    /// The platform.
    pub chat: Arc<dyn Chat>,
    /// Where messages wait.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Rung when there may be something new.
    pub bell: Arc<Notify>,
    /// What is under way.
    pub activity: Activity,
}

impl Courier {
    /// Works until Steward ends; what waits then is delivered by the next one.
    pub async fn run(self, mut ending: watch::Receiver<bool>) {
        loop {
            let rung = self.bell.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            let busy = self.activity.begin();
            let next = self.round().await.unwrap_or_else(|error| {
                tracing::error!(%error, "the outbox can't be read; trying again");
                Some(self.clock.now() + FIRST_WAIT)
            });
            drop(busy);
            if *ending.borrow() {
                return;
            }
            tokio::select! {
                () = &mut rung => {}
                () = until(&*self.clock, next) => {}
                _ = ending.changed() => {}
            }
        }
    }

    /// Delivers all that can be delivered now; says when there will be more.
    async fn round(&self) -> Result<Option<Timestamp>, StoreError> {
        loop {
            let platform = self.chat.platform();
            let waiting = self.store.read(move |conn| outbox::waiting(conn, &platform, BATCH)).await?;
            let mut blocked = BTreeSet::new();
            let mut next: Option<Timestamp> = None;
            let mut delivered = false;
            for message in waiting {
                if blocked.contains(&message.thread) {
                    continue;
                }
                let retry = if message.next_at > self.clock.now() {
                    Some(message.next_at)
                } else {
                    self.deliver(&message).await?
                };
                match retry {
                    Some(at) => {
                        next = Some(next.map_or(at, |n| n.min(at)));
                        blocked.insert(message.thread);
                    }
                    None => delivered = true,
                }
            }
            if !delivered {
                return Ok(next);
            }
        }
    }

    /// Delivers one message; `Some` is when to try again.
    async fn deliver(&self, message: &Waiting) -> Result<Option<Timestamp>, StoreError> {
        let platform = self.chat.platform();
        let incident = match &message.place {
            Place::Root { incident, .. } | Place::Thread { incident, .. } => Some(*incident),
            Place::Lab | Place::Answer { .. } => None,
        };
        let refs = match incident {
            Some(id) => {
                let platform = platform.clone();
                self.store.read(move |conn| outbox::refs(conn, &platform, id)).await?
            }
            None => Refs::default(),
        };
        let outbound = Outbound {
            id: message.id,
            place: message.place.clone(),
            card: message.card.clone(),
            root_ref: refs.root,
            thread_ref: refs.thread,
        };
        let outcome = self.chat.deliver(&outbound).await;
        let now = self.clock.now();
        let (message, id) = (message.clone(), message.id);
        match outcome {
            Ok(delivered) => {
                let refs = Refs { root: delivered.root_ref, thread: delivered.thread_ref };
                self.store
                    .call(move |conn| {
                        if let Some(incident) = incident.filter(|_| refs != Refs::default()) {
                            outbox::keep_refs(conn, &platform, incident, &refs)?;
                        }
                        outbox::sent(conn, &message, now)
                    })
                    .await?;
                Ok(None)
            }
            Err(DeliveryError::Permanent { why }) => {
                tracing::error!(platform, message = id, why, "a message can't be delivered and is given up");
                self.store.call(move |conn| outbox::given_up(conn, id, &why, now)).await?;
                Ok(None)
            }
            Err(DeliveryError::Transient { why, retry_after }) => {
                let backoff = FIRST_WAIT.saturating_mul(1 << message.attempts.min(16)).min(LONGEST_WAIT);
                let at = now + retry_after.unwrap_or(backoff);
                tracing::warn!(platform, message = id, why, retry_at = %at, "a message is put off");
                self.store.call(move |conn| outbox::later(conn, id, &why, at)).await?;
                Ok(Some(at))
            }
        }
    }
}
