//! What changed, the suspects first.

use chrono_tz::Tz;

use super::{first_line, minute};
use crate::domain::change::{Change, reference};
use crate::domain::incident::SuspectNote;

/// Lines of gist that are told of a suspect.
const GIST: usize = 3;

/// A line for each change: first the suspects in their order, then the others, the newest first.
pub(super) fn lines(suspects: &[SuspectNote], changes: &[Change], tz: Tz) -> Vec<String> {
    let is_suspect =
        |change: &&Change| suspects.iter().any(|note| note.source == change.source && note.id == change.id);
    let others = changes.iter().filter(|change| !is_suspect(change)).map(|change| other(change, tz));
    suspects.iter().map(|note| suspect(note, tz)).chain(others).collect()
}

fn suspect(note: &SuspectNote, tz: Tz) -> String {
    let said = said(&note.summary, &note.author);
    let gist = gist(&note.gist);
    let files =
        if note.files.is_empty() { String::new() } else { format!("; files {}", note.files.join(", ")) };
    let reference = reference(&note.source, &note.id);
    format!("- SUSPECT {} {reference}: {said}, {}{gist}{files}", minute(note.at, tz), note.why)
}

fn other(change: &Change, tz: Tz) -> String {
    let on: Vec<&str> = change.targets.iter().map(|target| target.as_str()).collect();
    let on = if on.is_empty() { String::new() } else { format!(" [{}]", on.join(", ")) };
    let reference = reference(&change.source, &change.id);
    format!("- {} {reference}: {}{on}", minute(change.at, tz), said(&change.summary, &change.author))
}

fn said(summary: &str, author: &str) -> String {
    let by = if author.is_empty() { String::new() } else { format!(" by {}", first_line(author)) };
    format!("\"{}\"{by}", first_line(summary))
}

fn gist(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let first: Vec<&str> = lines.iter().take(GIST).map(|line| first_line(line)).collect();
    let more = if lines.len() > GIST { " …" } else { "" };
    format!("; {}{more}", first.join("; "))
}
