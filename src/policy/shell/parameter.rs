//! What `$x` and `${x…}` stand for.

use super::names::{Governs, governs, is_name};
use super::scope::{Scope, Value};

/// What is put in a place, as far as anybody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resolved {
    /// This, split up unless it is quoted.
    Text(String),
    /// A file's name that fits this pattern.
    Files(String),
    /// These, one word each.
    Several(Vec<String>),
    /// Some whole number.
    Number,
    /// Nobody knows.
    Unknown,
}

/// What a parameter stands for; `inner` is what stands within its braces.
///
/// # Errors
/// Why it may do more than to be put there.
pub(super) fn resolve(inner: &str, quoted: bool, scope: &mut Scope) -> Result<Resolved, String> {
    if let Some(name) = inner.strip_prefix('#').filter(|name| !name.is_empty()) {
        return if is_name(name) || name.chars().all(|c| c.is_ascii_digit()) {
            Ok(Resolved::Number)
        } else {
            Ok(Resolved::Unknown).and_then(|unknown| plain_index(name).map(|()| unknown))
        };
    }
    let length = inner.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').count();
    let (name, rest) = if length > 0 {
        inner.split_at(length)
    } else {
        inner.split_at(inner.chars().next().map_or(0, char::len_utf8))
    };
    let value = lookup(name, quoted, scope)?;
    match rest {
        "" => Ok(value),
        _ if rest.starts_with('[') => plain_index(inner).map(|()| Resolved::Unknown),
        _ => with_operator(name, value, rest, scope),
    }
}

fn lookup(name: &str, quoted: bool, scope: &Scope) -> Result<Resolved, String> {
    let several = |args: &Vec<String>| match name {
        "*" if quoted => Resolved::Text(args.join(" ")),
        _ => Resolved::Several(args.clone()),
    };
    Ok(match name {
        "#" | "?" | "$" => Resolved::Number,
        "@" | "*" => scope.positional.as_ref().map_or(Resolved::Unknown, several),
        "-" | "0" => Resolved::Unknown,
        // `$!` is a process; `${!x}` is whatever `x` names, run through the shell once more.
        "!" => Resolved::Unknown,
        _ if name.chars().all(|c| c.is_ascii_digit()) => {
            let index = name.parse::<usize>().unwrap_or(usize::MAX);
            let text = |args: &Vec<String>| {
                Resolved::Text(index.checked_sub(1).and_then(|i| args.get(i)).cloned().unwrap_or_default())
            };
            scope.positional.as_ref().map_or(Resolved::Unknown, text)
        }
        _ if is_name(name) => match scope.variables.get(name) {
            Some(Value::Known(text)) => Resolved::Text(text.clone()),
            Some(Value::Files(pattern)) => Resolved::Files(pattern.clone()),
            Some(Value::Number) => Resolved::Number,
            None => Resolved::Unknown,
        },
        _ => return Err(format!("nobody knows what `${{{name}}}` would be")),
    })
}

/// `x[1]`, `x[@]`: an index may run commands unless it is as plain as that.
fn plain_index(text: &str) -> Result<(), String> {
    let index = text.split_once('[').and_then(|(name, rest)| Some((name, rest.split_once(']')?)));
    match index {
        Some((name, (index, rest)))
            if (is_name(name) || matches!(name, "@" | "*"))
                && rest.is_empty()
                && (matches!(index, "@" | "*") || index.chars().all(|c| c.is_ascii_digit())) =>
        {
            Ok(())
        }
        _ if matches!(text, "@" | "*" | "?" | "$" | "!" | "-") => Ok(()),
        _ => Err(format!("the index in `{text}` may run commands")),
    }
}

fn with_operator(name: &str, value: Resolved, rest: &str, scope: &mut Scope) -> Result<Resolved, String> {
    let known = |text: &str| !text.is_empty();
    if name == "!" {
        return Err("it goes by a name that is only known when it runs".into());
    }
    let default = rest.strip_prefix(':').unwrap_or(rest);
    match default.chars().next() {
        Some('-') => match value {
            Resolved::Text(text) if known(&text) => Ok(Resolved::Text(text)),
            _ => Ok(Resolved::Unknown),
        },
        Some('=') => {
            if governs(name) != Governs::Nothing {
                return Err(format!("it sets `{name}`, by which other programs run"));
            }
            scope.set(name, None);
            Ok(Resolved::Unknown)
        }
        Some('?') => match value {
            Resolved::Text(text) if known(&text) => Ok(Resolved::Text(text)),
            other => Ok(if other == Resolved::Number { Resolved::Number } else { Resolved::Unknown }),
        },
        Some('+') => Ok(Resolved::Unknown),
        _ if rest.starts_with(':') => {
            // An offset is an expression.
            let plain = |c: char| c.is_ascii_digit() || " -:".contains(c);
            if rest.chars().all(plain) {
                Ok(Resolved::Unknown)
            } else {
                Err("an offset may run commands".into())
            }
        }
        Some('%' | '#' | '/' | '^' | ',') => Ok(Resolved::Unknown),
        _ => Err(format!("nobody knows what `${{{name}{rest}}}` would be")),
    }
}
