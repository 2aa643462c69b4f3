//! A lesson that is put into better words: a run of its own kind, on record and paid for like any other.
//!
//! The engine hears of its end in any case, with words or without; the lesson is offered then.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use super::{Inner, Logbook, interrupted};
use crate::agent::narrate::{PATIENCE, words};
use crate::domain::agent::{Conclusion, Ending, Lesson, LessonWords};
use crate::engine::activity::{RestingClock, told};
use crate::engine::message::Message;
use crate::engine::ports::Assignment;
use crate::engine::world::Knowledge;
use crate::store::runs;

/// Looks for better words, from the record's first line to its last, and tells the engine.
pub(super) async fn see_to(inner: &Inner, assignment: Assignment, draft: &Lesson, knowledge: &Knowledge) {
    let (run, number) = (assignment.run, assignment.number);
    let (store, clock) = (&inner.deps.store, &inner.deps.clock);
    let logbook = Logbook::new(store.clone(), clock.clone(), run);
    let work = AssertUnwindSafe(ask(inner, &assignment, draft, knowledge, &logbook)).catch_unwind();
    let found = work.await.unwrap_or_else(|_| {
        tracing::error!(run = number, "putting a lesson into words broke off: an error of Steward's own");
        Err(interrupted("an error of Steward's own; its log says more").ending)
    });
    let (conclusion, words) = match found {
        Ok(words) => {
            let diagnosis = format!("{}\nWhy: {}\nFix: {}", words.title, words.why, words.fix);
            (Conclusion { diagnosis, ..Conclusion::without(Ending::Concluded) }, Some(words))
        }
        Err(ending) => (Conclusion::without(ending), None),
    };
    let (redactor, at) = (store.redaction().now(), clock.now());
    let written = store.call(move |conn| runs::end(conn, &redactor, run, &conclusion, at)).await;
    if let Err(error) = written {
        tracing::warn!(run = number, %error, "the end of a run of the agent is not on record");
    }
    inner.deps.engine.send(Message::Narrated { run, words });
}

async fn ask(
    inner: &Inner,
    assignment: &Assignment,
    draft: &Lesson,
    knowledge: &Knowledge,
    logbook: &Logbook,
) -> Result<LessonWords, Ending> {
    let unreadable =
        |error: crate::store::StoreError| interrupted(&format!("it can't be recorded: {error}")).ending;
    inner.write_beginning(assignment).await.map_err(unreadable)?;
    let left = inner.limits(assignment).await.map_err(unreadable)?.micros;
    let deps = &inner.deps;
    let resting = Arc::new(RestingClock::new(deps.clock.clone(), deps.engine.activity().clone()));
    let mut stopping = deps.stopping.clone();
    tokio::select! {
        biased;
        () = told(&mut stopping) => Err(interrupted("Steward ended").ending),
        () = deps.clock.sleep(PATIENCE) => Err(Ending::Limit { what: format!("{} seconds", PATIENCE.as_secs()) }),
        found = words(deps, draft, knowledge, (resting, left), logbook) => found,
    }
}
