//! Recorded cases by which a model is judged: those that came with the binary, and folders of the person's own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::document::{Document, below, keys};
use super::problem::Problem;
use super::{files, shape, shipped};
use crate::domain::signal::Severity;
use crate::domain::target::{Signature, Target};

/// The most tool calls that a case may allow.
const MAX_STEPS: u32 = 100;

/// A recorded case: what a model is told, what its tools answer, and what it should come to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name: the file's without `.yaml`.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// What a model is told.
    pub incident: Told,
    /// What the tools answer, the first that fits.
    pub outputs: Vec<Recorded>,
    /// What it should come to.
    pub expect: Expected,
    /// Where it is from, for people.
    #[serde(skip)]
    pub file: String,
}

/// The incident of a case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// What is broken.
    pub target: Target,
    /// How.
    pub signature: Signature,
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub summary: String,
    /// What the check that found it printed.
    #[serde(default)]
    pub evidence: String,
    /// What else is broken with it, a line each.
    #[serde(default)]
    pub symptoms: Vec<String>,
    /// What depends on what.
    #[serde(default)]
    pub topology: BTreeMap<Target, BTreeSet<Target>>,
    /// What changed lately, a line each.
    #[serde(default)]
    pub changes: Vec<String>,
    /// What is remembered of earlier ones, a line each.
    #[serde(default)]
    pub memory: Vec<String>,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The tool; `run_command`, `read_file` or `git` where nothing is said.
    pub tool: Option<String>,
    /// What has to occur in the command or the other arguments, as words with a blank between them, where a word begins:
    /// all of these, in any case of letters.
    #[serde(rename = "match")]
    pub fits: Vec<String>,
    /// The text.
    pub output: String,
}

/// What a case should come to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What is at fault: one of these.
    pub root: Vec<Target>,
    /// What the conclusion has to say: of each of these groups at least one.
    #[serde(default)]
    pub words: Vec<Vec<String>>,
    /// What it must not say.
    #[serde(default)]
    pub forbidden: Vec<String>,
    /// What may be proposed; anything that is not forbidden where this is empty.
    #[serde(default)]
    pub allowed_actions: Vec<String>,
    /// What must not be tried or proposed.
    #[serde(default)]
    pub forbidden_actions: Vec<String>,
    /// The most tool calls.
    pub steps: u32,
}

/// Those that came with the binary, in the order of their names.
///
/// # Errors
/// Every problem of every case.
pub fn shipped_cases() -> Result<Vec<Case>, Vec<Problem>> {
    let mut problems = Vec::new();
    let cases = shipped::cases()
        .iter()
        .filter_map(|(file, text)| parse(&Path::new("shipped").join(file), text, &mut problems));
    let cases: Vec<Case> = cases.collect();
    if problems.is_empty() { Ok(cases) } else { Err(problems) }
}

/// Those of a folder: its files that end with `.yaml`, in the order of their names.
///
/// # Errors
/// The folder can't be read, has none, or every problem of every case.
pub fn cases_in(folder: &Path) -> Result<Vec<Case>, Vec<Problem>> {
    let mut problems = Vec::new();
    let hint = "name a folder of cases; without one, those that came with Steward are played".to_owned();
    if !folder.is_dir() {
        let what = if folder.exists() { "is no folder" } else { "there is no such folder" };
        return Err(vec![Problem::of_file(folder, what, Some(hint))]);
    }
    let paths = files::list(folder).map_err(|problem| vec![Problem { hint: Some(hint), ..problem }])?;
    let is_case = |path: &&std::path::PathBuf| path.extension().is_some_and(|ending| ending == "yaml");
    let cases = paths.iter().filter(is_case).filter_map(|path| {
        let text = files::read_text(path).map_err(|problem| problems.push(problem)).ok()?;
        parse(path, &text, &mut problems)
    });
    let cases: Vec<Case> = cases.collect();
    if cases.is_empty() && problems.is_empty() {
        let hint = "a case is a file that ends with `.yaml`; docs/agent.md has its format".to_owned();
        problems.push(Problem::of_file(folder, "the folder has no cases", Some(hint)));
    }
    if problems.is_empty() { Ok(cases) } else { Err(problems) }
}

