//! Secrets stay where they are: what looks like one, by its name or its value, becomes a reference.
//!
//! A variable becomes [`Value::Secret`]. A secret that stands in an argument becomes a variable, too, and `$(NAME)` is
//! left in its place. A value that was found is then looked for in all other texts of the project. What can't be told
//! from the project's own names (the password `paperless` of the user `paperless` in the database `paperless`) is hidden
//! where it is a secret, and stays where it is a name.

mod arguments;
mod faults;
mod inside;
mod names;
mod ordinary;
mod texts;
mod values;

pub(in crate::adopt) use faults::clean as clean_faults;
pub use names::looks_secret;

use std::collections::BTreeMap;

use self::texts::{Finder, Known};
use super::project::{Health, HealthTest, Note, Project, Service, Value};

/// As many secrets are taken out of one word, one by one. One with more is no command, and goes as a whole.
const MOST: usize = 50;

/// Makes references of all secrets of a project. Changes nothing where there are none (any more).
pub fn hide(project: &mut Project) {
    hide_with(project, std::iter::empty());
}

/// The same, and the secrets among these variables are looked for, too: they lie beside the project, in a `.env`.
pub(in crate::adopt) fn hide_with<'a>(
    project: &mut Project,
    beside: impl Iterator<Item = (&'a String, &'a String)>,
) {
    let mut known = Known::default();
    for (name, value) in beside.filter(|(name, value)| looks_secret(name, Some(value))) {
        // No service is at this place.
        learn(value, name, usize::MAX, &mut known);
    }
    for index in 0..project.services.len() {
        hide_variables(project, index, &mut known);
    }
    for index in 0..project.services.len() {
        hide_arguments(project, index, &mut known);
        hide_labels(project, index, &mut known);
    }
    hide_files(project);
    let ordinary = ordinary::names(project);
    let finder = known.finder(|value| ordinary::is(value, &ordinary));
    hide_known(project, &finder);
}

fn hide_variables(project: &mut Project, index: usize, known: &mut Known) {
    let Some(service) = project.services.get_mut(index) else { return };
    for (name, value) in &mut service.env {
        let Value::Text(text) = value else { continue };
        if !looks_secret(name, Some(text)) {
            continue;
        }
        learn(text, name, index, known);
        *value = Value::Secret;
    }
}

/// Knows a secret, and what may stand elsewhere of it: the password of an address, the lines of a key.
fn learn(text: &str, name: &str, index: usize, known: &mut Known) {
    let parts = values::shapes(text).into_iter().chain(inside::all(text));
    let mut found: Vec<&str> = parts.filter_map(|range| text.get(range)).collect();
    found.push(text);
    for value in found {
        for form in texts::forms(value) {
            known.add(form, name, index);
        }
        known.add(value.to_owned(), name, index);
    }
}

/// The lines of a service that are run, each with what it is called.
fn lines(service: &mut Service) -> Vec<&mut Vec<String>> {
    let mut lines: Vec<&mut Vec<String>> = Vec::new();
    lines.extend(service.entrypoint.as_mut());
    lines.extend(service.command.as_mut());
    if let Some(Health { test: HealthTest::Exec(line), .. }) = &mut service.health {
        lines.push(line);
    }
    lines
}

fn hide_arguments(project: &mut Project, index: usize, known: &mut Known) {
    let Some(service) = project.services.get_mut(index) else { return };
    let mut notes = Vec::new();
    // A line of shell is a line with one word, for as long as this takes.
    let mut all: Vec<Vec<String>> = lines(service).into_iter().map(std::mem::take).collect();
    let shell = match &mut service.health {
        Some(Health { test: HealthTest::Shell(text), .. }) => Some(std::mem::take(text)),
        _ => None,
    };
    let has_shell = shell.is_some();
    all.extend(shell.map(|text| vec![text]));
    for line in &mut all {
        let mut from = 0;
        for _ in 0..line.len().saturating_mul(2) {
            let Some(found) = arguments::first(line, from) else { break };
            from = found.word;
            take_out(service, index, &found, line, known, &mut notes);
        }
        for word in 0..line.len() {
            for round in 0..=MOST {
                let found = line.get(word).and_then(|text| arguments::first_within(word, text));
                let Some(mut found) = found else { break };
                if round == MOST {
                    found.range = 0..line.get(word).map_or(0, String::len);
                }
                take_out(service, index, &found, line, known, &mut notes);
            }
        }
    }
    if has_shell
        && let Some(Health { test: HealthTest::Shell(text), .. }) = &mut service.health
        && let Some(line) = all.pop()
    {
        *text = line.concat();
    }
    for (place, line) in lines(service).into_iter().zip(all) {
        *place = line;
    }
    project.notes.extend(notes);
}

