//! Characters that make a person read something else than what would run.

use crate::domain::action::Command;

/// Why nobody should say yes to this by its looks, if so: it is asked for with a warning, whatever rules say.
pub(super) fn deceives(command: &Command) -> Option<String> {
    let texts = command.argv.iter().chain(&command.stdin);
    let odd = texts.into_iter().find_map(|text| text.chars().find(|c| is_hidden(*c) || looks_like_ascii(*c)));
    if let Some(odd) = odd {
        return Some(format!(
            "it has a character (U+{:04X}) that can't be seen, or looks like another one",
            u32::from(odd)
        ));
    }
    let mixed =
        command.argv.iter().chain(&command.stdin).flat_map(|text| words_of(text)).find(|word| mixes(word))?;
    Some(format!("{} mixes letters of several scripts, which look alike", mixed.escape_unicode()))
}

/// Control characters, joiners, marks of direction, spaces that are no spaces.
fn is_hidden(c: char) -> bool {
    let plain = matches!(c, '\n' | '\t');
    (c.is_control() && !plain)
        || matches!(
            c,
            '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{1680}' | '\u{180e}'
                | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}'
                | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Dashes, slashes and whole alphabets that are ASCII to the eye.
fn looks_like_ascii(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'..='\u{2015}' | '\u{2024}' | '\u{2044}' | '\u{2212}' | '\u{2215}' | '\u{29f8}' | '\u{fe58}'
            | '\u{fe63}' | '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}' | '\u{37e}' | '\u{2223}'
    )
}

/// Runs of letters.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_ascii())
}

/// Whether a word has Latin letters beside such that only look like some.
fn mixes(word: &str) -> bool {
    let alike = |c: char| {
        matches!(
            c,
            '\u{180}'..='\u{24f}' | '\u{250}'..='\u{2af}' | '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}'
                | '\u{530}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}' | '\u{1d00}'..='\u{1d7f}'
        )
    };
    // A word of one such letter and no other (`ѕ`) is as odd where all around is ASCII, but so is `µ`.
    word.chars().any(alike) && word.chars().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use crate::domain::action::Action;

    use super::*;

    fn asks(text: &str) -> bool {
        let Action::Command(command) = Action::script(text);
        deceives(&command).is_some()
    }

    #[test]
    fn what_cannot_be_seen_or_looks_like_something_else_is_told() {
        for text in [
            "df\u{200b} -h",
            "df\u{202e} -h",
            "df\u{a0}-h",
            "df \u{2013}h",
            "df -h\rreboot",
            "\u{ff52}\u{ff4d} x",
            "cat /etc/\u{455}hadow",
            "ls \u{1b}[2J",
        ] {
            assert!(asks(text), "{text:?}");
        }
        for text in
            ["df -h\n\tuptime", "ls /srv/media/Größe", "ls '/srv/Привет мир'", "echo 5 µs", "ls /srv/日本"]
        {
            assert!(!asks(text), "{text:?}");
        }
    }
}
