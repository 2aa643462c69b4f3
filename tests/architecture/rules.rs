//! The rules of the house, as tables, and the check of one file against them.

use std::collections::BTreeSet;

use crate::imports::{Path, paths};
use crate::source::{lines_outside_tests, tokens};

/// The layers, from the inside out, and what each imports from besides itself.
pub(crate) const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("policy", &["domain"]),
    ("adopt", &["domain"]),
    ("config", &["domain", "policy", "adopt"]),
    ("store", &["domain", "policy", "adopt", "config"]),
    ("engine", &["domain", "policy", "adopt", "config", "store"]),
    ("agent", &["domain", "policy", "adopt", "config", "store", "engine"]),
    ("adapters", &["domain", "policy", "adopt", "config", "store", "engine", "agent"]),
    ("app", &["domain", "policy", "adopt", "config", "store", "engine", "agent", "adapters"]),
    ("cli", &["domain", "policy", "adopt", "config", "store", "engine", "agent"]),
    ("demo", &["domain", "policy", "config", "store", "engine", "app"]),
    (
        "main",
        &[
            "domain", "policy", "adopt", "config", "store", "engine", "agent", "adapters", "cli", "demo",
            "app",
        ],
    ),
];

/// Folders of `adapters/` whose members are adapters of their own.
const FAMILIES: &[&str] = &["chat", "llm"];

/// What some places must not name: where (path prefixes under `src/`), what, and why. Tests may.
const FORBIDDEN: &[(&[&str], &[&str], &str)] = &[
    (
        &["domain/", "policy/", "adopt/"],
        &[
            "tokio",
            "rusqlite",
            "tempfile",
            "std::fs",
            "std::net::TcpListener",
            "std::net::TcpStream",
            "std::net::ToSocketAddrs",
            "std::net::UdpSocket",
            "std::process",
            "std::env",
            "std::thread",
            "std::time::SystemTime",
            "std::time::Instant",
            "chrono::Local",
            "std::io::stdin",
            "std::io::stdout",
            "std::io::stderr",
            "ulid::Ulid::new",
        ],
        "is pure: no I/O, no clock, no runtime",
    ),
    (
        &["engine/"],
        &["tokio::time", "tokio::fs", "tokio::net", "tokio::process"],
        "reaches the world through its ports",
    ),
];

/// Reads of the clock, and the only places that may: everything else takes `now` or the `Clock` port. The demo's
/// lab is a piece of the world, not of Steward.
const CLOCKS: &[(&[&str], &[&str])] = &[
    (
        &["SystemTime::now", "Utc::now", "Local::now"],
        &["adapters/clock", "adapters/exec/resolve.rs", "demo/lab", "main.rs"],
    ),
    (&["Instant::now"], &["adapters/", "demo/lab", "main.rs"]),
];

/// How SQL reads the clock; the store never lets it.
const SQL_CLOCKS: &[&str] =
    &["current_timestamp", "current_date", "current_time", "'now'", "unixepoch()", "datetime()"];

/// The longest file, without its tests. Above it a second concept hides.
const MAX_LINES: usize = 500;

/// Checks one file. `file` is its path under `src/`; `modules` are the module paths of all files. Each
/// violation names file, line and rule.
pub(crate) fn check(file: &str, source: &str, modules: &BTreeSet<Vec<String>>) -> Vec<String> {
    let module = module_of(file);
    let tokens = tokens(source);
    let layer = layer_of(file);
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        if layer == "lib" {
            return Vec::new();
        }
        return vec![format!(
            "src/{file}:1: `{layer}` is no layer; LAYERS in tests/architecture/rules.rs lists them"
        )];
    };
    let is_test = file.ends_with("tests.rs") || file.contains("/tests/");
    let mut violations = Vec::new();
    for path in paths(&tokens, &module) {
        let mut rules: Vec<String> = Vec::new();
        rules.extend(layering(layer, allowed, &path));
        rules.extend(sideways(&module, &path, modules));
        if !path.in_test && !is_test {
            rules.extend(impurity(file, &path));
        }
        let named = path.segments.join("::");
        violations.extend(rules.iter().map(|rule| format!("src/{file}:{}: `{named}`: {rule}", path.line)));
    }
    if layer == "store" {
        violations.extend(sql_clocks(file, source));
    }
    let lines = lines_outside_tests(source, &tokens);
    if lines > MAX_LINES && !is_test {
        violations.push(format!(
            "src/{file}:1: {lines} lines without tests, {MAX_LINES} at most: look for the second concept"
        ));
    }
    violations
}

/// The module path of a file: `domain/command/mod.rs` is `domain::command`.
pub(crate) fn module_of(file: &str) -> Vec<String> {
    let file = file.trim_end_matches(".rs");
    let file = file.strip_suffix("/mod").unwrap_or(file);
    if matches!(file, "lib" | "main") {
        return Vec::new();
    }
    file.split('/').map(str::to_owned).collect()
}

fn layer_of(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or(file);
    first.trim_end_matches(".rs")
}

fn layering(layer: &str, allowed: &[&str], path: &Path) -> Option<String> {
    if path.segments.first().is_none_or(|first| first != "crate") || layer == "main" {
        return None;
    }
    match path.segments.get(1) {
        None => Some("takes the whole crate; name the layer".to_owned()),
        Some(other) if other == layer || allowed.contains(&other.as_str()) => None,
        Some(other) if LAYERS.iter().any(|(name, _)| name == other) => {
            let list = if allowed.is_empty() { "nothing else".to_owned() } else { allowed.join(", ") };
            Some(format!("{layer} must not import from {other} (only from itself and {list})"))
        }
        Some(other) => Some(format!("`{other}` is no layer; name things where they live")),
    }
}

/// The adapter that a path belongs to: `adapters::exec`, `adapters::chat::discord`. What lies beside them in a
/// `mod.rs` belongs to all.
fn adapter(path: &[String], modules: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    let family = rest.first().is_some_and(|name| FAMILIES.contains(&name.as_str()));
    let adapter = path.get(..if family { 3 } else { 2 })?;
    (first == "adapters" && modules.contains(adapter)).then(|| adapter.to_vec())
}

fn sideways(module: &[String], path: &Path, modules: &BTreeSet<Vec<String>>) -> Option<String> {
    let own = adapter(module, modules)?;
    let other = adapter(path.segments.strip_prefix(&["crate".to_owned()][..])?, modules)?;
    (own != other)
        .then(|| format!("adapters never import each other ({} from {})", own.join("::"), other.join("::")))
}

fn impurity(file: &str, path: &Path) -> Vec<String> {
    let within = |places: &[&str]| places.iter().any(|place| file.starts_with(place));
    let forbidden = FORBIDDEN
        .iter()
        .filter(|(places, names, _)| within(places) && names.iter().any(|name| path.starts_with(name)));
    let clocks = CLOCKS
        .iter()
        .filter(|(reads, places)| !within(places) && reads.iter().any(|read| path.contains(read)));
    forbidden
        .map(|(.., why)| format!("{} {why}", layer_of(file)))
        .chain(clocks.map(|(_, places)| format!("the clock is read in {} only", places.join(", "))))
        .collect()
}

fn sql_clocks(file: &str, source: &str) -> Vec<String> {
    let code = source.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.flat_map(|(at, line)| {
        let line = line.to_lowercase();
        let read = SQL_CLOCKS.iter().find(|read| line.contains(*read));
        read.map(|read| format!("src/{file}:{}: `{read}`: SQL never reads the clock; bind the time", at + 1))
    })
    .collect()
}
