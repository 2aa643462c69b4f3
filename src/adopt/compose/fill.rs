//! Fills the variables of one file's tree. What nothing fills, and what is a secret, depends on where it stands.

use super::reader::Reader;
use super::template::{self, How, Outcome, Part, Vars};
use super::tree::{Node, Yaml};
use crate::adopt::secrets::looks_secret;

/// Bytes that all texts with variables may come to.
const MAX_FILLED: usize = 32 << 20;

/// What a variable may become where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Text; a secret is left out.
    Usual,
    /// Words of a command: `$(NAME)` stands for a secret.
    Words,
    /// The text of a file: it is a secret as a whole.
    Content,
    /// Nothing that is taken over: no fault and no note comes from it.
    Aside,
}

/// Fills a whole file.
pub(super) fn file(reader: &mut Reader, top: &mut Node) {
    for (section, node) in top.entries_mut() {
        match section.as_str() {
            "services" => {
                for (_, service) in node.entries_mut() {
                    for (key, node) in service.entries_mut() {
                        of_service(reader, key, node);
                    }
                }
            }
            "configs" | "secrets" => {
                for (_, entry) in node.entries_mut() {
                    for (key, node) in entry.entries_mut() {
                        match key.as_str() {
                            "content" => walk(reader, node, Place::Content),
                            "file" => around(reader, node),
                            _ => walk(reader, node, Place::Usual),
                        }
                    }
                }
            }
            "volumes" | "networks" | "name" => walk(reader, node, Place::Usual),
            "include" => around(reader, node),
            _ => walk(reader, node, Place::Aside),
        }
    }
}

fn of_service(reader: &mut Reader, key: &str, node: &mut Node) {
    match key {
        "environment" => environment(reader, node),
        "volumes" | "env_file" | "extends" | "devices" => around(reader, node),
        "command" | "entrypoint" => walk(reader, node, Place::Words),
        "healthcheck" => {
            for (key, node) in node.entries_mut() {
                walk(reader, node, if key == "test" { Place::Words } else { Place::Usual });
            }
        }
        "build" => {
            for (key, node) in node.entries_mut() {
                walk(reader, node, if key == "context" { Place::Usual } else { Place::Aside });
            }
            if node.entries().is_empty() {
                walk(reader, node, Place::Usual);
            }
        }
        "develop" | "models" | "provider" | "logging" | "credential_spec" => walk(reader, node, Place::Aside),
        key if key.starts_with("x-") => walk(reader, node, Place::Aside),
        _ => walk(reader, node, Place::Usual),
    }
}

/// Fills what holds paths: the shell that compose runs in has these two, and there is another way to write either.
fn around(reader: &mut Reader, node: &mut Node) {
    let mut ours = Vec::new();
    for (name, path) in [("PWD", "."), ("HOME", "~")] {
        if !reader.vars.values.contains_key(name) {
            reader.vars.values.insert(name.to_owned(), path.to_owned());
            ours.push(name);
        }
    }
    walk(reader, node, Place::Usual);
    for name in ours {
        reader.vars.values.remove(name);
    }
}

fn walk(reader: &mut Reader, node: &mut Node, place: Place) {
    match &mut node.value {
        Yaml::List(items) => items.iter_mut().for_each(|item| walk(reader, item, place)),
        Yaml::Map(entries) => entries.iter_mut().for_each(|(_, node)| walk(reader, node, place)),
        Yaml::Text(text) if text.contains('$') => {
            let text = std::mem::take(text);
            node.value = value(reader, node, text, place);
        }
        _ => {}
    }
}

fn value(reader: &mut Reader, node: &Node, text: String, place: Place) -> Yaml {
    let parts = match template::parse(&text) {
        Ok(parts) => parts,
        Err(_) if place == Place::Aside => return Yaml::Text(text),
        Err(what) => {
            reader.fault(node.at.fault(what));
            return Yaml::Text(text);
        }
    };
    let marker: fn(&str) -> String = match place {
        Place::Words => |name| format!("$({name})"),
        _ => |_| String::new(),
    };
    let Some(outcome) = filled(reader, node, &parts, marker) else { return Yaml::Text(String::new()) };
    if place == Place::Aside {
        return Yaml::Text(outcome.text);
    }
    tell(reader, node, &outcome);
    match place {
        Place::Words if !outcome.secrets.is_empty() => Yaml::Marked(outcome.text, outcome.secrets),
        Place::Content if !outcome.secrets.is_empty() => Yaml::Secret,
        _ => {
            for name in &outcome.secrets {
                let (file, field) = (&node.at.source().file, node.at.field());
                reader.service = None;
                reader.note(format!(
                    "{file}: {field} takes the secret `{name}`, which has no place there in what is written: it is left out"
                ));
            }
            Yaml::Text(outcome.text)
        }
    }
}

