//! Finds runbooks: the operator's own and those that came with the binary.

use std::collections::BTreeMap;
use std::path::Path;

use super::problem::Problem;
use super::settings::{Config, HostSettings};
use super::{files, runbook, shipped};
use crate::domain::runbook::Runbook;

/// Reads all runbooks, by name. An own one replaces the shipped one of its name. Files that are no runbooks are told
/// in `warnings`. Only with nothing added to `problems` is the result to be used.
pub(super) fn load(
    config: &Config,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> BTreeMap<String, Runbook> {
    let mut runbooks = BTreeMap::new();
    if config.paths.shipped_runbooks {
        for (file, text) in shipped::runbooks() {
            let parsed =
                runbook::parse(&Path::new("shipped").join(file), text, true, &config.hosts, problems);
            runbooks.extend(parsed.map(|runbook| (runbook.name.clone(), runbook)));
        }
    }
    for folder in &config.paths.runbooks {
        match files::list(folder) {
            Ok(paths) => paths.iter().for_each(|path| {
                let runbook = own(path, config, problems, warnings);
                runbook.into_iter().for_each(|runbook| add(runbook, &mut runbooks, problems));
            }),
            Err(problem) => problems.push(problem),
        }
    }
    runbooks
}

/// Reads the text of a runbook that is in no file.
///
/// # Errors
/// Every problem of it.
pub fn runbook_from(
    name: &str,
    text: &str,
    hosts: &BTreeMap<String, HostSettings>,
) -> Result<Runbook, Vec<Problem>> {
    let mut problems = Vec::new();
    let file = Path::new(name).with_extension("yaml");
    let runbook = runbook::parse(&file, text, false, hosts, &mut problems);
    runbook.filter(|_| problems.is_empty()).ok_or(problems)
}

/// Reads the text of a runbook of this name that is not in a file yet, as the loader will once it is. Whether the hosts
/// that it names are configured is not looked at: that is the loader's to say.
///
/// # Errors
/// Every problem of it.
pub fn check(name: &str, yaml: &str) -> Result<Runbook, Vec<Problem>> {
    let mut problems = Vec::new();
    let file = format!("{name}.yaml");
    let read = runbook::parse_anywhere(Path::new(&file), yaml, &mut problems);
    read.filter(|_| problems.is_empty()).ok_or(problems)
}

fn own(
    path: &Path,
    config: &Config,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<Runbook> {
    if path.extension().is_none_or(|ending| ending != "yaml") {
        let hint = "a runbook's file ends with `.yaml`".to_owned();
        warnings.push(Problem::of_file(path, "is left out: it is no runbook", Some(hint)));
        return None;
    }
    let text = files::read_text(path).map_err(|problem| problems.push(problem)).ok()?;
    // A copy of a shipped runbook in the operator's folder is that runbook: it stays the shipped one.
    let is_copy = shipped::runbooks().iter().any(|(file, shipped)| path.ends_with(file) && *shipped == text);
    runbook::parse(path, &text, is_copy, &config.hosts, problems)
}

fn add(runbook: Runbook, runbooks: &mut BTreeMap<String, Runbook>, problems: &mut Vec<Problem>) {
    match runbooks.get(&runbook.name) {
        Some(other) if !other.shipped => {
            let what = format!("the runbook `{}` is also in {}", runbook.name, other.file);
            problems.push(Problem::of_file(
                Path::new(&runbook.file),
                what,
                Some("rename one of them".into()),
            ));
        }
        _ => _ = runbooks.insert(runbook.name.clone(), runbook),
    }
}
