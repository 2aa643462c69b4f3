//! Text that came out of a process, made safe to keep and to show.

use std::iter::Peekable;
use std::str::Chars;

use super::Finding;

/// One line without control characters and without whole ANSI escape sequences; tabs stay. Characters that reorder
/// or break the text around them go as well, since they can make a line read as something it is not.
pub(crate) fn clean_line(line: &str) -> String {
    let mut clean = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\t' => clean.push(c),
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_control_sequence(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            c if c.is_control() || is_deceptive(c) => {}
            c => clean.push(c),
        }
    }
    clean
}

/// The beginning of a line, cleaned, for an error message.
pub(crate) fn excerpt(line: &str) -> String {
    const LENGTH: usize = 60;
    let clean = clean_line(line);
    match clean.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

/// Free text as it is kept: cleaned, without the indentation that its lines share, without blank lines around it,
/// capped at [`Finding::MAX_EVIDENCE`]. `cut` says that the runner had cut it already.
pub(crate) fn evidence(lines: &[&str], cut: bool) -> String {
    let clean: Vec<String> = lines.iter().map(|line| clean_line(line).trim_end().to_owned()).collect();
    let indent = common_indent(&clean);
    let lines: Vec<&str> = clean.iter().map(|line| line.get(indent..).unwrap_or_default()).collect();
    let mut text = lines.join("\n").trim_matches('\n').to_owned();
    if text.len() > Finding::MAX_EVIDENCE {
        let whole = text.len();
        text.truncate(text.floor_char_boundary(Finding::MAX_EVIDENCE));
        text.push_str(&format!("\n[… cut here: {} more bytes]", whole - text.len()));
    } else if cut {
        text.push_str("\n[… cut here: the skill printed too much]");
    }
    text
}

/// The length in bytes of the white space that all lines which aren't blank begin with.
fn common_indent(lines: &[String]) -> usize {
    let mut common: Option<&str> = None;
    for line in lines.iter().filter(|line| !line.is_empty()) {
        let own = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        common = Some(match common {
            None => own,
            Some(common) => {
                let same = common.bytes().zip(own.bytes()).take_while(|(a, b)| a == b).count();
                &common[..same]
            }
        });
    }
    common.map_or(0, str::len)
}

/// Skips what follows an escape character.
fn skip_escape(chars: &mut Peekable<Chars<'_>>) {
    match chars.next_if(|c| c.is_ascii_graphic() || *c == ' ') {
        Some('[') => skip_control_sequence(chars),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(chars),
        Some(' '..='/') => {
            while chars.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            chars.next_if(|c| matches!(c, '0'..='~'));
        }
        _ => {}
    }
}

/// Skips the parameters and the final character of a control sequence (colours, cursor movement).
fn skip_control_sequence(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    chars.next_if(|c| matches!(c, '@'..='~'));
}

/// Skips a string for the terminal (a title, a link), up to its terminator or the end of the line.
fn skip_string(chars: &mut Peekable<Chars<'_>>) {
    while let Some(c) = chars.next() {
        let terminated = match c {
            '\u{7}' | '\u{9c}' => true,
            '\u{1b}' => chars.next_if_eq(&'\\').is_some(),
            _ => false,
        };
        if terminated {
            return;
        }
    }
}

/// Bidirectional overrides, invisible joiners, and the line breaks that are no control characters.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_go_whole_and_the_text_between_them_stays() {
        for (dirty, clean) in [
            ("\u{1b}[1;31mFAILED\u{1b}[0m unit", "FAILED unit"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;https://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}(Bplain \u{1b}=x", "plain x"),
            ("\u{9b}31mred", "red"),
            ("a\u{0}b\u{8}c\rd\te", "abcd\te"),
            ("half \u{1b}[31", "half "),
            ("half \u{1b}", "half "),
            ("safe\u{202e}txt.exe\u{2028}", "safetxt.exe"),
            ("ünïcode \u{1f680}", "ünïcode \u{1f680}"),
        ] {
            assert_eq!(clean_line(dirty), clean, "{dirty:?}");
        }
    }

    #[test]
    fn evidence_loses_the_indentation_that_all_lines_share_and_no_more() {
        assert_eq!(evidence(&["", "  a", "", "    b", "  c  ", ""], false), "a\n\n  b\nc");
        assert_eq!(evidence(&["\ta", "  b"], false), "\ta\n  b");
        assert_eq!(evidence(&[], false), "");
    }

    #[test]
    fn long_evidence_is_cut_between_characters_and_says_so() {
        let long = "é".repeat(Finding::MAX_EVIDENCE);
        let cut = evidence(&[&long, "x"], false);
        let (kept, note) = cut.split_once('\n').unwrap();
        assert!(kept.len() <= Finding::MAX_EVIDENCE && kept.chars().all(|c| c == 'é'));
        assert_eq!(note, format!("[… cut here: {} more bytes]", long.len() + 2 - kept.len()));
    }
}
