//! Processes as `/proc` shows them, and signals to them.

use std::collections::BTreeSet;
use std::{fs, io};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

/// A process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) group: u32,
    /// In clock ticks since boot: with the id, it names a process for good.
    pub(super) start_ticks: u64,
    /// It has ended and waits for its parent to notice.
    pub(super) ended: bool,
}

/// The process with this id, if there is one.
pub(super) fn stat(pid: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Every process that there is.
pub(super) fn all() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(stat).collect()
}

/// The identity of this boot.
pub(super) fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// Whether a process was started by this runner or one before it: whether it carries the mark.
pub(super) fn is_marked(pid: u32) -> bool {
    let mark = format!("{}={}", super::MARKER.0, super::MARKER.1);
    let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environ.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
}

/// Everything that descends from `ancestor` among `processes`, without itself.
pub(super) fn descendants(ancestor: u32, processes: &[Stat]) -> Vec<Stat> {
    let mut family = BTreeSet::from([ancestor]);
    let mut found: Vec<Stat> = Vec::new();
    loop {
        let next: Vec<Stat> = processes
            .iter()
            .filter(|process| family.contains(&process.parent) && !family.contains(&process.pid))
            .copied()
            .collect();
        if next.is_empty() {
            return found;
        }
        family.extend(next.iter().map(|process| process.pid));
        found.extend(next);
    }
}

/// Whether our own child has ended. It stays to be waited for.
pub(super) fn has_ended(child: u32) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    to_pid(child).is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), look), Ok(None) | Err(Errno::INTR)))
}

/// Signals a process group; one that is gone is no fault.
pub(super) fn signal_group(group: u32, signal: Signal) {
    if let Some(group) = to_pid(group) {
        let _ = kill_process_group(group, signal); // gone already, or not ours to signal: nothing to be done
    }
}

/// Signals one process, if it is still the one that was seen.
pub(super) fn signal_process(process: &Stat, signal: Signal) {
    let same = stat(process.pid).is_some_and(|now| now.start_ticks == process.start_ticks);
    if let Some(pid) = to_pid(process.pid).filter(|_| same) {
        let _ = kill_process(pid, signal); // as above
    }
}

/// Never 0 or 1, which would mean our own group or the system's first process.
fn to_pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().filter(|pid| *pid > 1).and_then(Pid::from_raw)
}

/// Reads `/proc/<pid>/stat`. The name in parentheses may hold anything, parentheses and spaces included.
fn parse(text: &str) -> Option<Stat> {
    let pid = text.split(' ').next()?.parse().ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect(); // from field 3, the state, on
    Some(Stat {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        start_ticks: fields.get(19)?.parse().ok()?,
        ended: matches!(*fields.first()?, "Z" | "X"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_it_calls_itself() {
        let text = "42 (evil) 1 (Z 9) S 7 40 40 0 -1 4194304 1 0 0 0 1 2 3 4 20 0 1 0 987654 1 2 3";
        let expected = Stat { pid: 42, parent: 7, group: 40, start_ticks: 987_654, ended: false };
        assert_eq!(parse(text), Some(expected));
        assert_eq!(parse("garbage"), None);
    }

    #[test]
    fn a_family_is_found_over_generations_and_survives_a_loop() {
        let process = |pid, parent| Stat { pid, parent, group: 0, start_ticks: 0, ended: false };
        let all = [process(2, 1), process(3, 2), process(4, 3), process(5, 1), process(1, 4)];
        let pids: Vec<u32> = descendants(2, &all).iter().map(|process| process.pid).collect();
        assert_eq!(pids, [3, 4, 1, 5]);
    }

    #[test]
    fn nobody_signals_the_first_process_or_his_own_group() {
        assert_eq!(to_pid(0), None);
        assert_eq!(to_pid(1), None);
        assert_eq!(to_pid(u32::MAX), None);
    }
}
