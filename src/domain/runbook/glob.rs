//! Patterns people write: `*.service` for a text, `k8s/*/jellyfin` or `nas/**` for a path.

use std::fmt;

/// A pattern for a whole text: `*` stands for any run of characters, also none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

/// A pattern for a whole path: `*` stays within one segment, a segment `**` is any number of segments, also none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathGlob(String);

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GlobError(String);

impl Glob {
    /// The longest pattern, in bytes.
    pub const MAX_LEN: usize = 500;

    /// Parses a pattern.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        if text.is_empty() {
            return Err(GlobError("a pattern is empty; write `*` to match anything".into()));
        }
        if text.len() > Self::MAX_LEN {
            return Err(GlobError(format!("a pattern is longer than {} bytes", Self::MAX_LEN)));
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        wildcard(self.0.as_bytes(), text.as_bytes(), |&byte| byte == b'*', |a, b| a == b)
    }
}

impl PathGlob {
    /// Parses a pattern.
    ///
    /// # Errors
    /// It is empty or too long, has an empty segment, has `**` beside other characters, or uses the wildcards of
    /// other tools (`?`, `[a]`, `{a,b}`).
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        if text.is_empty() || text.len() > Glob::MAX_LEN {
            return Err(GlobError(format!("a path pattern has 1 to {} bytes", Glob::MAX_LEN)));
        }
        if let Some(odd) = text.chars().find(|c| "?[]{}".contains(*c)) {
            return Err(GlobError(format!(
                "`{odd}` is no wildcard; `*` stands for anything within a segment, `**` for any number of segments"
            )));
        }
        for segment in text.split('/') {
            if segment.is_empty() {
                return Err(GlobError(format!("{text:?} has an empty segment")));
            }
            if segment.contains("**") && segment != "**" {
                return Err(GlobError(format!(
                    "{segment:?} mixes `**` with other text; `**` is a segment of its own"
                )));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether the whole path matches.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let pattern: Vec<&str> = self.0.split('/').collect();
        let path: Vec<&str> = path.split('/').collect();
        let segment = |glob: &&str, name: &&str| {
            wildcard(glob.as_bytes(), name.as_bytes(), |&byte| byte == b'*', |a, b| a == b)
        };
        wildcard(&pattern, &path, |segment| *segment == "**", segment)
    }

    /// Whether it has no wildcard, and so means one path.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// How many of its characters are no wildcard.
    #[must_use]
    pub fn literal_len(&self) -> usize {
        self.0.chars().filter(|c| *c != '*').count()
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Matches a row of items against a pattern in which some items stand for any run. Remembers only the last such
/// item, so a hostile pattern costs at most `pattern × items`.
fn wildcard<P, T>(
    pattern: &[P],
    items: &[T],
    is_any: impl Fn(&P) -> bool,
    same: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut p, mut i) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(item) = items.get(i) {
        match pattern.get(p) {
            Some(part) if is_any(part) => {
                retry = Some((p, i));
                p += 1;
            }
            Some(part) if same(part, item) => {
                p += 1;
                i += 1;
            }
            _ => match retry {
                Some((any, from)) => {
                    retry = Some((any, from + 1));
                    p = any + 1;
                    i = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(is_any))
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PathGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Glob {
    type Err = GlobError;
    fn from_str(text: &str) -> Result<Self, GlobError> {
        Self::parse(text)
    }
}

impl std::str::FromStr for PathGlob {
    type Err = GlobError;
    fn from_str(text: &str) -> Result<Self, GlobError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_and_the_whole_text_must_match() {
        let matches = |glob: &str, text: &str| Glob::parse(glob).unwrap().matches(text);
        assert!(matches("*.service", "jellyfin.service") && matches("*.service", ".service"));
        assert!(matches("*", "") && matches("a*b*c", "aXbYbc") && matches("süß*", "süßes"));
        assert!(!matches("*.service", "jellyfin.service.d") && !matches("jelly", "jellyfin"));
        assert!(!matches("a?c", "abc"));
    }

    #[test]
    fn a_star_stays_within_a_segment_and_two_stars_span_them() {
        let matches = |glob: &str, path: &str| PathGlob::parse(glob).unwrap().matches(path);
        assert!(matches("*/unit/*", "pve4/unit/ssh.service"));
        assert!(!matches("*/unit/*", "unit/ssh.service") && !matches("*/unit/*", "a/b/unit/c"));
        assert!(matches("nas/**", "nas") && matches("nas/**", "nas/media/films"));
        assert!(matches("**/jellyfin", "jellyfin") && matches("k8s/**/jelly*", "k8s/a/b/jellyfin"));
        assert!(!matches("nas/**", "nas2/media"));
    }

    #[test]
    fn what_people_may_take_for_a_wildcard_is_refused_with_the_two_there_are() {
        for bad in ["", "a//b", "/a", "a/**b", "nas/?", "k8s/[ab]", "{a,b}"] {
            assert!(PathGlob::parse(bad).is_err(), "{bad:?} passed");
        }
        assert!(
            PathGlob::parse("nas/?").unwrap_err().to_string().contains("`**` for any number of segments")
        );
    }

    #[test]
    fn a_hostile_pattern_is_answered_at_once() {
        assert!(!Glob::parse(&format!("{}b", "a*".repeat(200))).unwrap().matches(&"a".repeat(20_000)));
    }
}