/// What a text comes to, as long as all of them together stay within reason.
fn filled(reader: &mut Reader, node: &Node, parts: &[Part], marker: fn(&str) -> String) -> Option<Outcome> {
    if reader.filled > MAX_FILLED {
        return None;
    }
    let outcome = template::fill(parts, &reader.vars, marker);
    reader.filled += outcome.text.len();
    if reader.filled > MAX_FILLED {
        reader
            .fault(node.at.fault("the variables of the file unfold to more than 32 MiB").fix("shorten them"));
        return None;
    }
    Some(outcome)
}

/// Tells what is missing.
fn tell(reader: &mut Reader, node: &Node, outcome: &Outcome) {
    if let Some(name) = outcome.unfilled.first() {
        let place = (node.at.source().file.clone(), node.at.field());
        reader.empty.entry(place).or_insert_with(|| name.clone());
    }
    for name in &outcome.unfilled {
        if reader.told.insert(name.clone()) {
            reader.service = None;
            reader.note(format!(
                "`{name}` has no value in .env: {} was read as if it were empty, as compose does",
                node.at.field()
            ));
        }
    }
    for (name, said) in &outcome.required {
        let said = if said.is_empty() { String::new() } else { format!(" ({})", clipped(said)) };
        let what = format!("needs the variable `{name}`, which has no value{said}");
        reader.fault(node.at.fault(what).fix(format!("put `{name}=…` into .env beside the file")));
    }
}

fn clipped(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

/// Makes a map of the variables, and fills their values.
fn environment(reader: &mut Reader, node: &mut Node) {
    if let Yaml::List(items) = &mut node.value {
        let mut entries: Vec<(String, Node)> = Vec::new();
        for item in std::mem::take(items) {
            let Some(text) = item.scalar() else {
                reader.fault(item.at.fault(format!("has to be `NAME=value`; it is {}", item.kind())));
                continue;
            };
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name.to_owned(), Yaml::Text(value.to_owned())),
                None => (text, Yaml::Null),
            };
            // The last one counts, as it does for the engine.
            entries.retain(|(other, _)| *other != name);
            entries.push((name, Node::new(item.at, value)));
        }
        node.value = Yaml::Map(entries);
    }
    for (name, node) in node.entries_mut() {
        node.value = match std::mem::replace(&mut node.value, Yaml::Null) {
            Yaml::Text(text) if text.contains('$') => {
                node.from = alone(&text);
                variable(reader, node, name, text)
            }
            Yaml::Null => {
                node.from = Some(name.clone());
                handed_on(&reader.vars, name)
            }
            value => value,
        };
    }
}

/// The variable that a text is, where it is nothing else.
fn alone(text: &str) -> Option<String> {
    match template::parse(text).ok()?.as_slice() {
        [Part::Variable { name, how: How::Plain | How::Required { .. } | How::Default { .. }, .. }] => {
            Some(name.clone())
        }
        _ => None,
    }
}

/// The value of a variable with variables in it.
fn variable(reader: &mut Reader, node: &Node, name: &str, text: String) -> Yaml {
    let parts = match template::parse(&text) {
        Ok(parts) => parts,
        Err(what) => {
            reader.fault(node.at.fault(what));
            return Yaml::Text(text);
        }
    };
    let Some(outcome) = filled(reader, node, &parts, |_| "x".to_owned()) else { return Yaml::Unset };
    if !outcome.secrets.is_empty() {
        // Where it will be seen for what it is, the value stays until then: it is looked for in other texts, too.
        let plain = template::fill_plainly(&text, &reader.vars);
        let known = outcome.secrets.iter().all(|name| reader.vars.values.contains_key(name));
        return match plain.filter(|plain| known && looks_secret(name, Some(plain))) {
            Some(plain) => Yaml::Text(plain),
            None => Yaml::Secret,
        };
    }
    let alone = matches!(parts.as_slice(), [Part::Variable { .. }]);
    let missing = !outcome.unfilled.is_empty() || !outcome.required.is_empty();
    if alone && missing && outcome.text.is_empty() {
        return if looks_secret(name, None) { Yaml::Secret } else { Yaml::Unset };
    }
    tell(reader, node, &outcome);
    Yaml::Text(outcome.text)
}

/// The value of a variable that is only named.
pub(super) fn handed_on(vars: &Vars, name: &str) -> Yaml {
    match vars.values.get(name) {
        Some(value) if value.is_empty() => Yaml::Text(String::new()),
        Some(value) if looks_secret(name, Some(value)) => Yaml::Text(value.clone()),
        _ if vars.is_secret(name) => Yaml::Secret,
        Some(value) => Yaml::Text(value.clone()),
        None => Yaml::Unset,
    }
}
