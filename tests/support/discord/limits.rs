//! Rate limits, by the hand-driven clock.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{FakeDiscord, faults::pattern, world::World};

/// The limits that are set, and how far they are used.
#[derive(Default)]
pub(super) struct Limits {
    set: Vec<Limit>,
    /// By limit and major parameter (channel, guild, webhook).
    buckets: BTreeMap<(usize, String), Bucket>,
    /// How many requests were beyond a limit.
    pub(super) refused: usize,
}

struct Limit {
    method: String,
    path: Vec<String>,
    requests: usize,
    within: TimeDelta,
}

#[derive(Clone)]
struct Bucket {
    left: usize,
    resets: DateTime<Utc>,
}

/// Headers to send along, and the body of a 429 if the request is beyond the limit.
pub(super) struct Verdict {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) refused: Option<Value>,
}

/// A 429 as documented.
pub(super) fn too_many(after: f64, global: bool, scope: &str) -> Verdict {
    let message = if global { "You are being rate limited globally." } else { "You are being rate limited." };
    let mut headers = vec![
        // Whole seconds, rounded up; the body has the fraction.
        ("retry-after", format!("{:.0}", after.ceil())),
        ("x-ratelimit-scope", scope.to_owned()),
    ];
    if global {
        headers.push(("x-ratelimit-global", "true".into()));
    } else {
        headers.push(("x-ratelimit-reset-after", format!("{after:.3}")));
        headers.push(("x-ratelimit-bucket", "0123456789abcdef".into()));
    }
    let refused = Some(json!({"message": message, "retry_after": after, "global": global}));
    Verdict { headers, refused }
}

impl World {
    /// Counts a request; without a limit for it there is nothing to say.
    pub(super) fn count(&mut self, method: &str, path: &[String]) -> Option<Verdict> {
        let same = |(pattern, part): (&String, &String)| pattern == "*" || pattern == part;
        let fits = |limit: &Limit| {
            limit.method == method && limit.path.len() == path.len() && limit.path.iter().zip(path).all(same)
        };
        let at = self.limits.set.iter().position(fits)?;
        let limit = &self.limits.set[at];
        let major = path.get(1).cloned().unwrap_or_default();
        let fresh = Bucket { left: limit.requests, resets: self.now + limit.within };
        let bucket = self.limits.buckets.entry((at, major)).or_insert_with(|| fresh.clone());
        if bucket.resets <= self.now {
            *bucket = fresh;
        }
        let after = (bucket.resets - self.now).as_seconds_f64();
        let refused = bucket.left == 0;
        bucket.left = bucket.left.saturating_sub(1);
        let mut verdict = if refused {
            too_many(after, false, "user")
        } else {
            Verdict { headers: Vec::new(), refused: None }
        };
        verdict
            .headers
            .retain(|(name, _)| *name != "x-ratelimit-bucket" && *name != "x-ratelimit-reset-after");
        verdict.headers.extend([
            ("x-ratelimit-limit", limit.requests.to_string()),
            ("x-ratelimit-remaining", bucket.left.to_string()),
            ("x-ratelimit-reset", format!("{:.3}", bucket.resets.timestamp_millis() as f64 / 1000.0)),
            ("x-ratelimit-reset-after", format!("{after:.3}")),
            ("x-ratelimit-bucket", format!("{at:016x}")),
        ]);
        self.limits.refused += usize::from(refused);
        Some(verdict)
    }
}

impl FakeDiscord {
    /// At most so many requests to a route (as in [`FakeDiscord::next`]) per channel and time.
    pub fn limit(&self, route: &str, requests: usize, within: Duration) {
        let (method, path) = pattern(route);
        let within = TimeDelta::from_std(within).unwrap();
        self.inner.change(|world| {
            world.limits.set.push(Limit { method, path, requests, within });
        });
    }

    /// Discord's usual limit: so many new messages per channel and time.
    pub fn limit_channel_messages(&self, requests: usize, within: Duration) {
        self.limit("POST /channels/*/messages", requests, within);
    }

    /// How many requests were beyond a limit.
    pub fn rate_limited(&self) -> usize {
        self.inner.look(|world| world.limits.refused)
    }
}
