//! YAML to a tree. Hostile files are refused, not obeyed: aliases can't grow the tree without end, and brackets
//! can't nest without end.

use std::cell::Cell;
use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Node, Part};
use crate::config::problem::Problem;

/// No file that people write has more values; one with aliases of aliases does.
const MAX_NODES: usize = 50_000;
/// The parser's time grows with the square of the open brackets.
const MAX_OPEN: usize = 200;

pub(super) fn parse(file: &Path, text: &str) -> Result<Node, Problem> {
    if let Some(line) = nests_too_deep(text) {
        let hint = Some("nothing Steward reads is nested that deep".to_owned());
        return Err(Problem { line: Some(line), ..Problem::of_file(file, "nests too deep", hint) });
    }
    let budget = Cell::new(MAX_NODES);
    Seed(&budget).deserialize(serde_yaml::Deserializer::from_str(text)).map_err(|error| {
        let line = error.location().map(|place| place.line());
        let mut what = error.to_string();
        if let Some(cut) = what.rfind(" at line ") {
            what.truncate(cut);
        }
        Problem { line, ..Problem::of_file(file, format!("is not YAML: {what}"), None) }
    })
}

/// `steps[0].run`.
pub(super) fn field(path: &[Part]) -> Option<String> {
    let mut text = String::new();
    for part in path {
        match part {
            Part::Key(key) if text.is_empty() => text.push_str(key),
            Part::Key(key) => text.extend([".", key]),
            Part::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    (!text.is_empty()).then_some(text)
}

/// A rough count that doesn't know quotes: text in quotes has to be very odd to be mistaken.
fn nests_too_deep(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (number, line) in text.lines().enumerate() {
        let mut dashes = 0;
        for byte in line.bytes() {
            match byte {
                b'[' | b'{' => open += 1,
                b']' | b'}' => open = open.saturating_sub(1),
                b'-' | b'?' => dashes += 1,
                b' ' => {}
                _ => dashes = 0,
            }
            if open > MAX_OPEN || dashes > MAX_OPEN {
                return Some(number + 1);
            }
        }
    }
    None
}

/// Counts the values as they are made.
struct Seed<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let left = self.0.get().checked_sub(1).ok_or_else(|| {
            D::Error::custom(format!("it unfolds to more than {MAX_NODES} values (aliases count each time)"))
        })?;
        self.0.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain value, a list or a table (no tags)")
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }
    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }
    fn visit_bool<E>(self, yes: bool) -> Result<Node, E> {
        Ok(Node::Bool(yes))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Int(number))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        i64::try_from(number)
            .map(Node::Int)
            .map_err(|_| E::custom(format!("{number} is a number too large to hold")))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Float(number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Seed(self.0))? {
            list.push(item);
        }
        Ok(Node::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut table: Vec<(String, Node)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(Key(key)) = entries.next_key()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!("`{key}` is there twice")));
            }
            table.push((key, entries.next_value_seed(Seed(self.0))?));
        }
        Ok(Node::Table(table))
    }
}

/// A key: a text, or what reads as one (`100:` as a virtual machine's target).
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_str<E>(self, text: &str) -> Result<Key, E> {
                Ok(Key(text.to_owned()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Key, E> {
                Ok(Key(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Key, E> {
                Ok(Key(number.to_string()))
            }
            fn visit_bool<E>(self, yes: bool) -> Result<Key, E> {
                Ok(Key(yes.to_string()))
            }
        }
        deserializer.deserialize_any(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn refused(text: &str) -> Problem {
        parse(Path::new("x.yaml"), text).unwrap_err()
    }

    #[test]
    fn broken_yaml_is_told_with_its_line() {
        let problem = refused("name: a\nsteps:\n  - run: [a\n  b: c\n");
        assert!(problem.line.is_some() && problem.what.starts_with("is not YAML: "), "{problem}");
        assert_eq!(refused("a: 1\nb: 2\na: 3\n").what, "is not YAML: `a` is there twice");
        assert!(refused("a: !tag b").what.contains("no tags"), "{}", refused("a: !tag b"));
        assert!(refused("a: 1\n---\nb: 2").what.contains("more than one document"));
    }

    #[test]
    fn aliases_of_aliases_are_cut_off() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let row = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{row}]\n"));
        }
        let what = refused(&bomb).what;
        assert!(what.contains("unfolds to more than") || what.contains("repetition limit"), "{what}");
    }

    #[test]
    fn a_megabyte_of_nesting_is_refused_at_once() {
        let start = Instant::now();
        for unit in ["[", "{", "- ", "? ", "a: [", "[{", "- [\n", "\"[", "&a [", "!!seq ["] {
            let text = unit.repeat(1024 * 1024 / unit.len());
            assert!(parse(Path::new("x.yaml"), &text).is_err(), "{unit:?} passed");
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }

    #[test]
    fn a_number_may_be_a_name() {
        assert_eq!(
            parse(Path::new("x.yaml"), "100: {}").unwrap(),
            Node::Table(vec![("100".into(), Node::Table(Vec::new()))])
        );
    }
}
