//! Secrets that are known by their value, in the forms in which they travel.

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder};

use super::{Redactor, Span};

/// What a known value is called.
pub(super) const KIND: &str = "configured secret";

/// A value's line longer than this is known by its beginning, in characters.
const LONGEST: usize = 200;
/// What is compiled for known values at most, in bytes.
const MAX_COMPILED: usize = 64 * 1024 * 1024;

/// Finds known values.
#[derive(Debug)]
pub(super) struct Known {
    regexes: Vec<Regex>,
}

impl Known {
    /// `None` if there is none to look for.
    pub(super) fn of(values: impl IntoIterator<Item = String>) -> Option<Self> {
        let mut lines = BTreeSet::new();
        for value in values {
            // A key of several lines may be shown line by line, and anywhere without its line breaks.
            let long = value.lines().filter(|line| line.trim().chars().count() >= 16);
            lines.extend(long.map(|line| line.trim().to_owned()));
            lines.insert(value);
        }
        let mut wanted: Vec<String> =
            lines.into_iter().filter(|line| line.chars().count() >= Redactor::SHORTEST).collect();
        // Of two values the longer is looked for first.
        wanted.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let patterns: Vec<String> = wanted.iter().flat_map(|value| forms(value)).collect();
        let regexes: Vec<Regex> = match compiled(&patterns.join("|")) {
            _ if patterns.is_empty() => Vec::new(),
            Some(one) => vec![one],
            None => patterns.iter().filter_map(|pattern| compiled(pattern)).collect(),
        };
        (!regexes.is_empty()).then_some(Self { regexes })
    }

    pub(super) fn find(&self, text: &str, spans: &mut Vec<Span>) {
        for regex in &self.regexes {
            spans.extend(regex.find_iter(text).map(|found| Span { range: found.range(), kind: KIND }));
        }
    }
}

fn compiled(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).size_limit(MAX_COMPILED).build().ok()
}

/// The patterns of a value: as it is or with any of its characters escaped, and as base64.
fn forms(value: &str) -> Vec<String> {
    let is_long = value.chars().count() > LONGEST;
    let mut plain: String = value.chars().take(LONGEST).map(any_form).collect();
    if is_long {
        plain.push_str(r#"[^\s"']*"#);
    }
    let mut forms = vec![plain];
    forms.extend(base64(value.as_bytes()));
    forms
}

/// One character as it is, or as URLs and JSON write it.
fn any_form(c: char) -> String {
    let literal = regex::escape(c.encode_utf8(&mut [0; 4]));
    if c.is_ascii_alphanumeric() {
        return literal;
    }
    let mut buffer = [0; 4];
    let percent: String =
        c.encode_utf8(&mut buffer).bytes().map(|byte| format!("%(?i-u:{byte:02x})")).collect();
    let json = match c {
        '"' | '\\' | '/' => format!(r"|\\+{literal}"),
        '\n' => r"|\\+n|\\+r\\+n|\r\n".to_owned(),
        '\t' => r"|\\+t".to_owned(),
        ' ' => r"|\+".to_owned(),
        _ => String::new(),
    };
    let unicode: String =
        c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!(r"\\+u(?i-u:{unit:04x})")).collect();
    format!("(?:{literal}|{percent}|{unicode}{json})")
}

/// The value in base64, by the part that does not depend on what follows it.
fn base64(bytes: &[u8]) -> Option<String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks_exact(3).take(LONGEST) {
        let bits = three.iter().fold(0_usize, |bits, byte| (bits << 8) | usize::from(*byte));
        for shift in [18, 12, 6, 0] {
            match DIGITS.get((bits >> shift) & 63) {
                Some(b'+') => text.push_str("(?:[+-]|%2[bB])"),
                Some(b'/') => text.push_str(r"(?:[/_]|%2[fF]|\\/)"),
                Some(digit) => text.push(char::from(*digit)),
                None => {}
            }
        }
    }
    (bytes.len() >= Redactor::SHORTEST).then(|| format!("{text}[A-Za-z0-9+/_=-]*"))
}
