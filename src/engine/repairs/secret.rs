//! Whether a value that was captured looks like a secret: such a value is not written down.

/// How well-known tokens and keys begin.
const BEGINNINGS: [&str; 14] = [
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk-",
    "AKIA",
    "ASIA",
    "AIza",
    "AGE-SECRET-KEY-",
    "hvs.",
    "tskey-",
];

/// A token is longer than its beginning: this much at least.
const LEAST: usize = 16;

/// Whether the text holds a private key or a token of a well-known shape.
pub(super) fn holds_secret(text: &str) -> bool {
    let is_token = |word: &str| {
        let begins = BEGINNINGS.iter().any(|beginning| word.starts_with(beginning));
        let is_jwt = word.starts_with("eyJ") && word.matches('.').count() == 2;
        word.len() >= LEAST && (begins || is_jwt)
    };
    let in_a_word = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    text.contains("PRIVATE KEY-----") || text.split(|c: char| !in_a_word(c)).any(is_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tokens_are_seen_within_other_text_and_settings_are_not_taken_for_them() {
        for secret in [
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "token=ghp_0123456789abcdefghij",
            "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "{\"key\":\"AKIAIOSFODNN7EXAMPLE\"}",
        ] {
            assert!(holds_secret(secret), "{secret:?} passed");
        }
        for plain in ["10G", "on", "sk-1", "/dev/mapper/vg-root", "eyJ", "2026-11-21T08:00:00Z", ""] {
            assert!(!holds_secret(plain), "{plain:?} was refused");
        }
    }
}
