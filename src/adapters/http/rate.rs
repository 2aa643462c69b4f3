//! How often: a bucket of tokens that fills evenly.

use std::time::Duration;

use crate::domain::signal::Timestamp;

/// A bucket that holds what a source may send in a minute, and fills in a minute.
#[derive(Debug)]
pub(super) struct Bucket {
    per_minute: f64,
    left: f64,
    at: Option<Timestamp>,
}

impl Bucket {
    /// A full bucket. A rate of 0 lets nothing through.
    pub(super) fn new(per_minute: u32) -> Self {
        Self { per_minute: per_minute.into(), left: per_minute.into(), at: None }
    }

    /// Takes one, or says how long to wait for it. A clock that jumps back fills nothing, one that jumps ahead no more
    /// than a minute's worth.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        let passed = self.at.map_or(0.0, |at| (now - at).to_std().unwrap_or_default().as_secs_f64());
        self.at = Some(now);
        self.left = (self.left + passed * self.per_minute / 60.0).min(self.per_minute);
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.left) * 60.0 / self.per_minute;
        Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::from_secs(3600)))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_minutes_worth_passes_at_once_and_then_one_at_a_time() {
        let mut bucket = Bucket::new(6);
        let start = Timestamp::UNIX_EPOCH;
        assert!((0..6).all(|_| bucket.take(start).is_ok()));
        assert_eq!(bucket.take(start), Err(Duration::from_secs(10)));
        assert_eq!(bucket.take(start + TimeDelta::seconds(4)), Err(Duration::from_secs(6)));
        assert_eq!(bucket.take(start + TimeDelta::seconds(10)), Ok(()));
        assert!(bucket.take(start + TimeDelta::seconds(10)).is_err());
        let later = start + TimeDelta::hours(5);
        assert_eq!((0..20).filter(|_| bucket.take(later).is_ok()).count(), 6, "no more is saved up");
    }

    #[test]
    fn a_clock_that_was_set_back_neither_fills_nor_blocks() {
        let mut bucket = Bucket::new(60);
        let noon = Timestamp::UNIX_EPOCH + TimeDelta::hours(12);
        assert!((0..60).all(|_| bucket.take(noon).is_ok()));
        let back = Timestamp::UNIX_EPOCH;
        assert!(bucket.take(back).is_err());
        assert!(bucket.take(back + TimeDelta::seconds(1)).is_ok());
    }

    #[test]
    fn a_rate_of_nothing_lets_nothing_through() {
        assert!(Bucket::new(0).take(Timestamp::UNIX_EPOCH).is_err());
    }
}
