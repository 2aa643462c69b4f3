//! The health check of a container.

use serde::{Deserialize, Serialize};

/// A health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// What is run. Secrets as in [`super::Service::command`].
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
