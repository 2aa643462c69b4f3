//! An alert as a format has read it, and how it becomes a signal.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::naming::Naming;
use super::segment::segment;
use super::signature::kebab;
use super::{NotUnderstood, fingerprint, limits, targets};
use crate::domain::signal::{Origin, Severity, Signal, SignalState, Timestamp};
use crate::domain::target::{Signature, Target};

/// What Steward's own targets begin with: its skills and sources, and the storms that it tells of.
const RESERVED: [&str; 2] = ["steward", "storm"];

/// An alert as a format has read it: nothing is named yet, and no text is cleaned.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) state: SignalState,
    /// The name of the rule: the default of signature and summary.
    pub(super) name: Option<String>,
    /// As they are kept, however many.
    pub(super) labels: BTreeMap<String, String>,
    /// The target, where the format itself says it.
    pub(super) target: Option<String>,
    /// The signature, where the format itself says it.
    pub(super) signature: Option<String>,
    /// The source's word for the severity.
    pub(super) severity: Option<String>,
    /// What the source knows it by.
    pub(super) fingerprint: Option<String>,
    pub(super) at: Option<Timestamp>,
    pub(super) summary: Option<String>,
    pub(super) impact: Option<String>,
    pub(super) evidence: Vec<String>,
}

/// How what a signal says was derived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivation {
    /// Of the target.
    pub target: From,
    /// Of the signature.
    pub signature: From,
    /// Of the severity.
    pub severity: From,
    /// Of the fingerprint.
    pub fingerprint: From,
    /// Of the summary.
    pub summary: From,
}

/// Where a part of a signal comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// The source, in a place that its format or mapping names.
    Source,
    /// This label.
    Label(&'static str),
    /// Labels, put together like this.
    Labels(Arc<str>),
    /// The alert's name.
    Name,
    /// A hash of what identifies it.
    Hash,
    /// Nothing said it, so it is the usual one.
    Default,
    /// Another name of the target, in the topology; what said that name.
    OtherName(String, Box<From>),
    /// This word, which is not known, so it is the usual one.
    UnknownWord(String),
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source => f.write_str("as the source says"),
            Self::Label(name) => write!(f, "from the label `{name}`"),
            Self::Labels(way) => write!(f, "from the labels {way}"),
            Self::Name => f.write_str("from the alert's name"),
            Self::Hash => f.write_str("a hash of what identifies it"),
            Self::Default => f.write_str("the default: nothing says it"),
            Self::OtherName(name, by) => write!(f, "another name of it is {name}, {by}"),
            Self::UnknownWord(word) => write!(f, "the default: {word:?} is no word for it that is known"),
        }
    }
}

impl Draft {
    pub(super) fn new(state: SignalState) -> Self {
        Self {
            state,
            name: None,
            labels: BTreeMap::new(),
            target: None,
            signature: None,
            severity: None,
            fingerprint: None,
            at: None,
            summary: None,
            impact: None,
            evidence: Vec::new(),
        }
    }

    /// Names it.
    ///
    /// # Errors
    /// What about it can't be kept.
    pub(super) fn finish(
        self,
        source: &str,
        naming: &Naming,
        now: Timestamp,
    ) -> Result<(Signal, Derivation), NotUnderstood> {
        let (signature, signature_from) = self.signature()?;
        let named = self.target(naming);
        let (fingerprint, fingerprint_from) = match &self.fingerprint {
            Some(written) => (fingerprint::tame(written)?, From::Source),
            None => (self.hash(named.as_ref().map(|(target, _)| target), &signature), From::Hash),
        };
        let (target, target_from) = match named {
            Some(named) => named,
            None => (unknown(&fingerprint)?, From::Default),
        };
        let (severity, severity_from) = self.severity(naming);
        let (summary, summary_from) = self.summary(&target, &signature);
        let impact = self.impact.as_deref().and_then(limits::summary);
        let mut evidence = limits::evidence(&self.evidence);
        let (labels, left_out) =
            limits::keep(self.labels, &|name| targets::are_made_of(&naming.targets, name));
        if left_out > 0 {
            evidence.push_str(if evidence.is_empty() { "" } else { "\n" });
            evidence.push_str(&limits::labels_left_out(left_out));
        }
        let signal = Signal {
            origin: Origin::alert(source, &fingerprint),
            target,
            signature,
            severity,
            state: self.state,
            summary,
            impact,
            evidence,
            labels,
            at: self.at.unwrap_or(now),
            received_at: now,
        };
        let derivation = Derivation {
            target: target_from,
            signature: signature_from,
            severity: severity_from,
            fingerprint: fingerprint_from,
            summary: summary_from,
        };
        Ok((signal, derivation))
    }

