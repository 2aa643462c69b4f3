//! YAML text to a tree: anchors, `<<`, and everything that a hostile text can be, bounded.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use serde::de::{DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::other;
use super::tree::{At, Merge, Node, Source, Yaml};
use crate::adopt::{Fault, MAX_INPUT};

/// Values in one file at most, aliases counted as often as they are used.
pub(super) const MAX_NODES: usize = 50_000;
/// Bytes of text in one file at most, aliases counted as often as they are used. Comments don't count.
const MAX_TEXT: usize = 4 << 20;
/// Bytes of one text at most: more than a program can be given, or a ConfigMap can hold.
const MAX_ONE: usize = 1 << 20;
/// Brackets that may be open at once, those in texts counted as well.
const MAX_OPEN: usize = 1000;
/// What a text ends with that is too long.
const TOO_LONG: &str = "too long";
/// What an alias bomb ends with.
const TOO_MUCH: &str = "too much";

/// Reads a file's text, whose top has to be a map.
pub(super) fn parse(source: &Rc<Source>) -> Result<Node, Vec<Fault>> {
    let text = source.text.trim_start_matches('\u{feff}');
    let fault = |what: &str| Fault::of(&source.file, what);
    if text.len() > MAX_INPUT {
        return Err(vec![fault("is larger than 16 MiB").fix("give the compose file, not its data")]);
    }
    if let Some((line, c)) = control(text) {
        let what = format!("holds a control character (U+{:04X}), which YAML doesn't take", c as u32);
        return Err(vec![fault(&what).on_line(line).fix("remove it")]);
    }
    if is_too_deep(text) {
        return Err(vec![fault("is nested too deeply").fix("no compose file needs more than 20 levels")]);
    }
    let count = Count { nodes: Cell::new(0), text: Cell::new(0), twice: RefCell::new(Vec::new()) };
    let seed = Seed { at: At::top(source), count: &count, merging: false };
    let node = seed
        .deserialize(serde_yaml::Deserializer::from_str(text))
        .map_err(|error| vec![of_other(source, text).unwrap_or_else(|| of_error(source, text, &error))])?;
    let twice = count.twice.into_inner();
    if !twice.is_empty() {
        let faults = twice.iter().take(20).map(|at| {
            at.fault_again("is there twice")
                .fix("keep one of them: compose refuses a key that is there twice")
        });
        return Err(faults.collect());
    }
    match node.value {
        Yaml::Map(_) => Ok(node),
        Yaml::Null => Err(vec![fault("is empty").fix("a compose file begins with `services:`")]),
        _ => {
            let usual = ("is no compose file: its top is no map", "a compose file begins with `services:`");
            let (what, fix) = other::of_text(text).or_else(|| other::of_tree(&node)).unwrap_or(usual);
            Err(vec![fault(what).fix(fix)])
        }
    }
}

/// What it is where it is no YAML at all.
fn of_other(source: &Source, text: &str) -> Option<Fault> {
    let (what, fix) = other::of_text(text)?;
    Some(Fault::of(&source.file, what).fix(fix))
}

/// The first control character that no YAML may hold, and its line.
fn control(text: &str) -> Option<(usize, char)> {
    let is_wrong = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}');
    let (at, c) = text.char_indices().find(|(_, c)| is_wrong(*c))?;
    Some((text[..at].matches('\n').count() + 1, c))
}

/// Whether more brackets are open at once than any file has: the parser's time grows with their square.
fn is_too_deep(text: &str) -> bool {
    let mut open = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > MAX_OPEN
    })
}

