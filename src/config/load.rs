//! Everything at once: the configuration, and the skills, runbooks, topology and policy that it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::document::{Document, Overlay, keys};
use super::problem::{Problem, suggest};
use super::raw::RawConfig;
use super::secret::{Param, ReadEnv};
use super::settings::Config;
use super::skills::{self, Skill};
use super::texts::{self, SoulRules};
use super::topology;
use super::validate::{Surroundings, validate};
use super::watched::Watched;
use super::{files, goals, odd, runbooks, shape};
use crate::domain::agent::Goal;
use crate::domain::runbook::Runbook;
use crate::domain::topology::{Overrules, TopologyEntry};

/// What loading needs to know from outside.
pub struct LoadOptions<'a> {
    /// The file, as [`super::discover()`] found it. `None`: the embedded defaults.
    pub file: Option<PathBuf>,
    /// `--state-dir`, relative to the working directory.
    pub state_dir: Option<PathBuf>,
    /// This machine's host name.
    pub host: &'a str,
    /// The system's time zone, by its IANA name.
    pub timezone: &'a str,
    /// Reads an environment variable, for secrets.
    pub env: ReadEnv<'a>,
}

/// A whole configuration without a fault.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The file it came from; `None` for the embedded defaults.
    pub file: Option<PathBuf>,
    /// The settings.
    pub config: Config,
    /// The skills, by name.
    pub skills: BTreeMap<String, Skill>,
    /// The runbooks, by name.
    pub runbooks: BTreeMap<String, Runbook>,
    /// What the topology file says of each target.
    pub topology: Vec<TopologyEntry>,
    /// What it says of other names and of what is not to be learned.
    pub overrules: Overrules,
    /// The topology file, for messages about it.
    pub topology_file: Option<PathBuf>,
    /// The agent's standing goals, the shipped ones and the operator's.
    pub goals: Vec<Goal>,
    /// The operator's policy rules as they are written.
    pub policy: Option<PolicyFile>,
    /// The rules in `SOUL.md` that the policy holds to.
    pub soul: Option<SoulRules>,
    /// Where all of it came from, for noticing edits.
    pub watched: Watched,
    /// What is odd, but no reason to refuse.
    pub warnings: Vec<Problem>,
}

/// The operator's policy rules, unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// Where they are.
    pub file: PathBuf,
    /// The YAML.
    pub text: String,
}

impl Loaded {
    /// The parameters of a skill: its own defaults, and over them what the configuration says.
    #[must_use]
    pub fn params(&self, skill: &Skill) -> BTreeMap<String, Param> {
        let own =
            skill.manifest.params.iter().map(|(name, value)| (name.clone(), Param::Plain(value.clone())));
        let configured = self.config.skills.params.get(skill.name()).cloned().unwrap_or_default();
        own.chain(configured).collect()
    }
}

/// Loads everything.
///
/// # Errors
/// Every problem of every file.
pub fn load(options: &LoadOptions<'_>) -> Result<Loaded, Vec<Problem>> {
    load_over(options, None)
}

/// Loads everything, with some settings that go before those of the file.
///
/// # Errors
/// Every problem of every file, and of these settings.
pub(super) fn load_over(options: &LoadOptions<'_>, over: Option<&Overlay>) -> Result<Loaded, Vec<Problem>> {
    let mut loading = Loading { over: over.cloned(), ..Loading::default() };
    let loaded = loading.all(options);
    match loaded {
        Some(loaded) if loading.problems.is_empty() => Ok(loaded),
        _ => Err(loading.problems),
    }
}

#[derive(Default)]
struct Loading {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    watched: Watched,
    over: Option<Overlay>,
}

impl Loading {
    fn all(&mut self, options: &LoadOptions<'_>) -> Option<Loaded> {
        let (document, config) = self.config(options)?;
        let mut skills = skills::load(&config, &mut self.problems, &mut self.warnings);
        self.apply(&document, &config, &mut skills);
        let runbooks = runbooks::load(&config, &mut self.problems, &mut self.warnings);
        self.unknown_skills(&runbooks, &skills);
        let goals = goals::load(&config, &mut self.problems, &mut self.warnings, &mut self.watched);
        let topology = config.paths.topology.as_deref().and_then(|file| Some((file, self.text(file)?)));
        let topology =
            topology.map(|(file, text)| topology::parse(file, &text, &mut self.problems)).unwrap_or_default();
        let policy = config.paths.policy.as_deref().and_then(|file| {
            let text = self.text(file)?;
            Some(PolicyFile { file: file.to_owned(), text })
        });
        let soul = texts::load(&config.paths, &mut self.problems, &mut self.watched);
        odd::look(&document, &config, &mut self.warnings);
        Some(Loaded {
            file: options.file.clone(),
            topology_file: config.paths.topology.clone(),
            config,
            skills,
            runbooks,
            topology: topology.entries,
            overrules: topology.overrules,
            goals,
            policy,
            soul,
            watched: std::mem::take(&mut self.watched),
            warnings: std::mem::take(&mut self.warnings),
        })
    }

