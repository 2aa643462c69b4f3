//! Delivers the outbox of one platform: in order within a thread, retried with patience, never lost.

mod delivery;
mod pace;

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Notify, watch};

use self::pace::Pace;
use super::activity::{Activity, RestingClock, told};
use super::message::Handle;
use super::patience;
use super::ports::{Capabilities, Chat, Clock};
use super::schedule::until;
use crate::domain::card::Place;
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
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// After so many failures in a row it is the platform that fails, and not a message.
const A_FEW: u32 = 3;
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
    /// Turns true when Steward begins to end: a platform that does not answer then is not waited for.
    pub leaving: watch::Receiver<bool>,
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
            failures: Mutex::default(),
            down_until: Mutex::default(),
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
    /// How often in a row the platform could not be reached.
    failures: Mutex<u32>,
    /// It failed so often that nothing but answers to people is tried until then.
    down_until: Mutex<Option<Timestamp>>,
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
        let (at_once, mut looked_at, mut outcome) = (round.can.at_once.max(1), None, Ok(()));
        loop {
            let now = round.clock.now();
            let held = round.held(now);
            if held.is_some() || round.is_leaving() || outcome.is_err() {
                // What is left of the batch waits; what is under way comes to its end, or it would be sent twice.
                queue.clear();
            } else if under_way.len() < at_once
                && (queue.is_empty() || looked_at.is_none_or(|at| at + STALE < now))
            {
                looked_at = Some(now);
                match round.due(now, &written_to).await {
                    Ok(due) => queue = due,
                    Err(error) => outcome = Err(error),
                }
            } else if round.down(now).is_some() {
                queue.retain(is_answer);
            }
            while under_way.len() < at_once
                && let Some(message) = queue.pop_front()
            {
                written_to.insert(message.thread.clone());
                under_way.push(round.deliver_one(message));
            }
            tokio::select! {
                Some((thread, delivered)) = under_way.next() => {
                    outcome = outcome.and(delivered);
                    written_to.remove(&thread);
                }
                // Something new need not wait until all that is under way is there.
                () = round.courier.bell.notified(), if !under_way.is_empty() => {}
                else => break,
            }
        }
        outcome?;
        let now = self.clock.now();
        match self.held(now).or(self.down(now)) {
            Some(until) => Ok(Some(until)),
            // The next start goes on from here.
            None if self.is_leaving() => Ok(None),
            None => self.next_due(now).await,
        }
    }

    /// Whether nothing more is to be begun: Steward has ended, or is about to and the platform does not answer.
    fn is_leaving(&self) -> bool {
        *self.ending.borrow() || *self.courier.leaving.borrow() && *locked(&self.failures) > 0
    }

    /// What is due, short of the threads that are written to right now.
    async fn due(&self, now: Timestamp, but: &HashSet<String>) -> Result<VecDeque<Waiting>, StoreError> {
        let platform = self.platform.clone();
        let due = self.courier.store.read(move |conn| outbox::due(conn, &platform, now, BATCH)).await?;
        let is_down = self.down(now).is_some();
        let may_go = |message: &Waiting| !but.contains(&message.thread) && (!is_down || is_answer(message));
        Ok(due.into_iter().filter(may_go).collect())
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

    /// Until when nothing but answers is tried, if the platform is down.
    fn down(&self, now: Timestamp) -> Option<Timestamp> {
        locked(&self.down_until).filter(|until| *until > now)
    }

    /// A clock that went back would keep messages waiting that are due.
    async fn look_at_clock(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let went_back = now < self.last_look;
        self.last_look = now;
        let (held, down) = (self.held(now).filter(|_| !went_back), self.down(now).filter(|_| !went_back));
        *locked(&self.hold_until) = held;
        *locked(&self.down_until) = down;
        if went_back {
            let platform = self.platform.clone();
            self.record(move |conn| outbox::hurry(conn, &platform, now, now)).await?;
        }
        Ok(())
    }
}

/// Whether somebody waits for it at the screen.
fn is_answer(message: &Waiting) -> bool {
    matches!(message.place, Place::Answer { .. })
}

/// The value, also if somebody panicked while holding it: each write to it is a single one.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
