//! The target of an alert that names none: made of its labels.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::host::host_of;
use super::segment::segment;
use crate::domain::target::Target;

/// The labels that make a target, in the order in which they are tried; the first of which all are there is taken.
/// docs/alerts.md documents the same list.
pub const DEFAULT_TARGETS: &[&str] = &[
    "{namespace}/{pod}",
    "{namespace}/{deployment}",
    "{namespace}/{statefulset}",
    "{namespace}/{daemonset}",
    "{namespace}/{job_name}",
    "{namespace}/{cronjob}",
    "{namespace}/{persistentvolumeclaim}",
    "{namespace}/{ingress}",
    "{namespace}/{container}",
    "{namespace}/{service}",
    "{instance}/unit/{unit}",
    "{host}/unit/{unit}",
    "{instance}/{container_name}",
    "{host}/{container_name}",
    "{node}",
    "{instance}",
    "{host}",
    "{hostname}",
    "{nodename}",
    "{server}",
    "{container_name}",
    "{service}",
    "{job}",
];

/// Labels whose value is an address: its port, scheme and path are left out.
const ADDRESSES: [&str; 6] = ["instance", "host", "hostname", "nodename", "node", "server"];
/// Labels that Prometheus gives to whatever it scraped: of an exporter that tells of others, they name the exporter.
/// The namespace does not count: with a deployment beside it, it is the deployment's.
const OF_THE_SCRAPED: [&str; 4] = ["pod", "container", "service", "job"];
/// Labels beside those of the ways that say what an alert is and how bad.
const NAMING: [&str; 6] = ["alertname", "target", "signature", "severity", "name", "image"];
/// What the names of units end with.
const UNITS: [&str; 6] = [".service", ".timer", ".socket", ".mount", ".target", ".path"];

static DEFAULT: LazyLock<Vec<LabelPath>> =
    LazyLock::new(|| DEFAULT_TARGETS.iter().filter_map(|text| LabelPath::parse(text).ok()).collect());

/// A target with labels in it: `{namespace}/{pod}`, `k8s/{namespace}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelPath {
    text: Arc<str>,
    segments: Vec<Vec<Piece>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Label(String),
}

impl LabelPath {
    /// Parses one.
    ///
    /// # Errors
    /// What is wrong with it, and after `; ` what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let malformed =
            || format!("{text:?} makes no target; write labels in braces, as in \"{{namespace}}/{{pod}}\"");
        let mut segments = Vec::new();
        let mut example = String::new();
        for part in text.split('/') {
            let mut pieces = Vec::new();
            let mut rest = part;
            while let Some((before, after)) = rest.split_once('{') {
                let (label, more) = after.split_once('}').ok_or_else(malformed)?;
                if label.trim().is_empty() || label.contains('{') {
                    return Err(malformed());
                }
                pieces.extend((!before.is_empty()).then(|| Piece::Text(before.to_owned())));
                pieces.push(Piece::Label(label.trim().to_owned()));
                example.push_str(before);
                example.push('x');
                rest = more;
            }
            pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
            example.push_str(rest);
            example.push('/');
            segments.push(pieces);
        }
        if Target::parse(example.trim_end_matches('/')).is_err() || segments.iter().any(Vec::is_empty) {
            return Err(malformed());
        }
        Ok(Self { text: text.into(), segments })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn shared(&self) -> Arc<str> {
        self.text.clone()
    }

    fn asks_for(&self, label: &str) -> bool {
        self.segments.iter().flatten().any(|piece| matches!(piece, Piece::Label(name) if name == label))
    }

    fn fill(&self, labels: &Labels<'_>) -> Option<Target> {
        let mut out = String::new();
        for (index, pieces) in self.segments.iter().enumerate() {
            if index > 0 {
                out.push('/');
            }
            for piece in pieces {
                match piece {
                    Piece::Text(text) => out.push_str(text),
                    Piece::Label(name) => out.push_str(&segment(&labels.get(name)?)?),
                }
            }
        }
        Target::parse(&out).ok()
    }
}

impl fmt::Display for LabelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The target that the labels make: by one of the operator's own ways, or else by a default one. `accept` makes the
/// final one of it, or none, and then the next way is tried.
pub(super) fn of_labels(
    own: &[LabelPath],
    labels: &BTreeMap<String, String>,
    accept: &dyn Fn(Target) -> Option<Target>,
) -> Option<(Target, Arc<str>)> {
    let all = Labels { labels, without_scraped: false };
    let of_others = Labels { labels, without_scraped: is_of_exporter(labels) };
    let find = |ways: &[LabelPath], labels: &Labels<'_>| {
        ways.iter().find_map(|way| Some((accept(way.fill(labels)?)?, way.shared())))
    };
    // An exporter that tells of itself has nothing but its own labels.
    find(own, &all)
        .or_else(|| find(&DEFAULT, &of_others))
        .or_else(|| of_others.without_scraped.then(|| find(&DEFAULT, &all))?)
}

/// Whether a label of that name may make a target, a signature or a severity.
pub(super) fn are_made_of(own: &[LabelPath], name: &str) -> bool {
    NAMING.contains(&name) || own.iter().chain(DEFAULT.iter()).any(|way| way.asks_for(name))
}

/// Whether the pod in the labels is the exporter that measured, not what the alert is about: node-exporter tells of
/// its node, kube-state-metrics of nodes and volumes.
fn is_of_exporter(labels: &BTreeMap<String, String>) -> bool {
    let (Some(pod), Some(job)) = (labels.get("pod"), labels.get("job")) else { return false };
    let job = job.rsplit('/').next().unwrap_or(job);
    (job.contains("exporter") || job.contains("kube-state-metrics")) && pod.contains(job)
}

