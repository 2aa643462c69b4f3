//! A first look at a wish in plain words: one question to a cheap model, whether a command that only reads answers it.
//!
//! Whatever goes wrong here costs the wish nothing: it is looked into then, as it would be without this. The answer
//! itself comes from the engine, which is asked as by somebody who may change nothing.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::context::how_to_triage;
use super::dialogue::{Dialogue, objects};
use super::investigator::{Deps, machines};
use super::model::{Question, Turn};
use super::record::{Entry, Logbook, Recorder};
use crate::domain::agent::{Conclusion, Ending, Said, Subject};
use crate::domain::card::{Card, clean_lines, one_line};
use crate::domain::command::{COMMANDS, parse};
use crate::domain::signal::Timestamp;
use crate::engine::activity::RestingClock;
use crate::engine::message::Message;
use crate::engine::ports::{Assignment, Inbound};
use crate::engine::world::Knowledge;

/// Characters of a wish that may be a command. Who writes more wants more.
const LONGEST: usize = 400;
/// Tokens of the answer.
const ANSWER: u32 = 150;
/// How long the answer may take, loading the model included.
const PATIENCE: Duration = Duration::from_secs(60);
/// Names of machines that the model is told.
const MACHINES: usize = 24;
/// Who asks the engine.
const WHO: &str = "triage";
/// Characters of a command.
const COMMAND: usize = 200;

/// Answers a wish with a command. `None`: it is to be looked into.
pub(super) async fn answer(
    deps: &Deps,
    assignment: &Assignment,
    knowledge: &Knowledge,
    (resting, micros): (Arc<RestingClock>, u64),
    logbook: &Logbook,
) -> Option<Conclusion> {
    let words = first_words(assignment).filter(|_| !deps.triage.members.is_empty())?;
    let question = question(deps, knowledge, words);
    logbook.keep(told(&question)).await;
    let mut dialogue =
        Dialogue::new(&deps.triage).patient(resting).masking(machines(knowledge)).in_form(form());
    dialogue.only_free(micros == 0);
    let begun = deps.clock.now();
    let reply = dialogue.ask(&question).await.ok()?;
    let now = deps.clock.now();
    let text = reply.answer.text.clone();
    logbook.keep(Entry::answered(reply, now - begun)).await;
    let command = command_in(&text, now, deps.sources.tz)?;
    let card = look_up(deps, &command).await?;
    let diagnosis = format!("`{command}`: {}", in_words(&card));
    let understood = Message::Understood {
        incident: assignment.incident,
        run: assignment.run,
        command: command.clone(),
        card,
    };
    deps.engine.send(understood);
    Some(Conclusion { diagnosis, ..Conclusion::without(Ending::Understood { command }) })
}

/// The words of a wish of which nothing was answered yet: what is said after that is about the answer.
fn first_words(assignment: &Assignment) -> Option<&str> {
    match assignment.said.as_slice() {
        [Said { by: Some(_), words, .. }] if assignment.subject == Subject::Request => {
            Some(words.as_str()).filter(|words| words.chars().count() <= LONGEST)
        }
        _ => None,
    }
}

/// What is asked: the part that stays the same first.
fn question(deps: &Deps, knowledge: &Knowledge, words: &str) -> Question {
    let redactor = deps.sources.store.redaction().now();
    let clean = |text: &str| redactor.redact(&clean_lines(text)).into_owned();
    let mut names: Vec<&str> = machines(knowledge).collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(MACHINES);
    let at_hand =
        if names.is_empty() { String::new() } else { format!("\n\nTargets: {}.", names.join(", ")) };
    let system = format!("{}\n\n## Commands\n\n{}{at_hand}", how_to_triage(&deps.sources), commands(deps));
    Question {
        system: clean(&system),
        turns: vec![Turn::User { text: clean(words) }],
        tools: Vec::new(),
        max_tokens: ANSWER,
        timeout: PATIENCE,
    }
}

