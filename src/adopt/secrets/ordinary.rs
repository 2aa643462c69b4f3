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

/// The names of a project, in small letters: what contains one of them as a whole can't be hidden.
pub(super) fn names(project: &Project) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    names.insert(project.name.clone());
    names.extend(project.volumes.keys().chain(project.networks.keys()).chain(project.files.keys()).cloned());
    for service in &project.services {
        names.insert(service.name.clone());
        names.extend(service.container.clone());
        names.insert(service.image.name.clone());
        names.extend(service.user.clone());
        names.extend(service.mounts.iter().map(|mount| mount.target.clone()));
        names.extend(service.env.keys().cloned());
    }
    names.into_iter().map(|name| name.to_lowercase()).collect()
}

/// Whether a value is one of these: the name itself, or a whole part of one (`paperless` of `paperless-ngx`).
pub(super) fn is(value: &str, names: &BTreeSet<String>) -> bool {
    let value = value.to_lowercase();
    let is_part = |name: &String| {
        name.match_indices(value.as_str()).any(|(at, _)| {
            let joins = |c: char| c.is_alphanumeric();
            let before = name.get(..at).and_then(|name| name.chars().next_back());
            let behind = name.get(at + value.len()..).and_then(|name| name.chars().next());
            !before.is_some_and(joins) && !behind.is_some_and(joins)
        })
    };
    WORDS.contains(&value.as_str()) || (!value.is_empty() && names.iter().any(is_part))
}
