//! Where it shall go, and what a person has decided already.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Kubernetes.
    #[default]
    K8s,
    /// Nomad.
    Nomad,
    /// Docker Compose.
    Compose,
}

/// How requests from outside come in, where a public name is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// By an `Ingress`.
    Ingress {
        /// Its class; the cluster's default where absent.
        class: Option<String>,
        /// The cert-manager cluster issuer; no TLS where absent.
        issuer: Option<String>,
    },
    /// By an `HTTPRoute` of the gateway API.
    HttpRoute {
        /// The gateway's name.
        gateway: String,
        /// Its namespace; the same where absent.
        namespace: Option<String>,
    },
}

/// What shapes the output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// What to write for.
    pub to: Kind,
    /// The namespace (Kubernetes, Nomad); the project's name on Kubernetes, Nomad's default, where absent.
    pub namespace: Option<String>,
    /// The storage class of volumes; the cluster's default where absent.
    pub storage_class: Option<String>,
    /// Whether that storage is on the network as files (NFS, CephFS, SMB), where `SQLite` breaks; unknown where absent.
    pub network_storage: Option<bool>,
    /// How requests come in.
    pub route: Route,
    /// Who is asked about it: goes into a label.
    pub owner: Option<String>,
    /// The lab's time zone, an IANA name.
    pub time_zone: Option<String>,
    /// The image of the pod that copies data: it needs `rsync` and `ssh`.
    pub copy_image: String,
    /// How the cluster reaches the old host over ssh to fetch data: `root@vm3.lan`; the host's name where absent.
    pub fetch_from: Option<String>,
    /// Where the compose file lies on the old host: an absolute path, from which `./data` is meant.
    #[serde(default)]
    pub folder: Option<String>,
    /// Days for which the old containers are kept stopped.
    pub keep_days: u32,
    /// Nomad's datacenters.
    pub datacenters: Vec<String>,
    /// The host that a compose project goes to; where it is now where absent.
    pub compose_host: Option<String>,
    /// Where data is copied to, for Nomad: `[USER@]HOST:FOLDER`, with the host volumes in it.
    pub copy_to: Option<String>,
    /// What a person has decided: the key of the choice by the decision's id.
    pub answers: BTreeMap<String, String>,
}

impl Options {
    /// How a person reaches a host over ssh; `None` for this machine.
    #[must_use]
    pub fn ssh_to(&self, host: &str) -> Option<String> {
        (host != "local").then(|| self.fetch_from.clone().unwrap_or_else(|| host.to_owned()))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            to: Kind::default(),
            namespace: None,
            storage_class: None,
            network_storage: None,
            route: Route::Ingress { class: None, issuer: None },
            owner: None,
            time_zone: None,
            copy_image: COPY_IMAGE.to_owned(),
            fetch_from: None,
            folder: None,
            keep_days: KEEP_DAYS,
            datacenters: vec!["dc1".to_owned()],
            compose_host: None,
            copy_to: None,
            answers: BTreeMap::new(),
        }
    }
}

/// A small image with `rsync` and `ssh`.
pub const COPY_IMAGE: &str = "instrumentisto/rsync-ssh:alpine3.23";
/// Days for which the old containers are kept.
pub const KEEP_DAYS: u32 = 7;

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::K8s => "Kubernetes",
            Self::Nomad => "Nomad",
            Self::Compose => "Compose",
        })
    }
}
