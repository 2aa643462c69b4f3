//! The system's clock.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{SubsecRound, Utc};

use crate::domain::signal::Timestamp;
use crate::engine::ports::Clock;

/// The longest sleep without a look at the wall clock. Timers stand still while the machine sleeps and don't notice
/// when somebody sets the clock, so this is how late either is noticed.
const SLICE: Duration = Duration::from_secs(5);

/// The system's clock. Its moments are whole milliseconds, as the store keeps them.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(3)
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut now = self.now();
        while let Some(slice) = slice(now, at) {
            tokio::time::sleep(slice).await;
            now = self.now();
        }
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// How long to sleep before the next look at the wall clock; `None` once `at` has come. Never shorter than the
/// runtime's timers can tell apart: a sleep that returns at once would be a loop at full speed.
fn slice(now: Timestamp, at: Timestamp) -> Option<Duration> {
    let left = (at - now).to_std().ok().filter(|left| !left.is_zero())?;
    Some(left.clamp(Duration::from_millis(1), SLICE))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// Sleeps by hand: after each slice the wall clock stands where `passed` says. Returns the slices slept.
    fn sleep_by_hand(left: TimeDelta, passed: impl Fn(usize, Duration) -> TimeDelta) -> Vec<Duration> {
        let mut now = Timestamp::UNIX_EPOCH;
        let at = now + left;
        let mut slept = Vec::new();
        while let Some(slice) = slice(now, at) {
            now += passed(slept.len(), slice);
            slept.push(slice);
        }
        assert!(now >= at, "woke {} too early", at - now);
        slept
    }

    fn as_it_should(_: usize, slice: Duration) -> TimeDelta {
        TimeDelta::from_std(slice).unwrap()
    }

    #[test]
    fn a_sleep_looks_at_the_wall_clock_every_five_seconds_and_ends_to_the_millisecond() {
        let slept = sleep_by_hand(TimeDelta::milliseconds(12_345), as_it_should);
        assert_eq!(slept, [5_000, 5_000, 2_345].map(Duration::from_millis));
    }

    #[test]
    fn a_sleep_ends_within_five_seconds_of_a_wall_clock_that_jumped_ahead_or_a_machine_that_woke_up() {
        let jump = |n, slice| if n == 1 { TimeDelta::hours(9) } else { as_it_should(n, slice) };
        assert_eq!(sleep_by_hand(TimeDelta::hours(8), jump).len(), 2);
    }

    #[test]
    fn a_sleep_goes_on_when_the_wall_clock_was_set_back() {
        let back = |n, slice| if n == 0 { TimeDelta::seconds(-60) } else { as_it_should(n, slice) };
        let slept = sleep_by_hand(TimeDelta::seconds(5), back);
        assert_eq!(slept.iter().sum::<Duration>(), Duration::from_secs(5 + 65));
    }

    #[test]
    fn a_sleep_never_loops_at_full_speed_however_little_is_left() {
        let slept = sleep_by_hand(TimeDelta::nanoseconds(1), as_it_should);
        assert_eq!(slept, [Duration::from_millis(1)]);
    }

    #[tokio::test]
    async fn what_has_come_already_is_not_waited_for() {
        let clock = SystemClock;
        let patience = Duration::from_millis(900);
        for at in [clock.now(), Timestamp::UNIX_EPOCH, Timestamp::MIN_UTC] {
            assert!(tokio::time::timeout(patience, clock.sleep_until(at)).await.is_ok(), "{at}");
        }
    }

    #[test]
    fn a_moment_survives_the_store() {
        let now = SystemClock.now();
        assert_eq!(now, Timestamp::from_timestamp_millis(now.timestamp_millis()).unwrap());
    }
}
