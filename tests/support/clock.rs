//! Time, moved by hand.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use steward::engine::ports::Clock;
use tokio::sync::oneshot;

/// A clock that stands still until it is moved.
pub struct HandClock(Mutex<State>);

struct State {
    now: DateTime<Utc>,
    next: u64,
    sleepers: BTreeMap<(DateTime<Utc>, u64), oneshot::Sender<()>>,
}

impl HandClock {
    pub fn at(text: &str) -> Self {
        Self(Mutex::new(State { now: text.parse().unwrap(), next: 0, sleepers: BTreeMap::new() }))
    }

    pub fn time(&self) -> DateTime<Utc> {
        self.0.lock().unwrap().now
    }

    /// Moves to the next moment that somebody sleeps for, up to `end`; `false` when there is none left.
    pub fn step(&self, end: DateTime<Utc>) -> bool {
        let mut state = self.0.lock().unwrap();
        // Whoever no longer waits left a sleeper behind.
        state.sleepers.retain(|_, wake| !wake.is_closed());
        let next = state.sleepers.first_key_value().map(|((at, _), _)| *at).filter(|at| *at <= end);
        let Some(next) = next else {
            state.now = end;
            return false;
        };
        state.now = next.max(state.now);
        while let Some(entry) = state.sleepers.first_entry().filter(|e| e.key().0 <= next) {
            let _ = entry.remove().send(());
        }
        true
    }

    /// The wall clock jumps, and nobody is told.
    pub fn jump(&self, to: &str) {
        self.0.lock().unwrap().now = to.parse().unwrap();
    }

    fn sleeper(&self, at: impl FnOnce(DateTime<Utc>) -> DateTime<Utc>) -> Option<oneshot::Receiver<()>> {
        let mut state = self.0.lock().unwrap();
        let at = at(state.now);
        if at <= state.now {
            return None;
        }
        let (wake, woken) = oneshot::channel();
        state.next += 1;
        let key = (at, state.next);
        state.sleepers.insert(key, wake);
        Some(woken)
    }
}

#[async_trait]
impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        self.time()
    }

    async fn sleep_until(&self, at: DateTime<Utc>) {
        if let Some(woken) = self.sleeper(|_| at) {
            let _ = woken.await;
        }
    }

    async fn sleep(&self, duration: Duration) {
        if let Some(woken) = self.sleeper(|now| now + duration) {
            let _ = woken.await;
        }
    }
}