struct Labels<'a> {
    labels: &'a BTreeMap<String, String>,
    without_scraped: bool,
}

impl Labels<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        if self.without_scraped && OF_THE_SCRAPED.contains(&name) {
            return None;
        }
        let value = match name {
            // What kube-state-metrics says is never about the machine that it happens to run on.
            "instance" if self.without_scraped && self.is("job", "kube-state-metrics") => None,
            "unit" => self.plain("unit").or_else(|| {
                self.plain("name").filter(|name| UNITS.iter().any(|suffix| name.ends_with(suffix)))
            }),
            "container_name" => self.plain("container_name").or_else(|| {
                let of_containers = self.is("job", "cadvisor") || self.labels.contains_key("image");
                self.plain("name").filter(|_| of_containers)
            }),
            name => self.plain(name),
        }?;
        let value = if ADDRESSES.contains(&name) { host_of(value) } else { value };
        Some(Cow::Borrowed(value)).filter(|value| !value.is_empty())
    }

    fn plain(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }

    fn is(&self, name: &str, part: &str) -> bool {
        self.labels.get(name).is_some_and(|value| value.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(labels: &[(&str, &str)]) -> Option<String> {
        with(&[], labels)
    }

    fn with(own: &[&str], labels: &[(&str, &str)]) -> Option<String> {
        let own: Vec<_> = own.iter().map(|text| LabelPath::parse(text).unwrap()).collect();
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        of_labels(&own, &labels, &Some).map(|(target, _)| target.to_string())
    }

    #[test]
    fn every_default_way_is_a_way() {
        assert_eq!(DEFAULT.len(), DEFAULT_TARGETS.len());
    }

    #[test]
    fn the_first_labels_that_are_all_there_make_the_target() {
        for (labels, expected) in [
            (
                &[("namespace", "media"), ("pod", "jellyfin-0"), ("instance", "10.0.0.9:8080")][..],
                "media/jellyfin-0",
            ),
            (&[("namespace", "media"), ("deployment", "jellyfin")], "media/jellyfin"),
            (&[("namespace", "media"), ("persistentvolumeclaim", "data")], "media/data"),
            (&[("node", "k8s1"), ("instance", "10.0.0.9:8080")], "k8s1"),
            (
                &[("instance", "nas.lan:9100"), ("mountpoint", "/mnt/media"), ("device", "/dev/sda1")],
                "nas.lan",
            ),
            (&[("instance", "https://git.lan/health"), ("job", "blackbox")], "git.lan"),
            (&[("instance", "[fe80::1]:9100")], "fe80::1"),
            (
                &[("instance", "nas:9100"), ("name", "nginx.service"), ("state", "failed")],
                "nas/unit/nginx.service",
            ),
            (
                &[("instance", "nas:8080"), ("name", "jellyfin"), ("image", "jellyfin/jellyfin")],
                "nas/jellyfin",
            ),
            (&[("instance", "nas:9100"), ("name", "fan1")], "nas"),
            (&[("job", "cadvisor"), ("name", "ct0")], "ct0"),
            (&[("hostname", "pve1")], "pve1"),
            (&[("service", "backup"), ("job", "x")], "backup"),
            (&[("job", "x")], "x"),
        ] {
            assert_eq!(target(labels).as_deref(), Some(expected), "{labels:?}");
        }
        assert_eq!(target(&[("a", "1")]), None);
    }

    #[test]
    fn the_exporter_that_measured_is_not_what_is_broken() {
        let own = [("namespace", "monitoring"), ("service", "s"), ("container", "c")];
        let node_exporter =
            [("pod", "prometheus-node-exporter-x7"), ("job", "node-exporter"), ("instance", "k8s1:9100")];
        assert_eq!(target(&[&own[..], &node_exporter].concat()).unwrap(), "k8s1");
        let state =
            [("pod", "kube-state-metrics-5f"), ("job", "kube-state-metrics"), ("instance", "10.0.0.9:8080")];
        assert_eq!(target(&[&own[..], &state, &[("node", "k8s2")]].concat()).unwrap(), "k8s2");
        // It tells of another pod: then that one is meant. It tells of itself: then it is.
        let of_media = [("namespace", "media"), ("deployment", "jellyfin")];
        assert_eq!(target(&[&of_media[..], &state].concat()).unwrap(), "media/jellyfin");
        let other = [("namespace", "media"), ("pod", "jellyfin-0"), ("job", "kube-state-metrics")];
        assert_eq!(target(&other).unwrap(), "media/jellyfin-0");
        assert_eq!(target(&[&own[..], &state].concat()).unwrap(), "monitoring/kube-state-metrics-5f");
    }

    #[test]
    fn the_operators_own_ways_go_first() {
        let labels = [("namespace", "media"), ("pod", "jellyfin-0"), ("zone", "attic")];
        assert_eq!(with(&["{rack}", "room/{zone}"], &labels).unwrap(), "room/attic");
        assert_eq!(with(&["{rack}"], &labels).unwrap(), "media/jellyfin-0");
    }

    #[test]
    fn what_makes_no_target_says_how_one_is_made() {
        for bad in ["", "/", "{a", "{}", "a//b", "-{a}", "{a}/", "a b/{x}", "{a}}"] {
            assert!(LabelPath::parse(bad).unwrap_err().contains("; write"), "{bad}");
        }
    }
}
