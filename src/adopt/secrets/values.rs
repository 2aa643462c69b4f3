//! Which values look like secrets, whatever they are called.

use super::inside;
use crate::domain::redact::Redactor;

/// How a value begins that only says where a secret is.
const REFERENCES: &[&str] = &[
    "${",
    "$(",
    "{{",
    "{%",
    "file:",
    "vault:",
    "op://",
    "env:",
    "/run/secrets/",
    "/var/run/secrets/",
    "[redacted",
];
/// Words of names whose values are long and random, and public.
const PUBLIC: &[&str] = &[
    "CHECKSUM",
    "COMMIT",
    "DIGEST",
    "FINGERPRINT",
    "ID",
    "MD5",
    "PUB",
    "PUBLIC",
    "REF",
    "REVISION",
    "SHA",
    "SHA1",
    "SHA256",
    "SHA512",
    "UUID",
    "GUID",
    "VERSION",
    "DOWNLOAD",
];
/// A value without a telling name has to be longer than this to look like one, in characters.
const LONG: usize = 20;

/// Whether the value of a name of these words is a secret by its looks.
pub(super) fn is_secret(words: &[String], value: &str) -> bool {
    let value = value.trim();
    if value.is_empty() || is_whole_reference(value) {
        return false;
    }
    if has_shape(value) || is_hash(value) || is_dsn(value) || inside::holds_one(value) {
        return true;
    }
    if value.contains("://") && opens(value) {
        return true;
    }
    let is_public = words.iter().any(|word| PUBLIC.contains(&word.as_str()));
    !is_public && value.chars().count() > LONG && looks_random(value)
}

/// Whether a secret of a known shape is in it: a token of a well-known service, a key, a password in an address.
pub(super) fn has_shape(text: &str) -> bool {
    Redactor::shapes().holds_secret(text)
}

/// Where secrets of known shapes stand in a text.
pub(super) fn shapes(text: &str) -> Vec<std::ops::Range<usize>> {
    const OPEN: &str = "[redacted: ";
    if text.contains(OPEN) {
        // What is marked already can't be told from what would be: all of it goes.
        return has_shape(text).then_some(0..text.len()).into_iter().collect();
    }
    let clean = Redactor::shapes().redact(text);
    let mut rest: &str = &clean;
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(open) = rest.find(OPEN) {
        let Some(length) = rest.get(open..).and_then(|rest| rest.find(']')) else { break };
        let start = at + open;
        rest = rest.get(open + length + 1..).unwrap_or_default();
        // What stays goes on until the next one: the secret ends where that is found again.
        let next = rest.get(..rest.find(OPEN).unwrap_or(rest.len())).unwrap_or_default();
        let is_last = next.len() == rest.len();
        let end = match text.get(start..) {
            Some(_) if is_last => text.len().saturating_sub(next.len()),
            Some(behind) => start + behind.find(next).unwrap_or(behind.len()),
            None => break,
        };
        if start < end && text.is_char_boundary(end) {
            ranges.push(start..end);
        }
        at = end;
    }
    ranges
}

/// Whether the value says where the secret is, and is none.
pub(super) fn is_reference(value: &str) -> bool {
    REFERENCES.iter().any(|start| value.starts_with(start)) || is_variable(value)
}

/// `$NAME` and `${NAME}`: a shell's.
fn is_variable(value: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    value.strip_prefix('$').is_some_and(|name| is_name(name.trim_start_matches('$')))
}

/// Whether a shell would put something else in its place. A password's hash begins with a dollar, too.
pub(super) fn is_filled_in(value: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || "_{(@*#?!".contains(c);
    let rest = value.trim_start_matches('$');
    rest.len() < value.len()
        && (rest.is_empty()
            || rest.starts_with(begins)
            || rest.len() == 1 && rest.starts_with(|c: char| c.is_ascii_digit()))
        && !is_hash(value)
}

/// A reference and nothing else.
fn is_whole_reference(value: &str) -> bool {
    is_variable(value)
        || (value.starts_with("{{") && value.ends_with("}}"))
        || (value.starts_with("${") && value.find('}') == Some(value.len() - 1))
}

/// Whether it is the path of a file or folder.
pub(super) fn is_path(value: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._/@~:- ".contains(c);
    let begins = ["/", "./", "../", "~/"].iter().any(|start| value.starts_with(start));
    begins && value.chars().all(is_plain) && value.split('/').all(|part| part.len() < 32 && !mixes(part))
}

