//! `config.toml` as it is written, before names and paths are looked up.
//!
//! Sections that need no looking up are read straight into [`super::settings`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::correlation::Weights;
use crate::policy::Autonomy;
use serde::Deserialize;

use super::settings::{
    AlertSettings, AlertSource, ApprovalSettings, ChangeSettings, ConsoleSettings, EscalationSettings,
    HostSettings, IncidentSettings, LogSettings, MetricSettings, RepairSettings, Sandboxing, SkillSettings,
};
use super::values::{
    Id, Scalar, concurrency, count, duration, positive_duration, share, size, some_positive_duration,
};
use crate::domain::alert::Mapping;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) host: Option<String>,
    pub(super) timezone: Option<String>,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) autonomy: Autonomy,
    pub(super) paths: RawPaths,
    pub(super) skills: RawSkills,
    pub(super) incidents: IncidentSettings,
    pub(super) correlation: RawWeights,
    pub(super) escalation: EscalationSettings,
    pub(super) approvals: ApprovalSettings,
    pub(super) repairs: RepairSettings,
    pub(super) chat: RawChat,
    pub(super) changes: RawChanges,
    pub(super) alerts: RawAlerts,
    pub(super) exec: RawExec,
    pub(super) hosts: BTreeMap<String, RawHost>,
    pub(super) metrics: MetricSettings,
    pub(super) log: LogSettings,
}

/// `[paths]`. The defaults may be missing on disk, anything else must be there.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPaths {
    pub(super) skills: Vec<PathBuf>,
    pub(super) runbooks: Vec<PathBuf>,
    pub(super) topology: PathBuf,
    pub(super) policy: PathBuf,
    pub(super) shipped_skills: bool,
    pub(super) shipped_runbooks: bool,
}

impl Default for RawPaths {
    fn default() -> Self {
        Self {
            skills: vec!["skills".into()],
            runbooks: vec!["runbooks".into()],
            topology: "topology.yaml".into(),
            policy: "policy.yaml".into(),
            shipped_skills: true,
            shipped_runbooks: true,
        }
    }
}

/// `[skills]`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawSkills {
    #[serde(deserialize_with = "concurrency")]
    pub(super) concurrency: u32,
    #[serde(deserialize_with = "duration")]
    pub(super) jitter: Duration,
    #[serde(deserialize_with = "size")]
    pub(super) max_output: usize,
    #[serde(deserialize_with = "count")]
    pub(super) failures_before_incident: u32,
    pub(super) disabled: Vec<String>,
    pub(super) params: BTreeMap<String, BTreeMap<String, Scalar>>,
    pub(super) schedule: BTreeMap<String, String>,
}

impl Default for RawSkills {
    fn default() -> Self {
        let SkillSettings { concurrency, jitter, max_output, failures_before_incident, .. } =
            SkillSettings::default();
        Self {
            concurrency,
            jitter,
            max_output,
            failures_before_incident,
            disabled: Vec::new(),
            params: BTreeMap::new(),
            schedule: BTreeMap::new(),
        }
    }
}

/// `[correlation]`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawWeights {
    #[serde(deserialize_with = "share")]
    pub(super) topology: f64,
    #[serde(deserialize_with = "share")]
    pub(super) time: f64,
    #[serde(deserialize_with = "share")]
    pub(super) labels: f64,
    #[serde(deserialize_with = "share")]
    pub(super) signature: f64,
    #[serde(deserialize_with = "share")]
    pub(super) threshold: f64,
}

impl Default for RawWeights {
    fn default() -> Self {
        let Weights { topology, time, labels, signature, threshold } = Weights::default();
        Self { topology, time, labels, signature, threshold }
    }
}

/// `[chat]`. A platform is on when its section is there.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawChat {
    pub(super) console: ConsoleSettings,
    pub(super) discord: Option<RawDiscord>,
    pub(super) telegram: Option<RawTelegram>,
}

/// `[chat.discord]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDiscord {
    pub(super) token: String,
    pub(super) guild: Id<u64>,
    pub(super) channel: Id<u64>,
    pub(super) operators: Vec<Id<u64>>,
    pub(super) api: Option<String>,
}

/// `[chat.telegram]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTelegram {
    pub(super) token: String,
    pub(super) chat: Id<i64>,
    pub(super) operators: Vec<Id<u64>>,
    pub(super) on_call: Option<Vec<Id<u64>>>,
    pub(super) api: Option<String>,
}

/// `[changes]`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawChanges {
    #[serde(deserialize_with = "positive_duration")]
    pub(super) window: Duration,
    pub(super) git: Vec<RawGit>,
}

impl Default for RawChanges {
    fn default() -> Self {
        Self { window: ChangeSettings::default().window, git: Vec::new() }
    }
}

/// `[[changes.git]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGit {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) branch: Option<String>,
    #[serde(default)]
    pub(super) targets: Vec<RawPathRule>,
}

/// `[[changes.git.targets]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPathRule {
    pub(super) pattern: String,
    pub(super) targets: Vec<String>,
}

/// `[alerts]`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAlerts {
    pub(super) listen: Option<String>,
    pub(super) spool: Option<PathBuf>,
    #[serde(deserialize_with = "count")]
    pub(super) capacity: u32,
    #[serde(deserialize_with = "count")]
    pub(super) max_connections: u32,
    pub(super) sources: BTreeMap<String, RawAlertSource>,
}

impl Default for RawAlerts {
    fn default() -> Self {
        let AlertSettings { capacity, max_connections, .. } = AlertSettings::usual("".as_ref());
        Self { listen: None, spool: None, capacity, max_connections, sources: BTreeMap::new() }
    }
}

/// `[alerts.sources.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAlertSource {
    pub(super) format: String,
    pub(super) token: Option<String>,
    pub(super) hmac: Option<String>,
    pub(super) header: Option<String>,
    #[serde(default = "usual_body", deserialize_with = "size")]
    pub(super) max_body: usize,
    #[serde(default = "usual_rate", deserialize_with = "count")]
    pub(super) rate: u32,
    #[serde(default, deserialize_with = "some_positive_duration")]
    pub(super) heartbeat: Option<Duration>,
    #[serde(default)]
    pub(super) targets: Vec<String>,
    pub(super) target_prefix: Option<String>,
    pub(super) severity: Option<String>,
    #[serde(default)]
    pub(super) severity_map: BTreeMap<String, String>,
    pub(super) mapping: Option<Mapping>,
}

const fn usual_body() -> usize {
    AlertSource::MAX_BODY
}

const fn usual_rate() -> u32 {
    AlertSource::RATE
}

/// `[exec]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawExec {
    pub(super) sandbox: Sandboxing,
    pub(super) user: Option<String>,
}

/// `[hosts.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHost {
    pub(super) address: String,
    pub(super) port: Option<u16>,
    pub(super) identity_file: Option<PathBuf>,
    pub(super) known_hosts: Option<PathBuf>,
    #[serde(default = "usual_connections", deserialize_with = "concurrency")]
    pub(super) connections: u32,
    #[serde(default = "usual_connect_timeout", deserialize_with = "positive_duration")]
    pub(super) connect_timeout: Duration,
}

const fn usual_connections() -> u32 {
    HostSettings::CONNECTIONS
}

const fn usual_connect_timeout() -> Duration {
    HostSettings::CONNECT_TIMEOUT
}
