//! One call: its parameters, checked against the documentation, and its answer.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::spec::{DEPRECATED, Param, Type};
use super::world::{File, World};

/// What a method comes to.
pub(super) type Answer = Result<Value, Fail>;

/// A refusal as Telegram words it.
#[derive(Debug, Clone)]
pub(super) struct Fail {
    pub(super) code: u16,
    pub(super) description: String,
    pub(super) parameters: Map<String, Value>,
    /// Whether the documentation forbids the call whatever the state of the chat.
    pub(super) violation: bool,
}

impl Fail {
    pub(super) fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), parameters: Map::new(), violation: false }
    }

    /// The state of the world does not allow it.
    pub(super) fn bad(why: &str) -> Self {
        Self::new(400, format!("Bad Request: {why}"))
    }

    /// The documentation does not allow it.
    pub(super) fn wrong(why: &str) -> Self {
        Self { violation: true, ..Self::bad(why) }
    }

    pub(super) fn forbidden(why: &str) -> Self {
        Self::new(403, format!("Forbidden: {why}"))
    }

    pub(super) fn too_many(seconds: u64) -> Self {
        let fail = Self::new(429, format!("Too Many Requests: retry after {seconds}"));
        fail.with("retry_after", json!(seconds))
    }

    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.parameters.insert(name.into(), value);
        self
    }

    pub(super) fn body(&self) -> Value {
        let mut body = json!({ "ok": false, "error_code": self.code, "description": self.description });
        if !self.parameters.is_empty() {
            body["parameters"] = json!(self.parameters);
        }
        body
    }
}

/// What came over the wire, before it is checked.
#[derive(Default)]
pub(super) struct Raw {
    pub(super) params: Map<String, Value>,
    pub(super) files: BTreeMap<String, File>,
    /// Values came as text, whatever they are.
    pub(super) from_form: bool,
}

/// A call with parameters of the documented types.
pub(super) struct Call {
    pub(super) method: &'static str,
    params: Map<String, Value>,
    files: BTreeMap<String, File>,
}

impl Call {
    /// Checks the parameters of a call.
    pub(super) fn check(
        world: &mut World,
        method: &'static str,
        spec: &[Param],
        raw: Raw,
    ) -> Result<Self, Fail> {
        let Raw { params: given, mut files, from_form } = raw;
        let mut params = Map::new();
        for (name, value) in given {
            // A null is the same as nothing.
            let Some(param) = spec.iter().find(|param| param.name == name) else {
                let old = if DEPRECATED.contains(&name.as_str()) { "deprecated" } else { "unknown" };
                world.violation(format!("{method}: {old} parameter `{name}`"));
                continue;
            };
            let text = value.to_string();
            let value = typed(param.kind, value, from_form).ok_or_else(|| {
                Fail::wrong(&format!("`{name}` of {method} must be {:?}, not {text}", param.kind))
            })?;
            if !value.is_null() {
                params.insert(name, value);
            }
        }
        let mut used = BTreeMap::new();
        for param in spec.iter().filter(|param| param.kind == Type::File) {
            let attached =
                params.get(param.name).and_then(Value::as_str).and_then(|v| v.strip_prefix("attach://"));
            let part = attached.unwrap_or(param.name).to_owned();
            if let Some(file) = files.remove(&part) {
                used.insert(param.name.to_owned(), file);
            } else if attached.is_some() {
                return Err(Fail::wrong(&format!("attached file `{part}` not found in the request")));
            }
        }
        if let Some(name) = files.keys().next() {
            world.violation(format!("{method}: nothing names the file part `{name}`"));
        }
        let missing =
            spec.iter().find(|p| p.required && !params.contains_key(p.name) && !used.contains_key(p.name));
        match missing.map(|param| param.name) {
            Some("text") => Err(Fail::wrong("message text is empty")),
            Some("chat_id") => Err(Fail::wrong("chat_id is empty")),
            Some(name) => Err(Fail::wrong(&format!("there is no {name} in the request"))),
            None => Ok(Self { method, params, files: used }),
        }
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        self.params.get(name)?.as_i64()
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.params.get(name)?.as_str()
    }

    /// An optional flag; left out, it is `false`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.params.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn list(&self, name: &str) -> Option<&[Value]> {
        self.params.get(name)?.as_array().map(Vec::as_slice)
    }

    pub(super) fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.params.get(name)?.as_object()
    }

    pub(super) fn file(&self, name: &str) -> Option<&File> {
        self.files.get(name)
    }

    pub(super) fn chat(&self) -> Option<i64> {
        self.int("chat_id")
    }

    /// The parameters for the log.
    pub(super) fn shown(&self) -> Value {
        let mut shown = self.params.clone();
        for (name, file) in &self.files {
            shown.insert(name.clone(), json!(format!("{} ({} bytes)", file.name, file.content.len())));
        }
        Value::Object(shown)
    }
}

/// The value as its type says; `None` when it is of another type. Forms have text only, and lists and objects may be
/// "JSON-serialized" anywhere.
fn typed(kind: Type, value: Value, from_form: bool) -> Option<Value> {
    let parsed = |value: &Value| value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let value = match (kind, &value) {
        (_, Value::Null) => return Some(Value::Null),
        (Type::Int | Type::Bool, Value::String(_)) if from_form => parsed(&value)?,
        (Type::List | Type::Object, Value::String(_)) => parsed(&value)?,
        (Type::Chat, Value::String(text)) => text.parse::<i64>().map_or(value.clone(), |id| json!(id)),
        _ => value,
    };
    let fits = match kind {
        Type::Int => value.is_i64(),
        Type::Str | Type::File => value.is_string(),
        Type::Bool => value.is_boolean(),
        Type::Chat => value.is_i64() || value.as_str().is_some_and(|name| name.starts_with('@')),
        Type::List => value.is_array(),
        Type::Object => value.is_object(),
    };
    fits.then_some(value)
}
