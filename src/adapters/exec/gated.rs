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

use crate::domain::action::Command;
use crate::engine::ports::{Child, RunError};

use super::proc;

const GATE: &str = r#"IFS= read -r STEWARD_GATE && [ "$STEWARD_GATE" = go ] || exit 125; exec "$@""#;
const GATE_WITHOUT_INPUT: &str =
    r#"IFS= read -r STEWARD_GATE && [ "$STEWARD_GATE" = go ] || exit 125; exec "$@" </dev/null"#;

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
    /// Starts the gate for `program`, with nothing but `variables` in its environment.
    pub(super) fn spawn(
        program: &Path,
        command: &Command,
        variables: &[(String, OsString)],
    ) -> Result<Self, RunError> {
        let failed = |why: String| RunError::Spawn { program: command.argv[0].clone(), why };
        let cwd = command.cwd.as_deref().unwrap_or(Path::new("/"));
        if !cwd.is_dir() {
            return Err(failed(format!("its working directory {} does not exist", cwd.display())));
        }
        let script = if command.stdin.is_some() { GATE } else { GATE_WITHOUT_INPUT };
        let mut child = tokio::process::Command::new("/bin/sh")
            .args(["-c", script, "steward-gate"])
            .arg(program)
            .args(&command.argv[1..])
            .current_dir(cwd)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
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
        Ok(Self { program: command.argv[0].clone(), process, pipes })
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
    use crate::domain::action::Action;

    use super::*;

    #[tokio::test]
    async fn when_steward_dies_before_the_gate_opens_nothing_has_run() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ran");
        let Action::Command(command) = Action::local(vec!["touch".into(), file.to_str().unwrap().into()]);
        let touch =
            ["/usr/bin/touch", "/bin/touch"].map(Path::new).into_iter().find(|path| path.exists()).unwrap();
        let mut gated = Gated::spawn(touch, &command, &[]).unwrap();
        drop(gated.pipes.stdin); // what the system does to the pipes of a process that was killed
        assert_eq!(gated.process.wait().await.unwrap().code(), Some(125));
        assert!(!file.exists());
    }
}
