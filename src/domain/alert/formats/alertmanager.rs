//! Alertmanager's webhook, and what Prometheus sends to an Alertmanager.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::alert::draft::Draft;
use crate::domain::alert::moment::moment;
use crate::domain::alert::{Content, MAX_ALERTS, NotUnderstood, fingerprint, limits};
use crate::domain::signal::{SignalState, Timestamp};

/// The body of the webhook, as far as it is read, with its alerts read or as they are.
#[derive(Deserialize)]
#[serde(bound(deserialize = "A: Deserialize<'de>"))]
struct Webhook<'a, A> {
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    alerts: Vec<A>,
    #[serde(rename = "truncatedAlerts", default)]
    truncated: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'a> {
    /// The webhook's; of what the API answers it is an object, which says nothing here.
    #[serde(borrow, default)]
    status: Status<'a>,
    #[serde(borrow)]
    labels: Texts<'a>,
    #[serde(borrow, default)]
    annotations: Texts<'a>,
    #[serde(borrow, default)]
    starts_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    ends_at: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "generatorURL")]
    generator_url: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    fingerprint: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Status<'a> {
    Word(#[serde(borrow)] Cow<'a, str>),
    Other(serde::de::IgnoredAny),
}

impl Default for Status<'_> {
    fn default() -> Self {
        Self::Other(serde::de::IgnoredAny)
    }
}

/// Names and texts. What stands between quotes without an escape is not copied.
#[derive(Default)]
struct Texts<'a>(BTreeMap<Cow<'a, str>, Cow<'a, str>>);

/// `Cow` alone would copy; with this wrapper serde borrows.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let texts = Option::<BTreeMap<Text<'a>, Text<'a>>>::deserialize(from)?.unwrap_or_default();
        Ok(Self(texts.into_iter().map(|(name, value)| (name.0, value.0)).collect()))
    }
}

impl Texts<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| text.as_ref()).filter(|text| !text.trim().is_empty())
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

/// Reads the body of Alertmanager's webhook.
pub(super) fn webhook(body: &[u8]) -> Result<Content, NotUnderstood> {
    match serde_json::from_slice::<Webhook<'_, Alert<'_>>>(body) {
        Ok(Webhook { version, alerts, truncated }) => {
            is_version_4(version.as_deref())?;
            let drafts = drafts(alerts.into_iter().map(Ok), of_status)?;
            Ok(Content { hidden: truncated, ..drafts })
        }
        // One alert of another shape is no reason to lose the others.
        Err(error) if error.is_data() => {
            let whole: Webhook<'_, Value> =
                serde_json::from_slice(body).map_err(|error| NotUnderstood::of_json(&error))?;
            is_version_4(whole.version.as_deref())?;
            let drafts = drafts(whole.alerts.iter().map(by_itself), of_status)?;
            Ok(Content { hidden: whole.truncated, ..drafts })
        }
        Err(error) => Err(NotUnderstood::of_json(&error)),
    }
}

/// One of a list in which not all have the right shape.
fn by_itself(item: &Value) -> Result<Alert<'_>, NotUnderstood> {
    Alert::deserialize(item).map_err(|error| {
        let told = limits::summary(&error.to_string()).unwrap_or_default();
        NotUnderstood(format!("it has another shape than an alert: {told}"))
    })
}

fn is_version_4(version: Option<&str>) -> Result<(), NotUnderstood> {
    match version {
        Some("4") => Ok(()),
        Some("1") => {
            let what = "its `version` is \"1\", which Grafana sends; give this source `format = \"grafana\"`";
            Err(NotUnderstood::new(what))
        }
        other => {
            let found: String = other.map_or_else(|| "none".to_owned(), |other| format!("{other:?}"));
            let what = format!("its `version` is {found}; Alertmanager's webhook has \"4\"");
            Err(NotUnderstood(what))
        }
    }
}

