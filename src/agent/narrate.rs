//! Puts a lesson, which was made from the record alone, into better words: one question to a model.
//!
//! What the lesson is about and the commands in it are not the model's to change, and without an answer in time it stays
//! as it is.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::context::how_to_write_a_lesson;
use super::dialogue::{Dialogue, objects};
use super::investigator::{Deps, machines};
use super::model::{Question, Turn};
use super::record::{Entry, Logbook, Recorder};
use super::tools::fence::fence;
use crate::domain::agent::{Ending, Lesson, LessonWords, memory};
use crate::domain::card::clean_lines;
use crate::engine::activity::RestingClock;
use crate::engine::world::Knowledge;

/// Tokens of the answer.
const ANSWER: u32 = 500;
/// How long the answer may take, loading the model included.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

const TASK: &str = "Below is the lesson as it was made from the record. Put it into better words: shorter, and so that \
    somebody who was not there understands it. Add nothing that does not stand there. Keep what stands between backticks to \
    the letter. Answer with one JSON object and nothing else: {\"title\": \"…\", \"why\": \"…\", \"fix\": \"…\"}";

/// Better words for a lesson.
///
/// # Errors
/// Why there are none.
pub(super) async fn words(
    deps: &Deps,
    draft: &Lesson,
    knowledge: &Knowledge,
    (resting, micros): (Arc<RestingClock>, u64),
    logbook: &Logbook,
) -> Result<LessonWords, Ending> {
    let redactor = deps.sources.store.redaction().now();
    let clean = |text: &str| redactor.redact(&clean_lines(text)).into_owned();
    let system = format!("{}\n\n{TASK}", how_to_write_a_lesson(&deps.sources));
    let user = fence("the lesson", &clean(&memory::entry(draft)));
    logbook.keep(Entry::Told { system: system.clone(), user: user.clone() }).await;
    let question = Question {
        system,
        turns: vec![Turn::User { text: user }],
        tools: Vec::new(),
        max_tokens: ANSWER,
        timeout: PATIENCE,
    };
    let mut dialogue =
        Dialogue::new(&deps.narrate).patient(resting).masking(machines(knowledge)).in_form(form());
    dialogue.only_free(micros == 0);
    let begun = deps.clock.now();
    let reply = match dialogue.ask(&question).await {
        Ok(reply) => reply,
        Err(None) => return Err(Ending::NoModel { why: "no money is left for it".to_owned() }),
        Err(Some(error)) => return Err(Ending::NoModel { why: error.to_string() }),
    };
    let text = reply.answer.text.clone();
    logbook.keep(Entry::answered(reply, deps.clock.now() - begun)).await;
    let words = read(&text).ok_or_else(|| Ending::GaveUp { why: "its answer is no lesson".to_owned() })?;
    Ok(LessonWords { title: clean(&words.title), why: clean(&words.why), fix: clean(&words.fix) })
}

/// What an answer looks like.
fn form() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "properties": { "title": text, "why": text, "fix": text },
        "required": ["title", "why", "fix"],
        "additionalProperties": false,
    })
}

fn read(text: &str) -> Option<LessonWords> {
    let mut objects = objects(text);
    let object = objects.pop().filter(|_| objects.is_empty())?;
    serde_json::from_value(Value::Object(object)).ok()
}
