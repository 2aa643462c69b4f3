//! Delivers the outbox of one platform: in order within a thread, retried with patience, never lost.

mod pace;

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use rusqlite::Connection;
use tokio::sync::{Notify, watch};

use self::pace::Pace;
use super::activity::{Activity, RestingClock, told};
use super::message::{Handle, Message};
use super::patience;
use super::ports::{Capabilities, Chat, Clock, Delivered, DeliveryError, Outbound, Way};
use super::schedule::until;
use crate::domain::card::Refs;
use crate::domain::signal::Timestamp;
use crate::store::outbox::{self, Waiting};
use crate::store::{Store, StoreError};

/// Messages looked at in one go.
const BATCH: u32 = 64;
/// What was looked at longer ago is looked at again when there is something new: an answer to somebody must not wait
/// long behind a storm.
const STALE: Duration = Duration::from_secs(1);
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
    /// Told when the platform can't be reached, and when it can again.
    pub engine: Handle,
}

impl Courier {
    /// Works until Steward ends; what waits then is delivered by the next one.
    pub async fn run(self, mut ending: watch::Receiver<bool>) {
        let activity: Activity = self.engine.activity().clone();
        let mut round = Round {
            platform: self.chat.platform(),
            can: self.chat.capabilities(),
            clock: RestingClock::new(self.clock.clone(), activity.clone()),
            courier: &self,
            ending: ending.clone(),
            hold_until: Mutex::default(),
            cut: Mutex::default(),
            pace: Mutex::default(),
            last_look: self.clock.now(),
        };
        loop {
            let busy = activity.begin();
            let next = round.go().await.unwrap_or_else(|error| {
                let wait = if patience::is_pointless(&error) { LONGEST_WAIT } else { STORE_WAIT };
                let until = Some(self.clock.now() + wait);
                *locked(&round.hold_until) = until;
                tracing::error!(platform = round.platform, %error, "messages wait, because the outbox can't be used");
                until
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
                () = self.bell.notified() => {}
                () = until(&*self.clock, next) => {}
                () = look_at_clock => {}
                () = told(&mut ending) => {}
            }
        }
    }
}

struct Round<'a> {
    platform: String,
    can: Capabilities,
    clock: RestingClock,
    courier: &'a Courier,
    ending: watch::Receiver<bool>,
    /// The platform asked for a pause until then.
    hold_until: Mutex<Option<Timestamp>>,
    /// Whether the platform could not be reached the last time.
    cut: Mutex<bool>,
    /// When messages were last edited.
    pace: Mutex<Pace>,
    last_look: Timestamp,
}

