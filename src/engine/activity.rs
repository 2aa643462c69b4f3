//! What is under way. Ending waits for it to be over; so does whoever moves the clock by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, watch};

/// Counts what is under way: messages not yet handled, processes not yet ended, deliveries not yet made.
#[derive(Debug, Clone, Default)]
pub struct Activity(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    count: AtomicUsize,
    rest: Notify,
}

/// Something under way; over when dropped.
#[derive(Debug)]
pub struct Busy(Activity);

impl Activity {
    /// Something begins.
    #[must_use]
    pub fn begin(&self) -> Busy {
        self.0.count.fetch_add(1, Ordering::SeqCst);
        Busy(self.clone())
    }

    /// How much is under way.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.count.load(Ordering::SeqCst)
    }

    /// Returns once nothing is under way.
    pub async fn idle(&self) {
        loop {
            let rest = self.0.rest.notified();
            tokio::pin!(rest);
            rest.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            rest.await;
        }
    }
}

/// Returns once what is watched has become true, or nobody can change it any more.
pub(super) async fn told(watched: &mut watch::Receiver<bool>) {
    let _ = watched.wait_for(|told| *told).await;
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.0.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.0.rest.notify_waiters();
        }
    }
}
