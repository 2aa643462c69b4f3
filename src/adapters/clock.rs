//! The system's clock.

use std::time::Duration;

use async_trait::async_trait;
use chrono::SubsecRound as _;

use crate::domain::signal::Timestamp;
use crate::engine::ports::Clock;

/// The wall clock is looked at again this often at least, because it may jump and the machine may sleep.
const SLICE: Duration = Duration::from_secs(5);

/// The system's clock, in whole milliseconds: what is stored has no finer, and a timeline that is read back must fold
/// to exactly what was in memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now().trunc_subsecs(3)
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
