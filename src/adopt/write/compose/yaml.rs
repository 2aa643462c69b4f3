//! YAML as people write it: block style, short lists on one line, quotes only where a reader could take a word for
//! something else (`on`, `0777`, `12:30`), and a blank line between services.

use std::sync::LazyLock;

use regex::Regex;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Nothing: `NAME:`.
    Null,
    /// A number, `true` or `false`, as it stands.
    Bare(String),
    /// A text. What compose would take for a variable is kept from it.
    Text(String),
    /// A text in quotes in any case, as ports are.
    Quoted(String),
    /// A text that holds variables, in which all else is kept from compose already.
    Filled(String),
    /// A list with a line for each.
    List(Vec<Node>),
    /// A list of texts on one line.
    Flow(Vec<Node>),
    /// Keys and values in this order.
    Map(Map),
}

/// Keys and values in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Map(pub(super) Vec<(String, Node)>);

impl Map {
    /// Adds a value; nothing where it is empty.
    pub(super) fn add(&mut self, key: &str, value: impl Into<Node>) -> &mut Self {
        let value = value.into();
        let empty = match &value {
            Node::List(list) | Node::Flow(list) => list.is_empty(),
            Node::Map(map) => map.0.is_empty(),
            _ => false,
        };
        if !empty {
            self.0.push((key.to_owned(), value));
        }
        self
    }

    /// Adds a value where there is one.
    pub(super) fn add_some(&mut self, key: &str, value: Option<impl Into<Node>>) -> &mut Self {
        if let Some(value) = value {
            self.add(key, value);
        }
        self
    }

    /// Adds `key: true` where it is.
    pub(super) fn flag(&mut self, key: &str, is: bool) -> &mut Self {
        self.add_some(key, is.then_some(true))
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<&String> for Node {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}
impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Self::Bare(value.to_string())
    }
}
impl From<i64> for Node {
    fn from(value: i64) -> Self {
        Self::Bare(value.to_string())
    }
}
impl From<Map> for Node {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}
impl<T: Into<Node>> From<Vec<T>> for Node {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl From<&serde_json::Value> for Node {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) | Value::Number(_) => Self::Bare(value.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(list) if list.is_empty() => Self::Bare("[]".to_owned()),
            Value::Array(list) => Self::List(list.iter().map(Into::into).collect()),
            Value::Object(map) if map.is_empty() => Self::Bare("{}".to_owned()),
            Value::Object(map) => {
                Self::Map(Map(map.iter().map(|(key, value)| (key.clone(), value.into())).collect()))
            }
        }
    }
}

/// The text of a file: a blank line between its sections, and between what stands in the sections named `apart`.
pub(super) fn file(map: &Map, apart: &[&str]) -> String {
    let mut out = String::new();
    for (key, value) in &map.0 {
        if !out.is_empty() {
            out.push('\n');
        }
        match value {
            Node::Map(entries) if apart.contains(&key.as_str()) => {
                out.push_str(&format!("{}:\n", word(key)));
                for (index, (key, value)) in entries.0.iter().enumerate() {
                    if index > 0 {
                        out.push('\n');
                    }
                    entry(&mut out, key, value, 2);
                }
            }
            _ => entry(&mut out, key, value, 0),
        }
    }
    out
}

fn entry(out: &mut String, key: &str, value: &Node, indent: usize) {
    out.push_str(&" ".repeat(indent));
    out.push_str(&word(key));
    out.push(':');
    match value {
        Node::Null => out.push('\n'),
        Node::Map(map) if !map.0.is_empty() => {
            out.push('\n');
            for (key, value) in &map.0 {
                entry(out, key, value, indent + 2);
            }
        }
        Node::List(list) if !list.is_empty() => {
            out.push('\n');
            for value in list {
                item(out, value, indent + 2);
            }
        }
        _ => {
            out.push(' ');
            out.push_str(&scalar(value, indent + 2));
            out.push('\n');
        }
    }
}

fn item(out: &mut String, value: &Node, indent: usize) {
    let dash = format!("{}- ", " ".repeat(indent));
    match value {
        Node::Map(map) if !map.0.is_empty() => {
            // The first key stands beside the dash.
            let mut inner = String::new();
            for (key, value) in &map.0 {
                entry(&mut inner, key, value, indent + 2);
            }
            out.push_str(&dash);
            out.push_str(inner.get(indent + 2..).unwrap_or_default());
        }
        Node::List(list) if !list.is_empty() => {
            out.push_str(&format!("{}-\n", " ".repeat(indent)));
            for value in list {
                item(out, value, indent + 2);
            }
        }
        _ => out.push_str(&format!("{dash}{}\n", scalar(value, indent + 2))),
    }
}

fn scalar(value: &Node, indent: usize) -> String {
    match value {
        Node::Null => "null".to_owned(),
        Node::Bare(text) => text.clone(),
        Node::Quoted(text) => quoted(&literal(text)),
        Node::Text(text) => text_of(&literal(text), indent),
        Node::Filled(text) => text_of(text, indent),
        Node::Map(_) => "{}".to_owned(),
        Node::List(list) | Node::Flow(list) => {
            let words: Vec<String> = list
                .iter()
                .map(|value| match value {
                    Node::Text(text) | Node::Quoted(text) => quoted(&literal(text)),
                    Node::Filled(text) => quoted(text),
                    other => scalar(other, indent),
                })
                .collect();
            format!("[{}]", words.join(", "))
        }
    }
}

