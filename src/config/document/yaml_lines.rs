//! Finds the line of each key of a YAML file: the parser doesn't keep it.
//!
//! Reads indentation only, which is right for the block style that people write; a key inside braces is found
//! on the line of the nearest key before it. Wrong guesses cost a wrong line number in a message, no more.

use std::collections::BTreeMap;

use super::{Part, Trail};

pub(super) fn of(text: &str) -> BTreeMap<Trail, usize> {
    let mut scan = Scan { open: Vec::new(), lines: BTreeMap::new(), text_block: None };
    for (number, line) in text.lines().enumerate() {
        scan.line(number + 1, line);
    }
    scan.lines
}

struct Scan {
    /// The keys and list items around the current line, each with its column.
    open: Vec<(usize, Part)>,
    lines: BTreeMap<Trail, usize>,
    /// Inside a `|` or `>` text: everything right of this column belongs to it.
    text_block: Option<usize>,
}

impl Scan {
    fn line(&mut self, number: usize, line: &str) {
        let mut rest = line.trim_start_matches(' ');
        let mut column = line.len() - rest.len();
        if rest.trim().is_empty() {
            return;
        }
        if self.text_block.is_some_and(|around| column > around) {
            return;
        }
        self.text_block = None;
        if rest.starts_with('#') || rest.starts_with("---") {
            return;
        }
        while let Some(inner) =
            rest.strip_prefix('-').filter(|inner| inner.is_empty() || inner.starts_with(' '))
        {
            self.item(number, column);
            let content = inner.trim_start_matches(' ');
            self.note_text_block(content, column);
            column += rest.len() - content.len();
            rest = content;
        }
        if let Some((key, value)) = key_of(rest) {
            self.key(number, column, key);
            self.note_text_block(value, column);
        }
    }

    fn item(&mut self, number: usize, column: usize) {
        self.open.retain(|(at, _)| *at <= column);
        match self.open.last_mut() {
            Some((at, Part::Index(index))) if *at == column => *index += 1,
            _ => self.open.push((column, Part::Index(0))),
        }
        self.note(number);
    }

    fn key(&mut self, number: usize, column: usize, key: String) {
        self.open.retain(|(at, _)| *at < column);
        self.open.push((column, Part::Key(key)));
        self.note(number);
    }

    fn note(&mut self, number: usize) {
        let trail = self.open.iter().map(|(_, part)| part.clone()).collect();
        self.lines.entry(trail).or_insert(number);
    }

    fn note_text_block(&mut self, value: &str, column: usize) {
        if value.starts_with(['|', '>']) {
            self.text_block = Some(column);
        }
    }
}

/// Splits `key: value`.
fn key_of(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| ['"', '\''].contains(c));
    let (key, rest) = match quote {
        Some(quote) => text.get(1..)?.split_once(quote)?,
        None => {
            let end = text.match_indices(':').map(|(at, _)| at).find(|at| {
                text.get(at + 1..).is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t']))
            })?;
            text.split_at(end)
        }
    };
    let value = rest.trim_start().strip_prefix(':')?;
    let plain = quote.is_some()
        || !key.starts_with(['[', '{', '}', ']', '&', '*', '!', '|', '>', '%', '@', '`', ',']);
    (plain && (value.is_empty() || value.starts_with([' ', '\t'])))
        .then(|| (key.trim_end().to_owned(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"# a comment
name: restart
description: |
  Not a key: at all
  - nor: an item
match:
  labels: { unit: "*.service" }
"quoted: key": 1
steps:
- name: first
  run: [systemctl, restart]

- name: second
  capture:
    before: [cat]
  timeout: 60s
list:
  -
    deep: 1
  - - inner: 2
"#;

    fn line(path: &[&str]) -> Option<usize> {
        let trail: Trail = path
            .iter()
            .map(|part| part.parse().map_or_else(|_| Part::Key((*part).to_owned()), Part::Index))
            .collect();
        of(FILE).get(&trail).copied()
    }

    #[test]
    fn each_key_of_a_block_style_file_has_its_line() {
        assert_eq!(line(&["name"]), Some(2));
        assert_eq!(line(&["match", "labels"]), Some(7));
        assert_eq!(line(&["quoted: key"]), Some(8));
        assert_eq!(line(&["steps", "0"]), Some(10));
        assert_eq!(line(&["steps", "0", "run"]), Some(11));
        assert_eq!(line(&["steps", "1", "name"]), Some(13));
        assert_eq!(line(&["steps", "1", "capture", "before"]), Some(15));
        assert_eq!(line(&["steps", "1", "timeout"]), Some(16));
        assert_eq!(line(&["list", "0", "deep"]), Some(19));
        assert_eq!(line(&["list", "1", "0", "inner"]), Some(20));
    }

    #[test]
    fn text_in_a_block_is_not_taken_for_keys() {
        assert_eq!(line(&["description"]), Some(3));
        assert_eq!(line(&["description", "Not a key"]), None);
        assert_eq!(line(&["description", "0"]), None);
    }
}
