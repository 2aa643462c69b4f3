//! Image, command, and variables of a service.

use super::called;
use super::dotenv;
use super::fill::handed_on;
use super::reader::Reader;
use super::tree::{Node, Yaml};
use super::units::{join, rebased};
use crate::adopt::project::{Image, Service, Value};
use crate::adopt::secrets::looks_secret;

/// Variables of one service at most.
const MAX_VARIABLES: usize = 2000;

/// `image`.
pub(super) fn image(reader: &mut Reader, service: &mut Service, node: &Node) {
    let Some(text) = reader.text(node) else { return };
    let build = service.image.build.take();
    match reference(text.trim()) {
        Some(image) => service.image = Image { build, ..image },
        None => {
            let what = if text.trim().is_empty() { "is empty" } else { "is no image" };
            reader.fault(node.at.fault(what).fix("write it as `registry/name:tag`, in lower case"));
        }
    }
}

/// `[REGISTRY/]NAME[:TAG][@DIGEST]`.
pub(super) fn reference(text: &str) -> Option<Image> {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    let folder = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest[folder..].split_once(':') {
        Some((_, tag)) => (&rest[..rest.len() - tag.len() - 1], Some(tag)),
        None => (rest, None),
    };
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
    };
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':', '[']) || host == "localhost" => (Some(host), path),
        _ => (None, name),
    };
    let fits = path.split('/').all(part)
        && host.is_none_or(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b)))
        && tag.is_none_or(|tag| {
            !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        })
        && digest.is_none_or(|digest| {
            digest.split_once(':').is_some_and(|(kind, hex)| {
                !kind.is_empty() && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
            })
        });
    fits.then(|| Image {
        name: name.to_owned(),
        tag: tag.map(str::to_owned),
        digest: digest.map(str::to_owned),
        pinned: digest.is_some(),
        ..Image::default()
    })
}

/// `build`.
pub(super) fn build(reader: &mut Reader, service: &mut Service, node: &Node) {
    let context = match &node.value {
        Yaml::Map(_) if node.get("dockerfile_inline").is_some() && node.get("context").is_none() => {
            Some("the file itself".to_owned())
        }
        Yaml::Map(_) => node.get("context").map_or(Some(".".to_owned()), |node| reader.text(node)),
        _ => reader.text(node),
    };
    let others = ["dockerfile", "args", "target", "additional_contexts", "secrets"];
    if let Some(key) = others.into_iter().find(|key| node.get(key).is_some()) {
        reader.note(format!(
            "its `build` has `{key}`, which is not taken over: build the image by the old file"
        ));
    }
    service.image.build = context.map(|context| rebased(&node.at.source().folder, &context));
}

/// `command`.
pub(super) fn command(reader: &mut Reader, service: &mut Service, node: &Node) {
    service.command = words(reader, service, node);
}

/// `entrypoint`. An empty one means that the command itself is the program.
pub(super) fn entrypoint(reader: &mut Reader, service: &mut Service, node: &Node) {
    let Some(words) = words(reader, service, node) else { return };
    if !words.is_empty() {
        service.entrypoint = Some(words);
    } else if let Some(command) = service.command.take_if(|command| !command.is_empty()) {
        service.entrypoint = Some(command);
    } else {
        reader.note("its empty `entrypoint` switches off the image's, which can't be said elsewhere: the image's is used");
    }
}

fn words(reader: &mut Reader, service: &mut Service, node: &Node) -> Option<Vec<String>> {
    match &node.value {
        Yaml::List(items) => {
            let mut words = Vec::new();
            for item in items {
                words.extend(marked(reader, service, item));
            }
            Some(words)
        }
        _ => {
            let text = marked(reader, service, node)?;
            let words = shell_words::split(&text);
            if words.is_err() {
                reader.fault(
                    node.at.fault("has a quote that never closes").fix("close it, or write a list of words"),
                );
            }
            words.ok()
        }
    }
}

/// A text, whose secrets become the service's.
pub(super) fn marked(reader: &mut Reader, service: &mut Service, node: &Node) -> Option<String> {
    let mut text = reader.text(node)?;
    if let Yaml::Marked(_, secrets) = &node.value {
        for name in secrets {
            let own = called::variable(service, name);
            if own != *name {
                text = text.replace(&format!("$({name})"), &format!("$({own})"));
            }
        }
    }
    Some(text)
}

