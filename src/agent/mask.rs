//! Identifiers that stay in the lab: addresses, host names, domains, e-mail addresses and names of targets are replaced
//! by `host-1`, `ip-1`, … in what leaves, and put back in what comes.
//!
//! One mask belongs to one dialogue: the same name has the same stand-in in all of it, so what was sent once is sent
//! the same way again, and a provider's cache still fits.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The shortest name that is masked: shorter ones are parts of everything.
const SHORTEST: usize = 3;

/// What has the form of an identifier, wherever it comes from.
static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<mail>[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z0-9]+)",
        r"|(?P<mac>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})",
        r"|(?P<ip6>[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})",
        r"|(?P<host>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.[A-Za-z][A-Za-z0-9]+)",
        r"|(?P<ip>\d{1,3}(?:\.\d{1,3}){3})",
    ))
    .ok()
});

/// What looks like a stand-in.
static STAND_IN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?:host|ip|mail|mac)-[0-9]+").ok());

/// Ends of file names and units, which have the form of a domain and are none. Most are in what a diagnosis is about.
const FILES: &[&str] = &[
    "automount",
    "bak",
    "cfg",
    "cnf",
    "conf",
    "crt",
    "css",
    "csv",
    "db",
    "device",
    "env",
    "gz",
    "html",
    "img",
    "ini",
    "iso",
    "js",
    "json",
    "ko",
    "lock",
    "log",
    "mount",
    "old",
    "path",
    "pem",
    "pid",
    "png",
    "py",
    "qcow2",
    "raw",
    "rs",
    "scope",
    "service",
    "sh",
    "slice",
    "so",
    "sock",
    "socket",
    "sql",
    "sqlite",
    "sqlite3",
    "swap",
    "tar",
    "target",
    "timer",
    "tmp",
    "toml",
    "txt",
    "wal",
    "xml",
    "xz",
    "yaml",
    "yml",
    "zip",
    "zst",
];

/// Names and their stand-ins.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// The names that are known, in lower case.
    names: BTreeSet<String>,
    /// The most words that one of them has.
    words: usize,
    stand_ins: HashMap<String, String>,
    originals: HashMap<String, String>,
    counts: HashMap<&'static str, usize>,
}

