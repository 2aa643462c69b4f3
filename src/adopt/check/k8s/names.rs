//! Whether names, labels, amounts and ports are such as Kubernetes takes.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::Document;
use super::walk::{containers, fields, items, text};
use crate::adopt::Fault;

/// Whether a whole text fits a pattern.
fn is(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$").ok());
static SUBDOMAIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$").ok());
static LABEL_VALUE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$").ok());
static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[-._a-zA-Z0-9]+$").ok());
static QUANTITY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$").ok());

pub(super) fn is_label(text: &str) -> bool {
    text.len() <= 63 && is(&LABEL, text)
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && is(&SUBDOMAIN, text)
}

fn is_service(text: &str) -> bool {
    is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

fn is_port_name(text: &str) -> bool {
    is_label(text)
        && text.len() <= 15
        && !text.contains("--")
        && text.contains(|c: char| c.is_ascii_lowercase())
}

pub(super) fn check(document: &Document, faults: &mut Vec<Fault>) {
    let name = document.name.as_str();
    let good = match document.kind.as_str() {
        "Service" => is_service(name),
        "Namespace" | "Job" => is_label(name),
        // Its revision becomes a label's value, with this and eleven more.
        "StatefulSet" => is_label(name) && name.len() <= 52,
        _ => is_subdomain(name),
    };
    if !good {
        faults.push(document.fault("metadata.name", format!("{name} is no name for a {}", document.kind)));
    }
    if document.kind != "Namespace" && !is_label(document.text("/metadata/namespace")) {
        faults.push(document.fault("metadata.namespace", "is no namespace"));
    }
    for place in ["/metadata", "/spec/template/metadata"] {
        labels(document, place, faults);
    }
    if document.kind == "ConfigMap" {
        for (key, _) in fields(&document.value, "/data") {
            if !is(&KEY, key) || key.len() > 253 {
                faults.push(document.fault("data", format!("{key} is no key")));
            }
        }
    }
    if document.kind == "PersistentVolumeClaim" {
        quantities(document, document.value.pointer("/spec/resources/requests"), faults);
    }
    if document.kind == "Service" {
        service(document, faults);
    }
    for host in hosts(document) {
        if !is_subdomain(host.trim_start_matches("*.")) {
            faults.push(document.fault("spec", format!("{host} is no host")));
        }
    }
    if let Some(spec) = document.pod() {
        pod(document, spec, faults);
    }
}

fn labels(document: &Document, place: &str, faults: &mut Vec<Fault>) {
    let is_name = |key: &str| {
        let (prefix, name) = key.split_once('/').unwrap_or(("a", key));
        is_subdomain(prefix) && !name.is_empty() && name.len() <= 63 && is(&LABEL_VALUE, name)
    };
    for (key, value) in fields(&document.value, &format!("{place}/labels")) {
        let value = value.as_str().unwrap_or("?");
        if !is_name(key) || value.len() > 63 || !is(&LABEL_VALUE, value) {
            faults.push(
                document.fault("metadata.labels", format!("{key} is no label, or has no value for one")),
            );
        }
    }
    for (key, _) in fields(&document.value, &format!("{place}/annotations")) {
        if !is_name(key) {
            faults.push(document.fault("metadata.annotations", format!("{key} is no annotation")));
        }
    }
}

fn quantities(document: &Document, amounts: Option<&Value>, faults: &mut Vec<Fault>) {
    for (what, amount) in amounts.and_then(Value::as_object).into_iter().flatten() {
        if !is(&QUANTITY, amount.as_str().unwrap_or_default()) {
            faults.push(document.fault("resources", format!("{what} is no amount")));
        }
    }
}

/// The names by which requests come in.
fn hosts(document: &Document) -> Vec<&str> {
    let spec = document.value.get("spec").unwrap_or(&Value::Null);
    let rules = items(spec, "rules").filter_map(|rule| rule.get("host"));
    let tls = items(spec, "tls").flat_map(|tls| items(tls, "hosts"));
    rules.chain(tls).chain(items(spec, "hostnames")).filter_map(Value::as_str).collect()
}

fn is_port(value: Option<&Value>) -> bool {
    value.and_then(Value::as_u64).is_some_and(|port| (1..=65535).contains(&port))
}

fn service(document: &Document, faults: &mut Vec<Fault>) {
    let spec = document.value.get("spec").unwrap_or(&Value::Null);
    let mut names = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for port in items(spec, "ports") {
        let name = text(port, "name");
        if !is_port_name(name) || !names.insert(name) {
            faults.push(
                document.fault("spec.ports", format!("{name} is no name for a port, or is there twice")),
            );
        }
        let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
        if !is_port(port.get("port")) || !numbers.insert((port.get("port").map(Value::to_string), protocol)) {
            faults
                .push(document.fault("spec.ports", format!("the port of {name} is none, or is there twice")));
        }
    }
}

fn pod(document: &Document, spec: &Value, faults: &mut Vec<Fault>) {
    let mut names = BTreeSet::new();
    let mut ports = BTreeSet::new();
    for container in containers(spec) {
        let name = text(container, "name");
        if !is_label(name) || !names.insert(name) {
            faults.push(
                document.fault("containers", format!("{name} is no name for a container, or is there twice")),
            );
        }
        if text(container, "image").is_empty() || text(container, "image").contains(char::is_whitespace) {
            faults.push(document.fault(format!("containers.{name}.image"), "is no image"));
        }
        for port in items(container, "ports") {
            let port_name = text(port, "name");
            if !is_port_name(port_name) || !ports.insert(port_name) || !is_port(port.get("containerPort")) {
                let what = format!("{port_name} is no port, or is there twice");
                faults.push(document.fault(format!("containers.{name}.ports"), what));
            }
        }
        for amounts in ["/resources/requests", "/resources/limits"] {
            quantities(document, container.pointer(amounts), faults);
        }
        variables(document, name, container, faults);
    }
    let mut volumes = BTreeSet::new();
    for volume in items(spec, "volumes").map(|volume| text(volume, "name")) {
        if !is_label(volume) || !volumes.insert(volume) {
            faults.push(
                document.fault("volumes", format!("{volume} is no name for a volume, or is there twice")),
            );
        }
    }
    if let Some(name) = spec.get("hostname").and_then(Value::as_str).filter(|name| !is_label(name)) {
        faults.push(document.fault("hostname", format!("{name} is no host name")));
    }
}

fn variables(document: &Document, container: &str, value: &Value, faults: &mut Vec<Fault>) {
    let mut names = BTreeSet::new();
    for name in items(value, "env").map(|variable| text(variable, "name")) {
        let good = !name.is_empty() && name.chars().all(|c| matches!(c, ' '..='~') && c != '=');
        if !good || !names.insert(name) {
            let what = format!("{name} is no variable, or is there twice");
            faults.push(document.fault(format!("containers.{container}.env"), what));
        }
    }
}
