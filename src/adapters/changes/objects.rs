//! What the readers of clusters have in common: lists of objects as `kubectl get -o json` prints them.

use chrono::DateTime;
use serde_json::Value;

use crate::domain::change::one_line;
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;

/// The most objects of one look.
pub(super) const MAX_OBJECTS: usize = 5000;
/// The longest text kept of an object, in characters.
const MAX_TEXT: usize = 300;

/// The objects of a list, [`MAX_OBJECTS`] at most.
///
/// # Errors
/// It is no list of objects; a sentence for people.
pub(super) fn items(output: &[u8], source: &str) -> Result<Vec<Value>, String> {
    let unreadable = |why: String| {
        format!(
            "{source}: what kubectl printed can't be read ({why}); its changes are unknown. Look at what `kubectl get` says by hand."
        )
    };
    let mut list: Value = serde_json::from_slice(output).map_err(|error| unreadable(error.to_string()))?;
    match list.get_mut("items").map(Value::take) {
        Some(Value::Array(mut items)) => {
            items.truncate(MAX_OBJECTS);
            Ok(items)
        }
        _ => Err(unreadable("it is no list of objects".to_owned())),
    }
}

/// A text in an object, by its JSON pointer, on one line.
pub(super) fn text(object: &Value, pointer: &str) -> Option<String> {
    match object.pointer(pointer)? {
        Value::String(text) if !text.is_empty() => Some(one_line(text, MAX_TEXT)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// A time in an object, by its JSON pointer.
pub(super) fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    let text = object.pointer(pointer)?.as_str()?;
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

/// The condition of this type, if the object has one.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| condition.get("type").and_then(Value::as_str) == Some(kind))
}

/// An object's place among the targets: `k8s/media/jellyfin`.
pub(super) fn target(namespace: &str, name: &str) -> Option<Target> {
    Target::parse(&format!("k8s/{namespace}/{name}")).ok()
}

/// A time that something says of itself, where it can be true: it happened between the two looks. Else the time of the
/// earlier look: the change is no younger than what it may have caused.
pub(super) fn between(said: Option<Timestamp>, before: Timestamp, now: Timestamp) -> Timestamp {
    said.filter(|at| (before..=now).contains(at)).unwrap_or(before)
}

/// What went wrong with kubectl, for people.
pub(super) fn explain(source: &str, why: &str) -> String {
    let why = one_line(why.trim(), MAX_TEXT);
    if why.contains("not found on") {
        format!(
            "{source}: kubectl could not be run ({why}); its changes are unknown. Install it, or set `[changes] {source} = \"off\"`."
        )
    } else if why.contains("doesn't have a resource type") {
        format!(
            "{source}: the cluster does not know what was asked for ({why}); set `[changes] {source} = \"off\"` if that is not installed there."
        )
    } else {
        format!("{source}: the cluster could not be asked; its changes are unknown. kubectl says: {why}")
    }
}
