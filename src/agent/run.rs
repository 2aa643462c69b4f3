//! The loop: asks, does what is asked for, and ends at a conclusion or at a limit.

use std::time::Duration;

use tokio::sync::watch;

use super::context::Context;
use super::dialogue::Dialogue;
use super::record::Recorder;
use super::toolbox::Toolbox;
use crate::domain::agent::{Conclusion, Ending, Spending};
use crate::engine::ports::Clock;

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

/// What a run works with.
pub struct Run<'a> {
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

/// Runs to its end, and says what came of it and what it took.
pub async fn run(run: Run<'_>) -> (Conclusion, Spending) {
    let why = "the loop is not there".to_owned();
    std::future::ready(drop(run)).await;
    (Conclusion::without(Ending::GaveUp { why }), Spending::default())
}