/// A text in which compose finds no variable.
pub(super) fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

fn text_of(text: &str, indent: usize) -> String {
    if is_block(text) { block(text, indent) } else { word(text) }
}

/// A word or a line, with quotes where it needs them.
fn word(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let special = text.chars().any(|c| c.is_control() || is_odd(c));
    if !special && text.contains(['"', '\\']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || is_odd(c) => out.push_str(&match c as u32 {
                code @ ..=0xff => format!("\\x{code:02x}"),
                code @ ..=0xffff => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Characters that YAML takes for line breaks, or doesn't print.
fn is_odd(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether several lines can stand as they are under a `|`.
fn is_block(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\n', '\t'])
        && !text.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || is_odd(c))
}

fn block(text: &str, indent: usize) -> String {
    let (mark, body) = match text.strip_suffix('\n') {
        Some(body) => ("|", body),
        None => ("|-", text),
    };
    let pad = " ".repeat(indent);
    let lines: Vec<String> = body
        .split('\n')
        .map(|line| if line.is_empty() { String::new() } else { format!("{pad}{line}") })
        .collect();
    format!("{mark}\n{}", lines.join("\n"))
}

/// What a YAML reader of any version takes for something else than a text.
static NOT_A_TEXT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^(?:
            ~ | null | true | false | yes | no | on | off | y | n | = | <<
            | [-+]? (?: \.inf | \.nan | inf | nan | infinity )
            | [-+]? 0b [01_]+ | [-+]? 0o? [0-7_]+ | [-+]? 0x [0-9a-f_]+
            | [-+]? (?: [0-9][0-9_,]* (?:\.[0-9_]*)? | \.[0-9_]+ ) (?: e [-+]? [0-9]+ )?
            | [-+]? [0-9][0-9_]* (?: :[0-5]?[0-9] )+ (?: \.[0-9_]* )?
            | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} (?: (?:t|\s+) .* )?
        )$",
    )
    .ok()
});

fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let second = text.chars().nth(1);
    let starts_well = match first {
        '-' | '?' | ':' => second.is_some_and(|c| c != ' ') && first == '-' && text != "---",
        c => !"[]{},#&*!|>'\"%@`".contains(c),
    };
    starts_well
        && !text.starts_with(' ')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.chars().any(|c| c.is_control() || is_odd(c))
        && NOT_A_TEXT.as_ref().is_some_and(|pattern| !pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> serde_yaml::Value {
        serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn a_word_that_yaml_takes_for_something_else_is_quoted() {
        for word in [
            "on",
            "Off",
            "YES",
            "no",
            "y",
            "null",
            "~",
            "true",
            "1e3",
            "0777",
            "12:30",
            "1:2:3",
            "1_000",
            "0x1F",
            "1.5",
            ".5",
            "2024-01-01",
            "<<",
            "=",
            "",
            " a",
            "a ",
            "a: b",
            "a #b",
            "- a",
            "*a",
            "&a",
            "@a",
            "%a",
            "[a",
            "{a",
            "'a",
            "a:",
            "---",
            "0o17",
            "+1",
            "-1",
            ".inf",
            "1.",
            "?a",
            ":a",
        ] {
            let quoted = super::word(word);
            assert!(quoted.starts_with(['"', '\'']), "{word} is written {quoted}");
            assert_eq!(read(&quoted), serde_yaml::Value::from(word), "{quoted}");
        }
        for plain in
            ["redis:7", "/var/lib:/data:ro", "-v", "${A:?see .env}", "unless-stopped", "it's", "30s", "a#b"]
        {
            assert_eq!(super::word(plain), plain);
        }
    }

    #[test]
    fn several_lines_stand_as_they_are() {
        let mut map = Map::default();
        map.add("a", "one\n  two\n\nthree\n").add("b", "x\ny").add("c", "x\ny\n\n\n").add("d", " x\ny");
        let text = file(&map, &[]);
        assert!(text.starts_with("a: |\n  one\n    two\n\n  three\n"), "{text}");
        let value = read(&text);
        assert_eq!(value["a"], "one\n  two\n\nthree\n");
        assert_eq!(value["b"], "x\ny");
        assert_eq!(value["c"], "x\ny\n\n\n");
        assert_eq!(value["d"], " x\ny");
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(text in "\\PC{0,12}|[ -~\n\t]{0,12}|[0-9:._xeE+-]{1,6}", key in "[ -~]{1,8}") {
            let mut inner = Map::default();
            inner.add(&key, Node::Filled(text.clone()));
            inner.add("list", vec![Node::Filled(text.clone())]);
            inner.add("flow", Node::Flow(vec![Node::Filled(text.clone())]));
            let mut map = Map::default();
            map.add("top", inner);
            let value = read(&file(&map, &["top"]));
            if key != "list" && key != "flow" && key != "<<" {
                prop_assert_eq!(value["top"][key.as_str()].as_str(), Some(text.as_str()));
                prop_assert_eq!(value["top"]["list"][0].as_str(), Some(text.as_str()));
                prop_assert_eq!(value["top"]["flow"][0].as_str(), Some(text.as_str()));
            }
        }
    }
}
