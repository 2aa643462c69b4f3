//! Private keys in PEM: whole ones, and ones of which the beginning or the end was cut off.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Span;
use super::shapes::PRIVATE_KEY;

/// The line before and the line behind a key.
pub(super) const MARK: &str = r"-----(?P<side>BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----";

/// What stands between two marks further apart than this, in bytes, is no key.
const LONGEST: usize = 64 * 1024;
/// A word of at least so many characters of base64 is a piece of a key, next to a mark.
const SHORTEST_PIECE: usize = 16;

static MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(MARK).ok());

/// The keys in `text`.
pub(super) fn find(text: &str, spans: &mut Vec<Span>) {
    let Some(marks) = MARKS.as_ref() else { return };
    let mut open: Option<Range<usize>> = None;
    let mut add = |range| spans.push(Span { range, kind: PRIVATE_KEY });
    // The end of the last key: what is before it is no part of the next one.
    let mut past = 0;
    for found in marks.captures_iter(text) {
        let (Some(mark), Some(side)) = (found.get(0), found.name("side")) else { continue };
        let begins = side.as_str() == "BEGIN";
        match open.take() {
            Some(begin) if !begins && mark.end() - begin.start <= LONGEST => add(begin.start..mark.end()),
            cut => {
                if let Some(begin) = cut {
                    add(begin.start..pieces_after(text, begin.end, mark.start()));
                }
                if !begins {
                    add(pieces_before(text, past, mark.start())..mark.end());
                }
            }
        }
        if begins {
            open = Some(mark.range());
        }
        past = mark.end();
    }
    if let Some(begin) = open {
        add(begin.start..pieces_after(text, begin.end, text.len()));
    }
}

/// Where the pieces of a key end that follow `from`.
fn pieces_after(text: &str, from: usize, to: usize) -> usize {
    let mut end = from;
    for word in words(text, from..to) {
        let content = text.get(word.clone()).unwrap_or_default();
        match piece(content) {
            // The rest of a line may hold more than the piece: `…\n"},`.
            Some(length) if length < content.len() => return word.start + length,
            Some(_) => end = word.end,
            None if is_decoration(content) => {}
            None => break,
        }
    }
    end
}

/// Where the pieces of a key begin that lead up to `to`.
fn pieces_before(text: &str, from: usize, to: usize) -> usize {
    let mut start = to;
    for word in words(text, from..to).into_iter().rev() {
        let content = text.get(word.clone()).unwrap_or_default();
        // The last piece may be a short one.
        let is_last = start == to && content.chars().all(is_base64);
        let tail = content.len() - content.trim_end_matches(is_base64).len();
        if is_last || tail == content.len() && tail >= SHORTEST_PIECE || is_header(content) {
            start = word.start;
        } else if tail >= SHORTEST_PIECE {
            return word.end - tail;
        } else if !is_decoration(content) {
            break;
        }
    }
    start
}

/// How much of the word's beginning is a piece of a key.
fn piece(word: &str) -> Option<usize> {
    if is_header(word) {
        return Some(word.len());
    }
    let length = word.find(|c| !is_base64(c)).unwrap_or(word.len());
    let is_end = word.ends_with('=') && length == word.len();
    (length >= SHORTEST_PIECE || is_end).then_some(length)
}

/// Base64, with line breaks that were written as `\n`.
fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=\\".contains(c)
}

/// The lines that an encrypted key begins with.
fn is_header(word: &str) -> bool {
    let known = ["Proc-Type:", "DEK-Info:", "4,ENCRYPTED", "Version:", "Comment:"];
    let cipher = word
        .split_once(',')
        .is_some_and(|(name, iv)| name.contains("-CBC") && iv.chars().all(|c| c.is_ascii_hexdigit()));
    known.contains(&word) || cipher
}

/// What a log or a quotation puts before each line.
fn is_decoration(word: &str) -> bool {
    word.chars().all(|c| "|>#*│-+:".contains(c))
}

fn words(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let part = text.get(range.clone()).unwrap_or_default();
    let base = part.as_ptr() as usize;
    part.split_whitespace()
        .map(|word| {
            let start = range.start + (word.as_ptr() as usize - base);
            start..start + word.len()
        })
        .collect()
}
