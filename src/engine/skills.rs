//! One run of one skill: authorized for the loaded file, recorded before it begins, judged by its contract.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::patience;
use super::ports::{Child, Clock, CommandRunner, Exit, Gatekeeper, Limits, Output};
use crate::config::{self, Loaded, Param};
use crate::domain::action::{Action, Command, Executable};
use crate::domain::ids::ExecutionId;
use crate::domain::redact::Redactor;
use crate::domain::report::text::clean_line;
use crate::domain::report::{ExitKind, Report, parse_report};
use crate::domain::signal::Timestamp;
use crate::domain::skill::Manifest;
use crate::policy::{LoadedFile, Policy};
use crate::store::Store;
use crate::store::executions;

/// A secret shorter than this is not looked for in what a skill writes: it would be found in ordinary words.
const SHORTEST_SECRET: usize = 4;

/// A skill that was loaded and can be run.
#[derive(Clone)]
pub struct Skill {
    /// What its head comment says.
    pub manifest: Manifest,
    /// The file, exactly as it was validated.
    pub file: LoadedFile,
    /// The parameters it gets as environment variables. Secret values are in here: never shown.
    pub env: BTreeMap<String, String>,
    /// Which of these values are secrets, by the name of their variable: what the skill writes is freed of them.
    pub secrets: BTreeSet<String>,
    /// Whether it came with Steward.
    pub shipped: bool,
}

impl fmt::Debug for Skill {
    /// Without the values of its environment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { manifest, file, env, secrets: _, shipped } = self;
        f.debug_struct("Skill")
            .field("manifest", manifest)
            .field("file", file)
            .field("env", &env.keys().collect::<Vec<_>>())
            .field("shipped", shipped)
            .finish()
    }
}

impl Skill {
    /// A loaded skill, ready to run from the file at `path`.
    #[must_use]
    pub fn of(loaded: &Loaded, skill: &config::Skill, path: PathBuf) -> Self {
        let params = loaded.params(skill);
        let secret =
            |(name, value): (&String, &Param)| matches!(value, Param::Secret(_)).then(|| name.clone());
        let secrets = params.iter().filter_map(secret).collect();
        let params = params.into_iter().map(|(name, value)| (name, value.expose().to_owned()));
        let host = ("STEWARD_HOST".to_owned(), loaded.config.host.to_string());
        Self {
            manifest: skill.manifest.clone(),
            file: LoadedFile { path, sha256: skill.sha256.clone() },
            env: params.chain([host]).collect(),
            secrets,
            shipped: skill.shipped,
        }
    }

    /// Puts a name in the place of each secret that the skill wrote.
    fn redact(&self, written: Vec<u8>) -> Vec<u8> {
        let secret = |name: &String| self.env.get(name).filter(|value| value.len() >= SHORTEST_SECRET);
        let known: Vec<_> = self.secrets.iter().filter_map(|name| Some((name, secret(name)?))).collect();
        if known.is_empty() {
            return written;
        }
        let text = String::from_utf8_lossy(&written).into_owned();
        known
            .into_iter()
            .fold(text, |text, (name, value)| text.replace(value, &format!("‹{name}›")))
            .into_bytes()
    }
}

/// What came of a run.
#[derive(Debug, Clone)]
pub enum RunResult {
    /// It kept its contract.
    Report(Arc<Report>),
    /// It broke its contract, crashed, took too long, or could not be started: this says nothing about its targets.
    Failed(String),
    /// Steward called it off.
    Cancelled,
}

/// One run of a skill.
#[derive(Debug, Clone)]
pub struct SkillRun {
    /// When it began.
    pub started_at: Timestamp,
    /// How long it ran.
    pub duration: Duration,
    /// Its exit code, if it ended by itself.
    pub exit: Option<i32>,
    /// What came of it.
    pub result: RunResult,
    /// What it wrote to standard error, for whoever runs it by hand.
    pub stderr: String,
}

impl SkillRun {
    /// Takes secrets out of what the skill wrote. Only now that its report is read: a secret that is spread over
    /// several lines must not take a finding away with it.
    fn clean(&mut self, redactor: &Redactor) {
        redactor.clean(&mut self.stderr);
        match &mut self.result {
            RunResult::Report(report) => redactor.report(Arc::make_mut(report)),
            RunResult::Failed(why) => redactor.clean(why),
            RunResult::Cancelled => {}
        }
    }
}

/// What running a skill takes.
#[derive(Clone)]
pub struct Workshop {
    /// Runs processes.
    pub runner: Arc<dyn CommandRunner>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where a process is recorded before it begins; nowhere for a run by hand outside the bot.
    pub store: Option<Store>,
    /// Bytes of output kept.
    pub max_output: usize,
}

