//! One message on its way: delivered, put off, or given up, and what follows from that.

use std::time::Duration;

use rusqlite::Connection;

use super::{A_FEW, FIRST_WAIT, LONGEST_PAUSE, LONGEST_WAIT, Round, SHORTEST_PAUSE, locked};
use crate::domain::card::{Place, Refs};
use crate::engine::message::Message;
use crate::engine::patience;
use crate::engine::ports::{Clock as _, Delivered, DeliveryError, Outbound, Way};
use crate::store::StoreError;
use crate::store::outbox::{self, Waiting};

impl Round<'_> {
    pub(super) async fn deliver(&self, message: Waiting) -> Result<(), StoreError> {
        let key = message.key();
        let refs = match message.place.incident() {
            Some((id, _)) => {
                let (platform, key) = (self.platform.clone(), key.clone());
                self.courier.store.read(move |conn| outbox::refs(conn, &platform, id, &key)).await?
            }
            None => Refs::default(),
        };
        let is_edit = refs.own.is_some();
        let now = self.clock.now();
        let too_soon = locked(&self.pace).wait(&message, now, self.can.edit_every);
        if let Some(at) = too_soon.filter(|_| is_edit) {
            return self.record(move |conn| outbox::step_aside(conn, message.id, at)).await;
        }
        let outbound = Outbound {
            id: message.id,
            written_at: message.written_at,
            place: message.place.clone(),
            // It was written without secrets; some may be known only since.
            card: self.courier.store.redaction().now().card(&message.card.cleaned()),
            refs: refs.clone(),
        };
        let redact = |why: String| self.courier.store.redaction().redact(&why).into_owned();
        match self.courier.chat.deliver(&outbound).await {
            Ok(delivered) => self.delivered(message, &key, &refs, delivered).await,
            Err(DeliveryError::Limited { pause, everything }) => {
                self.pause(&message, pause, everything, is_edit).await
            }
            Err(DeliveryError::Transient { why, hold }) => self.put_off(message, redact(why), hold).await,
            Err(DeliveryError::Permanent { why }) => {
                let why = redact(why);
                self.courier.engine.vitals().delivery(&self.platform, "given_up");
                tracing::error!(
                    platform = self.platform,
                    message = message.id,
                    why,
                    "a message can't be delivered and is given up"
                );
                self.record(move |conn| outbox::given_up(conn, &message, &why, now)).await
            }
        }
    }

    async fn delivered(
        &self,
        message: Waiting,
        key: &str,
        before: &Refs,
        delivered: Delivered,
    ) -> Result<(), StoreError> {
        let (platform, key, now) = (self.platform.clone(), key.to_owned(), self.clock.now());
        if message.supersedes {
            locked(&self.pace).edited(&message, now, self.can.edit_every);
        }
        self.courier.engine.vitals().delivery(&self.platform, "sent");
        let is_back = std::mem::take(&mut *locked(&self.failures)) > 0;
        *locked(&self.down_until) = None;
        if is_back {
            self.tell_engine(Ok(()));
        }
        let incident = message.place.incident().map(|(incident, _)| incident);
        let remade = incident.filter(|_| is_remade(&message.place, before, &delivered));
        self.record(move |conn| {
            if let Some(incident) = incident.filter(|_| delivered != Refs::default()) {
                outbox::keep_refs(conn, &platform, incident, &key, &delivered)?;
            }
            if is_back || message.attempts > 0 {
                // The platform answers again: what else was put off need not wait any longer.
                outbox::hurry(conn, &platform, now, now)?;
            }
            outbox::sent(conn, &message, now)
        })
        .await?;
        if let Some(incident) = remade {
            self.courier.engine.send(Message::Remade { incident });
        }
        Ok(())
    }

    /// The platform wants less at once. Nothing is wrong, and nobody needs to know.
    async fn pause(
        &self,
        message: &Waiting,
        pause: Duration,
        everything: bool,
        is_edit: bool,
    ) -> Result<(), StoreError> {
        let pause = pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        let (id, at) = (message.id, self.clock.now() + pause);
        let in_channel = matches!(message.place, Place::Root { .. } | Place::Lab);
        tracing::debug!(
            platform = self.platform,
            message = id,
            ?pause,
            everything,
            "the platform asks for a pause"
        );
        if everything {
            *locked(&self.hold_until) = Some(at);
        }
        let platform = self.platform.clone();
        self.record(move |conn| match is_edit {
            // What stands behind an edit need not wait for it.
            true => outbox::step_aside(conn, id, at),
            // In a storm, a thousand others would ask for the same place and be told the same.
            false if in_channel => outbox::pause_channel(conn, &platform, at),
            false => outbox::pause(conn, id, at),
        })
        .await
    }

    async fn put_off(&self, message: Waiting, why: String, hold: Option<Duration>) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.courier.engine.vitals().delivery(&self.platform, "put_off");
        let failures = {
            let mut failures = locked(&self.failures);
            *failures = failures.saturating_add(1);
            *failures
        };
        let at = now + hold.unwrap_or_default().max(backoff(message.attempts));
        if failures >= A_FEW {
            *locked(&self.down_until) = Some(now + backoff(failures - A_FEW));
        }
        if let Some(hold) = hold {
            *locked(&self.hold_until) = Some(now + hold);
        }
        let platform = &self.platform;
        tracing::warn!(platform, message = message.id, why, retry_at = %at, "a message is put off");
        if failures == 1 {
            self.tell_engine(Err(why.clone()));
        }
        self.record(move |conn| outbox::later(conn, message.id, &why, at)).await
    }

    fn tell_engine(&self, state: Result<(), String>) {
        self.courier.engine.send(Message::Line { platform: self.platform.clone(), way: Way::Out, state });
    }

    /// Records what came of a delivery, for as long as it takes: what is not on record would be delivered again.
    pub(super) async fn record(
        &self,
        write: impl Fn(&Connection) -> Result<(), StoreError> + Clone + Send + 'static,
    ) -> Result<(), StoreError> {
        let what = format!("what goes to {}", self.platform);
        patience::write(&self.courier.store, &self.clock, &self.ending, &what, write).await
    }
}

/// The wait after so many failures.
fn backoff(failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << failures.min(16)).min(LONGEST_WAIT)
}

/// Whether the platform had to make the root message or the thread anew.
fn is_remade(place: &Place, before: &Refs, now: &Delivered) -> bool {
    let differs =
        |before: &Option<String>, now: &Option<String>| before.is_some() && now.is_some() && before != now;
    let root = matches!(place, Place::Root { .. }) && differs(&before.own, &now.own);
    root || differs(&before.root, &now.root) || differs(&before.thread, &now.thread)
}
