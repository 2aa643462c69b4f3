//! Silences and what was held back, as JSON.

use serde::Serialize;

use super::Time;
use crate::domain::signal::Timestamp;
use crate::domain::suppression::{Scope, Silence};
use crate::store::silences::Ignored;

/// `silence list`.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct SilenceList<'a> {
    pub(in crate::cli) silences: Vec<SilenceEntry<'a>>,
}

/// A silence.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct SilenceEntry<'a> {
    number: i64,
    kind: &'static str,
    window: Option<&'a str>,
    target: Option<&'a str>,
    matchers: Option<String>,
    active: bool,
    starts_at: Time,
    ends_at: Time,
    by: &'a str,
    comment: &'a str,
}

impl<'a> SilenceEntry<'a> {
    pub(in crate::cli) fn of(silence: &'a Silence, now: Timestamp) -> Self {
        Self {
            number: silence.number,
            kind: silence.kind.as_str(),
            window: silence.window.as_deref(),
            target: silence.scope.target().map(|target| target.as_str()),
            matchers: match &silence.scope {
                Scope::Matchers(matchers) => Some(matchers.to_string()),
                Scope::Target(_) => None,
            },
            active: silence.is_active(now),
            starts_at: Time(silence.starts_at),
            ends_at: Time(silence.ends_at),
            by: &silence.by,
            comment: &silence.comment,
        }
    }
}

/// `ignored`.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct IgnoredList<'a> {
    pub(in crate::cli) since: Time,
    pub(in crate::cli) problems: Vec<IgnoredEntry<'a>>,
    pub(in crate::cli) truncated: bool,
}

/// A problem that was held back.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct IgnoredEntry<'a> {
    rule: &'a str,
    target: &'a str,
    signature: &'a str,
    source: &'a str,
    summary: &'a str,
    count: u64,
    first_at: Time,
    last_at: Time,
    held_now: bool,
}

impl<'a> IgnoredEntry<'a> {
    pub(in crate::cli) fn of(ignored: &'a Ignored) -> Self {
        Self {
            rule: &ignored.rule,
            target: ignored.problem.target.as_str(),
            signature: ignored.problem.signature.as_str(),
            source: &ignored.source,
            summary: &ignored.summary,
            count: ignored.count,
            first_at: Time(ignored.first_at),
            last_at: Time(ignored.last_at),
            held_now: ignored.now,
        }
    }
}
