//! Networks, ports and names: how a container is reached, and what it reaches.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

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
    /// To networks of [`super::Project::networks`]; to the engine's default one where the list is empty.
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
