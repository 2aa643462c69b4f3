//! Text of others as a segment of a target.

use super::fingerprint::short_hash;

/// The longest segment that is made, in characters.
const LONGEST: usize = 80;

/// A text as one segment of a target. What is allowed there stays as it is; white space becomes `-`, at its ends
/// nothing; anything else becomes `-` too, and then the segment ends with eight hexadecimal digits of the text's hash, so
/// that two different texts don't become one target. `None` for a blank text.
#[must_use]
pub fn segment(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    for c in text.chars() {
        let dash = match c {
            c if c.is_ascii_alphanumeric() || "._:@+-".contains(c) => {
                out.push(c);
                continue;
            }
            ' ' | '\t' => out.is_empty(),
            _ => {
                changed = true;
                out.ends_with('-')
            }
        };
        if !dash && !out.ends_with('-') {
            out.push('-');
        }
    }
    // What a program could take for a flag, or for the folder above.
    changed |= out.starts_with('-') || out.trim_matches('.').is_empty();
    if !changed && out.len() <= LONGEST {
        return Some(out);
    }
    let hash = short_hash(text);
    out.truncate(LONGEST - hash.len() - 1);
    let kept = out.trim_matches(|c| "-.".contains(c));
    Some(if kept.is_empty() { hash } else { format!("{kept}-{hash}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::target::Target;
    use proptest::prelude::*;

    #[test]
    fn what_a_target_may_hold_stays_and_the_rest_is_told_apart_by_a_hash() {
        for plain in ["nas", "nas.lan", "fe80::1", "user@10.service", "Jellyfin_2"] {
            assert_eq!(segment(plain).unwrap(), plain);
        }
        assert_eq!(segment(" Living room  lamp ").unwrap(), "Living-room-lamp");
        let quoted = segment("nas \"quoted\" \\ back\nslash").unwrap();
        assert!(quoted.starts_with("nas-quoted-back-slash-") && quoted.len() == 30, "{quoted}");
        assert_ne!(segment("/dev/sda"), segment("dev-sda"));
        assert_ne!(segment("диск"), segment("том"));
        assert_ne!(segment("-rf"), segment("rf"));
        assert_eq!(segment(" \n"), None);
    }

    proptest! {
        #[test]
        fn any_text_that_is_not_blank_is_a_segment(text in any::<String>()) {
            let made = segment(&text);
            prop_assert_eq!(made.is_some(), !text.trim().is_empty());
            if let Some(made) = made {
                prop_assert!(Target::parse(&made).is_ok() && !made.contains('/'), "{:?}", made);
            }
        }
    }
}
