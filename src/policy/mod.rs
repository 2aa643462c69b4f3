//! The policy: judges actions, and mints the only key to the runner. Pure, and no model on its path.
//!
//! It knows rules ([`Rule`]: what a command does), guardrails (what never runs) and the facts of the moment
//! ([`Facts`]). It doesn't know who asks: a runbook, a skill, an agent and a button are all judged alike.

mod aliases;
mod authorized;
mod check;
mod decision;
mod digest;
mod evaluate;
mod glob;
mod guardrails;
mod lines;
mod load;
mod never;
mod paths;
mod pattern;
mod problem;
mod rule;
mod secrets;
mod segment;
mod segments;
mod shell;
mod sight;
mod suggest;
mod wildcard;
mod wrappers;

use std::fmt;
use std::path::PathBuf;
use std::sync::LazyLock;

use crate::domain::action::Action;

pub use authorized::{Authorized, CommitStep, Denied, Grant, LoadedFile, OwnCommit};
pub use decision::{Autonomy, Decision, Evaluation, Facts, Judgement, Needs};
pub use digest::{ActionDigest, DigestError};
pub use never::Never;
pub use problem::RuleProblem;
pub use rule::Rule;
pub use suggest::suggest_rule;

/// The rules in force, and what they protect.
#[derive(Clone)]
pub struct Policy {
    rules: Vec<Rule>,
    nevers: Vec<Never>,
    here: Option<String>,
    protected: Vec<PathBuf>,
    key: [u8; 32],
}

/// The rules that come with the binary.
const SHIPPED: [(&str, &str); 27] = [
    ("shipped/risky.yaml", include_str!("rules/risky.yaml")),
    ("shipped/changes.yaml", include_str!("rules/changes.yaml")),
    ("shipped/look.yaml", include_str!("rules/look.yaml")),
    ("shipped/shell.yaml", include_str!("rules/shell.yaml")),
    ("shipped/text.yaml", include_str!("rules/text.yaml")),
    ("shipped/programs.yaml", include_str!("rules/programs.yaml")),
    ("shipped/files.yaml", include_str!("rules/files.yaml")),
    ("shipped/process.yaml", include_str!("rules/process.yaml")),
    ("shipped/network.yaml", include_str!("rules/network.yaml")),
    ("shipped/disks.yaml", include_str!("rules/disks.yaml")),
    ("shipped/packages.yaml", include_str!("rules/packages.yaml")),
    ("shipped/systemd.yaml", include_str!("rules/systemd.yaml")),
    ("shipped/containers.yaml", include_str!("rules/containers.yaml")),
    ("shipped/host.yaml", include_str!("rules/host.yaml")),
    ("shipped/git.yaml", include_str!("rules/git.yaml")),
    ("shipped/compose.yaml", include_str!("rules/compose.yaml")),
    ("shipped/kubernetes.yaml", include_str!("rules/kubernetes.yaml")),
    ("shipped/kubernetes-changes.yaml", include_str!("rules/kubernetes-changes.yaml")),
    ("shipped/gitops.yaml", include_str!("rules/gitops.yaml")),
    ("shipped/orchestrators.yaml", include_str!("rules/orchestrators.yaml")),
    ("shipped/zfs.yaml", include_str!("rules/zfs.yaml")),
    ("shipped/storage.yaml", include_str!("rules/storage.yaml")),
    ("shipped/ceph.yaml", include_str!("rules/ceph.yaml")),
    ("shipped/proxmox.yaml", include_str!("rules/proxmox.yaml")),
    ("shipped/machines.yaml", include_str!("rules/machines.yaml")),
    ("shipped/backup.yaml", include_str!("rules/backup.yaml")),
    ("shipped/vpn.yaml", include_str!("rules/vpn.yaml")),
];

impl Policy {
    /// The rules that come with the binary and nothing else.
    ///
    /// # Errors
    /// Every problem in them: a fault in the build, which a test rules out.
    pub fn shipped() -> Result<Self, Vec<RuleProblem>> {
        // Holding each rule to its examples takes a while, and they are the same for as long as the process lives.
        static RULES: LazyLock<Result<load::Rules, Vec<RuleProblem>>> = LazyLock::new(|| load::load(SHIPPED));
        RULES.clone().map(Self::of)
    }

    /// The shipped rules and an operator's, which add to them. `file` is the name that errors carry.
    ///
    /// # Errors
    /// Every problem at once; one is enough to refuse the file as a whole.
    pub fn with_operator_rules(file: &str, yaml: &str) -> Result<Self, Vec<RuleProblem>> {
        Self::shipped()?.adding(file, yaml)
    }

    /// These rules and another file's, which add to them.
    ///
    /// # Errors
    /// Every problem of the file at once.
    pub fn adding(mut self, file: &str, yaml: &str) -> Result<Self, Vec<RuleProblem>> {
        let known = load::Rules { rules: self.rules, nevers: self.nevers };
        let load::Rules { rules, nevers } = load::add(known, [(file, yaml)])?;
        (self.rules, self.nevers) = (rules, nevers);
        let idle = self.idle(file);
        if idle.is_empty() { Ok(self) } else { Err(idle) }
    }

    /// Forbids every command that touches these absolute paths or what lies below: Steward's state directory,
    /// binary and configuration.
    #[must_use]
    pub fn protecting(mut self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        self.protected.extend(paths);
        self
    }

    /// Sets the key under which environment values enter a digest. Without it each process has its own, and
    /// a grant for an action with variables doesn't outlive the process.
    #[must_use]
    pub fn keyed(mut self, key: [u8; 32]) -> Self {
        self.key = key;
        self
    }

    /// The rules in force, the shipped ones first.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The digest that names exactly this action.
    #[must_use]
    pub fn digest(&self, action: &Action) -> ActionDigest {
        ActionDigest::of(action, &self.key)
    }

    fn of(known: load::Rules) -> Self {
        let load::Rules { rules, nevers } = known;
        Self { rules, nevers, here: None, protected: Vec::new(), key: digest::process_key() }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("rules", &self.rules.len())
            .field("nevers", &self.nevers.len())
            .field("protected", &self.protected)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
