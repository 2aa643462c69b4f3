//! Time, moved by hand.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use steward::engine::ports::Clock;
use tokio::sync::oneshot;

/// A clock that stands still until it is moved.
pub struct HandClock(Mutex<State>);

struct State {
    now: DateTime<Utc>,
    /// How long it has run, whatever the wall clock did.
    ran: TimeDelta,
    next: u64,
    until: BTreeMap<(DateTime<Utc>, u64), oneshot::Sender<()>>,
    after: BTreeMap<(TimeDelta, u64), oneshot::Sender<()>>,
}

impl State {
    fn wake(&mut self) {
        while let Some(entry) = self.until.first_entry().filter(|e| e.key().0 <= self.now) {
            let _ = entry.remove().send(());
        }
        while let Some(entry) = self.after.first_entry().filter(|e| e.key().0 <= self.ran) {
            let _ = entry.remove().send(());
        }
    }

    fn advance(&mut self, by: TimeDelta) {
        self.now += by;
        self.ran += by;
        self.wake();
    }
}

impl HandClock {
    pub fn at(text: &str) -> Self {
        Self(Mutex::new(State {
            now: text.parse().unwrap(),
            ran: TimeDelta::zero(),
            next: 0,
            until: BTreeMap::new(),
            after: BTreeMap::new(),
        }))
    }

    pub fn time(&self) -> DateTime<Utc> {
        self.0.lock().unwrap().now
    }

    /// Moves to the next moment that somebody sleeps for, up to `end`; `false` when there is none left.
    pub fn step(&self, end: DateTime<Utc>) -> bool {
        let mut state = self.0.lock().unwrap();
        // Whoever no longer waits left a sleeper behind.
        state.until.retain(|_, wake| !wake.is_closed());
        state.after.retain(|_, wake| !wake.is_closed());
        let until = state.until.first_key_value().map(|((at, _), _)| *at - state.now);
        let after = state.after.first_key_value().map(|((at, _), _)| *at - state.ran);
        let next = until.into_iter().chain(after).min().map(|left| left.max(TimeDelta::zero()));
        let left = end - state.now;
        state.advance(next.map_or(left, |next| next.min(left)));
        next.is_some_and(|next| next <= left)
    }

    /// The wall clock jumps; only who waits for a time that is past now notices.
    pub fn jump(&self, to: &str) {
        let mut state = self.0.lock().unwrap();
        state.now = to.parse().unwrap();
        state.wake();
    }

    fn sleeper(&self) -> (std::sync::MutexGuard<'_, State>, u64, oneshot::Sender<()>, oneshot::Receiver<()>) {
        let mut state = self.0.lock().unwrap();
        state.next += 1;
        let number = state.next;
        let (wake, woken) = oneshot::channel();
        (state, number, wake, woken)
    }
}

#[async_trait]
impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        self.time()
    }

    async fn sleep_until(&self, at: DateTime<Utc>) {
        let woken = {
            let (mut state, number, wake, woken) = self.sleeper();
            if at <= state.now {
                return;
            }
            state.until.insert((at, number), wake);
            woken
        };
        let _ = woken.await;
    }

    async fn sleep(&self, duration: Duration) {
        let woken = {
            let (mut state, number, wake, woken) = self.sleeper();
            if duration.is_zero() {
                return;
            }
            let at = state.ran + TimeDelta::from_std(duration).unwrap();
            state.after.insert((at, number), wake);
            woken
        };
        let _ = woken.await;
    }
}
