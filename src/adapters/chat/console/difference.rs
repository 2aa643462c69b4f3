//! What an edit changed, in words: on paper nothing can be redrawn, so only the news is told.

use super::text::{columns, shortened};
use crate::domain::card::{Card, CardAction, Field};

/// The most columns of what a value was; a longer one is not repeated.
const WAS: usize = 40;

/// The fields that the short block at an incident's end repeats.
const CLOSING: [&str; 5] = ["State", "Since", "Root", "Suspect change", "Tried"];

/// What changed of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) name: String,
    pub(super) what: String,
}

/// What a person would see of the edit, one entry for each field. Empty if nothing but the commands changed.
pub(super) fn changes(old: &Card, new: &Card) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut note = |name: &str, what: String| changes.push(Change { name: name.to_owned(), what });
    if old.title != new.title {
        note("Now", new.title.clone());
    }
    for field in &new.fields {
        match old.fields.iter().find(|was| was.name == field.name) {
            Some(was) if was.value == field.value => {}
            Some(was) => note(&field.name, value(&was.value, &field.value)),
            None => note(&field.name, joined(field.value.lines())),
        }
    }
    for was in old.fields.iter().filter(|was| !new.fields.iter().any(|field| field.name == was.name)) {
        note(&was.name, format!("{} → none", shortened(&joined(was.value.lines()), WAS)));
    }
    for text in new.body.iter().filter(|text| !old.body.contains(text)) {
        note("", joined(text.lines()));
    }
    changes
}

/// A single value with what it was before; of a list, only what is new in it.
fn value(old: &str, new: &str) -> String {
    let is_list = |value: &str| value.lines().nth(1).is_some();
    if !is_list(old) && !is_list(new) {
        let was = if columns(old) <= WAS { format!("{old} ") } else { String::new() };
        return format!("{was}→ {new}");
    }
    let without = |all: &str, others: &str| -> Vec<String> {
        all.lines().filter(|line| !others.lines().any(|other| other == *line)).map(str::to_owned).collect()
    };
    let added = without(new, old);
    if added.is_empty() {
        // What is left says how it stands; what went was said before.
        return format!("→ {}", joined(new.lines()));
    }
    added.join("; ")
}

fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.collect::<Vec<_>>().join("; ")
}

/// The commands that were not offered before.
pub(super) fn new_actions(old: &Card, new: &Card) -> Vec<CardAction> {
    new.actions.iter().filter(|action| !old.actions.contains(action)).cloned().collect()
}

/// The card as its last word: how it ended, how long it took, what it was, what was tried.
pub(super) fn closing(card: &Card) -> Card {
    let fields: Vec<Field> =
        card.fields.iter().filter(|field| CLOSING.contains(&field.name.as_str())).cloned().collect();
    Card { fields, body: Vec::new(), attachments: Vec::new(), ..card.clone() }
}
