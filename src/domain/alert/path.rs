//! A place in a JSON body: `monitor.name`, `alerts.0.status`, `labels."app.kubernetes.io/name"`, `$.externalURL`.

use serde::Deserialize;
use serde_json::Value;

/// The way to a value: names and numbers with dots between them; a name with a dot in it stands in double quotes. One
/// that begins with `$.` starts at the top of the body, any other at the alert itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Path {
    text: String,
    from_top: bool,
    steps: Vec<String>,
}

impl Path {
    /// Parses a path.
    ///
    /// # Errors
    /// What is wrong with it, and after `; ` what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let malformed =
            || format!("{text:?} is no path; write names with dots between them, as in \"monitor.name\"");
        let (from_top, mut rest) = match text.strip_prefix('$') {
            Some("") => return Ok(Self { text: text.to_owned(), from_top: true, steps: Vec::new() }),
            Some(rest) => (true, rest.strip_prefix('.').ok_or_else(malformed)?),
            None => (false, text),
        };
        let mut steps = Vec::new();
        loop {
            let (step, after) = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').ok_or_else(malformed)?,
                None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
            };
            if step.is_empty() || !rest.starts_with('"') && step.contains(|c: char| " \t\"{}[]".contains(c)) {
                return Err(malformed());
            }
            steps.push(step.to_owned());
            match after.strip_prefix('.') {
                Some(more) => rest = more,
                None if after.is_empty() => return Ok(Self { text: text.to_owned(), from_top, steps }),
                None => return Err(malformed()),
            }
        }
    }

    /// The value there, looked for in an alert or, from the top, in the whole body.
    #[must_use]
    pub fn find<'a>(&self, item: &'a Value, body: &'a Value) -> Option<&'a Value> {
        let start = if self.from_top { body } else { item };
        self.steps.iter().try_fold(start, |value, step| match value {
            Value::Object(fields) => fields.get(step),
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// The text of the value there. `None` if there is none, and for an empty text.
    #[must_use]
    pub fn text(&self, item: &Value, body: &Value) -> Option<String> {
        text_of(self.find(item, body)?)
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// A value as a text: a list of plain values with commas between them; `None` for nothing, for an empty text and for an
/// object.
pub(super) fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null | Value::Object(_) => return None,
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(text_of).collect::<Vec<_>>().join(", "),
    };
    Some(text).filter(|text| !text.trim().is_empty())
}

impl TryFrom<String> for Path {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_leads_through_objects_and_lists_from_the_alert_or_from_the_top() {
        let item = json!({"labels": {"app.kubernetes.io/name": "web"}, "list": ["a", {"b": 7}], "e": " "});
        let body = json!({"url": "http://x", "alerts": [item]});
        let text = |path: &str| Path::parse(path).unwrap().text(&item, &body);
        assert_eq!(text("labels.\"app.kubernetes.io/name\"").unwrap(), "web");
        assert_eq!(text("list.1.b").unwrap(), "7");
        assert_eq!(text("list.0").unwrap(), "a");
        assert_eq!(text("$.url").unwrap(), "http://x");
        assert_eq!((text("url"), text("e"), text("labels"), text("list.9")), (None, None, None, None));
    }

    #[test]
    fn what_is_no_path_says_how_one_is_written() {
        for bad in ["", ".", "a.", ".a", "a b", "a[0]", "\"a", "\"a\"b", "$a", "{a}"] {
            assert!(Path::parse(bad).unwrap_err().contains("; write"), "{bad}");
        }
    }
}
