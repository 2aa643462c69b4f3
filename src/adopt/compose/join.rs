//! How one file changes another, and one service extends another: what compose calls merging.

use super::tree::{Merge, Node, Yaml};

/// Lists of pairs that may be maps as well.
const PAIRS: &[&str] = &[
    "environment",
    "labels",
    "annotations",
    "sysctls",
    "extra_hosts",
    "args",
    "depends_on",
    "networks",
    "models",
];
/// Lists that are replaced as a whole.
const WHOLE: &[&str] = &["command", "entrypoint", "test"];

/// `over` on top of `base`.
pub(super) fn joined(base: Node, over: Node) -> Node {
    let key = over.at.name().to_owned();
    join(base, over, &key)
}

fn join(mut base: Node, mut over: Node, key: &str) -> Node {
    if over.merge != Merge::Usual || WHOLE.contains(&key) {
        return over;
    }
    if PAIRS.contains(&key) && is_mixed(&base, &over) {
        as_map(&mut base);
        as_map(&mut over);
    }
    let at = over.at.clone();
    let value = match (base.value, over.value) {
        (value, Yaml::Null) => value,
        (Yaml::Map(mut entries), Yaml::Map(changes)) => {
            for (name, change) in changes {
                let place = entries.iter().position(|(other, _)| *other == name);
                match place {
                    Some(place) if change.merge == Merge::Reset => {
                        entries.remove(place);
                    }
                    Some(place) => {
                        let old = std::mem::replace(&mut entries[place].1, Node::new(at.clone(), Yaml::Null));
                        entries[place].1 = join(old, change, &name);
                    }
                    None if change.merge == Merge::Reset => {}
                    None => entries.push((name, change)),
                }
            }
            Yaml::Map(entries)
        }
        (Yaml::List(mut items), Yaml::List(more)) => {
            if key == "volumes" {
                items.retain(|item| {
                    target(item).is_none_or(|path| !more.iter().any(|m| target(m) == Some(path)))
                });
            }
            for item in more {
                if !items.contains(&item) {
                    items.push(item);
                }
            }
            Yaml::List(items)
        }
        (_, value) => value,
    };
    Node::new(at, value)
}

/// Takes out what `!reset` removes where there was nothing to remove it from.
pub(super) fn without_resets(node: &mut Node) {
    match &mut node.value {
        Yaml::Map(entries) => {
            entries.retain(|(_, node)| node.merge != Merge::Reset);
            entries.iter_mut().for_each(|(_, node)| without_resets(node));
        }
        Yaml::List(items) => items.iter_mut().for_each(without_resets),
        _ => {}
    }
}

fn is_mixed(base: &Node, over: &Node) -> bool {
    matches!((&base.value, &over.value), (Yaml::List(_), Yaml::Map(_)) | (Yaml::Map(_), Yaml::List(_)))
}

fn as_map(node: &mut Node) {
    let Yaml::List(items) = &mut node.value else { return };
    let entries = std::mem::take(items).into_iter().filter_map(|item| {
        let text = item.scalar()?;
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.to_owned(), Yaml::Text(value.to_owned())),
            None => (text, Yaml::Null),
        };
        Some((name, Node::new(item.at, value)))
    });
    node.value = Yaml::Map(entries.collect());
}

/// The path inside of an entry of `volumes`.
fn target(item: &Node) -> Option<&str> {
    match &item.value {
        Yaml::Text(text) => {
            let mut parts = text.split(':');
            let first = parts.next()?;
            Some(parts.next().unwrap_or(first))
        }
        Yaml::Map(_) => match &item.get("target")?.value {
            Yaml::Text(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
