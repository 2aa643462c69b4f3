//! Ends what an earlier Steward left running.

use std::time::Duration;

use rustix::process::Signal;

use crate::domain::ids::ExecutionId;
use crate::engine::ports::{Child, Reaped};

use super::family::Family;
use super::proc;

/// How often to look whether a process is gone. In real time: the kernel has no other.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Looks before what was asked to end is killed: 2 s.
const LOOKS_AFTER_TERM: u32 = 100;
/// Looks before what was killed is given up, because it hangs in the kernel: 10 s.
const LOOKS_AFTER_KILL: u32 = 500;

/// Ends what is left of `child` and its family, and waits until they are gone.
pub(super) async fn reap(execution: ExecutionId, child: &Child) -> Reaped {
    if proc::boot_id().is_ok_and(|boot| boot != child.boot_id) {
        return Reaped::Gone;
    }
    let mut family = Family::of(child);
    if family.is_gone() {
        return Reaped::Gone;
    }
    tracing::info!(%execution, pid = child.pid, "ending a process that an earlier Steward left");
    for (signal, looks) in [(Signal::TERM, LOOKS_AFTER_TERM), (Signal::KILL, LOOKS_AFTER_KILL)] {
        family.signal(signal);
        if gone(&mut family, looks).await {
            return Reaped::Ended;
        }
    }
    tracing::warn!(%execution, pid = child.pid, "a killed process does not end; it hangs in the kernel");
    Reaped::Ended
}

async fn gone(family: &mut Family, looks: u32) -> bool {
    let mut interval = tokio::time::interval(LOOK_EVERY);
    for _ in 0..looks {
        interval.tick().await;
        family.look();
        if family.is_gone() {
            return true;
        }
    }
    false
}