/// The state as the webhook says it.
fn of_status(alert: &Alert<'_>) -> Result<SignalState, NotUnderstood> {
    match &alert.status {
        Status::Word(word) if word == "firing" => Ok(SignalState::Firing),
        Status::Word(word) if word == "resolved" => Ok(SignalState::Resolved),
        Status::Word(word) => {
            let word: String = word.chars().take(40).collect();
            Err(NotUnderstood(format!("its `status` is {word:?}; it is \"firing\" or \"resolved\"")))
        }
        Status::Other(_) => {
            Err(NotUnderstood::new("its `status` is missing; it is \"firing\" or \"resolved\""))
        }
    }
}

/// Reads what Prometheus sends to `/api/v2/alerts`. An alert whose end has passed by now is over.
pub(super) fn api(body: &[u8], now: Timestamp) -> Result<Content, NotUnderstood> {
    let state = |alert: &Alert<'_>| {
        let Some(written) = alert.ends_at.as_deref().filter(|written| !written.is_empty()) else {
            return Ok(SignalState::Firing);
        };
        let ends_at = chrono::DateTime::parse_from_rfc3339(written).map_err(|_| {
            let written: String = written.chars().take(40).collect();
            NotUnderstood(format!("its `endsAt` is {written:?}, which is no time as RFC 3339 has it"))
        })?;
        // Go's zero time says that there is no end.
        let has_end = moment(written).is_some();
        Ok(if has_end && ends_at <= now { SignalState::Resolved } else { SignalState::Firing })
    };
    match serde_json::from_slice::<Vec<Alert<'_>>>(body) {
        Ok(alerts) => drafts(alerts.into_iter().map(Ok), state),
        Err(error) if error.is_data() => {
            let whole: Vec<Value> =
                serde_json::from_slice(body).map_err(|error| NotUnderstood::of_json(&error))?;
            drafts(whole.iter().map(by_itself), state)
        }
        Err(error) => Err(NotUnderstood::of_json(&error)),
    }
}

fn drafts<'a>(
    alerts: impl ExactSizeIterator<Item = Result<Alert<'a>, NotUnderstood>>,
    state: impl Fn(&Alert<'_>) -> Result<SignalState, NotUnderstood>,
) -> Result<Content, NotUnderstood> {
    if alerts.len() > MAX_ALERTS {
        return Err(NotUnderstood(format!("it has {} alerts; {MAX_ALERTS} at most", alerts.len())));
    }
    let mut content = Content::default();
    for (index, alert) in alerts.enumerate() {
        match alert.and_then(|alert| draft(&alert, state(&alert)?)) {
            Ok(draft) => content.drafts.push((index, draft)),
            Err(why) => content.faults.push((index, why)),
        }
    }
    Ok(content)
}

fn draft(alert: &Alert<'_>, state: SignalState) -> Result<Draft, NotUnderstood> {
    let labels = limits::labels(alert.labels.pairs())?;
    if labels.is_empty() {
        return Err(NotUnderstood::new("it has no labels, so nothing tells it from others"));
    }
    let written = alert.fingerprint.as_deref().filter(|written| !written.trim().is_empty());
    let notes = &alert.annotations;
    let first = |names: &[&str]| names.iter().find_map(|name| notes.get(name)).map(str::to_owned);
    Ok(Draft {
        name: alert.labels.get("alertname").map(str::to_owned),
        fingerprint: Some(
            written.map_or_else(|| fingerprint::of_labels(alert.labels.pairs()), str::to_owned),
        ),
        at: alert.starts_at.as_deref().and_then(moment),
        summary: first(&["summary", "message", "title", "description"]),
        impact: first(&["impact"]),
        evidence: evidence(alert),
        labels,
        ..Draft::new(state)
    })
}

/// The description, then the other annotations by name, then where the alert comes from.
fn evidence(alert: &Alert<'_>) -> Vec<String> {
    const TOLD: [&str; 3] = ["summary", "description", "impact"];
    let description = alert.annotations.get("description").map(str::to_owned);
    let others =
        alert.annotations.pairs().filter(|(name, value)| !TOLD.contains(name) && !value.trim().is_empty());
    let others = others.map(|(name, value)| format!("{name}: {value}"));
    let url = alert.generator_url.as_deref().filter(|url| !url.is_empty()).map(|url| format!("link: {url}"));
    description.into_iter().chain(others).chain(url).collect()
}
