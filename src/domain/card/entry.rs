//! The shape of a line of a card's body: an entry of the timeline, a row of a table, or prose.

use std::fmt;

/// What kind of thing an entry tells of, at a glance.
const SIGNS: [&str; 12] =
    ["seen", "calm", "why", "change", "repair", "next", "good", "bad", "ask", "call", "person", "agent"];
/// The widest column of signs.
const WIDEST: usize = 12;

/// An entry of the timeline: `10:02:13 seen   text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The time of day: `10:02:13`.
    pub time: &'a str,
    /// One of a few words.
    pub sign: &'a str,
    /// What happened.
    pub text: &'a str,
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:<6} {}", self.time, self.sign, self.text)
    }
}

impl<'a> Entry<'a> {
    /// Takes a line apart, if it is an entry. Only the first line of a paragraph can be one: what looks like an entry
    /// further down is somebody's text.
    #[must_use]
    pub fn parse(line: &'a str) -> Option<Self> {
        let (time, rest) = line.split_once(' ')?;
        let is_time = time.len() == 8
            && time
                .bytes()
                .enumerate()
                .all(|(at, b)| if at % 3 == 2 { b == b':' } else { b.is_ascii_digit() });
        let (sign, _) = rest.split_once(' ')?;
        let text = rest[sign.len()..].trim_start();
        let narrow = rest.len() - text.len() <= WIDEST;
        (is_time && narrow && SIGNS.contains(&sign)).then_some(Self { time, sign, text })
    }
}

/// Whether a line is laid out in columns, so that it needs letters of one width.
#[must_use]
pub fn is_row(line: &str) -> bool {
    line.trim_start().contains("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let entry = Entry { time: "10:02:13", sign: "why", text: "it is  3 o'clock" };
        assert_eq!(Entry::parse(&entry.to_string()), Some(entry));
    }

    #[test]
    fn an_entry_is_a_time_a_known_sign_and_a_text_and_nothing_less() {
        let far = format!("10:02:13 seen{}x", " ".repeat(300));
        for line in
            ["", "10:02:13", "10:02:13 ", "10:02:13 hello you", "1é:02:1 seen x", "10.02.13 seen x", &far]
        {
            assert_eq!(Entry::parse(line), None, "{line:?}");
        }
    }
}
