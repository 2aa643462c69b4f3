//! Did you mean: the nearest of the words that would have been right.

/// Longer words than this are no typing slips; the comparison costs the product of both lengths.
const MAX_WORD: usize = 64;

/// The candidate that `word` was probably meant to be: the only one that it begins, or the one within a slip or
/// two (a third of its letters). Letter case doesn't count; of equals the first wins; a word that is right
/// already is its own suggestion.
#[must_use]
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    if !(2..=MAX_WORD).contains(&length) {
        return None;
    }
    let slips = (length / 3).max(1);
    let mut nearest: Option<(usize, &str)> = None;
    let mut begun: Vec<&str> = Vec::new();
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        if length >= 3 && lower.starts_with(&word) {
            begun.push(candidate);
        }
        if candidate.chars().count() > MAX_WORD {
            continue;
        }
        // With so few letters to begin with, swapping all but one of them makes another word, not a slip.
        let distance = strsim::damerau_levenshtein(&word, &lower);
        if distance <= slips
            && distance < lower.chars().count().saturating_sub(1)
            && nearest.is_none_or(|(best, _)| distance < best)
        {
            nearest = Some((distance, candidate));
        }
    }
    match (nearest, begun.as_slice()) {
        (Some((0, exact)), _) => Some(exact),
        (_, [only]) => Some(only),
        (Some((_, near)), _) => Some(near),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SKILLS: [&str; 4] = ["disk-space", "inodes", "time-sync", "tls-expiry"];

    #[test]
    fn a_slip_of_the_keys_finds_the_word_that_was_meant() {
        for (typed, meant) in [
            ("disk-sapce", "disk-space"),
            ("diskspace", "disk-space"),
            ("Inode", "inodes"),
            ("time-snc", "time-sync"),
            ("tls", "tls-expiry"),
        ] {
            assert_eq!(suggest(typed, SKILLS), Some(meant), "{typed}");
        }
    }

    #[test]
    fn a_different_word_is_not_talked_into_being_one() {
        for typed in ["", "x", "hello", "jellyfin", "time", &"i".repeat(10_000)] {
            let expected = (typed == "time").then_some("time-sync");
            assert_eq!(suggest(typed, SKILLS), expected, "{typed}");
        }
        assert_eq!(suggest("so", ["no"]), None);
    }
}
