//! What a container may do beyond its own walls: rights, devices, graphics cards.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Rights of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rights {
    /// All of the host's.
    pub privileged: bool,
    /// Capabilities that were added, without `CAP_`: `NET_ADMIN`.
    pub add: BTreeSet<String>,
    /// Capabilities that were dropped: `ALL`.
    pub drop: BTreeSet<String>,
    /// Whether its root file system can't be written.
    pub read_only: bool,
    /// Whether it can gain no rights (`no-new-privileges`).
    pub no_new_privileges: bool,
    /// Other security options: `apparmor=unconfined`, `seccomp=…`, `label=disable`.
    pub options: Vec<String>,
    /// Whether it sees the host's processes.
    pub host_pid: bool,
    /// The inter-process communication, where it is not private: `host`, `shareable`, `container:x`.
    pub ipc: Option<String>,
    /// The user namespace, where it is set: `host`.
    pub userns: Option<String>,
    /// Device rules: `c 188:* rmw`.
    pub device_rules: Vec<String>,
}

/// A device of the host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Device {
    /// On the host.
    pub host: String,
    /// Inside.
    pub container: String,
    /// `rwm`.
    pub permissions: String,
}

/// Graphics cards by request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gpus {
    /// How many; all of them where absent.
    pub count: Option<u32>,
    /// The driver: `nvidia`.
    pub driver: Option<String>,
    /// Those that are meant, where they were named.
    pub ids: Vec<String>,
}
