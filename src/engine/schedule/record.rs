//! What is kept of a run: its beginning, before it begins; its end and what it brought.

use std::collections::BTreeMap;

use tokio::sync::watch;

use super::Deps;
use crate::domain::metric;
use crate::domain::signal::Timestamp;
use crate::engine::activity::RestingClock;
use crate::engine::message::Message;
use crate::engine::patience;
use crate::engine::ports::Clock;
use crate::engine::skills::{RunResult, SkillRun};
use crate::store::{StoreError, metrics, schedule};

/// Records that a run begins, so that a restart neither doubles it nor forgets it.
pub(super) async fn begins(
    deps: &Deps,
    skill: &str,
    due: Option<Timestamp>,
    cancel: &watch::Receiver<bool>,
) -> Result<(), StoreError> {
    let clock = RestingClock::new(deps.clock.clone(), deps.engine.activity().clone());
    let (name, now) = (skill.to_owned(), clock.now());
    let what = format!("the skill {skill}");
    let begin = move |conn: &rusqlite::Connection| schedule::begin(conn, &name, due, now);
    patience::write(&deps.store, &clock, cancel, &what, begin).await
}

/// Tells the engine and the history what a run brought.
pub(super) async fn report(deps: &Deps, skill: &str, run: &SkillRun, cancel: &watch::Receiver<bool>) {
    let failed = matches!(run.result, RunResult::Failed(_));
    if !matches!(run.result, RunResult::Cancelled) {
        let clock = RestingClock::new(deps.clock.clone(), deps.engine.activity().clone());
        let (name, now) = (skill.to_owned(), clock.now());
        let what = format!("what the skill {skill} reported");
        let finish = move |conn: &rusqlite::Connection| schedule::finish(conn, &name, failed, now);
        let failures = match patience::write(&deps.store, &clock, cancel, &what, finish).await {
            Ok(failures) => failures,
            Err(error) => {
                tracing::warn!(%error, skill, "the end of a run is not on record; it runs again at the next start");
                return;
            }
        };
        let message = match &run.result {
            RunResult::Report(report) => {
                Message::Reported { skill: skill.to_owned(), report: report.clone() }
            }
            RunResult::Failed(why) => {
                tracing::warn!(skill, failures, why, "a skill did not do its job");
                let threshold = deps.failures_before_incident;
                Message::SkillFailed { skill: skill.to_owned(), why: why.clone(), failures, threshold }
            }
            RunResult::Cancelled => return,
        };
        let _ = deps.engine.submit(message).await;
    }
    keep_history(&deps.metrics, skill, run);
}

fn keep_history(metrics: &metrics::Metrics, skill: &str, run: &SkillRun) {
    let (outcome, statuses, samples) = match &run.result {
        RunResult::Report(report) => {
            let statuses =
                report.findings.iter().map(|f| (f.target.clone(), f.status.as_str().to_owned())).collect();
            let sample = |s: &metric::Sample| metrics::Sample {
                name: s.name.clone(),
                labels: s.labels.clone(),
                at: run.started_at,
                value: s.value,
            };
            (
                if report.complete { "complete" } else { "incomplete" },
                statuses,
                report.metrics.iter().map(sample).collect(),
            )
        }
        RunResult::Failed(_) => ("failed", BTreeMap::new(), Vec::new()),
        RunResult::Cancelled => ("cancelled", BTreeMap::new(), Vec::new()),
    };
    let run = metrics::Run {
        skill: skill.to_owned(),
        started_at: run.started_at,
        duration: run.duration,
        outcome: outcome.to_owned(),
        exit: run.exit,
        statuses,
    };
    metrics.record(run, samples);
}
