//! Reads files of rules and holds each rule to its own examples. All problems at once, and one is enough to
//! refuse everything.

use serde::Deserialize;
use serde_yaml::{Mapping, Value};

use crate::domain::action::{Action, BlastRadius, Effect};

use super::check;
use super::lines::Lines;
use super::never::Never;
use super::problem::RuleProblem;
use super::rule::Rule;
use super::segment::{Line, Segment};
use super::segments;

/// A file, rules still unread so that one bad rule doesn't hide the next.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    rules: Option<Vec<Value>>,
    #[serde(default)]
    never: Option<Vec<Value>>,
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

/// A rule on what a command speaks of, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNever {
    pub(super) name: String,
    pub(super) why: String,
    pub(super) mentions: Vec<Words>,
    pub(super) decision: Option<Tightening>,
    #[serde(default)]
    pub(super) reads: bool,
    #[serde(rename = "match")]
    pub(super) matching: Vec<Example>,
    #[serde(rename = "not_match")]
    pub(super) not_matching: Vec<Example>,
}

/// What files of rules come to.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    pub(super) rules: Vec<Rule>,
    pub(super) nevers: Vec<Never>,
}

impl Rules {
    /// The file that has a rule of this name already.
    fn taken(&self, name: &str) -> Option<String> {
        let of_rule = self.rules.iter().find(|rule| rule.name() == name).map(Rule::file);
        let of_never = || self.nevers.iter().find(|never| never.name() == name).map(Never::file);
        of_rule.or_else(of_never).map(str::to_owned)
    }
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

    /// The example as an action.
    pub(super) fn action(&self) -> Action {
        match self {
            Self::Line(line) => Action::script(line),
            Self::Argv(argv) => Action::local(argv.clone()),
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
) -> Result<Rules, Vec<RuleProblem>> {
    add(Rules::default(), files)
}

/// As [`load`], added to rules that are there already.
pub(super) fn add<'a>(
    mut known: Rules,
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Rules, Vec<RuleProblem>> {
    let mut problems = Vec::new();
    for (file, yaml) in files {
        load_file(file, yaml, &mut known, &mut problems);
    }
    if problems.is_empty() { Ok(known) } else { Err(problems) }
}

fn load_file(file: &str, yaml: &str, known: &mut Rules, problems: &mut Vec<RuleProblem>) {
    let raw = match read(file, yaml) {
        Ok(raw) => raw,
        Err(problem) => return problems.push(*problem),
    };
    let list = List { file, lines: Lines::of(yaml, "rules"), good: GOOD_RULE };
    list.each(raw.rules.unwrap_or_default(), problems, |raw: RawRule, _| {
        let taken = known.taken(&raw.name);
        check::rule(file, raw, taken).map(|rule| known.rules.push(rule))
    });
    let list = List { file, lines: Lines::of(yaml, "never"), good: GOOD_NEVER };
    list.each(raw.never.unwrap_or_default(), problems, |raw: RawNever, line| {
        let taken = |name: &str| known.taken(name);
        let never = Never::new(file, raw, line, &taken)?;
        known.nevers.push(never);
        Ok(())
    });
}

/// A rule of each kind that is good, to try single fields in.
const GOOD_RULE: &str = "{name: x, why: x, pattern: [x], effect: read, match: [x], not_match: [y]}";
const GOOD_NEVER: &str = "{name: x, why: x, mentions: [x], match: [x], not_match: [y]}";

/// One list of a file.
struct List<'a> {
    file: &'a str,
    lines: Lines<'a>,
    good: &'static str,
}

impl List<'_> {
    /// Reads and takes in each item of it; `take` is told the line of its `match`.
    fn each<T: serde::de::DeserializeOwned>(
        &self,
        items: Vec<Value>,
        problems: &mut Vec<RuleProblem>,
        mut take: impl FnMut(T, Option<usize>) -> Result<(), Vec<check::Fault>>,
    ) {
        let total = items.len();
        for (i, value) in items.into_iter().enumerate() {
            let name = value.get("name").and_then(Value::as_str).map(str::to_owned);
            let fields = value.as_mapping().cloned().unwrap_or_default();
            let taken = match serde_yaml::from_value::<T>(value) {
                Ok(raw) => take(raw, self.lines.find(i, total, Some("match"))),
                Err(error) => Err(faults::<T>(self.good, &fields, &error)),
            };
            problems.extend(taken.err().into_iter().flatten().map(|fault| RuleProblem {
                file: self.file.to_owned(),
                line: self.lines.find(i, total, fault.field.as_deref()),
                rule: name.clone(),
                field: fault.field,
                message: fault.message,
                hint: fault.hint,
            }));
        }
    }
}

/// What keeps a rule from being read: the reader stops at the first fault and doesn't say where, so each
/// field is tried by itself in a rule that is otherwise good.
fn faults<T: serde::de::DeserializeOwned>(
    good: &str,
    fields: &Mapping,
    error: &serde_yaml::Error,
) -> Vec<check::Fault> {
    let good = serde_yaml::from_str::<Mapping>(good).unwrap_or_default();
    let missing = good.keys().filter(|field| !fields.contains_key(*field));
    let mut faults: Vec<_> = missing.filter_map(Value::as_str).map(check::Fault::missing).collect();
    for (field, value) in fields {
        let mut probe = good.clone();
        probe.insert(field.clone(), value.clone());
        if let Err(error) = serde_yaml::from_value::<T>(Value::Mapping(probe)) {
            faults.push(check::Fault::of_reader(field.as_str(), &error));
        }
    }
    if faults.is_empty() {
        faults.push(check::Fault::of_reader(None, error));
    }
    faults
}

fn read(file: &str, yaml: &str) -> Result<RawFile, Box<RuleProblem>> {
    if yaml.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(RawFile::default()); // nothing but comments: a file in the making
    }
    serde_yaml::from_str::<RawFile>(yaml).map_err(|error| {
        Box::new(RuleProblem {
            file: file.to_owned(),
            line: error.location().map(|at| at.line()),
            rule: None,
            field: None,
            message: format!("this is not a file of rules: {error}"),
            hint: "write `rules:` or `never:` and below it a list, one rule each".into(),
        })
    })
}
