//! Names that Kubernetes takes.

use sha2::{Digest, Sha256};

use crate::adopt::project::dns_label;

/// The longest name of a Service, a label's value, a port's host name.
pub(super) const LABEL: usize = 63;
/// The longest name of a workload: a `StatefulSet` adds a revision to it, and that is a label's value.
pub(super) const WORKLOAD: usize = 52;

/// A DNS label of `max` characters at most. What is longer ends with a short hash of all of it, so that two long names
/// that begin alike stay two.
pub(super) fn fit(name: &str, max: usize) -> String {
    let label = dns_label(name);
    if label.len() <= max && name.len() <= LABEL {
        return label;
    }
    let hash: String =
        Sha256::digest(name.as_bytes()).iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    let kept = label.get(..label.len().min(max - hash.len() - 1)).unwrap_or_default();
    format!("{}-{hash}", kept.trim_end_matches('-'))
}

/// The name of a workload and of what belongs to it.
pub(super) fn workload(service: &str) -> String {
    fit(service, WORKLOAD)
}

/// The name of a Service: it may not begin with a digit.
pub(super) fn service(name: &str) -> String {
    let name = fit(name, LABEL);
    if name.starts_with(|c: char| c.is_ascii_digit()) { fit(&format!("app-{name}"), LABEL) } else { name }
}

/// Whether others can find a Service by exactly that name (host names know no case).
pub(super) fn is_service_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    service(&lower) == lower
}

/// Whether it is a host's full name, a `*.` at the front apart.
pub(super) fn is_host(name: &str) -> bool {
    let bare = name.strip_prefix("*.").unwrap_or(name);
    bare.len() <= 253
        && !bare.is_empty()
        && bare.split('.').all(|part| part.len() <= LABEL && dns_label(part) == part)
}

/// A key of a `ConfigMap` or Secret.
pub(super) fn key(name: &str) -> String {
    let is_key = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let key: String = name.chars().map(|c| if is_key(c) { c } else { '_' }).take(253).collect();
    match key.as_str() {
        "" | "." => "file".to_owned(),
        key if key.starts_with("..") => key.replacen("..", "_", 1),
        _ => key,
    }
}

/// Whether a key of that name becomes a variable with `envFrom`.
pub(super) fn is_variable(name: &str) -> bool {
    key(name) == name && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a container can have a variable of that name.
pub(super) fn is_env(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| matches!(c, ' '..='~') && c != '=')
}

/// A label's value.
pub(super) fn label_value(text: &str) -> String {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let value: String = text.chars().map(|c| if is_inner(c) { c } else { '-' }).take(LABEL).collect();
    value.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

/// The last part of a path; the path where there is none.
pub(super) fn base(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().filter(|base| !base.is_empty()).unwrap_or("root")
}

/// A name that is not taken yet.
pub(super) fn unique(wanted: &str, max: usize, is_taken: impl Fn(&str) -> bool) -> String {
    let wanted = fit(wanted, max);
    let numbered =
        (2..).map(|number| fit(&format!("{}-{number}", &wanted[..wanted.len().min(max - 5)]), max));
    std::iter::once(wanted.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(wanted.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_stay_apart_and_short_ones_stay_as_they_are() {
        assert_eq!(fit("paperless", 63), "paperless");
        let (a, b) = (fit(&format!("{}a", "x".repeat(70)), 63), fit(&format!("{}b", "x".repeat(70)), 63));
        assert_ne!(a, b);
        assert!(a.len() <= 63 && fit(&"y".repeat(60), WORKLOAD).len() <= WORKLOAD);
        assert_eq!(unique("a", 63, |name| name == "a" || name == "a-2"), "a-3");
    }

    #[test]
    fn a_service_begins_with_a_letter() {
        assert_eq!(service("2fauth"), "app-2fauth");
        assert!(is_service_name("db") && is_service_name("DB") && !is_service_name("my_db"));
        assert!(!is_service_name("2fauth") && !is_service_name("db.lan"));
    }

    #[test]
    fn keys_and_values_hold_what_they_may() {
        assert!(
            is_host("a.example.org")
                && is_host("*.x.y")
                && !is_host("a_b")
                && !is_host("")
                && !is_host("a..b")
        );
        assert_eq!(key("a b/c.yml"), "a_b_c.yml");
        assert_eq!(key("..data"), "_data");
        assert!(is_variable("TZ") && !is_variable("1X") && !is_variable("a b"));
        assert_eq!(label_value("Jane Doe <j@x>"), "Jane-Doe--j-x");
    }
}
