//! The escapes of `$'…'`.

use super::limits::is_odd;

/// Decodes from behind the opening quote on; what it says, and how many characters that took with the closing one.
///
/// # Errors
/// Why it can't be told.
pub(super) fn decode(chars: &[char]) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut at = 0;
    loop {
        let c = *chars.get(at).ok_or("a quote has no end")?;
        at += 1;
        let decoded = match c {
            '\'' => return Ok((text, at)),
            '\\' => {
                let (decoded, length) = escape(&chars[at..])?;
                at += length;
                decoded
            }
            c => c,
        };
        if is_odd(decoded) {
            return Err("it has a character written as a number that can't be seen".into());
        }
        text.push(decoded);
    }
}

/// One escape, from behind its backslash on.
fn escape(chars: &[char]) -> Result<(char, usize), String> {
    const UNKNOWN: &str = "it has an escape that nobody knows";
    let c = *chars.first().ok_or(UNKNOWN)?;
    let digits = |from: usize, radix: u32, most: usize| -> (u32, usize) {
        let digits: Vec<u32> = chars[from..].iter().take(most).map_while(|c| c.to_digit(radix)).collect();
        (digits.iter().fold(0, |sum, digit| sum * radix + digit), digits.len())
    };
    // A byte beyond ASCII is a part of a character only, and what the parts come to is not for us to guess.
    let ascii = |code: u32| char::from_u32(code).filter(char::is_ascii).ok_or(UNKNOWN);
    match c {
        'n' => Ok(('\n', 1)),
        't' => Ok(('\t', 1)),
        '\\' | '\'' | '"' | '?' => Ok((c, 1)),
        '0'..='7' => {
            let (code, length) = digits(0, 8, 3);
            Ok((ascii(code)?, length))
        }
        'x' => match digits(1, 16, 2) {
            (_, 0) => Err(UNKNOWN.into()),
            (code, length) => Ok((ascii(code)?, 1 + length)),
        },
        'u' | 'U' => match digits(1, 16, if c == 'u' { 4 } else { 8 }) {
            (_, 0) => Err(UNKNOWN.into()),
            (code, length) => Ok((char::from_u32(code).ok_or(UNKNOWN)?, 1 + length)),
        },
        _ => Err(UNKNOWN.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Result<(String, usize), String> {
        decode(&text.chars().collect::<Vec<_>>())
    }

    #[test]
    fn escapes_are_decoded_up_to_the_closing_quote() {
        assert_eq!(decoded(r"\x64\146\u0020\'\\\n' x").unwrap(), ("df '\\\n".to_owned(), 21));
        assert_eq!(decoded(r"\\'; df").unwrap(), ("\\".to_owned(), 3));
    }

    #[test]
    fn what_cannot_be_seen_or_has_no_end_is_refused() {
        for bad in [r"\x07'", r"\0'", r"\e'", r"\cA'", r"\xff'", r"\xq'", r"\u200b'", r"\", "abc"] {
            assert!(decoded(bad).is_err(), "{bad}");
        }
    }
}
