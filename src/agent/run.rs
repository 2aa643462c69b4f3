//! The loop: asks, does what is asked for, and ends at a conclusion or at a limit.
//!
//! Whatever a model answers, a run ends, within its limits, with exactly one conclusion.

mod findings;
mod seen;
mod words;
mod work;

use std::time::Duration;

use tokio::sync::watch;

use super::context::Context;
use super::dialogue::Dialogue;
use super::record::{Entry, Recorder};
use super::toolbox::Toolbox;
use crate::domain::agent::{Conclusion, Ending, Spending, Subject};
use crate::engine::ports::Clock;
pub(super) use words::of_call;
use work::{End, Work};

/// The most of a run's time that is held back for its last question.
const TO_CONCLUDE: Duration = Duration::from_secs(60);

/// How far a run may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Tool calls.
    pub steps: u32,
    /// Tokens, sent and received together.
    pub tokens: u64,
    /// Running time.
    pub time: Duration,
    /// Money that is left for it, in millionths.
    pub micros: u64,
    /// How sure it has to be for its conclusion to count, in percent; below that, the next model is asked.
    pub confidence: u8,
}

impl Limits {
    /// The limits as a model is told of them, a line each.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        vec![
            format!("at most {} tool calls", self.steps),
            format!("at most {} tokens, sent and received together", self.tokens),
            format!("at most {}", words::span(self.time)),
            "the very same call with the same result ends the run at the third time".to_owned(),
        ]
    }
}

/// What a run works with.
pub struct Run<'a> {
    /// What it is about.
    pub subject: &'a Subject,
    /// What the model is told first.
    pub context: &'a Context,
    /// Whom it asks.
    pub dialogue: Dialogue<'a>,
    /// What it may call.
    pub toolbox: &'a dyn Toolbox,
    /// How far it may go.
    pub limits: Limits,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Where all of it is kept.
    pub recorder: &'a dyn Recorder,
    /// Told what it is doing, a line each time.
    pub progress: &'a (dyn Fn(String) + Send + Sync),
    /// Who wants it stopped, once somebody does.
    pub stop: watch::Receiver<Option<String>>,
}

/// Runs to its end, and says what came of it and what it took. Never takes longer than its time, as the clock has it,
/// and ends at once when it is stopped; a call that is under way is dropped then.
pub async fn run(run: Run<'_>) -> (Conclusion, Spending) {
    let (limits, clock, mut stop) = (run.limits, run.clock, run.stop.clone());
    let Context { system, user, .. } = run.context;
    run.recorder.keep(Entry::Told { system: system.clone(), user: user.clone() }).await;
    let mut work = Work::new(run);
    let to_conclude = (limits.time / 5).min(TO_CONCLUDE);
    let end = tokio::select! {
        biased;
        by = stopped(&mut stop) => End::Stopped(by),
        () = clock.sleep(limits.time.saturating_sub(to_conclude)) => End::Limit(words::span(limits.time)),
        end = work.until_it_ends() => end,
    };
    let conclusion = match end {
        End::Concluded(conclusion) => *conclusion,
        End::Limit(what) => {
            let last = tokio::select! {
                biased;
                by = stopped(&mut stop) => Err(by),
                () = clock.sleep(to_conclude) => Ok(None),
                last = work.last_question(&what) => Ok(last),
            };
            match last {
                Ok(Some(said)) => Conclusion { ending: Ending::Limit { what }, ..said },
                Ok(None) => Conclusion::without(Ending::Limit { what }),
                Err(by) => Conclusion::without(Ending::Stopped { by }),
            }
        }
        End::GaveUp(why) => Conclusion::without(Ending::GaveUp { why }),
        End::NoModel(why) => Conclusion::without(Ending::NoModel { why }),
        End::Stopped(by) => Conclusion::without(Ending::Stopped { by }),
    };
    work.finish(conclusion)
}

/// Who stopped it, once somebody has.
async fn stopped(stop: &mut watch::Receiver<Option<String>>) -> String {
    let by = stop.wait_for(Option::is_some).await.map(|by| by.clone());
    match by {
        Ok(by) => by.unwrap_or_default(),
        // Nobody is left who could.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
