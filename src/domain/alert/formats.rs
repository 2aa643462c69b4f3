//! The formats that Steward knows by name.

mod alertmanager;
mod deployment;
mod systemd;

use std::sync::Arc;

pub use systemd::UnitNotice;

use super::{Content, Mapping, NotUnderstood};
use crate::domain::signal::Timestamp;

/// What a source's bodies look like.
#[derive(Debug, Clone, PartialEq)]
pub enum Format {
    /// Alertmanager's webhook, version 4.
    Alertmanager,
    /// What Prometheus itself sends to an Alertmanager: `POST /api/v2/alerts`.
    AlertmanagerApi,
    /// What `steward notify-failure` writes.
    Systemd,
    /// A deployment, or a push to a repository: a change, not an alert.
    Deployment,
    /// JSON, read by a mapping.
    Json(Arc<Mapping>),
}

/// What to paste into a source so that it sends what Steward reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// The format's name.
    pub name: &'static str,
    /// Where to paste it, in comment lines; empty where the text itself says so.
    pub about: &'static str,
    /// What to paste.
    pub text: &'static str,
}

/// The mappings that come with Steward, by the name of their format.
const MAPPINGS: [(&str, &str); 5] = [
    ("gatus", include_str!("formats/gatus.toml")),
    ("grafana", include_str!("formats/grafana.toml")),
    ("healthchecks", include_str!("formats/healthchecks.toml")),
    ("openobserve", include_str!("formats/openobserve.toml")),
    ("uptime-kuma", include_str!("formats/uptime-kuma.toml")),
];

const TEMPLATES: [(&str, &str); 8] = [
    ("alertmanager", include_str!("formats/templates/alertmanager.yml")),
    ("alertmanager-api", include_str!("formats/templates/prometheus.yml")),
    ("deployment", include_str!("formats/templates/deployment.sh")),
    ("gatus", include_str!("formats/templates/gatus.yaml")),
    ("grafana", include_str!("formats/templates/grafana.yaml")),
    ("healthchecks", include_str!("formats/templates/healthchecks.json")),
    ("openobserve", include_str!("formats/templates/openobserve.json")),
    ("uptime-kuma", include_str!("formats/templates/uptime-kuma.txt")),
];

/// What goes before those that are a bare body, which can have no comments of its own.
const ABOUT: [(&str, &str); 2] = [
    ("healthchecks", include_str!("formats/templates/healthchecks.about.txt")),
    ("openobserve", include_str!("formats/templates/openobserve.about.txt")),
];

impl Format {
    /// What a source may name as its format. `json` is the one that needs a mapping of its own.
    pub const NAMES: [&'static str; 10] = [
        "alertmanager",
        "alertmanager-api",
        "deployment",
        "gatus",
        "grafana",
        "healthchecks",
        "json",
        "openobserve",
        "systemd",
        "uptime-kuma",
    ];

    /// The sources that need no configuration, and their formats.
    pub const WELL_KNOWN: [(&'static str, &'static str); 7] = [
        ("alertmanager", "alertmanager"),
        ("gatus", "gatus"),
        ("grafana", "grafana"),
        ("healthchecks", "healthchecks"),
        ("openobserve", "openobserve"),
        ("prometheus", "alertmanager-api"),
        ("uptime-kuma", "uptime-kuma"),
    ];

    /// The format of that name. `None` for an unknown one, and for `json`, which needs a mapping.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "alertmanager" => Some(Self::Alertmanager),
            "alertmanager-api" => Some(Self::AlertmanagerApi),
            "systemd" => Some(Self::Systemd),
            "deployment" => Some(Self::Deployment),
            name => {
                let (_, text) = MAPPINGS.iter().find(|(known, _)| *known == name)?;
                toml::from_str(text).ok().map(|mapping| Self::Json(Arc::new(mapping)))
            }
        }
    }

    /// The mapping of a format that is one, as it is written: to begin with for one of your own.
    #[must_use]
    pub fn mapping_text(name: &str) -> Option<&'static str> {
        MAPPINGS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    pub(super) fn read(&self, source: &str, body: &[u8], now: Timestamp) -> Result<Content, NotUnderstood> {
        match self {
            Self::Alertmanager => alertmanager::webhook(body),
            Self::AlertmanagerApi => alertmanager::api(body, now),
            Self::Systemd => systemd::read(body),
            Self::Deployment => deployment::read(source, body, now),
            Self::Json(mapping) => mapping.read(body),
        }
    }

    /// The alerts in a body that is JSON, if its format has a list of them.
    pub(super) fn items<'a>(&self, body: &'a serde_json::Value) -> Option<&'a [serde_json::Value]> {
        match self {
            Self::Alertmanager => body.get("alerts")?.as_array().map(Vec::as_slice),
            Self::AlertmanagerApi => body.as_array().map(Vec::as_slice),
            Self::Systemd | Self::Deployment => None,
            Self::Json(mapping) => mapping.items(body),
        }
    }
}

impl Template {
    /// The template for that format.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|template| template.name == name)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        TEMPLATES.iter().map(|(name, text)| {
            let about = ABOUT.iter().find(|(of, _)| of == name).map_or("", |(_, about)| about);
            Self { name, about, text }
        })
    }
}
