//! The runbook's YAML form.

mod checks;
mod names;
mod raw;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regex::{Regex, RegexBuilder};

use super::document::{Document, Part, Trail, below, keys};
use super::problem::{Problem, did_you_mean};
use super::settings::HostSettings;
use super::shape;
use crate::domain::runbook::{
    CommandTemplate, Glob, GlobError, Match, PathGlob, Runbook, RunbookLimits, Step, Verify,
};
use crate::domain::target::Signature;
use raw::{RawCommand, RawLimits, RawMatch, RawPlaybook, RawRunbook, RawStep, RawVerify};

/// No pattern that people write compiles to more, in bytes.
const MAX_REGEX: usize = 1024 * 1024;

/// Reads the text of a runbook, whose commands may run on this machine and on `hosts`. `None` with something added to
/// `problems` if anything is wrong with it.
pub(super) fn parse(
    file: &Path,
    text: &str,
    shipped: bool,
    hosts: &Hosts,
    problems: &mut Vec<Problem>,
) -> Option<Runbook> {
    read(file, text, shipped, Some(hosts), problems)
}

/// The same of an operator's runbook where nobody knows which other machines there are: any may be named.
pub(super) fn parse_anywhere(file: &Path, text: &str, problems: &mut Vec<Problem>) -> Option<Runbook> {
    read(file, text, false, None, problems)
}

fn read(
    file: &Path,
    text: &str,
    shipped: bool,
    hosts: Option<&Hosts>,
    problems: &mut Vec<Problem>,
) -> Option<Runbook> {
    let mut document = match Document::yaml(file, text) {
        Ok(document) => document,
        Err(syntax) => {
            problems.extend(syntax);
            return None;
        }
    };
    let before = problems.len();
    let raw: Option<RawRunbook> = shape::read(&mut document, problems);
    let is_whole = problems.len() == before;
    let mut check = Check { document: &document, hosts, problems, is_whole };
    let runbook = check.runbook(raw?, file, shipped);
    (problems.len() == before).then_some(runbook).flatten()
}

/// The other machines, by name.
type Hosts = BTreeMap<String, HostSettings>;

/// A step, and where it is written.
type Placed = (Trail, Step);

struct Check<'a> {
    document: &'a Document,
    hosts: Option<&'a Hosts>,
    problems: &'a mut Vec<Problem>,
    /// Whether nothing was taken out of the document, so that what is missing is really missing.
    is_whole: bool,
}

