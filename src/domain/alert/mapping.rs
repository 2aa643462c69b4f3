//! How the JSON of any source is read: where in it each part of an alert is.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::Value;

use super::choice::Choice;
use super::draft::Draft;
use super::moment::moment;
use super::path::{Path, text_of};
use super::segment::segment;
use super::{Content, MAX_ALERTS, NotUnderstood, limits};
use crate::domain::signal::SignalState;

/// Where in a source's JSON each part of an alert is. docs/alerts.md explains each key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// The list of the alerts; the body itself is one alert when absent.
    pub each: Option<Path>,
    /// What says whether it is firing; every alert is when absent.
    pub state: Option<StateMapping>,
    /// The alert's name: the default of signature and summary.
    pub name: Choice,
    /// What is broken; made of the labels when absent or empty.
    pub target: Choice,
    /// How it is broken; the name in kebab-case when absent or empty.
    pub signature: Choice,
    /// The source's word for how bad it is; the label `severity` when absent or empty.
    pub severity: Choice,
    /// What the source knows the alert by; a hash of target, signature and labels when absent or empty.
    pub fingerprint: Choice,
    /// When it happened; the arrival when absent or unreadable.
    pub at: Choice,
    /// One line for people.
    pub summary: Choice,
    /// What it means for people.
    pub impact: Choice,
    /// Free text: all that are there, below each other.
    pub evidence: Choice,
    /// Where to look; kept with the evidence.
    pub url: Choice,
    /// An object whose plain values become labels.
    pub labels: Option<Path>,
    /// Further labels by name.
    pub label: BTreeMap<String, Choice>,
    /// How many more alerts there are that were not sent.
    pub hidden: Option<Path>,
}

/// What says whether an alert is firing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateMapping {
    /// Where it is.
    pub path: Choice,
    /// The words for firing, in whatever case.
    pub firing: Vec<Word>,
    /// The words for resolved.
    #[serde(default)]
    pub resolved: Vec<Word>,
    /// The words of which nothing becomes; an empty one stands for no value at all.
    #[serde(default)]
    pub ignored: Vec<Word>,
}

/// A word, a number, `true` or `false`, as a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(String);

impl Mapping {
    /// What about it can't be meant: the key, what is wrong, and what to do.
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, String, &'static str)> {
        let mut faults = Vec::new();
        if let Some(state) = &self.state {
            if state.path.is_empty() {
                faults.push(("state", "says no path".to_owned(), "name the place of the word for the state"));
            }
            if state.firing.is_empty() {
                faults.push(("state", "has no word for firing".to_owned(), "write `firing = [\"…\"]`"));
            }
            let twice = state
                .firing
                .iter()
                .find(|word| state.resolved.iter().chain(&state.ignored).any(|other| other.is(&word.0)));
            if let Some(Word(word)) = twice {
                faults.push(("state", format!("{word:?} is both firing and not"), "keep one of the two"));
            }
        }
        faults
    }

    pub(super) fn read(&self, body: &[u8]) -> Result<Content, NotUnderstood> {
        let body: Value = serde_json::from_slice(body).map_err(|error| NotUnderstood::of_json(&error))?;
        let items = self.items(&body).ok_or_else(|| {
            let place = self.each.as_ref().map_or("$", Path::as_str);
            NotUnderstood(format!("there is no list of alerts at `{place}`"))
        })?;
        if items.len() > MAX_ALERTS {
            return Err(NotUnderstood(format!("it has {} alerts; {MAX_ALERTS} at most", items.len())));
        }
        let mut content = Content { hidden: self.hidden(&body), ..Content::default() };
        for (index, item) in items.iter().enumerate() {
            match self.alert(item, &body) {
                Ok(Some(draft)) => content.drafts.push((index, draft)),
                Ok(None) => content.ignored += 1,
                Err(why) => content.faults.push((index, why)),
            }
        }
        Ok(content)
    }

    /// The alerts in a body.
    pub(super) fn items<'a>(&self, body: &'a Value) -> Option<&'a [Value]> {
        match &self.each {
            None => Some(std::slice::from_ref(body)),
            Some(path) => path.find(body, body)?.as_array().map(Vec::as_slice),
        }
    }

    fn hidden(&self, body: &Value) -> u64 {
        let value = self.hidden.as_ref().and_then(|path| path.text(body, body));
        value.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    fn alert(&self, item: &Value, body: &Value) -> Result<Option<Draft>, NotUnderstood> {
        if !item.is_object() {
            return Err(NotUnderstood::new("it is no JSON object"));
        }
        let Some(state) = self.state(item, body)? else { return Ok(None) };
        let first = |choice: &Choice| choice.first(item, body);
        let mut evidence = self.evidence.all(item, body);
        evidence.extend(first(&self.url).map(|url| format!("link: {url}")));
        Ok(Some(Draft {
            name: first(&self.name),
            labels: self.labels(item, body)?,
            target: self.target.first_tamed(item, body, &|text| segment(&text)),
            signature: first(&self.signature),
            severity: first(&self.severity),
            fingerprint: first(&self.fingerprint),
            at: first(&self.at).as_deref().and_then(moment),
            summary: first(&self.summary),
            impact: first(&self.impact),
            evidence,
            ..Draft::new(state)
        }))
    }

    fn state(&self, item: &Value, body: &Value) -> Result<Option<SignalState>, NotUnderstood> {
        let Some(mapping) = &self.state else { return Ok(Some(SignalState::Firing)) };
        let value = mapping.path.first(item, body).unwrap_or_default();
        let value = value.trim();
        let one_of = |words: &[Word]| words.iter().any(|word| word.is(value));
        if one_of(&mapping.firing) {
            return Ok(Some(SignalState::Firing));
        }
        if one_of(&mapping.resolved) {
            return Ok(Some(SignalState::Resolved));
        }
        if one_of(&mapping.ignored) {
            return Ok(None);
        }
        let value: String = value.chars().take(40).collect();
        let what =
            if value.is_empty() { "says no state".to_owned() } else { format!("is in the state {value:?}") };
        let known: Vec<&str> =
            mapping.firing.iter().chain(&mapping.resolved).map(|word| word.0.as_str()).collect();
        Err(NotUnderstood(format!("it {what}; known are {}", known.join(", "))))
    }

    fn labels(&self, item: &Value, body: &Value) -> Result<BTreeMap<String, String>, NotUnderstood> {
        let object = self.labels.as_ref().and_then(|path| path.find(item, body));
        let mut texts: Vec<(&str, String)> = Vec::new();
        if let Some(Value::Object(fields)) = object {
            texts.extend(fields.iter().filter_map(|(name, value)| Some((name.as_str(), text_of(value)?))));
        }
        let named = self.label.iter();
        texts.extend(named.filter_map(|(name, choice)| Some((name.as_str(), choice.first(item, body)?))));
        limits::labels(texts.iter().map(|(name, value)| (*name, value.as_str())))
    }
}

impl Word {
    fn is(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

impl Visitor<'_> for WordVisitor {
    type Value = Word;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }
    fn visit_bool<E: Error>(self, yes: bool) -> Result<Word, E> {
        Ok(Word(yes.to_string()))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Word, E> {
        Ok(Word(number.to_string()))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Word, E> {
        Ok(Word(number.to_string()))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Word, E> {
        Ok(Word(text.trim().to_owned()))
    }
}
