//! The slash commands: how they are registered, and the text that a filled-in one stands for.

use serde_json::{Value, json};

use super::events::Data;
use super::markdown::cut;
use crate::domain::command::{COMMANDS, Choice, CommandHelp, Kind, Slot};

/// The longest description of a command or a field, and the longest label and value of a choice.
const LONGEST: usize = 100;
/// Most choices of one completion.
const CHOICES: usize = 25;
const STRING: u8 = 3;
const BOOLEAN: u8 = 5;

/// Everything that is registered, as Discord wants it.
pub(super) fn registration() -> Value {
    COMMANDS.iter().map(command).collect()
}

fn command(help: &CommandHelp) -> Value {
    // Discord wants what is required first; what is typed is put in order again by the names.
    let (required, free): (Vec<&Slot>, Vec<&Slot>) = help.slots.iter().partition(|slot| slot.required);
    let options: Vec<Value> = required.into_iter().chain(free).map(option).collect();
    json!({ "type": 1, "name": help.name, "description": cut(help.what, LONGEST), "options": options })
}

fn option(slot: &Slot) -> Value {
    let kind = if slot.kind == Kind::Flag { BOOLEAN } else { STRING };
    let mut option = json!({
        "type": kind,
        "name": slot.name,
        "description": cut(slot.what, LONGEST),
        "required": slot.required,
    });
    if slot.kind.can_be_completed() {
        option["autocomplete"] = true.into();
    }
    option
}

/// The command as it would have been typed.
pub(super) fn typed(data: &Data) -> String {
    let filled =
        |name: &str| data.options.iter().find(|option| option.name == name).map(super::events::Filled::text);
    match find(&data.name) {
        Some(help) => help.typed(filled),
        None => data.name.clone(),
    }
}

/// What the field that somebody is typing in stands for, and what is typed so far.
pub(super) fn completing(data: &Data) -> Option<(Kind, String)> {
    let field = data.options.iter().find(|option| option.focused)?;
    let slot = find(&data.name)?.slots.iter().find(|slot| slot.name == field.name)?;
    Some((slot.kind, field.text()))
}

/// Choices as Discord wants them. One whose value is too long can't be offered.
pub(super) fn choices(choices: Vec<Choice>) -> Value {
    let fits = |choice: &Choice| (1..=LONGEST).contains(&super::markdown::length(&choice.value));
    let shown = |choice: Choice| {
        let label = if choice.label.trim().is_empty() { &choice.value } else { &choice.label };
        json!({ "name": cut(label, LONGEST), "value": choice.value })
    };
    choices.into_iter().filter(fits).take(CHOICES).map(shown).collect()
}

fn find(name: &str) -> Option<&'static CommandHelp> {
    COMMANDS.iter().find(|help| help.name == name)
}

#[cfg(test)]
mod tests {
    use super::super::markdown::length;
    use super::*;

    #[test]
    fn every_command_is_within_the_limits_of_registration() {
        let all = registration();
        let all = all.as_array().unwrap();
        assert!(!all.is_empty() && all.len() <= 100);
        for command in all {
            assert!((1..=100).contains(&length(command["description"].as_str().unwrap())), "{command}");
            let options = command["options"].as_array().unwrap();
            let required: Vec<bool> = options.iter().map(|o| o["required"].as_bool().unwrap()).collect();
            assert!(required.is_sorted_by(|a, b| a >= b), "what is required comes first: {command}");
        }
    }

    #[test]
    fn a_filled_in_command_reads_as_if_it_had_been_typed() {
        let data: Data = serde_json::from_value(json!({
            "name": "silence",
            "options": [
                { "name": "duration", "type": 3, "value": "2h" },
                { "name": "target", "type": 3, "value": "nas/media" },
            ],
        }))
        .unwrap();
        assert_eq!(typed(&data), "silence nas/media for 2h");
        let data: Data = serde_json::from_value(
            json!({ "name": "incidents", "options": [{ "name": "all", "value": true }] }),
        )
        .unwrap();
        assert_eq!(typed(&data), "incidents all");
    }

    #[test]
    fn a_completion_is_for_the_field_that_is_typed_in() {
        let data: Data = serde_json::from_value(json!({
            "name": "silence",
            "options": [{ "name": "duration", "value": "2h" }, { "name": "target", "value": "na", "focused": true }],
        }))
        .unwrap();
        assert_eq!(completing(&data), Some((Kind::Target, "na".to_owned())));
    }

    #[test]
    fn choices_are_cut_where_that_is_harmless_and_left_out_where_it_is_not() {
        let choice = |value: String, label: String| Choice { value, label };
        let shown = choices(vec![
            choice("a".repeat(101), "too long to be typed".into()),
            choice("nas".into(), "x".repeat(150)),
        ]);
        assert_eq!(shown.as_array().unwrap().len(), 1);
        assert_eq!(shown[0]["value"], "nas");
        assert_eq!(length(shown[0]["name"].as_str().unwrap()), 100);
    }
}
