//! What a run says: to the model where it goes wrong, and to people about it.

use std::time::Duration;

use crate::agent::model::Call;
use crate::domain::agent::Conclusion;

/// Characters of a result that a model is told at most, whatever the tool let through.
const RESULT: usize = 16_000;
/// Characters of a progress line.
const PROGRESS: usize = 100;

/// The first line of a text that says something, at most so many characters of it.
pub(super) fn first_line(text: &str, most: usize) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// A time in words: `10 minutes`.
pub(super) fn span(time: Duration) -> String {
    match time.as_secs() {
        1 => "1 second".to_owned(),
        seconds if seconds < 120 || seconds % 60 != 0 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds / 60),
    }
}

/// A number with its noun.
pub(super) fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The progress line of a step.
pub(super) fn step(step: u32, of: u32, what: &str) -> String {
    format!("step {step} of {of}: {}", first_line(what, PROGRESS))
}

/// A call in a few words, where its toolbox has none: its name and what is in its arguments.
pub(crate) fn of_call(call: &Call) -> String {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(&call.arguments) else {
        return call.name.clone();
    };
    let plain = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Array(items) => {
            Some(items.iter().filter_map(|item| item.as_str()).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    };
    let words: Vec<String> = fields.values().filter_map(plain).collect();
    let text = format!("{} {}", call.name, words.join(" "));
    first_line(&text.split_whitespace().collect::<Vec<_>>().join(" "), PROGRESS)
}

/// A text of a tool, no longer than a dialogue can take whatever the tool let through.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(RESULT) {
        Some((end, _)) => format!("{}\n[… cut here: {} more bytes]", &text[..end], text.len() - end),
        None => text.to_owned(),
    }
}

/// Why a call was not done.
pub(super) fn blocked(why: &str) -> String {
    format!("Blocked: {why}\nThis is final; another way of writing the same is blocked as well.")
}

/// Why a call could not be done.
pub(super) fn failed(why: &str) -> String {
    format!("Failed: {}", cut(why))
}

/// What was wrong with a call.
pub(super) fn misused(why: &str) -> String {
    format!("This call was not done, because it is wrong: {}", cut(why))
}

/// The same call had the same result before.
pub(super) const AGAIN: &str = "You made this very call before, with this very result. Once more, and the run is over. Try \
     something else, or call `conclude` with what you have.";

/// It answered in words alone.
pub(super) const NO_CALL: &str = "You answered without calling a tool, so nothing was done. Call one of the tools now; or, if \
     you have your answer or can't go on, call `conclude` with it.";

/// Its answer was cut off.
pub(super) const CUT_OFF: &str = "Your answer was cut off, because it was too long, so nothing was done. Be brief: call one \
     tool, or `conclude`.";

/// The form of its answer was wrong.
pub(super) fn malformed(why: &str) -> String {
    format!("Your answer could not be understood, so nothing was done: {}", cut(why))
}

/// A call that stood behind one that ended something.
pub(super) const NOT_DONE: &str = "Not done.";

/// The next model begins.
pub(super) fn take_over(why: &str) -> String {
    format!("Another model worked on this until here and got stuck ({why}). Go on from here.")
}

/// The next model begins, because the one before it was not sure.
pub(super) fn second_opinion(first: &Conclusion) -> String {
    format!(
        "Another model concluded this, and is only {}% sure of it:\n{}\nCheck it with the tools where you can, \
         then call `conclude` with what you think.",
        first.confidence,
        cut(&first.diagnosis)
    )
}

/// There is one question left.
pub(super) fn last(what: &str) -> String {
    format!(
        "You have reached the limit of this run ({what}). Nothing more can be done. Call `conclude` now, with what you \
         have found so far and how sure you are of it."
    )
}
