//! Values that are no secrets outside of a secret's place, because they are words or the project's own names.

use std::collections::BTreeSet;

use crate::adopt::project::Project;

/// Words that people use as passwords and that stand in many texts.
const WORDS: &[&str] = &[
    "admin",
    "administrator",
    "root",
    "user",
    "username",
    "test",
    "guest",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mongo",
    "mongodb",
    "redis",
    "password",
    "passwd",
    "secret",
    "secrets",
    "default",
    "example",
    "token",
    "server",
    "database",
    "localhost",
    "string",
    "public",
    "private",
    "docker",
];

/// Parts of names of more words than this are not looked at.
const MOST_WORDS: usize = 5;
/// A number of fewer digits is one like all others.
const SHORTEST_NUMBER: usize = 6;

/// The names of a project and their whole parts, in small letters: those can't be hidden where they are names.
pub(super) fn names(project: &Project) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    names.insert(project.name.clone());
    names.extend(project.volumes.keys().chain(project.networks.keys()).chain(project.files.keys()).cloned());
    for service in &project.services {
        names.insert(service.name.clone());
        names.extend(service.container.clone());
        names.insert(service.image.name.clone());
        names.extend(service.user.clone());
        // A word is a host's name that somebody chose as a password, too; nobody calls a host by a random text.
        let is_word = |name: &String| name.chars().all(char::is_alphabetic);
        names.extend(service.hostname.clone().filter(is_word));
        names.extend(service.mounts.iter().map(|mount| mount.target.clone()));
        names.extend(service.env.keys().cloned());
    }
    let mut parts = BTreeSet::new();
    for name in names {
        add_parts(&name.to_lowercase(), &mut parts);
    }
    parts
}

/// Adds a name and its whole parts: `paperless-ngx`, `paperless` and `ngx`.
fn add_parts(name: &str, parts: &mut BTreeSet<String>) {
    let mut words: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, c) in name.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
        match words.last_mut() {
            Some(word) if word.end == at => word.end = at + c.len_utf8(),
            _ => words.push(at..at + c.len_utf8()),
        }
    }
    for (index, first) in words.iter().enumerate() {
        for last in words.iter().skip(index).take(MOST_WORDS) {
            parts.extend(name.get(first.start..last.end).map(str::to_owned));
        }
    }
    parts.insert(name.to_owned());
}

/// Whether a value is one of these: the name itself, or a whole part of one (`paperless` of `paperless-ngx`). A short
/// number can't be told from any other.
pub(super) fn is(value: &str, names: &BTreeSet<String>) -> bool {
    let value = value.to_lowercase();
    let is_number = value.len() < SHORTEST_NUMBER && value.bytes().all(|byte| byte.is_ascii_digit());
    is_number || WORDS.contains(&value.as_str()) || names.contains(&value)
}
