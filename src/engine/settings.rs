//! The numbers that decisions go by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;

use super::ports::Platform;
use crate::config::{AdoptSettings, HostSettings};
use crate::domain::correlation::Weights;
use crate::domain::escalation::{Scope, Threshold};
use crate::domain::hours::Hours;
use crate::domain::signal::Severity;
use crate::domain::suppression::Quiet;
use crate::domain::target::Target;
use crate::policy::Autonomy;

/// How far the agent may go before somebody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentLimits {
    /// The least severity that it looks into without being asked.
    pub from: Severity,
    /// How sure it has to be, in percent, to act where it may.
    pub confidence: u8,
    /// Runs of one incident without being asked.
    pub runs: usize,
    /// Whether a model is there that puts lessons into better words.
    pub narrates: bool,
}

/// The numbers that decisions go by, from the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// This machine's name in the lab.
    pub host: Target,
    /// The lab's time zone, for what people read.
    pub tz: Tz,
    /// What may be done without asking.
    pub autonomy: Autonomy,
    /// How long messages and repairs wait for causes that are reported last. Critical ones don't wait.
    pub settle: Duration,
    /// How close together faults must begin to be taken for one.
    pub correlation_window: Duration,
    /// How much each kind of evidence for one fault counts.
    pub weights: Weights,
    /// So many things within one path that break in the same way within `correlation_window` are one fault. 0: never.
    pub neighbours: usize,
    /// So many incidents that nothing explains, begun within `correlation_window`, are a storm. 0: nothing is.
    pub storm: usize,
    /// How long a calm must last before it counts as resolved.
    pub hold: Duration,
    /// How long after resolving a return reopens the same incident.
    pub reopen_window: Duration,
    /// The least time between two updates of one thread.
    pub cooldown: Duration,
    /// This many bounces …
    pub flap_bounces: usize,
    /// … within this time are flapping.
    pub flap_window: Duration,
    /// How long an alert's source may take to confirm a repair.
    pub resolve_timeout: Duration,
    /// How often an incident that nobody took on is brought to mind.
    pub remind: Duration,
    /// When recurrences call people.
    pub threshold: Threshold,
    /// What counts as a recurrence.
    pub scope: Scope,
    /// How long a question waits for its answer.
    pub approval_expiry: Duration,
    /// The hours in which changes need not be asked for; empty: at any time.
    pub hours: Vec<Hours>,
    /// How many clean runs a kind of repair needs before it may act by itself, where that has to be earned.
    pub clean_runs: u32,
    /// The sources of alerts that are there.
    pub sources: BTreeSet<String>,
    /// How often those that promised it say something at least.
    pub heartbeats: BTreeMap<String, Duration>,
    /// How far back the suspects of a new incident are looked for.
    pub changes_window: Duration,
    /// The other machines that commands may run on.
    pub hosts: Arc<BTreeMap<String, HostSettings>>,
    /// Where what is brought into the cluster goes.
    pub adopt: Arc<AdoptSettings>,
    /// How far the agent may go; `None` where there is no model.
    pub agent: Option<AgentLimits>,
    /// The models that investigate, in the order in which they are asked.
    pub models: Vec<String>,
    /// What is kept quiet on purpose.
    pub quiet: Arc<Quiet>,
    /// The platforms that are told.
    pub platforms: Vec<Platform>,
}
