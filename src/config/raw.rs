//! `config.toml` as it is written, before names and paths are looked up.
//!
//! Sections that need no looking up are read straight into [`super::settings`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::correlation::Weights;
use crate::domain::signal::Severity;
use crate::policy::Autonomy;
use serde::Deserialize;

use super::settings::{
    AdoptSettings, AgentSettings, AlertSettings, AlertSource, ApprovalSettings, ChangeSettings,
    ConsoleSettings, DigestSettings, EscalationSettings, HostSettings, IncidentSettings, LogSettings,
    MetricSettings, Provider, Reading, RepairSettings, Sandboxing, SkillSettings, ToolCalls,
    TopologySettings, WatchdogSettings,
};
use super::values::{
    Id, Scalar, concurrency, count, duration, money, positive_duration, share, size, some_count, some_money,
    some_positive_duration,
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
    pub(super) topology: TopologySettings,
    pub(super) exec: RawExec,
    pub(super) hosts: BTreeMap<String, RawHost>,
    pub(super) agent: RawAgent,
    pub(super) maintenance: Vec<RawMaintenance>,
    pub(super) inhibit: Vec<RawInhibit>,
    pub(super) triage: Vec<RawTriage>,
    pub(super) adopt: AdoptSettings,
    pub(super) digest: DigestSettings,
    pub(super) watchdog: RawWatchdog,
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
    pub(super) memory: PathBuf,
    pub(super) prompts: PathBuf,
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
            memory: "memory".into(),
            prompts: "prompts".into(),
            shipped_skills: true,
            shipped_runbooks: true,
        }
    }
}

/// `[agent]`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAgent {
    pub(super) triage: Vec<String>,
    pub(super) investigate: Vec<String>,
    pub(super) narrate: Vec<String>,
    pub(super) from: Severity,
    pub(super) confidence: u8,
    #[serde(deserialize_with = "count")]
    pub(super) steps: u32,
    pub(super) tokens: u64,
    #[serde(deserialize_with = "positive_duration")]
    pub(super) time: Duration,
    #[serde(deserialize_with = "count")]
    pub(super) runs: u32,
    #[serde(deserialize_with = "concurrency")]
    pub(super) at_once: u32,
    #[serde(deserialize_with = "money")]
    pub(super) spend_per_incident: f64,
    #[serde(deserialize_with = "money")]
    pub(super) spend_per_day: f64,
    pub(super) models: BTreeMap<String, RawModel>,
}

impl Default for RawAgent {
    fn default() -> Self {
        let AgentSettings { from, confidence, steps, tokens, time, runs, at_once, .. } =
            AgentSettings::default();
        Self {
            triage: Vec::new(),
            investigate: Vec::new(),
            narrate: Vec::new(),
            from,
            confidence,
            steps,
            tokens,
            time,
            runs,
            at_once,
            spend_per_incident: 0.5,
            spend_per_day: 2.0,
            models: BTreeMap::new(),
        }
    }
}

/// `[agent.models.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawModel {
    pub(super) provider: Provider,
    pub(super) url: Option<String>,
    pub(super) model: String,
    pub(super) key: Option<String>,
    #[serde(default)]
    pub(super) tools: ToolCalls,
    #[serde(default, deserialize_with = "some_count")]
    pub(super) context: Option<u32>,
    #[serde(default, deserialize_with = "some_count")]
    pub(super) answer: Option<u32>,
    #[serde(default = "two_minutes", deserialize_with = "positive_duration")]
    pub(super) timeout: Duration,
    pub(super) remote: Option<bool>,
    #[serde(default)]
    pub(super) mask: bool,
    #[serde(default, deserialize_with = "money")]
    pub(super) price_in: f64,
    #[serde(default, deserialize_with = "some_money")]
    pub(super) price_cached: Option<f64>,
    #[serde(default, deserialize_with = "money")]
    pub(super) price_out: f64,
}

/// How long a model may take for one answer: small machines are slow.
fn two_minutes() -> Duration {
    Duration::from_secs(120)
}

/// `[watchdog]`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawWatchdog {
    #[serde(deserialize_with = "positive_duration")]
    pub(super) check: Duration,
    pub(super) url: Option<String>,
    #[serde(deserialize_with = "positive_duration")]
    pub(super) every: Duration,
}

impl Default for RawWatchdog {
    fn default() -> Self {
        let WatchdogSettings { check, every, url: _ } = WatchdogSettings::default();
        Self { check, url: None, every }
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
    #[serde(deserialize_with = "positive_duration")]
    pub(super) every: Duration,
    #[serde(deserialize_with = "positive_duration")]
    pub(super) keep: Duration,
    pub(super) detect: bool,
    pub(super) flux: Reading,
    pub(super) kubernetes: Reading,
    pub(super) docker: Reading,
    pub(super) packages: Reading,
    pub(super) reboots: Reading,
    pub(super) git: Vec<RawGit>,
}

impl Default for RawChanges {
    fn default() -> Self {
        let ChangeSettings {
            window,
            every,
            keep,
            detect,
            flux,
            kubernetes,
            docker,
            packages,
            reboots,
            git: _,
        } = ChangeSettings::default();
        Self { window, every, keep, detect, flux, kubernetes, docker, packages, reboots, git: Vec::new() }
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

/// What is kept quiet, together.
pub(super) struct RawQuiet {
    pub(super) maintenance: Vec<RawMaintenance>,
    pub(super) inhibit: Vec<RawInhibit>,
    pub(super) triage: Vec<RawTriage>,
}

/// `[[maintenance]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMaintenance {
    pub(super) name: String,
    pub(super) target: Option<String>,
    pub(super) matchers: Option<Vec<String>>,
    pub(super) schedule: String,
    #[serde(deserialize_with = "positive_duration")]
    pub(super) duration: Duration,
    #[serde(default)]
    pub(super) comment: String,
}

/// `[[inhibit]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInhibit {
    pub(super) name: Option<String>,
    pub(super) source: Vec<String>,
    pub(super) target: Vec<String>,
    #[serde(default)]
    pub(super) equal: Vec<String>,
}

/// `[[triage]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTriage {
    pub(super) name: String,
    #[serde(rename = "match")]
    pub(super) matchers: Option<Vec<String>>,
    #[serde(rename = "do")]
    pub(super) verdict: String,
    #[serde(default, rename = "for", deserialize_with = "some_positive_duration")]
    pub(super) lasting: Option<Duration>,
    pub(super) flapping: Option<RawFlapping>,
    #[serde(default)]
    pub(super) hours: Vec<String>,
    #[serde(default)]
    pub(super) why: String,
}

/// `flapping` of `[[triage]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFlapping {
    #[serde(deserialize_with = "count")]
    pub(super) bounces: u32,
    #[serde(deserialize_with = "positive_duration")]
    pub(super) within: Duration,
}
