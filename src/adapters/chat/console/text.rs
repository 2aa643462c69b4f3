//! Text on a grid: how wide it is, where it breaks, and what of other people's text may reach a terminal at all.

use crate::domain::card::{Card, clean_lines, one_line};

/// What a tab advances to a multiple of.
const TAB: usize = 8;

/// The columns that a character takes.
fn columns_of(c: char) -> usize {
    match c {
        // Combining marks, joiners, variation selectors.
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{610}'..='\u{61a}' => 0,
        '\u{64b}'..='\u{65f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' => 0,
        '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{20d0}'..='\u{20ff}' => 0,
        '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{e0000}'..='\u{e0fff}' => 0,
        // East Asian scripts and pictures.
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{a960}'..='\u{a97f}' => 2,
        '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' => 2,
        '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1f64f}' => 2,
        '\u{1f680}'..='\u{1f6ff}' | '\u{1f900}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}' => 2,
        '\u{231a}' | '\u{231b}' | '\u{2705}' | '\u{274c}' | '\u{26a1}' | '\u{26d4}' | '\u{2b50}' => 2,
        _ => 1,
    }
}

/// The columns that a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Whether every terminal agrees on the columns that this text takes. If not, nobody knows how many rows it took.
pub(super) fn is_certain(text: &str) -> bool {
    text.chars().all(|c| {
        matches!(c, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{370}'..='\u{482}')
            || matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{2190}'..='\u{2193}')
            || matches!(c, '\u{2500}'..='\u{259f}' | '\u{3041}'..='\u{3096}' | '\u{30a0}'..='\u{30ff}')
            || matches!(c, '✓' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
    })
}

/// Breaks one line at its spaces, so that the first piece fits into `first` columns and the others into `rest`.
/// White space within a piece stays as it is; a word that is longer than a piece is cut. Never empty.
pub(super) fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let (first, rest) = (first.max(1), rest.max(1));
    let mut pieces = Vec::new();
    let (mut piece, mut used) = (String::new(), 0);
    let mut text = text.trim_end();
    while !text.is_empty() {
        let gap = text.len() - text.trim_start_matches(' ').len();
        let end = text[gap..].find(' ').map_or(text.len(), |at| gap + at);
        let (spaces, word) = (&text[..gap], &text[gap..end]);
        text = &text[end..];
        let limit = if pieces.is_empty() { first } else { rest };
        let wide = columns(word);
        if used > 0 && used + gap + wide > limit {
            pieces.push(std::mem::take(&mut piece));
            used = 0;
        } else if used + gap < limit {
            piece.push_str(spaces);
            used += gap;
        }
        for c in word.chars() {
            let limit = if pieces.is_empty() { first } else { rest };
            let wide = columns_of(c);
            if used > 0 && used + wide > limit {
                pieces.push(std::mem::take(&mut piece));
                used = 0;
            }
            piece.push(c);
            used += wide;
        }
    }
    if !piece.is_empty() || pieces.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// The beginning of a text, at most so many columns, with an ellipsis if there was more.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += columns_of(c);
        if used > most {
            break;
        }
        short.push(c);
    }
    format!("{}…", short.trim_end())
}

/// A card as it may be printed: nothing in it moves the cursor, changes colours or hides text, wherever it came
/// from.
pub(super) fn tidy(card: &Card) -> Card {
    card.map(one_line, lines)
}

/// Cleaned text, line by line.
fn lines(text: &str) -> String {
    clean_lines(text).lines().map(without_tabs).collect::<Vec<_>>().join("\n")
}

fn without_tabs(line: &str) -> String {
    let mut spaced = String::with_capacity(line.len());
    let mut used = 0;
    for c in line.chars() {
        let wide = if c == '\t' { TAB - used % TAB } else { columns_of(c) };
        match c {
            '\t' => spaced.extend(std::iter::repeat_n(' ', wide)),
            c => spaced.push(c),
        }
        used += wide;
    }
    spaced
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_breaks_at_spaces_and_keeps_the_columns_of_a_table() {
        assert_eq!(wrap("one two  three four", 9, 10), ["one two", "three four"]);
        assert_eq!(wrap("  nas   ok   12 d", 40, 40), ["  nas   ok   12 d"]);
        assert_eq!(wrap("", 10, 10), [""]);
    }

    #[test]
    fn a_word_longer_than_a_line_is_cut_by_columns_and_not_by_bytes() {
        assert_eq!(wrap("a 0123456789abcdef", 6, 8), ["a", "01234567", "89abcdef"]);
        assert_eq!(wrap("漢字漢字漢", 5, 5), ["漢字", "漢字", "漢"]);
        assert_eq!(shortened("漢字漢字漢", 6), "漢字…");
    }

    #[test]
    fn tabs_line_up_as_on_a_terminal() {
        assert_eq!(lines("a\tb\nabcdefgh\tb\n漢字\tb"), "a       b\nabcdefgh        b\n漢字    b");
    }

    proptest! {
        #[test]
        fn no_piece_is_wider_than_its_room_and_no_letter_is_lost(
            text in "[a-z漢é ]{0,80}", first in 2usize..30, rest in 2usize..30,
        ) {
            let pieces = wrap(&text, first, rest);
            for (at, piece) in pieces.iter().enumerate() {
                prop_assert!(columns(piece) <= if at == 0 { first } else { rest }, "{pieces:?}");
            }
            let letters = |s: &str| s.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&pieces.concat()), letters(&text));
        }
    }
}