impl Check<'_> {
    fn report(&mut self, path: &[Part], what: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(self.document.problem(path, what, Some(hint.into())));
    }

    fn missing(&mut self, path: &[Part], what: &str, hint: &str) {
        if self.is_whole {
            self.report(path, what, hint);
        }
    }

    fn runbook(&mut self, raw: RawRunbook, file: &Path, shipped: bool) -> Option<Runbook> {
        self.name(&raw.name, file);
        if !is_line(&raw.title) {
            self.report(&keys(["title"]), "is no title", "write one line for people");
        }
        let limits = self.limits(raw.limits);
        let checks = self.checks(raw.checks, &limits);
        let (fits, steps) = match (raw.playbook, raw.fits, raw.steps) {
            (Some(playbook), None, None) => self.playbook(&raw.name, playbook)?,
            (Some(_), _, _) => {
                let hint = "write one of the two: the short form, or `match` and `steps`";
                self.report(&keys(["playbook"]), "stands beside `match` or `steps`", hint);
                return None;
            }
            (None, fits, steps) => {
                let hint = "add `match:` with at least one key, such as `signature: disk-fill`";
                if fits.is_none() {
                    self.missing(&[], "has neither `match` nor `playbook`, so it would fit nothing", hint);
                }
                let fits = fits.map(|fits| self.fits(fits, "match")).unwrap_or_default();
                (fits, self.steps(steps.unwrap_or_default()))
            }
        };
        self.check_names(&steps);
        Some(Runbook {
            name: raw.name,
            title: raw.title,
            description: raw.description,
            shipped,
            file: file.display().to_string(),
            fits,
            steps: steps.into_iter().map(|(_, step)| step).collect(),
            checks,
            limits,
        })
    }

    fn name(&mut self, name: &str, file: &Path) {
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if Signature::parse(name).is_err() {
            let hint = "write a short name of a-z, 0-9 and -, such as `restart-failed-unit`";
            self.report(&keys(["name"]), format!("{name:?} is no name for a runbook"), hint);
        } else if name != stem {
            let what = format!("the runbook is called `{name}`, its file `{stem}`");
            self.report(
                &keys(["name"]),
                what,
                format!("write `name: {stem}`, or rename the file to `{name}.yaml`"),
            );
        }
    }

    fn limits(&mut self, raw: RawLimits) -> RunbookLimits {
        let usual = RunbookLimits::default();
        RunbookLimits {
            cooldown: raw.cooldown.unwrap_or(usual.cooldown),
            max_attempts: raw.max_attempts.unwrap_or(usual.max_attempts),
            watch: raw.watch.unwrap_or(usual.watch),
        }
    }

    fn fits(&mut self, raw: RawMatch, section: &str) -> Match {
        let before = self.problems.len();
        let at = |key: &str| keys([section, key]);
        let fits = Match {
            skill: raw.skill,
            signature: self.glob(raw.signature, &at("signature"), Glob::parse),
            target: self.glob(raw.target, &at("target"), PathGlob::parse),
            labels: raw
                .labels
                .into_iter()
                .filter_map(|(name, text)| {
                    let glob = self.glob(Some(text), &keys([section, "labels", &name]), Glob::parse)?;
                    Some((name, glob))
                })
                .collect(),
            pattern: raw.pattern.and_then(|text| self.regex(&text, &at("pattern"))),
        };
        if fits.is_empty() && self.problems.len() == before {
            let hint = "name at least one of `skill`, `signature`, `target`, `labels`, `pattern`";
            self.missing(&keys([section]), "is empty, so the runbook would fit everything", hint);
        }
        fits
    }

    fn glob<G>(
        &mut self,
        text: Option<String>,
        place: &Trail,
        parse: fn(&str) -> Result<G, GlobError>,
    ) -> Option<G> {
        parse(&text?)
            .map_err(|error| self.problems.push(self.document.problem(place, error.to_string(), None)))
            .ok()
    }

    fn regex(&mut self, text: &str, place: &Trail) -> Option<Regex> {
        let built = RegexBuilder::new(text).multi_line(true).size_limit(MAX_REGEX).build();
        match built {
            // It would fit every output, as if nothing had been asked for.
            Ok(regex) if regex.is_match("") => {
                self.report(place, "matches even an empty text", "write what the output must contain");
                None
            }
            Ok(regex) => Some(regex),
            Err(error) => {
                // The error's last line says what, the ones before draw a picture that one line can't hold.
                let text = error.to_string();
                let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.report(
                    place,
                    format!("is no regular expression: {why}"),
                    "put a \\ before a character that stands for itself",
                );
                None
            }
        }
    }

    fn playbook(&mut self, name: &str, raw: RawPlaybook) -> Option<(Match, Vec<Placed>)> {
        let RawPlaybook { skill, pattern, signature, target, run, timeout } = raw;
        let fits = RawMatch {
            skill: Some(skill),
            pattern: Some(pattern),
            signature,
            target,
            labels: Default::default(),
        };
        let fits = self.fits(fits, "playbook");
        let run = self.command(run, &keys(["playbook", "run"]))?;
        let step = Step {
            name: name.to_owned(),
            run,
            verify: Verify::Check,
            undo: None,
            capture: Vec::new(),
            timeout: timeout.unwrap_or(Step::TIMEOUT),
            attempts: Step::ATTEMPTS,
            backoff: Step::BACKOFF,
            idempotent: false,
        };
        Some((fits, vec![(keys(["playbook"]), step)]))
    }

    fn steps(&mut self, raw: Vec<RawStep>) -> Vec<Placed> {
        if raw.is_empty() {
            self.missing(
                &keys(["steps"]),
                "a runbook needs at least one step",
                "add `steps:` with a `name` and a `run`",
            );
        }
        let mut steps: Vec<Placed> = Vec::new();
        let mut names = BTreeSet::new();
        for (index, step) in raw.into_iter().enumerate() {
            let place = self.document.item(&keys(["steps"]), index);
            if !is_line(&step.name) {
                self.report(
                    &below(&place, "name"),
                    format!("{:?} is no name for a step", step.name),
                    "write 1 to 120 characters on one line",
                );
            } else if !names.insert(step.name.clone()) {
                self.report(
                    &below(&place, "name"),
                    format!("two steps are called `{}`", step.name),
                    "give each its own name",
                );
            }
            steps.extend(self.step(step, &place).map(|step| (place, step)));
        }
        steps
    }

    fn step(&mut self, raw: RawStep, place: &Trail) -> Option<Step> {
        let at = |key: &str| below(place, key);
        let run = self.command(raw.run, &at("run"));
        let verify = match raw.verify {
            None => Some(Verify::Missing),
            Some(RawVerify::Check) => Some(Verify::Check),
            Some(RawVerify::Command(command)) => self.command(command, &at("verify")).map(Verify::Command),
        };
        let undo = raw.undo.map(|command| self.command(command, &at("undo")));
        let mut capture = Vec::new();
        for (name, command) in raw.capture.0 {
            capture
                .extend(self.command(command, &below(&at("capture"), &name)).map(|command| (name, command)));
        }
        Some(Step {
            name: raw.name,
            run: run?,
            verify: verify?,
            undo: undo.flatten(),
            capture,
            timeout: raw.timeout.unwrap_or(Step::TIMEOUT),
            attempts: raw.retry.attempts.unwrap_or(Step::ATTEMPTS),
            backoff: raw.retry.backoff.unwrap_or(Step::BACKOFF),
            idempotent: raw.idempotent,
        })
    }

    fn command(&mut self, raw: RawCommand, place: &Trail) -> Option<CommandTemplate> {
        let before = self.problems.len();
        let at = |key: &str| below(place, key);
        if raw.argv.first().is_none_or(|program| program.to_string().trim().is_empty()) {
            self.missing(
                place,
                "is an empty command",
                "write the program and its arguments: `[systemctl, restart, x]`",
            );
        }
        if let Some(hosts) = self.hosts.filter(|hosts| raw.host != "local" && !hosts.contains_key(&raw.host))
        {
            let known = hosts.keys().map(String::as_str).chain(["local"]);
            let hint = match did_you_mean(&raw.host, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "write `local` for this machine, or add `[hosts.{}]` to the configuration",
                    raw.host
                ),
            };
            self.report(&at("host"), format!("there is no host `{}`", raw.host), hint);
        }
        for name in raw.env.keys().filter(|name| !super::validate::is_variable(name)) {
            self.report(
                &at("env"),
                format!("{name:?} is no name of an environment variable"),
                "write it of A-Z, 0-9 and _",
            );
        }
        let RawCommand { host, argv, cwd, env, stdin } = raw;
        (self.problems.len() == before).then_some(CommandTemplate { host, argv, cwd, env, stdin })
    }
}

/// Whether people can read it in one line.
fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 120 && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
