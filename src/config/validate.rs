//! `config.toml` from what is written to what is meant: names parsed, paths found, secrets fetched.

mod adopt;
mod agent;
mod alerts;
mod chat;
mod exec;
mod hosts;
mod topology;
mod quiet;
mod watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;

use super::document::{Document, Part, Trail, below, keys};
use super::problem::{Problem, suggest};
use super::raw::{RawChanges, RawConfig, RawGit, RawPaths, RawQuiet, RawSkills, RawWeights};
use super::secret::{Param, ReadEnv, Secret};
use super::settings::{ChangeSettings, Config, GitSource, Paths, SkillSettings};
use super::setup::STATE_DIR;
use super::values::Scalar;
use super::watched::Watched;
use crate::domain::change::PathRule;
use crate::domain::correlation::Weights;
use crate::domain::schedule::Schedule;
use crate::domain::target::Target;

/// What the file does not say itself.
pub(super) struct Surroundings<'a> {
    /// The folder that relative paths start from; absolute.
    pub(super) folder: PathBuf,
    /// Whether there is a file at all. Without one, nothing beside it is looked for.
    pub(super) has_file: bool,
    /// `state_dir` from the command line; absolute.
    pub(super) state_dir: Option<PathBuf>,
    /// This machine's host name.
    pub(super) host: &'a str,
    /// The system's time zone.
    pub(super) timezone: &'a str,
    pub(super) env: ReadEnv<'a>,
}

/// Validates, and adds what is wrong to `problems`; only with none added is the result to be used. Files and folders
/// that the result depends on are added to `watched`.
pub(super) fn validate(
    raw: RawConfig,
    document: &Document,
    around: &Surroundings<'_>,
    problems: &mut Vec<Problem>,
    watched: &mut Watched,
) -> Option<Config> {
    let mut check = Check { document, around, problems, watched };
    let host = check.host(raw.host.as_deref());
    let timezone = check.timezone(raw.timezone.as_deref());
    let written = raw.state_dir.unwrap_or_else(|| STATE_DIR.into());
    let paths = check.paths(raw.paths);
    let skills = check.skills(raw.skills);
    let chat = check.chat(raw.chat);
    let changes = check.changes(raw.changes);
    let state_dir = around.state_dir.clone().unwrap_or_else(|| around.folder.join(written));
    let alerts = check.alerts(raw.alerts, &state_dir);
    let topology = check.topology(raw.topology);
    let agent = check.agent(raw.agent);
    let exec = check.exec(raw.exec);
    let hosts = check.hosts(raw.hosts);
    let quiet =
        check.quiet(RawQuiet { maintenance: raw.maintenance, inhibit: raw.inhibit, triage: raw.triage });
    let watchdog = check.watchdog(raw.watchdog);
    Some(Config {
        host: host?,
        timezone,
        state_dir,
        autonomy: raw.autonomy,
        paths,
        skills,
        incidents: raw.incidents,
        correlation: weights(&raw.correlation),
        escalation: raw.escalation,
        approvals: raw.approvals,
        repairs: raw.repairs,
        chat,
        changes,
        alerts,
        topology,
        exec,
        hosts,
        agent,
        quiet,
        adopt: check.adopt(raw.adopt),
        digest: raw.digest,
        watchdog,
        metrics: raw.metrics,
        log: raw.log,
    })
}

fn weights(raw: &RawWeights) -> Weights {
    let RawWeights { topology, time, labels, signature, threshold } = *raw;
    Weights { topology, time, labels, signature, threshold }
}

struct Check<'a> {
    document: &'a Document,
    around: &'a Surroundings<'a>,
    problems: &'a mut Vec<Problem>,
    watched: &'a mut Watched,
}

