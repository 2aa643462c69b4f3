//! Names that no Service can have (`nextcloud_db`), where other services call them: they call the Service's instead.

use std::collections::BTreeMap;

use super::{names, note};
use crate::adopt::Settled;
use crate::adopt::project::{Connection, Note, Project, Service, Value};

/// Parts of the names of variables whose value is a host.
const HOSTS: &[&str] = &["HOST", "SERVER", "ADDR", "ENDPOINT", "URL", "UPSTREAM"];

/// The same, with the Services' names in variables and arguments; and what was changed.
pub(super) fn renamed(settled: &Settled) -> (Settled, Vec<Note>) {
    let mut settled = settled.clone();
    let new_names = new_names(&settled.project);
    let mut notes = Vec::new();
    for service in &mut settled.project.services {
        for (name, new) in &new_names {
            let places = rename(service, name, new);
            if !places.is_empty() {
                let text =
                    format!("No Service can be called {name}: it is {new} in {} here.", places.join(", "));
                notes.push(note(service, text));
            }
        }
    }
    (settled, notes)
}

/// The Service behind each name that can be none's.
fn new_names(project: &Project) -> BTreeMap<String, String> {
    let mut new_names = BTreeMap::new();
    for group in project.groups() {
        let Some(head) = group.first() else { continue };
        for service in &group {
            let mut own: Vec<&str> = vec![&service.name];
            own.extend(service.container.as_deref());
            if let Connection::Networks(networks) = &service.network {
                own.extend(networks.iter().flat_map(|network| network.aliases.iter().map(String::as_str)));
            }
            // A name with dots is one that others know, too.
            for name in own.into_iter().filter(|name| name.contains('_') && !name.contains('.')) {
                new_names.entry(name.to_owned()).or_insert_with(|| names::service(&head.name));
            }
        }
    }
    new_names
}

/// Where the name was changed: variables, or the arguments.
fn rename(service: &mut Service, name: &str, new: &str) -> Vec<String> {
    let mut places = Vec::new();
    for (variable, value) in &mut service.env {
        let Value::Text(text) = value else { continue };
        if let Some(changed) = changed(variable, text, name, new) {
            *text = changed;
            places.push(variable.clone());
        }
    }
    let words = service.command.iter_mut().chain(&mut service.entrypoint).flatten();
    let mut is_argument = false;
    for word in words {
        let (flag, value) = word.split_once('=').unwrap_or(("", word));
        let Some(value) = changed(flag, value, name, new) else { continue };
        *word = if flag.is_empty() { value } else { format!("{flag}={value}") };
        is_argument = true;
    }
    places.extend(is_argument.then(|| "its arguments".to_owned()));
    places
}

/// A text with the new name wherever the old one is a host: not where a database or a user is called so, too.
fn changed(variable: &str, text: &str, name: &str, new: &str) -> Option<String> {
    let variable = variable.to_ascii_uppercase();
    if text == name {
        return HOSTS.iter().any(|part| variable.contains(part)).then(|| new.to_owned());
    }
    let places: Vec<usize> = text.match_indices(name).map(|(at, _)| at).collect();
    let mut changed = text.to_owned();
    for at in places.into_iter().rev().filter(|at| is_host(text, *at, name)) {
        changed.replace_range(at..at + name.len(), new);
    }
    (changed != text).then_some(changed)
}

/// `//name`, `user@name`, `name:5432`.
fn is_host(text: &str, at: usize, name: &str) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let after = text.get(at + name.len()..).unwrap_or_default();
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if before.ends_with(is_inner) || after.starts_with(is_inner) {
        return false;
    }
    let has_port = after.strip_prefix(':').is_some_and(|port| port.starts_with(|c: char| c.is_ascii_digit()));
    let begins = before.is_empty() || before.ends_with([',', ';', ' ', '=', '(']);
    before.ends_with("//") || before.ends_with('@') || (has_port && begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_renamed_and_a_database_of_that_name_is_not() {
        for (variable, text, expected) in [
            ("MYSQL_HOST", "my_db", Some("my-db")),
            ("DATABASE", "my_db", None),
            ("X", "mysql://my_db:3306/my_db", Some("mysql://my-db:3306/my_db")),
            ("X", "my_db:3306,my_db2:3306", Some("my-db:3306,my_db2:3306")),
            ("X", "app@my_db/x", Some("app@my-db/x")),
            ("X", "/srv/my_db", None),
            ("X", "a_my_db:1", None),
        ] {
            assert_eq!(changed(variable, text, "my_db", "my-db").as_deref(), expected, "{variable}={text}");
        }
    }
}
