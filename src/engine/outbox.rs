//! Delivers the outbox of one platform: in order within a thread, retried with patience, never lost.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Notify, watch};

use super::activity::{Activity, RestingClock, told};
use super::patience;
use super::ports::{Chat, Clock, Delivered, DeliveryError, Outbound, Place};
use super::schedule::until;
use crate::domain::ids::IncidentId;
use crate::domain::signal::Timestamp;
use crate::store::outbox::{self, Refs, Waiting};
use crate::store::{Store, StoreError};

/// Messages looked at in one go.
const BATCH: u32 = 200;
/// The first wait after a failure; it doubles with each one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait between two tries that the platform did not ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// A platform that asks for less of a pause than this, or for more than that, is not taken at its word.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// See [`SHORTEST_PAUSE`].
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// The wait for a store that can't be written.
const STORE_WAIT: Duration = Duration::from_secs(5);
/// How often it is looked whether the clock went back while something waits.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(60);

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
        let mut round = Round {
            platform: self.chat.platform(),
            clock: RestingClock::new(self.clock.clone(), self.activity.clone()),
            courier: &self,
            ending: ending.clone(),
            hold_until: None,
            last_look: self.clock.now(),
        };
        loop {
            let rung = self.bell.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            let busy = self.activity.begin();
            let next = round.go().await.unwrap_or_else(|error| {
                let wait = if patience::is_pointless(&error) { LONGEST_WAIT } else { STORE_WAIT };
                round.hold_until = Some(self.clock.now() + wait);
                tracing::error!(platform = round.platform, %error, "messages wait, because the outbox can't be used");
                round.hold_until
            });
            drop(busy);
            if *ending.borrow() {
                return;
            }
            let look_at_clock = async {
                match next {
                    Some(_) => self.clock.sleep(LOOK_AT_CLOCK).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = &mut rung => {}
                () = until(&*self.clock, next) => {}
                () = look_at_clock => {}
                () = told(&mut ending) => {}
            }
        }
    }
}

struct Round<'a> {
    platform: String,
    clock: RestingClock,
    courier: &'a Courier,
    ending: watch::Receiver<bool>,
    /// The platform asked for a pause until then.
    hold_until: Option<Timestamp>,
    last_look: Timestamp,
}

impl Round<'_> {
    /// Delivers all that can be delivered now; says when there will be more.
    async fn go(&mut self) -> Result<Option<Timestamp>, StoreError> {
        self.look_at_clock().await?;
        loop {
            let now = self.clock.now();
            if let Some(until) = self.hold_until.filter(|until| *until > now) {
                return Ok(Some(until));
            }
            let platform = self.platform.clone();
            let due = self.courier.store.read(move |conn| outbox::due(conn, &platform, now, BATCH)).await?;
            if due.is_empty() || *self.ending.borrow() {
                let platform = self.platform.clone();
                return self.courier.store.read(move |conn| outbox::next_due(conn, &platform)).await;
            }
            for message in due {
                self.deliver(message).await?;
                if self.hold_until.is_some() {
                    break;
                }
            }
        }
    }

    /// A clock that went back would keep messages waiting that are due.
    async fn look_at_clock(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let went_back = now < self.last_look;
        self.last_look = now;
        self.hold_until = self.hold_until.filter(|until| *until > now && !went_back);
        if went_back {
            let platform = self.platform.clone();
            self.record(move |conn| outbox::hurry(conn, &platform, now, now)).await?;
        }
        Ok(())
    }

    async fn deliver(&mut self, message: Waiting) -> Result<(), StoreError> {
        let incident = match &message.place {
            Place::Root { incident, .. } | Place::Thread { incident, .. } => Some(*incident),
            Place::Lab | Place::Answer { .. } => None,
        };
        let refs = match incident {
            Some(id) => {
                let platform = self.platform.clone();
                self.courier.store.read(move |conn| outbox::refs(conn, &platform, id)).await?
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
        match self.courier.chat.deliver(&outbound).await {
            Ok(delivered) => self.delivered(message, incident, delivered).await,
            Err(DeliveryError::Permanent { why }) => {
                tracing::error!(
                    platform = self.platform,
                    message = message.id,
                    why,
                    "a message can't be delivered and is given up"
                );
                let now = self.clock.now();
                self.record(move |conn| outbox::given_up(conn, &message, &why, now)).await
            }
            Err(DeliveryError::Transient { why, retry_after }) => {
                self.put_off(message, why, retry_after).await
            }
        }
    }

    async fn delivered(
        &self,
        message: Waiting,
        incident: Option<IncidentId>,
        delivered: Delivered,
    ) -> Result<(), StoreError> {
        let refs = Refs { root: delivered.root_ref, thread: delivered.thread_ref };
        let (platform, now) = (self.platform.clone(), self.clock.now());
        self.record(move |conn| {
            if let Some(incident) = incident.filter(|_| refs != Refs::default()) {
                outbox::keep_refs(conn, &platform, incident, &refs)?;
            }
            if message.attempts > 0 {
                // The platform answers again: what else was put off need not wait any longer.
                outbox::hurry(conn, &platform, now, now)?;
            }
            outbox::sent(conn, &message, now)
        })
        .await
    }

    async fn put_off(
        &mut self,
        message: Waiting,
        why: String,
        retry_after: Option<Duration>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let backoff = FIRST_WAIT.saturating_mul(1 << message.attempts.min(16)).min(LONGEST_WAIT);
        let retry_after = retry_after.map(|asked| asked.clamp(SHORTEST_PAUSE, LONGEST_PAUSE));
        let at = now + retry_after.unwrap_or(backoff);
        // A pause that the platform asks for is for everything that goes there.
        self.hold_until = retry_after.map(|_| at);
        let platform = &self.platform;
        tracing::warn!(platform, message = message.id, why, retry_at = %at, "a message is put off");
        self.record(move |conn| outbox::later(conn, message.id, &why, at)).await
    }

    /// Records what came of a delivery, for as long as it takes: what is not on record would be delivered again.
    async fn record(
        &self,
        write: impl Fn(&Connection) -> Result<(), StoreError> + Clone + Send + 'static,
    ) -> Result<(), StoreError> {
        let what = format!("what goes to {}", self.platform);
        patience::write(&self.courier.store, &self.clock, &self.ending, &what, write).await
    }
}
