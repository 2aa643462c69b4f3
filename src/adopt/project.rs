//! What somebody runs, whatever it was read from: the containers of one project, as the person set them up.
//!
//! What only an image says (its user, command, environment) is not in here, and neither is any secret's value:
//! the readers leave both out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Containers that belong together: one compose project, or what shares a network, or a container by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Project {
    /// Its name: a DNS label (`a-z 0-9 -`, 63 characters at most).
    pub name: String,
    /// The containers, in the order in which they should start where that is known, else by name.
    pub services: Vec<Service>,
    /// Named volumes, by the name that the services use.
    pub volumes: BTreeMap<String, Volume>,
    /// Networks of its own, by the name that the services use.
    pub networks: BTreeMap<String, Network>,
    /// Files that are given to containers (compose `configs` and `secrets`), by name.
    pub files: BTreeMap<String, GivenFile>,
    /// The host that it runs on now, where that is known.
    pub host: Option<String>,
    /// What it was read from.
    pub origin: Origin,
    /// What was read and is not taken over, or could not be told, and why: for people.
    pub notes: Vec<Note>,
    /// Who or what else speaks to it by its old address, as far as that was seen: `grafana on vm3: env LOKI_URL`.
    pub referrers: Vec<String>,
}

/// What a project was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// `docker inspect`.
    #[default]
    Inspect,
    /// A compose file.
    Compose,
}

/// Something that people should know of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// The service that it is about; the project where absent.
    pub service: Option<String>,
    /// In a sentence.
    pub text: String,
}

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

/// An image, and what of it runs now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Image {
    /// Registry and repository, as the person wrote them: `ghcr.io/paperless-ngx/paperless-ngx`, `postgres`.
    pub name: String,
    /// The tag; none where only a digest was given, or nothing.
    pub tag: Option<String>,
    /// `sha256:…` of what runs now, or of what was pinned: the digest in the registry.
    pub digest: Option<String>,
    /// Whether a person wrote the digest; else it was observed.
    pub pinned: bool,
    /// The local id of what runs, where no registry digest is known (an image that was built there).
    pub local_id: Option<String>,
    /// Where it is built from, in a compose file with `build`.
    pub build: Option<String>,
    /// The user that the image runs as by itself, where that is known: for the group of volumes, never written.
    pub default_user: Option<String>,
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
    /// A volume of [`Project::volumes`].
    Volume(String),
    /// A volume without a name, that lives and dies with the container (an image's `VOLUME`).
    Anonymous,
    /// Memory: bytes, where limited.
    Memory(Option<u64>),
    /// A file of [`Project::files`].
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

/// A network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Network {
    /// What it is called on the host, where that is another name.
    pub real_name: Option<String>,
    /// The driver, where it is not `bridge`: `macvlan`, `ipvlan`, `overlay`.
    pub driver: Option<String>,
    /// Whether it exists independently of the project.
    pub external: bool,
    /// Whether nothing outside can be reached from it.
    pub internal: bool,
    /// Subnets, where a person set them.
    pub subnets: Vec<String>,
    /// Driver options.
    pub options: BTreeMap<String, String>,
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

/// A port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port {
    /// The port inside.
    pub container: u16,
    /// The protocol.
    pub protocol: Protocol,
    /// The port on the host where it is published.
    pub host: Option<u16>,
    /// The host's address that it is published on, where it is not all of them.
    pub host_ip: Option<String>,
}

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// A socket that is open on the host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Listening {
    /// The port.
    pub port: u16,
    /// The protocol.
    pub protocol: Protocol,
}

/// How a container is connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// To networks of [`Project::networks`]; to the engine's default one where the list is empty.
    Networks(Vec<Attachment>),
    /// The host's own.
    Host,
    /// None at all.
    Nothing,
    /// That of another service of the project: a side-car.
    Service(String),
    /// That of a container that is not in the project.
    Container(String),
}

impl Default for Connection {
    fn default() -> Self {
        Self::Networks(Vec::new())
    }
}

/// A connection to one network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attachment {
    /// The network.
    pub network: String,
    /// Further names that others find it by there, besides its own.
    pub aliases: BTreeSet<String>,
    /// A fixed address, where a person set one.
    pub address: Option<String>,
}

/// Name resolution.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dns {
    /// Servers.
    pub servers: Vec<String>,
    /// Search domains.
    pub search: Vec<String>,
    /// Options.
    pub options: Vec<String>,
}

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

