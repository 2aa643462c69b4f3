//! From text to values: one JSON document, or several, one after another; and what else it may be.

use serde_json::Value;

use super::super::{Fault, MAX_INPUT};
use super::node::shown;

/// What people should have done.
const HOW: &str = "pass what `docker inspect CONTAINER` prints";

/// The values of a text: the items of its arrays, and its objects.
pub(super) fn values(file: &str, text: &str) -> Result<Vec<Value>, Vec<Fault>> {
    if text.len() > MAX_INPUT {
        let what = format!("has {} MiB, and {} MiB are read at most", text.len() >> 20, MAX_INPUT >> 20);
        return Err(vec![Fault::of(file, what).fix("inspect fewer containers at a time")]);
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(vec![Fault::of(file, "is empty").fix(HOW)]);
    }
    let mut values = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match document {
            Ok(Value::Array(items)) => items.into_iter().for_each(|item| match item {
                // `jq -s` wraps the arrays of several outputs into one more.
                Value::Array(inner) => values.extend(inner),
                item => values.push(item),
            }),
            Ok(value) => values.push(value),
            Err(error) => return Err(vec![not_json(file, text, &error)]),
        }
    }
    if values.is_empty() {
        let fix = "docker found none of that name: look at `docker ps -a`";
        return Err(vec![Fault::of(file, "holds no container, only an empty list").fix(fix)]);
    }
    Ok(values)
}

/// What a text is that is no JSON.
fn not_json(file: &str, text: &str, error: &serde_json::Error) -> Fault {
    let lines = || text.lines().enumerate().map(|(at, line)| (at + 1, line.trim_end()));
    let complaint = |line: &str| {
        let line = line.trim_start().to_ascii_lowercase();
        [
            "error",
            "permission denied",
            "cannot connect",
            "got permission denied",
            "sudo:",
            "ssh:",
            "warning:",
            "emulate docker cli",
        ]
        .iter()
        .any(|start| line.starts_with(start))
            || line.contains("command not found")
            || line.contains("no such object")
            || line.contains("no such container")
    };
    if let Some((at, line)) = lines().find(|(_, line)| complaint(line)) {
        let what = format!("is no JSON: this line is a message of a program: {:?}", shown(line.trim()));
        return Fault::of(file, what)
            .on_line(at)
            .fix("leave it out, or do what it asks for and inspect again");
    }
    let yaml = |key: &str| {
        lines()
            .find(|(_, line)| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':')))
    };
    if let Some((at, _)) = yaml("services").or_else(|| yaml("version")) {
        let what = "is no JSON: it looks like a compose file";
        return Fault::of(file, what)
            .on_line(at)
            .fix("give it a name that ends with `.yaml`, so that it is read as one");
    }
    if text.trim_start().starts_with("CONTAINER ID") {
        return Fault::of(file, "is no JSON: it is what `docker ps` prints").fix(HOW);
    }
    let what = match error.classify() {
        serde_json::error::Category::Eof => "is not complete: the JSON ends in the middle".to_owned(),
        _ if error.to_string().starts_with("recursion limit") => "is nested too deeply".to_owned(),
        _ => format!("is no JSON: {}", shown(&error.to_string())),
    };
    Fault::of(file, what).on_line(error.line()).fix(HOW)
}
