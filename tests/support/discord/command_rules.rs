//! What an application command may be.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::schema::{Field, Kind, Problems, length, may, must, null};
use super::wire::{Refusal, refuse};

/// Names of commands and options; those with an upper-case letter are refused besides.
static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[-_'\p{L}\p{N}\p{Devanagari}\p{Thai}]{1,32}$").unwrap());

const COMMAND: &[Field] = &[
    may("id", Kind::Snowflake),
    must("name", Kind::Text(1, 32)),
    null("name_localizations", Kind::Free),
    may("description", Kind::Text(0, 100)),
    null("description_localizations", Kind::Free),
    may("options", Kind::List(25, &Kind::Object(OPTION))),
    null("default_member_permissions", Kind::Text(0, 20)),
    null("dm_permission", Kind::Bool),
    null("default_permission", Kind::Bool),
    may("integration_types", Kind::List(2, &Kind::Choice(&[0, 1]))),
    null("contexts", Kind::List(3, &Kind::Choice(&[0, 1, 2]))),
    may("type", Kind::Choice(&[1, 2, 3, 4])),
    may("nsfw", Kind::Bool),
    may("handler", Kind::Choice(&[1, 2])),
];

const OPTION: &[Field] = &[
    must("type", Kind::Choice(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])),
    must("name", Kind::Text(1, 32)),
    null("name_localizations", Kind::Free),
    must("description", Kind::Text(1, 100)),
    null("description_localizations", Kind::Free),
    may("required", Kind::Bool),
    may("choices", Kind::List(25, &Kind::Object(CHOICE))),
    may("options", Kind::List(25, &Kind::Free)),
    may("channel_types", Kind::List(20, &Kind::Int(0, 20))),
    null("min_value", Kind::Number),
    null("max_value", Kind::Number),
    null("min_length", Kind::Int(0, 6000)),
    null("max_length", Kind::Int(1, 6000)),
    may("autocomplete", Kind::Bool),
];

pub(super) const CHOICE: &[Field] =
    &[must("name", Kind::Text(1, 100)), null("name_localizations", Kind::Free), must("value", Kind::Free)];

const SUBCOMMAND: u64 = 1;
const GROUP: u64 = 2;
const STRING: u64 = 3;

/// Refuses a list of commands that the documentation does not allow.
pub(super) fn check(commands: &Value) -> Result<(), Refusal> {
    let Some(list) = commands.as_array() else {
        return Err(refuse(50_035).breach("commands come as a list"));
    };
    let mut problems = Problems::default();
    let mut names = BTreeSet::new();
    for (number, command) in list.iter().enumerate() {
        let path = number.to_string();
        problems.object(&path, COMMAND, command);
        named(&mut problems, &path, command);
        if !names.insert((command["type"].as_u64().unwrap_or(1), command["name"].as_str())) {
            problems.add(&path, "APPLICATION_COMMANDS_DUPLICATE_NAME", "Command name must be unique.");
        }
        let described = command["description"].as_str().is_some_and(|text| !text.trim().is_empty());
        if command["type"].as_u64().unwrap_or(1) == 1 && !described {
            problems.add(format!("{path}.description"), "BASE_TYPE_REQUIRED", "This field is required");
        }
        options(&mut problems, &path, &command["options"], 0);
        if size(command) > 8000 {
            problems.add(&path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000).");
        }
    }
    problems.refuse()?;
    let slash = list.iter().filter(|command| command["type"].as_u64().unwrap_or(1) == 1).count();
    if slash > 100 { Err(refuse(30_032).breach("more than 100 slash commands")) } else { Ok(()) }
}

fn named(problems: &mut Problems, path: &str, thing: &Value) {
    let slash = thing["type"].as_u64().unwrap_or(1) == 1 || path.contains("options");
    let name = thing["name"].as_str().unwrap_or_default();
    if slash && (!NAME.is_match(name) || name.to_lowercase() != name) {
        let why = "Command name is invalid";
        problems.add(format!("{path}.name"), "APPLICATION_COMMAND_INVALID_NAME", why);
    }
}

/// The options of a command (`depth` 0), of a group (1) or of a subcommand.
fn options(problems: &mut Problems, path: &str, options_of: &Value, depth: usize) {
    let list = options_of.as_array().map_or(&[][..], Vec::as_slice);
    let (mut names, mut optional_seen, mut kinds) = (BTreeSet::new(), false, BTreeSet::new());
    for (number, option) in list.iter().enumerate() {
        let path = format!("{path}.options.{number}");
        if depth > 0 {
            problems.object(&path, OPTION, option);
        }
        named(problems, &path, option);
        if !names.insert(option["name"].as_str()) {
            problems.add(
                &path,
                "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
                "Option name must be unique.",
            );
        }
        let kind = option["type"].as_u64().unwrap_or(0);
        kinds.insert(matches!(kind, SUBCOMMAND | GROUP));
        if kind > GROUP {
            let required = option["required"] == true;
            if required && optional_seen {
                let why = "Required options must be placed before non-required options";
                problems.add(&path, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", why);
            }
            optional_seen |= !required;
        }
        if (kind == GROUP && depth > 0) || (kind == SUBCOMMAND && depth > 1) {
            problems.add(&path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "nested too deep");
        }
        one_option(problems, &path, option, kind);
        options(problems, &path, &option["options"], if kind == GROUP { 1 } else { 2 });
    }
    if kinds.len() > 1 {
        let why = "Sub-command and sub-command group option types are mutually exclusive to all other types";
        problems.add(format!("{path}.options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", why);
    }
}

fn one_option(problems: &mut Problems, path: &str, option: &Value, kind: u64) {
    let choices = option["choices"].as_array().map_or(&[][..], Vec::as_slice);
    let filled = |field: &str| option[field].as_array().is_some_and(|list| !list.is_empty());
    if !choices.is_empty() && !matches!(kind, 3 | 4 | 10) {
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", "this type has no choices");
    }
    if option["autocomplete"] == true && (!choices.is_empty() || !matches!(kind, 3 | 4 | 10)) {
        let why = "autocomplete may not be true here";
        problems.add(path, "APPLICATION_COMMAND_AUTOCOMPLETE_INVALID", why);
    }
    if filled("options") && kind > GROUP {
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "only sub-commands have options");
    }
    if filled("channel_types") && kind != 7 {
        problems.add(path, "CHANNEL_TYPES_INVALID", "channel_types are for channels");
    }
    choices_fit(problems, path, choices, kind);
}

/// Values of choices have the type of their option, and up to 100 characters.
pub(super) fn choices_fit(problems: &mut Problems, path: &str, choices: &[Value], kind: u64) {
    for (number, choice) in choices.iter().enumerate() {
        let fits = match choice["value"].as_str() {
            Some(text) => kind == STRING && (1..=100).contains(&length(text)),
            None => kind != STRING && choice["value"].is_number(),
        };
        if !fits {
            let why = "a value of the option's type, texts of 1 to 100 characters";
            problems.add(format!("{path}.choices.{number}.value"), "BASE_TYPE_BAD_LENGTH", why);
        }
    }
}

/// What counts towards the 8000 characters of a command: names, descriptions and values, at every depth.
fn size(thing: &Value) -> usize {
    let own = ["name", "description", "value"].iter().filter_map(|key| thing[*key].as_str()).map(length);
    let inner = ["options", "choices"].iter().filter_map(|key| thing[*key].as_array()).flatten().map(size);
    own.sum::<usize>() + inner.sum::<usize>()
}
