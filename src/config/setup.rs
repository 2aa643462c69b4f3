//! Everything that the operator wrote, loaded and put together: what every command, the bot and each reload begin with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::document::Overlay;
use super::load::load_over;
use super::{LoadOptions, Loaded, PolicyFile, Problem, SoulRules, Text, discover};
use crate::domain::topology::{Topology, TopologyProblem};
use crate::policy::{Policy, RuleProblem};

/// The state directory where nothing else is said, beside the configuration.
pub(super) const STATE_DIR: &str = "state";

/// Where to read from, as the command line has it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `--state-dir`.
    pub state_dir: Option<PathBuf>,
}

impl Request {
    /// The state directory and nothing else, for whoever only has to reach the Steward that runs: what is wrong with
    /// the rest of the configuration meanwhile, or which of its secrets can't be read from here, is none of their
    /// concern.
    ///
    /// # Errors
    /// The configuration file can't be read, or not as TOML.
    pub fn state_dir(&self) -> Result<PathBuf, Problem> {
        let file = self.discover();
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let dir = match (&self.state_dir, &file) {
            (Some(named), _) => named.clone(),
            (None, Some(file)) => {
                folder.join(written(file, &["state_dir"])?.unwrap_or_else(|| STATE_DIR.to_owned()))
            }
            (None, None) => PathBuf::from(STATE_DIR),
        };
        absolute(&dir)
    }

    /// The spool and this machine's name in the lab and nothing else, for whoever leaves a file there.
    ///
    /// # Errors
    /// As [`Request::state_dir`].
    pub fn spool_and_host(&self) -> Result<(PathBuf, String), Problem> {
        let file = self.discover();
        let named = |keys: &[&str]| file.as_deref().map_or(Ok(None), |file| written(file, keys));
        let host = named(&["host"])?.unwrap_or_else(hostname);
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let spool = match named(&["alerts", "spool"])? {
            Some(spool) => absolute(&folder.join(spool))?,
            None => self.state_dir()?.join("spool"),
        };
        Ok((spool, host))
    }

    fn discover(&self) -> Option<PathBuf> {
        discover(self.file.clone(), std::env::var_os("STEWARD_CONFIG").map(PathBuf::from))
    }
}

/// The configuration, and what is made of its topology and its policy rules.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What was loaded.
    pub loaded: Loaded,
    /// What depends on what.
    pub topology: Topology,
    /// What may be done. Protects Steward's own state, configuration and binary.
    pub policy: Policy,
}

impl Setup {
    /// Loads and puts together all that the command line, the environment and the files say.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn load(request: &Request) -> Result<Self, Vec<Problem>> {
        Self::load_over(request, None)
    }

    /// The same, with some settings that go before those of the file.
    ///
    /// # Errors
    /// Every problem of every file, and of these settings.
    pub fn load_over(request: &Request, over: Option<&Overlay>) -> Result<Self, Vec<Problem>> {
        let host = hostname();
        let timezone = iana_time_zone::get_timezone().unwrap_or_else(|_| "UTC".to_owned());
        let env = |name: &str| std::env::var(name).ok();
        let file = discover(request.file.clone(), std::env::var_os("STEWARD_CONFIG").map(PathBuf::from));
        let state_dir = request.state_dir.clone();
        let options = LoadOptions { file, state_dir, host: &host, timezone: &timezone, env: &env };
        Self::load_with_over(&options, over)
    }

    /// Loads and puts together what these options name.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn load_with(options: &LoadOptions<'_>) -> Result<Self, Vec<Problem>> {
        Self::load_with_over(options, None)
    }

    /// The same, with some settings that go before those of the file.
    ///
    /// # Errors
    /// Every problem of every file, and of these settings.
    pub fn load_with_over(options: &LoadOptions<'_>, over: Option<&Overlay>) -> Result<Self, Vec<Problem>> {
        match load_over(options, over) {
            Ok(loaded) => Self::of(loaded),
            Err(mut problems) => {
                problems.extend(options.file.as_deref().map(rules_beside).unwrap_or_default());
                Err(problems)
            }
        }
    }

    /// Puts together what was loaded.
    ///
    /// # Errors
    /// Every problem of the topology and of the policy rules.
    pub fn of(loaded: Loaded) -> Result<Self, Vec<Problem>> {
        let (topology, policy) = (build_topology(&loaded), build_policy(&loaded));
        match (topology, policy) {
            (Ok(topology), Ok(policy)) => Ok(Self { loaded, topology, policy }),
            (topology, policy) => Err(topology.err().into_iter().chain(policy.err()).flatten().collect()),
        }
    }
}

fn absolute(dir: &Path) -> Result<PathBuf, Problem> {
    std::path::absolute(dir)
        .map_err(|error| Problem::of_file(dir, format!("is no usable folder: {error}"), None))
}

/// What a configuration file says of one text, whatever else it says.
fn written(file: &Path, keys: &[&str]) -> Result<Option<String>, Problem> {
    let hint = || Some("mend it, or name the state directory with --state-dir".to_owned());
    let unread = |what: String| Problem::of_file(file, what, hint());
    let text = std::fs::read_to_string(file).map_err(|error| unread(format!("can't be read: {error}")))?;
    let table: toml::Table =
        toml::from_str(&text).map_err(|error| unread(format!("is no TOML: {}", error.message())))?;
    let whole = toml::Value::Table(table);
    match keys.iter().try_fold(&whole, |value, key| value.get(key)) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(unread(format!("`{}` is no text", keys.join(".")))),
    }
}

