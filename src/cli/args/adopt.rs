//! `steward adopt …`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `steward adopt …`
#[derive(Debug, Clone, Args)]
pub struct AdoptArgs {
    /// The container, by its name: it is looked at where it runs, with all that belongs to it
    #[arg(conflicts_with = "from")]
    pub container: Option<String>,
    /// The host that it runs on, by its name in the configuration [default: this machine]
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Read a file instead: what `docker inspect` printed, or a compose file (with the .env beside it); `-` is standard
    /// input
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Where the compose file lies on the host, for what it mounts as `./data` [default: where it lies here, if that is
    /// this machine]
    #[arg(long, value_name = "DIR", requires = "from")]
    pub folder: Option<String>,
    /// What the cluster is [default: the configuration's, or k8s]
    #[arg(long, value_name = "KIND")]
    pub to: Option<ClusterKind>,
    /// Write the files into this folder, with DECISIONS.md and migration.yaml
    #[arg(long, value_name = "DIR", conflicts_with = "json")]
    pub out: Option<PathBuf>,
    /// Decide otherwise than is recommended, as often as needed: `--decide web/image=pin`
    #[arg(long = "decide", value_name = "ID=CHOICE")]
    pub decisions: Vec<String>,
    /// The namespace [default: the configuration's, or the project's name]
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// The storage class of volumes [default: the configuration's, or the cluster's own]
    #[arg(long, value_name = "NAME")]
    pub storage_class: Option<String>,
    /// Who is asked about it: goes into a label [default: the configuration's]
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// Where data is copied to, for nomad: the folder of its host volumes [default: the configuration's]
    #[arg(long, value_name = "[USER@]HOST:DIR")]
    pub copy_to: Option<String>,
    /// Print the migration: every command, what the policy says to it, and what takes it back
    #[arg(long, conflicts_with_all = ["out", "json"])]
    pub dry_run: bool,
    /// Have the Steward that runs take it on: it asks in its chat before it changes anything
    #[arg(long, conflicts_with_all = ["from", "out", "dry_run", "json"])]
    pub start: bool,
    /// Print JSON (docs/cli.md has its shape)
    #[arg(long)]
    pub json: bool,
}

/// What a cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClusterKind {
    /// Kubernetes
    #[value(alias = "kubernetes")]
    K8s,
    /// Nomad
    Nomad,
    /// Docker Compose
    #[value(alias = "docker")]
    Compose,
}
