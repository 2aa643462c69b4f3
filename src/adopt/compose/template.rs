//! `$NAME` and `${NAME:-default}` in texts, as compose fills them.

use std::collections::{BTreeMap, BTreeSet};

use crate::adopt::secrets::looks_secret;

/// How deep defaults may stand in defaults.
const MAX_DEPTH: usize = 16;
/// Bytes that a text may grow to.
const MAX_GROWN: usize = 1 << 20;
/// What our own compose files say of secrets that are missing: `${NAME:?create .env, see above}`.
const OURS: &str = "create .env, see above";

/// What fills variables: `.env`.
#[derive(Debug, Clone, Default)]
pub(super) struct Vars {
    /// The values, by name.
    pub values: BTreeMap<String, String>,
    /// The names whose values hold secrets, though they don't look like it.
    pub secret: BTreeSet<String>,
    /// Whether nothing counts as a secret.
    pub open: bool,
}

impl Vars {
    /// Adds one, and sees whether it holds a secret.
    pub(super) fn add(&mut self, name: &str, value: String) {
        if looks_secret(name, Some(&value)) {
            self.secret.insert(name.to_owned());
        }
        self.values.insert(name.to_owned(), value);
    }

    /// Whether what is filled in for a name is a secret.
    pub(super) fn is_secret(&self, name: &str) -> bool {
        let known = self.values.get(name).is_some_and(|value| !value.is_empty());
        !self.open && (self.secret.contains(name) || (!known && looks_secret(name, None)))
    }
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Text(String),
    Variable { name: String, how: How, word: Vec<Part> },
}

/// What happens where a variable has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Plain,
    /// `-`, `:-`: the word; `if_empty` tells whether also where it is empty.
    Default {
        if_empty: bool,
    },
    /// `?`, `:?`: an error.
    Required {
        if_empty: bool,
    },
    /// `+`, `:+`: the word where it *has* one.
    Instead {
        if_empty: bool,
    },
}

/// Takes a text apart.
///
/// # Errors
/// What is wrong with it, and what to write.
pub(super) fn parse(text: &str) -> Result<Vec<Part>, String> {
    parse_at(text, 0)
}

fn parse_at(text: &str, depth: usize) -> Result<Vec<Part>, String> {
    if depth > MAX_DEPTH {
        return Err("has defaults within defaults, too many of them".to_owned());
    }
    let wrong = || "has a `$` that begins no variable; write `$$` for a dollar".to_owned();
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        plain.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix('$') {
            plain.push('$');
            rest = after;
            continue;
        }
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        if let Some(inner) = after.strip_prefix('{') {
            let end = closing(inner).ok_or("has a `${` without its `}`; write `$$` for a dollar")?;
            parts.push(braced(&inner[..end], depth).ok_or_else(wrong)??);
            rest = &inner[end + 1..];
        } else {
            let end = name_length(after);
            if end == 0 {
                return Err(wrong());
            }
            let name = after[..end].to_owned();
            parts.push(Part::Variable { name, how: How::Plain, word: Vec::new() });
            rest = &after[end..];
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(parts)
}

fn name_length(text: &str) -> usize {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if begins { end } else { 0 }
}

/// Where the brace closes that was opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at > 0 && bytes[at - 1] == b'$' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn braced(inner: &str, depth: usize) -> Option<Result<Part, String>> {
    let length = name_length(inner);
    let (name, rest) = inner.split_at(length);
    if name.is_empty() {
        return None;
    }
    let (if_empty, sign) = match rest.strip_prefix(':') {
        Some(sign) => (true, sign),
        None => (false, rest),
    };
    let how = match sign.chars().next() {
        None if !if_empty => How::Plain,
        Some('-') => How::Default { if_empty },
        Some('?') => How::Required { if_empty },
        Some('+') => How::Instead { if_empty },
        _ => return None,
    };
    let word = sign.get(1..).unwrap_or_default();
    // A message is no template: people write anything there.
    let word = match how {
        How::Required { .. } => Ok(vec![Part::Text(word.to_owned())]),
        _ => parse_at(word, depth + 1),
    };
    Some(word.map(|word| Part::Variable { name: name.to_owned(), how, word }))
}

/// What a text came to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    pub text: String,
    /// Variables that nothing fills; they became empty.
    pub unfilled: Vec<String>,
    /// Variables that nothing fills and that must not be missing, with the message.
    pub required: Vec<(String, String)>,
    /// Variables that hold secrets; the marker stands for them.
    pub secrets: Vec<String>,
}

/// Fills the variables of a text. `marker` is what stands for a secret.
pub(super) fn fill(parts: &[Part], vars: &Vars, marker: fn(&str) -> String) -> Outcome {
    let mut outcome = Outcome::default();
    fill_into(parts, vars, marker, &mut outcome);
    outcome
}

fn fill_into(parts: &[Part], vars: &Vars, marker: fn(&str) -> String, outcome: &mut Outcome) {
    for part in parts {
        if outcome.text.len() > MAX_GROWN {
            return;
        }
        match part {
            Part::Text(text) => outcome.text.push_str(text),
            Part::Variable { name, how, word } => variable((name, *how, word), vars, marker, outcome),
        }
    }
}