/// Puts a variable in the place of a secret.
fn take_out(
    service: &mut Service,
    index: usize,
    found: &arguments::Found,
    line: &mut [String],
    known: &mut Known,
    notes: &mut Vec<Note>,
) {
    let Some(word) = line.get_mut(found.word) else { return };
    let Some(value) = word.get(found.range.clone()).map(str::to_owned) else { return };
    let before = service.env.len();
    let name = variable(service, index, found, &value, known);
    if service.env.len() > before {
        notes.push(Note {
            service: Some(service.name.clone()),
            text: format!("A secret stood in its arguments: it is the variable `{name}` now."),
        });
    }
    word.replace_range(found.range.clone(), &format!("$({name})"));
    known.add(value, &name, index);
}

/// The variable of a service that holds a value from its arguments; it is there afterwards.
fn variable(
    service: &mut Service,
    index: usize,
    found: &arguments::Found,
    value: &str,
    known: &Known,
) -> String {
    let holders = known.holders(value);
    if let Some(own) = holders.iter().find(|holder| holder.service == index && !holder.name.is_empty()) {
        return own.name.clone();
    }
    let prefix = prefix(&service.name);
    let name = match holders.iter().find(|holder| !holder.name.is_empty()) {
        Some(holder) => holder.name.clone(),
        None if found.is_name || found.key.starts_with(&prefix) => found.key.clone(),
        None => format!("{prefix}_{}", found.key),
    };
    let name = free(service, &name);
    service.env.insert(name.clone(), Value::Secret);
    name
}

/// A service's name as the beginning of a variable's.
fn prefix(name: &str) -> String {
    let prefix = names::words(name).join("_");
    if prefix.starts_with(|c: char| c.is_ascii_alphabetic()) { prefix } else { format!("APP_{prefix}") }
}

/// A name that no other variable of the service has.
fn free(service: &Service, name: &str) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !service.env.contains_key(name))
        .unwrap_or_default()
}

/// Labels with secrets are dropped: nothing in a cluster reads them, and most are a proxy's or a dashboard's.
fn hide_labels(project: &mut Project, index: usize, known: &mut Known) {
    let Some(service) = project.services.get_mut(index) else { return };
    let name = service.name.clone();
    let mut dropped = Vec::new();
    service.labels.retain(|label, value| {
        let is_secret = is_secret_label(label, value);
        if is_secret {
            known.add(value.clone(), "", index);
            dropped.push(label.clone());
        }
        !is_secret
    });
    project.notes.extend(dropped.iter().map(|label| dropped_label(&name, label)));
}

fn is_secret_label(label: &str, value: &str) -> bool {
    let lower = label.to_ascii_lowercase();
    let is_login = lower.contains("basicauth.users")
        || lower.contains("digestauth.users")
        || lower.contains("basic_auth");
    (is_login && !value.is_empty()) || looks_secret(label, Some(value))
}

fn dropped_label(service: &str, label: &str) -> Note {
    Note {
        service: Some(service.to_owned()),
        text: format!(
            "The label `{label}` holds a secret and is left out: give it to the cluster as a secret of its own."
        ),
    }
}

fn hide_files(project: &mut Project) {
    for file in project.files.values_mut() {
        let holds_one = |text: &str| values::has_shape(text) || inside::file_holds_one(text);
        if file.secret || file.text.as_deref().is_some_and(holds_one) {
            file.secret = true;
            file.text = None;
        }
    }
    for volume in project.volumes.values_mut() {
        for value in volume.options.values_mut() {
            *value = texts::without_passwords(value);
        }
        volume.options.retain(|name, value| !looks_secret(name, Some(value)));
        volume.labels.retain(|name, value| !looks_secret(name, Some(value)));
    }
}

