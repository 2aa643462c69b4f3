//! Ends what an earlier Steward left running.

use std::time::Duration;

use rustix::process::Signal;

use crate::domain::ids::ExecutionId;
use crate::engine::ports::{Child, Reaped};

use super::proc::{self, Stat};

/// How often to look whether a process is gone. In real time: the kernel has no other.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Looks before what was asked to end is killed: 2 s.
const LOOKS_AFTER_TERM: u32 = 100;
/// Looks before what was killed is given up, because it hangs in the kernel: 10 s.
const LOOKS_AFTER_KILL: u32 = 500;

/// Ends what is left of `child`, its group and its descendants, and waits until they are gone.
pub(super) async fn reap(execution: ExecutionId, child: &Child) -> Reaped {
    if proc::boot_id().is_ok_and(|boot| boot != child.boot_id) {
        return Reaped::Gone;
    }
    // Found before anything is signalled: once the leader is gone, its descendants can't be told from others.
    let mut left = leftovers(child);
    if left.is_empty() {
        return Reaped::Gone;
    }
    tracing::info!(%execution, pid = child.pid, "ending a process that an earlier Steward left");
    for (signal, looks) in [(Signal::TERM, LOOKS_AFTER_TERM), (Signal::KILL, LOOKS_AFTER_KILL)] {
        left.extend(leftovers(child));
        left.iter().for_each(|process| proc::signal_process(process, signal));
        if gone(&left, looks).await {
            return Reaped::Ended;
        }
    }
    tracing::warn!(%execution, pid = child.pid, "a killed process does not end; it hangs in the kernel");
    Reaped::Ended
}

async fn gone(processes: &[Stat], looks: u32) -> bool {
    let runs = |process: &Stat| {
        proc::stat(process.pid).is_some_and(|now| now.start_ticks == process.start_ticks && !now.ended)
    };
    let mut interval = tokio::time::interval(LOOK_EVERY);
    for _ in 0..looks {
        interval.tick().await;
        if !processes.iter().any(runs) {
            return true;
        }
    }
    false
}

/// What runs of the child: itself, its descendants, its group. With its leader gone, a group of that number
/// may be another's by now; only those count that began later and carry the mark of this house.
fn leftovers(child: &Child) -> Vec<Stat> {
    let all = proc::all();
    let leader = all.iter().find(|process| process.pid == child.pid);
    let mut left: Vec<Stat> = match leader {
        Some(leader) if leader.start_ticks == child.start_ticks => {
            let family = proc::descendants(child.pid, &all);
            let group = all.iter().filter(|process| process.group == child.pid && !family.contains(process));
            group.copied().chain(family.iter().copied()).collect()
        }
        Some(_) => Vec::new(),
        None => {
            let orphan = |process: &&Stat| {
                process.group == child.pid
                    && process.start_ticks >= child.start_ticks
                    && proc::is_marked(process.pid)
            };
            all.iter().filter(orphan).copied().collect()
        }
    };
    left.retain(|process| !process.ended);
    left
}
