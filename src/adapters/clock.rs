//! The system's clock.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::signal::Timestamp;
use crate::engine::ports::Clock;

/// The wall clock is looked at again this often at least, because it may jump and the machine may sleep.
const SLICE: Duration = Duration::from_secs(5);

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        while let Ok(left) = (at - self.now()).to_std() {
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(SLICE)).await;
        }
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