    fn signature(&self) -> Result<(Signature, From), NotUnderstood> {
        if let Some(label) = self.labels.get("signature").and_then(|label| as_signature(label)) {
            return Ok((label, From::Label("signature")));
        }
        if let Some(own) = self.signature.as_deref().and_then(as_signature) {
            return Ok((own, From::Source));
        }
        if let Some(name) = self.name.as_deref().and_then(kebab) {
            return Ok((name, From::Name));
        }
        let nameless = Signature::parse("alert").map_err(|error| NotUnderstood(error.to_string()))?;
        Ok((nameless, From::Default))
    }

    fn target(&self, naming: &Naming) -> Option<(Target, From)> {
        let label = self.labels.get("target").and_then(|label| Target::parse(label).ok());
        if let Some(label) = label.filter(is_of_the_lab) {
            return Some((label, From::Label("target")));
        }
        let below = |target: Target| {
            let prefix = naming.prefix.as_ref();
            let below = prefix.and_then(|prefix| Target::parse(&format!("{prefix}/{target}")).ok());
            Some(below.unwrap_or(target)).filter(is_of_the_lab)
        };
        let own = self.target.as_deref().and_then(|own| {
            // A name with a blank in it is still a name.
            Target::parse(own).ok().or_else(|| Target::parse(&segment(own)?).ok())
        });
        if let Some(own) = own.and_then(below) {
            return Some((own, From::Source));
        }
        let (target, way) = targets::of_labels(&naming.targets, &self.labels, &below)?;
        Some((target, From::Labels(way)))
    }

    fn severity(&self, naming: &Naming) -> (Severity, From) {
        let (word, from) = match (&self.severity, self.labels.get("severity")) {
            (Some(word), _) => (word, From::Source),
            (None, Some(word)) => (word, From::Label("severity")),
            (None, None) => return (naming.severity, From::Default),
        };
        match naming.severity_of(word) {
            Some(severity) => (severity, from),
            None => (naming.severity, From::UnknownWord(word.chars().take(40).collect())),
        }
    }

    fn summary(&self, target: &Target, signature: &Signature) -> (String, From) {
        if let Some(summary) = self.summary.as_deref().and_then(limits::summary) {
            return (summary, From::Source);
        }
        let name = self.name.as_deref().and_then(limits::summary);
        let name = name.unwrap_or_else(|| signature.to_string());
        let place = if target.is_unknown() { String::new() } else { format!(" on {target}") };
        (format!("{name}{place}"), From::Name)
    }

    /// A stable hash of what identifies an alert that has no fingerprint of its own.
    fn hash(&self, target: Option<&Target>, signature: &Signature) -> String {
        let mut texts = vec![target.map_or("", Target::as_str), signature.as_str()];
        texts.extend(self.labels.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
        fingerprint::hash_of(&texts, 8)
    }
}

fn as_signature(text: &str) -> Option<Signature> {
    Signature::parse(text).ok().or_else(|| kebab(text))
}

/// Whether it is a part of the lab: an alert from outside may not pass for a problem of Steward's own.
fn is_of_the_lab(target: &Target) -> bool {
    let first = target.as_str().split('/').next().unwrap_or_default();
    !RESERVED.contains(&first)
}

/// The target of an alert that says nothing of what is broken.
fn unknown(fingerprint: &str) -> Result<Target, NotUnderstood> {
    let made =
        segment(fingerprint).and_then(|name| Target::parse(&format!("{}/{name}", Target::UNKNOWN)).ok());
    made.ok_or_else(|| NotUnderstood::new("its fingerprint can't be part of a target"))
}
