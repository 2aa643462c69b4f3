//! What was measured, in few numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bench, Tool, instead, schema, unreadable};
use crate::agent::toolbox::Outcome;
use crate::domain::signal::Timestamp;
use crate::engine::cards::length;
use crate::store::metrics::Series;

/// Series told at most, and points of each.
const SERIES: usize = 20;
const POINTS: usize = 8;
/// Names that a near one is looked for among.
const NAMES: u32 = 2_000;
/// How far back is looked, where nothing else is said.
const LATELY: Duration = Duration::from_secs(24 * 60 * 60);

/// History of a metric: least, mean, greatest, last.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricOf {
    name: String,
    target: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "schema::span")]
    #[schemars(with = "Option<String>")]
    since: Option<Duration>,
}

#[async_trait]
impl Tool for MetricOf {
    const NAME: &'static str = "metrics";

    fn what(&self) -> String {
        format!("metric {}", self.name)
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let span = self.since.unwrap_or(LATELY);
        let from = bench.deps.clock.now() - span;
        let found = match bench.deps.metrics.samples(&self.name, from).await {
            Ok(found) => found,
            Err(error) => return unreadable(&error),
        };
        if found.is_empty() {
            return bench.no_series(&self.name, span).await;
        }
        let all = found.len();
        let wanted: Vec<Series> = found.into_iter().filter(|series| self.wants(series, bench)).collect();
        let mut lines: Vec<String> =
            wanted.iter().take(SERIES).map(|series| summary(series, |at| bench.at(at))).collect();
        if lines.is_empty() {
            lines.push(format!("none of its {all} series is of that target or has these labels"));
        } else if wanted.len() > SERIES {
            lines.push(format!("… and {} series more: name labels", wanted.len() - SERIES));
        }
        bench.data(&format!("{} of the last {}", self.name, length(span)), &lines.join("\n"))
    }
}

impl MetricOf {
    /// Whether a series is one of those that are asked for. What a series is about is told by its labels, or by what its
    /// skill looks at.
    fn wants(&self, series: &Series, bench: &Bench) -> bool {
        let labelled =
            self.labels.iter().flatten().all(|(name, value)| series.labels.get(name) == Some(value));
        let Some(target) = self.target.as_deref().map(str::trim).filter(|target| !target.is_empty()) else {
            return labelled;
        };
        let name = target.rsplit('/').next().unwrap_or(target);
        let says = series.labels.values().any(|value| value == target || value == name);
        let watched = bench.case.knowledge.watched.get(&series.skill).into_iter().flatten();
        let alone = series.labels.is_empty() && watched.into_iter().any(|seen| seen.as_str() == target);
        labelled && (says || alone)
    }
}

impl Bench {
    async fn no_series(&self, name: &str, span: Duration) -> Outcome {
        let names = match self.deps.metrics.names(NAMES).await {
            Ok(names) => names,
            Err(error) => return unreadable(&error),
        };
        if names.iter().any(|known| known == name) {
            return Outcome::Failed(format!("{name} was not measured in the last {}", length(span)));
        }
        let why = instead(name, names.iter().map(String::as_str));
        Outcome::Failed(format!("there is no metric {name:?}{why}"))
    }
}

/// One series in a line, with a few of its points.
fn summary(series: &Series, told: impl Fn(Timestamp) -> String) -> String {
    let labels: Vec<String> = series.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    let values = || series.points.iter().map(|(_, value)| *value);
    #[expect(clippy::cast_precision_loss, reason = "nobody keeps that many points")]
    let mean = values().sum::<f64>() / series.points.len().max(1) as f64;
    let (least, greatest) =
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let last = series
        .points
        .last()
        .map_or(String::new(), |(at, value)| format!("{} at {}", number(*value), told(*at)));
    let points: Vec<String> =
        some(&series.points).map(|(at, value)| format!("{} {}", told(*at), number(*value))).collect();
    format!(
        "{{{}}} by {}: {} points, min {}, mean {}, max {}, last {last}\n    {}",
        labels.join(","),
        series.skill,
        series.points.len(),
        number(least),
        number(mean),
        number(greatest),
        points.join(" | "),
    )
}

/// Some of many, evenly, the first and the last among them.
fn some<T>(all: &[T]) -> impl Iterator<Item = &T> {
    let last = all.len().saturating_sub(1);
    let count = all.len().min(POINTS);
    (0..count).filter_map(move |n| all.get(n * last / count.saturating_sub(1).max(1)))
}

/// A number without digits that nobody needs.
fn number(value: f64) -> String {
    let text = if value.abs() >= 1000.0 { format!("{value:.0}") } else { format!("{value:.3}") };
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_series_is_told_in_few_numbers_with_its_first_and_last_points() {
        let at = |minute: i64| DateTime::from_timestamp(minute * 60, 0).unwrap();
        let points = (0..100).map(|n| (at(n), f64::from(u32::try_from(n).unwrap()) * 1.5)).collect();
        let labels = BTreeMap::from([("disk".to_owned(), "sda".to_owned())]);
        let told =
            summary(&Series { skill: "disks".into(), labels, points }, |at| at.format("%H:%M").to_string());
        assert_eq!(
            told,
            "{disk=\"sda\"} by disks: 100 points, min 0, mean 74.25, max 148.5, last 148.5 at 01:39\n    \
             00:00 0 | 00:14 21 | 00:28 42 | 00:42 63 | 00:56 84 | 01:10 105 | 01:24 126 | 01:39 148.5"
        );
    }

    #[test]
    fn few_points_are_told_as_they_are() {
        assert_eq!(some(&[1]).collect::<Vec<_>>(), [&1]);
        assert_eq!(some(&[1, 2, 3]).collect::<Vec<_>>(), [&1, &2, &3]);
        assert_eq!(some::<u8>(&[]).count(), 0);
    }
}