/// This machine's name, without its domain.
fn hostname() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    name.split('.').next().unwrap_or_default().to_owned()
}

fn build_topology(loaded: &Loaded) -> Result<Topology, Vec<Problem>> {
    let file = loaded.topology_file.as_deref().unwrap_or(Path::new("topology.yaml"));
    Topology::new(loaded.topology.clone())
        .map(|topology| topology.overruled(loaded.overrules.clone()))
        .map_err(|problems| problems.into_iter().map(|problem| of_topology(file, problem)).collect())
}

fn of_topology(file: &Path, problem: TopologyProblem) -> Problem {
    let key = format!("{}:", problem.target);
    let line = std::fs::read_to_string(file)
        .ok()
        .and_then(|text| text.lines().position(|line| line.trim().starts_with(&key)));
    Problem {
        file: file.to_owned(),
        line: line.map(|index| index + 1),
        field: Some(format!("targets.{}", problem.target)),
        what: problem.message,
        hint: Some(
            "take one of the dependencies out: what two targets can't do without each other is one target"
                .into(),
        ),
    }
}

fn build_policy(loaded: &Loaded) -> Result<Policy, Vec<Problem>> {
    let shipped =
        Policy::shipped().map_err(|problems| problems.into_iter().map(of_rule).collect::<Vec<_>>())?;
    let mut problems = Vec::new();
    let mut policy = shipped.called(loaded.config.host.as_str());
    if let Some(PolicyFile { file, text }) = &loaded.policy {
        match policy.clone().adding(&file.display().to_string(), text) {
            Ok(added) => policy = added,
            Err(more) => problems.extend(more.into_iter().map(of_rule)),
        }
    }
    if let Some(soul) = &loaded.soul {
        match policy.clone().adding(&soul.file.display().to_string(), &soul.yaml) {
            Ok(added) => policy = added,
            Err(more) => problems.extend(more.into_iter().map(|problem| of_soul(soul, problem))),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    // Also where there is none: a file that is put there would be read.
    let beside = || Some(loaded.file.as_ref()?.parent()?.join("policy.yaml"));
    let rules = loaded.policy.as_ref().map(|policy| policy.file.clone()).or_else(beside);
    let paths = &loaded.config.paths;
    let own = [
        Some(loaded.config.state_dir.clone()),
        loaded.file.clone(),
        rules,
        std::env::current_exe().ok(),
        paths.memory.clone(),
        paths.prompts.clone(),
    ];
    let absolute = own.into_iter().flatten().filter_map(|path| std::path::absolute(path).ok());
    Ok(policy.protecting(absolute))
}

/// A problem of the block in `SOUL.md`, by the line of that file.
fn of_soul(soul: &SoulRules, problem: RuleProblem) -> Problem {
    let line = problem.line.map_or(soul.before, |line| line + soul.before);
    Problem { line: Some(line), ..of_rule(problem) }
}

fn of_rule(problem: RuleProblem) -> Problem {
    let place: Vec<String> =
        problem.rule.map(|rule| format!("rule {rule}")).into_iter().chain(problem.field).collect();
    Problem {
        file: problem.file.into(),
        line: problem.line,
        field: (!place.is_empty()).then(|| place.join(": ")),
        what: problem.message,
        hint: Some(problem.hint).filter(|hint| !hint.is_empty()),
    }
}

/// The problems of the policy files that belong to a configuration which itself can't be loaded, so that they are
/// told at once with the others.
fn rules_beside(config: &Path) -> Vec<Problem> {
    let written: BTreeMap<String, toml::Value> =
        std::fs::read_to_string(config).ok().and_then(|text| toml::from_str(&text).ok()).unwrap_or_default();
    let named = |key: &str, usual: &str| {
        let paths = written.get("paths").and_then(|paths| paths.get(key));
        let path = paths.and_then(toml::Value::as_str).unwrap_or(usual);
        std::path::absolute(config.parent().unwrap_or(Path::new("")).join(path)).ok()
    };
    let mut problems = Vec::new();
    if let Some((file, text)) = named("policy", "policy.yaml").and_then(with_text) {
        let read = Policy::with_operator_rules(&file.display().to_string(), &text);
        problems.extend(read.err().into_iter().flatten().map(of_rule));
    }
    let soul = named("memory", "memory").and_then(|folder| Text::Soul.file(Some(&folder), None));
    if let Some(soul) = soul.and_then(with_text).and_then(|(file, text)| SoulRules::of(&file, &text)) {
        let read = Policy::with_operator_rules(&soul.file.display().to_string(), &soul.yaml);
        problems.extend(read.err().into_iter().flatten().map(|problem| of_soul(&soul, problem)));
    }
    problems
}

fn with_text(file: PathBuf) -> Option<(PathBuf, String)> {
    let text = std::fs::read_to_string(&file).ok()?;
    Some((file, text))
}
