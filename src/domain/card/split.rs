//! Long text in pieces that fit.

/// Cuts a text into pieces of at most `longest` each, as `size` measures a character: at line ends where there are
/// some, else at spaces, else between characters. Nothing but the white space at a cut is lost. Never empty.
#[must_use]
pub fn split(text: &str, longest: usize, size: impl Fn(char) -> usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let fits = fitting(rest, longest, &size);
        if fits == rest.len() {
            pieces.push(rest);
            return pieces;
        }
        let head = &rest[..fits];
        // A cut right behind what fits is fine where a line ends there.
        let at = if rest[fits..].starts_with('\n') {
            fits
        } else {
            let line = head.rfind('\n').filter(|at| *at > 0);
            line.or_else(|| head.rfind(' ').filter(|at| *at > 0)).unwrap_or(fits)
        };
        pieces.push(rest[..at].trim_end());
        rest = rest[at..].strip_prefix(['\n', ' ']).unwrap_or(&rest[at..]);
    }
}

/// How many bytes of a text fit; at least one character, so that there is always an end.
fn fitting(text: &str, longest: usize, size: impl Fn(char) -> usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += size(c);
        if used > longest && at > 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_cut_at_line_ends_then_at_spaces_then_anywhere() {
        assert_eq!(split("one\ntwo\nthree", 8, |_| 1), ["one\ntwo", "three"]);
        assert_eq!(split("one two three", 8, |_| 1), ["one two", "three"]);
        assert_eq!(split("0123456789", 4, |_| 1), ["0123", "4567", "89"]);
        assert_eq!(split("", 4, |_| 1), [""]);
    }

    proptest! {
        #[test]
        fn no_piece_is_too_long_and_no_letter_is_lost(text in "[a-z😀 \n]{0,200}", longest in 2usize..40) {
            let pieces = split(&text, longest, char::len_utf16);
            for piece in &pieces {
                prop_assert!(piece.encode_utf16().count() <= longest, "{pieces:?}");
            }
            let letters = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&pieces.concat()), letters(&text));
        }
    }
}
