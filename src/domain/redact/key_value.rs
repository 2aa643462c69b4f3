//! Secrets that are told by the name in front of them: `password=…`, `"token": "…"`, `API_KEY: …`, `--password …`.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::Span;

/// What these are called; by the word in their name.
pub(super) const KINDS: [&str; 3] = ["password", "token", "secret"];

/// A name that ends in a telling word, a separator, and a value: in double quotes (escaped ones, too: JSON within JSON), in
/// single quotes, or without any. Colours of a terminal may stand between them.
pub(super) const PATTERN: &str = concat!(
    r"(?P<key>(?i-u:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key",
    r"|private[_-]?key|encryption[_-]?key|signing[_-]?key|master[_-]?key|client[_-]?key[_-]data|credentials?)",
    r"|_PASS|(?i-u:(?:db|user|root|admin|smtp|mail|mysql|pg|redis|ftp|ssh|http|proxy|sudo|become)[_-]?pass))",
    r"(?:\x1b\[[0-9;]*m)*\\*[\x22']?(?:\x1b\[[0-9;]*m)*[ \t]*(?P<sep>=>|:=|[:=])(?:\x1b\[[0-9;]*m)*[ \t]*",
    r"(?:\\+\x22(?P<a>[^\x22\\\n]{4,})|\x22(?P<b>(?:[^\x22\\\n]|\\[^\n]){4,})|'(?P<c>[^'\n]{4,})",
    r"|(?P<d>[^\s\x22'`\\<>\x1b]{4,}))"
);

/// The same as a flag of a command: the value is the next word, also in a printed list of words.
pub(super) const FLAG: &str = concat!(
    r"(?P<key>--[A-Za-z0-9_-]*(?i-u:password|passwd|passphrase|pass|secret|token|api-?key|access-?key|auth-?key))",
    r"(?:[ \t]+|[\x22'][ \t]*,[ \t]*)(?:\x22(?P<a>[^\x22\\\n]{4,})|'(?P<c>[^'\n]{4,})|(?P<d>[^\s\x22'`\\<>\x1b-][^\s\x22'`\\<>\x1b]{3,}))"
);

/// Words that stand where a secret could, and say something about it instead.
const WORDS: &[&str] = &[
    "argument",
    "authentication",
    "authorization",
    "bool",
    "boolean",
    "cannot",
    "changed",
    "compat",
    "could",
    "denied",
    "disabled",
    "does",
    "empty",
    "enabled",
    "error",
    "expected",
    "expired",
    "expires",
    "failed",
    "failure",
    "false",
    "file",
    "files",
    "flag",
    "found",
    "from",
    "hidden",
    "incorrect",
    "instead",
    "invalid",
    "issued",
    "login",
    "malformed",
    "masked",
    "mismatch",
    "missing",
    "must",
    "needed",
    "none",
    "null",
    "omitted",
    "option",
    "redacted",
    "rejected",
    "removed",
    "renewed",
    "required",
    "revoked",
    "rotated",
    "string",
    "success",
    "systemd",
    "that",
    "this",
    "true",
    "unauthorized",
    "unchanged",
    "undefined",
    "unexpected",
    "unknown",
    "unset",
    "updated",
    "valid",
    "value",
    "when",
    "with",
    "wrong",
];

/// How a value begins that only says where the secret is, or that there is none.
const REFERENCES: &[&str] = &[
    "${",
    "$(",
    "{{",
    "{%",
    "%(",
    "[redacted",
    "‹",
    "…",
    "...",
    "env:",
    "file:",
    "vault:",
    "op://",
    "sha256:",
    "sha512:",
    "sha1:",
    "md5:",
    "./",
    "../",
    "~/",
    "@/",
    ":",
];

/// A value shorter than this, in bytes, is none.
const SHORTEST: usize = 4;

static REGEXES: LazyLock<Vec<Regex>> =
    LazyLock::new(|| [PATTERN, FLAG].into_iter().filter_map(|pattern| Regex::new(pattern).ok()).collect());

/// The values of telling names in `text`.
pub(super) fn find(text: &str, spans: &mut Vec<Span>) {
    for regex in REGEXES.iter() {
        spans.extend(regex.captures_iter(text).filter_map(|found| secret(text, &found)));
    }
}

