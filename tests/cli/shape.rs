//! The shape of a JSON document: which keys it has, wherever they are.

use std::collections::BTreeSet;

use serde_json::Value;

/// Objects whose keys are data.
const FREE: [&str; 2] = ["labels", "params"];

/// The paths of all keys: `skills[].name`.
pub(crate) fn shape(document: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    collect(document, "", &mut paths);
    paths
}

fn collect(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if !FREE.contains(&name.as_str()) {
                    collect(value, &path, paths);
                }
                paths.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, &format!("{path}[]"), paths)),
        _ => {}
    }
}

/// The example that `docs/cli.md` gives under the heading with this command.
pub(crate) fn documented(command: &str) -> Value {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md")).unwrap();
    let (_, section) = page.split_once(&format!("### `{command}`\n")).unwrap();
    let (_, example) = section.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    serde_json::from_str(example).unwrap()
}
