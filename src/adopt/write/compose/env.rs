//! Secrets as variables of a `.env`, and the shell line that fills it from what runs now.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::Options;
use super::super::super::project::{Piece, Project, Service};
use super::super::{SecretNeeded, in_words};
use super::yaml::{Node, literal};

/// What compose says when a secret is not in the `.env`; the reader knows our secrets by it.
pub(super) const SEE: &str = "create .env, see above";

/// What the secrets of each service are called in the `.env`, by the service and the variable.
pub(super) type Names<'a> = BTreeMap<(&'a str, &'a str), String>;

/// As they are called where they come from; else as in the service, with the service's name in front where another one
/// has a secret of that name, which may be another.
pub(super) fn names(project: &Project) -> Names<'_> {
    let all = || {
        let services = project.services.iter();
        services.flat_map(|service| service.secrets().map(move |name| (service, name)))
    };
    let mut names = Names::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for (service, name) in all() {
        if let Some(from) = service.secret_names.get(name) {
            let variable = variable_of("", from);
            taken.insert(variable.clone());
            names.insert((service.name.as_str(), name), variable);
        }
    }
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for (_, name) in all().filter(|(service, name)| !service.secret_names.contains_key(*name)) {
        *count.entry(variable_of("", name)).or_default() += 1;
    }
    for (service, name) in all() {
        let plain = variable_of("", name);
        let shared = count.get(&plain).is_some_and(|count| *count > 1) || taken.contains(&plain);
        names.entry((service.name.as_str(), name)).or_insert_with(|| {
            let prefix = if shared { format!("{}_", variable(&service.name)) } else { String::new() };
            let first = variable_of(&prefix, name);
            let mut free = first.clone();
            let mut number = 2;
            while !taken.insert(free.clone()) {
                free = format!("{first}_{number}");
                number += 1;
            }
            free
        });
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
pub(super) fn text(service: &Service, names: &Names<'_>, text: &str) -> Node {
    let pieces = service.pieces(text);
    let filled = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => literal(text),
        Piece::Secret(name) => {
            names.get(&(service.name.as_str(), *name)).map(|name| reference(name)).unwrap_or_default()
        }
    });
    Node::Filled(filled.collect())
}

/// What is needed of secrets, for each service that has some which no service before it has.
pub(super) fn needed(project: &Project, names: &Names<'_>, options: &Options) -> Vec<SecretNeeded> {
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let mut needed = Vec::new();
    // What is among the variables of a container is taken from there, before one that has it in its command alone.
    let mut services: Vec<&Service> = project.services.iter().collect();
    services.sort_by_key(|service| !in_words(service).is_empty());
    for service in services {
        let pairs = service.secrets().filter_map(|name| {
            let variable = names.get(&(service.name.as_str(), name)).map_or(name, String::as_str);
            told.insert(variable).then_some((name, variable))
        });
        let pairs: Vec<(&str, &str)> = pairs.collect();
        if pairs.is_empty() {
            continue;
        }
        needed.push(SecretNeeded {
            name: ".env".to_owned(),
            keys: pairs.iter().map(|(_, variable)| (*variable).to_owned()).collect(),
            command: fill(project, service, &pairs, options),
            run_on: Some("beside the compose file".to_owned()),
        });
    }
    needed
}

/// The comment at the top of the file that tells of them.
pub(super) fn comment(needed: &[SecretNeeded]) -> String {
    if needed.is_empty() {
        return String::new();
    }
    let mut names: Vec<&str> = needed.iter().flat_map(|secret| &secret.keys).map(String::as_str).collect();
    names.sort_unstable();
    let mut lines = vec![String::new()];
    for word in names {
        match lines.last_mut() {
            Some(line) if line.is_empty() => word.clone_into(line),
            Some(line) if line.len() + word.len() < 80 => *line = format!("{line} {word}"),
            _ => lines.push(word.to_owned()),
        }
    }
    format!("# A file .env beside this one has to hold\n#   {}\n\n", lines.join("\n#   "))
}

/// The line that adds the values of a container's variables to the `.env`, unless they are in it, and shows none of
/// them. In single quotes compose takes everything as it stands; what these can't hold stands in double ones.
fn fill(project: &Project, service: &Service, pairs: &[(&str, &str)], options: &Options) -> String {
    let container = super::super::container(project, service);
    // A byte that is in no variable stands between them: values may have several lines.
    let format = r#"{{range .Config.Env}}{{printf "%s\x1e" .}}{{end}}"#;
    let inspect = shell_words::join(["docker", "inspect", "--format", format, &container]);
    let from = super::super::remote(project, options, &inspect);
    let wanted: Vec<String> = pairs
        .iter()
        .map(
            |(name, variable)| {
                if name == variable { (*name).to_owned() } else { format!("{name}/{variable}") }
            },
        )
        .collect();
    let program = concat!(
        r#"function e(s, i, c, o) { for (i = 1; i <= length(s); i++) { c = substr(s, i, 1); "#,
        r#"o = o (index("\\\"$", c) ? "\\" : "") c } return "\"" o "\"" } "#,
        r#"BEGIN { while ((getline l < ".env") > 0) has = has l; n = split(want, w, " "); "#,
        r#"for (i = 1; i <= n; i++) { k = split(w[i], p, "/"); if (!index("\n" has, "\n" p[k] "=")) as[p[1]] = p[k] } } "#,
        r#"$1 in as { seen[$1] = 1; v = substr($0, length($1) + 2); "#,
        r#"print as[$1] "=" (index(v, q) || v ~ /\\$/ ? e(v) : q v q) } "#,
    );
    let missing = super::super::missing(&container, service);
    format!(
        "touch .env && chmod 600 .env && {from} | awk -v RS='\\036' -F= -v q=\"'\" -v want={} {} >> .env",
        shell_words::quote(&wanted.join(" ")),
        shell_words::quote(&format!("{program}{missing}")),
    )
}
