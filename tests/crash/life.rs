//! One life of the real binary, from its start to the signal that ends it.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::lab::Lab;

pub(crate) struct Life {
    child: Child,
    // Held open: the end of its input would be a person who leaves.
    _input: ChildStdin,
}

/// A process by what names it for good: its id, and its start in ticks since boot.
pub(crate) type Name = (u32, u64);

impl Life {
    /// Begins one in a folder with a configuration.
    pub(crate) fn begin(place: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_steward"))
            .arg("run")
            .arg("--config")
            .arg(place.join("config.toml"))
            .arg("--state-dir")
            .arg(place.join("state"))
            .env_remove("STEWARD_LOG")
            .stdin(Stdio::piped())
            .stdout(append(place, "console.txt"))
            .stderr(append(place, "log.txt"))
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        Self { child, _input: input }
    }

    /// Whether it has ended by itself, which it never should.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Kills it, as a power cut would, and nothing else.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Asks it to end, and waits; true if it ended well.
    pub(crate) fn end(mut self) -> bool {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().success()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that it ever held, in KiB.
    pub(crate) fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // One that has ended already is no fault here; a test that fails must leave none behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn append(place: &Path, name: &str) -> File {
    OpenOptions::new().create(true).append(true).open(place.join(name)).unwrap()
}

/// The processes that work in the lab, whoever's children they are, except `steward` itself.
pub(crate) fn workers(lab: &Lab, steward: Option<u32>) -> Vec<(Name, String)> {
    let place = lab.path().to_str().unwrap();
    let entries = std::fs::read_dir("/proc").unwrap();
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| Some(*pid) != steward)
        .filter_map(|pid| {
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let start = started(pid)?;
            command.contains(place).then_some(((pid, start), command))
        })
        .collect()
}

/// When a process started; `None` once it has ended, even if nobody has waited for it yet.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    (fields[0] != "Z" && fields[0] != "X").then(|| fields[19].parse().unwrap())
}

/// Whether a process still runs.
pub(crate) fn is_alive((pid, start): Name) -> bool {
    started(pid) == Some(start)
}
