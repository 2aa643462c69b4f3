//! YAML as a person writes it, and as every reader understands it: those of Kubernetes follow YAML 1.1, to which `on`,
//! `1e3`, `12:30` and `2026-01-01` are no texts.

use serde_json::{Map, Value};

/// The fields of an object, in the order in which they are written.
#[derive(Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Only where there is a value.
    pub(super) fn some(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Only where it is so.
    pub(super) fn only(self, key: &str, so: bool) -> Self {
        if so { self.with(key, true) } else { self }
    }

    /// Only where there is something in it.
    pub(super) fn full(self, key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let is_empty = match &value {
            Value::Object(fields) => fields.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        if is_empty { self } else { self.with(key, value) }
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

/// A document, ending with a line break.
pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    node(value, 0, &mut out);
    out
}

/// What stands at the beginning of a line of its own.
fn node(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                out.push_str(&" ".repeat(indent));
                entry(key, value, indent, out);
            }
        }
        Value::Array(items) if !items.is_empty() => list(items, indent, out),
        other => {
            out.push_str(&" ".repeat(indent));
            out.push_str(&scalar(other, indent));
            out.push('\n');
        }
    }
}

fn entry(key: &str, value: &Value, indent: usize, out: &mut String) {
    out.push_str(&string(key));
    out.push(':');
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            out.push('\n');
            node(value, indent + 2, out);
        }
        // Items stand under their key, as in the documentation of Kubernetes.
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            list(items, indent, out);
        }
        other => {
            out.push(' ');
            out.push_str(&scalar(other, indent + 2));
            out.push('\n');
        }
    }
}

fn list(items: &[Value], indent: usize, out: &mut String) {
    for item in items {
        out.push_str(&" ".repeat(indent));
        out.push_str("- ");
        let from = out.len();
        node(item, indent + 2, out);
        // The first line of the item stands behind its dash.
        let length = out[from..].len() - out[from..].trim_start_matches(' ').len();
        out.replace_range(from..from + length.min(indent + 2), "");
    }
}

fn scalar(value: &Value, indent: usize) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => block(text, indent).unwrap_or_else(|| string(text)),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
    }
}

/// A text of several lines as it stands, where that can be.
fn block(text: &str, indent: usize) -> Option<String> {
    let body = text.trim_end_matches('\n');
    let breaks = text.len() - body.len();
    let is_plain = |c: char| c == '\n' || is_printable(c);
    let readable = body.contains('\n') || (breaks > 0 && !body.is_empty());
    if !readable || body.starts_with([' ', '\n']) || !text.chars().all(is_plain) {
        return None;
    }
    let mut out = String::from(match breaks {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    let lines = if breaks > 1 { &text[..text.len() - 1] } else { body };
    for line in lines.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent));
            out.push_str(line);
        }
    }
    Some(out)
}

/// A text on one line: bare where no reader takes it for anything else.
fn string(text: &str) -> String {
    if is_bare(text) {
        return text.to_owned();
    }
    let printable = text.chars().all(is_printable);
    if printable && !text.contains(['"', '\\']) {
        format!("\"{text}\"")
    } else if printable {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        escaped(text)
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) <= 0xff => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) <= 0xffff => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// What may stand in a YAML file as it is, tabs apart.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}')
        || matches!(c, '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// Words that YAML 1.1 takes for something else than a text.
const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

fn is_bare(text: &str) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return false };
    let starts_well = match first {
        'A'..='Z' | 'a'..='z' | '_' | '/' | '$' | '(' => true,
        '0'..='9' => return is_quantity(text),
        '-' => text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_alphabetic() && text.len() > 1),
        _ => false,
    };
    starts_well
        && !text.starts_with("---")
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && text.chars().all(is_printable)
}

/// `500m`, `10Gi`: no number to any reader, and nobody writes them in quotes.
fn is_quantity(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    matches!(unit, "m" | "M" | "G" | "Ki" | "Mi" | "Gi" | "Ti")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_looks_as_if_written_by_hand() {
        let value = json!({
            "kind": "X",
            "list": ["a", {"name": "b", "port": 80, "more": {"x": "on"}}, ["c", "d"]],
            "empty": {}, "none": [], "yes": true,
            "text": "one\n  two\n\nthree\n",
            "bare": "500m",
        });
        let expected = "\
kind: X
list:
- a
- name: b
  port: 80
  more:
    x: \"on\"
- - c
  - d
empty: {}
none: []
\"yes\": true
text: |
  one
    two

  three
bare: 500m
";
        assert_eq!(text(&value), expected);
    }

    #[test]
    fn what_yaml_1_1_misreads_is_quoted() {
        for word in [
            "on",
            "Yes",
            "NO",
            "y",
            "~",
            "null",
            "",
            "0x1f",
            "0o7",
            "012",
            "1e3",
            "12:30:00",
            "2026-01-01",
            "1_000",
            ".inf",
            "-.5",
            "1.2.3",
            "=",
            "<<",
            "- a",
            "a: b",
            "a #b",
            "a:",
            " a",
            "*x",
            "&x",
            "!x",
            "%x",
            "@x",
            "`x",
            "{a",
            "[a",
            "|",
            ">",
            "?",
            "-",
            "---",
            "'",
            "#",
            "a\tb",
            "+1",
            "1,000",
            "0b1",
            "190:20:30",
            "8080/tcp",
        ] {
            let written = string(word);
            assert!(written.starts_with(['"', '\'']), "{word} -> {written}");
        }
        for word in ["a", "--flag=x", "-c", "/data", "$(TOKEN)", "512Mi", "a b c", "redis://x:6379", "a:b"] {
            assert_eq!(string(word), word);
        }
    }

    #[test]
    fn every_text_is_read_back_as_it_was() {
        for word in [
            "a\nb",
            "a\nb\n",
            "a\nb\n\n",
            "\n",
            "\na",
            " a\nb",
            "a\n b",
            "a\t\nb",
            "ä ö",
            "a\"b",
            "a'b\"c",
            "a\\b",
            "\u{7f}",
            "\u{feff}x",
            "\u{85}",
            "a\r\nb\r\n",
            "😀",
            "x\u{2028}y",
            "a \n b \n",
            "# no\nx",
            "---\nx\n",
            "one\n",
            "...",
            "\u{0}",
        ] {
            let value = json!({"k": word, "l": [word, {"m": word}]});
            let written = text(&value);
            let read: Value =
                serde_yaml::from_str(&written).unwrap_or_else(|e| panic!("{word:?}: {e}\n{written}"));
            assert_eq!(read, value, "{written}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_back_as_it_was(key in "\\PC{0,8}", word in "(\\PC|[\n\t :#'\"-]){0,40}") {
            let value = json!({key: [{"m": word}]});
            let read: Value = serde_yaml::from_str(&text(&value)).expect("YAML");
            proptest::prop_assert_eq!(read, value);
        }
    }
}