    /// After a fault in the file, what is right in it still leads to the other files, so that theirs are told too.
    fn config(&mut self, options: &LoadOptions<'_>) -> Option<(Document, Config)> {
        let file = options.file.as_deref();
        let text = file.and_then(|file| {
            self.watched.add(file);
            self.text(file)
        });
        let shown = file.unwrap_or(Path::new("config.toml"));
        let parsed = Document::toml(shown, text.as_deref().unwrap_or_default());
        let mut document = match parsed {
            Ok(document) => document,
            Err(problems) => {
                self.problems.extend(problems);
                Document::toml(shown, "").ok()?
            }
        };
        if let Some(over) = &self.over {
            document.lay_over(over);
        }
        let raw: RawConfig = shape::read(&mut document, &mut self.problems).unwrap_or_default();
        let around = Surroundings {
            folder: absolute(file.and_then(Path::parent).unwrap_or(Path::new("")), &mut self.problems)?,
            has_file: file.is_some(),
            state_dir: match &options.state_dir {
                Some(folder) => Some(absolute(folder, &mut self.problems)?),
                None => None,
            },
            host: options.host,
            timezone: options.timezone,
            env: options.env,
        };
        let config = validate(raw, &document, &around, &mut self.problems, &mut self.watched)?;
        Some((document, config))
    }

    fn text(&mut self, file: &Path) -> Option<String> {
        files::read_text(file).map_err(|problem| self.problems.push(problem)).ok()
    }

    /// Brings what `[skills]` says of single skills to them.
    fn apply(&mut self, document: &Document, config: &Config, skills: &mut BTreeMap<String, Skill>) {
        let settings = &config.skills;
        let disabled = settings.disabled.iter().map(|name| (keys(["skills", "disabled"]), name));
        let scheduled = settings.schedule.keys().map(|name| (keys(["skills", "schedule", name]), name));
        let configured = settings.params.keys().map(|name| (keys(["skills", "params", name]), name));
        for (place, name) in disabled.chain(scheduled).chain(configured) {
            if !skills.contains_key(name) {
                let hint = suggest(name, skills.keys().map(String::as_str));
                self.problems.push(document.problem(&place, format!("there is no skill `{name}`"), hint));
            }
        }
        for (name, skill) in skills {
            skill.enabled = !settings.disabled.contains(name);
            if let Some(schedule) = settings.schedule.get(name) {
                skill.manifest.schedule = schedule.clone();
            }
            self.undeclared_params(document, config, skill);
        }
    }

    /// A skill that declares no parameter at all may still read some; of one that does, others are misspelt.
    fn undeclared_params(&mut self, document: &Document, config: &Config, skill: &Skill) {
        let declared = &skill.manifest.params;
        let params = config.skills.params.get(skill.name()).into_iter().flatten();
        for (param, _) in params.filter(|(param, _)| !declared.is_empty() && !declared.contains_key(*param)) {
            let hint = suggest(param, declared.keys().map(String::as_str));
            let place = keys(["skills", "params", skill.name(), param]);
            let what = format!("the skill `{}` has no such parameter", skill.name());
            self.problems.push(document.problem(&place, what, hint));
        }
    }

    /// An own runbook that waits for a skill that is not there is most likely misspelt; the skill may also come later.
    fn unknown_skills(&mut self, runbooks: &BTreeMap<String, Runbook>, skills: &BTreeMap<String, Skill>) {
        for runbook in runbooks.values().filter(|runbook| !runbook.shipped) {
            if let Some(skill) = runbook.fits.skill.as_ref().filter(|skill| !skills.contains_key(*skill)) {
                let what = format!("waits for the skill `{skill}`, which is not there");
                let hint = suggest(skill, skills.keys().map(String::as_str));
                self.warnings.push(Problem::of_file(Path::new(&runbook.file), what, hint));
            }
        }
    }
}

fn absolute(folder: &Path, problems: &mut Vec<Problem>) -> Option<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::path::absolute(folder)
        .map_err(|error| {
            let hint = Some("start Steward in a folder that exists".to_owned());
            problems.push(Problem::of_file(folder, format!("is no usable folder: {error}"), hint));
        })
        .ok()
}

#[cfg(test)]
mod tests;
