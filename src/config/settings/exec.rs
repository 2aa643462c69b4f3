//! `[exec]`: how processes run on this machine.

use std::path::PathBuf;

use serde::Deserialize;

/// How processes run on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecSettings {
    /// Whether what only reads runs in a sandbox.
    pub sandbox: Sandboxing,
    /// The user that runs what only reads; Steward's own when absent.
    pub user: Option<User>,
}

/// Whether what only reads runs in a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sandboxing {
    /// Where bubblewrap is installed and works.
    #[default]
    Auto,
    /// Never.
    Off,
    /// Always: where it doesn't work, nothing that only reads is run.
    Required,
}

/// A user of this machine, with everything a process of theirs is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// Their first group.
    pub gid: u32,
    /// Their other groups.
    pub groups: Vec<u32>,
    /// Their home.
    pub home: PathBuf,
}