/// `env_file`.
pub(super) fn env_file(reader: &mut Reader, service: &mut Service, node: &Node) {
    let items = match &node.value {
        Yaml::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for item in items {
        let (path, required, raw) = match &item.value {
            Yaml::Map(_) => {
                let required = item.get("required").and_then(|node| reader.bool(node)).unwrap_or(true);
                let format = item.get("format").and_then(|node| reader.text(node));
                let Some(path) = item.get("path").and_then(|node| reader.text(node)) else {
                    reader.fault(item.at.fault("has no `path`").fix("name the file: `path: app.env`"));
                    continue;
                };
                (path, required, format.as_deref() == Some("raw"))
            }
            _ => match reader.text(item) {
                Some(path) => (path, true, false),
                None => continue,
            },
        };
        one_file(reader, service, item, &join(&item.at.source().folder, &path), (required, raw));
    }
}

fn one_file(
    reader: &mut Reader,
    service: &mut Service,
    item: &Node,
    path: &str,
    (required, raw): (bool, bool),
) {
    let text = match reader.beside.read(path) {
        Ok(Some(text)) => text,
        Ok(None) if required => {
            return reader.note(format!(
                "{path} (its `env_file`) was not there to be read: the variables in it are missing here"
            ));
        }
        Ok(None) => return,
        Err(why) => {
            return reader
                .fault(item.at.fault(format!("names the file `{path}`, which can't be read: {why}")));
        }
    };
    let read = if raw { dotenv::read_raw(&text) } else { dotenv::read(&text, &reader.vars) };
    for (line, wrong) in read.wrong {
        let fault = crate::adopt::Fault::of(path, wrong).on_line(line);
        reader.fault(fault.fix("write `NAME=value`, or `#` in front"));
    }
    for (name, text) in read.values {
        let value = match text {
            // Where it will be seen for what it is, the value stays until then: the same in several services is one.
            Some(text)
                if read.secret.contains(&name) && !text.is_empty() && !looks_secret(&name, Some(&text)) =>
            {
                Value::Secret
            }
            Some(text) => Value::Text(text),
            None => of_yaml(&Node::new(item.at.clone(), handed_on(&reader.vars, &name))),
        };
        // The project's own `.env` is where the values will be looked for again.
        let from = Some(&name).filter(|name| path == ".env" && reader.vars.values.contains_key(*name));
        put(service, &name, value, from);
    }
}

/// `environment`, which `fill` made a map of.
pub(super) fn environment(reader: &mut Reader, service: &mut Service, node: &Node) {
    if node.entries().len() > MAX_VARIABLES {
        let what = format!("has more than {MAX_VARIABLES} variables");
        return reader.fault(node.at.fault(what).fix("give settings of that number as a file"));
    }
    for (name, value) in reader.map(node) {
        if name.is_empty() || name.contains(['=', '\0']) {
            reader.fault(value.at.fault("is no name of a variable").fix("write `NAME: value`"));
        } else if matches!(value.value, Yaml::List(_) | Yaml::Map(_)) {
            let what = format!("has to be a text; it is {}", value.kind());
            reader.fault(value.at.fault(what).fix("write the value in quotes"));
        } else {
            put(service, name, of_yaml(value), value.from.as_ref());
        }
    }
}

/// Gives a service a variable, instead of what it had under that name.
fn put(service: &mut Service, name: &str, value: Value, from: Option<&String>) {
    service.secret_names.remove(name);
    if let Some(from) = from {
        service.secret_names.insert(name.to_owned(), from.clone());
    }
    service.env.insert(name.to_owned(), value);
}

fn of_yaml(node: &Node) -> Value {
    match &node.value {
        Yaml::Secret => Value::Secret,
        _ => node.scalar().map_or(Value::Unset, Value::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn an_image_comes_apart_into_name_tag_and_digest() {
        let digest = format!("sha256:{}", "a1".repeat(32));
        for (text, name, tag, pinned) in [
            ("postgres", "postgres", None, false),
            ("postgres:16-alpine", "postgres", Some("16-alpine"), false),
            ("nas.lan:5000/me/app", "nas.lan:5000/me/app", None, false),
            ("nas.lan:5000/me/app:v1", "nas.lan:5000/me/app", Some("v1"), false),
            (&format!("ghcr.io/a/b:1@{digest}"), "ghcr.io/a/b", Some("1"), true),
            (&format!("ghcr.io/a/b@{digest}"), "ghcr.io/a/b", None, true),
        ] {
            let image = reference(text).unwrap();
            assert_eq!(
                (image.name.as_str(), image.tag.as_deref(), image.pinned),
                (name, tag, pinned),
                "{text}"
            );
        }
        for text in ["", ":", "Postgres", "a b", "a:", "a@", "a@sha256:x", "/a", "a//b"] {
            assert!(reference(text).is_none(), "{text}");
        }
    }
}
