//! How the lab's supervisor is spoken to: one JSON line each way over a Unix socket in the lab's folder.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::layout::{Layout, Role};

/// How long the supervisor may take for one answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a process may take until it listens, or is given up.
const SETTLE: Duration = Duration::from_secs(10);
/// How often a process that is on its way is looked at.
const GLANCE: Duration = Duration::from_millis(20);
/// The longest line taken, in bytes.
pub(super) const MAX_LINE: u64 = 64 * 1024;

/// What the supervisor is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "lowercase")]
pub(super) enum Ask {
    /// How are they?
    Status,
    /// Start it unless it runs.
    Start { role: Role },
    /// End it if it runs, and start it.
    Restart { role: Role },
}

/// What the supervisor says about one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UnitStatus {
    pub(super) role: Role,
    pub(super) state: UnitState,
    pub(super) pid: Option<u32>,
    /// Set once it listens.
    pub(super) port: Option<u16>,
    /// How it ended last: `exit code 78`, `signal 9`.
    pub(super) ended: Option<String>,
    /// Whether it ended because it refused its configuration.
    pub(super) config_refused: bool,
    /// The last line of its log.
    pub(super) last_words: String,
}

/// The state of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum UnitState {
    /// The process is there.
    Running,
    /// It crashed, and is started again in a moment.
    Restarting,
    /// It crashed too often and was given up.
    Failed,
    /// It ended, and its kind is not started again by itself.
    Ended,
}

impl UnitStatus {
    /// Whether it runs and listens.
    pub(super) fn is_up(&self) -> bool {
        self.state == UnitState::Running && self.port.is_some()
    }

    /// Whether it will be up or given up in a moment.
    pub(super) fn is_on_its_way(&self) -> bool {
        self.state == UnitState::Restarting || (self.state == UnitState::Running && self.port.is_none())
    }

    /// Its state in words.
    pub(super) fn describe(&self) -> String {
        let ended = self.ended.as_deref().unwrap_or("never started");
        match self.state {
            UnitState::Running => match (self.pid, self.port) {
                (Some(pid), Some(port)) => format!("{} is running (pid {pid}, port {port})", self.role),
                _ => format!("{} is starting", self.role),
            },
            UnitState::Restarting => format!("{} crashed ({ended}) and is started again", self.role),
            UnitState::Failed => format!("{} failed: it crashed too often ({ended})", self.role),
            UnitState::Ended => format!("{} is not running ({ended})", self.role),
        }
    }
}

/// Asks the supervisor; answers with the state of all processes after what was asked has been done.
pub(super) fn ask(layout: &Layout, question: Ask) -> Result<Vec<UnitStatus>, String> {
    let fault = |why: std::io::Error| {
        format!(
            "the lab's supervisor in {} does not answer ({why}); is the demo still running?",
            layout.dir().display()
        )
    };
    let mut stream = UnixStream::connect(layout.socket()).map_err(fault)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(fault)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(fault)?;
    let line = serde_json::to_string(&question).map_err(|why| why.to_string())?;
    stream.write_all(format!("{line}\n").as_bytes()).map_err(fault)?;
    let mut answer = String::new();
    BufReader::new(stream.take(MAX_LINE)).read_line(&mut answer).map_err(fault)?;
    serde_json::from_str(&answer).map_err(|why| format!("the lab's supervisor gave an odd answer: {why}"))
}

/// Waits until nothing is on its way any more, and answers with the state of all processes.
pub(super) fn settled(layout: &Layout) -> Result<Vec<UnitStatus>, String> {
    let end = Instant::now() + SETTLE;
    loop {
        let units = ask(layout, Ask::Status)?;
        if Instant::now() >= end || !units.iter().any(UnitStatus::is_on_its_way) {
            return Ok(units);
        }
        std::thread::sleep(GLANCE);
    }
}

/// Asks for a start or restart and waits until that process listens.
///
/// # Errors
/// Why it does not, with its last words.
pub(super) fn bring_up(layout: &Layout, role: Role, question: Ask) -> Result<UnitStatus, String> {
    ask(layout, question)?;
    let unit = one(settled(layout)?, role)?;
    if unit.is_up() { Ok(unit) } else { Err(format!("{}: {}", unit.describe(), unit.last_words)) }
}

/// Picks one process.
pub(super) fn one(units: Vec<UnitStatus>, role: Role) -> Result<UnitStatus, String> {
    units
        .into_iter()
        .find(|unit| unit.role == role)
        .ok_or_else(|| format!("the supervisor does not know {role}"))
}
