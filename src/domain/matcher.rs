//! Matchers, with the syntax and the meaning that Alertmanager gives them: `{alertname="X", instance=~"nas.*"}`.
//!
//! They match the labels of a signal. Besides its own, each has `target`, `signature`, `severity` and `source` (the
//! skill, or the alert's source) as people see them: these four go before labels of the same name. `alertname` is the
//! signature where there is no such label. A label that is not there equals the empty text.

mod parse;

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::signal::{Origin, Signal};

pub use parse::MatcherError;

/// Most matchers in one set.
pub const MAX_MATCHERS: usize = 32;
/// The largest compiled expression, in bytes. Larger ones are refused.
const REGEX_SIZE: usize = 1 << 20;

/// How a matcher compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`: the whole value fits the expression.
    Fits,
    /// `!~`
    FitsNot,
}

impl Comparison {
    fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Fits => "=~",
            Self::FitsNot => "!~",
        }
    }
}

/// One condition on one label.
#[derive(Debug, Clone)]
pub struct Matcher {
    name: String,
    comparison: Comparison,
    value: String,
    /// The expression of a matcher that has one, anchored at both ends.
    regex: Option<Regex>,
}

impl Matcher {
    /// A condition.
    ///
    /// # Errors
    /// The name is empty, or the value is no regular expression.
    pub fn new(name: &str, comparison: Comparison, value: &str) -> Result<Self, MatcherError> {
        if name.is_empty() {
            return Err(MatcherError::new("a matcher has no label's name", "write `name=\"value\"`"));
        }
        let regex = match comparison {
            Comparison::Equal | Comparison::NotEqual => None,
            Comparison::Fits | Comparison::FitsNot => Some(expression(value)?),
        };
        Ok(Self { name: name.to_owned(), comparison, value: value.to_owned(), regex })
    }

    /// The label it looks at.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a label of this value is meant; the empty text where there is none.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        let fits = match &self.regex {
            Some(regex) => regex.is_match(value),
            None => self.value == value,
        };
        fits == matches!(self.comparison, Comparison::Equal | Comparison::Fits)
    }
}

/// The expression, which the whole of a value has to fit.
fn expression(value: &str) -> Result<Regex, MatcherError> {
    // Alone first: `a)|(b` would close the parentheses that are put around it.
    let compile = |text: &str| RegexBuilder::new(text).size_limit(REGEX_SIZE).build();
    compile(value).and_then(|_| compile(&format!("^(?:{value})$"))).map_err(|error| {
        let reason = error.to_string();
        let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        MatcherError::new(
            format!("{value:?} is no regular expression ({last})"),
            "write RE2 syntax, as in `instance=~\"nas.*\"`",
        )
    })
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.comparison, &self.value) == (&other.name, other.comparison, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    /// As Alertmanager writes it: `name="value"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if parse::is_plain_name(&self.name) {
            f.write_str(&self.name)?;
        } else {
            parse::write_quoted(f, &self.name)?;
        }
        f.write_str(self.comparison.as_str())?;
        parse::write_quoted(f, &self.value)
    }
}

/// Conditions that all have to hold. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Matchers(Vec<Matcher>);

impl Matchers {
    /// Reads `a="b", c=~"d"`, with or without braces around it.
    ///
    /// # Errors
    /// What can't be read, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, MatcherError> {
        parse::matchers(text).and_then(Self::of)
    }

    /// All of these.
    ///
    /// # Errors
    /// There are none, or more than [`MAX_MATCHERS`].
    pub fn of(matchers: Vec<Matcher>) -> Result<Self, MatcherError> {
        match matchers.len() {
            0 => Err(MatcherError::new(
                "there is no matcher",
                "write at least one, such as `alertname=\"HostDown\"`",
            )),
            1..=MAX_MATCHERS => Ok(Self(matchers)),
            count => Err(MatcherError::new(
                format!("{count} matchers are too many"),
                format!("{MAX_MATCHERS} at most; a regular expression may take the place of several"),
            )),
        }
    }

    /// The same, for what keeps quiet: as with Alertmanager, one of them has to refuse the empty text, so that nobody
    /// silences everything by leaving something out.
    ///
    /// # Errors
    /// All of them accept the empty text.
    pub fn narrow(self) -> Result<Self, MatcherError> {
        if self.0.iter().all(|matcher| matcher.accepts("")) {
            return Err(MatcherError::new(
                format!("{self} would match everything that lacks the label"),
                "add a matcher that the empty text does not fit, such as `alertname=~\".+\"`",
            ));
        }
        Ok(self)
    }

    /// Whether they match labels that are looked up by name; the empty text stands for one that is not there.
    #[must_use]
    pub fn accept<'a>(&self, label: impl Fn(&str) -> &'a str) -> bool {
        self.0.iter().all(|matcher| matcher.accepts(label(&matcher.name)))
    }

    /// Whether they match a signal.
    #[must_use]
    pub fn match_signal(&self, signal: &Signal) -> bool {
        self.accept(|name| label_of(signal, name))
    }

    /// The matchers.
    #[must_use]
    pub fn as_slice(&self) -> &[Matcher] {
        &self.0
    }
}

/// The label of a signal by this name, as matchers see it; empty if there is none.
#[must_use]
pub fn label_of<'a>(signal: &'a Signal, name: &str) -> &'a str {
    let own = || signal.labels.get(name).map(String::as_str);
    match name {
        "target" => signal.target.as_str(),
        "signature" => signal.signature.as_str(),
        "severity" => signal.severity.as_str(),
        "source" => match &signal.origin {
            Origin::Skill(name) => name,
            Origin::Alert { source, .. } => source,
            Origin::Steward => "steward",
        },
        "alertname" => own().filter(|name| !name.is_empty()).unwrap_or(signal.signature.as_str()),
        _ => own().unwrap_or_default(),
    }
}

impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, matcher) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            matcher.fmt(f)?;
        }
        f.write_str("}")
    }
}

impl TryFrom<String> for Matchers {
    type Error = MatcherError;
    fn try_from(text: String) -> Result<Self, MatcherError> {
        Self::parse(&text)
    }
}

impl From<Matchers> for String {
    fn from(matchers: Matchers) -> Self {
        matchers.to_string()
    }
}

#[cfg(test)]
mod tests;
