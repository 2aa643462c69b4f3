//! Where alerts come from.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::secret::Secret;
use crate::domain::alert::Reading;

/// Where alerts come from.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertSettings {
    /// Where HTTP is listened to; nowhere when absent.
    pub listen: Option<SocketAddr>,
    /// The folder for whatever can write a file.
    pub spool: PathBuf,
    /// The sources by name. None: the well-known formats are taken on a loopback address without a token.
    pub sources: BTreeMap<String, AlertSource>,
}

/// A source of alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertSource {
    /// How its bodies are read.
    pub reading: Reading,
    /// How it shows that it is the one.
    pub proof: Proof,
    /// Bytes of one body at most.
    pub max_body: usize,
    /// Requests a minute at most.
    pub rate: u32,
    /// It is expected to say something at least this often; its silence is an incident then.
    pub heartbeat: Option<Duration>,
}

/// How a source shows that it is the one.
#[derive(Debug, Clone, PartialEq)]
pub enum Proof {
    /// It doesn't: only where nobody else can reach the listener.
    None,
    /// `Authorization: Bearer …`.
    Token(Secret),
    /// A signature of the body: HMAC-SHA256 in hex, in this header, after an optional `sha256=`.
    Hmac {
        /// The header.
        header: String,
        /// The key.
        key: Secret,
    },
}
