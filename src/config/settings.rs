//! Every setting there is, with its default. `config.example.toml` documents the same, and a test compares them.

mod adopt;
mod agent;
mod alerts;
mod chat;
mod exec;
mod hosts;
mod repairs;
mod topology;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use serde::Deserialize;

pub use adopt::{AdoptSettings, ssh_address};
pub use agent::{AgentSettings, ModelSettings, Provider, ToolCalls};
pub use alerts::{AlertSettings, AlertSource, Proof};
pub use chat::{ChatSettings, ConsoleSettings, DiscordSettings, TelegramSettings};
pub use exec::{ExecSettings, Sandboxing, User};
pub use hosts::HostSettings;

pub use repairs::RepairSettings;
pub use topology::TopologySettings;
pub use watch::{DigestSettings, TimeOfDay, WatchdogSettings};

use super::secret::Param;
use super::values::{count, duration, positive_duration};
use crate::domain::change::PathRule;
use crate::domain::correlation::Weights;
use crate::domain::escalation::Scope;
use crate::domain::schedule::Schedule;
use crate::domain::suppression::Quiet;
use crate::domain::target::Target;
use crate::policy::Autonomy;

/// The validated configuration. Paths are absolute.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// This machine's name in the lab.
    pub host: Target,
    /// The lab's time zone, for schedules and for people.
    pub timezone: Tz,
    /// Where the database, the unpacked skills and everything else that Steward makes live.
    pub state_dir: PathBuf,
    /// How much Steward may do by itself.
    pub autonomy: Autonomy,
    /// Where the operator's own files are.
    pub paths: Paths,
    /// How skills run.
    pub skills: SkillSettings,
    /// How signals become incidents.
    pub incidents: IncidentSettings,
    /// How much each kind of evidence for one fault counts.
    pub correlation: Weights,
    /// When people are called.
    pub escalation: EscalationSettings,
    /// How long permission may be awaited.
    pub approvals: ApprovalSettings,
    /// When repairs may run by themselves.
    pub repairs: RepairSettings,
    /// Where Steward talks.
    pub chat: ChatSettings,
    /// Where changes are looked for.
    pub changes: ChangeSettings,
    /// Where alerts come from.
    pub alerts: AlertSettings,
    /// Where the topology is learned from.
    pub topology: TopologySettings,
    /// How processes run.
    pub exec: ExecSettings,
    /// The other machines that commands may run on, by the name that runbooks call them.
    pub hosts: BTreeMap<String, HostSettings>,
    /// Which models may be asked, and how far they may go.
    pub agent: AgentSettings,
    /// Where what is brought into the cluster goes.
    pub adopt: AdoptSettings,
    /// What is kept quiet on purpose.
    pub quiet: Quiet,
    /// What is told of each day.
    pub digest: DigestSettings,
    /// How Steward watches itself.
    pub watchdog: WatchdogSettings,
    /// What is kept of measurements.
    pub metrics: MetricSettings,
    /// What is logged.
    pub log: LogSettings,
}

/// Where the operator's own files are. Only what exists is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Folders of skills.
    pub skills: Vec<PathBuf>,
    /// Folders of runbooks.
    pub runbooks: Vec<PathBuf>,
    /// The topology.
    pub topology: Option<PathBuf>,
    /// The operator's policy rules.
    pub policy: Option<PathBuf>,
    /// Where the operator's `memory/` is, whether or not it is there. `None` without a configuration file.
    pub memory: Option<PathBuf>,
    /// The same of `prompts/`.
    pub prompts: Option<PathBuf>,
    /// Whether the skills that came with the binary are used.
    pub shipped_skills: bool,
    /// Whether the runbooks that came with the binary are used.
    pub shipped_runbooks: bool,
}

/// How skills run.
#[derive(Debug, Clone, PartialEq)]
pub struct SkillSettings {
    /// How many run at once.
    pub concurrency: u32,
    /// The longest random delay of a scheduled start, so that not everything begins in the same second.
    pub jitter: Duration,
    /// Bytes kept of one run's output.
    pub max_output: usize,
    /// After how many failed runs in a row the skill itself becomes an incident.
    pub failures_before_incident: u32,
    /// Skills that are not run.
    pub disabled: BTreeSet<String>,
    /// Parameters, by skill and name; handed over as environment variables.
    pub params: BTreeMap<String, BTreeMap<String, Param>>,
    /// Schedules in place of the skills' own.
    pub schedule: BTreeMap<String, Schedule>,
}

impl Default for SkillSettings {
    fn default() -> Self {
        Self {
            concurrency: 4,
            jitter: Duration::from_secs(10),
            max_output: 256 * 1024,
            failures_before_incident: 3,
            disabled: BTreeSet::new(),
            params: BTreeMap::new(),
            schedule: BTreeMap::new(),
        }
    }
}

