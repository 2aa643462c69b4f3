//! A Steward that runs, as a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};

use crate::place::Place;

/// Without anything that runs by itself, beside what a test brings.
pub(crate) const QUIET: &str = "host = \"pve4\"\n[alerts]\nlisten = \"off\"\n[paths]\nshipped_skills = false\nshipped_runbooks = false\n[chat.console]\nenabled = false\n";

/// Ended without mercy at the latest when the test is.
pub(crate) struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Running {
    /// Starts `steward run` and returns when its log says this.
    pub(crate) fn until(place: &Place, said: &str) -> Self {
        let mut command = place.command("run --log-level info");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut running = Self { log: BufReader::new(child.stderr.take().unwrap()), child };
        let mut line = String::new();
        while !line.contains(said) {
            line.clear();
            assert!(running.log.read_line(&mut line).unwrap() > 0, "it ended and never said {said:?}");
        }
        running
    }

    /// Starts it and returns when the command line can reach it.
    pub(crate) fn start(place: &Place) -> Self {
        Self::until(place, "commands from the command line are heard")
    }

    /// Kills it: what it has not written by now is lost.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as Ctrl-C does, and returns what it logged since it began to listen.
    pub(crate) fn stop(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        assert!(self.child.wait().unwrap().success(), "{log}");
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
