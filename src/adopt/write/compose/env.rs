//! Secrets as variables of a `.env`, and the shell line that fills it from what runs now.

use std::collections::BTreeMap;

use super::super::super::project::{Piece, Project, Service};
use super::super::SecretNeeded;
use super::yaml::{Node, literal};

/// What compose says when a secret is not in the `.env`; the reader knows our secrets by it.
pub(super) const SEE: &str = "create .env, see above";

/// What the secrets of each service are called in the `.env`: as in the service, with the service's name in front where
/// another one has a secret of that name, which may be another.
pub(super) fn names(project: &Project) -> BTreeMap<(&str, &str), String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for name in project.services.iter().flat_map(Service::secrets) {
        *count.entry(name).or_default() += 1;
    }
    let mut names = BTreeMap::new();
    for service in &project.services {
        for name in service.secrets() {
            let shared = count.get(name).is_some_and(|count| *count > 1);
            let prefix = if shared { format!("{}_", variable(&service.name)) } else { String::new() };
            names.insert((service.name.as_str(), name), variable_of(&prefix, name));
        }
    }
    names
}

fn variable(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// A name that a `.env` can hold: names of variables may have dots and dashes in a container, not there.
fn variable_of(prefix: &str, name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let name = format!("{prefix}{name}");
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// The reference to a variable of the `.env`. With `:?` an empty value would not do, and some secrets are.
pub(super) fn reference(variable: &str) -> String {
    format!("${{{variable}?{SEE}}}")
}

/// A text of a service, in which `$(NAME)` of a secret becomes the reference to it.
pub(super) fn text(service: &Service, names: &BTreeMap<(&str, &str), String>, text: &str) -> Node {
    let pieces = service.pieces(text);
    let filled = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => literal(text),
        Piece::Secret(name) => {
            names.get(&(service.name.as_str(), *name)).map(|name| reference(name)).unwrap_or_default()
        }
    });
    Node::Filled(filled.collect())
}

/// What is needed of secrets, for each service that has some.
pub(super) fn needed(project: &Project, names: &BTreeMap<(&str, &str), String>) -> Vec<SecretNeeded> {
    let with_secrets = project.services.iter().filter(|service| service.secrets().next().is_some());
    with_secrets
        .map(|service| {
            let pairs: Vec<(&str, &str)> = service
                .secrets()
                .map(|name| {
                    let variable = names.get(&(service.name.as_str(), name)).map_or(name, String::as_str);
                    (name, variable)
                })
                .collect();
            SecretNeeded {
                name: ".env".to_owned(),
                keys: pairs.iter().map(|(_, variable)| (*variable).to_owned()).collect(),
                command: fill(project, service, &pairs),
                run_on: project.host.as_ref().map(|_| "beside the compose file".to_owned()),
            }
        })
        .collect()
}

/// The comment at the top of the file that tells of them.
pub(super) fn comment(needed: &[SecretNeeded]) -> String {
    if needed.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = needed.iter().flat_map(|secret| &secret.keys).map(String::as_str).collect();
    format!("# A file .env beside this one holds the secrets: {}.\n\n", names.join(", "))
}

/// The line that adds the values of a container's variables to the `.env`, in single quotes, in which compose takes
/// everything as it stands; it shows none of them.
fn fill(project: &Project, service: &Service, pairs: &[(&str, &str)]) -> String {
    let container = super::super::container(project, service);
    // A byte that is in no variable stands between them: values may have several lines.
    let format = r#"{{range .Config.Env}}{{printf "%s\x1e" .}}{{end}}"#;
    let inspect = shell_words::join(["docker", "inspect", "--format", format, &container]);
    let from = match &project.host {
        Some(host) => format!("ssh {} {}", shell_words::quote(host), shell_words::quote(&inspect)),
        None => inspect,
    };
    let wanted: Vec<String> = pairs
        .iter()
        .map(
            |(name, variable)| {
                if name == variable { (*name).to_owned() } else { format!("{name}/{variable}") }
            },
        )
        .collect();
    let program = concat!(
        r#"BEGIN { n = split(want, w, " "); for (i = 1; i <= n; i++) { split(w[i], p, "/"); "#,
        r#"as[p[1]] = p[2] == "" ? p[1] : p[2] } } "#,
        r#"$1 in as { seen[$1] = 1; v = substr($0, length($1) + 2); gsub(q, "\\\\" q, v); print as[$1] "=" q v q } "#,
        r#"END { for (k in as) if (!(k in seen)) print "not among its variables: " k > "/dev/stderr" }"#,
    );
    format!(
        "touch .env && chmod 600 .env && {from} | awk -v RS='\\036' -F= -v q=\"'\" -v want={} {} >> .env",
        shell_words::quote(&wanted.join(" ")),
        shell_words::quote(program),
    )
}
