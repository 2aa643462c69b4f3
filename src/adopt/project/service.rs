//! One container: what it runs, with what, and when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Connection, Device, Dns, Fate, Gpus, Health, Image, Limits, Listening, Mount, Port, Rights, Usage,
};

/// One container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Service {
    /// Its name in the project: a DNS label. Compose's service name, or the container's.
    pub name: String,
    /// What the container is called now, where that is known.
    pub container: Option<String>,
    /// The image.
    pub image: Image,
    /// The program, where a person set another than the image's. `$(NAME)` in a word stands for a secret of `env`.
    pub entrypoint: Option<Vec<String>>,
    /// Its arguments, where a person set others than the image's. Secrets as in `entrypoint`.
    pub command: Option<Vec<String>>,
    /// The directory it starts in, where a person set another than the image's.
    pub working_dir: Option<String>,
    /// Variables that a person set, by name.
    pub env: BTreeMap<String, Value>,
    /// What its secret variables are called where they come from (a `.env`), by the variable, where that is known. The
    /// same name in several services is the same secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secret_names: BTreeMap<String, String>,
    /// The compose profiles with which alone it runs; none where it always does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<String>,
    /// `USER[:GROUP]`, names or numbers, where a person set another than the image's.
    pub user: Option<String>,
    /// Further groups, names or numbers.
    pub groups: Vec<String>,
    /// What is mounted where, by the path inside.
    pub mounts: Vec<Mount>,
    /// What it listens on.
    pub ports: Vec<Port>,
    /// How it is connected.
    pub network: Connection,
    /// Its host name, where a person set one.
    pub hostname: Option<String>,
    /// Name servers, search domains and resolver options of its own.
    pub dns: Dns,
    /// `/etc/hosts` entries: name and address (`host-gateway` for the host's).
    pub extra_hosts: Vec<(String, String)>,
    /// Rights.
    pub rights: Rights,
    /// Devices of the host.
    pub devices: Vec<Device>,
    /// Graphics cards by request (`--gpus`, compose `gpus` or device reservations, the nvidia runtime).
    pub gpus: Option<Gpus>,
    /// The health check, where there is one, of the person or of the image.
    pub health: Option<Health>,
    /// What it may take.
    pub limits: Limits,
    /// What it was seen to take.
    pub usage: Usage,
    /// What happens when it ends.
    pub restart: Restart,
    /// The signal that stops it, where it is not SIGTERM.
    pub stop_signal: Option<String>,
    /// Seconds until it is killed, where they were set.
    pub stop_grace: Option<u64>,
    /// What has to be up before it.
    pub depends_on: Vec<Dependency>,
    /// Labels that a person set.
    pub labels: BTreeMap<String, String>,
    /// Kernel parameters.
    pub sysctls: BTreeMap<String, String>,
    /// Resource limits of the shell's kind: name, soft, hard.
    pub ulimits: BTreeMap<String, (i64, i64)>,
    /// Bytes of `/dev/shm`, where set.
    pub shm_size: Option<u64>,
    /// Whether a small init reaps zombies.
    pub init: bool,
    /// Whether it has a terminal.
    pub tty: bool,
    /// Whether its standard input stays open.
    pub stdin_open: bool,
    /// How many of it; 1 where nothing is said.
    pub replicas: Option<u32>,
    /// The platform (`linux/amd64`), where a person set one.
    pub platform: Option<String>,
    /// Host ports that its process holds where it is on the host's network, as seen there.
    pub listens: Vec<Listening>,
    /// Whether it runs now; `None` where that is not known (a compose file).
    pub running: Option<bool>,
}

/// The value of a variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// What it is.
    Text(String),
    /// A secret, which stays where it is: known by its name alone.
    Secret,
    /// Taken over from wherever the project is started (`- NAME` or `${NAME}` in a compose file with nothing to fill
    /// it), and so not known.
    Unset,
}

/// What happens when a container ends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// Nothing.
    #[default]
    No,
    /// It is started again.
    Always,
    /// It is started again unless a person stopped it.
    UnlessStopped,
    /// It is started again when it failed, so often at most.
    OnFailure(Option<u32>),
}

/// Something that has to be up before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dependency {
    /// The service.
    pub service: String,
    /// What it waits for.
    pub until: Until,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// That it was started.
    #[default]
    Started,
    /// That it is healthy.
    Healthy,
    /// That it has ended well.
    Completed,
}

/// A piece of a text that may name secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// The value of this secret of [`Service::env`].
    Secret(&'a str),
}

impl Service {
    /// A text of [`Service::command`], [`Service::entrypoint`] or [`HealthTest`](super::HealthTest) in its pieces: `$(NAME)` stands for a
    /// secret only where `NAME` is one of this service's.
    #[must_use]
    pub fn pieces<'a>(&self, text: &'a str) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let (mut from, mut at) = (0, 0);
        while let Some(found) = text[at..].find("$(") {
            let start = at + found;
            let Some(length) = text[start..].find(')') else { break };
            let name = &text[start + 2..start + length];
            at = start + 2;
            if self.env.get(name) == Some(&Value::Secret) {
                if from < start {
                    pieces.push(Piece::Text(&text[from..start]));
                }
                pieces.push(Piece::Secret(name));
                at = start + length + 1;
                from = at;
            }
        }
        if from < text.len() {
            pieces.push(Piece::Text(&text[from..]));
        }
        pieces
    }

    /// The names of its secret variables.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.env.iter().filter(|(_, value)| **value == Value::Secret).map(|(name, _)| name.as_str())
    }

    /// Whether it keeps data of its own in the cluster: then it is stateful.
    #[must_use]
    pub fn keeps_data(&self) -> bool {
        self.mounts.iter().any(|mount| matches!(mount.fate, Fate::Claim(_)))
    }
}
