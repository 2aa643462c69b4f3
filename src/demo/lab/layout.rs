//! Who lives in the lab and where its files are.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// One of the lab's processes. The proxy depends on the two services, and they on the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Keeps values by key in a file.
    Store,
    /// A service that counts its requests in the store.
    Api,
    /// Another one.
    Web,
    /// The reverse proxy before both services.
    Proxy,
}

impl Role {
    /// All of them, dependencies first.
    pub const ALL: [Self; 4] = [Self::Store, Self::Api, Self::Web, Self::Proxy];

    /// Its name on command lines and in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Api => "api",
            Self::Web => "web",
            Self::Proxy => "proxy",
        }
    }

    /// Parses the name of [`Role::name`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The target that stands for it: `lab/store`.
    #[must_use]
    pub fn target(self) -> String {
        format!("lab/{}", self.name())
    }

    /// What it depends on.
    #[must_use]
    pub fn depends_on(self) -> &'static [Self] {
        match self {
            Self::Store => &[],
            Self::Api | Self::Web => &[Self::Store],
            Self::Proxy => &[Self::Api, Self::Web],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The lab's folder.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    dir: PathBuf,
}

impl Layout {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The git repository with one file for each process.
    pub(super) fn config_dir(&self) -> PathBuf {
        self.dir.join("config")
    }

    pub(super) fn config(&self, role: Role) -> PathBuf {
        self.config_dir().join(config_name(role))
    }

    /// What only lives as long as the processes: ports, logs.
    pub(super) fn run_dir(&self) -> PathBuf {
        self.dir.join("run")
    }

    /// Holds the port, and exists only once the process listens.
    pub(super) fn port_file(&self, role: Role) -> PathBuf {
        self.run_dir().join(format!("{role}.port"))
    }

    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.run_dir().join(format!("{name}.log"))
    }

    /// The supervisor's Unix socket.
    pub(super) fn socket(&self) -> PathBuf {
        self.run_dir().join("ctl")
    }

    /// The command that acts on the lab: `labctl restart store`.
    pub(super) fn ctl(&self) -> PathBuf {
        self.dir.join("labctl")
    }

    /// The store's folder.
    pub(super) fn data_dir(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Says that this folder is a lab, and may be removed whole.
    pub(super) fn marker(&self) -> PathBuf {
        self.dir.join(".steward-lab")
    }

    /// Removes the lab's folder, and no other: it must carry the marker.
    pub(super) fn remove(&self) -> std::io::Result<()> {
        if !self.marker().exists() {
            return Ok(());
        }
        // A command that was on its way may still write; it ends by itself, as the supervisor is gone.
        for _ in 0..20 {
            match std::fs::remove_dir_all(&self.dir) {
                Err(why) if why.kind() == std::io::ErrorKind::DirectoryNotEmpty => {
                    std::thread::sleep(std::time::Duration::from_millis(50));
                }
                done => return done,
            }
        }
        std::fs::remove_dir_all(&self.dir)
    }
}

/// The name of a process's file in the config repository.
pub(super) fn config_name(role: Role) -> String {
    format!("{role}.toml")
}
