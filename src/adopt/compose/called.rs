//! What secrets are called where they come from, so that one that several services have stays one.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::Reader;
use crate::adopt::Project;
use crate::adopt::project::{Service, Value};

/// The variable of a service that is the `.env`'s of that name: one that it has already, or a further one.
pub(super) fn variable(service: &mut Service, name: &str) -> String {
    let known = service.secret_names.iter().find(|(own, from)| *from == name && has(service, own));
    if let Some((own, _)) = known {
        return own.clone();
    }
    let mut own = name.to_owned();
    let mut number = 2;
    // Under that name it may have another one.
    while service.env.contains_key(&own) && service.secret_names.contains_key(&own) {
        own = format!("{name}_{number}");
        number += 1;
    }
    service.env.insert(own.clone(), Value::Secret);
    service.secret_names.insert(own.clone(), name.to_owned());
    own
}

fn has(service: &Service, name: &str) -> bool {
    service.env.get(name).is_some_and(|value| *value != Value::Unset)
}

/// Variables of the same name and the same value in several services are the same: they are called by their own name.
pub(super) fn alike(reader: &Reader<'_>, project: &mut Project) {
    let taken: BTreeSet<String> =
        project.services.iter().flat_map(|service| service.secret_names.values().cloned()).collect();
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for service in &project.services {
        for (name, value) in &service.env {
            if let (Value::Text(text), false) = (value, service.secret_names.contains_key(name)) {
                values.entry(name.clone()).or_default().insert(text.clone());
                *count.entry(name.clone()).or_default() += 1;
            }
        }
    }
    let is_one = |name: &String| {
        let value = values.get(name).filter(|values| values.len() == 1).and_then(BTreeSet::first);
        let same = reader.vars.values.get(name) == value;
        value.is_some() && if taken.contains(name) { same } else { count.get(name).is_some_and(|n| *n > 1) }
    };
    for service in &mut project.services {
        let Service { env, secret_names, .. } = service;
        for name in env.iter().filter(|(_, value)| matches!(value, Value::Text(_))).map(|(name, _)| name) {
            if !secret_names.contains_key(name) && is_one(name) {
                secret_names.insert(name.clone(), name.clone());
            }
        }
    }
}

/// Forgets what all that is no secret is called.
pub(super) fn only_secrets(project: &mut Project) {
    for service in &mut project.services {
        let Service { env, secret_names, .. } = service;
        secret_names.retain(|name, _| env.get(name) == Some(&Value::Secret));
    }
}
