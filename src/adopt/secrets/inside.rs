//! Secrets under a name within a text: settings, connection strings, queries of addresses, files of any format.

use std::ops::Range;

use super::{names, values};

/// A longer name is none, in bytes.
const LONGEST_NAME: usize = 64;

/// Whether one of the settings in a text is a secret.
pub(super) fn holds_one(text: &str) -> bool {
    first(text).is_some()
}

/// Where the first secret of the settings in a text stands.
pub(super) fn first(text: &str) -> Option<Range<usize>> {
    all(text).next()
}

/// Where the secrets of the settings in a text stand.
pub(super) fn all(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let is_end = |c: char| matches!(c, '\n' | '\r' | ';' | ',' | '&' | '?' | '{' | '}' | '[' | '<' | '|');
    let mut from = 0;
    text.split_inclusive(is_end).filter_map(move |part| {
        let start = from;
        from += part.len();
        // `${PASSWORD:-…}` is a shell's, and no setting.
        let is_shells = text.get(..start).is_some_and(|before| before.ends_with("${"));
        let found = value_of(part.strip_suffix(is_end).unwrap_or(part)).filter(|_| !is_shells)?;
        Some(start + found.start..start + found.end)
    })
}

/// The value of `name=value`, `name: value` and `<name>value` where the name says that it is a secret.
fn value_of(setting: &str) -> Option<Range<usize>> {
    // Ruby's `:password => 'x'` begins with the sign that ends other names.
    let begin = setting.len() - setting.trim_start_matches(|c: char| c.is_whitespace() || c == ':').len();
    let at = begin + setting.get(begin..)?.find(['=', ':', '>'])?;
    let name = setting.get(begin..at)?.trim_start_matches(|c: char| c.is_whitespace() || c == '-');
    let name = name.strip_prefix("export ").unwrap_or(name);
    // `settings['password'] = 'x'` was cut at its bracket.
    let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ']'));
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_name) {
        return None;
    }
    let rest = setting.get(at + 1..)?;
    let opens = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | '>' | '\\');
    let closes = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | ')' | ']');
    let value = rest.trim_start_matches(opens);
    let start = at + 1 + rest.len() - value.len();
    let value = value.trim_end_matches(closes);
    let is_nothing = value.is_empty() || values::is_filled_in(value) || value.starts_with('[');
    (!is_nothing && names::is_named(name, value)).then(|| start..start + value.len())
}

/// Whether a file's text holds a secret: in a setting of any format, or behind a word as in `requirepass x`.
pub(super) fn file_holds_one(text: &str) -> bool {
    holds_one(text) || text.lines().any(is_word_and_value)
}

fn is_word_and_value(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (Some(name), Some(value), None) = (words.next(), words.next(), words.next()) else { return false };
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let value = value.trim_matches(['"', '\'', ';']);
    is_word && !values::is_filled_in(value) && names::is_named(name, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_in_texts_of_any_format() {
        for (text, secret) in [
            ("Host=db;Username=x;Password=hun;", "hun"),
            ("{\"db\":{\"password\":\"hun\"}}", "hun"),
            ("a: b\npass = 'hun'\n", "hun"),
            ("<Config><ApiKey>hun</ApiKey></Config>", "hun"),
            ("https://x.example.org/a?b=c&api_key=hun&d=e", "hun"),
            ("  - token: hun", "hun"),
            ("gitlab_rails['smtp_enable'] = true\ngitlab_rails['smtp_password'] = 'hun'\n", "hun"),
            ("$config[\"db_password\"] = \"hun\";", "hun"),
            ("{ :user => 'git', :password => 'hun' }", "hun"),
        ] {
            assert_eq!(first(text).map(|range| &text[range]), Some(secret), "{text}");
        }
        for text in [
            "Please enter your password: quickly",
            "password: ${DB_PASSWORD}",
            "password: ''",
            "token_ttl: 3600",
            "gitlab_rails['initial_shared_runners_registration_token_enabled'] = true",
            "::1",
            "secret: [a, b]",
            "-Dfile.encoding=UTF-8",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
        assert!(file_holds_one("port 6379\nrequirepass hun\n"));
        assert!(!file_holds_one("port 6379\nappendonly yes\n"));
    }
}
