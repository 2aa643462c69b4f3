//! A Steward that others send alerts to: its folder, its port, its tokens, and what it says of its incidents.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::life::Life;
use super::wire::{self, Wire};

/// The longest that anything may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// How often to look.
const LOOK: Duration = Duration::from_millis(5);

/// What the source `alertmanager` proves itself with.
pub(crate) const WEBHOOK_TOKEN: &str = "the-token-of-the-webhook";
/// What the source `prometheus` proves itself with.
pub(crate) const API_TOKEN: &str = "the-token-of-the-api";

const CONFIG: &str = r#"
host = "vm"
timezone = "UTC"
[paths]
shipped_skills = false
shipped_runbooks = false
[changes]
detect = false
[incidents]
settle = "0s"
hold = "200ms"
storm = 0
cooldown = "0s"
flap_bounces = 1000
[escalation]
occurrences = 1000
[exec]
sandbox = "off"
[log]
level = "info"
[alerts]
listen = "ADDRESS"
CAPACITY
[alerts.sources.alertmanager]
format = "alertmanager"
token = "file:webhook-token"
rate = 1000000
[alerts.sources.prometheus]
format = "alertmanager-api"
token = "file:api-token"
rate = 1000000
"#;

pub(crate) struct Site {
    dir: tempfile::TempDir,
    address: SocketAddr,
}

impl Site {
    /// A site of which so many deliveries may wait.
    pub(crate) fn new(capacity: Option<u32>) -> Self {
        let dir = tempfile::Builder::new().prefix("steward-site-").tempdir().unwrap();
        let address = free_address();
        let capacity = capacity.map_or(String::new(), |most| format!("capacity = {most}"));
        let config = CONFIG.replace("ADDRESS", &address.to_string()).replace("CAPACITY", &capacity);
        for (name, text) in
            [("config.toml", config.as_str()), ("webhook-token", WEBHOOK_TOKEN), ("api-token", API_TOKEN)]
        {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        Self { dir, address }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Leaves everything on disk, for whoever looks into a failure.
    pub(crate) fn keep(self) -> PathBuf {
        self.dir.keep()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Steward's life in this folder, once it answers.
    pub(crate) fn live(&self) -> Life {
        let mut life = Life::begin(self.path());
        let health = || Wire::connect(self.address)?.ask(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        self.wait("Steward to answer", &mut life, || health().ok());
        life
    }

    /// Posts what a webhook of Alertmanager would.
    pub(crate) fn post_webhook(&self, body: &str) -> (u16, String) {
        let request = wire::post("/alerts/alertmanager", Some(WEBHOOK_TOKEN), body);
        let (status, answer) = Wire::connect(self.address).unwrap().ask(&request).unwrap();
        (status, String::from_utf8_lossy(&answer).into_owned())
    }

    /// What `steward incident list --all --json` prints of its incidents.
    pub(crate) fn incidents(&self) -> Vec<Value> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
        command
            .args(["incident", "list", "--all", "--json", "--config"])
            .arg(self.path().join("config.toml"));
        command.arg("--state-dir").arg(self.path().join("state"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        told["incidents"].as_array().unwrap().clone()
    }

    /// The database beside a Steward that runs.
    pub(crate) fn database(&self) -> Connection {
        let path = self.path().join("state/steward.db");
        let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        conn.busy_timeout(Duration::from_secs(5)).unwrap();
        conn
    }

    /// What was logged, over all lives.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log.txt")).unwrap_or_default()
    }

    /// Waits for something to be seen.
    pub(crate) fn wait<T>(&self, what: &str, life: &mut Life, seen: impl Fn() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = seen() {
                return found;
            }
            assert!(!life.has_ended(), "Steward has ended by itself:\n{}", super::tail(&self.log()));
            assert!(began.elapsed() < DEADLINE, "waited in vain for {what}:\n{}", super::tail(&self.log()));
            std::thread::sleep(LOOK);
        }
    }
}

/// An address of this machine that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
