//! What the shape of a line says about where it may break.

use super::text::columns;

/// The longest command in backticks that is kept in one piece, in columns.
const COMMAND: usize = 30;
/// A space where no row breaks; it is written as a plain one.
pub(super) const HARD_SPACE: &str = "\u{a0}";

/// The text with commands in backticks held together, so that they can be read and copied in one piece.
pub(super) fn unbroken_commands(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(at, part)| match part {
        part if at % 2 == 1 && columns(part) <= COMMAND => part.replace(' ', HARD_SPACE),
        part => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}

/// How far the further rows of a line are indented: to its last column if it is a table's row and there is room,
/// below its text otherwise.
pub(super) fn hang(line: &str, room: usize) -> usize {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let column = line.rmatch_indices("  ").map(|(at, _)| columns(&line[..at]) + 2).find(|at| *at <= room / 2);
    match column.filter(|at| *at > indent) {
        Some(column) => column,
        None if text.starts_with("- ") || text.starts_with("• ") || text.contains("  ") => {
            (indent + 2).min(room / 2)
        }
        None => indent.min(room / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_rows_line_up_below_what_they_go_on_from() {
        assert_eq!(hang("nas  ok  12 d", 40), 9);
        assert_eq!(hang("- an item of a list", 40), 2);
        assert_eq!(hang("    indented prose", 40), 4);
        assert_eq!(hang("plain prose", 40), 0);
        assert_eq!(hang(&format!("{}  x", "wide".repeat(20)), 40), 2);
    }
}