/// A health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// What is run. Secrets as in [`Service::command`].
    pub test: HealthTest,
    /// Seconds between two looks.
    pub interval: Option<u64>,
    /// Seconds that one may take.
    pub timeout: Option<u64>,
    /// Failures in a row until it counts as unhealthy.
    pub retries: Option<u32>,
    /// Seconds at the start during which a failure doesn't count.
    pub start_period: Option<u64>,
    /// Whether the image says so, and no person. Such a one is needed where nothing else looks at images' checks.
    pub from_image: bool,
}

/// What a health check runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthTest {
    /// A program.
    Exec(Vec<String>),
    /// A line of shell.
    Shell(String),
    /// A request that has to be answered with a status below 400. Only where a probe was chosen, not read.
    Http {
        /// The port inside.
        port: u16,
        /// The path, from its first slash on.
        path: String,
        /// Whether it is asked with TLS, whose certificate doesn't matter.
        tls: bool,
    },
    /// A connection that has to be taken. Only where a probe was chosen, not read.
    Tcp(u16),
    /// None: the image's was switched off.
    Off,
}

/// What a container may take.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Thousandths of a CPU at most.
    pub cpu_milli: Option<u64>,
    /// Bytes of memory at most.
    pub memory: Option<u64>,
    /// Thousandths of a CPU that are kept for it.
    pub cpu_reserved_milli: Option<u64>,
    /// Bytes of memory that are kept for it.
    pub memory_reserved: Option<u64>,
    /// Processes at most.
    pub pids: Option<i64>,
    /// Memory and swap together at most, bytes; -1 for no limit.
    pub memory_swap: Option<i64>,
}

/// What a container was seen to take.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Thousandths of a CPU.
    pub cpu_milli: Option<u64>,
    /// Bytes of memory.
    pub memory: Option<u64>,
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
    /// A text of [`Service::command`], [`Service::entrypoint`] or [`HealthTest`] in its pieces: `$(NAME)` stands for a
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

impl Project {
    /// The service of that name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The services that have to run together in one place, because some use another's network: the one whose network
    /// it is first, then its side-cars. A service by itself is a group of one. In the order of the services.
    #[must_use]
    pub fn groups(&self) -> Vec<Vec<&Service>> {
        let head_of = |service: &Service| {
            let mut name = service.name.clone();
            // As many steps as there are services: a circle ends somewhere, too.
            for _ in &self.services {
                match self.service(&name).map(|service| &service.network) {
                    Some(Connection::Service(other)) if self.service(other).is_some() => {
                        name.clone_from(other)
                    }
                    _ => break,
                }
            }
            name
        };
        let mut groups: Vec<(String, Vec<&Service>)> = Vec::new();
        for service in &self.services {
            let head = head_of(service);
            match groups.iter_mut().find(|(known, _)| *known == head) {
                Some((_, group)) if service.name == head => group.insert(0, service),
                Some((_, group)) => group.push(service),
                None => groups.push((head, vec![service])),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }
}

impl Image {
    /// The image as it is to be written: with its digest where one is known, so that the same runs.
    #[must_use]
    pub fn reference(&self) -> String {
        let tag = self.tag.iter().map(|tag| format!(":{tag}"));
        let digest = self.digest.iter().map(|digest| format!("@{digest}"));
        std::iter::once(self.name.clone()).chain(tag).chain(digest).collect()
    }
}

/// A DNS label made of any name: lower case, `a-z 0-9 -`, at most 63 characters, never empty.
#[must_use]
pub fn dns_label(name: &str) -> String {
    let mut label = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => label.push(c),
            _ if label.ends_with('-') || label.is_empty() => {}
            _ => label.push('-'),
        }
    }
    label.truncate(63);
    let label = label.trim_end_matches('-');
    if label.is_empty() { "app".to_owned() } else { label.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_apart_at_the_secrets_of_its_service_alone() {
        let mut service = Service::default();
        service.env.insert("TOKEN".into(), Value::Secret);
        service.env.insert("MODE".into(), Value::Text("x".into()));
        let pieces = service.pieces("a $(MODE) --token=$(TOKEN)$(TOKEN) $(");
        let expected = [
            Piece::Text("a $(MODE) --token="),
            Piece::Secret("TOKEN"),
            Piece::Secret("TOKEN"),
            Piece::Text(" $("),
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn a_label_is_made_of_any_name() {
        for (name, label) in
            [("/Paperless_NGX.web", "paperless-ngx-web"), ("ÄÖ", "app"), ("--a--", "a"), ("", "app")]
        {
            assert_eq!(dns_label(name), label, "{name}");
        }
        assert_eq!(dns_label(&"x".repeat(80)).len(), 63);
    }
}
