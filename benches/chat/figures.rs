//! What is made of the arrivals.

use std::collections::HashMap;
use std::fmt;

use anyhow::{Context, Result};

use crate::book::{Arrival, Part};
use crate::load::Rate;
use crate::remote::Report;

/// One line of the table.
pub(crate) struct Figures {
    rate: usize,
    away: u128,
    incidents: usize,
    platform: String,
    parts: [Spread; 2],
    requests: usize,
}

/// Of how long it took: the median, the 99th percentile and the longest, in ms.
pub(crate) struct Spread([f64; 3]);

impl Figures {
    /// How long it took on a platform; every message has to be there.
    pub(crate) fn of(rate: &Rate, platform: &str, sent: &HashMap<usize, u64>, run: &Report) -> Result<Self> {
        let [root, thread] = Part::ALL.map(|part| Spread::of(part, platform, sent, run));
        Ok(Self {
            rate: rate.a_minute,
            away: rate.away.as_millis(),
            incidents: sent.len(),
            platform: platform.to_owned(),
            parts: [root?, thread?],
            requests: run.requests.get(platform).copied().unwrap_or_default(),
        })
    }

    pub(crate) fn head() -> String {
        format!(
            "{:>8}{:>9}{:>11}  {:<10}{:>24}{:>24}{:>10}",
            "a minute", "answers", "incidents", "", "root message", "first in the thread", "requests"
        )
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [root, thread] = &self.parts;
        let Self { rate, incidents, platform, requests, .. } = self;
        let away = format!("{} ms", self.away);
        write!(f, "{rate:>8}{away:>9}{incidents:>11}  {platform:<10}{root:>24}{thread:>24}{requests:>10}")
    }
}

impl Spread {
    fn of(part: Part, platform: &str, sent: &HashMap<usize, u64>, run: &Report) -> Result<Self> {
        let took = |(unit, at): (&usize, &u64)| {
            let arrival = Arrival { platform: platform.to_owned(), part, unit: *unit };
            let arrived = run.arrivals.get(&arrival).with_context(|| format!("not there: {arrival}"))?;
            anyhow::Ok((*arrived as f64 - *at as f64) / 1e6)
        };
        Self::over(sent.iter().map(took).collect::<Result<_>>()?)
    }

    pub(crate) fn over(mut all: Vec<f64>) -> Result<Self> {
        all.sort_by(f64::total_cmp);
        // The nearest rank: a figure that was really measured.
        let rank = |share: f64| ((all.len() as f64 * share).ceil() as usize).saturating_sub(1);
        let at = |share: f64| all.get(rank(share)).copied().context("nothing was measured");
        Ok(Self([at(0.5)?, at(0.99)?, at(1.0)?]))
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, max] = self.0;
        f.pad(&format!("{p50:.1} / {p99:.1} / {max:.1}"))
    }
}