fn secret(text: &str, found: &Captures<'_>) -> Option<Span> {
    let key = found.name("key")?;
    let bare = found.name("d");
    let value = ["a", "b", "c"].into_iter().find_map(|name| found.name(name)).or(bare)?;
    let mut range = value.range();
    if bare.is_some() {
        range.end = range.start + bare_length(value.as_str());
    }
    let value = text.get(range.clone())?;
    let says_colon = found.name("sep").is_some_and(|sep| sep.as_str() == ":");
    // In a sentence ("no such token: unexpected end") a plain word is a word.
    let is_word = bare.is_some() && value.chars().all(|c| c.is_ascii_lowercase() || "-_/.".contains(c));
    let in_a_sentence = says_colon && is_word && !begins_here(text, key.start());
    if value.len() < SHORTEST || is_no_secret(value) || in_a_sentence {
        return None;
    }
    Some(Span { range, kind: kind_of(key.as_str()) })
}

/// How much of a word without quotes is the value: not the next parameter of a URL, and not what closes the sentence or
/// the brackets around it.
fn bare_length(word: &str) -> usize {
    let begins_parameter = |rest: &str| {
        let name = rest.split('=').next().unwrap_or_default();
        name.len() < rest.len()
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    };
    let next = word.match_indices('&').find(|(at, _)| word.get(at + 1..).is_some_and(begins_parameter));
    let value = next.and_then(|(at, _)| word.get(..at)).unwrap_or(word);
    value.trim_end_matches([',', ';', ')', ']', '}', '.', ':', '&']).len()
}

/// Whether the name that ends with the key begins a line, a list or an item, as it does in a file and not in prose.
fn begins_here(text: &str, key: usize) -> bool {
    let before = text.get(..key).unwrap_or_default();
    let name = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let line = name.rsplit('\n').next().unwrap_or_default().trim_end();
    line.is_empty() || line.ends_with(['-', '{', '[', '(', ',', '"', '\'', '|', '#', '+', '>', '\\'])
}

/// Whether a value is obviously no secret: a reference, a placeholder, a path, a word that says how it is.
pub(super) fn is_no_secret(value: &str) -> bool {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let lower = lower.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    REFERENCES.iter().any(|start| value.starts_with(start))
        || is_enclosed(value)
        || is_variable(value)
        || WORDS.contains(&lower)
        || value.chars().all(|c| "*x.•-_X?#".contains(c))
        || is_path(value)
}

/// `<password>`, `(hidden)`, `%s`, the beginning of a structure.
fn is_enclosed(value: &str) -> bool {
    (value.starts_with('<') && value.ends_with('>'))
        || (value.starts_with('(') && value.ends_with(')'))
        || (value.starts_with('{') && !value.contains('}'))
}

/// `$NAME`: a name in capitals, so that a password which begins with a dollar is none.
fn is_variable(value: &str) -> bool {
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    value.strip_prefix('$').is_some_and(|name| !name.is_empty() && name.chars().all(is_name))
}

/// Whether it is the absolute path of a file, and not a key in base64 that begins with a slash.
fn is_path(value: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._/@~:-".contains(c);
    let parts = value.matches('/').count();
    let is_short = value.split('/').all(|part| part.len() < 32);
    value.starts_with('/') && value.chars().all(is_plain) && is_short && (parts > 1 || value.len() < 24)
}

/// What the value of this name is, if the name tells that it is a secret.
pub(super) fn kind_of_value(key: &str, value: &str) -> Option<&'static str> {
    let named = REGEXES
        .first()?
        .captures(&format!("{key}=\"{value}\""))
        .is_some_and(|found| found.name("key").is_some_and(|name| name.end() == key.len()));
    (named && value.len() >= SHORTEST && !is_no_secret(value)).then(|| kind_of(key))
}

fn kind_of(key: &str) -> &'static str {
    let key = key.to_ascii_lowercase();
    match () {
        () if key.contains("pass") || key.contains("pwd") => KINDS[0],
        () if key.contains("token") => KINDS[1],
        () => KINDS[2],
    }
}
