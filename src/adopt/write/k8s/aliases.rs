//! Further names by which others find a service.

use std::collections::BTreeSet;

use super::{Context, names, note};
use crate::adopt::project::{Connection, Service, Value};
use crate::adopt::write::Written;

/// The names of the further Services of one. Notes those that no Service can have.
pub(super) fn of(context: &Context<'_>, head: &Service, written: &mut Written) -> Vec<String> {
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    if let Connection::Networks(attachments) = &head.network {
        wanted.extend(attachments.iter().flat_map(|attachment| &attachment.aliases).map(String::as_str));
    }
    wanted.extend(head.container.as_deref().filter(|container| is_used(context, head, container)));
    wanted.extend(head.hostname.as_deref().filter(|host| is_mentioned(context, head, host)));
    let mut aliases = Vec::new();
    let mut impossible: Vec<&str> = Vec::new();
    for name in wanted {
        let lower = name.to_ascii_lowercase();
        let others = context.project.services.iter().filter(|service| service.name != head.name);
        let mut is_other = others.map(|service| names::service(&service.name));
        if lower == names::service(&head.name) || aliases.contains(&lower) {
            continue;
        }
        if !names::is_service_name(name) {
            impossible.push(name);
        } else if is_other.any(|other| other == lower) {
            written
                .notes
                .push(note(head, format!("The name {name} leads to the service of that name alone.")));
        } else if is_first(context, head, name) {
            aliases.push(lower);
        }
    }
    if !impossible.is_empty() {
        let text = format!(
            "Others may call it {}, which no Service can be called: they have to use {}.",
            impossible.join(" or "),
            names::service(&head.name)
        );
        written.notes.push(note(head, text));
    }
    aliases
}

/// Whether no service before it has the alias, too: a name in one namespace leads to one Service.
fn is_first(context: &Context<'_>, head: &Service, name: &str) -> bool {
    let has = |service: &&Service| match &service.network {
        Connection::Networks(attachments) => attachments.iter().any(|to| to.aliases.contains(name)),
        _ => false,
    };
    let first = context.project.services.iter().find(|service| has(service) || service.name == head.name);
    first.is_none_or(|first| first.name == head.name)
}

/// Whether others may use a container's name: they do, or it is one that a person chose and they have texts that are
/// hidden here.
fn is_used(context: &Context<'_>, head: &Service, container: &str) -> bool {
    let made = [
        format!("{}-{}-", context.project.name, head.name),
        format!("{}_{}_", context.project.name, head.name),
    ];
    let is_made = made.iter().any(|start| container.starts_with(start.as_str()));
    let others = || context.project.services.iter().filter(|service| service.name != head.name);
    let may_hide = others().any(|service| service.secrets().next().is_some());
    is_mentioned(context, head, container) || (!is_made && may_hide && names::is_service_name(container))
}

/// Whether a text of another service has the name as a word.
fn is_mentioned(context: &Context<'_>, head: &Service, name: &str) -> bool {
    let others = context.project.services.iter().filter(|service| service.name != head.name);
    others.flat_map(texts).any(|text| {
        text.match_indices(name).any(|(at, _)| {
            let is_inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            let before = text.get(..at).unwrap_or_default();
            let after = text.get(at + name.len()..).unwrap_or_default();
            !before.ends_with(is_inner) && !after.starts_with(is_inner)
        })
    })
}

fn texts(service: &Service) -> impl Iterator<Item = &str> {
    let values = service.env.values().filter_map(|value| match value {
        Value::Text(text) => Some(text.as_str()),
        Value::Secret | Value::Unset => None,
    });
    values.chain(service.command.iter().chain(&service.entrypoint).flatten().map(String::as_str))
}