fn variable(
    (name, how, word): (&str, How, &[Part]),
    vars: &Vars,
    marker: fn(&str) -> String,
    outcome: &mut Outcome,
) {
    let value = vars.values.get(name).map(String::as_str);
    let (How::Default { if_empty } | How::Required { if_empty } | How::Instead { if_empty }) = how else {
        return match value {
            Some(value) => given(name, value, vars, marker, outcome),
            None if vars.is_secret(name) => secret(name, marker, outcome),
            None => outcome.unfilled.push(name.to_owned()),
        };
    };
    let value = value.filter(|value| !(if_empty && value.is_empty()));
    match (how, value) {
        (How::Instead { .. }, Some(_)) => fill_into(word, vars, marker, outcome),
        (How::Instead { .. }, None) => {}
        (How::Required { .. }, _) if !vars.open && matches!(word, [Part::Text(said)] if said == OURS) => {
            secret(name, marker, outcome);
        }
        (_, Some(value)) => given(name, value, vars, marker, outcome),
        (How::Required { .. }, None) if vars.is_secret(name) => secret(name, marker, outcome),
        (How::Required { .. }, None) => {
            let mut said = Outcome::default();
            fill_into(word, vars, marker, &mut said);
            outcome.required.push((name.to_owned(), said.text));
        }
        (_, None) => {
            let mut filled = Outcome::default();
            fill_into(word, vars, marker, &mut filled);
            if !vars.open && looks_secret(name, Some(&filled.text)) {
                return secret(name, marker, outcome);
            }
            outcome.text.push_str(&filled.text);
            outcome.unfilled.append(&mut filled.unfilled);
            outcome.required.append(&mut filled.required);
            outcome.secrets.append(&mut filled.secrets);
        }
    }
}

fn given(name: &str, value: &str, vars: &Vars, marker: fn(&str) -> String, outcome: &mut Outcome) {
    if vars.is_secret(name) && !value.is_empty() {
        secret(name, marker, outcome);
    } else {
        outcome.text.push_str(value);
    }
}

fn secret(name: &str, marker: fn(&str) -> String, outcome: &mut Outcome) {
    outcome.text.push_str(&marker(name));
    outcome.secrets.push(name.to_owned());
}

/// Fills a text with what the variables really are, secrets too: for values that go through the same care again.
pub(super) fn fill_plainly(text: &str, vars: &Vars) -> Option<String> {
    let parts = parse(text).ok()?;
    let open = Vars { values: vars.values.clone(), secret: BTreeSet::new(), open: true };
    let filled = fill(&parts, &open, |_| String::new()).text;
    (filled.len() <= MAX_GROWN).then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Outcome {
        let mut vars = Vars::default();
        for (name, value) in [("A", "a"), ("EMPTY", ""), ("DB_PASSWORD", "not-a-real-password-1")] {
            vars.add(name, value.to_owned());
        }
        fill(&parse(text).unwrap(), &vars, |name| format!("<{name}>"))
    }

    #[test]
    fn every_form_of_a_variable_is_filled_as_compose_does() {
        for (text, is) in [
            ("$A-${A}", "a-a"),
            ("${NO:-d}${NO-d}${EMPTY:-d}${EMPTY-d}", "ddd"),
            ("${A:+x}${A+x}${EMPTY:+x}${EMPTY+x}${NO+x}", "xxx"),
            ("${NO:-${NEITHER:-${A}b}}", "ab"),
            ("$$A $${A} 5$$", "$A ${A} 5$"),
            ("${A?none}${A:?none}", "aa"),
            ("${NO:-http://x:80/{y}", "http://x:80/{y"),
        ] {
            assert_eq!(filled(text).text, is, "{text}");
        }
    }

    #[test]
    fn what_nothing_fills_and_what_is_a_secret_is_told() {
        let outcome = filled("$NO ${MUST:?set it} $DB_PASSWORD ${API_TOKEN} ${X:?create .env, see above}");
        assert_eq!(outcome.text, "  <DB_PASSWORD> <API_TOKEN> <X>");
        assert_eq!(outcome.unfilled, ["NO"]);
        assert_eq!(outcome.required, [("MUST".to_owned(), "set it".to_owned())]);
        assert_eq!(outcome.secrets, ["DB_PASSWORD", "API_TOKEN", "X"]);
        assert_eq!(filled("${DB_TOKEN:-}").secrets, [""; 0]);
    }

    #[test]
    fn a_dollar_that_begins_nothing_is_an_error_that_says_how_to_write_it() {
        for text in ["$1", "a$", "$(x)", "${", "${}", "${A!x}", "${A:x}"] {
            assert!(parse(text).unwrap_err().contains("$$"), "{text}");
        }
        assert!(parse(&"${A:-".repeat(100)).is_err());
        assert!(parse(&format!("{}{}", "${A:-".repeat(100), "}".repeat(100))).is_err());
    }
}
