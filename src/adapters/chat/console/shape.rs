//! What the shape of a line says about it: an entry of the timeline, a row of a table, a command to type.

use super::style::Ink;
use super::text::columns;

/// The widest column of signs.
const SIGN: usize = 12;
/// The longest command in backticks that is kept in one piece, in columns.
const COMMAND: usize = 30;
/// A space where no row breaks; it is written as a plain one.
pub(super) const HARD_SPACE: &str = "\u{a0}";

/// An entry of the timeline, taken apart.
pub(super) struct Stamp<'a> {
    pub(super) time: &'a str,
    pub(super) sign: &'a str,
    pub(super) ink: Ink,
    /// The columns from the sign to the text.
    pub(super) width: usize,
    pub(super) text: &'a str,
}

/// `10:02:13 seen   text`: a time, one of the signs, a text.
pub(super) fn stamp(line: &str) -> Option<Stamp<'_>> {
    let (time, rest) = line.split_once(' ')?;
    let is_time = time.len() == 8
        && time.bytes().enumerate().all(|(at, b)| if at % 3 == 2 { b == b':' } else { b.is_ascii_digit() });
    let (sign, _) = rest.split_once(' ')?;
    let ink = Ink::of_sign(sign).filter(|_| is_time)?;
    let text = rest[sign.len()..].trim_start();
    let width = columns(rest) - columns(text);
    (width <= SIGN).then_some(Stamp { time, sign, ink, width, text })
}

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
    fn an_entry_is_a_time_a_known_sign_and_a_text_and_nothing_less() {
        let entry = stamp("10:02:13 seen   it is 3 o'clock").unwrap();
        assert_eq!(
            (entry.time, entry.sign, entry.width, entry.text),
            ("10:02:13", "seen", 7, "it is 3 o'clock")
        );
        let gap = " ".repeat(300);
        let far = format!("10:02:13 seen{gap}x");
        for line in
            ["", "10:02:13", "10:02:13 ", "10:02:13 hello you", "1é:02:1 seen x", "10.02.13 seen x", &far]
        {
            assert!(stamp(line).is_none(), "{line:?}");
        }
    }

    #[test]
    fn further_rows_line_up_below_what_they_go_on_from() {
        assert_eq!(hang("nas  ok  12 d", 40), 9);
        assert_eq!(hang("- an item of a list", 40), 2);
        assert_eq!(hang("    indented prose", 40), 4);
        assert_eq!(hang("plain prose", 40), 0);
        assert_eq!(hang(&format!("{}  x", "wide".repeat(20)), 40), 2);
    }
}