impl Mask {
    /// A mask for these names, such as the parts of targets and hosts, besides everything that has the form of an
    /// address. Names of fewer than three characters, and numbers, are left alone.
    #[must_use]
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let is_one = |name: &&str| name.len() >= SHORTEST && name.chars().any(char::is_alphabetic);
        let names: BTreeSet<String> =
            names.into_iter().map(str::trim).filter(is_one).map(str::to_lowercase).collect();
        let words = names.iter().map(|name| words(name).len()).max().unwrap_or(0);
        Self { names, words, ..Self::default() }
    }

    /// The text as it may leave.
    pub fn mask(&mut self, text: &str) -> String {
        let Some(forms) = &*FORMS else { return self.mask_names(text) };
        let mut masked = String::with_capacity(text.len());
        let mut done = 0;
        for found in forms.captures_iter(text) {
            let Some((kind, whole)) = kind_of(&found) else { continue };
            // A digit that follows would run into the number of the stand-in, or it is no address.
            if text.get(whole.end()..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
                continue;
            }
            if !self.is_identifier(kind, whole.as_str()) {
                continue;
            }
            let before = self.mask_names(text.get(done..whole.start()).unwrap_or_default());
            masked.push_str(&before);
            masked.push_str(&self.stand_in(stands_for(kind), whole.as_str()));
            done = whole.end();
        }
        let rest = self.mask_names(text.get(done..).unwrap_or_default());
        masked.push_str(&rest);
        masked
    }

    /// The text with the names put back that were masked before.
    #[must_use]
    pub fn unmask(&self, text: &str) -> String {
        let Some(stand_in) = &*STAND_IN else { return text.to_owned() };
        let original = |found: &Captures<'_>| {
            let found = found.get(0).map_or("", |found| found.as_str());
            self.originals.get(&found.to_lowercase()).map_or(found, String::as_str).to_owned()
        };
        stand_in.replace_all(text, original).into_owned()
    }

    /// Masks what a JSON schema says in words, and its examples; its keys and types are not the lab's.
    pub fn mask_descriptions(&mut self, schema: &mut serde_json::Value) {
        match schema {
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.mask_descriptions(item)),
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    match value {
                        serde_json::Value::String(text)
                            if matches!(key.as_str(), "description" | "title") =>
                        {
                            *text = self.mask(text);
                        }
                        // Values that are chosen from or given as an example are the lab's, too.
                        value
                            if matches!(key.as_str(), "enum" | "const" | "examples" | "default")
                                && !value.is_object() =>
                        {
                            self.mask_texts(value);
                        }
                        other => self.mask_descriptions(other),
                    }
                }
            }
            _ => {}
        }
    }

    fn mask_texts(&mut self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => *text = self.mask(text),
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.mask_texts(item)),
            _ => {}
        }
    }

    /// Whether something of this form is what it looks like.
    fn is_identifier(&self, kind: &str, text: &str) -> bool {
        match kind {
            // A time of day has colons, too.
            "ip6" => text.len() > 2 && text.parse::<Ipv6Addr>().is_ok(),
            "host" => {
                let mut labels = text.rsplit('.');
                let last = labels.next().unwrap_or_default().to_lowercase();
                let is_file = FILES.contains(&last.as_str()) && labels.count() == 1;
                !is_file || self.names.contains(&text.to_lowercase())
            }
            _ => true,
        }
    }

    /// Masks the names that are known, and what looks like a stand-in already, so that it comes back as it was.
    fn mask_names(&mut self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let spans = words(text);
        let (mut at, mut done) = (0, 0);
        while let Some(&(start, _)) = spans.get(at) {
            let longest = (at..spans.len().min(at + self.words)).rev().find_map(|last| {
                let (_, end) = *spans.get(last)?;
                let name = text.get(start..end)?;
                self.names.contains(&name.to_lowercase()).then_some((last, end, name))
            });
            if let Some((last, end, name)) = longest {
                let before = self.mask_stand_ins(text.get(done..start).unwrap_or_default());
                masked.push_str(&before);
                masked.push_str(&self.stand_in("host", name));
                (at, done) = (last + 1, end);
            } else {
                at += 1;
            }
        }
        let rest = self.mask_stand_ins(text.get(done..).unwrap_or_default());
        masked.push_str(&rest);
        masked
    }

    fn mask_stand_ins(&mut self, text: &str) -> String {
        let Some(stand_in) = &*STAND_IN else { return text.to_owned() };
        stand_in
            .replace_all(text, |found: &Captures<'_>| {
                self.stand_in("host", found.get(0).map_or("", |found| found.as_str()))
            })
            .into_owned()
    }

    /// What stands for a name: the same for the same spelling.
    fn stand_in(&mut self, kind: &'static str, name: &str) -> String {
        if let Some(known) = self.stand_ins.get(name) {
            return known.clone();
        }
        let stand_in = loop {
            let count = self.counts.entry(kind).or_default();
            *count += 1;
            let stand_in = format!("{kind}-{count}");
            // A host may be called `host-1`.
            if !self.names.contains(&stand_in) && !self.stand_ins.contains_key(&stand_in) {
                break stand_in;
            }
        };
        self.stand_ins.insert(name.to_owned(), stand_in.clone());
        self.originals.insert(stand_in.clone(), name.to_owned());
        stand_in
    }
}

/// The name of the form that was found, and where.
fn kind_of<'t>(found: &Captures<'t>) -> Option<(&'static str, regex::Match<'t>)> {
    ["mail", "mac", "ip6", "host", "ip"].into_iter().find_map(|kind| Some((kind, found.name(kind)?)))
}

fn stands_for(kind: &'static str) -> &'static str {
    if kind == "ip6" { "ip" } else { kind }
}

/// Where the words of a text are: runs of letters and digits.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(begun)) => {
                words.push((begun, at));
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|begun| (begun, text.len())));
    words
}

#[cfg(test)]
mod tests;
