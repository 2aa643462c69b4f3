//! A process that waits behind a gate until it has been recorded.
//!
//! The gate is a shell that reads one line from its standard input, a pipe that only Steward holds, and then
//! becomes the command. If Steward dies, the pipe closes and the shell ends without having run anything. What
//! the command reads from standard input comes through the same pipe, behind the line (`read` takes no byte
//! more than its line).

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Stdio;

use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch::Receiver;

use crate::engine::ports::{Child, Clock, Gatekeeper, Limits, Output, RunError};

use super::{proc, watch};

const GATE: &str = r#"IFS= read -r STEWARD_GATE && [ "$STEWARD_GATE" = go ] || exit 125; exec "$@""#;
const GATE_WITHOUT_INPUT: &str =
    r#"IFS= read -r STEWARD_GATE && [ "$STEWARD_GATE" = go ] || exit 125; exec "$@" </dev/null"#;

/// A process that is to be started.
pub(super) struct Launch<'a> {
    /// What it is called towards people.
    pub(super) program: &'a str,
    /// The path of what is executed, and its arguments.
    pub(super) words: Vec<OsString>,
    /// The working directory; the root when absent.
    pub(super) cwd: Option<&'a Path>,
    /// Its environment, and nothing else.
    pub(super) variables: Vec<(String, OsString)>,
    /// Whether it gets an input.
    pub(super) has_input: bool,
}

/// Starts a process, has it recorded, lets it go and follows it to its end. Its input may tell who it is.
pub(super) async fn run(
    launch: &Launch<'_>,
    input: impl FnOnce(&Child) -> Option<String> + Send,
    limits: Limits,
    clock: &dyn Clock,
    gate: &mut dyn Gatekeeper,
    cancel: Receiver<bool>,
) -> Result<Output, RunError> {
    if *cancel.borrow() {
        return Err(called_off());
    }
    let gated = Gated::spawn(launch)?;
    if let Err(why) = gate.spawned(gated.child()).await {
        gated.discard().await;
        return Err(RunError::Gate(why));
    }
    if *cancel.borrow() {
        gated.discard().await;
        return Err(called_off());
    }
    let input = input(gated.child());
    let opened = gated.open().await?;
    Ok(watch::to_the_end(opened, input.as_deref(), limits, clock, cancel).await)
}

/// Nothing has run, since nobody wants it any more.
pub(super) fn called_off() -> RunError {
    RunError::Refused("it was called off before it began".into())
}

/// A process behind its gate. Dropped, it is killed with its group, and the command has not run.
pub(super) struct Gated {
    program: String,
    process: Process,
    pipes: Pipes,
}

/// A process that runs. Dropped, it is killed with its group.
pub(super) struct Process {
    // Before the child, since the group's number is safe to signal only until its leader is waited for.
    group: Group,
    child: tokio::process::Child,
    identity: Child,
}

/// The ends of its pipes that are ours.
pub(super) struct Pipes {
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

/// A process group, killed when dropped unless its leader was waited for: from then on the number may be another's.
struct Group {
    leader: u32,
    waited_for: bool,
}

impl Group {
    fn signal(&self, signal: Signal) {
        if !self.waited_for {
            proc::signal_group(self.leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

impl Gated {
    /// Starts the gate for a process.
    pub(super) fn spawn(launch: &Launch<'_>) -> Result<Self, RunError> {
        let failed = |why: String| RunError::Spawn { program: launch.program.to_owned(), why };
        let cwd = launch.cwd.unwrap_or(Path::new("/"));
        if !cwd.is_dir() {
            return Err(failed(format!("its working directory {} does not exist", cwd.display())));
        }
        let script = if launch.has_input { GATE } else { GATE_WITHOUT_INPUT };
        let mut child = tokio::process::Command::new("/bin/sh")
            .args(["-c", script, "steward-gate"])
            .args(&launch.words)
            .current_dir(cwd)
            .env_clear()
            .envs(launch.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let pid = child.id().ok_or_else(|| failed("it has no process id".into()))?;
        let group = Group { leader: pid, waited_for: false };
        let identity = identify(pid).map_err(|error| failed(format!("it can't be identified: {error}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed("its pipes are missing".into()));
        };
        let process = Process { group, child, identity };
        let pipes = Pipes { stdin, stdout, stderr };
        Ok(Self { program: launch.program.to_owned(), process, pipes })
    }

    /// The process, for the record.
    pub(super) fn child(&self) -> &Child {
        &self.process.identity
    }

    /// Ends the gate without having run anything, and waits until it is gone.
    pub(super) async fn discard(self) {
        let Self { mut process, pipes, .. } = self;
        drop(pipes);
        process.signal(Signal::KILL);
        process.wait().await;
    }

    /// Opens the gate: from here on the command runs.
    pub(super) async fn open(mut self) -> Result<(Process, Pipes), RunError> {
        match self.pipes.stdin.write_all(b"go\n").await {
            Ok(()) => Ok((self.process, self.pipes)),
            Err(error) => {
                let (program, why) = (self.program.clone(), format!("its gate closed early: {error}"));
                self.discard().await;
                Err(RunError::Spawn { program, why })
            }
        }
    }
}

impl Process {
    /// Which process it is.
    pub(super) fn identity(&self) -> &Child {
        &self.identity
    }

    /// Returns once it has ended. It is not yet waited for, so that its number can't be another's.
    pub(super) async fn exited(&self) {
        // Listening begins before looking, so that no end falls in between. Many ends may be one signal.
        match signal(SignalKind::child()) {
            Ok(mut ends) => {
                while !proc::has_ended(self.identity.pid) {
                    ends.recv().await;
                }
            }
            Err(error) => {
                tracing::warn!(pid = self.identity.pid, %error, "cannot watch a process; its timeout will end it");
                std::future::pending::<()>().await;
            }
        }
    }

    /// Signals the whole group.
    pub(super) fn signal(&self, signal: Signal) {
        self.group.signal(signal);
    }

    /// Waits for a process that has ended, and takes its status.
    pub(super) async fn wait(&mut self) -> Option<std::process::ExitStatus> {
        let status = self.child.wait().await;
        self.group.waited_for = true;
        match status {
            Ok(status) => Some(status),
            Err(error) => {
                tracing::warn!(pid = self.identity.pid, %error, "the status of a process is lost");
                None
            }
        }
    }
}

fn identify(pid: u32) -> io::Result<Child> {
    let stat = proc::stat(pid).ok_or_else(|| io::Error::other("/proc does not show it"))?;
    Ok(Child { pid, start_ticks: stat.start_ticks, boot_id: proc::boot_id()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn when_steward_dies_before_the_gate_opens_nothing_has_run() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ran");
        let touch =
            ["/usr/bin/touch", "/bin/touch"].map(Path::new).into_iter().find(|path| path.exists()).unwrap();
        let words = vec![touch.into(), file.clone().into()];
        let launch = Launch { program: "touch", words, cwd: None, variables: Vec::new(), has_input: false };
        let mut gated = Gated::spawn(&launch).unwrap();
        drop(gated.pipes.stdin); // what the system does to the pipes of a process that was killed
        assert_eq!(gated.process.wait().await.unwrap().code(), Some(125));
        assert!(!file.exists());
    }
}
