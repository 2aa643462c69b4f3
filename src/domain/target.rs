//! Names that travel through the whole house: what is broken ([`Target`]) and how ([`Signature`]).

mod ending;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use ending::{Meant, by_ending, did_you_mean};

/// What is broken, as a path: `pve4/nic`, `k8s/media/jellyfin`, `nas`.
///
/// One to sixteen segments of `A-Z a-z 0-9 . _ : @ + -`, joined by `/`, at most 200 characters in all. A segment
/// never begins with `-`, so that a target can't be taken for a flag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target(String);

/// The stable name of *how* something is broken: `nic-hang`, `crashloop`, `disk-fill`.
///
/// Lower-case letters, digits, `-`, `_` and `.`; begins with a letter or a digit; at most 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signature(String);

/// Why a text is not a name. The text says what is allowed instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(String);

/// The path below which wishes are.
const WISHES: &str = "requests";

impl Target {
    /// What stands for somebody's wish, which is about nothing that is broken.
    #[must_use]
    pub fn of_wish(case: u64) -> Option<Self> {
        Self::parse(&format!("{WISHES}/{case}")).ok()
    }

    /// Whether it stands for a wish.
    #[must_use]
    pub fn is_wish(&self) -> bool {
        self.as_str().strip_prefix(WISHES).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The longest target, in characters.
    pub const MAX_LEN: usize = 200;
    /// The deepest target, in segments.
    pub const MAX_SEGMENTS: usize = 16;

    /// Parses a target path.
    ///
    /// # Errors
    /// Says what about `text` is not a target.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError("a target is empty".into()));
        }
        if text.len() > Self::MAX_LEN {
            return Err(NameError(format!(
                "a target is {} characters long; {} at most",
                text.len(),
                Self::MAX_LEN
            )));
        }
        let segments = text.split('/').count();
        if segments > Self::MAX_SEGMENTS {
            return Err(NameError(format!(
                "a target has {segments} segments; {} at most",
                Self::MAX_SEGMENTS
            )));
        }
        for segment in text.split('/') {
            let good = |c: char| c.is_ascii_alphanumeric() || "._:@+-".contains(c);
            if segment.is_empty()
                || segment == "."
                || segment == ".."
                || segment.starts_with('-')
                || !segment.chars().all(good)
            {
                return Err(NameError(format!(
                    "{text:?} is not a target: write a path such as `nas/media`, of letters, digits and . _ : @ + - (no empty segment, none that begins with -)"
                )));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment: `jellyfin` of `k8s/media/jellyfin`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The path above, if there is one: `k8s/media` of `k8s/media/jellyfin`.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The first segment of the target of an alert that says nothing of what is broken.
    pub const UNKNOWN: &'static str = "unknown";

    /// Whether it only says that nobody said what is broken: `unknown/15ecb9b662e353b0`. Such a target is never repaired
    /// automatically.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.0.split('/').next() == Some(Self::UNKNOWN)
    }

    /// Whether `self` is `prefix` or lies below it, by whole segments: `nas/media` is within `nas`, `nas2` is not.
    #[must_use]
    pub fn is_within(&self, prefix: &Self) -> bool {
        self.0.strip_prefix(&prefix.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl Signature {
    /// The longest signature, in characters.
    pub const MAX_LEN: usize = 64;

    /// Parses a signature.
    ///
    /// # Errors
    /// Says what about `text` is not a signature.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        let head = text.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !head || text.len() > Self::MAX_LEN || !text.chars().all(good) {
            return Err(NameError(format!(
                "{text:?} is not a signature: write a short stable name such as `disk-fill`, of a-z, 0-9 and - _ . ({} characters at most)",
                Self::MAX_LEN
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Target {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl TryFrom<String> for Signature {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.0
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> Self {
        signature.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_path_of_whole_segments() {
        let nas = Target::parse("nas").unwrap();
        let media = Target::parse("nas/media").unwrap();
        assert!(media.is_within(&nas) && nas.is_within(&nas));
        assert!(!Target::parse("nas2").unwrap().is_within(&nas));
        assert_eq!(media.name(), "media");
        assert_eq!(media.parent(), Some(nas));
    }

    #[test]
    fn what_nobody_named_is_unknown_and_a_similar_name_is_not() {
        let is_unknown = |text: &str| Target::parse(text).unwrap().is_unknown();
        assert!(is_unknown("unknown/15ecb9b662e353b0") && is_unknown("unknown"));
        assert!(!is_unknown("unknown-host") && !is_unknown("nas/unknown"));
    }

    #[test]
    fn what_could_be_a_flag_a_climb_or_a_word_break_is_no_target() {
        for bad in ["", "/", "a//b", "a/", "-rf", "nas/-x", "a/../b", "a b", "a\nb", "nаs"] {
            assert!(Target::parse(bad).is_err(), "{bad:?} passed");
        }
    }

    #[test]
    fn a_signature_is_a_lower_case_slug() {
        for good in ["disk-fill", "e1000e.hang", "9p"] {
            assert!(Signature::parse(good).is_ok(), "{good:?} refused");
        }
        for bad in ["", "Disk", "disk fill", "-x", "a/b"] {
            assert!(Signature::parse(bad).is_err(), "{bad:?} passed");
        }
    }
}
