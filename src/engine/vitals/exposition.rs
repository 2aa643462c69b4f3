//! Prometheus' text exposition, version 0.0.4, as it is written.

use std::fmt::Write as _;
use std::time::Duration;

use super::counts::{BUCKETS, Histogram};
use crate::domain::signal::Timestamp;

/// A text in the exposition format, family by family. Writing into a text can't fail.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// The text, ended with a line end.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if at == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    /// One number that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// One number that only grows.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        self.sample(name, &[], whole(value));
    }

    /// A moment, in seconds since 1970; nothing if there was none.
    pub fn moment(&mut self, name: &str, help: &str, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.gauge(name, help, seconds(at));
        }
    }

    /// Numbers by labels; nothing if there are none.
    pub fn family<'a, L: AsRef<[(&'a str, &'a str)]>>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, f64)>,
    ) {
        let mut begun = false;
        for (labels, value) in samples {
            if !std::mem::replace(&mut begun, true) {
                self.head(name, kind, help);
            }
            self.sample(name, labels.as_ref(), value);
        }
    }

    pub(super) fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, "histogram", help);
        let (bucket, mut so_far) = (format!("{name}_bucket"), 0);
        for ((_, end), count) in BUCKETS.iter().zip(histogram.buckets) {
            so_far += count;
            self.sample(&bucket, &[("le", end)], whole(so_far));
        }
        self.sample(&bucket, &[("le", "+Inf")], whole(histogram.count));
        self.sample(&format!("{name}_sum"), &[], histogram.sum.as_secs_f64());
        self.sample(&format!("{name}_count"), &[], whole(histogram.count));
    }
}

/// A moment in seconds since 1970.
pub(super) fn seconds(at: Timestamp) -> f64 {
    let since = at.signed_duration_since(Timestamp::UNIX_EPOCH).to_std().unwrap_or(Duration::ZERO);
    since.as_secs_f64()
}

/// A count as the format wants it.
#[expect(clippy::cast_precision_loss, reason = "the format knows only floats, and no count gets that far")]
pub(super) fn whole(count: u64) -> f64 {
    count as f64
}

/// As [`whole`].
pub(super) fn number(count: usize) -> f64 {
    whole(u64::try_from(count).unwrap_or(u64::MAX))
}