/// A short part can't tell; a long one that changes its kind of letter all the time is no word.
fn mixes(part: &str) -> bool {
    part.len() >= 16 && looks_random(part)
}

/// Whether a value is of letters and digits as nobody would choose them.
pub(super) fn looks_random(value: &str) -> bool {
    let value = value.strip_prefix("base64:").unwrap_or(value);
    // A setting: what is set counts.
    if let Some((name, set)) = value.split_once('=')
        && !set.trim_matches('=').is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    {
        return looks_random(set);
    }
    let length = value.len();
    if length < 12
        || !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/_=-.~!@#%^&*$?".contains(&byte))
    {
        return false;
    }
    if is_uuid(value) || value.contains("://") || is_date_or_number(value) {
        return false;
    }
    if value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return length >= 16 && kinds_change(value) * 6 >= length;
    }
    // Words, names and versions change between letters, digits and capitals where they are joined, and not within.
    let parts = value.split(['-', '_', '.', '/']).filter(|part| !part.is_empty());
    let (long, changes) =
        parts.fold((0, 0), |(long, changes), part| (long.max(part.len()), changes + kinds_change(part)));
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    (has_digit && long >= 8 && changes * 4 >= length)
        || (length > 24 && long >= 16 && changes * 3 >= length && !is_words(value))
}

/// `AllowOnlyForPrivateNetworks`: words with a capital each, long enough to be some.
fn is_words(value: &str) -> bool {
    let bytes = value.as_bytes();
    let capitals = bytes.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let is_vowel = |c: char| "aeiouyAEIOUY".contains(c);
    bytes.iter().all(u8::is_ascii_alphabetic)
        && capitals * 3 <= value.len()
        && !bytes.windows(2).any(|pair| pair.iter().all(u8::is_ascii_uppercase))
        // No word goes on for long without a vowel.
        && value.split(is_vowel).all(|part| part.len() <= 4)
        && value.split(|c: char| c.is_ascii_uppercase()).skip(1).all(|rest| !rest.is_empty())
}

/// How often capitals, small letters and digits change into another.
fn kinds_change(value: &str) -> usize {
    let kind = |byte: &u8| match byte {
        b'A'..=b'Z' => 1,
        b'a'..=b'z' => 2,
        b'0'..=b'9' => 3,
        _ => 4,
    };
    let kinds: Vec<u8> = value.as_bytes().iter().map(kind).collect();
    kinds.windows(2).filter(|pair| pair.first() != pair.last()).count()
}

/// Whether a value that could be an ordinary word is none, as passwords are none: letters with digits among them, or
/// with signs, or with capitals within.
pub(super) fn looks_chosen(value: &str) -> bool {
    if value.len() < 6 || is_path(value) || value.contains("://") || is_date_or_number(value) {
        return false;
    }
    let has_letter = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    let has_sign = value.contains(|c: char| "!@#$%^&*=~?".contains(c));
    let bytes = value.as_bytes();
    let rises = bytes.windows(2).any(|pair| matches!(pair, [b'a'..=b'z', b'A'..=b'Z']));
    has_letter && (has_digit || has_sign || rises)
}

/// `user:password`, several of them; not the numbers of a user and a group.
pub(super) fn is_login(value: &str) -> bool {
    value.split([',', ' ', '\n']).any(|login| {
        let Some((user, password)) = login.split_once([':', ';']) else { return false };
        let is_number = password.bytes().all(|byte| byte.is_ascii_digit()) && password.len() < 6;
        !user.is_empty()
            && !password.is_empty()
            && !is_number
            && !password.starts_with("//")
            && !is_reference(password)
            && !is_path(password)
    })
}

/// Whether a web address has something in its path that nobody would guess. A file's hash is no such thing.
fn opens(value: &str) -> bool {
    value.split([',', ' ', '\n', '"', '\'']).filter_map(|address| address.split_once("://")).any(
        |(_, rest)| {
            let path = rest.split_once('/').map_or("", |(_, path)| path);
            let is_hash = |part: &str| {
                matches!(part.len(), 40 | 64) && part.bytes().all(|byte| byte.is_ascii_hexdigit())
            };
            path.split(['/', '?', '&', '=', '#'])
                .any(|part| is_uuid(part) || (part.len() > LONG && looks_random(part) && !is_hash(part)))
        },
    )
}

