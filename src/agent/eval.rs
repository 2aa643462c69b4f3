//! Recorded cases, to judge a model by before it is trusted: the real loop, the real policy, and tools that answer what
//! was recorded. Nothing is run, stored or told to anybody.

mod score;
mod telling;
mod toolbox;
mod words;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::dialogue::{Chain, Dialogue};
use super::record::{Entry, Recorder};
use super::run::{self, Limits, Run};
use crate::config::Case;
use crate::domain::agent::{Conclusion, Spending};
use crate::engine::ports::Clock;
use crate::policy::Policy;
pub use score::{Verdict, score};
pub use toolbox::{RecordedTools, Tried};

/// Keeps nothing.
struct NullRecorder;

#[async_trait]
impl Recorder for NullRecorder {
    async fn keep(&self, _entry: Entry) {}
}

/// What cases are played with.
pub struct Table<'a> {
    /// The model; more than one is a chain, as in an investigation.
    pub chain: &'a Chain,
    /// What may be read: the lab's own policy.
    pub policy: &'a Policy,
    /// The stable part of what a model is told, as a live run about an incident has it.
    pub system: &'a str,
    /// How far one case may go; its own number of steps, and some to spare, goes before the one here.
    pub limits: Limits,
    /// Time.
    pub clock: &'a dyn Clock,
}

/// How a case was played.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// The case's name.
    pub case: String,
    /// The case's title.
    pub title: String,
    /// How good it was.
    pub verdict: Verdict,
    /// What the model came to.
    pub conclusion: Conclusion,
    /// Tool calls.
    pub steps: u32,
    /// Tokens and money.
    pub spent: Spending,
    /// How long it took.
    pub time: Duration,
}

/// Plays one case to its end.
pub async fn play(case: &Case, table: &Table<'_>) -> Played {
    let begun = table.clock.now();
    let tools = RecordedTools::new(case, table.policy);
    let context = telling::context(case, table.system);
    let (_never, stop) = watch::channel(None);
    // Some more than the case thinks enough, so that one call too many is told as that, and not as no conclusion.
    let steps = case.expect.steps.saturating_mul(2).min(table.limits.steps.max(case.expect.steps));
    let (conclusion, spent) = run::run(Run {
        subject: &crate::domain::agent::Subject::Incident,
        context: &context,
        dialogue: Dialogue::new(table.chain),
        toolbox: &tools,
        limits: Limits { steps, ..table.limits },
        clock: table.clock,
        recorder: &NullRecorder,
        progress: &|_| {},
        stop,
    })
    .await;
    let tried = tools.tried();
    let time = (table.clock.now() - begun).to_std().unwrap_or_default();
    Played {
        case: case.name.clone(),
        title: case.title.clone(),
        verdict: score(&case.expect, &conclusion, &tried),
        conclusion,
        steps: tried.calls,
        spent,
        time,
    }
}