/// How signals become incidents.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IncidentSettings {
    /// How long messages and repairs of a new incident wait for its cause to be reported. Critical never waits.
    #[serde(deserialize_with = "duration")]
    pub settle: Duration,
    /// How far apart signals may be to be symptoms of one fault.
    #[serde(deserialize_with = "positive_duration")]
    pub correlation_window: Duration,
    /// So many things within one path that break in the same way within `correlation_window` are one fault. 0: never.
    pub neighbours: u32,
    /// So many incidents that nothing explains, begun within `correlation_window`, are told as one storm. 0: never.
    pub storm: u32,
    /// How long a repaired incident must stay well before it is checked again and resolved.
    #[serde(deserialize_with = "duration")]
    pub hold: Duration,
    /// How long after `resolved` a returning problem opens the same incident again.
    #[serde(deserialize_with = "duration")]
    pub reopen_window: Duration,
    /// The least time between two updates of one thread.
    #[serde(deserialize_with = "duration")]
    pub cooldown: Duration,
    /// How many bounces within `flap_window` make an incident flapping.
    #[serde(deserialize_with = "count")]
    pub flap_bounces: u32,
    /// See `flap_bounces`.
    #[serde(deserialize_with = "positive_duration")]
    pub flap_window: Duration,
    /// How long an alert's own `resolved` is awaited after a repair.
    #[serde(deserialize_with = "positive_duration")]
    pub resolve_timeout: Duration,
    /// How long an open incident that nobody acknowledged waits before its thread is reminded of it, again and again.
    #[serde(deserialize_with = "positive_duration")]
    pub remind: Duration,
    /// How long closed incidents are kept.
    #[serde(deserialize_with = "positive_duration")]
    pub keep: Duration,
}

impl Default for IncidentSettings {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(10),
            correlation_window: minutes(5),
            neighbours: 5,
            storm: 25,
            hold: minutes(2),
            reopen_window: minutes(30),
            cooldown: Duration::from_secs(30),
            flap_bounces: 5,
            flap_window: minutes(30),
            resolve_timeout: minutes(15),
            remind: minutes(12 * 60),
            keep: days(90),
        }
    }
}

/// When people are called.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EscalationSettings {
    /// How many occurrences within `window` call people.
    #[serde(deserialize_with = "count")]
    pub occurrences: u32,
    /// See `occurrences`.
    #[serde(deserialize_with = "positive_duration")]
    pub window: Duration,
    /// What is counted together.
    pub scope: Scope,
    /// The least time between two calls for the same cause.
    #[serde(deserialize_with = "duration")]
    pub cooldown: Duration,
}

impl Default for EscalationSettings {
    fn default() -> Self {
        Self { occurrences: 3, window: minutes(60), scope: Scope::Root, cooldown: minutes(60) }
    }
}

/// How long permission may be awaited.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApprovalSettings {
    /// After this time a request for permission is void.
    #[serde(deserialize_with = "positive_duration")]
    pub expire: Duration,
}

impl Default for ApprovalSettings {
    fn default() -> Self {
        Self { expire: minutes(30) }
    }
}

/// Where changes are looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeSettings {
    /// How far back to look for what may have caused an incident.
    pub window: Duration,
    /// How often clusters and container engines are looked at.
    pub every: Duration,
    /// How long recorded changes are kept.
    pub keep: Duration,
    /// Whether what this machine has is looked for, where a reader is [`Reading::Auto`].
    pub detect: bool,
    /// Kustomizations and Helm releases of the cluster that kubectl is set up for.
    pub flux: Reading,
    /// Rollouts of that cluster.
    pub kubernetes: Reading,
    /// Containers of this machine.
    pub docker: Reading,
    /// What apt did on this machine.
    pub packages: Reading,
    /// When this machine started.
    pub reboots: Reading,
    /// Git repositories whose commits are changes.
    pub git: Vec<GitSource>,
}

/// Whether a source of changes is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reading {
    /// Where what it needs is found on this machine, and `detect` is on.
    #[default]
    Auto,
    /// In any case.
    On,
    /// Never.
    Off,
}

impl Default for ChangeSettings {
    fn default() -> Self {
        let auto = Reading::Auto;
        Self {
            window: minutes(24 * 60),
            every: minutes(2),
            keep: minutes(90 * 24 * 60),
            detect: true,
            flux: auto,
            kubernetes: auto,
            docker: auto,
            packages: auto,
            reboots: auto,
            git: Vec::new(),
        }
    }
}

/// A git repository whose commits are changes.
#[derive(Debug, Clone, PartialEq)]
pub struct GitSource {
    /// Its name, unique among them.
    pub name: String,
    /// Where it is on this machine.
    pub path: PathBuf,
    /// The branch to follow; what is checked out when absent.
    pub branch: Option<String>,
    /// Which files belong to which targets.
    pub targets: Vec<PathRule>,
}

/// What is kept of measurements.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricSettings {
    /// How long samples and the history of runs are kept.
    #[serde(deserialize_with = "positive_duration")]
    pub keep: Duration,
    /// How many different series are kept; further ones are dropped and told.
    #[serde(deserialize_with = "count")]
    pub max_series: u32,
}

impl Default for MetricSettings {
    fn default() -> Self {
        Self { keep: days(90), max_series: 10_000 }
    }
}

/// What is logged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// A level, or a filter like `RUST_LOG`'s: `info`, `steward=debug,warn`.
    #[serde(deserialize_with = "super::values::log_filter")]
    pub level: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: "info".into() }
    }
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 24 * 3600)
}
