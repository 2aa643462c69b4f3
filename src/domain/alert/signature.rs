//! The default signature: an alert's name in kebab-case.

use super::fingerprint::short_hash;
use crate::domain::target::Signature;

/// The name in kebab-case: `KubePodCrashLooping` → `kube-pod-crash-looping`, `Disk full!` → `disk-full`,
/// `HTTP2Down` → `http2-down`. Punctuation and white space only separate words. A letter or digit that is not ASCII
/// can't be in a signature; a name that has one, and one that is too long, ends with eight hexadecimal digits of its
/// hash, so that two different names don't become one. `None` for a name without any letter or digit.
#[must_use]
pub fn kebab(name: &str) -> Option<Signature> {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 8);
    let mut lost = false;
    let mut pending = false;
    for (index, c) in chars.iter().copied().enumerate() {
        if !c.is_ascii_alphanumeric() {
            lost |= c.is_alphanumeric();
            pending = true;
            continue;
        }
        let previous = index.checked_sub(1).and_then(|before| chars.get(before)).copied();
        let next = chars.get(index + 1).copied();
        if (pending || begins_word(previous, c, next)) && !out.is_empty() {
            out.push('-');
        }
        pending = false;
        out.push(c.to_ascii_lowercase());
    }
    if out.is_empty() && !lost {
        return None;
    }
    if lost || out.len() > Signature::MAX_LEN {
        let hash = short_hash(name);
        let room = Signature::MAX_LEN - hash.len() - 1;
        out.truncate(room);
        let kept = out.trim_end_matches('-');
        out = format!("{}-{hash}", if kept.is_empty() { "alert" } else { kept });
    }
    Signature::parse(&out).ok()
}

/// Whether a word begins at `c`: after a lower-case letter or a digit, or as the last capital of a row of them that a
/// lower-case letter follows (`HTTPServer`).
fn begins_word(previous: Option<char>, c: char, next: Option<char>) -> bool {
    let Some(previous) = previous.filter(|previous| previous.is_ascii_alphanumeric()) else { return false };
    if !c.is_ascii_uppercase() {
        return false;
    }
    !previous.is_ascii_uppercase() || next.is_some_and(|next| next.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_in_any_case_becomes_words_with_dashes() {
        for (name, signature) in [
            ("KubePodCrashLooping", "kube-pod-crash-looping"),
            ("Disk full!", "disk-full"),
            ("HTTP2Down", "http2-down"),
            ("HTTPServerDown", "http-server-down"),
            ("NodeCPU", "node-cpu"),
            ("node_filesystem_full", "node-filesystem-full"),
            ("K8sNodeDown", "k8s-node-down"),
            ("disk-fill", "disk-fill"),
            ("  CPU > 90%  ", "cpu-90"),
            ("TLS1.3 expired", "tls1-3-expired"),
        ] {
            assert_eq!(kebab(name).unwrap().as_str(), signature, "{name}");
        }
        assert_eq!(kebab("🔥 !"), None);
        assert_eq!(kebab(""), None);
    }

    #[test]
    fn names_that_lose_letters_or_are_too_long_stay_different() {
        let (disk, volume) = (kebab("Диск A").unwrap(), kebab("Том A").unwrap());
        assert_ne!(disk, volume);
        assert!(disk.as_str().starts_with("a-"), "{disk}");
        assert!(kebab("Диск заполнен").unwrap().as_str().starts_with("alert-"));
        let long = |end: &str| kebab(&format!("{}{end}", "Long".repeat(30))).unwrap();
        assert_ne!(long("A"), long("B"));
    }

    proptest! {
        #[test]
        fn any_name_with_a_letter_has_a_signature(name in "\\PC{0,200}") {
            prop_assert_eq!(kebab(&name).is_some(), name.chars().any(char::is_alphanumeric));
        }
    }
}
