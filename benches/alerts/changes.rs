//! How long it takes to find what changed among a million recorded changes.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use chrono::{TimeDelta, Utc};
use steward::domain::change::{Change, ChangeKind};
use steward::domain::target::Target;
use steward::store::{Store, changes};

use crate::spread;

/// Changes written at once.
const PART: usize = 20_000;
/// As many of them as are looked at for an incident.
const LIMIT: usize = 100;
const QUESTIONS: usize = 500;

/// Records so many changes over 90 days, and prints how long questions take.
pub(crate) async fn measure(root: &Path, count: usize) -> Result<()> {
    let dir = tempfile::tempdir_in(root)?;
    let store = Store::open(dir.path())?;
    let now = Utc::now();
    let every = TimeDelta::days(90) / i32::try_from(count)?;
    let began = Instant::now();
    for from in (0..count).step_by(PART) {
        let redactor = store.redaction().now();
        store
            .call(move |conn| {
                (from..from + PART).try_for_each(|n| {
                    let at = now - every * i32::try_from(n).unwrap_or(i32::MAX);
                    changes::insert(conn, &change(n, at), &redactor)
                })
            })
            .await?;
    }
    let size = std::fs::metadata(dir.path().join("steward.db"))?.len() >> 20;
    println!(
        "\n{count} recorded changes ({size} MiB, written in {:.0?}), in ms: p50 / p99 / max",
        began.elapsed()
    );
    type Ask = fn(usize) -> Option<Target>;
    let questions: [(&str, Ask); 4] = [
        ("the last 24 h of everything", |_| None),
        ("24 h on one service", |n| target(n * 7919)),
        ("24 h on one host and all below it", |n| Target::parse(&format!("home/host{}", n % 1000)).ok()),
        ("24 h on what contains everything", |_| Target::parse("home").ok()),
    ];
    for (what, asked) in questions {
        let mut took = Vec::new();
        for n in 0..QUESTIONS {
            let target = asked(n);
            // Any day of the 90.
            let until = now - TimeDelta::hours(i64::try_from(n * 17 % (89 * 24))?);
            let since = until - TimeDelta::days(1);
            let spent = store
                .read(move |conn| {
                    let began = Instant::now();
                    let found = match &target {
                        None => changes::recent(conn, since, until, LIMIT),
                        Some(target) => changes::on_target(conn, target, since, until, LIMIT),
                    };
                    found.map(|found| (began.elapsed(), found.len()))
                })
                .await?;
            took.push(spent.0.as_secs_f64() * 1e3);
        }
        println!("{what:<40}{:>24}", spread(took, 3));
    }
    store.close().await?;
    Ok(())
}

fn target(n: usize) -> Option<Target> {
    Target::parse(&format!("home/host{}/unit{}", n % 1000, n % 97)).ok()
}

fn change(n: usize, at: chrono::DateTime<Utc>) -> Change {
    let summary = format!("unit{}: image 1.{n}.0 instead of 1.{}.0", n % 97, n.saturating_sub(97));
    let mut change = Change::new(ChangeKind::Commit, "git:homelab", format!("{n:040x}"), at, summary);
    change.author = "alex".to_owned();
    change.files = vec![format!("apps/unit{}/values.yaml", n % 97)];
    change.files_total = 1;
    change.targets = target(n).into_iter().collect();
    change.gist = vec![format!("values.yaml: image.tag 1.{}.0 → 1.{n}.0", n.saturating_sub(97))];
    change
}