fn is_uuid(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_date_or_number(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit() || b".-_/".contains(&byte))
}

/// The hash of a password: `user:$2y$…`, `{SHA}…`, `$argon2id$…`.
fn is_hash(value: &str) -> bool {
    let value = value.replace("$$", "$");
    [
        "$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$apr1$", "$argon2", "$pbkdf2", "$scrypt$",
        "{SHA}", "{SSHA}",
    ]
    .iter()
    .any(|start| value.contains(start))
}

/// `user:password@tcp(db:3306)/name`, as Go's drivers have it.
fn is_dsn(value: &str) -> bool {
    let Some((before, behind)) = value.rsplit_once('@') else { return false };
    let Some((user, password)) = before.split_once(':') else { return false };
    let is_address = ["tcp(", "tcp4(", "tcp6(", "unix(", "("].iter().any(|start| behind.starts_with(start));
    is_address && !user.contains(char::is_whitespace) && !password.is_empty() && !is_reference(password)
}

/// Whether an address opens what it leads to: there is something random in its path, or it is one of a notifier's own
/// kind (`discord://token@id`).
pub(super) fn is_telling_address(value: &str) -> bool {
    value.split([',', ' ']).any(|address| {
        let Some((scheme, rest)) = address.split_once("://") else { return looks_random(address) };
        if !matches!(scheme, "http" | "https") {
            return rest.len() > 6;
        }
        let path = rest.split_once('/').map_or("", |(_, path)| path);
        path.split(['/', '?', '&', '='])
            .any(|part| is_uuid(part) || (part.len() >= 10 && part.bytes().any(|byte| byte.is_ascii_digit())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(value: &str) -> bool {
        is_secret(&["SOME".to_owned(), "THING".to_owned()], value)
    }

    #[test]
    fn values_that_look_like_secrets_are_secrets_under_any_name() {
        for value in [
            "postgres://paperless:not-a-real-password-1@db:5432/paperless",
            "redis://:notreal99@broker:6379",
            "user:not-real-1@tcp(db:3306)/app",
            "admin:$apr1$abcdefgh$0123456789abcdefghijkl",
            "admin:$$2y$$05$$abcdefghijklmnopqrstuvwxyz",
            "9f86d081884c7d659a2feaa0c55ad015",
            "dGhpcyBpcyBub3QgYSByZWFsIHNlY3JldCAx",
            "Xk29sLq0Zr84vTbn1Pw7Yc3M",
            "XkdqsLqGZrhfvTbnwPwvYcgMqLrt",
            "Server=db;User Id=app;Password=not-real-1",
            "external_url 'https://git.example.org'\ngitlab_rails['smtp_password'] = 'hun ter'",
        ] {
            assert!(plain(value), "{value}");
        }
    }

    #[test]
    fn what_people_write_into_settings_is_no_secret() {
        for value in [
            "America/Argentina/Buenos_Aires",
            "http://broker:6379",
            "redis://broker:6379",
            "linuxserver/mods:universal-docker",
            "550e8400-e29b-41d4-a716-446655440000",
            "192.168.1.0/24,10.0.0.0/8,172.16.0.0/12",
            "en_US.UTF-8",
            "/usr/local/share/some/very/long/path/2024",
            "python3-something-very-long-indeed",
            "2024-01-01T00:00:00",
            "my-cool-hostname-01.internal.example.org",
            "ROCKET_PORT_8080_AND_MORE",
            "${SOMETHING}",
            "0 */6 * * *",
            "lscr.io/linuxserver/sonarr:4.0.11",
            "1234567890123456789012345",
            "user@example.org",
            "sqlite:////data/db.sqlite3",
            "theme-park-v2-organizr-dark-blue-3",
            "AllowOnlyForPrivateNetworks",
            "UseSpecifiedNetworkAddresses",
        ] {
            assert!(!plain(value), "{value}");
        }
    }

    #[test]
    fn a_digest_is_no_secret() {
        assert!(!is_secret(
            &["DOWNLOAD".to_owned(), "SHA256".to_owned()],
            "9f86d081884c7d659a2feaa0c55ad015"
        ));
    }

    #[test]
    fn shapes_are_found_where_they_stand() {
        let text = "a postgres://u:not-real-1@db/x and redis://:other-fake@r b";
        let found: Vec<&str> = shapes(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["not-real-1", "other-fake"]);
    }
}
