//! Globs over arguments: `*` and `?` stay within a path segment, `**` crosses segments, `\` makes the next character
//! literal, all else is literal.

/// A compiled glob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Literal(char),
    One,
    Within,
    Across,
}

impl Glob {
    pub(super) fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match (c, parts.last()) {
                ('\\', _) => parts.push(Part::Literal(chars.next().unwrap_or('\\'))),
                ('*', Some(Part::Within)) => {
                    parts.pop();
                    parts.push(Part::Across);
                }
                ('*', Some(Part::Across)) => {}
                ('*', _) => parts.push(Part::Within),
                ('?', _) => parts.push(Part::One),
                (c, _) => parts.push(Part::Literal(c)),
            }
        }
        Self(parts)
    }

    /// Whether it speaks of absolute paths.
    pub(super) fn is_absolute(&self) -> bool {
        self.0.first() == Some(&Part::Literal('/'))
    }

    /// Whether the whole of `text` fits. Time is the product of both lengths, whatever the pattern.
    pub(super) fn matches(&self, text: &str) -> bool {
        // reached[i]: the parts so far can end before the i-th character.
        let chars: Vec<char> = text.chars().collect();
        let mut reached = vec![false; chars.len() + 1];
        reached[0] = true;
        for part in &self.0 {
            let mut next = vec![false; chars.len() + 1];
            for i in 0..=chars.len() {
                let steps = |c: char| match part {
                    Part::Literal(l) => *l == c,
                    Part::One | Part::Within => c != '/',
                    Part::Across => true,
                };
                let stays = matches!(part, Part::Within | Part::Across);
                let stepped = i > 0 && steps(chars[i - 1]);
                next[i] = (stays && reached[i]) || (stepped && (reached[i - 1] || (stays && next[i - 1])));
            }
            reached = next;
        }
        reached[chars.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_in_its_segment_and_two_cross() {
        for (glob, good, bad) in [
            ("/mnt/*", &["/mnt/a", "/mnt/"][..], &["/mnt/a/b", "/mnt", "/xmnt/a"][..]),
            ("/mnt/**", &["/mnt/a", "/mnt/a/b"], &["/mn/a"]),
            ("*.service", &["a.service", ".service"], &["a.service.d", "x/a.service"]),
            ("a?c", &["abc"], &["ac", "a/c", "abbc"]),
            ("**", &["", "/", "a/b"], &[]),
            ("*\\**", &["a*b", "*"], &["ab"]),
            ("", &[""], &["a"]),
        ] {
            for text in good {
                assert!(Glob::new(glob).matches(text), "{glob} should match {text}");
            }
            for text in bad {
                assert!(!Glob::new(glob).matches(text), "{glob} should not match {text}");
            }
        }
    }
}
