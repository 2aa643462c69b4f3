//! Ways through a document.

use serde_json::Value;

/// The items of a list at a key; none where there is no list.
pub(super) fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// A text at a key; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The containers of a pod, those that run first included.
pub(super) fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    items(pod, "initContainers").chain(items(pod, "containers"))
}

/// The fields of an object at a path of keys.
pub(super) fn fields<'a>(
    value: &'a Value,
    pointer: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}