/// Takes the values that were found out of all other texts.
fn hide_known(project: &mut Project, known: &Finder) {
    let mut notes = Vec::new();
    for (index, service) in project.services.iter_mut().enumerate() {
        hide_known_in_service(service, index, known, &mut notes);
    }
    for file in project.files.values_mut() {
        if file.text.as_deref().is_some_and(|text| known.is_in(text)) {
            file.secret = true;
            file.text = None;
        }
    }
    let holds = |text: &String| known.is_in(text);
    for volume in project.volumes.values_mut() {
        volume.options.retain(|_, value| !holds(value));
        volume.labels.retain(|_, value| !holds(value));
    }
    for network in project.networks.values_mut() {
        network.options.retain(|_, value| !holds(value));
    }
    project.notes.extend(notes);
    let texts = project.notes.iter_mut().map(|note| &mut note.text);
    for text in texts.chain(&mut project.referrers) {
        known.clean(text, "…");
        if values::has_shape(text) {
            *text = crate::domain::redact::Redactor::shapes().redact(text).into_owned();
        }
    }
}

fn hide_known_in_service(service: &mut Service, index: usize, known: &Finder, notes: &mut Vec<Note>) {
    let holds = |text: &str| known.is_in(text);
    for value in service.env.values_mut() {
        if matches!(value, Value::Text(text) if holds(text)) {
            *value = Value::Secret;
        }
    }
    let name = service.name.clone();
    service.labels.retain(|label, value| {
        if holds(value) || holds(label) {
            let label = if holds(label) { "…" } else { label };
            notes.push(dropped_label(&name, label));
            return false;
        }
        true
    });
    service.extra_hosts.retain(|(host, address)| !holds(host) && !holds(address));
    service.hostname = service.hostname.take().filter(|hostname| !holds(hostname));
    service.sysctls.retain(|_, value| !holds(value));
    let build = service.image.build.take();
    service.image.build = build.map(|mut build| {
        known.clean(&mut build, "…");
        crate::domain::redact::Redactor::shapes().redact(&build).into_owned()
    });
    hide_known_in_lines(service, index, known);
}

fn hide_known_in_lines(service: &mut Service, index: usize, known: &Finder) {
    let places: Vec<_> = texts_of(service).into_iter().map(|text| known.places(text)).collect();
    let mut names: BTreeMap<usize, String> = BTreeMap::new();
    for (_, found) in places.iter().flatten() {
        if let (false, Some(secret)) = (names.contains_key(found), known.secret(*found)) {
            let name = name_of(service, index, &secret.holders);
            service.env.insert(name.clone(), Value::Secret);
            names.insert(*found, name);
        }
    }
    for (text, places) in texts_of(service).into_iter().zip(places) {
        for (range, found) in places.into_iter().rev() {
            if let Some(name) = names.get(&found) {
                text.replace_range(range, &format!("$({name})"));
            }
        }
    }
}

/// The variable of a service that is to hold a secret of these holders.
fn name_of(service: &Service, index: usize, holders: &[texts::Holder]) -> String {
    let is_secret = |name: &str| service.env.get(name) == Some(&Value::Secret);
    let own = holders.iter().find(|holder| holder.service == index && is_secret(&holder.name));
    let any = || holders.iter().find(|holder| !holder.name.is_empty());
    match own.or_else(any).map(|holder| holder.name.as_str()) {
        None => free(service, &format!("{}_SECRET", prefix(&service.name))),
        Some(name) if own.is_some() => name.to_owned(),
        // Its own one of that name may have another value.
        Some(name) => free(service, name),
    }
}

/// All texts of a service in which `$(NAME)` stands for a secret.
fn texts_of(service: &mut Service) -> Vec<&mut String> {
    let mut texts: Vec<&mut String> = Vec::new();
    texts.extend(service.entrypoint.iter_mut().flatten());
    texts.extend(service.command.iter_mut().flatten());
    match &mut service.health {
        Some(Health { test: HealthTest::Exec(line), .. }) => texts.extend(line),
        Some(Health { test: HealthTest::Shell(text), .. }) => texts.push(text),
        _ => {}
    }
    texts
}

#[cfg(test)]
mod tests;
