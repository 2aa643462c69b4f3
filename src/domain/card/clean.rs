//! Text of others, made safe to show.

use crate::domain::report::text::clean_line;

/// Cleaned text on a single line.
#[must_use]
pub fn one_line(text: &str) -> String {
    let lines = text.lines().map(|line| clean_line(line).replace('\t', " "));
    lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Cleaned text, line by line, without blank lines around it.
#[must_use]
pub fn clean_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| clean_line(line).trim_end().to_owned()).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