fn parse(file: &Path, text: &str, problems: &mut Vec<Problem>) -> Option<Case> {
    let before = problems.len();
    let mut document = match Document::yaml(file, text) {
        Ok(document) => document,
        Err(syntax) => {
            problems.extend(syntax);
            return None;
        }
    };
    let case: Option<Case> = shape::read(&mut document, problems);
    let case = Case { file: file.display().to_string(), ..case? };
    if problems.len() == before {
        problems.extend(faults(&case, file, &document));
    }
    (problems.len() == before).then_some(case)
}

/// What is wrong with a case that has its shape.
fn faults(case: &Case, file: &Path, document: &Document) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut add = |path: &[super::document::Part], what: String, hint: &str| {
        found.push(document.problem(path, what, Some(hint.to_owned())));
    };
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if case.name != stem {
        let what = format!("the case is called `{}`, its file `{stem}`", case.name);
        add(&keys(["name"]), what, "call both the same");
    }
    if case.outputs.is_empty() {
        add(&keys(["outputs"]), "is empty".into(), "record what the tools answered, at least once");
    }
    for (index, recorded) in case.outputs.iter().enumerate() {
        if recorded.fits.iter().all(|word| word.trim().is_empty()) && recorded.tool.is_none() {
            let place = below(&document.item(&keys(["outputs"]), index), "match");
            add(&place, "would fit every call".into(), "name the tool, or words of its arguments");
        }
    }
    let expect = &case.expect;
    if expect.root.is_empty() {
        add(&keys(["expect", "root"]), "is empty".into(), "name what is at fault, such as `[nas]`");
    }
    if expect.words.iter().any(Vec::is_empty) {
        add(&keys(["expect", "words"]), "has an empty group".into(), "take it out, or name a word");
    }
    if !(1..=MAX_STEPS).contains(&expect.steps) {
        let what = format!("is {}", expect.steps);
        add(&keys(["expect", "steps"]), what, "write how many tool calls are enough, from 1 to 100");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = "\
name: one
title: One
incident: {target: nas, signature: down, severity: error, summary: It is down}
outputs:
  - {match: [zpool], output: all is well}
expect: {root: [nas], steps: 5}
";

    fn told(text: &str) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("one.yaml"), text).unwrap();
        let shown = format!("{}/", dir.path().display());
        let problems = cases_in(dir.path()).err().unwrap_or_default();
        problems.iter().map(|problem| problem.to_string().replace(&shown, "")).collect()
    }

    #[test]
    fn every_problem_of_a_case_is_told_with_its_line_and_field() {
        assert_eq!(told(CASE), [""; 0]);
        let wrong = CASE
            .replace("severity: error", "severity: bad")
            .replace("title", "titel")
            .replace("steps: 5", "steps: many");
        let told_of_shape = told(&wrong).join("\n");
        for wanted in [
            "one.yaml:2: titel: no such key here; did you mean `title`?",
            "one.yaml:3: incident.severity:",
            "one.yaml:6: expect.steps:",
        ] {
            assert!(told_of_shape.contains(wanted), "{wanted} is not in\n{told_of_shape}");
        }
        let wrong = CASE
            .replace("name: one", "name: two")
            .replace("[nas]", "[]")
            .replace("steps: 5", "steps: 0")
            .replace("[zpool]", "[]");
        let told_of_sense = told(&wrong);
        assert_eq!(
            told_of_sense,
            [
                "one.yaml:1: name: the case is called `two`, its file `one`; call both the same",
                "one.yaml:5: outputs[0].match: would fit every call; name the tool, or words of its arguments",
                "one.yaml:6: expect.root: is empty; name what is at fault, such as `[nas]`",
                "one.yaml:6: expect.steps: is 0; write how many tool calls are enough, from 1 to 100",
            ]
        );
    }

    #[test]
    fn a_folder_without_cases_says_so() {
        let dir = tempfile::tempdir().unwrap();
        assert!(
            cases_in(dir.path()).unwrap_err()[0]
                .to_string()
                .contains("the folder has no cases; a case is a file")
        );
    }
}
