//! The digest of an action: equal exactly when the same thing would run.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::action::{Action, Command};

/// Names one exact action: host, working directory, arguments, input and environment. Lower-case hex.
///
/// Values of environment variables go in keyed, so that a digest that is shown or stored gives no secret away.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ActionDigest(String);

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a digest: 64 characters of 0-9 and a-f")]
pub struct DigestError(String);

impl ActionDigest {
    /// The digest as lower-case hex, 64 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn of(action: &Action, key: &[u8; 32]) -> Self {
        let Action::Command(Command { host, cwd, argv, stdin, env }) = action;
        let mut text = Encoder(Sha256::new_with_prefix(b"steward action 1\0command\0"));
        text.bytes(host.as_bytes());
        text.option(cwd.as_ref().map(|cwd| cwd.as_os_str().as_encoded_bytes()));
        text.count(argv.len());
        for word in argv {
            text.bytes(word.as_bytes());
        }
        text.option(stdin.as_ref().map(|stdin| stdin.as_bytes()));
        text.count(env.len());
        for (name, value) in env {
            text.bytes(name.as_bytes());
            text.bytes(&keyed(key, value.as_bytes()));
        }
        Self(hex(&text.0.finalize()))
    }
}

/// Writes fields so that no two different lists of them come out alike: lengths first.
struct Encoder(Sha256);

impl Encoder {
    fn count(&mut self, n: usize) {
        self.0.update((n as u64).to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    fn option(&mut self, bytes: Option<&[u8]>) {
        self.0.update([u8::from(bytes.is_some())]);
        self.bytes(bytes.unwrap_or_default());
    }
}

/// A hash of `value` that says nothing to those who don't have the key (nested, so that it can't be extended).
fn keyed(key: &[u8; 32], value: &[u8]) -> [u8; 32] {
    let inner = Sha256::new_with_prefix(key).chain_update(value).finalize();
    Sha256::new_with_prefix(key).chain_update(b"outer").chain_update(inner).finalize().into()
}

/// A key for this process alone, from the randomness that the standard library's maps are seeded with.
pub(super) fn process_key() -> [u8; 32] {
    let mut seed = Sha256::new_with_prefix(b"steward process key");
    for _ in 0..4 {
        seed.update(RandomState::new().build_hasher().finish().to_be_bytes());
    }
    seed.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Display for ActionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ActionDigest {
    type Error = DigestError;
    fn try_from(text: String) -> Result<Self, DigestError> {
        let good = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if text.len() == 64 && text.chars().all(good) { Ok(Self(text)) } else { Err(DigestError(text)) }
    }
}

impl From<ActionDigest> for String {
    fn from(digest: ActionDigest) -> Self {
        digest.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn command(
        host: &str,
        cwd: Option<&str>,
        argv: &[&str],
        stdin: Option<&str>,
        env: &[(&str, &str)],
    ) -> String {
        let own = |text: &str| text.to_owned();
        let action = Action::Command(Command {
            host: host.into(),
            cwd: cwd.map(Into::into),
            argv: argv.iter().map(|word| own(word)).collect(),
            stdin: stdin.map(own),
            env: env.iter().map(|(name, value)| (own(name), own(value))).collect::<BTreeMap<_, _>>(),
        });
        ActionDigest::of(&action, &[7; 32]).to_string()
    }

    #[test]
    fn actions_that_differ_anywhere_or_only_in_where_a_word_ends_have_different_digests() {
        let digests = [
            command("local", None, &["a", "bc"], None, &[]),
            command("pve4", None, &["a", "bc"], None, &[]),
            command("local", Some(""), &["a", "bc"], None, &[]),
            command("local", Some("/"), &["a", "bc"], None, &[]),
            command("local", None, &["ab", "c"], None, &[]),
            command("local", None, &["a", "b", "c"], None, &[]),
            command("local", None, &["a", "bc", ""], None, &[]),
            command("local", None, &["a", "bc"], Some(""), &[]),
            command("local", None, &["a", "bc"], Some("x"), &[]),
            command("local", None, &["a", "bc"], None, &[("A", "1")]),
            command("local", None, &["a", "bc"], None, &[("A", "2")]),
            command("local", None, &["a", "bc"], None, &[("A", "1"), ("B", "")]),
        ];
        let distinct: std::collections::BTreeSet<_> = digests.iter().collect();
        assert_eq!(distinct.len(), digests.len());
        assert_eq!(digests[0], command("local", None, &["a", "bc"], None, &[]));
    }

    #[test]
    fn the_value_of_a_variable_can_not_be_guessed_without_the_key() {
        let mut action = Action::local(vec!["a".into()]);
        let plain = (ActionDigest::of(&action, &[1; 32]), ActionDigest::of(&action, &[2; 32]));
        assert_eq!(plain.0, plain.1, "without variables the key plays no part");
        let Action::Command(command) = &mut action;
        command.env.insert("TOKEN".into(), "1234".into());
        assert_ne!(ActionDigest::of(&action, &[1; 32]), ActionDigest::of(&action, &[2; 32]));
        assert_ne!(process_key(), process_key());
    }

    #[test]
    fn a_digest_is_read_back_and_nothing_else_is() {
        let digest = ActionDigest::of(&Action::local(vec!["a".into()]), &[0; 32]);
        assert_eq!(ActionDigest::try_from(digest.to_string()), Ok(digest));
        assert!(ActionDigest::try_from("A".repeat(64)).is_err());
        assert!(ActionDigest::try_from("a".repeat(63)).is_err());
    }
}