impl Round<'_> {
    /// Delivers all that can be delivered now; says when there will be more.
    async fn go(&mut self) -> Result<Option<Timestamp>, StoreError> {
        self.look_at_clock().await?;
        let round = &*self;
        let mut queue = VecDeque::new();
        let mut under_way = FuturesUnordered::new();
        let mut written_to = HashSet::new();
        let (at_once, mut looked_at) = (round.can.at_once.max(1), None);
        loop {
            let now = round.clock.now();
            let held = round.held(now);
            if held.is_some() || *round.ending.borrow() {
                // Once the platform has asked for a pause, what is left waits for it.
                queue.clear();
            } else if under_way.len() < at_once
                && (queue.is_empty() || looked_at.is_none_or(|at| at + STALE < now))
            {
                queue = round.due(now, &written_to).await?;
                looked_at = Some(now);
            }
            while under_way.len() < at_once
                && let Some(message) = queue.pop_front()
            {
                written_to.insert(message.thread.clone());
                under_way.push(round.deliver_one(message));
            }
            tokio::select! {
                Some((thread, outcome)) = under_way.next() => {
                    outcome?;
                    written_to.remove(&thread);
                }
                // Something new need not wait until all that is under way is there.
                () = round.courier.bell.notified(), if !under_way.is_empty() => {}
                else => return if held.is_some() { Ok(held) } else { round.next_due(now).await },
            }
        }
    }

    /// What is due, short of the threads that are written to right now.
    async fn due(&self, now: Timestamp, but: &HashSet<String>) -> Result<VecDeque<Waiting>, StoreError> {
        let platform = self.platform.clone();
        let due = self.courier.store.read(move |conn| outbox::due(conn, &platform, now, BATCH)).await?;
        Ok(due.into_iter().filter(|message| !but.contains(&message.thread)).collect())
    }

    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let platform = self.platform.clone();
        self.courier.store.read(move |conn| outbox::next_due(conn, &platform, now)).await
    }

    async fn deliver_one(&self, message: Waiting) -> (String, Result<(), StoreError>) {
        (message.thread.clone(), self.deliver(message).await)
    }

    /// Until when everything has to wait, if it has to.
    fn held(&self, now: Timestamp) -> Option<Timestamp> {
        locked(&self.hold_until).filter(|until| *until > now)
    }

    /// A clock that went back would keep messages waiting that are due.
    async fn look_at_clock(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let went_back = now < self.last_look;
        self.last_look = now;
        let held = self.held(now).filter(|_| !went_back);
        *locked(&self.hold_until) = held;
        if went_back {
            let platform = self.platform.clone();
            self.record(move |conn| outbox::hurry(conn, &platform, now, now)).await?;
        }
        Ok(())
    }

    async fn deliver(&self, message: Waiting) -> Result<(), StoreError> {
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
            card: message.card.cleaned(),
            refs,
        };
        match self.courier.chat.deliver(&outbound).await {
            Ok(delivered) => self.delivered(message, &key, delivered).await,
            Err(DeliveryError::Limited { pause, everything }) => {
                self.pause(&message, pause, everything, is_edit).await
            }
            Err(DeliveryError::Transient { why, hold }) => self.put_off(message, why, hold).await,
            Err(DeliveryError::Permanent { why }) => {
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

    async fn delivered(&self, message: Waiting, key: &str, delivered: Delivered) -> Result<(), StoreError> {
        let (platform, key, now) = (self.platform.clone(), key.to_owned(), self.clock.now());
        if message.supersedes {
            locked(&self.pace).edited(&message, now, self.can.edit_every);
        }
        let is_back = std::mem::take(&mut *locked(&self.cut));
        if is_back {
            self.tell_engine(Ok(()));
        }
        self.record(move |conn| {
            if let Some((incident, _)) = message.place.incident().filter(|_| delivered != Refs::default()) {
                outbox::keep_refs(conn, &platform, incident, &key, &delivered)?;
            }
            if is_back || message.attempts > 0 {
                // The platform answers again: what else was put off need not wait any longer.
                outbox::hurry(conn, &platform, now, now)?;
            }
            outbox::sent(conn, &message, now)
        })
        .await
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
        self.record(move |conn| match is_edit {
            // What stands behind an edit need not wait for it.
            true => outbox::step_aside(conn, id, at),
            false => outbox::pause(conn, id, at),
        })
        .await
    }

    async fn put_off(&self, message: Waiting, why: String, hold: Option<Duration>) -> Result<(), StoreError> {
        let backoff = FIRST_WAIT.saturating_mul(1 << message.attempts.min(16)).min(LONGEST_WAIT);
        let now = self.clock.now();
        let at = now + hold.unwrap_or(backoff);
        if let Some(hold) = hold {
            *locked(&self.hold_until) = Some(now + hold);
        }
        let platform = &self.platform;
        tracing::warn!(platform, message = message.id, why, retry_at = %at, "a message is put off");
        let was_cut = std::mem::replace(&mut *locked(&self.cut), true);
        if !was_cut {
            self.tell_engine(Err(why.clone()));
        }
        self.record(move |conn| outbox::later(conn, message.id, &why, at)).await
    }

    fn tell_engine(&self, state: Result<(), String>) {
        self.courier.engine.send(Message::Line { platform: self.platform.clone(), way: Way::Out, state });
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

/// The value, also if somebody panicked while holding it: each write to it is a single one.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
