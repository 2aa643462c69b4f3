//! What only reads gets a read-only view of the file system, no devices and few capabilities, by bubblewrap.
//!
//! The command stays within the process group of the gate, so that it is ended like any other. Bubblewrap itself
//! stands between: it tells the end of the command as a shell does, a signal as 128 and its number.

mod view;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::config::Sandboxing;

pub(super) use view::View;

/// Where a fresh, empty file system is put for temporary files.
const SCRATCH: &str = "/dev/shm";

/// The devices that are left: whoever reads anything may need them, and nothing can be broken by them.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// What is left of root's capabilities: those for looking at others' files and the kernel's log. Not the one for looking
/// into processes (`CAP_SYS_PTRACE`): through `/proc/PID/root`, `mem` and `fd` of one outside, everything can be written.
const CAPABILITIES: [&str; 2] = ["CAP_DAC_READ_SEARCH", "CAP_SYSLOG"];

/// What reading the network's state takes besides (`ping`, `nft list`, `ethtool`).
const OF_THE_NETWORK: [&str; 2] = ["CAP_NET_ADMIN", "CAP_NET_RAW"];

/// What becoming another user takes besides.
const OF_USERS: [&str; 2] = ["CAP_SETUID", "CAP_SETGID"];

/// How long a trial may take: more, and something hangs in the kernel (a dead server's mount).
const TRIAL: Duration = Duration::from_secs(10);

/// How long a trial that went well counts. The mounts may change at any time, and with them whether it works.
const GOOD_FOR: Duration = Duration::from_secs(30);

/// How long one that failed counts: it may have left a process that can't be killed.
const BAD_FOR: Duration = Duration::from_secs(300);

/// Bubblewrap on this machine, and whether it works.
pub(super) struct Sandbox {
    is_required: bool,
    program: Option<PathBuf>,
    is_root: bool,
    /// With the network, and without.
    trials: [Mutex<Option<Trial>>; 2],
}

struct Trial {
    at: Instant,
    outcome: Result<(), String>,
}

/// Where a command in a sandbox finds room for temporary files, which nobody sees and which are gone with it.
pub(super) fn scratch() -> Option<&'static str> {
    Path::new(SCRATCH).is_dir().then_some(SCRATCH)
}

impl Sandbox {
    /// Looks for bubblewrap in the directories of `path`. `None` where it is not wanted.
    pub(super) fn new(mode: Sandboxing, path: &[PathBuf]) -> Option<Self> {
        let program = path.iter().map(|dir| dir.join("bwrap")).find(|program| program.is_file());
        let is_root = rustix::process::geteuid().is_root();
        let is_required = match mode {
            Sandboxing::Off => return None,
            Sandboxing::Auto => false,
            Sandboxing::Required => true,
        };
        Some(Self { is_required, program, is_root, trials: Default::default() })
    }

    /// The words to put before a command, so that it runs with that view; none where it has to run without.
    /// The error says why it must not run at all.
    pub(super) async fn before(
        &self,
        view: View,
        cwd: &Path,
        becomes_another: bool,
    ) -> Result<Vec<OsString>, String> {
        let network = match view {
            View::AsItIs => return Ok(Vec::new()),
            View::ReadOnly { network } => network,
        };
        let works = self.try_it(network).await;
        match works {
            Ok(()) => Ok(self.words(network, cwd, becomes_another)),
            Err(why) if self.is_required => {
                Err(format!("the sandbox is required, and does not work here: {why}"))
            }
            // The read-only view is worth having also where the network can't be taken away.
            Err(_) if !network && self.try_it(true).await.is_ok() => {
                Ok(self.words(true, cwd, becomes_another))
            }
            Err(_) => Ok(Vec::new()),
        }
    }

    /// How it works, in a sentence for people; an error where it doesn't and is required.
    pub(super) async fn state(&self) -> Result<String, String> {
        match (self.try_it(false).await, self.try_it(true).await) {
            (Ok(()), _) => Ok("what only reads runs in a sandbox".to_owned()),
            (Err(why), _) if self.is_required => Err(format!(
                "what only reads does not run: the sandbox is required and does not work here: {why}"
            )),
            (Err(why), Ok(())) => Ok(format!(
                "what only reads runs in a sandbox, but the network can't be taken from it: {why}"
            )),
            (Err(why), Err(_)) => Ok(format!("what only reads runs without a sandbox: {why}")),
        }
    }

    async fn try_it(&self, network: bool) -> Result<(), String> {
        let mut trial = self.trials[usize::from(network)].lock().await;
        if let Some(Trial { at, outcome }) = &*trial {
            let good_for = if outcome.is_ok() { GOOD_FOR } else { BAD_FOR };
            if at.elapsed() < good_for {
                return outcome.clone();
            }
        }
        let outcome = self.trial(network).await;
        let before = trial.as_ref().map(|trial| trial.outcome.is_ok());
        match &outcome {
            Err(why) if before == Some(true) => {
                tracing::warn!(network, "the sandbox does not work any more: {why}")
            }
            Ok(()) if before == Some(false) => tracing::info!(network, "the sandbox works again"),
            _ => {}
        }
        *trial = Some(Trial { at: Instant::now(), outcome: outcome.clone() });
        outcome
    }

    async fn trial(&self, network: bool) -> Result<(), String> {
        let missing = "bubblewrap is not installed (`apt install bubblewrap`)";
        let mut words = self.words(network, Path::new("/"), false).into_iter();
        let program = words.next().ok_or_else(|| missing.to_owned())?;
        let trial = tokio::process::Command::new(program)
            .args(words)
            .args(["/bin/sh", "-c", ":"])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .output();
        match tokio::time::timeout(TRIAL, trial).await {
            Ok(Ok(output)) if output.status.success() => Ok(()),
            Ok(Ok(output)) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("bubblewrap hangs, as it does while the server of a mount is dead".to_owned()),
        }
    }

    fn words(&self, network: bool, cwd: &Path, becomes_another: bool) -> Vec<OsString> {
        let Some(program) = &self.program else { return Vec::new() };
        let mut words: Vec<OsString> = vec![program.into()];
        let mut add = |more: &[&str]| words.extend(more.iter().map(OsString::from));
        add(&["--ro-bind", "/", "/"]);
        DEVICES.iter().for_each(|device| add(&["--dev-bind", device, device]));
        if let Some(dir) = scratch() {
            if becomes_another {
                add(&["--perms", "1777"]);
            }
            add(&["--tmpfs", dir]);
        }
        if !network {
            add(&["--unshare-net"]);
        }
        // Who is not root has none to lose.
        if self.is_root {
            add(&["--cap-drop", "ALL"]);
            let of_users = OF_USERS.iter().filter(|_| becomes_another);
            let of_the_network = OF_THE_NETWORK.iter().filter(|_| network);
            CAPABILITIES
                .iter()
                .chain(of_the_network)
                .chain(of_users)
                .for_each(|cap| add(&["--cap-add", cap]));
        }
        words.extend(["--chdir".into(), cwd.into(), "--".into()]);
        words
    }
}
