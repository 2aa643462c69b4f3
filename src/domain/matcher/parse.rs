//! How matchers are written. Alertmanager reads them in two ways, an old and a new one, and takes what either of them
//! can read; so is it here.

use std::fmt;

use super::{Comparison, Matcher};

/// The longest text that is read, in bytes.
const LONGEST: usize = 4096;

/// Why a text is no set of matchers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {hint}")]
pub struct MatcherError {
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub hint: String,
}

impl MatcherError {
    pub(super) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}

const USUAL: &str = "write matchers as in `{alertname=\"HostDown\", instance=~\"nas.*\"}`";

/// Reads a list of matchers, with or without braces around it.
pub(super) fn matchers(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    if text.len() > LONGEST {
        return Err(MatcherError::new("the matchers are too long", format!("{LONGEST} bytes at most")));
    }
    let text = text.trim();
    let inner = match (text.strip_prefix('{'), text.ends_with('}')) {
        (Some(rest), true) => rest.strip_suffix('}').unwrap_or(rest),
        (Some(_), false) => return Err(MatcherError::new("the closing brace is missing", USUAL)),
        (None, _) => text,
    };
    let parts = split(inner)?;
    let (last, before) = match parts.split_last() {
        // A comma may stand behind the last one.
        Some((last, before)) if last.trim().is_empty() => (None, before),
        Some((last, before)) => (Some(*last), before),
        None => (None, &[] as &[&str]),
    };
    before.iter().copied().chain(last).map(matcher).collect()
}

/// The parts between commas that stand outside of quotes.
fn split(text: &str) -> Result<Vec<&str>, MatcherError> {
    let (mut parts, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if quoted {
        return Err(MatcherError::new("a quotation mark is missing", USUAL));
    }
    parts.push(&text[from..]);
    Ok(parts)
}

fn matcher(text: &str) -> Result<Matcher, MatcherError> {
    let text = text.trim();
    let unreadable = || MatcherError::new(format!("I can't read `{text}` as a matcher"), USUAL);
    let (name, rest) = match text.strip_prefix('"') {
        Some(rest) => {
            let end = end_of_quoted(rest).ok_or_else(unreadable)?;
            (unquote(&rest[..end]), &rest[end + 1..])
        }
        None => {
            let end = text.find(['=', '!', '~']).ok_or_else(unreadable)?;
            let name = text[..end].trim_end();
            if name.contains(|c: char| c.is_whitespace() || "{}\"'`\\".contains(c)) {
                return Err(MatcherError::new(
                    format!("`{name}` is no label's name"),
                    "put a name that holds more than letters, digits and _ in double quotes",
                ));
            }
            (name.to_owned(), &text[end..])
        }
    };
    let rest = rest.trim_start();
    let (comparison, value) = [
        ("=~", Comparison::Fits),
        ("!~", Comparison::FitsNot),
        ("!=", Comparison::NotEqual),
        ("=", Comparison::Equal),
    ]
    .into_iter()
    .find_map(|(sign, comparison)| Some((comparison, rest.strip_prefix(sign)?)))
    .ok_or_else(unreadable)?;
    let value = value.trim();
    let value = match value.strip_prefix('"') {
        Some(rest) => match end_of_quoted(rest) {
            Some(end) if end + 1 == rest.len() => unquote(&rest[..end]),
            _ => return Err(MatcherError::new(format!("something follows the value in `{text}`"), USUAL)),
        },
        None if value.contains('"') => {
            let hint = "put the whole value in double quotes, and a backslash before each one inside";
            return Err(MatcherError::new(
                format!("a quotation mark stands inside the value of `{text}`"),
                hint,
            ));
        }
        None => value.to_owned(),
    };
    Matcher::new(&name, comparison, &value)
}

/// Where the quotation mark stands that ends what was begun before `rest`.
fn end_of_quoted(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at),
            _ => {}
        }
    }
    None
}

/// What stood between quotation marks. With an escape that Go does not know, as in `"nas\.lan"`, only `\"`, `\\` and
/// `\n` mean something else than themselves.
fn unquote(text: &str) -> String {
    modern(text).unwrap_or_else(|| classic(text))
}

fn classic(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, (c == '\\').then(|| chars.next()).flatten()) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some(c @ ('"' | '\\'))) => out.push(c),
            ('\\', Some(other)) => out.extend(['\\', other]),
            (c, _) => out.push(c),
        }
    }
    out
}

/// As Go reads a text in double quotes; `None` for an escape that it does not know.
fn modern(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escape = chars.next()?;
        let mut code = |digits: usize| {
            let hex: String = chars.by_ref().take(digits).collect();
            let whole = hex.len() == digits && hex.bytes().all(|b| b.is_ascii_hexdigit());
            whole.then(|| u32::from_str_radix(&hex, 16).ok()).flatten().and_then(char::from_u32)
        };
        out.push(match escape {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '\\' | '"' => escape,
            // Above, it would be a byte of a character, not one.
            'x' => code(2).filter(char::is_ascii)?,
            'u' => code(4)?,
            'U' => code(8)?,
            _ => return None,
        });
    }
    Some(out)
}

/// Whether a label's name needs no quotes.
pub(super) fn is_plain_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

/// Writes a text in double quotes, so that it is read as it was.
pub(super) fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{:04x}", c as u32)?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}
