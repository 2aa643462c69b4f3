//! The runbook: which incidents it fits, and its steps.
//!
//! Its YAML form is read by `config`; here is only what it means.

mod checks;
mod choose;
mod glob;

use std::collections::BTreeMap;
use std::time::Duration;

use super::signal::{Origin, Signal};
use super::target::Target;
use super::template::Template;

pub use checks::{Checks, NamedCheck, When};
pub use choose::{Specificity, choose};
pub use glob::{Glob, GlobError, PathGlob};

/// A written repair: what it fits, and what to do, step by step.
#[derive(Debug, Clone)]
pub struct Runbook {
    /// Its name: the file's without `.yaml`.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// More words, if its author wrote some.
    pub description: Option<String>,
    /// Whether it came with the binary. The operator's own go first.
    pub shipped: bool,
    /// Where it was read from, for messages.
    pub file: String,
    /// Which signals it fits.
    pub fits: Match,
    /// What it does, in order. Never empty.
    pub steps: Vec<Step>,
    /// What must hold around them.
    pub checks: Checks,
    /// How often it may run, and how long it is watched.
    pub limits: RunbookLimits,
}

impl Runbook {
    /// Every command that it could run: those of its checks, then those of its steps.
    pub fn commands(&self) -> impl Iterator<Item = &CommandTemplate> {
        let checks = self.checks.all().map(|(_, check)| &check.run);
        checks.chain(self.steps.iter().flat_map(Step::commands).map(|(_, command)| command))
    }
}

/// Which signals a runbook fits: everything that is given must hold. At least one thing is given.
#[derive(Debug, Clone, Default)]
pub struct Match {
    /// The skill that reported it.
    pub skill: Option<String>,
    /// The signature.
    pub signature: Option<Glob>,
    /// The target.
    pub target: Option<PathGlob>,
    /// Labels that the signal must carry.
    pub labels: BTreeMap<String, Glob>,
    /// What the summary or the evidence must contain; `^` and `$` are a line's ends.
    pub pattern: Option<regex::Regex>,
}

/// One step: one effect, its proof, and the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name within the runbook.
    pub name: String,
    /// The effect.
    pub run: CommandTemplate,
    /// How its success is known.
    pub verify: Verify,
    /// The way back, if there is one.
    pub undo: Option<CommandTemplate>,
    /// What is read before the step runs, by name and in order; its undo and later steps use it as
    /// `capture.NAME`.
    pub capture: Vec<(String, CommandTemplate)>,
    /// How long each of its commands may run.
    pub timeout: Duration,
    /// How often `run` is tried in all, at least once.
    pub attempts: u32,
    /// The pause between two tries.
    pub backoff: Duration,
    /// Whether repeating `run` does no harm, so that it may be repeated after a crash.
    pub idempotent: bool,
}

impl Step {
    /// `timeout` where the author gave none.
    pub const TIMEOUT: Duration = Duration::from_secs(60);
    /// `attempts` where the author gave none.
    pub const ATTEMPTS: u32 = 1;
    /// `backoff` where the author gave none.
    pub const BACKOFF: Duration = Duration::from_secs(5);

    /// Every command of the step with the name of the key that holds it: captures, `run`, `verify`, `undo`.
    pub fn commands(&self) -> impl Iterator<Item = (&'static str, &CommandTemplate)> {
        let verify = match &self.verify {
            Verify::Command(command) => Some(("verify", command)),
            Verify::Check | Verify::Missing => None,
        };
        let captures = self.capture.iter().map(|(_, command)| ("capture", command));
        captures
            .chain(std::iter::once(("run", &self.run)))
            .chain(verify)
            .chain(self.undo.as_ref().map(|command| ("undo", command)))
    }

    /// Whether any of its commands names what an earlier step captures.
    #[must_use]
    pub fn awaits_earlier(&self) -> bool {
        let is_own = |name: &str| self.capture.iter().any(|(own, _)| own == name);
        self.commands().any(|(key, command)| {
            let names = command.templates().flat_map(Template::names);
            let mut captures = names.filter_map(|name| name.strip_prefix("capture."));
            captures.any(|name| key != "undo" || !is_own(name))
        })
    }
}

/// How a step's success is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verify {
    /// By a command's exit code 0.
    Command(CommandTemplate),
    /// By the check that found the problem, run again.
    Check,
    /// Not at all. Only right for a step that changes nothing; `check` and planning refuse it for any other.
    Missing,
}

/// A command whose arguments are filled in when it is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandTemplate {
    /// Where it runs: `local`.
    pub host: String,
    /// The program and its arguments, a template each. Never empty.
    pub argv: Vec<Template>,
    /// The working directory.
    pub cwd: Option<Template>,
    /// Environment variables.
    pub env: BTreeMap<String, Template>,
    /// What it reads from standard input.
    pub stdin: Option<Template>,
}

impl CommandTemplate {
    /// Every template of the command.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.argv.iter().chain(&self.cwd).chain(self.env.values()).chain(&self.stdin)
    }
}

/// How often a runbook may run on one target, and how long its success is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunbookLimits {
    /// The least time between two runs on one target.
    pub cooldown: Duration,
    /// How many failed or ineffective runs on one incident before people are called.
    pub max_attempts: u32,
    /// How long after `resolved` a returning symptom marks the repair ineffective.
    pub watch: Duration,
}

impl Default for RunbookLimits {
    fn default() -> Self {
        Self { cooldown: Duration::from_secs(600), max_attempts: 3, watch: Duration::from_secs(1800) }
    }
}

/// The names that a runbook's templates may use as they stand; besides them `labels.NAME` and `capture.NAME`.
pub const TEMPLATE_NAMES: [&str; 5] = ["target", "target.name", "target.parent", "signature", "host"];

/// What the names in a runbook's templates stand for, except `capture.NAME`, which only a running step knows.
/// `host` is the target that stands for this machine.
pub fn values<'a>(signal: &'a Signal, host: &'a Target) -> impl Fn(&str) -> Option<String> + 'a {
    move |name| match name {
        "target" => Some(signal.target.to_string()),
        "target.name" => Some(signal.target.name().to_owned()),
        "target.parent" => signal.target.parent().map(|parent| parent.to_string()),
        "signature" => Some(signal.signature.to_string()),
        "host" => Some(host.to_string()),
        _ => name.strip_prefix("labels.").and_then(|label| signal.labels.get(label).cloned()),
    }
}

impl Match {
    /// Whether nothing is given: it would fit everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.constraints() == 0
    }

    fn constraints(&self) -> usize {
        usize::from(self.skill.is_some())
            + usize::from(self.signature.is_some())
            + usize::from(self.target.is_some())
            + usize::from(self.pattern.is_some())
            + self.labels.len()
    }

    fn holds(&self, signal: &Signal) -> bool {
        let skill = |name: &String| matches!(&signal.origin, Origin::Skill(by) if by == name);
        let label =
            |(name, glob): (&String, &Glob)| signal.labels.get(name).is_some_and(|value| glob.matches(value));
        let pattern =
            |regex: &regex::Regex| regex.is_match(&signal.summary) || regex.is_match(&signal.evidence);
        self.skill.as_ref().is_none_or(skill)
            && self.signature.as_ref().is_none_or(|glob| glob.matches(signal.signature.as_str()))
            && self.target.as_ref().is_none_or(|glob| glob.matches(signal.target.as_str()))
            && self.labels.iter().all(label)
            && self.pattern.as_ref().is_none_or(pattern)
    }
}

#[cfg(test)]
mod tests;
