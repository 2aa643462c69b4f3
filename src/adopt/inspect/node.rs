//! A value of JSON with the path that leads to it: what is absent is nothing, what is wrong is told, all of it.

use std::cell::RefCell;

use serde_json::Value;

use super::super::Fault;

/// So many faults are told at most.
const MAX_FAULTS: usize = 50;
/// So many characters of a foreign name are shown at most.
const MAX_SHOWN: usize = 80;

/// So many items of one list at most.
const MAX_ITEMS: usize = 5000;
/// In a map with more keys than this nobody's field is looked for in another case: it is data.
const SMALL: usize = 200;

static NULL: Value = Value::Null;

/// Gathers what is wrong.
pub(super) struct Faults {
    file: String,
    found: RefCell<Vec<Fault>>,
}

impl Faults {
    pub(super) fn of(file: &str) -> Self {
        Self { file: file.to_owned(), found: RefCell::new(Vec::new()) }
    }

    /// Adds one, of the file, or of a field of it.
    pub(super) fn add(&self, field: &str, what: impl Into<String>, fix: Option<&str>) {
        let mut fault = Fault::of(&self.file, what);
        fault.field = Some(field.to_owned()).filter(|field| !field.is_empty());
        fault.fix = fix.map(str::to_owned);
        let mut found = self.found.borrow_mut();
        if found.len() < MAX_FAULTS && !found.contains(&fault) {
            found.push(fault);
        }
    }

    /// All of them.
    pub(super) fn take(&self) -> Vec<Fault> {
        std::mem::take(&mut *self.found.borrow_mut())
    }
}

/// A foreign name as it may be shown: without control characters, and not too long.
pub(super) fn shown(name: &str) -> String {
    let short: String = name.chars().take(MAX_SHOWN).collect();
    let dots = if short.len() < name.len() { "…" } else { "" };
    let text: String = short
        .chars()
        .flat_map(|c| {
            let invisible = c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
            if invisible { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }
        })
        .collect();
    text + dots
}

/// One value.
#[derive(Clone)]
pub(super) struct Node<'a> {
    faults: &'a Faults,
    value: &'a Value,
    path: String,
}

impl<'a> Node<'a> {
    pub(super) fn new(faults: &'a Faults, value: &'a Value, path: String) -> Self {
        Self { faults, value, path }
    }

    /// The value itself.
    pub(super) fn value(&self) -> &'a Value {
        self.value
    }

    /// The path that leads to it.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Says that something is wrong with it.
    pub(super) fn fault(&self, what: impl Into<String>) {
        self.faults.add(&self.path, what, None);
    }

    /// Whether nothing is there.
    pub(super) fn is_nothing(&self) -> bool {
        self.value.is_null()
    }

    /// The field of that name, in whatever case; nothing where there is none.
    pub(super) fn get(&self, key: &str) -> Self {
        let value = match self.value {
            Value::Object(map) => map.get(key).or_else(|| in_any_case(map, key)).unwrap_or(&NULL),
            Value::Null => &NULL,
            other => self.wrong(other, "an object", &NULL),
        };
        self.child(value, key)
    }

    /// Whether it has a field of that name, whatever is in it.
    pub(super) fn has(&self, key: &str) -> bool {
        matches!(self.value, Value::Object(map) if map.contains_key(key) || in_any_case(map, key).is_some())
    }

    /// Its items; none where nothing is there.
    pub(super) fn list(&self) -> Vec<Self> {
        match self.value {
            Value::Array(items) if items.len() > MAX_ITEMS => {
                self.fault(format!("has {} items, and {MAX_ITEMS} are read at most", items.len()));
                Vec::new()
            }
            Value::Array(items) => (0..)
                .zip(items)
                .map(|(at, value)| Self::new(self.faults, value, format!("{}[{at}]", self.path)))
                .collect(),
            Value::Null => Vec::new(),
            other => self.wrong(other, "a list", Vec::new()),
        }
    }

    /// Its fields; none where nothing is there.
    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        match self.value {
            Value::Object(map) => {
                map.iter().map(|(key, value)| (key.as_str(), self.child(value, key))).collect()
            }
            Value::Null => Vec::new(),
            // PHP's and some tools' empty object.
            Value::Array(items) if items.is_empty() => Vec::new(),
            other => self.wrong(other, "an object", Vec::new()),
        }
    }

    /// Its text; none where nothing is there or it is empty.
    pub(super) fn text(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null => None,
            other => self.wrong(other, "a text", None),
        }
    }

    /// Its texts.
    pub(super) fn texts(&self) -> Vec<String> {
        // An empty word counts: an empty argument is one.
        let word = |node: Self| match node.value {
            Value::String(text) => Some(text.clone()),
            _ => node.text(),
        };
        self.list().into_iter().filter_map(word).collect()
    }

    /// The words of a command, which old versions write as one text.
    pub(super) fn words(&self) -> Vec<String> {
        match self.value {
            Value::String(text) if text.is_empty() => Vec::new(),
            Value::String(text) => shell_words::split(text).unwrap_or_else(|_| vec![text.clone()]),
            _ => self.texts(),
        }
    }

    /// Its number; none where nothing is there.
    pub(super) fn number(&self) -> Option<i64> {
        match self.value {
            Value::Number(number) => match number.as_i64() {
                Some(number) => Some(number),
                // More than fits is without a limit; `1e9` is a whole number, too.
                #[expect(clippy::cast_possible_truncation, reason = "such a cast ends at the type's limits")]
                None => number.as_f64().map(|number| number as i64),
            },
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => match text.trim().parse() {
                Ok(number) => Some(number),
                Err(_) => {
                    self.fault("is no whole number");
                    None
                }
            },
            Value::Null => None,
            other => self.wrong(other, "a number", None),
        }
    }

    /// Its number, where that is above 0.
    pub(super) fn above_zero(&self) -> Option<u64> {
        self.number().and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0)
    }

    /// Whether it is set; no where nothing is there.
    pub(super) fn flag(&self) -> bool {
        match self.value {
            Value::Bool(flag) => *flag,
            Value::String(text) if text.eq_ignore_ascii_case("true") => true,
            Value::String(text) if text.is_empty() || text.eq_ignore_ascii_case("false") => false,
            Value::Null => false,
            other => self.wrong(other, "true or false", false),
        }
    }

    fn child(&self, value: &'a Value, key: &str) -> Self {
        let plain = !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/'))
            && key.len() <= MAX_SHOWN;
        let path = match (plain, self.path.is_empty()) {
            (true, true) => key.to_owned(),
            (true, false) => format!("{}.{key}", self.path),
            (false, _) => format!("{}[\"{}\"]", self.path, shown(key)),
        };
        Self::new(self.faults, value, path)
    }

    fn wrong<T>(&self, value: &Value, belongs: &str, instead: T) -> T {
        let is = match value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.fault(format!("is {is} where {belongs} belongs"));
        instead
    }
}

fn in_any_case<'a>(map: &'a serde_json::Map<String, Value>, key: &str) -> Option<&'a Value> {
    let mut all = map.iter().take(SMALL);
    all.find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}
