//! Reads files of rules and holds each rule to its own examples. All problems at once, and one is enough to
//! refuse everything.

use serde::Deserialize;
use serde_yaml::{Mapping, Value};

use crate::domain::action::{BlastRadius, Effect};

use super::check;
use super::lines::Lines;
use super::problem::RuleProblem;
use super::rule::Rule;
use super::segment::{Line, Segment};
use super::segments;

/// A file, rules still unread so that one bad rule doesn't hide the next.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    rules: Option<Vec<Value>>,
}

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) name: String,
    pub(super) why: String,
    pub(super) pattern: Vec<Words>,
    #[serde(default)]
    pub(super) global_flags: Vec<String>,
    #[serde(default)]
    pub(super) flags: Vec<String>,
    #[serde(default)]
    pub(super) requires: Vec<String>,
    #[serde(default)]
    pub(super) args: RawArgs,
    #[serde(default)]
    pub(super) env: Vec<String>,
    #[serde(default)]
    pub(super) stdin: bool,
    pub(super) effect: Effect,
    pub(super) blast_radius: Option<BlastRadius>,
    pub(super) decision: Option<Tightening>,
    pub(super) undo: Option<String>,
    pub(super) reads: Option<Reads>,
    pub(super) approvers: Option<u8>,
    #[serde(default)]
    pub(super) risky: bool,
    #[serde(rename = "match")]
    pub(super) matching: Vec<Example>,
    #[serde(rename = "not_match")]
    pub(super) not_matching: Vec<Example>,
}

/// A token of a pattern.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a word or a list of words (quote \"true\", \"on\" and numbers)")]
pub(super) enum Words {
    One(String),
    AnyOf(Vec<String>),
}

/// An example: the words themselves, or a line as one would type it.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a command line or a list of words")]
pub(super) enum Example {
    Line(String),
    Argv(Vec<String>),
}

impl Example {
    /// What the example would run.
    pub(super) fn line(&self) -> Line {
        match self {
            Self::Line(line) => segments::of_script(line),
            Self::Argv(argv) => segments::of_argv(argv),
        }
    }

    /// Its words as they stand: for rules that tighten what can't be seen through.
    pub(super) fn as_it_stands(&self) -> Segment {
        match self {
            Self::Line(line) => {
                Segment::plain(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            }
            Self::Argv(argv) => Segment::plain(argv),
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Line(line) => line.clone(),
            Self::Argv(argv) => argv.join(" "),
        }
    }
}

/// Where a command that only reads has to look. Without it: anywhere.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reads {
    /// On its machine: it runs without network where that can be withheld.
    Local,
    /// Over the network, too.
    Network,
}

/// What may follow the tokens. Without it: nothing.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawArgs {
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) allow: Vec<String>,
    pub(super) like: Vec<String>,
    pub(super) deny: Vec<String>,
    pub(super) text: usize,
    pub(super) no_secrets: bool,
    pub(super) any: bool,
}

/// A rule can demand more than its effect does, never less.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tightening {
    Approve,
    Forbid,
}

/// Reads files in order; later ones add to earlier ones.
pub(super) fn load<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<Rule>, Vec<RuleProblem>> {
    add(Vec::new(), files)
}

/// As [`load`], added to rules that are there already.
pub(super) fn add<'a>(
    mut rules: Vec<Rule>,
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<Rule>, Vec<RuleProblem>> {
    let mut problems = Vec::new();
    for (file, yaml) in files {
        load_file(file, yaml, &mut rules, &mut problems);
    }
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

fn load_file(file: &str, yaml: &str, rules: &mut Vec<Rule>, problems: &mut Vec<RuleProblem>) {
    let raw = match read(file, yaml) {
        Ok(raw) => raw,
        Err(problem) => return problems.push(*problem),
    };
    let lines = Lines::of(yaml);
    let total = raw.len();
    for (i, value) in raw.into_iter().enumerate() {
        let name = value.get("name").and_then(Value::as_str).map(str::to_owned);
        let report = |fault: check::Fault| RuleProblem {
            file: file.to_owned(),
            line: lines.find(i, total, fault.field.as_deref()),
            rule: name.clone(),
            field: fault.field,
            message: fault.message,
            hint: fault.hint,
        };
        let fields = value.as_mapping().cloned().unwrap_or_default();
        let rule = match serde_yaml::from_value::<RawRule>(value) {
            Ok(raw) => check::rule(file, raw, rules),
            Err(error) => Err(faults(&fields, &error)),
        };
        match rule {
            Ok(rule) => rules.push(rule),
            Err(faults) => problems.extend(faults.into_iter().map(report)),
        }
    }
}

/// What keeps a rule from being read: the reader stops at the first fault and doesn't say where, so each
/// field is tried by itself in a rule that is otherwise good.
fn faults(fields: &Mapping, error: &serde_yaml::Error) -> Vec<check::Fault> {
    let good = serde_yaml::from_str::<Mapping>(
        "{name: x, why: x, pattern: [x], effect: read, match: [x], not_match: [y]}",
    )
    .unwrap_or_default();
    let missing = good.keys().filter(|field| !fields.contains_key(*field));
    let mut faults: Vec<_> = missing.filter_map(Value::as_str).map(check::Fault::missing).collect();
    for (field, value) in fields {
        let mut probe = good.clone();
        probe.insert(field.clone(), value.clone());
        if let Err(error) = serde_yaml::from_value::<RawRule>(Value::Mapping(probe)) {
            faults.push(check::Fault::of_reader(field.as_str(), &error));
        }
    }
    if faults.is_empty() {
        faults.push(check::Fault::of_reader(None, error));
    }
    faults
}

fn read(file: &str, yaml: &str) -> Result<Vec<Value>, Box<RuleProblem>> {
    if yaml.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Vec::new()); // nothing but comments: a file in the making
    }
    match serde_yaml::from_str::<RawFile>(yaml) {
        Ok(raw) => Ok(raw.rules.unwrap_or_default()),
        Err(error) => Err(Box::new(RuleProblem {
            file: file.to_owned(),
            line: error.location().map(|at| at.line()),
            rule: None,
            field: None,
            message: format!("this is not a file of rules: {error}"),
            hint: "write `rules:` and below it a list, one rule each".into(),
        })),
    }
}