/// The commands that only read, a line each.
fn commands(deps: &Deps) -> String {
    let (now, tz) = (deps.clock.now(), deps.sources.tz);
    let reads = |example: &str| parse(example, now, tz).is_ok_and(|command| !command.needs_operator());
    let lines = COMMANDS.iter().filter(|help| reads(help.example));
    lines.map(|help| format!("- {}: {}", help.usage, help.what)).collect::<Vec<_>>().join("\n")
}

fn told(question: &Question) -> Entry {
    let user = question.turns.iter().map(|turn| match turn {
        Turn::User { text } | Turn::Result { text, .. } | Turn::Assistant { text, .. } => text.as_str(),
    });
    Entry::Told { system: question.system.clone(), user: user.collect::<Vec<_>>().join("\n") }
}

/// What an answer looks like.
fn form() -> Value {
    json!({
        "type": "object",
        "properties": { "command": { "type": "string" }, "investigate": { "type": "boolean" } },
        "additionalProperties": false,
    })
}

/// The command in an answer, if it is one of those that only read, and nothing speaks for looking into it.
fn command_in(text: &str, now: Timestamp, tz: chrono_tz::Tz) -> Option<String> {
    let mut objects = objects(text);
    let object = objects.pop().filter(|_| objects.is_empty())?;
    if object.get("investigate").is_some_and(|value| value.as_bool() != Some(false)) {
        return None;
    }
    let command = object.get("command")?.as_str()?;
    let command = one_line(command.trim().trim_matches('`'));
    if command.is_empty() || command.chars().count() > COMMAND {
        return None;
    }
    parse(&command, now, tz).ok().filter(|parsed| !parsed.needs_operator())?;
    Some(command)
}

/// What the command answers; `None` where it answers nothing of use.
async fn look_up(deps: &Deps, command: &str) -> Option<Card> {
    let asked = Inbound {
        platform: WHO.to_owned(),
        conversation: WHO.to_owned(),
        user: WHO.to_owned(),
        user_id: WHO.to_owned(),
        // Whoever asked may do more than look; a model that read their words may not.
        operator: false,
        text: command.to_owned(),
        incident: None,
        addressed: true,
        pressed: false,
        bookmark: None,
    };
    let told = deps.engine.ask(asked).await.ok()?;
    told.ok.then_some(told.card)
}

/// A card as words, for the record and for whoever is asked to go on from there.
fn in_words(card: &Card) -> String {
    let fields = card.fields.iter().map(|field| format!("{}: {}", field.name, field.value));
    let texts = card.attachments.iter().map(|attached| attached.text.clone());
    let lines =
        std::iter::once(card.title.clone()).chain(card.body.iter().cloned()).chain(fields).chain(texts);
    let text = lines.collect::<Vec<_>>().join("\n");
    match text.char_indices().nth(2_000) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        command_in(text, "2026-11-21T10:00:00Z".parse().unwrap(), chrono_tz::UTC)
    }

    #[test]
    fn a_command_that_only_reads_is_taken_however_it_is_wrapped() {
        for (text, command) in [
            (r#"{"command": "status"}"#, "status"),
            (
                "```json\n{\"command\": \"what changed since today on nas?\"}\n```",
                "what changed since today on nas?",
            ),
            (r#"{"command": "`incidents all`", "investigate": false}"#, "incidents all"),
        ] {
            assert_eq!(read(text).as_deref(), Some(command), "{text}");
        }
    }

    #[test]
    fn what_changes_anything_or_is_no_command_or_is_unsure_is_looked_into() {
        for text in [
            r#"{"command": "pause"}"#,
            r#"{"command": "approve 7"}"#,
            r#"{"command": "silence nas for 2h"}"#,
            r#"{"command": "goal proactive"}"#,
            r#"{"command": "run disk-space"}"#,
            r#"{"command": "ask what is wrong"}"#,
            r#"{"command": "restart the nas"}"#,
            r#"{"command": "status", "investigate": true}"#,
            r#"{"command": "status", "investigate": "perhaps"}"#,
            r#"{"command": "status"} {"command": "incidents"}"#,
            r#"{"command": "status\napprove 7"}"#,
            r#"{"command": ""}"#,
            r#"{"command": ["status"]}"#,
            r#"{"investigate": true}"#,
            "status",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
