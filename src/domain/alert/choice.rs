//! Where a mapping finds something: places and texts with places in them, tried in their order.

use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::Value;

use super::path::Path;

/// One or several ways to a text; the first that yields one is taken. One with braces is a text in which `{path}` is
/// filled in (`{{` is a brace); it yields only if each of its paths does. One without is a path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice(Vec<Vec<Piece>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Path),
}

impl Choice {
    /// Parses the ways.
    ///
    /// # Errors
    /// What is wrong with one, and after `; ` what to write.
    pub fn parse<'a>(ways: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        ways.into_iter().map(way).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first text that a way yields.
    #[must_use]
    pub fn first(&self, item: &Value, body: &Value) -> Option<String> {
        self.0.iter().find_map(|way| fill(way, item, body, &Some))
    }

    /// As [`Choice::first`], with what is filled into a text passed through `tame`; the value of a path alone is not.
    pub(super) fn first_tamed(
        &self,
        item: &Value,
        body: &Value,
        tame: &dyn Fn(String) -> Option<String>,
    ) -> Option<String> {
        self.0.iter().find_map(|way| match way.as_slice() {
            [Piece::Place(path)] => path.text(item, body),
            way => fill(way, item, body, tame),
        })
    }

    /// The texts of all ways that yield one.
    pub(super) fn all(&self, item: &Value, body: &Value) -> Vec<String> {
        self.0.iter().filter_map(|way| fill(way, item, body, &Some)).collect()
    }
}

fn fill(
    way: &[Piece],
    item: &Value,
    body: &Value,
    tame: &dyn Fn(String) -> Option<String>,
) -> Option<String> {
    let mut out = String::new();
    for piece in way {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Place(path) => out.push_str(&tame(path.text(item, body)?)?),
        }
    }
    Some(out).filter(|text| !text.trim().is_empty())
}

fn way(text: &str) -> Result<Vec<Piece>, String> {
    if !text.contains(['{', '}']) {
        return Ok(vec![Piece::Place(Path::parse(text)?)]);
    }
    let malformed = || format!("{text:?} has a brace without its partner; write `{{{{` for a brace itself");
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(at);
        plain.push_str(before);
        if let Some(more) = after.strip_prefix("{{").or_else(|| after.strip_prefix("}}")) {
            plain.push_str(&after[..1]);
            rest = more;
            continue;
        }
        let (path, more) =
            after.strip_prefix('{').and_then(|open| open.split_once('}')).ok_or_else(malformed)?;
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Place(Path::parse(path.trim())?));
        rest = more;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

impl<'de> serde::Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ChoiceVisitor)
    }
}

struct ChoiceVisitor;

impl<'de> Visitor<'de> for ChoiceVisitor {
    type Value = Choice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path such as \"monitor.name\", or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Choice, E> {
        Choice::parse([text]).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Choice, A::Error> {
        let mut ways = Vec::new();
        while let Some(text) = items.next_element::<String>()? {
            ways.push(way(&text).map_err(A::Error::custom)?);
        }
        Ok(Choice(ways))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_way_that_yields_a_text_is_taken() {
        let item = json!({"name": "web", "host": "", "port": 80});
        let first = |ways: &[&str]| Choice::parse(ways.iter().copied()).unwrap().first(&item, &item);
        assert_eq!(first(&["host", "name"]).unwrap(), "web");
        assert_eq!(first(&["{host}:{port}", "{name}:{ port } {{up}}"]).unwrap(), "web:80 {up}");
        assert_eq!(first(&["{host}"]), None);
        assert_eq!(first(&["{{always}}"]).unwrap(), "{always}");
        assert_eq!(first(&[]), None);
    }

    #[test]
    fn a_brace_without_its_partner_is_refused() {
        for bad in ["{name", "name}", "{}", "{a b}", "{{name}"] {
            assert!(Choice::parse([bad]).unwrap_err().contains("; write"), "{bad}");
        }
    }
}
