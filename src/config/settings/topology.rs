//! Where the topology is learned from, beside what is written of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::config::values::positive_duration;
use crate::domain::topology::SourceKind;

/// `[topology]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TopologySettings {
    /// What it is learned from.
    pub learn: BTreeSet<SourceKind>,
    /// How often what can be read is read again.
    #[serde(deserialize_with = "positive_duration")]
    pub every: Duration,
    /// How long what alerts' labels told is remembered when no alert tells it again.
    #[serde(deserialize_with = "positive_duration")]
    pub forget: Duration,
    /// Patterns of compose files; `*` stands for any part of one name. Absolute once validated.
    pub compose: Vec<PathBuf>,
    /// How what `kubectl` prints is read.
    pub kubernetes: KubernetesTopology,
}

/// `[topology.kubernetes]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KubernetesTopology {
    /// What stands before `namespace/name` in the targets, without a `/` at its end; empty for nothing.
    pub prefix: String,
}

impl Default for TopologySettings {
    fn default() -> Self {
        Self {
            learn: BTreeSet::from([SourceKind::Labels, SourceKind::Compose]),
            every: Duration::from_secs(5 * 60),
            forget: Duration::from_secs(7 * 24 * 3600),
            compose: Vec::new(),
            kubernetes: KubernetesTopology::default(),
        }
    }
}
