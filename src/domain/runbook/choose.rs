//! Which runbook goes first where several fit.

use std::cmp::Reverse;

use super::{Match, Runbook};
use crate::domain::signal::Signal;

/// How narrowly a runbook fits a signal; the greater is the more specific.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    /// It names the very target, without a wildcard.
    pub exact_target: bool,
    /// The characters of the target's pattern that are no wildcard.
    pub target_literal: usize,
    /// How many things it asks for.
    pub constraints: usize,
}

impl Runbook {
    /// Whether the runbook fits the signal, and how narrowly.
    #[must_use]
    pub fn fits(&self, signal: &Signal) -> Option<Specificity> {
        self.fits.holds(signal).then(|| self.fits.specificity())
    }
}

impl Match {
    fn specificity(&self) -> Specificity {
        let target = self.target.as_ref();
        Specificity {
            exact_target: target.is_some_and(super::PathGlob::is_exact),
            target_literal: target.map_or(0, super::PathGlob::literal_len),
            constraints: self.constraints(),
        }
    }
}

/// The runbooks that fit, the one to try first in front. The rule: the operator's own before the shipped; then
/// the more specific (an exact target, then the target pattern with more literal characters, then the one that
/// asks for more things); then by name.
pub fn choose<'a>(runbooks: impl IntoIterator<Item = &'a Runbook>, signal: &Signal) -> Vec<&'a Runbook> {
    let mut fitting: Vec<_> = runbooks
        .into_iter()
        .filter_map(|book| Some((book.shipped, Reverse(book.fits(signal)?), book)))
        .collect();
    fitting.sort_by(|(a_shipped, a_fit, a), (b_shipped, b_fit, b)| {
        (a_shipped, a_fit, &a.name).cmp(&(b_shipped, b_fit, &b.name))
    });
    fitting.into_iter().map(|(_, _, book)| book).collect()
}