/// Records a process in the store before its gate opens, so that a later Steward finds it.
pub struct Recorder {
    /// The store, if there is one.
    pub store: Option<Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Turns true when the process is called off.
    pub ending: watch::Receiver<bool>,
    /// The process's own token.
    pub execution: ExecutionId,
    /// What it is, for people.
    pub what: String,
    /// When.
    pub at: Timestamp,
}

#[async_trait]
impl Gatekeeper for Recorder {
    async fn spawned(&mut self, child: &Child) -> Result<(), String> {
        let Some(store) = &self.store else { return Ok(()) };
        let row = executions::Execution {
            id: self.execution,
            what: self.what.clone(),
            pid: child.pid,
            start_ticks: child.start_ticks,
            boot_id: child.boot_id.clone(),
            started_at: self.at,
        };
        let begin = move |conn: &rusqlite::Connection| executions::begin(conn, &row);
        patience::write(store, &*self.clock, &self.ending, &self.what, begin)
            .await
            .map_err(|error| error.to_string())
    }
}

impl Workshop {
    /// Runs a skill once.
    pub async fn run(&self, skill: &Skill, policy: &Policy, cancel: watch::Receiver<bool>) -> SkillRun {
        let started_at = self.clock.now();
        let mut run = match self.execute(skill, policy, started_at, cancel).await {
            Ok(output) => {
                let (stdout, stderr) = (skill.redact(output.stdout), skill.redact(output.stderr));
                judge(&skill.manifest, started_at, &Output { stdout, stderr, ..output })
            }
            Err(why) => SkillRun {
                started_at,
                duration: Duration::ZERO,
                exit: None,
                result: RunResult::Failed(why),
                stderr: String::new(),
            },
        };
        run.clean(&self.store.as_ref().map_or_else(Redactor::shapes, |store| store.redaction().now()));
        run
    }

    async fn execute(
        &self,
        skill: &Skill,
        policy: &Policy,
        now: Timestamp,
        cancel: watch::Receiver<bool>,
    ) -> Result<Output, String> {
        let action = Action::Command(Command {
            host: "local".to_owned(),
            cwd: None,
            argv: vec![skill.file.path.to_string_lossy().into_owned()],
            stdin: None,
            env: skill.env.clone(),
        });
        let executable = self.runner.resolve(&action).await.map_err(|error| error.to_string())?;
        let Executable { .. } = &executable;
        let authorized = policy
            .authorize_loaded(action, executable, &skill.file, now)
            .map_err(|denied| denied.to_string())?;
        let execution = ExecutionId(super::world::World::new_id(now));
        let mut gate = Recorder {
            store: self.store.clone(),
            clock: self.clock.clone(),
            ending: cancel.clone(),
            execution,
            what: format!("skill {}", skill.manifest.name),
            at: now,
        };
        let limits = Limits { timeout: skill.manifest.timeout, max_output: self.max_output };
        let output =
            self.runner.run(authorized, limits, &mut gate, cancel).await.map_err(|error| error.to_string());
        if let Some(store) = &self.store
            && let Err(error) = store.call(move |conn| executions::end(conn, execution)).await
        {
            tracing::warn!(%error, "the end of a process could not be recorded; it is looked for at the next start");
        }
        output
    }
}

fn judge(manifest: &Manifest, started_at: Timestamp, output: &Output) -> SkillRun {
    let (kind, exit) = match output.exit {
        Exit::Code(code) => (Some(ExitKind::Code(code)), Some(code)),
        Exit::Signal(signal) => (Some(ExitKind::Signal(signal)), None),
        // Of one that nobody saw end, the report is as little complete.
        Exit::TimedOut | Exit::Unknown | Exit::Lost => (Some(ExitKind::TimedOut), None),
        Exit::Cancelled => (None, None),
    };
    let stderr = clean(&output.stderr);
    let result = match kind {
        None => RunResult::Cancelled,
        Some(kind) => match parse_report(manifest, kind, &output.stdout, output.truncated) {
            Ok(report) => RunResult::Report(Arc::new(report)),
            Err(breach) if stderr.is_empty() => RunResult::Failed(breach.to_string()),
            Err(breach) => RunResult::Failed(format!("{breach}\nIt wrote to standard error: {stderr}")),
        },
    };
    SkillRun { started_at, duration: output.duration, exit, result, stderr }
}

/// What a process wrote, as lines that are safe to show.
fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(clean_line).collect::<Vec<_>>().join("\n").trim().to_owned()
}
