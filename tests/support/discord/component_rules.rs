//! What the components of a message may be (the legacy kind: action rows of buttons, or of one select menu).

use std::collections::BTreeSet;

use serde_json::Value;

use super::schema::{Field, Kind, Problems, may, must};

const ROW: &[Field] = &[
    must("type", Kind::Choice(&[1])),
    may("id", Kind::Int(0, i32::MAX as i64)),
    must("components", Kind::List(5, &Kind::Free)),
];

const BUTTON: &[Field] = &[
    must("type", Kind::Choice(&[2])),
    may("id", Kind::Int(0, i32::MAX as i64)),
    must("style", Kind::Choice(&[1, 2, 3, 4, 5, 6])),
    may("label", Kind::Text(0, 80)),
    may(
        "emoji",
        Kind::Object(&[
            may("id", Kind::Snowflake),
            may("name", Kind::Text(1, 32)),
            may("animated", Kind::Bool),
        ]),
    ),
    may("custom_id", Kind::Text(1, 100)),
    may("sku_id", Kind::Snowflake),
    may("url", Kind::Url),
    may("disabled", Kind::Bool),
];

const SELECT: &[Field] = &[
    must("type", Kind::Choice(&[3])),
    may("id", Kind::Int(0, i32::MAX as i64)),
    must("custom_id", Kind::Text(1, 100)),
    must("options", Kind::List(25, &Kind::Object(OPTION))),
    may("placeholder", Kind::Text(0, 150)),
    may("min_values", Kind::Int(0, 25)),
    may("max_values", Kind::Int(1, 25)),
    may("disabled", Kind::Bool),
];

const OPTION: &[Field] = &[
    must("label", Kind::Text(1, 100)),
    must("value", Kind::Text(1, 100)),
    may("description", Kind::Text(0, 100)),
    may("emoji", Kind::Free),
    may("default", Kind::Bool),
];

/// Looks at the `components` of a message; null and missing are fine.
pub(super) fn check(problems: &mut Problems, components: &Value) {
    let mut ids = BTreeSet::new();
    for (number, row) in components.as_array().into_iter().flatten().enumerate() {
        let path = format!("components.{number}");
        problems.object(&path, ROW, row);
        let cells = row["components"].as_array().map_or(&[][..], Vec::as_slice);
        if cells.is_empty() {
            problems.add(&path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
        }
        if cells.len() > 1 && cells.iter().any(|cell| cell["type"] == 3) {
            problems.add(&path, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A select menu has its row to itself.");
        }
        for (number, cell) in cells.iter().enumerate() {
            let path = format!("{path}.components.{number}");
            match cell["type"].as_u64() {
                Some(2) => button(problems, &path, cell),
                Some(3) => problems.object(&path, SELECT, cell),
                _ => problems.add(
                    &path,
                    "UNION_TYPE_CHOICES",
                    "Value of field \"type\" must be one of (2, 3).",
                ),
            }
            if let Some(id) = cell["custom_id"].as_str()
                && !ids.insert(id.to_owned())
            {
                let why = "Component custom id cannot be duplicated";
                problems.add(format!("{path}.custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", why);
            }
        }
    }
}

fn button(problems: &mut Problems, path: &str, cell: &Value) {
    problems.object(path, BUTTON, cell);
    let has = |field: &str| cell.get(field).is_some_and(|value| !value.is_null());
    let shown = has("emoji") || cell["label"].as_str().is_some_and(|label| !label.trim().is_empty());
    match cell["style"].as_u64() {
        Some(5) if has("custom_id") || !has("url") => {
            problems.add(path, "BUTTON_LINK", "A link button has a url and no custom_id.");
        }
        Some(6) if has("custom_id") || has("label") || has("url") || has("emoji") || !has("sku_id") => {
            problems.add(path, "BUTTON_PREMIUM", "A premium button has a sku_id and nothing else.");
        }
        Some(1..=4) if !has("custom_id") || has("url") || has("sku_id") => {
            problems.add(path, "BUTTON_CUSTOM_ID", "A custom id and no url is required.");
        }
        Some(1..=5) if !shown => {
            problems.add(path, "BUTTON_COMPONENT_INVALID", "A button has a label or an emoji.");
        }
        _ => {}
    }
}
