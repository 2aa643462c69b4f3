//! The constrained dialogue for models without tool calls of their own: tools are described in words, and every answer
//! is one JSON object, `{"tool": NAME, "arguments": {…}}`.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::agent::model::{Answer, Call, Question, ToolSpec, Turn};

/// The question as such a model is asked it: with the tools in the system text, calls as JSON, and results as turns of
/// the user. Turns of one speaker in a row become one, because many templates take nothing else.
pub(super) fn question(question: &Question) -> Question {
    let mut turns: Vec<Turn> = Vec::new();
    for turn in question.turns.iter().map(turn) {
        match (turns.last_mut(), turn) {
            (Some(Turn::User { text }), Turn::User { text: more }) => {
                text.push_str("\n\n");
                text.push_str(&more);
            }
            (_, turn) => turns.push(turn),
        }
    }
    let mut system = question.system.clone();
    if !question.tools.is_empty() {
        system.push_str(&rules(&question.tools));
    }
    Question { system, turns, tools: Vec::new(), ..question.clone() }
}

/// The schema that the answer is held to, where the provider can.
pub(super) fn form(tools: &[ToolSpec]) -> Value {
    let names: Vec<_> = tools.iter().map(|tool| tool.name).collect();
    json!({
        "type": "object",
        "properties": { "tool": { "type": "string", "enum": names }, "arguments": { "type": "object" } },
        "required": ["tool", "arguments"],
    })
}

fn rules(tools: &[ToolSpec]) -> String {
    let mut text = "\n\n# How you call tools\n\nAnswer with exactly one JSON object and nothing else:\n\n\
        {\"tool\": \"NAME\", \"arguments\": {…}}\n\n\
        The result comes as the next message. Then answer with the next object. The tools, each with the JSON schema of \
        its arguments:\n"
        .to_owned();
    for tool in tools {
        // Writing to a string does not fail.
        let _ = write!(text, "\n## {}\n{}\n{}\n", tool.name, tool.description, tool.parameters);
    }
    text
}

fn turn(turn: &Turn) -> Turn {
    match turn {
        Turn::User { .. } => turn.clone(),
        Turn::Assistant { text, calls } => {
            let calls = calls.iter().map(|call| {
                let arguments = serde_json::from_str(&call.arguments);
                let arguments = arguments.unwrap_or_else(|_| Value::String(call.arguments.clone()));
                json!({ "tool": call.name, "arguments": arguments }).to_string()
            });
            let text = Some(text.clone()).filter(|text| !text.is_empty());
            let text = text.into_iter().chain(calls).collect::<Vec<_>>().join("\n");
            Turn::Assistant { text, calls: Vec::new() }
        }
        Turn::Result { name, text, .. } => Turn::User { text: format!("Result of {name}:\n{text}") },
    }
}

/// Reads the call out of an answer; `turns` is how long the dialogue is, for the call's name.
///
/// # Errors
/// What is wrong with it, and how it is right: words for the model.
pub(super) fn read(answer: &mut Answer, tools: &[ToolSpec], turns: usize) -> Result<(), String> {
    let objects = objects(&answer.text);
    let right = "Answer with exactly one JSON object: {\"tool\": \"NAME\", \"arguments\": {…}}";
    let calls: Vec<_> = objects.iter().filter(|object| object.contains_key("tool")).collect();
    let call = match calls.as_slice() {
        [call] => call,
        // Some models say the same thing twice.
        [call, others @ ..] if others.iter().all(|other| other == call) => call,
        [_, ..] => {
            return Err(format!("That was {} calls at once. {right}, and wait for its result.", calls.len()));
        }
        [] if answer.cut_off => {
            return Err(format!("That was cut off, because it was too long. Be brief. {right}."));
        }
        [] if !objects.is_empty() => return Err(format!("The object has no field `tool`. {right}.")),
        [] => return Err(format!("There is no JSON object in that. {right}.")),
    };
    let Some(name) = call.get("tool").and_then(Value::as_str) else {
        return Err(format!("`tool` has to be the name of a tool, as text. {right}."));
    };
    let arguments = match call.get("arguments") {
        Some(Value::Object(arguments)) => Value::Object(arguments.clone()),
        None | Some(Value::Null) => json!({}),
        Some(Value::String(text)) => match serde_json::from_str::<Value>(text) {
            Ok(arguments @ Value::Object(_)) => arguments,
            _ => return Err(format!("`arguments` has to be an object, not text. {right}.")),
        },
        Some(_) => return Err(format!("`arguments` has to be an object. {right}.")),
    };
    if !tools.iter().any(|tool| tool.name == name) {
        let names: Vec<_> = tools.iter().map(|tool| tool.name).collect();
        return Err(format!("There is no tool `{name}`. The tools are: {}.", names.join(", ")));
    }
    let call = Call { id: format!("call-{turns}"), name: name.to_owned(), arguments: arguments.to_string() };
    answer.calls = vec![call];
    answer.text = around(&answer.text);
    Ok(())
}

