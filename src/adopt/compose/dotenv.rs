//! `.env` and `env_file`, in the syntax in which compose reads them.

use super::template::{Vars, fill_plainly};
use crate::adopt::secrets::looks_secret;

/// What such a file says.
#[derive(Debug, Default)]
pub(super) struct Dotenv {
    /// Names and values in order; none where only the name stands there.
    pub values: Vec<(String, Option<String>)>,
    /// Names among them whose values were made of secrets.
    pub secret: Vec<String>,
    /// Lines that say nothing: their number, and what is wrong. Never their text.
    pub wrong: Vec<(usize, &'static str)>,
    bytes: usize,
}

/// Bytes up to which variables are filled; what comes after stays as it stands.
const MAX_BYTES: usize = 16 << 20;

/// Reads such a file. `vars` fills what it refers to besides its own.
pub(super) fn read(text: &str, vars: &Vars) -> Dotenv {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let mut known = vars.clone();
    let mut read = Dotenv::default();
    let (mut rest, mut line) = (text.as_str(), 1);
    while !rest.is_empty() {
        let from = rest;
        let (row, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        let trimmed = row.trim();
        if !trimmed.is_empty() && !trimmed.starts_with('#') {
            match entry(from) {
                Ok((name, value, end)) => {
                    rest = end;
                    add(&mut read, &mut known, name, value);
                }
                Err(wrong) => read.wrong.push((line, wrong)),
            }
        }
        line += from[..from.len() - rest.len()].matches('\n').count();
    }
    read
}

/// Reads a file with `format: raw`: everything after the first `=` is the value.
pub(super) fn read_raw(text: &str) -> Dotenv {
    let rows = text.lines().map(str::trim_start).filter(|row| !row.is_empty() && !row.starts_with('#'));
    let values = rows.map(|row| match row.split_once('=') {
        Some((name, value)) => (name.trim().to_owned(), Some(value.to_owned())),
        None => (row.trim().to_owned(), None),
    });
    Dotenv { values: values.collect(), ..Dotenv::default() }
}

fn add(read: &mut Dotenv, known: &mut Vars, name: &str, value: Raw) {
    let text = match value {
        Raw::None => return read.values.push((name.to_owned(), None)),
        Raw::Literal(text) => text,
        Raw::Template(text) => {
            if known.values.keys().any(|other| mentions(&text, other) && known.is_secret(other)) {
                read.secret.push(name.to_owned());
            }
            let filled = if read.bytes > MAX_BYTES { None } else { fill_plainly(&text, known) };
            filled.unwrap_or(text)
        }
    };
    read.bytes = read.bytes.saturating_add(text.len());
    known.add(name, text.clone());
    if known.secret.contains(name)
        && !looks_secret(name, None)
        && !read.secret.iter().any(|other| other == name)
    {
        read.secret.push(name.to_owned());
    }
    read.values.push((name.to_owned(), Some(text)));
}

fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| text[..at].ends_with('$') || text[..at].ends_with("${"))
}

enum Raw {
    None,
    /// As it stands.
    Literal(String),
    /// With variables to fill.
    Template(String),
}

/// One entry at the beginning of `text`: its name, its value, and what comes after it.
fn entry(text: &str) -> Result<(&str, Raw, &str), &'static str> {
    let text = text.trim_start_matches([' ', '\t']);
    let text = match text.strip_prefix("export") {
        Some(after) if after.starts_with([' ', '\t']) => after.trim_start_matches([' ', '\t']),
        _ => text,
    };
    let end = text.find(['=', ':', '\n']).unwrap_or(text.len());
    let name = text[..end].trim();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
    if name.is_empty() || !name.chars().all(fits) {
        return Err("is no `NAME=value`");
    }
    let after = &text[end..];
    let Some(value) = after.strip_prefix(['=', ':']) else {
        return Ok((name, Raw::None, after.strip_prefix('\n').unwrap_or(after)));
    };
    let value = value.trim_start_matches([' ', '\t']);
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote {
        let (inner, rest) = quoted(&value[1..], quote).ok_or("has a quote that never closes")?;
        let rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        let raw = if quote == '"' { Raw::Template(unescape(inner)) } else { Raw::Literal(single(inner)) };
        return Ok((name, raw, rest));
    }
    let (row, rest) = value.split_once('\n').unwrap_or((value, ""));
    let comment =
        row.char_indices().find(|(at, c)| *c == '#' && (*at == 0 || row[..*at].ends_with([' ', '\t'])));
    let row = comment.map_or(row, |(at, _)| &row[..at]);
    Ok((name, Raw::Template(row.trim().to_owned()), rest))
}

/// What stands up to the closing quote, and what comes after it.
fn quoted(text: &str, quote: char) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

/// What stands in single quotes: compose takes a backslash away in front of a quote alone.
fn single(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some('\'')) => {}
            ('\\', Some('\\')) => {
                plain.push_str("\\\\");
                chars.next();
            }
            _ => plain.push(c),
        }
    }
    plain
}

/// Backslashes in double quotes.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('$') => plain.push_str("$$"),
            Some(c @ ('"' | '\\')) => plain.push(c),
            Some(c) => plain.extend(['\\', c]),
            None => plain.push('\\'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_value_is_read_as_compose_reads_it() {
        let text = "\u{feff}# comment\r\nexport A=1\r\nB = two words # comment\nC='raw $A \\n'\nD=\"x\\ty $A \\$A\" # c\n\
                    E=\"first\nsecond\"\nF=${A}-$B\nG=\nH=a#b\nI\nK: yaml\n";
        let read = read(text, &Vars::default());
        let values: Vec<(&str, Option<&str>)> =
            read.values.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        let expected = [
            ("A", Some("1")),
            ("B", Some("two words")),
            ("C", Some("raw $A \\n")),
            ("D", Some("x\ty 1 $A")),
            ("E", Some("first\nsecond")),
            ("F", Some("1-two words")),
            ("G", Some("")),
            ("H", Some("a#b")),
            ("I", None),
            ("K", Some("yaml")),
        ];
        assert_eq!(values, expected);
        assert!(read.wrong.is_empty());
    }

    #[test]
    fn backslashes_and_quotes_are_read_as_compose_reads_them() {
        let text = "A=ends\\\nB='it\\'s'\nC='a\\\\b\\n'\nD=\"ends\\\\\"\nE=\"a\\\"b\\'c\\$X\"\nF=last\n";
        let read = read(text, &Vars::default());
        let values: Vec<&str> = read.values.iter().filter_map(|(_, value)| value.as_deref()).collect();
        assert_eq!(values, ["ends\\", "it's", "a\\\\b\\n", "ends\\", "a\"b\\'c$X", "last"]);
    }

    #[test]
    fn what_is_made_of_a_secret_is_one() {
        let read =
            read("DB_PASSWORD=not-a-real-password-1\nURL=x://u:${DB_PASSWORD}@db/x\nN=1\n", &Vars::default());
        assert_eq!(read.secret, ["URL"]);
        assert_eq!(read.values[1].1.as_deref(), Some("x://u:not-a-real-password-1@db/x"));
    }

    #[test]
    fn lines_that_say_nothing_are_told_by_their_number() {
        let read = read("A=1\nsome words here\nB='x\n", &Vars::default());
        assert_eq!(read.wrong, [(2, "is no `NAME=value`"), (3, "has a quote that never closes")]);
        assert_eq!(read_raw("A= 'x' # y\nB").values[0].1.as_deref(), Some(" 'x' # y"));
    }
}
