//! What is under way. Ending waits for it to be over; so does whoever moves the clock by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, watch};

use super::ports::Clock;
use crate::domain::signal::Timestamp;

/// Counts what is under way: messages not yet handled, processes not yet ended, deliveries not yet made.
#[derive(Debug, Clone, Default)]
pub struct Activity(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    count: AtomicUsize,
    rest: Notify,
    stalled: AtomicUsize,
    abandoned: watch::Sender<bool>,
}

/// Something under way; over when dropped.
#[derive(Debug)]
pub struct Busy(Activity);

struct Stalled<'a>(&'a Inner);

impl<'a> Stalled<'a> {
    fn begin(inner: &'a Inner) -> Self {
        inner.stalled.fetch_add(1, Ordering::SeqCst);
        inner.rest.notify_waiters();
        Self(inner)
    }
}

impl Drop for Stalled<'_> {
    fn drop(&mut self) {
        self.0.stalled.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Activity {
    /// Something begins.
    #[must_use]
    pub fn begin(&self) -> Busy {
        self.0.count.fetch_add(1, Ordering::SeqCst);
        Busy(self.clone())
    }

    /// Does some work beside everything else; it is under way until it is over.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let busy = self.begin();
        let mut abandoned = self.0.abandoned.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                // What is abandoned does not take one more step.
                () = told(&mut abandoned) => {}
                () = work => {}
            }
            drop(busy);
        });
    }

    /// Drops all work that was spawned, wherever it is.
    pub fn abandon(&self) {
        self.0.abandoned.send_replace(true);
    }

    fn ended(&self) {
        if self.0.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.rest.notify_waiters();
        }
    }

    /// How much is under way.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.count.load(Ordering::SeqCst)
    }

    /// Whether what is under way can't go on, because the store can't be written.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.0.stalled.load(Ordering::SeqCst) > 0
    }

    /// Waits for the store; all that waits for this in turn is stalled meanwhile.
    pub(super) async fn stalled<T>(&self, wait: impl Future<Output = T>) -> T {
        let _stalled = Stalled::begin(&self.0);
        wait.await
    }

    /// Returns once nothing is under way, or nothing of it can go on.
    pub async fn idle(&self) {
        loop {
            let rest = self.0.rest.notified();
            tokio::pin!(rest);
            rest.as_mut().enable();
            if self.count() == 0 || self.is_stalled() {
                return;
            }
            rest.await;
        }
    }
}

/// Returns once what is watched has become true, or nobody can change it any more.
pub async fn told(watched: &mut watch::Receiver<bool>) {
    let _ = watched.wait_for(|told| *told).await;
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.ended();
    }
}

/// The clock of one thing that is under way: while it sleeps, on one sleep or on several at once, it rests.
pub struct RestingClock {
    clock: Arc<dyn Clock>,
    activity: Activity,
    sleeps: AtomicUsize,
}

impl RestingClock {
    /// The clock of something that is under way already.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, activity: Activity) -> Self {
        Self { clock, activity, sleeps: AtomicUsize::new(0) }
    }
}

impl RestingClock {
    /// Waits for what others bring, who are under way themselves when they do: it rests meanwhile.
    pub async fn rest<T>(&self, wait: impl Future<Output = T>) -> T {
        let _rest = Sleep::begin(self);
        wait.await
    }
}

struct Sleep<'a>(&'a RestingClock);

impl<'a> Sleep<'a> {
    fn begin(clock: &'a RestingClock) -> Self {
        if clock.sleeps.fetch_add(1, Ordering::SeqCst) == 0 {
            clock.activity.ended();
        }
        Self(clock)
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if self.0.sleeps.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.activity.0.count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl Clock for RestingClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let _sleep = Sleep::begin(self);
        self.clock.sleep_until(at).await;
    }

    async fn sleep(&self, duration: Duration) {
        let _sleep = Sleep::begin(self);
        self.clock.sleep(duration).await;
    }
}
