//! Finds the agent's standing goals: those that came with the binary and the operator's own, `prompts/goals/*.md`.
//!
//! A goal is YAML between two lines `---`, for Steward, and after that a text, for the model.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::document::{Document, keys};
use super::files;
use super::problem::Problem;
use super::settings::Config;
use super::shape;
use super::watched::Watched;
use crate::domain::agent::Goal;
use crate::domain::schedule::Schedule;
use crate::domain::target::Signature;

/// Where goals are, within `prompts/`.
const FOLDER: &str = "goals";
/// The line before and after the part that is for Steward.
const FENCE: &str = "---";
/// The longest text of a goal, in bytes: a model reads it at every turn.
const MAX_TEXT: usize = 8 * 1024;

/// Those that came with the binary.
const SHIPPED: [(&str, &str); 3] = [
    ("health-check.md", include_str!("../../prompts/goals/health-check.md")),
    ("incident.md", include_str!("../../prompts/goals/incident.md")),
    ("proactive.md", include_str!("../../prompts/goals/proactive.md")),
];

/// What is written between the fences.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGoal {
    title: String,
    schedule: Option<Schedule>,
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

/// Reads all goals, in the order of their names. An own one replaces the shipped one of its name. The folder need not be
/// there; its coming is noticed. Only with nothing added to `problems` is the result to be used.
pub(super) fn load(
    config: &Config,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
    watched: &mut Watched,
) -> Vec<Goal> {
    let mut goals = BTreeMap::new();
    for (file, text) in SHIPPED {
        let goal = parse(&Path::new("shipped").join(file), text, true, problems);
        goals.extend(goal.map(|goal| (goal.name.clone(), goal)));
    }
    let Some(folder) = config.paths.prompts.as_ref().map(|prompts| prompts.join(FOLDER)) else {
        return goals.into_values().collect();
    };
    watched.add_documents(&folder);
    if folder.exists() {
        match files::list_documents(&folder) {
            Ok(paths) => paths.iter().for_each(|path| {
                let goal = own(path, problems, warnings);
                goals.extend(goal.map(|goal| (goal.name.clone(), goal)));
            }),
            Err(problem) => problems.push(problem),
        }
    }
    goals.into_values().collect()
}

fn own(path: &Path, problems: &mut Vec<Problem>, warnings: &mut Vec<Problem>) -> Option<Goal> {
    if path.extension().is_none_or(|ending| ending != "md") {
        let hint = "a goal's file ends with `.md`".to_owned();
        warnings.push(Problem::of_file(path, "is left out: it is no goal", Some(hint)));
        return None;
    }
    let text = files::read_text(path).map_err(|problem| problems.push(problem)).ok()?;
    // A copy of a shipped goal in the operator's folder is that goal: it stays the shipped one.
    let is_copy = SHIPPED.iter().any(|(file, shipped)| path.ends_with(file) && *shipped == text);
    parse(path, &text, is_copy, problems)
}

/// Reads a goal. `None` with something added to `problems` if anything is wrong with it.
fn parse(file: &Path, text: &str, shipped: bool, problems: &mut Vec<Problem>) -> Option<Goal> {
    let before = problems.len();
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if Signature::parse(&name).is_err() {
        let hint = "call the file by a short name of a-z, 0-9 and -, such as `check-backups.md`".to_owned();
        problems.push(Problem::of_file(file, format!("{name:?} is no name for a goal"), Some(hint)));
    }
    let Some((head, words)) = halves(text) else {
        let what = "does not begin with a line `---`, some YAML, and a second line `---`";
        let hint = "begin it with three lines: `---`, `title: What it is for`, `---`".to_owned();
        problems.push(Problem { line: Some(1), ..Problem::of_file(file, what, Some(hint)) });
        return None;
    };
    if words.is_empty() {
        let hint = "write below the second `---` what the agent is to do".to_owned();
        problems.push(Problem::of_file(file, "says nothing to the agent", Some(hint)));
    } else if words.len() > MAX_TEXT {
        let hint = "shorten it: a model reads all of it each time, and follows the less the more there is"
            .to_owned();
        problems.push(Problem::of_file(file, "has more than 8 KiB of text", Some(hint)));
    }
    let mut document = match Document::yaml(file, &head) {
        Ok(document) => document,
        Err(syntax) => {
            problems.extend(syntax);
            return None;
        }
    };
    let raw: Option<RawGoal> = shape::read(&mut document, problems);
    let raw = raw?;
    if raw.title.trim().is_empty() || raw.title.contains('\n') {
        let hint = Some("write one line for people".to_owned());
        problems.push(document.problem(&keys(["title"]), "is no title", hint));
    }
    let schedule = raw.schedule.filter(|_| raw.enabled);
    let goal = Goal { name, title: raw.title.trim().to_owned(), text: words.to_owned(), schedule, shipped };
    (problems.len() == before).then_some(goal)
}

/// What is between the fences, on the lines on which it is in the file, and what follows them.
fn halves(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (first, rest) = text.split_once('\n')?;
    if first.trim_end() != FENCE {
        return None;
    }
    let mut head = String::from("\n");
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        at += line.len();
        if line.trim_end() == FENCE {
            return Some((head, rest.get(at..).unwrap_or_default().trim()));
        }
        head.push_str(line);
    }
    None
}

#[cfg(test)]
mod tests;
