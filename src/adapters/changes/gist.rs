//! What a commit comes down to: keys with their old and new values where a file is one that programs read, counted lines
//! else. Pure text work, bounded, and without secrets: the value of a key whose name speaks of one is never shown.

mod keys;
mod patch;
mod veil;

use self::keys::{KeyChange, key_changes};
pub(super) use self::patch::CONTEXT;
use self::patch::{FilePatch, files};
use super::images;
use crate::domain::change::{ONLY_COMMENTS, one_line};
use crate::domain::redact::Redactor;

/// Files that are looked at; the others are counted.
const MAX_FILES: usize = 30;
/// Keys named of one file; the others are counted.
const MAX_KEYS: usize = 5;
/// The longest value shown, in characters. A longer one only says that it changed.
const MAX_VALUE: usize = 60;
/// The longest line, in characters.
const MAX_LINE: usize = 200;

/// What a patch comes down to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Gist {
    /// A line each.
    pub(super) lines: Vec<String>,
    /// Whether it changes an image, a version, replicas or resources.
    pub(super) baseline: bool,
}

/// The gist of a patch as git prints it, with so much context that each file is there as a whole.
pub(super) fn gist(patch: &str) -> Gist {
    let mut gist = Gist::default();
    let files = files(patch);
    for file in files.iter().take(MAX_FILES) {
        gist.add(file);
    }
    if files.len() > MAX_FILES {
        gist.lines.push(format!("and {} more files", files.len() - MAX_FILES));
    }
    let redactor = Redactor::shapes();
    for line in &mut gist.lines {
        *line = one_line(&redactor.redact(line), MAX_LINE);
    }
    gist
}

impl Gist {
    fn add(&mut self, file: &FilePatch) {
        let name = short_path(&file.path);
        if file.binary {
            return self.lines.push(format!("{name}: another content"));
        }
        match (file.is_new, file.is_gone) {
            (true, _) => return self.lines.push(format!("{name}: new, {}", lines(file.added))),
            (_, true) => return self.lines.push(format!("{name}: removed")),
            (false, false) => {}
        }
        let Some(changes) = key_changes(file) else {
            let (added, removed) = (file.added, file.removed);
            return self.lines.push(format!("{}: {}", name, counted(added, removed)));
        };
        if changes.is_empty() {
            return self.lines.push(format!("{name}: {ONLY_COMMENTS}"));
        }
        self.baseline |= changes.iter().any(KeyChange::shifts_baseline);
        self.lines.extend(changes.iter().take(MAX_KEYS).map(|change| format!("{name}: {}", told(change))));
        if changes.len() > MAX_KEYS {
            self.lines.push(format!("{name}: {} more keys", changes.len() - MAX_KEYS));
        }
    }
}

fn told(change: &KeyChange) -> String {
    let key = &change.key;
    if change.is_secret() {
        return match (&change.before, &change.after) {
            (None, _) => format!("{key} added (not shown)"),
            (_, None) => format!("{key} removed"),
            _ => format!("{key} changed (not shown)"),
        };
    }
    match (change.before.as_deref(), change.after.as_deref()) {
        (Some(before), Some(after)) if change.is_image() => {
            format!("{key} {}", images::from_to(before, after))
        }
        (Some(before), Some(after)) if fits(before) && fits(after) => {
            format!("{key} {} → {}", shown(before), shown(after))
        }
        (Some(_), Some(_)) => format!("{key} changed"),
        (None, Some(after)) if fits(after) => format!("{key} added: {}", shown(after)),
        (None, _) => format!("{key} added"),
        (_, None) => format!("{key} removed"),
    }
}

fn fits(value: &str) -> bool {
    value.chars().count() <= MAX_VALUE && !value.contains(['\n', '\r'])
}

fn shown(value: &str) -> String {
    if value.is_empty() { "\"\"".to_owned() } else { one_line(value, MAX_VALUE) }
}

fn counted(added: usize, removed: usize) -> String {
    // A line that became another is one line to people.
    lines(added.max(removed))
}

fn lines(count: usize) -> String {
    format!("{count} line{}", if count == 1 { "" } else { "s" })
}

/// The last two segments: enough to tell one `values.yaml` from another.
fn short_path(path: &str) -> String {
    let mut segments: Vec<&str> = path.rsplit('/').take(2).collect();
    segments.reverse();
    one_line(&segments.join("/"), 80)
}

#[cfg(test)]
mod tests;
