//! The keys of a file that programs read, and which of them a patch changes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use serde_yaml::Value;

use super::patch::FilePatch;
use super::veil::{hides_key, hides_value};

/// The largest file that is understood, in bytes.
const MAX_FILE: usize = 256 * 1024;
/// The most aliases that a YAML file may use, and still be understood: each may stand for much more than it is long.
const MAX_ALIASES: usize = 8;
/// The most keys of one file.
const MAX_KEYS: usize = 20_000;

/// A key whose value is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyChange {
    /// Where it is: `spec.template.spec.containers[web].image`.
    pub(super) key: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    /// Whether it lies in something that is secret as a whole.
    secret: bool,
}

impl KeyChange {
    /// Whether its values are not to be shown.
    pub(super) fn is_secret(&self) -> bool {
        self.secret
            || hides_key(&self.key)
            || [&self.before, &self.after].into_iter().flatten().any(|it| hides_value(it))
    }

    /// Whether it names an image.
    pub(super) fn is_image(&self) -> bool {
        self.name() == "image"
    }

    /// Whether other software runs for it, or another amount of it.
    pub(super) fn shifts_baseline(&self) -> bool {
        let name = self.name();
        let software = [
            "image",
            "tag",
            "newtag",
            "newname",
            "digest",
            "version",
            "chart",
            "chartversion",
            "appversion",
            "revision",
            "targetrevision",
            "ref",
            "rev",
            "branch",
            "semver",
            "repository",
        ];
        let amount =
            ["replicas", "replicacount", "cpu", "memory", "minreplicas", "maxreplicas", "mem_limit", "cpus"];
        software.contains(&name.as_str())
            || amount.contains(&name.as_str())
            || self.key.contains("resources.")
    }

    /// Its last segment, in lower case.
    fn name(&self) -> String {
        let last = self.key.rsplit(['.', ']']).find(|part| !part.is_empty()).unwrap_or_default();
        last.trim_start_matches('[').to_lowercase()
    }
}

/// The keys that a patch changes, in order; `None` if the file is not of a kind that has keys, is not there as a whole or
/// can't be understood.
pub(super) fn key_changes(file: &FilePatch) -> Option<Vec<KeyChange>> {
    let extension = file.path.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
    let understood = match extension.as_deref() {
        Some(kind @ ("yaml" | "yml" | "json" | "toml")) if file.whole => {
            Some(keys(kind, &file.before)?).zip(keys(kind, &file.after))
        }
        _ => None,
    };
    match understood {
        Some((before, after)) => Some(compare(&before, &after)),
        None => one_line_changed(file),
    }
}

/// Of each key, its value and whether that is secret.
type Keys = BTreeMap<String, (String, bool)>;

fn compare(before: &Keys, after: &Keys) -> Vec<KeyChange> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change = |key: &String| {
        let (old, new) = (before.get(key), after.get(key));
        let secret = [old, new].into_iter().flatten().any(|(_, secret)| *secret);
        let value = |it: Option<&(String, bool)>| it.map(|(value, _)| value.clone());
        KeyChange { key: key.clone(), before: value(old), after: value(new), secret }
    };
    names.into_iter().map(change).filter(|change| change.before != change.after).collect()
}

/// Where a single line became another with the same key (`tag: 1` → `tag: 2`, `version = "1"` → …), that key.
fn one_line_changed(file: &FilePatch) -> Option<Vec<KeyChange>> {
    if file.added != 1 || file.removed != 1 {
        return None;
    }
    let differs = file.before.lines().zip(file.after.lines()).find(|(old, new)| old != new)?;
    let (key, old) = pair(differs.0)?;
    let (same, new) = pair(differs.1)?;
    (key == same).then(|| {
        vec![KeyChange {
            key: key.to_owned(),
            before: Some(old.to_owned()),
            after: Some(new.to_owned()),
            secret: false,
        }]
    })
}

fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(": ").or_else(|| line.split_once('='))?;
    let key = key.trim().trim_start_matches("- ").trim_matches('"');
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let value = value.trim().trim_end_matches([',', ';']).trim_matches(['"', '\'']);
    (!key.is_empty() && key.chars().all(plain)).then_some((key, value))
}

/// All keys of a file.
fn keys(kind: &str, text: &str) -> Option<Keys> {
    if text.len() > MAX_FILE {
        return None;
    }
    let documents: Vec<Value> = match kind {
        "json" => vec![serde_yaml::to_value(serde_json::from_str::<serde_json::Value>(text).ok()?).ok()?],
        "toml" => vec![serde_yaml::to_value(toml::from_str::<toml::Value>(text).ok()?).ok()?],
        _ => {
            if aliases(text) > MAX_ALIASES {
                return None;
            }
            let documents = serde_yaml::Deserializer::from_str(text).map(Value::deserialize);
            documents.collect::<Result<_, _>>().ok()?
        }
    };
    let several = documents.iter().filter(|document| !document.is_null()).count() > 1;
    let mut keys = Keys::new();
    for (index, document) in documents.iter().enumerate() {
        let place = if several { name_of(document, index) } else { String::new() };
        let secret = document.get("kind").and_then(Value::as_str) == Some("Secret");
        flatten(document, &place, secret, &mut keys)?;
    }
    Some(keys)
}

/// Places that may be an alias.
fn aliases(text: &str) -> usize {
    let before = |at: usize| at.checked_sub(1).and_then(|at| text.as_bytes().get(at)).copied();
    let begins = |at: &usize| before(*at).is_none_or(|b| b.is_ascii_whitespace() || b"[,:-{".contains(&b));
    text.match_indices('*').map(|(at, _)| at).filter(begins).count()
}

/// What a document of several is called.
fn name_of(document: &Value, index: usize) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let kind = text(document.get("kind"));
    let name = text(document.get("metadata").and_then(|metadata| metadata.get("name")));
    match (kind, name) {
        (Some(kind), Some(name)) => format!("{kind}/{name}"),
        _ => format!("#{}", index + 1),
    }
}

fn flatten(value: &Value, place: &str, secret: bool, keys: &mut Keys) -> Option<()> {
    let within = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    match value {
        Value::Mapping(fields) if !fields.is_empty() => {
            // A variable's name says whether its value is secret: `- name: DB_PASSWORD`.
            fields.iter().try_for_each(|(name, value)| flatten(value, &within(&scalar(name)?), secret, keys))
        }
        Value::Sequence(items) if !items.is_empty() => {
            items.iter().enumerate().try_for_each(|(index, item)| {
                let name =
                    item.get("name").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned);
                flatten(item, &format!("{place}[{name}]"), secret, keys)
            })
        }
        Value::Tagged(tagged) => flatten(&tagged.value, place, secret, keys),
        other => {
            keys.insert(place.to_owned(), (scalar(other)?, secret));
            (keys.len() <= MAX_KEYS).then_some(())
        }
    }
}

/// A value that has no keys, as text.
fn scalar(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Sequence(_) => "[]".to_owned(),
        Value::Mapping(_) => "{}".to_owned(),
        Value::Tagged(tagged) => scalar(&tagged.value)?,
    })
}
