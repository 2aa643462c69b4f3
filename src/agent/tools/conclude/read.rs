//! Reads a conclusion as models write it: what is there is taken, what is unknown is let go, and what can't be taken is
//! named by its path. A good diagnosis must not be lost over the form of what stands beside it.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{Choice, Conclude, Step};
use crate::agent::tools::schema;

type Fields = Map<String, Value>;

impl<'de> Deserialize<'de> for Conclude {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(from)?;
        conclusion(&fields).map_err(D::Error::custom)
    }
}

fn conclusion(fields: &Fields) -> Result<Conclude, String> {
    let root = text(fields, "", "root")?;
    Ok(Conclude {
        diagnosis: needed(fields, "", "diagnosis")?,
        root: Some(root).filter(|root| !root.trim().is_empty()),
        evidence: texts(fields, "", "evidence")?,
        confidence: percent(fields)?,
        verification: text(fields, "", "verification")?,
        rollback: text(fields, "", "rollback")?,
        options: all(fields, "", "options", choice)?,
    })
}

fn percent(fields: &Fields) -> Result<u8, String> {
    let value = present(fields, "confidence").ok_or("missing field `confidence`: a number from 0 to 100")?;
    let number = match value {
        Value::String(text) => {
            let number: Option<f64> = text.trim().trim_end_matches('%').trim_end().parse().ok();
            number
                .map(Value::from)
                .ok_or_else(|| format!("confidence: {text:?} is no number from 0 to 100"))?
        }
        value => value.clone(),
    };
    schema::percent(number).map_err(|error: serde_json::Error| match error.to_string() {
        why if why.starts_with("confidence") => why,
        why => format!("confidence: {why}"),
    })
}

fn choice(value: &Value, path: &str) -> Result<Choice, String> {
    match value {
        Value::String(title) => Ok(Choice { title: title.clone(), why: String::new(), steps: Vec::new() }),
        Value::Object(fields) => Ok(Choice {
            title: needed(fields, path, "title")?,
            why: text(fields, path, "why")?,
            steps: all(fields, path, "steps", step)?,
        }),
        other => Err(unfit(path, "an object", other)),
    }
}

fn step(value: &Value, path: &str) -> Result<Step, String> {
    let step = match value {
        Value::String(what) => {
            let (risk, undo) = (String::new(), String::new());
            Step { what: what.clone(), risk, undo, host: None, command: None }
        }
        Value::Object(fields) => Step {
            what: text(fields, path, "what")?,
            risk: text(fields, path, "risk")?,
            undo: text(fields, path, "undo")?,
            host: Some(text(fields, path, "host")?).filter(|host| !host.trim().is_empty()),
            command: Some(words(fields, path)?).filter(|command| !command.is_empty()),
        },
        other => return Err(unfit(path, "an object", other)),
    };
    if step.what.trim().is_empty() && step.command.is_none() {
        return Err(format!("{path}: missing field `what`"));
    }
    Ok(step)
}

/// A command: its words are taken as they are, so a text is none.
fn words(fields: &Fields, path: &str) -> Result<Vec<String>, String> {
    match present(fields, "command") {
        Some(Value::String(line)) if !line.trim().is_empty() => {
            let path = join(path, "command");
            Err(format!("{path}: each word of a command is its own string, like [\"df\", \"-h\"]"))
        }
        _ => texts(fields, path, "command"),
    }
}

fn present<'a>(fields: &'a Fields, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn needed(fields: &Fields, path: &str, name: &str) -> Result<String, String> {
    match present(fields, name) {
        Some(_) => text(fields, path, name),
        None if path.is_empty() => Err(format!("missing field `{name}`")),
        None => Err(format!("{path}: missing field `{name}`")),
    }
}

fn text(fields: &Fields, path: &str, name: &str) -> Result<String, String> {
    present(fields, name).map_or_else(|| Ok(String::new()), |value| one(value, &join(path, name)))
}

fn one(value: &Value, path: &str) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        other => Err(unfit(path, "a string", other)),
    }
}

/// Several texts; a single one is a list of one.
fn texts(fields: &Fields, path: &str, name: &str) -> Result<Vec<String>, String> {
    match present(fields, name) {
        Some(Value::String(text)) if text.trim().is_empty() => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        _ => all(fields, path, name, one),
    }
}

fn all<T>(
    fields: &Fields,
    path: &str,
    name: &str,
    read: fn(&Value, &str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let path = join(path, name);
    match present(fields, name) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            let item = |(at, item): (usize, &Value)| read(item, &format!("{path}[{at}]"));
            items.iter().enumerate().map(item).collect()
        }
        Some(single @ Value::Object(_)) => Ok(vec![read(single, &path)?]),
        Some(other) => Err(unfit(&path, "a list", other)),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn unfit(path: &str, wanted: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("{path}: {wanted} is wanted, not {found}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Conclude, String> {
        schema::read::<Conclude>(json)
    }

    #[test]
    fn a_conclusion_of_a_diagnosis_and_how_sure_it_is_is_enough_and_what_is_unknown_is_let_go() {
        let said = read(
            r#"{"diagnosis":"the disk is full","confidence":"80%","severity":"high","evidence":"df says so",
                "options":[{"title":"Make room","why":"it is quick","cost":3,
                            "steps":["look first",{"what":"clean up","command":["journalctl","--vacuum-size=1G"]}]},
                           "Leave it"]}"#,
        )
        .unwrap();
        assert_eq!((said.confidence, said.evidence.as_slice()), (80, &["df says so".to_owned()][..]));
        assert_eq!((said.verification.as_str(), said.rollback.as_str(), said.root), ("", "", None));
        assert_eq!(said.options[0].why, "it is quick");
        assert_eq!(said.options[0].steps[0].what, "look first");
        assert_eq!(said.options[0].steps[1].command.as_ref().unwrap().len(), 2);
        assert_eq!(said.options[1].title, "Leave it");
    }

    #[test]
    fn what_cannot_be_taken_is_named_by_its_path() {
        for (json, why) in [
            (r#"{"confidence":1}"#, "missing field `diagnosis`"),
            (r#"{"diagnosis":"x"}"#, "missing field `confidence`"),
            (r#"{"diagnosis":"x","confidence":"sure"}"#, "confidence: \"sure\" is no number"),
            (r#"{"diagnosis":"x","confidence":[]}"#, "confidence: invalid type"),
            (r#"{"diagnosis":["x"],"confidence":1}"#, "diagnosis: a string is wanted, not a list"),
            (r#"{"diagnosis":"x","confidence":1,"evidence":["a",{}]}"#, "evidence[1]: a string is wanted"),
            (
                r#"{"diagnosis":"x","confidence":1,"options":[{"title":"a","why":[]}]}"#,
                "options[0].why: a string",
            ),
            (
                r#"{"diagnosis":"x","confidence":1,"options":[{"why":"a"}]}"#,
                "options[0]: missing field `title`",
            ),
            (
                r#"{"diagnosis":"x","confidence":1,"options":[{"title":"a","steps":[{"what":"b"},{"risk":"c"}]}]}"#,
                "options[0].steps[1]: missing field `what`",
            ),
            (
                r#"{"diagnosis":"x","confidence":1,"options":[{"title":"a","steps":[{"what":"b","command":"df -h"}]}]}"#,
                "options[0].steps[0].command: each word",
            ),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.starts_with(why), "{json}: {error}");
        }
    }
}
