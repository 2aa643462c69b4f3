//! Names for what is made: volumes.

use std::collections::BTreeSet;

use crate::adopt::project::dns_label;

/// Parts of paths that say nothing about what is in them.
const EMPTY: &[&str] =
    &["usr", "src", "var", "lib", "opt", "app", "home", "srv", "mnt", "share", "local", "root", "etc"];

/// The name of a volume for this path of a service: `paperless-data`; one that no other has.
pub(super) fn volume(service: &str, path: &str, taken: &BTreeSet<String>) -> String {
    let parts: Vec<String> =
        path.split('/').filter(|part| !part.is_empty()).map(dns_label).filter(|part| part != "app").collect();
    let telling: Vec<&str> =
        parts.iter().map(String::as_str).filter(|part| !EMPTY.contains(part) && *part != service).collect();
    // `unifi-db-db` says nothing that `unifi-db-data` doesn't.
    let repeats = |part: &&&str| service.strip_suffix(**part).is_some_and(|rest| rest.ends_with('-'));
    let last = telling
        .iter()
        .rev()
        .find(|part| !repeats(part))
        .copied()
        .unwrap_or(if path.starts_with("/etc/") { "config" } else { "data" });
    let two = if telling.is_empty() {
        last.to_owned()
    } else {
        telling.iter().rev().take(2).rev().copied().collect::<Vec<_>>().join("-")
    };
    free([format!("{service}-{last}"), format!("{service}-{two}")], taken)
}

/// The name of a volume that several services of a project share, by where it is on the host: `media-data`.
/// None where that would say the same twice.
pub(super) fn shared(project: &str, path: &str, taken: &BTreeSet<String>) -> Option<String> {
    let last = dns_label(path.trim_end_matches('/').rsplit('/').next().unwrap_or_default());
    if project == last || project.ends_with(&format!("-{last}")) {
        return None;
    }
    let name = format!("{project}-{last}");
    Some(free([name.clone(), format!("{name}-shared")], taken))
}

/// The first of the names that is not taken, else the last with a number. 63 characters at most.
pub(super) fn free<const N: usize>(names: [String; N], taken: &BTreeSet<String>) -> String {
    let short = |name: &str| dns_label(name.get(..57).unwrap_or(name));
    if let Some(name) = names.iter().map(|name| short(name)).find(|name| !taken.contains(name)) {
        return name;
    }
    let base = short(names.last().map_or("volume", String::as_str));
    (2..).map(|number| format!("{base}-{number}")).find(|name| !taken.contains(name)).unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_called_by_what_is_in_them() {
        let mut taken = BTreeSet::new();
        for (service, path, name) in [
            ("paperless", "/usr/src/paperless/data", "paperless-data"),
            ("db", "/var/lib/postgresql/data", "db-data"),
            ("sonarr", "/config", "sonarr-config"),
            ("web", "/", "web-data"),
            ("web", "/srv", "web-data-2"),
            ("headscale", "/etc/headscale", "headscale-config"),
            ("unifi-db", "/data/db", "unifi-db-data"),
        ] {
            let made = volume(service, path, &taken);
            assert_eq!(made, name, "{path}");
            taken.insert(made);
        }
    }
}
