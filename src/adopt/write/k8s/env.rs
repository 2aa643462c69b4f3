//! Variables: the plain ones are a `ConfigMap`, the secret ones references.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::yaml::Fields;
use super::{Context, add, names, note, shell};
use crate::adopt::project::{Service, Value};
use crate::adopt::write::{Phase, Written};

/// The `ConfigMap` of each service with plain variables.
pub(super) fn write(context: &Context<'_>, written: &mut Written) {
    for service in &context.project.services {
        let mut data = Fields::new();
        for (name, text) in plain(service).filter(|(name, _)| names::is_variable(name)) {
            data = data.with(name, text);
        }
        if has_config(service) {
            let name = names::workload(&service.name);
            let map = context.object("v1", "ConfigMap", &name, Some(&service.name)).with("data", data);
            add(written, Phase::Base, map);
        }
        for (name, _) in plain(service).filter(|(name, _)| !names::is_env(name)) {
            written
                .notes
                .push(note(service, format!("{name:?} is no variable in Kubernetes and is left out.")));
        }
        let unset = service.env.iter().filter(|(_, value)| **value == Value::Unset);
        let unset: Vec<&str> = unset.map(|(name, _)| name.as_str()).collect();
        if !unset.is_empty() {
            let what = if unset.len() == 1 { "has no value and is" } else { "have no value and are" };
            written.notes.push(note(service, format!("{} {what} left out.", unset.join(", "))));
        }
    }
}

fn plain(service: &Service) -> impl Iterator<Item = (&str, &str)> {
    service.env.iter().filter_map(|(name, value)| match value {
        Value::Text(text) => Some((name.as_str(), text.as_str())),
        Value::Secret | Value::Unset => None,
    })
}

fn has_config(service: &Service) -> bool {
    plain(service).any(|(name, _)| names::is_variable(name))
}

/// `env` of a container: secrets, and names that no `ConfigMap` can hold.
pub(super) fn of_container(service: &Service) -> Json {
    let odd = plain(service).filter(|(name, _)| !names::is_variable(name) && names::is_env(name));
    let odd = odd.map(|(name, text)| Fields::new().with("name", name).with("value", shell::literal(text)));
    let secret = service.secrets().map(|name| {
        let reference =
            Fields::new().with("name", names::workload(&service.name)).with("key", names::key(name));
        Fields::new().with("name", name).with("valueFrom", Fields::new().with("secretKeyRef", reference))
    });
    secret.chain(odd).map(Json::from).collect::<Vec<_>>().into()
}

/// `envFrom` of a container.
pub(super) fn from_config(service: &Service) -> Json {
    let reference = Fields::new().with("name", names::workload(&service.name));
    let from = has_config(service).then(|| Json::from(Fields::new().with("configMapRef", reference)));
    from.into_iter().collect::<Vec<_>>().into()
}

/// Labels mean something to what reads them on the old host, and nothing here: which were left out.
pub(super) fn note_labels(context: &Context<'_>, written: &mut Written) {
    for service in &context.project.services {
        let routed = context.settled.public.iter().any(|public| public.service == service.name);
        let left = service.labels.keys().filter(|label| !(routed && label.starts_with("homepage.")));
        // `traefik.http.routers.x.rule` is one of many of `traefik`.
        let families: BTreeSet<String> = left.map(|label| family(label)).collect();
        if !families.is_empty() {
            let families: Vec<String> = families.into_iter().collect();
            let text =
                format!("Labels that nothing in the cluster reads are left out: {}.", families.join(", "));
            written.notes.push(note(service, text));
        }
    }
}

fn family(label: &str) -> String {
    let parts: Vec<&str> = label.split('.').collect();
    let own =
        if matches!(parts.first(), Some(&("com" | "org" | "io" | "net" | "dev" | "sh"))) { 3 } else { 1 };
    if parts.len() > own {
        format!("{}.*", parts.get(..own).unwrap_or_default().join("."))
    } else {
        label.to_owned()
    }
}
