//! What a JSON body may hold, as tables, and what Discord says of one that holds something else.

use serde_json::{Map, Value, json};

use super::wire::{Refusal, refuse};

/// The form of a value.
pub(super) enum Kind {
    /// A text of that many UTF-16 code units; nothing but white space is empty.
    Text(usize, usize),
    Bool,
    Int(i64, i64),
    Number,
    Snowflake,
    /// One of these numbers.
    Choice(&'static [u64]),
    /// One of these words.
    Word(&'static [&'static str]),
    Url,
    Time,
    /// A number or a text of up to that many characters.
    Nonce(usize),
    /// Up to that many of these.
    List(usize, &'static Kind),
    Object(&'static [Field]),
    /// Looked at by a rule of its own.
    Free,
}

/// A field of an object.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) nullable: bool,
}

/// A field that has to be there.
pub(super) const fn must(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true, nullable: false }
}

/// A field that may be missing.
pub(super) const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, nullable: false }
}

/// A field that may be missing or null.
pub(super) const fn null(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, nullable: true }
}

/// What is wrong with a body: path (dotted), code, message.
#[derive(Default)]
pub(super) struct Problems(Vec<(String, &'static str, String)>);

/// The length that counts against a limit.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn inside(path: &str, part: impl std::fmt::Display) -> String {
    if path.is_empty() { part.to_string() } else { format!("{path}.{part}") }
}

impl Problems {
    pub(super) fn add(&mut self, path: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push((path.into(), code, message.into()));
    }

    /// The form has no problem, or is refused.
    pub(super) fn refuse(self) -> Result<(), Refusal> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut errors = json!({});
        let mut breach = Vec::new();
        for (path, code, message) in &self.0 {
            breach.push(format!("{}: {message}", if path.is_empty() { "body" } else { path }));
            let mut at = &mut errors;
            for part in path.split('.').filter(|part| !part.is_empty()) {
                at = &mut at[part];
            }
            let told = json!({"code": code, "message": message});
            match at.get_mut("_errors").and_then(Value::as_array_mut) {
                Some(list) => list.push(told),
                None => at["_errors"] = json!([told]),
            }
        }
        let mut refusal = refuse(50_035).breach(breach.join("; "));
        refusal.errors = Some(errors);
        Err(refusal)
    }

    pub(super) fn object(&mut self, path: &str, fields: &[Field], value: &Value) {
        let Some(object) = value.as_object() else {
            return self.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
        };
        self.unknown(path, fields, object);
        for field in fields {
            let path = inside(path, field.name);
            match object.get(field.name) {
                None if field.required => self.add(path, "BASE_TYPE_REQUIRED", "This field is required"),
                None => {}
                Some(Value::Null) if field.nullable => {}
                Some(Value::Null) => self.add(path, "BASE_TYPE_REQUIRED", "This field may not be null"),
                Some(value) => self.value(&path, &field.kind, value),
            }
        }
    }

    fn unknown(&mut self, path: &str, fields: &[Field], object: &Map<String, Value>) {
        for key in object.keys().filter(|key| !fields.iter().any(|field| field.name == *key)) {
            self.add(inside(path, key), "UNKNOWN_FIELD", "unknown field");
        }
    }

    fn value(&mut self, path: &str, kind: &Kind, value: &Value) {
        match kind {
            Kind::Text(min, max) => self.text(path, *min, *max, value),
            Kind::Bool if !value.is_boolean() => {
                self.add(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
            }
            Kind::Int(min, max) => match value.as_i64() {
                None => self.add(path, "NUMBER_TYPE_COERCE", "Value is not int."),
                Some(number) if number < *min || number > *max => {
                    self.add(path, "NUMBER_TYPE_RANGE", format!("Must be between {min} and {max}."));
                }
                Some(_) => {}
            },
            Kind::Number if !value.is_number() => {
                self.add(path, "FLOAT_TYPE_COERCE", "Value is not a number.");
            }
            Kind::Snowflake if super::wire::json_id(value).is_none() => {
                self.add(path, "NUMBER_TYPE_COERCE", "Value is not snowflake.");
            }
            Kind::Choice(known) if !value.as_u64().is_some_and(|number| known.contains(&number)) => {
                self.add(path, "BASE_TYPE_CHOICES", format!("Value must be one of {known:?}."));
            }
            Kind::Word(known) if !value.as_str().is_some_and(|word| known.contains(&word)) => {
                self.add(path, "BASE_TYPE_CHOICES", format!("Value must be one of {known:?}."));
            }
            Kind::Url => self.url(path, value),
            Kind::Time if value.as_str().is_none_or(|t| chrono::DateTime::parse_from_rfc3339(t).is_err()) => {
                self.add(path, "DATE_TIME_TYPE_PARSE", "Could not parse the time. Should be ISO8601.");
            }
            Kind::Nonce(max) if !value.is_i64() && value.as_str().is_none_or(|text| length(text) > *max) => {
                self.add(path, "NONCE_TYPE_TOO_LONG", format!("A number or up to {max} characters."));
            }
            Kind::List(max, of) => match value.as_array() {
                None => self.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"),
                Some(list) => {
                    if list.len() > *max {
                        self.add(path, "BASE_TYPE_MAX_LENGTH", format!("Must be {max} or fewer in length."));
                    }
                    for (number, item) in list.iter().enumerate() {
                        self.value(&inside(path, number), of, item);
                    }
                }
            },
            Kind::Object(fields) => self.object(path, fields, value),
            _ => {}
        }
    }

    fn text(&mut self, path: &str, min: usize, max: usize, value: &Value) {
        let Some(text) = value.as_str() else {
            return self.add(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.");
        };
        let trimmed = length(text.trim());
        if trimmed == 0 && min > 0 {
            self.add(path, "BASE_TYPE_REQUIRED", "This field is required");
        } else if trimmed < min || length(text) > max {
            self.add(path, "BASE_TYPE_BAD_LENGTH", format!("Must be between {min} and {max} in length."));
        }
    }

    fn url(&mut self, path: &str, value: &Value) {
        let text = value.as_str().unwrap_or_default();
        let scheme = ["http://", "https://", "attachment://"].iter().any(|scheme| text.starts_with(scheme));
        if !scheme || text.contains(char::is_whitespace) || length(text) > 2048 {
            let why = "Scheme must be one of ('http', 'https'), and the text a well-formed URL.";
            self.add(path, "URL_TYPE_INVALID_URL", why);
        }
    }
}