/// The parser's words in ours.
fn of_error(source: &Source, text: &str, error: &serde_yaml::Error) -> Fault {
    let said = error.to_string();
    let line = error.location().map(|location| location.line());
    let row = line.and_then(|line| text.lines().nth(line.saturating_sub(1))).unwrap_or_default();
    let before = line.and_then(|line| text.lines().nth(line.checked_sub(2)?)).unwrap_or_default();
    let tab = |row: &str| row.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t');
    let (what, fix) = if said.contains(TOO_MUCH) || said.contains("repetition limit") {
        ("comes to far more than any compose file needs", "write it with fewer aliases (`*name`)")
    } else if said.contains(TOO_LONG) {
        ("holds a text of more than 1 MiB", "give such data as a file: `configs`, or a mount")
    } else if said.contains("expected a key") {
        ("has a key that is no text", "write a name in front of the `:`")
    } else if [row, before].iter().any(|row| row.contains('\u{a0}')) {
        ("holds a no-break space, as copied from a web page", "write usual spaces")
    } else if said.contains("recursion limit") {
        ("is nested too deeply", "no compose file needs more than 20 levels")
    } else if said.contains("more than one document") {
        ("holds several documents (`---`)", "give one compose file at a time")
    } else if said.contains("unknown anchor") {
        ("uses an alias (`*name`) whose anchor (`&name`) isn't there above", "define the anchor first")
    } else if tab(row) || tab(before) {
        ("is indented with a tab", "indent with spaces: YAML knows no tabs there")
    } else if said.contains("did not find expected key") || said.contains("did not find expected '-'") {
        (
            "is no YAML here: a line is indented otherwise than its neighbours",
            "check the spaces in front of it",
        )
    } else if said.contains("mapping values are not allowed") {
        ("is no YAML here: a `:` where none can be", "quote a text that holds `: `, or check the indentation")
    } else {
        let said: String = said.chars().filter(|c| !c.is_control()).take(160).collect();
        let fault =
            Fault::of(&source.file, format!("is no YAML: {said}")).fix("check quotes and indentation");
        return line.map_or(fault.clone(), |line| fault.on_line(line));
    };
    let fault = Fault::of(&source.file, what).fix(fix);
    line.map_or(fault.clone(), |line| fault.on_line(line))
}

/// How much there was.
struct Count {
    nodes: Cell<usize>,
    text: Cell<usize>,
    twice: RefCell<Vec<At>>,
}

impl Count {
    fn add<E: Error>(&self, text: usize) -> Result<(), E> {
        if text > MAX_ONE {
            return Err(E::custom(TOO_LONG));
        }
        self.nodes.set(self.nodes.get() + 1);
        self.text.set(self.text.get().saturating_add(text));
        if self.nodes.get() > MAX_NODES || self.text.get() > MAX_TEXT {
            return Err(E::custom(TOO_MUCH));
        }
        Ok(())
    }
}

/// What becomes of the next value.
struct Seed<'a> {
    at: At,
    count: &'a Count,
    /// Whether it is what `<<` merges: then it stands where its map stands.
    merging: bool,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Seed<'_> {
    fn made<E: Error>(self, value: Yaml) -> Result<Node, E> {
        self.count.add(if let Yaml::Text(text) = &value { text.len() } else { 0 })?;
        Ok(Node::new(self.at, value))
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        self.made(Yaml::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        self.made(Yaml::Int(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        self.made(Yaml::Int(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Node, E> {
        self.made(Yaml::Int(value))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Node, E> {
        self.made(Yaml::Text(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        self.made(Yaml::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        self.made(Yaml::Text(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        self.made(Yaml::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        self.made(Yaml::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        loop {
            let at = if self.merging { self.at.clone() } else { self.at.item(items.len()) };
            let seed = Seed { at, count: self.count, merging: self.merging };
            match access.next_element_seed(seed)? {
                Some(node) => items.push(node),
                None => return self.made(Yaml::List(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        let mut merged = Vec::new();
        let mut names = BTreeSet::new();
        while let Some(key) = access.next_key_seed(Key)? {
            self.count.add(key.len())?;
            let merging = key == "<<";
            let at = if merging { self.at.clone() } else { self.at.key(&key) };
            let node = access.next_value_seed(Seed { at: at.clone(), count: self.count, merging })?;
            if merging {
                merged.push(node);
            } else if names.insert(key.clone()) {
                entries.push((key, node));
            } else {
                self.count.twice.borrow_mut().push(at);
            }
        }
        // What stands in the map itself wins, then what is merged first.
        for node in merged {
            let maps = match node.value {
                Yaml::List(items) => items,
                _ => vec![node],
            };
            for map in maps {
                let Yaml::Map(inner) = map.value else {
                    return Err(A::Error::custom("`<<` merges maps only"));
                };
                for (key, node) in inner {
                    if names.insert(key.clone()) {
                        entries.push((key, node));
                    }
                }
            }
        }
        self.made(Yaml::Map(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Node, A::Error> {
        let (tag, variant) = access.variant_seed(Key)?;
        let mut node = variant.newtype_variant_seed(self)?;
        match tag.trim_start_matches('!') {
            "reset" => node.merge = Merge::Reset,
            "override" => node.merge = Merge::Override,
            _ => {}
        }
        Ok(node)
    }
}

/// A key as text, whatever it looks like.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        Ok("null".to_owned())
    }
}
