//! What a shell's patterns of files (`*`, `?`, `[…]`, `**`) may mean. Too wide rather than too narrow: a bracket is any
//! character, and an extended pattern (`@(a|b)`) is anything.

/// Characters that make a name a pattern.
const WILD: [char; 4] = ['*', '?', '[', '('];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Literal(char),
    One,
    Many,
}

/// Whether a text is a pattern at all.
pub(super) fn is_wild(text: &str) -> bool {
    text.contains(WILD)
}

/// How many of a pattern's characters are fixed.
pub(super) fn fixed(pattern: &str) -> usize {
    parts(pattern).iter().filter(|part| matches!(part, Part::Literal(_))).count()
}

/// Whether there is a name that fits both of two patterns. Either may be a plain name.
pub(super) fn meet(a: &str, b: &str) -> bool {
    let (a, b) = (parts(a), parts(b));
    // reached[j]: the first i parts of `a` and the first j of `b` fit one beginning.
    let mut reached = first_row(&b);
    for part in &a {
        let mut next = vec![reached[0] && *part == Part::Many; b.len() + 1];
        for (j, other) in b.iter().enumerate() {
            let fits = match (part, other) {
                (Part::Literal(x), Part::Literal(y)) => x == y,
                _ => true,
            };
            next[j + 1] = (fits && reached[j])
                || (*part == Part::Many && reached[j + 1])
                || (*part == Part::Many && next[j])
                || (*other == Part::Many && (next[j] || reached[j + 1]));
        }
        reached = next;
    }
    reached[b.len()]
}

/// As [`meet`], for whole paths: wildcards stay within a segment, and a segment `**` is any number of them.
pub(super) fn paths_meet(a: &str, b: &str) -> bool {
    let split = |path: &str| -> Vec<String> {
        path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
    };
    segments_meet(&split(a), &split(b))
}

fn segments_meet(a: &[String], b: &[String]) -> bool {
    let any = |segment: &String| segment == "**";
    let mut reached = vec![true];
    for segment in b {
        reached.push(reached.last() == Some(&true) && any(segment));
    }
    for x in a {
        let mut next = vec![reached[0] && any(x); b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            next[j + 1] = if any(x) || any(y) {
                reached[j + 1] || next[j] || reached[j]
            } else {
                reached[j] && meet(x, y)
            };
        }
        reached = next;
    }
    reached[b.len()]
}

fn first_row(b: &[Part]) -> Vec<bool> {
    let mut row = vec![true];
    for part in b {
        row.push(row.last() == Some(&true) && *part == Part::Many);
    }
    row
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut chars = pattern.chars();
    let mut last = None;
    while let Some(c) = chars.next() {
        let sign = last.replace(c);
        match c {
            '*' => parts.push(Part::Many),
            '?' => parts.push(Part::One),
            '\\' => parts.extend(chars.next().map(Part::Literal)),
            '[' if chars.as_str().contains(']') => {
                // A bracket that follows at once belongs to the set.
                let _first = chars.next();
                if chars.as_str().contains(']') {
                    let _rest = chars.by_ref().find(|c| *c == ']');
                }
                parts.push(Part::One);
            }
            '(' if sign.is_some_and(|sign| "?*+@!".contains(sign)) => {
                let _alternatives = chars.by_ref().find(|c| *c == ')');
                // The sign before it belongs to it: `+(a|b)`.
                parts.pop();
                parts.push(Part::Many);
            }
            c => parts.push(Part::Literal(c)),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_patterns_meet_where_some_name_fits_both() {
        for (a, b) in [
            ("shadow", "shadow"),
            ("s*", "shadow"),
            ("s?adow", "shadow"),
            ("[rs]hadow", "shadow"),
            ("*", "anything"),
            ("a*c", "*b*"),
            ("*.key", "server*"),
            ("@(shadow|x)", "shadow"),
            ("", "*"),
            ("$(x)", "$(x)"),
            ("[]a]x", "]x"),
        ] {
            assert!(meet(a, b) && meet(b, a), "{a} and {b}");
        }
        for (a, b) in [
            ("shadow", "shadows"),
            ("s?", "shadow"),
            ("*.log", "*.key"),
            ("a*", "b*"),
            ("", "?"),
            ("$(x)", "mkfs"),
        ] {
            assert!(!meet(a, b) && !meet(b, a), "{a} and {b}");
        }
    }

    #[test]
    fn paths_meet_segment_by_segment() {
        for (a, b) in [
            ("/var/lib/stew*", "/var/lib/steward"),
            ("/var/lib/*/steward.db", "/var/lib/steward/**"),
            ("/var/lib/steward", "/var/lib/steward/**"),
            ("/**/x", "/a/b/x"),
        ] {
            assert!(paths_meet(a, b) && paths_meet(b, a), "{a} and {b}");
        }
        for (a, b) in [("/var/*", "/var/lib/steward"), ("/etc/*release", "/etc/shadow"), ("/a/**", "/b/*")] {
            assert!(!paths_meet(a, b) && !paths_meet(b, a), "{a} and {b}");
        }
    }
}
