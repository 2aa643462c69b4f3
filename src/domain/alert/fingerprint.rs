//! What tells one alert of a source from its others.

use sha2::{Digest, Sha256};

use super::NotUnderstood;

/// The longest fingerprint that is kept as it is, in characters.
const LONGEST: usize = 128;

/// Alertmanager's own fingerprint of a set of labels: FNV-1a over the names and values in the order of the names, each
/// followed by a byte that no text holds. 16 hexadecimal digits. Labels without a value do not count.
pub fn of_labels<'a>(labels: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    const OFFSET: u64 = 14_695_981_039_346_656_037;
    const PRIME: u64 = 1_099_511_628_211;
    const SEPARATOR: u8 = 255;
    let mut sorted: Vec<(&str, &str)> = labels.filter(|(_, value)| !value.is_empty()).collect();
    sorted.sort_unstable();
    let mut hash = OFFSET;
    for (name, value) in sorted {
        for text in [name, value] {
            for byte in text.bytes().chain([SEPARATOR]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        }
    }
    format!("{hash:016x}")
}

/// A source's own fingerprint as it is kept: visible ASCII and not too long as it is, anything else by its hash.
pub(super) fn tame(written: &str) -> Result<String, NotUnderstood> {
    let written = written.trim();
    if written.is_empty() {
        return Err(NotUnderstood::new(
            "the fingerprint is empty; send one that is the same each time, or none",
        ));
    }
    let plain = written.len() <= LONGEST && written.bytes().all(|byte| byte.is_ascii_graphic());
    Ok(if plain { written.to_owned() } else { hash_of(&[written], 16) })
}

/// A stable hash of some texts, of `bytes` bytes in hexadecimal.
pub(super) fn hash_of(texts: &[&str], bytes: usize) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(text.as_bytes());
        hasher.update([255]);
    }
    hasher.finalize().iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// Eight hexadecimal digits that tell texts apart.
pub(super) fn short_hash(text: &str) -> String {
    hash_of(&[text], 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_of_labels_is_alertmanagers_own() {
        let labels = [("job", "x"), ("alertname", "Flap"), ("empty", "")];
        assert_eq!(of_labels(labels.into_iter()), "15ecb9b662e353b0");
    }

    #[test]
    fn a_fingerprint_is_kept_if_it_is_plain_and_hashed_if_not() {
        assert_eq!(tame(" 15ecb9b662e353b0 ").unwrap(), "15ecb9b662e353b0");
        for odd in ["a b", "ключ", "a\nb", &"x".repeat(129)] {
            let tamed = tame(odd).unwrap();
            assert_eq!((tamed.len(), tame(odd).unwrap()), (32, tamed.clone()), "{odd}");
        }
        assert!(tame("  ").is_err());
    }
}
