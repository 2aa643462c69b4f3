//! What is mounted where, and what becomes of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The path inside.
    pub target: String,
    /// What is there.
    pub source: MountSource,
    /// Whether it can only be read.
    pub read_only: bool,
    /// A folder within the volume.
    pub subpath: Option<String>,
    /// How mounts go through (`rshared`, `rslave`), where it is not private.
    pub propagation: Option<String>,
    /// What was seen at the source.
    pub seen: Seen,
    /// What becomes of it; settled by the decisions.
    pub fate: Fate,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MountSource {
    /// A path on the host.
    Bind(String),
    /// A volume of [`super::Project::volumes`].
    Volume(String),
    /// A volume without a name, that lives and dies with the container (an image's `VOLUME`).
    Anonymous,
    /// Memory: bytes, where limited.
    Memory(Option<u64>),
    /// A file of [`super::Project::files`].
    File(String),
}

/// What was seen of a mount's source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Bytes.
    pub bytes: Option<u64>,
    /// The file system: `ext4`, `nfs4`, `cifs`, `fuse.mergerfs`.
    pub filesystem: Option<String>,
    /// Where that comes from, for one of the network: `nas:/export/media`.
    pub remote: Option<String>,
    /// Whether it is a single file.
    pub is_file: Option<bool>,
    /// Files of `SQLite` in it, a few.
    pub sqlite: Vec<String>,
    /// Where it lies on the host, for a volume without a name.
    #[serde(default)]
    pub place: Option<String>,
}

/// What becomes of a mount in the new place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Not decided yet.
    #[default]
    Open,
    /// A volume of the cluster: copied there.
    Claim(Claim),
    /// The same network share, mounted from there; nothing is copied.
    Share {
        /// The server.
        server: String,
        /// The path it exports.
        path: String,
    },
    /// The same path of the node that it runs on.
    HostPath,
    /// A small file that goes along as configuration.
    Config,
    /// A file that is a secret: a reference.
    SecretFile,
    /// Memory, or a folder that starts empty with each start.
    Scratch {
        /// Bytes, where limited.
        bytes: Option<u64>,
        /// Whether it is memory.
        memory: bool,
    },
    /// Left out: why.
    Left(String),
}

/// A volume of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Claim {
    /// Its name: a DNS label, unique in the project. Mounts with the same name share it.
    pub name: String,
    /// Bytes asked for.
    pub bytes: u64,
    /// Whether several nodes write to it at once.
    pub shared: bool,
    /// Whether it must not lie on network storage.
    pub local_only: bool,
}

/// A named volume.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Volume {
    /// What it is called on the host, where that is another name.
    pub real_name: Option<String>,
    /// The driver, where it is not `local`.
    pub driver: Option<String>,
    /// Its options: `type: nfs`, `o: addr=nas,rw`, `device: :/export/media`. Without passwords.
    pub options: BTreeMap<String, String>,
    /// Whether it exists independently of the project.
    pub external: bool,
    /// The labels of a person.
    pub labels: BTreeMap<String, String>,
    /// Where its data lies on the host, where that is known.
    pub mountpoint: Option<String>,
}

/// A file that containers are given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GivenFile {
    /// Whether it is a secret: its text is never here then.
    pub secret: bool,
    /// Its text, where it is known and no secret.
    pub text: Option<String>,
    /// Where it lies beside the compose file.
    pub path: Option<String>,
    /// The variable that holds it.
    pub environment: Option<String>,
    /// Whether it exists independently of the project.
    pub external: bool,
}
