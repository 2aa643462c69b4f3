//! Discord's rate limits, as its answers tell of them. Pure: the time is handed in, and nothing waits here.
//!
//! A route is a method, a path without ids, and the one id that Discord counts by (its "major parameter"). Several
//! routes may share a bucket, which Discord names by a hash.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;

use crate::domain::signal::Timestamp;

/// More buckets than this are not remembered once they are full again.
const REMEMBERED: usize = 512;
/// A pause nobody said the length of.
const UNSAID: Duration = Duration::from_secs(5);
/// An answer that has not come by then does not come any more.
const UNANSWERED: TimeDelta = TimeDelta::seconds(15);
/// No pause of Discord's is longer.
pub(super) const LONGEST: Duration = Duration::from_secs(3600);

/// What requests are counted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Counted {
    /// Method and path without ids.
    pub(super) template: &'static str,
    /// The channel, guild or webhook.
    pub(super) major: String,
    /// Whether it answers an interaction: that is bound by no limit but its own.
    pub(super) interaction: bool,
}

/// What an answer says about limits.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Said {
    /// The bucket's hash.
    pub(super) bucket: Option<String>,
    /// How many requests are left until the reset.
    pub(super) remaining: Option<u64>,
    /// Seconds until the reset.
    pub(super) reset_after: Option<f64>,
    /// The request was refused: the pause in seconds, if it was said, and whether it is for everything.
    pub(super) refused: Option<(Option<f64>, bool)>,
}

/// Why a request has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pause {
    /// For how long.
    pub(super) pause: Duration,
    /// Whether all requests have to.
    pub(super) everything: bool,
}

/// What is known of the limits.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// The buckets' hashes by template.
    hashes: HashMap<&'static str, String>,
    /// By hash (or template, while the hash is not known) and major parameter.
    buckets: HashMap<(String, String), Window>,
    everything: Option<Window>,
}

/// A bucket until its reset.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// How many requests are left, those that are under way taken off.
    left: u64,
    under_way: u64,
    since: Timestamp,
    until: Timestamp,
}

impl Window {
    fn new(left: u64, after: Option<f64>, now: Timestamp) -> Self {
        Self { left, under_way: 0, since: now, until: now + span(after) }
    }

    /// Whether it still counts. It doesn't when the clock was set back behind its beginning.
    fn holds(&self, now: Timestamp) -> bool {
        self.since <= now && now < self.until
    }

    fn pause(&self, now: Timestamp) -> Duration {
        (self.until - now).to_std().unwrap_or_default()
    }
}

impl Limits {
    /// Takes one request off, if there is one left.
    ///
    /// # Errors
    /// There is none: how long to wait.
    pub(super) fn take(&mut self, counted: &Counted, now: Timestamp) -> Result<(), Pause> {
        self.everything = self.everything.filter(|window| window.holds(now));
        if let Some(window) = self.everything.filter(|_| !counted.interaction) {
            return Err(Pause { pause: window.pause(now), everything: true });
        }
        let key = self.key(counted);
        if self.buckets.len() > REMEMBERED {
            self.buckets.retain(|_, window| window.holds(now));
        }
        // Before the first answer nobody knows how many are left, and what is under way counts all the same.
        let unknown = Window { left: u64::MAX, under_way: 0, since: now, until: now + UNANSWERED };
        let window = self.buckets.entry(key).or_insert(unknown);
        if !window.holds(now) {
            *window = unknown;
        }
        if window.left == 0 {
            return Err(Pause { pause: window.pause(now), everything: false });
        }
        window.left -= 1;
        window.under_way += 1;
        Ok(())
    }

    /// Notes what the answer to a request says; `Some` if it was refused.
    pub(super) fn heard(&mut self, counted: &Counted, said: &Said, now: Timestamp) -> Option<Pause> {
        let before = self.key(counted);
        if let Some(hash) = &said.bucket {
            self.hashes.insert(counted.template, hash.clone());
        }
        let key = self.key(counted);
        if key != before
            && let Some(window) = self.buckets.remove(&before)
        {
            self.buckets.entry(key.clone()).or_insert(window);
        }
        if let Some((after, everything)) = said.refused {
            let window = Window::new(0, after.or(said.reset_after), now);
            let everything = everything && !counted.interaction;
            match everything {
                true => self.everything = Some(window),
                false => drop(self.buckets.insert(key, window)),
            }
            return Some(Pause { pause: window.pause(now), everything });
        }
        let (Some(remaining), Some(after)) = (said.remaining, said.reset_after) else {
            self.lost(counted);
            return None;
        };
        let known = self.buckets.get(&key).copied().filter(|window| window.holds(now));
        let under_way = known.map_or(0, |window| window.under_way.saturating_sub(1));
        // Answers may overtake each other: the one that leaves least is right until the reset.
        let left = remaining.saturating_sub(under_way);
        let left = known.map_or(left, |window| if window.left == 0 { 0 } else { left });
        let fresh = Window { under_way, ..Window::new(left, Some(after), now) };
        self.buckets.insert(key, fresh);
        None
    }

    /// Notes that a request is no longer under way, and that nothing is known of what it left.
    pub(super) fn lost(&mut self, counted: &Counted) {
        let key = self.key(counted);
        if let Some(window) = self.buckets.get_mut(&key) {
            window.under_way = window.under_way.saturating_sub(1);
        }
    }

