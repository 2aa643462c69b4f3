//! TOML to a tree, with the line of each key.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Node, Part, Trail};
use crate::config::problem::Problem;

/// More syntax errors than these are echoes of the first ones.
const MAX_SYNTAX_ERRORS: usize = 10;

pub(super) fn parse(file: &Path, text: &str) -> Result<(Node, BTreeMap<Trail, usize>), Vec<Problem>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let starts = line_starts(text);
    if !errors.is_empty() {
        return Err(syntax_problems(file, &starts, &errors));
    }
    let mut reader = Reader { starts, lines: BTreeMap::new(), trail: Vec::new() };
    let root = reader.table(table.get_ref()).map_err(|(line, what, hint)| {
        vec![Problem { line: Some(line), ..Problem::of_file(file, what, Some(hint)) }]
    })?;
    Ok((root, reader.lines))
}

fn syntax_problems(file: &Path, starts: &[usize], errors: &[toml::de::Error]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for error in errors {
        let line = error.span().map(|span| line_of(starts, span.start));
        if problems.iter().any(|known| known.line == line) || problems.len() == MAX_SYNTAX_ERRORS {
            continue;
        }
        let what = format!("is not TOML: {}", error.message().replace('\n', ", "));
        problems.push(Problem { line, ..Problem::of_file(file, what, None) });
    }
    problems
}

/// `[incidents] settle`, `[[changes.git]] path`; a place in a list has its line to tell it.
pub(super) fn field(path: &[Part]) -> Option<String> {
    let last = path.iter().rposition(|part| matches!(part, Part::Key(_)))?;
    let names = |parts: &[Part]| {
        let keys = parts.iter().filter_map(|part| match part {
            Part::Key(key) => Some(key.as_str()),
            Part::Index(_) => None,
        });
        keys.collect::<Vec<_>>().join(".")
    };
    let (section, key) = path.split_at(last);
    let key = names(key);
    Some(match section.last() {
        None => key,
        Some(Part::Index(_)) => format!("[[{}]] {key}", names(section)),
        Some(Part::Key(_)) => format!("[{}] {key}", names(section)),
    })
}

struct Reader {
    starts: Vec<usize>,
    lines: BTreeMap<Trail, usize>,
    trail: Trail,
}

type Fault = (usize, String, String);

impl Reader {
    fn table(&mut self, table: &DeTable<'_>) -> Result<Node, Fault> {
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table {
            let name = key.get_ref().to_string();
            let node = self.at(Part::Key(name.clone()), key.span().start, value)?;
            entries.push((name, node));
        }
        Ok(Node::Table(entries))
    }

    fn at(&mut self, part: Part, offset: usize, value: &Spanned<DeValue<'_>>) -> Result<Node, Fault> {
        self.trail.push(part);
        self.lines.insert(self.trail.clone(), line_of(&self.starts, offset));
        let node = self.value(value);
        self.trail.pop();
        node
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>) -> Result<Node, Fault> {
        let too_big = |text: &str| {
            let line = line_of(&self.starts, value.span().start);
            (line, format!("{text} is a number too large to hold"), "write a smaller one".to_owned())
        };
        Ok(match value.get_ref() {
            DeValue::String(text) => Node::Text(text.to_string()),
            DeValue::Integer(number) => {
                let parsed = i64::from_str_radix(number.as_str(), number.radix());
                Node::Int(parsed.map_err(|_| too_big(number.as_str()))?)
            }
            DeValue::Float(number) => {
                Node::Float(number.as_str().parse().map_err(|_| too_big(number.as_str()))?)
            }
            DeValue::Boolean(yes) => Node::Bool(*yes),
            DeValue::Datetime(moment) => Node::Text(moment.to_string()),
            DeValue::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    list.push(self.at(Part::Index(index), item.span().start, item)?);
                }
                Node::List(list)
            }
            DeValue::Table(table) => self.table(table)?,
        })
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after).collect()
}

fn line_of(starts: &[usize], offset: usize) -> usize {
    starts.partition_point(|start| *start <= offset)
}
