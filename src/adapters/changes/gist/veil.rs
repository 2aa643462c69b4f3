//! Which values are not shown.

/// Parts of a key that speak of secrets wherever they stand. In lower case, without `-` and `_`.
const TELLING: [&str; 16] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "secret",
    "token",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "authkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "licensekey",
    "cookie",
];
/// Words of a key that speak of secrets.
const WORDS: [&str; 11] =
    ["pass", "pw", "pwd", "psk", "pin", "cred", "creds", "key", "auth", "salt", "htpasswd"];
/// Longer than this, a text without any order in it is taken for a secret, whatever its key is called.
const RANDOM: usize = 20;

/// Whether a key speaks of a secret, in any of its segments.
pub(super) fn hides_key(key: &str) -> bool {
    let lower = key.to_lowercase();
    let joined: String = lower.chars().filter(|c| !matches!(c, '-' | '_')).collect();
    TELLING.iter().any(|part| joined.contains(part))
        || words(key).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// The words of a key: `dbPass`, `db_pass` and `db.pass` are two.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for c in key.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower_before) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase();
    }
    words
}

/// Whether a value looks like a secret: encrypted (sops, age, sealed), a user and password in an address, or long and
/// without order.
pub(super) fn hides_value(value: &str) -> bool {
    if value.starts_with("ENC[") || value.contains("-----BEGIN ") || value.contains("AGE-SECRET-KEY") {
        return true;
    }
    if let Some((_, rest)) = value.split_once("://") {
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
            return true;
        }
    }
    value.split([' ', '"', '\'', ',', '=', ':', '/', '.']).any(is_random)
}

fn is_random(word: &str) -> bool {
    let has = |what: fn(&char) -> bool| word.chars().any(|c| what(&c));
    let hex = word.bytes().all(|b| b.is_ascii_hexdigit());
    word.len() >= RANDOM
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        && !word.contains('-')
        // A hash in hex is what versions are pinned by.
        && !(hex && [40, 64].contains(&word.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_speak_of_secrets_are_known_in_every_spelling() {
        for key in [
            "db.password",
            "DB_PASSWORD",
            "dbPass",
            "db_pass",
            "auth.apiKey",
            "api-key",
            "env[SMTP_PW].value",
            "stringData.x.secret",
            "wifi.psk",
            "oauth.clientSecret",
            "tls.key",
            "adminPasswd",
            "sessionCookie",
        ] {
            assert!(hides_key(key), "{key}");
        }
        for key in
            ["image.tag", "replicas", "compass.north", "keyboard.layout", "monkey", "author", "spinner"]
        {
            assert!(!hides_key(key), "{key}");
        }
    }

    #[test]
    fn values_that_look_like_secrets_are_known_without_their_key() {
        for value in [
            "ENC[AES256_GCM,data:x]",
            "postgres://app:hunter2@db/app",
            "ghp9aK3xTq81LmN0pZz7RrW",
            "dGhpcyBpcyBhIHNlY3JldA12345",
        ] {
            assert!(hides_value(value), "{value}");
        }
        for value in [
            "1.27.3",
            "nginx:1.27-alpine",
            "https://github.com/alex/lab",
            "/var/lib/postgresql/data",
            "true",
            "3f1c0ffee0123456789abcdef0123456789abcde",
            "http://user@host/path",
            "512Mi",
            "a long but ordinary text",
        ] {
            assert!(!hides_value(value), "{value}");
        }
    }
}