impl Check<'_> {
    fn report(&mut self, path: &[Part], what: impl Into<String>, hint: Option<String>) {
        self.problems.push(self.document.problem(path, what, hint));
    }

    /// After a fault, some other name stands in, so that the rest can be looked at too.
    fn host(&mut self, written: Option<&str>) -> Option<Target> {
        let parsed = Target::parse(written.unwrap_or(self.around.host)).or_else(|error| {
            let from_system = "set `host` to the name this machine shall have in the lab".to_owned();
            self.report(&keys(["host"]), error.to_string(), written.is_none().then_some(from_system));
            Target::parse("localhost")
        });
        parsed.ok()
    }

    fn timezone(&mut self, written: Option<&str>) -> Tz {
        let name = written.unwrap_or(self.around.timezone);
        name.parse().unwrap_or_else(|_| {
            let near = suggest(name, chrono_tz::TZ_VARIANTS.iter().map(|tz| tz.name()));
            let hint = near.unwrap_or_else(|| "set `timezone` to a name such as \"Europe/Berlin\"".into());
            self.report(&keys(["timezone"]), format!("{name:?} is no time zone"), Some(hint));
            Tz::UTC
        })
    }

    fn paths(&mut self, raw: RawPaths) -> Paths {
        let usual = RawPaths::default();
        let mut folders = |name: &str, written: &[PathBuf], usual: &[PathBuf]| {
            let mut found: Vec<PathBuf> = Vec::new();
            for (index, folder) in written.iter().enumerate() {
                let place = self.document.item(&keys(["paths", name]), index);
                let path = self.find(folder, usual.contains(folder), &place, Path::is_dir, "folder");
                found.extend(path.filter(|path| !found.contains(path)));
            }
            found
        };
        let skills = folders("skills", &raw.skills, &usual.skills);
        let runbooks = folders("runbooks", &raw.runbooks, &usual.runbooks);
        let mut file = |name: &str, written: &Path, usual: &Path| {
            self.find(written, written == usual, &keys(["paths", name]), |path| path.exists(), "file")
        };
        let topology = file("topology", &raw.topology, &usual.topology);
        let policy = file("policy", &raw.policy, &usual.policy);
        let memory = self.beside(&raw.memory);
        let prompts = self.beside(&raw.prompts);
        let RawPaths { shipped_skills, shipped_runbooks, .. } = raw;
        Paths { skills, runbooks, topology, policy, memory, prompts, shipped_skills, shipped_runbooks }
    }

    /// A folder that may come to be while Steward runs.
    fn beside(&mut self, written: &Path) -> Option<PathBuf> {
        self.around.has_file.then(|| {
            let folder = self.around.folder.join(written);
            self.watched.add(&folder);
            folder
        })
    }

    fn find(
        &mut self,
        written: &Path,
        may_be_absent: bool,
        place: &Trail,
        is_there: fn(&Path) -> bool,
        kind: &str,
    ) -> Option<PathBuf> {
        if !self.around.has_file {
            return None;
        }
        let path = self.around.folder.join(written);
        // Also when it is absent: it may come.
        self.watched.add(&path);
        if is_there(&path) {
            return Some(path);
        }
        if !may_be_absent || path.exists() {
            let what = format!("there is no {kind} {}", path.display());
            self.report(
                place,
                what,
                Some(format!(
                    "create it, or take it out; relative paths start at {}",
                    self.around.folder.display()
                )),
            );
        }
        None
    }

    fn skills(&mut self, raw: RawSkills) -> SkillSettings {
        let mut schedule = BTreeMap::new();
        for (skill, text) in raw.schedule {
            match Schedule::parse(&text) {
                Ok(parsed) => _ = schedule.insert(skill, parsed),
                Err(error) => {
                    let field = error.field.map(|field| format!(" ({field})")).unwrap_or_default();
                    let what = format!("{text:?} is no schedule{field}: {}", error.message);
                    self.report(&keys(["skills", "schedule", &skill]), what, Some(error.hint));
                }
            }
        }
        let params = raw.params.into_iter().map(|(skill, values)| {
            let values = self.params(&skill, values);
            (skill, values)
        });
        SkillSettings {
            params: params.collect(),
            concurrency: raw.concurrency,
            jitter: raw.jitter,
            max_output: raw.max_output,
            failures_before_incident: raw.failures_before_incident,
            disabled: raw.disabled.into_iter().collect(),
            schedule,
        }
    }

    fn params(&mut self, skill: &str, written: BTreeMap<String, Scalar>) -> BTreeMap<String, Param> {
        let mut params = BTreeMap::new();
        for (name, Scalar(text)) in written {
            let place = keys(["skills", "params", skill, &name]);
            if !is_variable(&name) {
                let hint =
                    "write it of A-Z, 0-9 and _, as the skill reads it from its environment".to_owned();
                self.report(&place, "is no name of an environment variable", Some(hint));
                continue;
            }
            let param = match Secret::is_reference(&text) {
                true => self.secret(&text, &place).map(Param::Secret),
                false => Some(Param::Plain(text)),
            };
            params.extend(param.map(|param| (name, param)));
        }
        params
    }

    /// Fetches a secret that is named in the file.
    fn secret(&mut self, text: &str, place: &Trail) -> Option<Secret> {
        if let Some(path) = text.strip_prefix("file:") {
            self.watched.add(&self.around.folder.join(path));
        }
        match Secret::resolve(text, &self.around.folder, self.around.env) {
            Ok(secret) => return Some(secret),
            Err(fault) => match fault.rsplit_once("; ") {
                Some((what, hint)) => self.report(place, what, Some(hint.to_owned())),
                None => self.report(place, fault, None),
            },
        }
        None
    }

    fn changes(&mut self, mut raw: RawChanges) -> ChangeSettings {
        let mut git: Vec<GitSource> = Vec::new();
        for (index, source) in std::mem::take(&mut raw.git).into_iter().enumerate() {
            let place = self.document.item(&keys(["changes", "git"]), index);
            let source = self.git(source, &place);
            if git.iter().any(|other| other.name == source.name) {
                let what = format!("{:?} is the name of two repositories", source.name);
                self.report(&below(&place, "name"), what, Some("give each its own".into()));
            }
            git.push(source);
        }
        let RawChanges { window, every, keep, detect, flux, kubernetes, docker, packages, reboots, git: _ } =
            raw;
        ChangeSettings { window, every, keep, detect, flux, kubernetes, docker, packages, reboots, git }
    }

    fn git(&mut self, raw: RawGit, place: &Trail) -> GitSource {
        if crate::domain::target::Signature::parse(&raw.name).is_err() {
            let hint = "write a short name of a-z, 0-9 and -, such as `homelab`".to_owned();
            self.report(
                &below(place, "name"),
                format!("{:?} is no name for a repository", raw.name),
                Some(hint),
            );
        }
        if let Some(branch) =
            raw.branch.as_ref().filter(|branch| branch.is_empty() || branch.starts_with('-'))
        {
            let hint = "name one, or leave the key out to follow what is checked out".to_owned();
            self.report(&below(place, "branch"), format!("{branch:?} is no branch"), Some(hint));
        }
        let mut targets = Vec::new();
        for (index, rule) in raw.targets.iter().enumerate() {
            match PathRule::parse(&rule.pattern, &rule.targets) {
                Ok(rule) => targets.push(rule),
                Err(error) => {
                    let place = self.document.item(&below(place, "targets"), index);
                    self.report(&below(&place, "pattern"), error.to_string(), None);
                }
            }
        }
        // Whether it is a repository is asked when it is read: it may be on a disk that is mounted later.
        GitSource { name: raw.name, path: self.around.folder.join(raw.path), branch: raw.branch, targets }
    }
}

/// Whether a name can be that of an environment variable.
pub(super) fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