/// The JSON objects in a text, wherever they are: alone, in a code fence, between prose.
pub(in crate::agent) fn objects(text: &str) -> Vec<Map<String, Value>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let from = rest.get(start..).unwrap_or_default();
        let mut reader = serde_json::Deserializer::from_str(from).into_iter::<Map<String, Value>>();
        let skip = match reader.next() {
            Some(Ok(object)) => {
                found.push(object);
                reader.byte_offset()
            }
            _ => 1,
        };
        rest = from.get(skip..).unwrap_or_default();
    }
    found
}

/// The prose before the object.
fn around(text: &str) -> String {
    let prose = text.split('{').next().unwrap_or_default();
    prose.trim().trim_end_matches("```json").trim_end_matches("```").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::Spending;

    fn tools() -> Vec<ToolSpec> {
        ["look", "conclude"]
            .map(|name| ToolSpec {
                name,
                description: format!("It can {name}."),
                parameters: json!({ "type": "object" }),
            })
            .into()
    }

    fn answer(text: &str) -> Answer {
        let spent = Spending::default();
        Answer { text: text.to_owned(), calls: Vec::new(), spent, cut_off: false }
    }

    #[test]
    fn an_object_is_found_in_fences_and_prose_and_with_arguments_as_text() {
        for text in [
            r#"{"tool":"look","arguments":{"at":"nas"}}"#,
            "```json\n{\"tool\": \"look\", \"arguments\": {\"at\": \"nas\"}}\n```",
            "I use {braces} first.\n{\"tool\":\"look\",\"arguments\":{\"at\":\"nas\"}} That will tell.",
            r#"{"tool":"look","arguments":"{\"at\":\"nas\"}"}"#,
            "{\"tool\":\"look\",\"arguments\":{\"at\":\"nas\"}}\n{\"tool\":\"look\",\"arguments\":{\"at\":\"nas\"}}",
        ] {
            let mut answer = answer(text);
            read(&mut answer, &tools(), 3).unwrap();
            let call = &answer.calls[0];
            assert_eq!((call.name.as_str(), call.arguments.as_str()), ("look", r#"{"at":"nas"}"#), "{text}");
        }
    }

    #[test]
    fn whatever_else_comes_is_told_back_with_how_it_is_right() {
        for (text, wrong) in [
            ("The disk is full.", "no JSON object"),
            (r#"{"tool":"look","arguments":{"#, "no JSON object"),
            (r#"{"name":"look"}"#, "no field `tool`"),
            (r#"{"tool":7,"arguments":{}}"#, "as text"),
            (r#"{"tool":"look","arguments":[1]}"#, "has to be an object"),
            (r#"{"tool":"look","arguments":"nas"}"#, "not text"),
            (r#"{"tool":"look","arguments":{"a":1}} {"tool":"look","arguments":{"a":2}}"#, "2 calls at once"),
            (r#"{"tool":"lok","arguments":{}}"#, "The tools are: look, conclude"),
        ] {
            let mut answer = answer(text);
            let told = read(&mut answer, &tools(), 0).unwrap_err();
            assert!(told.contains(wrong), "{text}: {told}");
            assert!(answer.calls.is_empty());
        }
        let mut cut = Answer { cut_off: true, ..answer(r#"{"tool":"look","arg"#) };
        assert!(read(&mut cut, &tools(), 0).unwrap_err().contains("cut off"));
    }

    #[test]
    fn calls_and_results_are_told_back_in_the_form_that_is_asked_for() {
        let call =
            Call { id: "1".to_owned(), name: "look".to_owned(), arguments: r#"{"at":"nas"}"#.to_owned() };
        let asked = Question {
            system: "S".to_owned(),
            turns: vec![
                Turn::User { text: "a".to_owned() },
                Turn::User { text: "b".to_owned() },
                Turn::Assistant { text: String::new(), calls: vec![call] },
                Turn::Result { id: "1".to_owned(), name: "look".to_owned(), text: "97%".to_owned() },
            ],
            tools: tools(),
            max_tokens: 9,
            timeout: std::time::Duration::from_secs(1),
        };
        let told = question(&asked);
        assert!(told.system.starts_with("S\n") && told.system.contains("## conclude\nIt can conclude."));
        assert!(told.tools.is_empty());
        let text = |text: &str| text.to_owned();
        assert_eq!(
            told.turns,
            [
                Turn::User { text: text("a\n\nb") },
                Turn::Assistant {
                    text: text(r#"{"tool":"look","arguments":{"at":"nas"}}"#),
                    calls: Vec::new()
                },
                Turn::User { text: text("Result of look:\n97%") },
            ]
        );
    }
}