    fn key(&self, counted: &Counted) -> (String, String) {
        let hash = self.hashes.get(counted.template).map_or(counted.template, String::as_str);
        (hash.to_owned(), counted.major.clone())
    }
}

fn span(seconds: Option<f64>) -> TimeDelta {
    let said = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok());
    TimeDelta::from_std(said.unwrap_or(UNSAID).min(LONGEST)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(template: &'static str, major: &str) -> Counted {
        Counted { template, major: major.to_owned(), interaction: false }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn left(remaining: u64, after: f64) -> Said {
        let bucket = Some("abc".to_owned());
        Said { bucket, remaining: Some(remaining), reset_after: Some(after), refused: None }
    }

    #[test]
    fn a_route_that_has_nothing_left_waits_until_its_reset_and_others_do_not() {
        let mut limits = Limits::default();
        let (here, there) = (route("POST m", "1"), route("POST m", "2"));
        assert_eq!(limits.take(&here, at(0)), Ok(()));
        assert_eq!(limits.heard(&here, &left(0, 4.0), at(0)), None);
        let pause = Duration::from_secs(3);
        assert_eq!(limits.take(&here, at(1)), Err(Pause { pause, everything: false }));
        assert_eq!(limits.take(&there, at(1)), Ok(()), "another channel");
        assert_eq!(limits.take(&here, at(4)), Ok(()));
    }

    #[test]
    fn routes_of_one_bucket_are_counted_together() {
        let mut limits = Limits::default();
        let (post, edit) = (route("POST m", "1"), route("PATCH m", "1"));
        limits.heard(&edit, &left(3, 5.0), at(0));
        limits.heard(&post, &left(0, 5.0), at(0));
        assert!(limits.take(&edit, at(1)).is_err());
    }

    #[test]
    fn what_is_under_way_counts_although_its_answer_has_not_come() {
        let mut limits = Limits::default();
        let here = route("POST m", "1");
        limits.heard(&here, &left(2, 5.0), at(0));
        assert!(limits.take(&here, at(0)).is_ok());
        assert!(limits.take(&here, at(0)).is_ok());
        assert!(limits.take(&here, at(0)).is_err());
        // The first of the two is answered when Discord has not seen the second yet.
        limits.heard(&here, &left(1, 5.0), at(0));
        assert!(limits.take(&here, at(1)).is_err());
    }

    #[test]
    fn what_is_sent_before_the_first_answer_counts_too() {
        let mut limits = Limits::default();
        let here = route("POST m", "1");
        for window in [0, 5] {
            for _ in 0..4 {
                assert_eq!(limits.take(&here, at(window)), Ok(()));
            }
            // Of five, one is done and three are under way.
            limits.heard(&here, &left(4, 5.0), at(window));
            assert!(limits.take(&here, at(window)).is_ok());
            assert!(limits.take(&here, at(window)).is_err(), "in the window from {window}");
        }
    }

    #[test]
    fn a_route_without_limits_is_never_held_up() {
        let mut limits = Limits::default();
        let here = route("GET m", "1");
        for second in 0..100 {
            assert_eq!(limits.take(&here, at(second)), Ok(()));
            assert_eq!(limits.heard(&here, &Said::default(), at(second)), None);
        }
    }

    #[test]
    fn a_refusal_for_everything_stops_everything() {
        let mut limits = Limits::default();
        let refused = Said { refused: Some((Some(1.5), true)), ..Said::default() };
        let pause = Duration::from_millis(1500);
        let here = route("POST m", "1");
        assert_eq!(limits.heard(&here, &refused, at(0)), Some(Pause { pause, everything: true }));
        let other = limits.take(&route("GET x", "9"), at(1));
        assert_eq!(other, Err(Pause { pause: Duration::from_millis(500), everything: true }));
        assert_eq!(limits.take(&here, at(2)), Ok(()));
    }

    #[test]
    fn an_interaction_is_answered_while_everything_else_waits_and_its_own_refusal_is_its_own() {
        let mut limits = Limits::default();
        let refused = Said { refused: Some((Some(60.0), true)), ..Said::default() };
        let post = route("POST m", "1");
        let answer = Counted { interaction: true, ..route("POST callback", "7") };
        limits.heard(&post, &refused, at(0));
        assert_eq!(limits.take(&answer, at(1)), Ok(()));
        let pause = Pause { pause: Duration::from_secs(60), everything: false };
        assert_eq!(limits.heard(&answer, &refused, at(100)), Some(pause));
        assert!(limits.take(&answer, at(101)).is_err());
        assert_eq!(limits.take(&post, at(101)), Ok(()));
        let another = Counted { interaction: true, ..route("POST callback", "8") };
        assert_eq!(limits.take(&another, at(101)), Ok(()));
    }

    #[test]
    fn a_refusal_without_a_pause_still_pauses() {
        let mut limits = Limits::default();
        let refused = Said { refused: Some((None, false)), ..Said::default() };
        let pause = limits.heard(&route("POST m", "1"), &refused, at(0)).unwrap();
        assert_eq!(pause, Pause { pause: UNSAID, everything: false });
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nothing_up() {
        let mut limits = Limits::default();
        let here = route("POST m", "1");
        limits.heard(&here, &left(0, 5.0), at(10_000));
        assert!(limits.take(&here, at(10_001)).is_err());
        assert_eq!(limits.take(&here, at(0)), Ok(()));
    }
}
