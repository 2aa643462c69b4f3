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
    match &run.result {
        RunResult::Report(report) => {
            // First what it saw, then that it looked: killed in between, Steward looks again at its next start. The
            // other way round what was seen would be lost until the skill is due again, which may be in a week.
            let message = Message::Reported { skill: skill.to_owned(), report: report.clone() };
            if deps.engine.submit(message).await.is_ok() {
                ended(deps, skill, false, cancel).await;
            }
        }
        RunResult::Failed(why) => {
            if let Some(failures) = ended(deps, skill, true, cancel).await {
                tracing::warn!(skill, failures, why, "a skill did not do its job");
                let (skill, why) = (skill.to_owned(), why.clone());
                let threshold = deps.failures_before_incident;
                let _ = deps.engine.submit(Message::SkillFailed { skill, why, failures, threshold }).await;
            }
        }
        RunResult::Cancelled => {}
    }
    keep_history(&deps.metrics, skill, run);
}

/// Records that a run ended; how often in a row the skill has failed by now, or nothing if Steward ends first.
async fn ended(deps: &Deps, skill: &str, failed: bool, cancel: &watch::Receiver<bool>) -> Option<u32> {
    let clock = RestingClock::new(deps.clock.clone(), deps.engine.activity().clone());
    let (name, now) = (skill.to_owned(), clock.now());
    let what = format!("the end of a run of the skill {skill}");
    let finish = move |conn: &rusqlite::Connection| schedule::finish(conn, &name, failed, now);
    match patience::write(&deps.store, &clock, cancel, &what, finish).await {
        Ok(failures) => Some(failures),
        Err(error) => {
            tracing::warn!(%error, skill, "the end of a run is not on record; it runs again at the next start");
            None
        }
    }
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
