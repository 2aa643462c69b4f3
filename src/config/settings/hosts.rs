//! `[hosts.NAME]`: another machine, reached over ssh.

use std::path::PathBuf;
use std::time::Duration;

/// Another machine, reached over the system's ssh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSettings {
    /// Where it is, as ssh takes it: a host name or an address, with `user@` in front where it is not one's own name.
    pub address: String,
    /// The port; ssh's own when absent.
    pub port: Option<u16>,
    /// The private key; ssh's own choice when absent. Absolute.
    pub identity_file: Option<PathBuf>,
    /// The file that holds the host's key; those of the system and the user when absent. Absolute.
    pub known_hosts: Option<PathBuf>,
    /// How many connections may be open at once, 1 to 64.
    pub connections: u32,
    /// How long connecting may take. Whole seconds, at least one.
    pub connect_timeout: Duration,
}

impl HostSettings {
    /// Connections at once, where nothing else is said.
    pub const CONNECTIONS: u32 = 2;
    /// The time for connecting, where nothing else is said.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
}
